//! Which language a page speaks. The portal's wish (`ui_locales`, OIDC Core §3.1.2.1) comes before the person's cookie and the
//! browser's `Accept-Language`, except where the person has just chosen against the portal's wish.

use url::form_urlencoded;

/// Bytes of a header, cookie or parameter that are read; the rest cannot change the outcome of a well-meant value.
const READ_AT_MOST: usize = 256;
/// Tags of one list that are read.
const TAGS_AT_MOST: usize = 16;
/// A way back that is longer than this is dropped, and the person lands on the first page.
const BACK_AT_MOST: usize = 2_048;

/// A language that every text exists in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lang {
    #[default]
    Vi,
    En,
}

impl Lang {
    pub const ALL: [Self; 2] = [Self::Vi, Self::En];

    /// The BCP 47 tag, as in `<html lang>`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
        }
    }

    /// The one that the switch offers.
    pub const fn other(self) -> Self {
        match self {
            Self::Vi => Self::En,
            Self::En => Self::Vi,
        }
    }

    /// The primary subtag decides: `vi-VN` and `VI` are Vietnamese, `vie` is nothing.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|lang| primary.eq_ignore_ascii_case(lang.tag()))
    }
}

/// What a request says about languages; every part is what the sender wrote, unchecked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes<'a> {
    /// `ui_locales` of the authorization or logout request: tags with spaces between, best first.
    pub ui_locales: Option<&'a str>,
    /// The value of the language cookie ([`Switch::cookie_value`]).
    pub cookie: Option<&'a str>,
    pub accept_language: Option<&'a str>,
}

/// The language of a page, and whether a portal had asked for one (the switch must then override it).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    pub lang: Lang,
    pub portal_wished: bool,
}

impl Choice {
    pub fn of(wishes: &Wishes<'_>) -> Self {
        let wish = wishes.ui_locales.and_then(first_known);
        let (cookie, over) = wishes.cookie.map_or((None, false), read_cookie);
        let lang = cookie
            .filter(|_| over)
            .or(wish)
            .or(cookie)
            .or_else(|| wishes.accept_language.and_then(best_accepted))
            .unwrap_or_default();
        Self { lang, portal_wished: wish.is_some() }
    }
}

/// A press on the language switch: `GET /language/en?back=%2Fsign-in[&over=1]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    pub lang: Lang,
    /// A path of this service, safe to redirect to.
    pub back: String,
    over: bool,
}

impl Switch {
    /// `None` for a language that we do not speak; a `back` that leads elsewhere becomes `/`.
    pub fn parse(lang: &str, query: &str) -> Option<Self> {
        let lang = Lang::ALL.into_iter().find(|known| known.tag() == lang)?;
        let (mut back, mut over) = ("/".to_owned(), false);
        for (name, value) in form_urlencoded::parse(query.as_bytes()).take(TAGS_AT_MOST) {
            match name.as_ref() {
                "back" if is_own_path(&value) => back = value.into_owned(),
                "over" => over = value == "1",
                _ => {}
            }
        }
        Some(Self { lang, back, over })
    }

    /// The address of the switch on a page at `here` (path and query) that now speaks `choice`.
    pub fn href(choice: Choice, here: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if is_own_path(here) {
            query.append_pair("back", here);
        }
        if choice.portal_wished {
            query.append_pair("over", "1");
        }
        format!("{}{}?{}", super::paths::LANGUAGE, choice.lang.other().tag(), query.finish())
    }

    /// What the cookie holds: the tag, and whether it was chosen against a portal's wish.
    pub const fn cookie_value(&self) -> &'static str {
        match (self.lang, self.over) {
            (Lang::Vi, false) => "vi",
            (Lang::Vi, true) => "vi!",
            (Lang::En, false) => "en",
            (Lang::En, true) => "en!",
        }
    }
}

fn read_cookie(value: &str) -> (Option<Lang>, bool) {
    match value.strip_suffix('!') {
        Some(tag) => (Lang::ALL.into_iter().find(|lang| lang.tag() == tag), true),
        None => (Lang::ALL.into_iter().find(|lang| lang.tag() == value), false),
    }
}

fn first_known(tags: &str) -> Option<Lang> {
    bounded(tags).split(' ').take(TAGS_AT_MOST).find_map(Lang::of_tag)
}

/// RFC 9110 §12.5.4: the highest weight wins, the earlier of equals, weight 0 means "not this one".
fn best_accepted(header: &str) -> Option<Lang> {
    let mut best: Option<(Lang, u16)> = None;
    for item in bounded(header).split(',').take(TAGS_AT_MOST) {
        let mut parts = item.split(';');
        let Some(lang) = parts.next().and_then(|tag| Lang::of_tag(tag.trim())) else { continue };
        let weight = parts.find_map(|part| part.trim().strip_prefix("q=")).map_or(1_000, thousandths);
        if weight > best.map_or(0, |(_, weight)| weight) {
            best = Some((lang, weight));
        }
    }
    best.map(|(lang, _)| lang)
}

/// `0.8` is 800; what is no weight counts as 0.
fn thousandths(weight: &str) -> u16 {
    let (whole, fraction) = weight.trim().split_once('.').unwrap_or((weight.trim(), ""));
    if fraction.len() > 3 || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return 0;
    }
    match whole {
        "1" => 1_000,
        "0" => format!("{fraction:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

fn bounded(text: &str) -> &str {
    let mut end = text.len().min(READ_AT_MOST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// A path that a browser resolves on this service: `//host`, `/\host` and control characters lead elsewhere.
fn is_own_path(path: &str) -> bool {
    path.len() <= BACK_AT_MOST
        && path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(ui_locales: &str, cookie: &str, accept_language: &str) -> Lang {
        let some = |text: &'static str| Some(text).filter(|text| !text.is_empty());
        let leak = |text: &str| some(Box::leak(text.to_owned().into_boxed_str()));
        Choice::of(&Wishes {
            ui_locales: leak(ui_locales),
            cookie: leak(cookie),
            accept_language: leak(accept_language),
        })
        .lang
    }

    #[test]
    fn the_portal_comes_before_the_cookie_and_the_cookie_before_the_browser() {
        assert_eq!(choose("fr en vi", "vi", "vi"), Lang::En);
        assert_eq!(choose("fr", "en", "vi"), Lang::En);
        assert_eq!(choose("", "", "fr, en-GB;q=0.9, vi;q=0.8"), Lang::En);
        assert_eq!(choose("", "xx", "fr"), Lang::Vi);
        assert_eq!(choose("", "", ""), Lang::Vi);
    }

    #[test]
    fn what_the_person_pressed_overrides_the_portals_wish() {
        let choice = Choice::of(&Wishes { ui_locales: Some("vi"), ..Wishes::default() });
        assert_eq!(choice, Choice { lang: Lang::Vi, portal_wished: true });
        let href = Switch::href(choice, "/sign-in?x=1&y=2");
        assert_eq!(href, "/language/en?back=%2Fsign-in%3Fx%3D1%26y%3D2&over=1");
        let pressed = Switch::parse("en", href.split_once('?').unwrap().1).unwrap();
        assert_eq!(pressed.back, "/sign-in?x=1&y=2");
        assert_eq!(choose("vi", pressed.cookie_value(), ""), Lang::En);
        assert_eq!(choose("vi", Switch::parse("en", "").unwrap().cookie_value(), ""), Lang::Vi);
    }

    #[test]
    fn weights_are_read_as_the_header_means_them() {
        assert_eq!(choose("", "", "vi;q=0.5, en;q=0.51"), Lang::En);
        assert_eq!(choose("", "", "vi;q=0, en;q=0.001"), Lang::En);
        assert_eq!(choose("", "", "en;q=0"), Lang::Vi);
        assert_eq!(choose("", "", "en;q=9, vi;q=0.1"), Lang::Vi);
        assert_eq!(choose("", "", "EN-us"), Lang::En);
    }

    #[test]
    fn only_the_beginning_of_a_long_value_is_read() {
        let long = format!("{} en", "x".repeat(READ_AT_MOST));
        assert_eq!(choose(&long, "", ""), Lang::Vi);
        let many = format!("{}en", "x ".repeat(TAGS_AT_MOST));
        assert_eq!(choose(&many, "", ""), Lang::Vi);
        assert_eq!(choose(&"ộ".repeat(READ_AT_MOST), "", &"ộ".repeat(READ_AT_MOST)), Lang::Vi);
    }

    #[test]
    fn the_way_back_stays_on_this_service() {
        for hostile in
            ["//evil.example", "/\\evil.example", "https://evil.example/", "/a\r\nSet-Cookie: x", "sign-in", ""]
        {
            let query = form_urlencoded::Serializer::new(String::new()).append_pair("back", hostile).finish();
            assert_eq!(Switch::parse("vi", &query).unwrap().back, "/", "{hostile:?}");
        }
        assert_eq!(Switch::parse("fr", "back=%2F"), None);
    }
}
