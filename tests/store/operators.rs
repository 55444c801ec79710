//! Operators: one a name, listed by name; their sessions, half open and open; each code once.

use std::collections::BTreeSet;

use dinhdanh::{
    base::{
        Span,
        ids::{OperatorId, OperatorSessionId},
    },
    registry::operator::{Post, Role},
    store::{
        operator_sessions::{self, StoredOperatorSession},
        operators::{self, StoredOperator},
    },
};

use super::case::{Case, NOW, both};

impl Case {
    fn new_operator(&self, name: &str, unit: Option<&str>) -> StoredOperator {
        StoredOperator {
            id: OperatorId(self.uuid()),
            name: name.to_owned(),
            display_name: "Trần Thị Thử".to_owned(),
            version: 1,
            disabled: false,
            post: Post { roles: BTreeSet::from([Role::Registrar, Role::Auditor]), unit: unit.map(str::to_owned) },
            password_hash: "$argon2id$".to_owned(),
            totp_sealed: vec![3, 1],
            created_at: NOW,
        }
    }

    pub async fn operator(&self) -> StoredOperator {
        let operator = self.new_operator(&format!("o{}", self.uuid().simple()), None);
        assert!(operators::insert(&mut self.conn().await, &operator).await.unwrap());
        operator
    }

    /// Half open, with its digest.
    pub async fn operator_session(&self, operator_id: OperatorId) -> (StoredOperatorSession, Vec<u8>) {
        let session = StoredOperatorSession {
            id: OperatorSessionId(self.uuid()),
            operator_id,
            password_at: NOW,
            code_at: None,
            wrong_codes: 0,
            user_agent: "test".to_owned(),
            seen_at: NOW,
            expires_at: NOW + Span::minutes(10),
            ended_at: None,
        };
        let digest = self.digest();
        operator_sessions::insert(&mut self.conn().await, &session, &digest).await.unwrap();
        (session, digest)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_is_added_once_and_listed_by_name() {
    both(async |case| {
        let mut conn = case.conn().await;
        let operator = |name, unit| case.new_operator(name, unit);
        let all = [operator("an", Some("00001")), operator("bình", None), operator("chi", None)];
        for operator in all.iter().rev() {
            assert!(operators::insert(&mut conn, operator).await.unwrap());
        }
        assert!(!operators::insert(&mut conn, &operator("an", None)).await.unwrap());
        assert_eq!(operators::list(&mut conn, "", 2).await.unwrap(), all[..2]);
        assert_eq!(operators::list(&mut conn, "bình", 2).await.unwrap(), all[2..]);
        assert_eq!(operators::find(&mut conn, all[0].id).await.unwrap().as_ref(), Some(&all[0]));
        assert_eq!(operators::find_by_name(&mut conn, "chi").await.unwrap().as_ref(), Some(&all[2]));
        assert_eq!(operators::find_by_name(&mut conn, "Chi").await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_seen_by_whoever_read_before() {
    both(async |case| {
        let read = case.operator().await;
        let mut conn = case.conn().await;
        assert!(operators::is_unchanged(&mut conn, &read).await.unwrap());
        assert!(operators::use_totp_step(&mut conn, &read, 7).await.unwrap());
        assert!(!operators::use_totp_step(&mut conn, &read, 7).await.unwrap(), "each step once");
        assert!(!operators::use_totp_step(&mut conn, &read, 6).await.unwrap(), "and none before it");
        assert!(operators::set_disabled(&mut conn, read.id, true).await.unwrap());
        assert!(!operators::set_disabled(&mut conn, read.id, true).await.unwrap());
        assert!(!operators::is_unchanged(&mut conn, &read).await.unwrap());
        assert!(!operators::use_totp_step(&mut conn, &read, 8).await.unwrap());
        assert!(!operators::set_credentials(&mut conn, &read, "new", &[1]).await.unwrap());
        assert!(operators::set_disabled(&mut conn, read.id, false).await.unwrap());
        assert!(!operators::use_totp_step(&mut conn, &read, 8).await.unwrap(), "read before it was disabled");
        let read = operators::find(&mut conn, read.id).await.unwrap().unwrap();
        assert_eq!(read.version, 3);
        operators::rehash(&mut conn, read.id, "$argon2id$", "$newer$").await.unwrap();
        operators::rehash(&mut conn, read.id, "$argon2id$", "$lost$").await.unwrap();
        assert_eq!(operators::find(&mut conn, read.id).await.unwrap().unwrap().password_hash, "$newer$");
        assert!(operators::set_credentials(&mut conn, &read, "new", &[1]).await.unwrap());
        let now = operators::find(&mut conn, read.id).await.unwrap().unwrap();
        assert_eq!((now.version, now.password_hash.as_str(), &now.totp_sealed[..]), (4, "new", &[1][..]));
        assert!(operators::use_totp_step(&mut conn, &now, 1).await.unwrap(), "a new seed has its own steps");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_half_open_until_its_code_and_over_at_its_end() {
    both(async |case| {
        let operator = case.operator().await;
        let (session, digest) = case.operator_session(operator.id).await;
        let mut conn = case.conn().await;
        let found = operator_sessions::find_by_secret(&mut conn, &digest).await.unwrap();
        assert_eq!(found.as_ref(), Some(&session));
        assert!(!operator_sessions::is_open(&mut conn, session.id, NOW).await.unwrap());
        assert_eq!(operator_sessions::wrong_code(&mut conn, session.id).await.unwrap(), 1);
        assert_eq!(operator_sessions::wrong_code(&mut conn, session.id).await.unwrap(), 2);
        let (new, end, late) = (case.digest(), NOW + Span::hours(8), session.expires_at);
        assert!(!operator_sessions::open(&mut conn, session.id, &new, late, end).await.unwrap(), "at its very end");
        let at = late - Span::micros(1);
        let (left, _) = case.operator_session(operator.id).await;
        assert!(operator_sessions::end(&mut conn, left.id, "signed_out", NOW).await.unwrap());
        assert!(!operator_sessions::open(&mut conn, left.id, &case.digest(), at, end).await.unwrap(), "it was left");
        assert!(operator_sessions::open(&mut conn, session.id, &new, at, end).await.unwrap());
        assert!(!operator_sessions::open(&mut conn, session.id, &digest, at, end).await.unwrap(), "once");
        assert_eq!(operator_sessions::find_by_secret(&mut conn, &digest).await.unwrap(), None, "the secret is new");
        let found = operator_sessions::find_by_secret(&mut conn, &new).await.unwrap().unwrap();
        assert_eq!((found.code_at, found.seen_at, found.expires_at, found.wrong_codes), (Some(at), at, end, 2));
        assert!(operator_sessions::is_open(&mut conn, session.id, end - Span::micros(1)).await.unwrap());
        assert!(!operator_sessions::is_open(&mut conn, session.id, end).await.unwrap());
        operator_sessions::touch(&mut conn, session.id, at + Span::minutes(1)).await.unwrap();
        operator_sessions::touch(&mut conn, session.id, at).await.unwrap();
        let found = operator_sessions::find_by_secret(&mut conn, &new).await.unwrap().unwrap();
        assert_eq!(found.seen_at, at + Span::minutes(1), "never backwards");
        operators::set_disabled(&mut conn, operator.id, true).await.unwrap();
        assert!(!operator_sessions::is_open(&mut conn, session.id, at).await.unwrap());
        assert!(operator_sessions::end(&mut conn, session.id, "signed_out", at).await.unwrap());
        assert!(!operator_sessions::end(&mut conn, session.id, "signed_out", at).await.unwrap());
        operator_sessions::touch(&mut conn, session.id, at + Span::minutes(2)).await.unwrap();
        let found = operator_sessions::find_by_secret(&mut conn, &new).await.unwrap().unwrap();
        assert_eq!(found.seen_at, at + Span::minutes(1), "nobody was there any more");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_sessions_of_one_operator_end_and_nobody_elses() {
    both(async |case| {
        let (one, other) = (case.operator().await, case.operator().await);
        for _ in 0..2 {
            case.operator_session(one.id).await;
        }
        let (theirs, digest) = case.operator_session(other.id).await;
        let mut conn = case.conn().await;
        assert_eq!(operator_sessions::end_all(&mut conn, one.id, "disabled", NOW).await.unwrap(), 2);
        assert_eq!(operator_sessions::end_all(&mut conn, one.id, "disabled", NOW).await.unwrap(), 0);
        let found = operator_sessions::find_by_secret(&mut conn, &digest).await.unwrap().unwrap();
        assert_eq!((found.id, found.ended_at), (theirs.id, None));
    })
    .await;
}
