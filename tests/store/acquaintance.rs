//! What an account and a client know of each other, in one read; and the one guard of everything that is issued.

use dinhdanh::{
    assurance::LockReason,
    base::Span,
    store::{
        Conn, accounts, acquaintance, authenticators,
        clients::{self, ClientState},
        sessions::{self, StoredSession},
        standing::{self, AccountStanding},
        subjects::{self, Consent},
    },
};
use serde_json::json;

use super::case::{Case, MICRO, NOW, both};

const RP: &str = "rp";
const SECTOR: &str = "rp.example";

impl Case {
    /// A signed-in person, as read, and a client.
    async fn signed_in(&self) -> (AccountStanding, StoredSession) {
        self.client(RP).await;
        let account = self.account().await;
        let (session, _) = self.session(account).await;
        (standing::find(&mut self.conn().await, account, NOW).await.unwrap().unwrap(), session)
    }
}

async fn holds(conn: &mut Conn, account: &AccountStanding, session: &StoredSession) -> bool {
    acquaintance::still_holds(conn, (&RP.into(), 1), account, session.id, NOW).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_know_nothing_and_friends_everything() {
    both(async |case| {
        let (account, session) = case.signed_in().await;
        let mut conn = case.conn().await;
        let (rp, id) = (RP.into(), account.account_id);
        let known = acquaintance::find(&mut conn, &account, session.id, (&rp, SECTOR)).await.unwrap();
        assert!(known.sub.is_none() && known.sid.is_none() && known.last_at.is_none() && known.consent.is_none());
        assert!(!known.has_totp && known.recovery_codes_left == 0);

        subjects::ensure_sub(&mut conn, SECTOR, account.person_id, "sub-1", NOW).await.unwrap();
        subjects::ensure_sid(&mut conn, session.id, &rp, "sid-1", NOW).await.unwrap();
        let consent = Consent {
            scopes: vec!["openid".to_owned()],
            claims: json!([]),
            purpose_version: "p".to_owned(),
            given_at: NOW,
        };
        subjects::give_consent(&mut conn, id, &rp, &consent).await.unwrap();
        let totp = case.pending(id, Span::ZERO).await;
        authenticators::insert_recovery(&mut conn, id, &[1; 32], NOW).await.unwrap();
        let known = acquaintance::find(&mut conn, &account, session.id, (&rp, SECTOR)).await.unwrap();
        assert_eq!((known.sub.as_deref(), known.sid.as_deref()), (Some("sub-1"), Some("sid-1")));
        assert_eq!((known.last_at, known.consent), (Some(NOW), Some(consent)));
        assert!(!known.has_totp, "only begun");
        assert_eq!(known.recovery_codes_left, 1);
        assert!(authenticators::confirm_totp(&mut conn, totp.id, id, 1, NOW).await.unwrap());
        assert!(authenticators::use_recovery(&mut conn, id, &[1; 32], NOW).await.unwrap());
        assert!(subjects::withdraw_consent(&mut conn, id, &rp, NOW).await.unwrap());
        let known = acquaintance::find(&mut conn, &account, session.id, (&rp, "other.example")).await.unwrap();
        assert!(known.has_totp && known.recovery_codes_left == 0);
        assert!(known.consent.is_none() && known.sub.is_none(), "withdrawn; another sector knows another name");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guard_holds_for_what_was_read_and_until_the_session_ends() {
    both(async |case| {
        let (account, session) = case.signed_in().await;
        let mut conn = case.conn().await;
        assert!(holds(&mut conn, &account, &session).await);
        let (rp, end) = (RP.into(), session.expires_at);
        for (version, at, expected) in [(2, NOW, false), (1, end - MICRO, true), (1, end, false)] {
            let held = acquaintance::still_holds(&mut conn, (&rp, version), &account, session.id, at).await.unwrap();
            assert_eq!(held, expected, "version {version} at {at}");
        }
        let (other, _) = case.session(case.account().await).await;
        assert!(!holds(&mut conn, &account, &other).await, "somebody else's session");
    })
    .await;
}

/// Each change between reading and writing, by itself.
#[tokio::test(flavor = "multi_thread")]
async fn the_guard_notices_every_change() {
    both(async |case| {
        let (account, session) = case.signed_in().await;
        let id = account.account_id;
        for change in ["lock", "person", "session", "client", "disabled"] {
            let mut conn = case.begin().await;
            assert!(holds(&mut conn, &account, &session).await);
            match change {
                "lock" => assert!(accounts::lock(&mut conn, id, LockReason::Holder, "holder", "", NOW).await.unwrap()),
                "person" => {
                    super::case::run(&mut conn, "UPDATE person SET version = version + 1").await;
                }
                "session" => assert!(sessions::end(&mut conn, session.id, "ended", NOW).await.unwrap()),
                "client" => assert!(clients::replace(&mut conn, &RP.into(), &json!({}), None, NOW).await.unwrap()),
                _ => assert!(clients::set_state(&mut conn, &RP.into(), ClientState::Disabled, NOW).await.unwrap()),
            }
            assert!(!holds(&mut conn, &account, &session).await, "{change}");
            super::case::run(&mut conn, "ROLLBACK").await;
        }
        assert!(holds(&mut case.conn().await, &account, &session).await);
    })
    .await;
}
