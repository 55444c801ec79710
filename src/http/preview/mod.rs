//! Every page in every language and state, rendered for tests and for the eye: `target/page-preview/*.html`.

mod markup;
mod samples;

use std::{collections::BTreeSet, fs, path::PathBuf};

use super::{
    assets::Asset,
    frame::Html,
    lang::Lang,
    texts::tests::{keys, shown},
};

/// What a page and its style may weigh together.
const BYTES_AT_MOST: usize = 60 * 1_024;

struct Sample {
    /// `sign_in-password-wrong`.
    name: String,
    html: Html,
}

fn all() -> Vec<(String, Html)> {
    let mut pages = Vec::new();
    for lang in Lang::ALL {
        for sample in samples::all(lang) {
            pages.push((format!("{}.{}", sample.name, lang.tag()), sample.html));
        }
    }
    pages
}

#[test]
fn every_page_is_sound_small_and_without_anything_inline() {
    for (at, html) in all() {
        markup::check(&at, &html.body);
        let weight = html.body.len() + Asset::Style.content().len();
        assert!(weight <= BYTES_AT_MOST, "{at} weighs {weight} bytes");
    }
}

#[test]
fn every_text_is_shown_on_some_page() {
    all();
    let shown = shown();
    let unused: BTreeSet<_> = keys(Lang::Vi).into_keys().filter(|key| !shown.contains(key)).collect();
    assert!(unused.is_empty(), "texts that no page shows: {unused:?}");
}

#[test]
fn no_two_pages_are_the_same_and_each_speaks_its_language() {
    let pages = all();
    let mut bodies = BTreeSet::new();
    for (at, html) in &pages {
        assert!(bodies.insert(html.body.as_str()), "{at} looks like another page");
    }
    let titles = |lang: Lang| -> Vec<_> {
        pages.iter().filter(|(_, html)| html.lang == lang).map(|(_, html)| title(&html.body)).collect()
    };
    for (vi, en) in titles(Lang::Vi).into_iter().zip(titles(Lang::En)) {
        assert_ne!(vi, en);
    }
}

fn title(html: &str) -> &str {
    html.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>")).unwrap().0
}

/// For looking at: `target/page-preview/`, with the style beside the pages.
#[test]
fn the_pages_are_written_out_for_the_eye() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/page-preview");
    fs::create_dir_all(&folder).unwrap();
    for asset in Asset::ALL {
        fs::write(folder.join(asset.name()), asset.content()).unwrap();
    }
    for (at, mut html) in all() {
        for asset in Asset::ALL {
            html.body = html.body.replace(&asset.href(), asset.name());
        }
        assert!(!html.body.contains("/assets/"), "{at} links to an asset that does not exist");
        fs::write(folder.join(format!("{at}.html")), html.body).unwrap();
    }
}
