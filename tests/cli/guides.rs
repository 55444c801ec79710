//! docs/relying-parties: what it tells an engineer to register can be registered as it is written.

use std::{fs, path::Path};

use serde_json::Value;

use crate::support::binary::Binary;

/// RFC 7517 appendix A.1, for the keys that the guides leave out.
const KEY: &str = r#"{"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM", "kid": "2026-11"}"#;

/// The blocks that are registrations, with the page that each stands on.
fn registrations() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/relying-parties");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let page = fs::read_to_string(entry.path()).unwrap();
        for block in page.split("```json\n").skip(1) {
            let text = block.split("```").next().unwrap();
            let text = text.replace("[\"…\"]", &format!("[{KEY}]"));
            let text = text.replace(
                "\"x\": \"…\", \"y\": \"…\"",
                KEY.split_once("P-256\", ").unwrap().1.split(", \"kid").next().unwrap(),
            );
            let value: Value =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", entry.path().display()));
            let first = value.get(0).unwrap_or(&value);
            if first.get("client_name").is_some() || first.get("redirect_uris").is_some() {
                found.push((entry.path().display().to_string(), text));
            }
        }
    }
    found
}

#[test]
fn every_registration_of_the_guides_is_taken_as_it_is_written() {
    let binary = Binary::ready();
    let all = registrations();
    assert!(all.len() >= 7, "{}", all.len());
    for (page, text) in all {
        fs::write(binary.dir.path().join("client.json"), &text).unwrap();
        let ran = binary.run(&["client", "add", "--file", "client.json"]);
        assert_eq!(ran.status(), 0, "{page}: {}", ran.err());
    }
}
