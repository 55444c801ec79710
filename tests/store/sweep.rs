//! What is over goes, by portions, and nothing before its time.

use dinhdanh::{
    base::{
        Span, Timestamp,
        ids::{ClientId, EventId, InteractionId, OperatorId, OperatorSessionId, RegistrationId},
    },
    store::{
        change_feed::{self, NewChange},
        clients, console_drafts, dpop_proofs,
        failures::{self, CounterKey, CounterKind},
        grants,
        interactions::{self, StoredInteraction},
        operator_sessions::{self, StoredOperatorSession},
        outbox::{self, MessageKind, NewMessage},
        phone_codes::{self, CodePurpose, StoredPhoneCode},
        pushed_requests::{self, StoredPush},
        recovery_sheets::{self, StoredSheet},
        registrations::{self, StoredRegistration},
        sessions, subjects,
        sweep::Stale,
    },
};
use serde_json::json;

use super::case::{Case, NOW, both};
use crate::support::database::TestDb;

impl Case {
    /// One row of the kind that is over at `end`.
    #[expect(clippy::too_many_lines, reason = "one arm a kind")]
    async fn stale(&self, kind: Stale, end: Timestamp) {
        let mut conn = self.conn().await;
        match kind {
            Stale::Codes => {
                self.code(&"rp".into(), end).await;
            }
            Stale::Interactions => {
                let interaction = StoredInteraction {
                    id: InteractionId(self.uuid()),
                    browser_digest: self.digest(),
                    client_id: "rp".into(),
                    request: json!({}),
                    progress: json!({}),
                    wrong_codes: 0,
                    created_at: NOW,
                    expires_at: end,
                    finished_at: None,
                };
                interactions::insert(&mut conn, &interaction).await.unwrap();
            }
            Stale::RegistryChanges => {
                let (person, event) = (self.person(None).await, EventId(self.uuid()));
                let change = NewChange { person, version: 2, kind: "death", event, fields: &[], unit_after: "" };
                change_feed::add(&mut conn, &change, end).await.unwrap();
                change_feed::place(&mut conn, 9).await.unwrap();
            }
            Stale::AssertionJtis => {
                let jti = self.uuid().to_string();
                assert!(clients::use_jti(&mut conn, &"rp".into(), &jti, end).await.unwrap());
            }
            Stale::DpopProofs => {
                let digest = self.digest().try_into().unwrap();
                assert!(dpop_proofs::take(&mut conn, &digest, end).await.unwrap());
            }
            Stale::RevokedTokens => {
                let jti = self.uuid().to_string();
                grants::revoke_token(&mut conn, &jti, &"rp".into(), NOW, end).await.unwrap();
            }
            Stale::FailureCounters => {
                let key = CounterKey { kind: CounterKind::Client, subject: self.digest(), network: String::new() };
                failures::set(&mut conn, &key, &json!({}), end).await.unwrap();
            }
            Stale::PhoneCodes => {
                let code = StoredPhoneCode { id: self.uuid(), digest: self.digest(), attempts: 0, expires_at: end };
                phone_codes::insert_code(&mut conn, &code, CodePurpose::Register, self.uuid(), NOW).await.unwrap();
            }
            Stale::Registrations => {
                let registration = StoredRegistration {
                    id: RegistrationId(self.uuid()),
                    browser_digest: self.digest(),
                    person_id: None,
                    phone_sealed: None,
                    details_sealed: None,
                    interaction_id: None,
                    created_at: NOW,
                    expires_at: end,
                    confirmed_at: None,
                    finished_at: None,
                };
                registrations::insert(&mut conn, &registration).await.unwrap();
            }
            Stale::PushedRequests => {
                let push = StoredPush { client_id: "rp".into(), request: json!({}), expires_at: end, used_at: None };
                pushed_requests::insert(&mut conn, &self.digest(), &push, NOW).await.unwrap();
            }
            Stale::BackchannelRequests => {
                self.backchannel(end).await;
            }
            Stale::DeviceCodes => {
                self.device(end).await;
            }
            Stale::RecoverySheets => {
                let account_id = self.account().await;
                let session_id = self.session(account_id).await.0.id;
                let sheet =
                    StoredSheet { account_id, session_id, codes_sealed: vec![1], made_at: NOW, expires_at: end };
                recovery_sheets::put(&mut conn, &sheet).await.unwrap();
            }
            Stale::Messages => {
                let id = dinhdanh::base::ids::MessageId(self.uuid());
                let message = NewMessage {
                    id,
                    kind: MessageKind::Sms,
                    recipient: "somebody".to_owned(),
                    payload: Vec::new(),
                    gives_up_at: end,
                };
                outbox::insert(&mut conn, &message, end).await.unwrap();
                // What waits is never swept, however old.
                let waits = NewMessage { id: dinhdanh::base::ids::MessageId(self.uuid()), ..message };
                outbox::insert(&mut conn, &waits, end).await.unwrap();
                outbox::done(&mut conn, id, end).await.unwrap();
            }
            Stale::OperatorSessions => {
                let operator_id = self.operator().await.id;
                let session = StoredOperatorSession {
                    id: OperatorSessionId(self.uuid()),
                    operator_id,
                    password_at: NOW,
                    code_at: None,
                    wrong_codes: 0,
                    user_agent: String::new(),
                    seen_at: NOW,
                    expires_at: end,
                    ended_at: None,
                };
                operator_sessions::insert(&mut conn, &session, &self.digest()).await.unwrap();
            }
            Stale::Grants => {
                let client = ClientId::from("rp");
                let session = self.session(self.account().await).await.0;
                let mut grant = self.unwritten_grant(&client, &session, false);
                grant.expires_at = end;
                grants::insert(&mut conn, &grant, NOW).await.unwrap();
                grants::insert_family(&mut conn, grant.id, &client, NOW, end, end).await.unwrap();
            }
            Stale::Sessions => {
                let mut session = self.unwritten_session(self.account().await);
                session.expires_at = end;
                sessions::insert(&mut conn, &session, &self.digest()).await.unwrap();
                let (client, sid) = (ClientId::from("rp"), self.uuid().to_string());
                subjects::ensure_sid(&mut conn, session.id, &client, &sid, NOW).await.unwrap();
            }
            Stale::ConsoleDrafts => {
                let of = (OperatorId(self.uuid()), self.uuid());
                console_drafts::keep(&mut conn, of, &[1, 2], end).await.unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_goes_after_its_end_by_portions() {
    both(async |case| {
        case.client("rp").await;
        let before = NOW + Span::minutes(5);
        for kind in Stale::ALL {
            for end in [-9, -2, -1, 0, 9] {
                case.stale(kind, before + Span::micros(end)).await;
            }
            let mut conn = case.conn().await;
            let mut gone = Vec::new();
            for _ in 0..3 {
                gone.push(kind.sweep(&mut conn, before, 2).await.unwrap());
            }
            assert_eq!(gone, [2, 1, 0], "{kind:?}");
            assert_eq!(kind.sweep(&mut conn, before + Span::minutes(1), 9).await.unwrap(), 2, "{kind:?}: its own rows");
        }
    })
    .await;
}

/// Every process sweeps every minute.
#[tokio::test(flavor = "multi_thread")]
async fn two_that_sweep_at_once_are_not_in_each_others_way() {
    let case = Case::on(TestDb::postgres().await);
    case.client("rp").await;
    let before = NOW + Span::minutes(5);
    for kind in [Stale::Grants, Stale::Sessions] {
        for end in 1..=60 {
            case.stale(kind, before - Span::micros(end)).await;
        }
        let (mut one, mut other) = (case.conn().await, case.conn().await);
        let mut gone = 0;
        for _ in 0..40 {
            let (one, other) = tokio::join!(kind.sweep(&mut one, before, 2), kind.sweep(&mut other, before, 2));
            gone += one.unwrap() + other.unwrap();
        }
        assert_eq!(gone, 60, "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_of_recovery_codes_is_shown_to_its_session_for_its_time() {
    both(async |case| {
        let account_id = case.account().await;
        let (one, other) = (case.session(account_id).await.0.id, case.session(account_id).await.0.id);
        let sheet = StoredSheet {
            account_id,
            session_id: one,
            codes_sealed: vec![0, 255],
            made_at: NOW,
            expires_at: NOW + Span::minutes(10),
        };
        let mut conn = case.conn().await;
        let mut seen = async |session, at| recovery_sheets::find(&mut conn, account_id, session, at).await.unwrap();
        assert_eq!(seen(one, NOW).await, None);
        recovery_sheets::put(&mut case.conn().await, &sheet).await.unwrap();
        assert_eq!(seen(one, NOW).await, Some(sheet.clone()));
        assert_eq!(seen(other, NOW).await, None);
        assert_eq!(seen(one, sheet.expires_at).await, None);
        let newer = StoredSheet { session_id: other, codes_sealed: vec![7], ..sheet };
        recovery_sheets::put(&mut case.conn().await, &newer).await.unwrap();
        assert_eq!((seen(one, NOW).await, seen(other, NOW).await), (None, Some(newer)), "in its place");
        recovery_sheets::drop_of_account(&mut case.conn().await, account_id).await.unwrap();
        assert_eq!(seen(other, NOW).await, None);
    })
    .await;
}
