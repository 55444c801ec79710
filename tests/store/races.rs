//! Thirty-two at once and one winner (I1, I4, I9): through a writer whose lanes meet, in transactions beside any lane, and
//! from two processes' writers on one database.

use std::{sync::Arc, time::Duration};

use dinhdanh::{
    assurance::LockReason,
    base::{
        Entropy, Fault, Span,
        ids::{AccountId, AuthenticatorId, ClientId, GrantId, InteractionId, PersonId, SessionId},
    },
    store::{
        Conn, LaneKey, Tx, Unit, Writer, accounts, acquaintance, authenticators, clients,
        codes::{self, StoredCode},
        grants,
        interactions::{self, StoredInteraction},
        phone_codes::{self, CodePurpose, StoredPhoneCode, Tried},
        sessions, standing,
    },
};
use serde_json::json;
use tokio::sync::Barrier;
use uuid::Uuid;

use super::case::{Case, NOW, account_of, run};
use crate::support::database::TestDb;

const RACERS: u64 = 32;
const STEP: i64 = 59_843_520;

/// A thing that one alone may have.
#[derive(Clone, Debug)]
enum Prize {
    Code { digest: Vec<u8>, client: ClientId },
    Refresh { grant: GrantId, client: ClientId },
    TotpStep { totp: AuthenticatorId, account: AccountId },
    Jti { client: ClientId, jti: String },
    Recovery { account: AccountId, digest: Vec<u8> },
    Interaction(InteractionId),
    PhoneCode { id: Uuid, digest: Vec<u8> },
    Account(PersonId),
}

impl Prize {
    /// Whether this racer got it.
    async fn take(&self, conn: &mut Conn, racer: u64) -> Result<bool, Fault> {
        let later = NOW + Span::minutes(10);
        match self {
            Self::Code { digest, client } => codes::consume(conn, digest, client, (NOW, NOW)).await,
            Self::Refresh { grant, client } => Ok(grants::rotate(conn, *grant, client, 1, NOW, later).await?.is_some()),
            Self::TotpStep { totp, account } => authenticators::use_totp_step(conn, *totp, *account, STEP).await,
            Self::Jti { client, jti } => clients::use_jti(conn, client, jti, later).await,
            Self::Recovery { account, digest } => authenticators::use_recovery(conn, *account, digest, NOW).await,
            Self::Interaction(id) => interactions::finish(conn, *id, NOW).await,
            Self::PhoneCode { id, digest } => {
                Ok(phone_codes::try_code(conn, *id, digest, NOW, 5).await? == Tried::Right)
            }
            Self::Account(person) => {
                let account = account_of(*person, Entropy::counted((1 << 40) + racer).uuid(NOW));
                accounts::insert(conn, &account).await
            }
        }
    }
}

impl Case {
    /// One of each, untouched.
    async fn prizes(&self) -> Vec<Prize> {
        let client: ClientId = self.client(&format!("rp-{}", self.uuid())).await;
        let account = self.account().await;
        let (session, _) = self.session(account).await;
        let grant = self.grant(&client, &session, false).await;
        let totp = self.pending(account, Span::ZERO).await;
        let (code, recovery, phone) = (self.digest(), self.digest(), self.digest());
        let (interaction, phone_code) = (InteractionId(self.uuid()), self.uuid());
        let later = NOW + Span::minutes(10);
        let mut conn = self.conn().await;
        let conn = &mut conn;
        codes::insert(conn, &code, &issued(self, &client, account, session.id), NOW).await.unwrap();
        grants::insert_family(conn, grant, &client, NOW, later, later).await.unwrap();
        assert!(authenticators::confirm_totp(conn, totp.id, account, STEP - 1, NOW).await.unwrap());
        authenticators::insert_recovery(conn, account, &recovery, NOW).await.unwrap();
        let sent = StoredPhoneCode { id: phone_code, digest: phone.clone(), attempts: 0, expires_at: later };
        phone_codes::insert_code(conn, &sent, CodePurpose::Register, self.uuid(), NOW).await.unwrap();
        let begun = StoredInteraction {
            id: interaction,
            browser_digest: self.digest(),
            client_id: client.clone(),
            request: json!({}),
            progress: json!({}),
            wrong_codes: 0,
            created_at: NOW,
            expires_at: later,
            finished_at: None,
        };
        interactions::insert(conn, &begun).await.unwrap();
        vec![
            Prize::Code { digest: code, client: client.clone() },
            Prize::Refresh { grant, client: client.clone() },
            Prize::TotpStep { totp: totp.id, account },
            Prize::Jti { client, jti: self.uuid().to_string() },
            Prize::Recovery { account, digest: recovery },
            Prize::Interaction(interaction),
            Prize::PhoneCode { id: phone_code, digest: phone },
            Prize::Account(self.person(None).await),
        ]
    }
}

fn issued(case: &Case, client: &ClientId, account: AccountId, session: SessionId) -> StoredCode {
    StoredCode {
        client_id: client.clone(),
        grant_id: GrantId(case.uuid()),
        account_id: account,
        session_id: session,
        redirect_uri: None,
        code_challenge: None,
        authorized: json!({}),
        expires_at: NOW + Span::minutes(1),
        used_at: None,
    }
}

/// Each racer in a lane of its own choice: one lane alone would put them in order before they meet.
struct Racer {
    prize: Prize,
    number: u64,
}

impl Unit for Racer {
    type Out = bool;
    const KIND: &'static str = "test.racer";
    const CLASS: dinhdanh::store::Class = dinhdanh::store::Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(&self.number.to_be_bytes())
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        self.prize.take(tx, self.number).await
    }
}

/// Starts them all at the same moment; answers how many won.
async fn winners<F>(racer: impl Fn(u64) -> F) -> usize
where
    F: Future<Output = bool> + Send + 'static,
{
    let start = Arc::new(Barrier::new(usize::try_from(RACERS).unwrap()));
    let racers: Vec<_> = (0..RACERS)
        .map(|number| {
            let (start, run) = (Arc::clone(&start), racer(number));
            tokio::spawn(async move {
                start.wait().await;
                run.await
            })
        })
        .collect();
    let mut won = 0;
    for racer in racers {
        won += usize::from(racer.await.unwrap());
    }
    won
}

async fn submitted(writer: Writer, prize: Prize, number: u64) -> bool {
    writer.submit(Racer { prize, number }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_wins_across_the_lanes_of_a_writer() {
    for test in TestDb::each().await {
        let case = Case::on(test);
        let writer = case.writer().await;
        for prize in case.prizes().await {
            let won = winners(|number| submitted(writer.clone(), prize.clone(), number)).await;
            assert_eq!(won, 1, "{:?} {prize:?}", case.engine());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_wins_across_the_writers_of_two_processes() {
    for test in TestDb::each().await {
        let case = Case::on(test);
        let writers = [case.writer().await, case.writer().await];
        for prize in case.prizes().await {
            let won = winners(|number| {
                submitted(writers[usize::try_from(number % 2).unwrap()].clone(), prize.clone(), number)
            })
            .await;
            assert_eq!(won, 1, "{:?} {prize:?}", case.engine());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_wins_without_any_lane() {
    for test in TestDb::each().await {
        let case = Arc::new(Case::on(test));
        for prize in case.prizes().await {
            let won = winners(|number| {
                let (case, prize) = (Arc::clone(&case), prize.clone());
                async move {
                    let mut conn = case.begin().await;
                    let won = prize.take(&mut conn, number).await.unwrap();
                    run(&mut conn, "COMMIT").await;
                    won
                }
            })
            .await;
            assert_eq!(won, 1, "{:?} {prize:?}", case.engine());
        }
    }
}

/// A refresh and a revocation at the same moment: whoever comes second, nothing lives afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_that_races_a_refresh_ends_the_grant() {
    for test in TestDb::each().await {
        let case = Arc::new(Case::on(test));
        let client = case.client("rp").await;
        let (session, _) = case.session(case.account().await).await;
        for _ in 0..8 {
            let grant = case.grant(&client, &session, false).await;
            let later = NOW + Span::minutes(10);
            grants::insert_family(&mut case.conn().await, grant, &client, NOW, later, later).await.unwrap();
            let won = winners(|number| {
                let (case, client) = (Arc::clone(&case), client.clone());
                async move {
                    let mut conn = case.begin().await;
                    let won = if number % 2 == 0 {
                        grants::revoke(&mut conn, grant, "reuse", NOW).await.unwrap()
                    } else {
                        grants::rotate(&mut conn, grant, &client, 1, NOW, later).await.unwrap();
                        false
                    };
                    run(&mut conn, "COMMIT").await;
                    won
                }
            })
            .await;
            assert_eq!(won, 1, "{:?}", case.engine());
            assert!(!grants::is_live(&mut case.conn().await, grant, NOW).await.unwrap());
            let family = grants::find_family(&mut case.conn().await, grant).await.unwrap().unwrap();
            assert!(family.generation <= 2, "rotated twice from one generation");
        }
    }
}

/// A lock, and what is issued beside it by another process: what was issued first dies with the lock, and after the lock nothing is
/// issued. The two may not pass each other, or a lock that is lifted would give it back.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_races_an_issuance_finds_what_was_issued() {
    for test in TestDb::each().await {
        let case = Arc::new(Case::on(test));
        let client = case.client("rp").await;
        for opens_session in [false, true] {
            let account = case.account().await;
            let (session, _) = case.session(account).await;
            let read = standing::find(&mut case.conn().await, account, NOW).await.unwrap().unwrap();

            let mut issuing = case.begin().await;
            let may = if opens_session {
                standing::is_unchanged(&mut issuing, &read).await.unwrap()
            } else {
                acquaintance::still_holds(&mut issuing, (&client, 1), &read, session.id, NOW).await.unwrap()
            };
            assert!(may);
            let locking = tokio::spawn(locked(Arc::clone(&case), account));
            // Time enough for a lock that does not wait.
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert!(!locking.is_finished(), "{:?}: it passed the issuance", case.engine());
            let grant = case.unwritten_grant(&client, &session, true);
            grants::insert(&mut issuing, &grant, NOW).await.unwrap();
            let opened = case.unwritten_session(account);
            sessions::insert(&mut issuing, &opened, &case.digest()).await.unwrap();
            run(&mut issuing, "COMMIT").await;
            drop(issuing);

            locking.await.unwrap();
            let mut conn = case.conn().await;
            assert!(!grants::is_live(&mut conn, grant.id, NOW).await.unwrap(), "{:?}", case.engine());
            assert!(!sessions::is_live(&mut conn, opened.id, NOW).await.unwrap(), "{:?}", case.engine());
            let mut late = case.begin().await;
            assert!(!standing::is_unchanged(&mut late, &read).await.unwrap(), "after the lock");
            assert!(!acquaintance::still_holds(&mut late, (&client, 1), &read, session.id, NOW).await.unwrap());
            run(&mut late, "ROLLBACK").await;
        }
    }
}

/// As the unit does it: the account first, then what hangs on it.
async fn locked(case: Arc<Case>, account: AccountId) {
    let mut conn = case.begin().await;
    accounts::lock(&mut conn, account, LockReason::Holder, "holder", "", NOW).await.unwrap();
    for session in sessions::unended_of_account(&mut conn, account, NOW).await.unwrap() {
        sessions::end(&mut conn, session, "locked", NOW).await.unwrap();
    }
    grants::revoke_of_account(&mut conn, account, "locked", NOW).await.unwrap();
    run(&mut conn, "COMMIT").await;
}
