//! A reader of our own well-formed pages, strict enough to catch what a browser would forgive.

use std::collections::BTreeSet;

#[derive(Debug)]
pub struct Tag {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub closing: bool,
}

impl Tag {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

const VOID: [&str; 7] = ["meta", "link", "input", "br", "hr", "path", "rect"];

pub fn tags(html: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let end = rest.find('>').expect("an unfinished tag");
        let inner = &rest[..end];
        rest = &rest[end + 1..];
        if inner.starts_with('!') {
            continue;
        }
        let closing = inner.starts_with('/');
        let inner = inner.trim_start_matches('/').trim_end_matches('/');
        let (name, attributes) = inner.split_once([' ', '\n']).unwrap_or((inner, ""));
        tags.push(Tag { name: name.to_owned(), attributes: read_attributes(attributes), closing });
    }
    tags
}

fn read_attributes(mut text: &str) -> Vec<(String, String)> {
    let mut attributes = Vec::new();
    loop {
        text = text.trim_start();
        if text.is_empty() {
            return attributes;
        }
        let end = text.find(['=', ' ', '\n']).unwrap_or(text.len());
        let name = text[..end].to_owned();
        assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'), "attribute {name:?}");
        if text[end..].starts_with('=') {
            let value = text[end + 1..].strip_prefix('"').expect("an unquoted attribute");
            let (value, after) = value.split_once('"').expect("an open attribute");
            attributes.push((name, value.to_owned()));
            text = after;
        } else {
            attributes.push((name, String::new()));
            text = &text[end..];
        }
    }
}

/// Everything about a page's markup that holds for all pages; `at` names the page in messages.
pub fn check(at: &str, html: &str) {
    let tags = tags(html);
    let open = |name: &str| tags.iter().filter(|tag| !tag.closing && tag.name == name).count();
    balanced(at, &tags);
    for landmark in ["h1", "main", "header", "footer", "title", "html"] {
        assert_eq!(open(landmark), 1, "{at}: <{landmark}>");
    }
    let lang = tags.iter().find(|tag| tag.name == "html").and_then(|tag| tag.get("lang"));
    assert!(at.ends_with(&format!(".{}", lang.unwrap())), "{at}: lang");
    nothing_inline(at, &tags);
    let ids = ids(at, &tags);
    references(at, &tags, &ids);
    labelled(at, &tags);
    forms(at, &tags);
    for empty in ["<p></p>", "<h1></h1>", "<title> –", "<li></li>", "<dd></dd>", "> </button>", "\"></a>"] {
        assert!(!html.contains(empty), "{at}: {empty}");
    }
    assert!(!html.contains("{ $") && !html.contains('\u{E000}'), "{at}: an unfilled placeable");
}

fn balanced(at: &str, tags: &[Tag]) {
    let mut open = Vec::new();
    for tag in tags.iter().filter(|tag| !VOID.contains(&tag.name.as_str())) {
        if tag.closing {
            assert_eq!(open.pop(), Some(tag.name.as_str()), "{at}: </{}>", tag.name);
        } else {
            open.push(tag.name.as_str());
        }
    }
    assert!(open.is_empty(), "{at}: {open:?}");
}

fn nothing_inline(at: &str, tags: &[Tag]) {
    for tag in tags {
        assert_ne!(tag.name, "style", "{at}");
        for (name, value) in &tag.attributes {
            assert!(name != "style" && !name.starts_with("on"), "{at}: {name} on <{}>", tag.name);
            let local = value.starts_with('/') || value.starts_with('#') || tag.name == "svg";
            // The one page that shows others' (Front-Channel Logout 1.0), which may do nothing to it.
            let framed = tag.name == "iframe" && at.starts_with("signed_out.") && tag.has("sandbox");
            if matches!(name.as_str(), "src" | "href") && tag.name != "a" && !framed {
                assert!(local && value.len() > 1, "{at}: {value:?}");
            }
        }
        if tag.name == "script" && !tag.closing {
            assert!(tag.has("src") && tag.has("defer"), "{at}: inline script");
        }
    }
}

fn ids(at: &str, tags: &[Tag]) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for id in tags.iter().filter_map(|tag| tag.get("id")) {
        assert!(ids.insert(id.to_owned()), "{at}: id {id} twice");
    }
    ids
}

fn references(at: &str, tags: &[Tag], ids: &BTreeSet<String>) {
    for tag in tags {
        for name in ["for", "aria-describedby", "aria-labelledby", "aria-controls"] {
            for id in tag.get(name).into_iter().flat_map(str::split_whitespace) {
                assert!(ids.contains(id), "{at}: {name}={id} leads nowhere");
            }
        }
        if let Some(id) = tag.get("href").and_then(|href| href.strip_prefix('#')) {
            assert!(ids.contains(id), "{at}: #{id} leads nowhere");
        }
    }
}

fn labelled(at: &str, tags: &[Tag]) {
    for input in tags.iter().filter(|tag| tag.name == "input") {
        if input.get("type") == Some("hidden") || input.has("hidden") {
            continue;
        }
        let id = input.get("id").unwrap_or_else(|| panic!("{at}: an input without id"));
        let labels = tags.iter().filter(|tag| tag.name == "label" && tag.get("for") == Some(id)).count();
        assert_eq!(labels, 1, "{at}: labels of {id}");
        let completed = input.has("autocomplete") || input.get("type") == Some("file");
        assert!(completed && input.has("name"), "{at}: {id}");
    }
}

/// Every form of ours is a POST with the token, and says by a named button what it does.
fn forms(at: &str, tags: &[Tag]) {
    let mut tags = tags.iter();
    while let Some(form) = tags.by_ref().find(|tag| tag.name == "form" && !tag.closing) {
        assert_eq!(form.get("method"), Some("post"), "{at}");
        let inside: Vec<_> = tags.by_ref().take_while(|tag| tag.name != "form").collect();
        if form.has("action") {
            continue;
        }
        let has = |name: &str| inside.iter().any(|tag| tag.get("name") == Some(name));
        assert!(has("csrf") && has("action"), "{at}: a form without token or action");
        let filled = inside.iter().filter(|tag| tag.name == "button" && tag.has("name") && !tag.has("class")).count();
        assert!(filled <= 1, "{at}: {filled} primary buttons in one form");
    }
}
