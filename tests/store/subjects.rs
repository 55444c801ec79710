//! Names that last: `sub` per sector, `sid` per session and client; consents given, changed, withdrawn.

use std::{collections::BTreeSet, sync::Arc};

use dinhdanh::{
    base::Span,
    store::{
        clients::{self, ClientState},
        subjects::{self, Consent},
    },
};
use serde_json::json;

use super::case::{Case, NOW, both};
use crate::support::database::TestDb;

#[tokio::test(flavor = "multi_thread")]
async fn a_sub_is_made_once_per_sector_and_person() {
    both(async |case| {
        let (one, two) = (case.person(None).await, case.person(None).await);
        let mut conn = case.conn().await;
        assert_eq!(subjects::find_sub(&mut conn, "a.example", one).await.unwrap(), None);
        assert_eq!(subjects::ensure_sub(&mut conn, "a.example", one, "s1", NOW).await.unwrap(), "s1");
        assert_eq!(subjects::ensure_sub(&mut conn, "a.example", one, "s2", NOW).await.unwrap(), "s1");
        assert_eq!(subjects::ensure_sub(&mut conn, "b.example", one, "s3", NOW).await.unwrap(), "s3");
        assert_eq!(subjects::ensure_sub(&mut conn, "a.example", two, "s4", NOW).await.unwrap(), "s4");
        assert_eq!(subjects::find_sub(&mut conn, "a.example", one).await.unwrap().as_deref(), Some("s1"));
        assert_eq!(subjects::person_of_sub(&mut conn, "a.example", "s4").await.unwrap(), Some(two));
        assert_eq!(subjects::person_of_sub(&mut conn, "b.example", "s4").await.unwrap(), None, "in its sector alone");
        assert_eq!(subjects::person_of_sub(&mut conn, "a.example", "s2").await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_first_decides_the_sub_for_all() {
    for test in TestDb::each().await {
        let case = Arc::new(Case::on(test));
        let person = case.person(None).await;
        let tasks: Vec<_> = (0..32)
            .map(|n| {
                let case = Arc::clone(&case);
                tokio::spawn(async move {
                    let mut conn = case.conn().await;
                    subjects::ensure_sub(&mut conn, "a.example", person, &format!("s{n}"), NOW).await.unwrap()
                })
            })
            .collect();
        let mut subs = BTreeSet::new();
        for task in tasks {
            subs.insert(task.await.unwrap());
        }
        assert_eq!(subs.len(), 1, "{:?}: {subs:?}", case.engine());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sid_is_constant_for_a_session_at_a_client() {
    both(async |case| {
        let (rp, other) = (case.client("rp").await, case.client("other").await);
        let (session, _) = case.session(case.account().await).await;
        let (second, _) = case.session(session.account_id).await;
        let mut conn = case.conn().await;
        let later = NOW + Span::minutes(5);
        assert_eq!(subjects::ensure_sid(&mut conn, session.id, &rp, "x1", NOW).await.unwrap(), "x1");
        assert_eq!(subjects::ensure_sid(&mut conn, session.id, &rp, "x2", later).await.unwrap(), "x1");
        assert_eq!(subjects::ensure_sid(&mut conn, session.id, &other, "x3", NOW).await.unwrap(), "x3");
        assert_eq!(subjects::ensure_sid(&mut conn, second.id, &rp, "x4", NOW).await.unwrap(), "x4");
        let clients = subjects::clients_of_session(&mut conn, session.id).await.unwrap();
        let seen: Vec<_> =
            clients.iter().map(|c| (c.client_id.as_str(), c.sid.as_str(), c.first_at, c.last_at)).collect();
        assert_eq!(seen, [("other", "x3", NOW, NOW), ("rp", "x1", NOW, later)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_active_clients_that_asked_are_told_of_an_end() {
    both(async |case| {
        let (session, _) = case.session(case.account().await).await;
        let mut conn = case.conn().await;
        let uri = json!({ "backchannel_logout_uri": "https://rp.example/bcl" });
        for (name, metadata) in [
            ("asked", &uri),
            ("did-not", &json!({})),
            ("null", &json!({ "backchannel_logout_uri": null })),
            ("gone", &uri),
        ] {
            let client = case.client(name).await;
            assert!(clients::replace(&mut conn, &client, metadata, None, NOW).await.unwrap());
            subjects::ensure_sid(&mut conn, session.id, &client, &format!("sid-{name}"), NOW).await.unwrap();
        }
        assert!(clients::set_state(&mut conn, &"gone".into(), ClientState::Disabled, NOW).await.unwrap());
        let told = subjects::logout_targets(&mut conn, session.id).await.unwrap();
        let told: Vec<_> = told.iter().map(|c| (c.client_id.as_str(), c.sid.as_str())).collect();
        assert_eq!(told, [("asked", "sid-asked")]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_is_given_changed_withdrawn_and_given_again() {
    both(async |case| {
        let (rp, other) = (case.client("rp").await, case.client("other").await);
        let account = case.account().await;
        let mut conn = case.conn().await;
        let mut consent = Consent {
            scopes: vec!["openid".to_owned(), "hồ_sơ".to_owned()],
            claims: json!({ "userinfo": ["birthdate"] }),
            purpose_version: "p1".to_owned(),
            given_at: NOW,
        };
        assert_eq!(subjects::find_consent(&mut conn, account, &rp).await.unwrap(), None);
        assert!(!subjects::withdraw_consent(&mut conn, account, &rp, NOW).await.unwrap());
        subjects::give_consent(&mut conn, account, &rp, &consent).await.unwrap();
        assert_eq!(subjects::find_consent(&mut conn, account, &rp).await.unwrap().as_ref(), Some(&consent));
        assert_eq!(subjects::find_consent(&mut conn, account, &other).await.unwrap(), None);
        let (theirs, stranger) = (consent.clone(), case.account().await);
        subjects::give_consent(&mut conn, account, &other, &theirs).await.unwrap();
        subjects::give_consent(&mut conn, stranger, &rp, &theirs).await.unwrap();

        consent = Consent { scopes: vec!["openid".to_owned()], purpose_version: "p2".to_owned(), ..consent };
        subjects::give_consent(&mut conn, account, &rp, &consent).await.unwrap();
        assert_eq!(subjects::find_consent(&mut conn, account, &rp).await.unwrap().as_ref(), Some(&consent));
        assert!(subjects::withdraw_consent(&mut conn, account, &rp, NOW).await.unwrap());
        assert!(!subjects::withdraw_consent(&mut conn, account, &rp, NOW).await.unwrap());
        assert_eq!(subjects::find_consent(&mut conn, account, &rp).await.unwrap(), None);
        for (account, client) in [(account, &other), (stranger, &rp)] {
            let found = subjects::find_consent(&mut conn, account, client).await.unwrap();
            assert_eq!(found.as_ref(), Some(&theirs), "another's stays");
        }
        let withdrawn = subjects::withdraw_all_of_client(&mut conn, &rp, NOW).await.unwrap();
        assert_eq!(withdrawn, 1, "the stranger's, and not what was withdrawn before");
        consent.given_at = NOW + Span::days(1);
        subjects::give_consent(&mut conn, account, &rp, &consent).await.unwrap();
        assert_eq!(subjects::find_consent(&mut conn, account, &rp).await.unwrap(), Some(consent));
    })
    .await;
}
