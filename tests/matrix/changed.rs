//! Everything that the service gives out or takes, changed: cut, lengthened, with a letter of the other case or another letter. None of
//! it opens anything, and the real one still does afterwards (CVE-2026-27840: a truncated token that was still good).

use dinhdanh::{base::Span, registry::operator::Role};

use super::{
    artefacts::{Artefacts, KINDS, Kind},
    tokens::{Case, own_place},
};

/// Where a letter is changed: at both ends, around each point and prefix, and at places between.
fn places(value: &str) -> Vec<usize> {
    let last = value.len() - 1;
    let around = value.match_indices(['.', '_', ':']).flat_map(|(at, _)| [at.saturating_sub(1), at, at + 1]);
    let mut all: Vec<usize> = (0..8).map(|eighth| eighth * last / 8).chain([1, last - 1, last]).chain(around).collect();
    all.retain(|at| *at <= last);
    all.sort_unstable();
    all.dedup();
    all
}

fn changed(value: &str) -> Vec<String> {
    let (half, last) = (value.len() / 2, value.len() - 1);
    let mut all: Vec<String> = [1, 4, half, last - 3, last - 1, last].map(|length| value[..length].to_owned()).to_vec();
    all.extend([1, 4, half].map(|from| value[from..].to_owned()));
    all.extend(["A", "=", "==", ".", "%00"].map(|more| format!("{value}{more}")));
    all.extend([format!("A{value}"), format!("{value}{value}"), value.to_uppercase(), value.to_lowercase()]);
    for at in places(value) {
        let letter = value.as_bytes()[at];
        let (before, after) = (&value[..at], &value[at + 1..]);
        let other = if letter == b'A' { 'B' } else { 'A' };
        all.push(format!("{before}{other}{after}"));
        // The neighbour in base64url: of the last letter it may change no more than bits that stand for nothing.
        let neighbour = char::from(if letter.is_ascii_alphanumeric() { letter ^ 1 } else { letter });
        all.push(format!("{before}{neighbour}{after}"));
        if letter.is_ascii_alphabetic() {
            all.push(format!("{before}{}{after}", char::from(letter ^ 0x20)));
        }
    }
    all.retain(|other| other != value && !other.is_empty());
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_anywhere_opens_nothing() {
    const GOOD: [&str; 3] = ["OPENS", "SIGNS OUT", "CODE"];
    for app in Artefacts::each().await {
        let holder = app.holder().await;
        let clerk = app.operator("canbo.thu", &[Role::Registrar], None).await;
        let mut case = Case(Artefacts::new(&app, &holder, &clerk).await);
        for kind in KINDS {
            // A person reads it out and types it: case and what stands between the letters do not matter (RFC 8628 §6.1). A
            // client's own token opens no UserInfo anyway.
            let Some(place) = own_place(kind).filter(|_| !matches!(kind, Kind::UserCode | Kind::ClientAccessToken))
            else {
                continue;
            };
            app.at.clock.advance(Span::minutes(2));
            let value = case.0.make(kind).await;
            for other in changed(&value) {
                let outcome = case.put(place, &other).await;
                assert!(!GOOD.contains(&outcome.as_str()), "{kind:?}: {other}\nfor: {value}");
            }
            let outcome = case.put(place, &value).await;
            assert!(GOOD.contains(&outcome.as_str()), "{kind:?} itself: {outcome}");
        }
    }
}
