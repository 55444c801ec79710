//! Every word a person reads, from `locales/`: one Fluent file per area and language, compiled in and parsed once.

use std::{borrow::Cow, sync::LazyLock};

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use unic_langid::LanguageIdentifier;

use super::lang::Lang;

macro_rules! areas {
    ($($area:literal),+ $(,)?) => {
        /// Area, Vietnamese file, English file.
        const AREAS: &[(&str, &str, &str)] = &[$((
            $area,
            include_str!(concat!("../../locales/vi/", $area, ".ftl")),
            include_str!(concat!("../../locales/en/", $area, ".ftl")),
        )),+];
    };
}

areas![
    "account",
    "authorize",
    "claims",
    "console",
    "device",
    "errors",
    "frame",
    "home",
    "logout",
    "problems",
    "register",
    "sign_in"
];

static VI: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle(Lang::Vi));
static EN: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle(Lang::En));

/// The text of `key`. A key that no file has is shown as itself; tests keep that from happening.
pub fn text(lang: Lang, key: &str) -> Cow<'static, str> {
    let bundle = of(lang);
    let mut errors = Vec::new();
    let text = match bundle.get_message(key).and_then(|message| message.value()) {
        Some(pattern) => bundle.format_pattern(pattern, None, &mut errors),
        None => Cow::Owned(key.to_owned()),
    };
    #[cfg(test)]
    tests::note(lang, key, &errors);
    text
}

/// The text of `key` with its placeables filled.
pub fn text_with<'a, const N: usize>(lang: Lang, key: &str, args: [(&'a str, FluentValue<'a>); N]) -> String {
    let args: FluentArgs<'a> = args.into_iter().collect();
    let bundle = of(lang);
    let mut errors = Vec::new();
    let text = match bundle.get_message(key).and_then(|message| message.value()) {
        Some(pattern) => bundle.format_pattern(pattern, Some(&args), &mut errors).into_owned(),
        None => key.to_owned(),
    };
    #[cfg(test)]
    tests::note(lang, key, &errors);
    text
}

fn of(lang: Lang) -> &'static FluentBundle<FluentResource> {
    match lang {
        Lang::Vi => &VI,
        Lang::En => &EN,
    }
}

fn bundle(lang: Lang) -> FluentBundle<FluentResource> {
    // The tag chooses the plural rules; both are well formed, and the root language would only lose the English singular.
    let id: LanguageIdentifier = lang.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![id]);
    // Isolation marks are for mixed directions of writing; both languages run left to right.
    bundle.set_use_isolating(false);
    for (_, vi, en) in AREAS {
        let source = match lang {
            Lang::Vi => vi,
            Lang::En => en,
        };
        // A file that does not parse keeps its good messages; the test below refuses it.
        let resource = FluentResource::try_new((*source).to_owned()).unwrap_or_else(|(resource, _)| resource);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

#[cfg(test)]
pub(in crate::http) mod tests {
    use std::{
        cell::RefCell,
        collections::{BTreeMap, BTreeSet},
    };

    use fluent_bundle::FluentError;

    use super::*;

    thread_local! {
        static SHOWN: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
    }

    /// Refuses a key without text and a text without its values, wherever a test renders one.
    pub fn note(lang: Lang, key: &str, errors: &[FluentError]) {
        assert!(of(lang).has_message(key), "no text for {key:?} in {}", lang.tag());
        assert!(errors.is_empty(), "{key:?} in {}: {errors:?}", lang.tag());
        SHOWN.with_borrow_mut(|shown| shown.insert(key.to_owned()));
    }

    /// The keys that this thread has shown so far.
    pub fn shown() -> BTreeSet<String> {
        SHOWN.with_borrow(Clone::clone)
    }

    /// Every key with the names of its placeables, in the order of the file.
    pub fn keys(lang: Lang) -> BTreeMap<String, BTreeSet<String>> {
        let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (area, vi, en) in AREAS {
            let source = if lang == Lang::Vi { vi } else { en };
            let mut key = String::new();
            for line in source.lines() {
                if line.starts_with(|first: char| first.is_ascii_lowercase()) {
                    key = line.split_once(" =").map(|(key, _)| key.to_owned()).unwrap();
                    assert!(keys.insert(key.clone(), BTreeSet::new()).is_none(), "{key} twice, again in {area}");
                }
                for placeable in line.split('$').skip(1) {
                    let end = placeable.find(|c: char| !c.is_ascii_alphanumeric()).unwrap();
                    keys.get_mut(&key).unwrap().insert(placeable[..end].to_owned());
                }
            }
        }
        keys
    }

    #[test]
    fn every_file_parses() {
        for (area, vi, en) in AREAS {
            for source in [vi, en] {
                let parsed = FluentResource::try_new((*source).to_owned());
                assert!(parsed.is_ok(), "{area}: {:?}", parsed.err().map(|(_, errors)| errors));
            }
        }
    }

    #[test]
    fn both_languages_have_the_same_keys_and_placeables() {
        assert_eq!(keys(Lang::Vi), keys(Lang::En));
        assert!(keys(Lang::Vi).len() > 100);
    }

    #[test]
    fn english_counts_one_minute() {
        let minutes = |n: u32| text_with(Lang::En, "problem-too-many-tries", [("minutes", n.into())]);
        assert_eq!(minutes(1), "Too many tries. Try again in 1 minute.");
        assert_eq!(minutes(2), "Too many tries. Try again in 2 minutes.");
    }
}
