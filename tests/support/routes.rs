//! Every route of the service, once: each test that goes through all of them begins here.

use std::path::Path;

use dinhdanh::http::api::registry::BASE;

/// What GET is at a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Get {
    /// Changes nothing, so that HEAD is its head.
    Document,
    /// Does something, or might: HEAD could only be answered truly by doing it too.
    Acts,
    NotOffered,
}

use Get::{Acts, Document, NotOffered};

/// With something in the place of what varies that leads to nothing.
const ROUTES: [(&str, Get); 56] = [
    ("/", Document),
    ("/authorize", Acts),
    ("/par", NotOffered),
    ("/token", NotOffered),
    ("/revoke", NotOffered),
    ("/introspect", NotOffered),
    ("/userinfo", Acts),
    ("/backchannel_authentication", NotOffered),
    ("/device_authorization", NotOffered),
    ("/clients", NotOffered),
    ("/clients/none", Acts),
    ("/logout", Acts),
    ("/sign-out", Acts),
    ("/check-session", Document),
    ("/assets/0/none.css", Document),
    ("/language/en", Acts),
    ("/sign-in", Acts),
    ("/register", Acts),
    ("/register/done", Acts),
    ("/device", Acts),
    ("/device/approved", Acts),
    ("/device/denied", Acts),
    ("/device/late", Acts),
    ("/account", Acts),
    ("/account/end-all", Acts),
    ("/account/totp", Acts),
    ("/account/recovery-codes", Acts),
    ("/account/password", Acts),
    ("/account/agreements", Acts),
    ("/account/uses", Acts),
    ("/account/lock", Acts),
    ("/account/locked", Acts),
    ("/console", Acts),
    ("/console/sign-in", Acts),
    ("/console/sign-out", NotOffered),
    ("/console/find", Acts),
    ("/console/find/none", Acts),
    ("/console/person/none", Acts),
    ("/console/propose/death", Acts),
    ("/console/queue", Acts),
    ("/console/mine", Acts),
    ("/console/events/00000000-0000-0000-0000-000000000000", Acts),
    ("/console/cases", Acts),
    ("/console/cases/00000000-0000-0000-0000-000000000000", Acts),
    ("/console/imports", Acts),
    ("/console/imports/00000000-0000-0000-0000-000000000000", Acts),
    ("/console/exports", Acts),
    ("/console/exports/00000000-0000-0000-0000-000000000000", Acts),
    ("/console/pairs", Acts),
    ("/console/pairs/none", Acts),
    ("/console/upload", NotOffered),
    ("/console/trail", Acts),
    ("/console/trail/none", Acts),
    ("/console/flags", Acts),
    ("/console/system-flags", Acts),
    ("/console/flag/none", Acts),
];

const OF_THE_API: [(&str, Get); 10] = [
    ("/verify", NotOffered),
    ("/look-up", NotOffered),
    ("/predicates", NotOffered),
    ("/household", NotOffered),
    ("/statistics", Acts),
    ("/events", NotOffered),
    ("/events/none", Acts),
    ("/event-kinds", Acts),
    ("/changes", Acts),
    ("/openapi.json", Document),
];

/// `/health/live`, `/health/ready`, `/metrics`: outside this router, in `http::health`'s own tests.
const ELSEWHERE: usize = 3;

pub fn all() -> Vec<(String, Get)> {
    let own = ROUTES.iter().map(|(path, get)| ((*path).to_owned(), *get));
    own.chain(OF_THE_API.iter().map(|(path, get)| (format!("{BASE}{path}"), *get))).collect()
}

/// Each `.route(` of the sources.
fn in_sources(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| match path.extension().and_then(|ext| ext.to_str()) {
            _ if path.is_dir() => in_sources(&path),
            Some("rs") => {
                let text = std::fs::read_to_string(&path).unwrap();
                text.split("#[cfg(test)]").next().unwrap().matches(".route(").count()
            }
            _ => 0,
        })
        .sum()
}

#[test]
fn a_new_route_stands_in_the_list() {
    let paths: std::collections::BTreeSet<String> = all().into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths.len(), all().len(), "one stands twice");
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http");
    assert_eq!(
        paths.len() + ELSEWHERE,
        in_sources(&sources),
        "add it above, and make the table of matrix::routes anew"
    );
}
