//! Failure counters as units read and write them: one per account, whatever name was typed.

use crate::{
    assurance::failures::{Decision, PasswordTallies, Sends, Tally, Throttle},
    base::{
        Fault, Timestamp,
        ids::{AccountId, OperatorId},
    },
    crypto::BlindIndex,
    store::{
        Conn,
        failures::{self, CounterKey, CounterKind},
    },
};

/// Whose failures: of an account where there is one, otherwise of the text that was typed, so that both look the same.
#[derive(Clone, Debug)]
pub struct Subject(Vec<u8>);

impl Subject {
    pub fn of(index: &BlindIndex, account: Option<AccountId>, typed: &str) -> Self {
        let digest = match account {
            Some(account) => index.of(&[b"account:".as_slice(), account.0.as_bytes()].concat()),
            None => index.of(&[b"typed:", typed.as_bytes()].concat()),
        };
        Self(digest.as_bytes().to_vec())
    }

    /// The same for operators, who are counted apart from people of whatever number.
    pub fn of_operator(index: &BlindIndex, operator: Option<OperatorId>, typed: &str) -> Self {
        let digest = match operator {
            Some(operator) => index.of(&[b"operator:".as_slice(), operator.0.as_bytes()].concat()),
            None => index.of(&[b"operator-typed:", typed.as_bytes()].concat()),
        };
        Self(digest.as_bytes().to_vec())
    }

    fn key(&self, kind: CounterKind, network: &str) -> CounterKey {
        CounterKey { kind, subject: self.0.clone(), network: network.to_owned() }
    }

    /// Waits for others who count the same subject; call before reading in a unit.
    pub async fn take_turn(&self, conn: &mut Conn, kind: CounterKind) -> Result<(), Fault> {
        failures::take_turn(conn, &self.key(kind, "")).await
    }

    /// The tally of a kind that is counted everywhere alike.
    pub async fn tally(&self, conn: &mut Conn, kind: CounterKind) -> Result<Tally, Fault> {
        Ok(failures::find(conn, &self.key(kind, "")).await?.unwrap_or_default())
    }

    pub async fn set_tally(
        &self,
        conn: &mut Conn,
        kind: CounterKind,
        tally: &Tally,
        now: Timestamp,
    ) -> Result<(), Fault> {
        failures::set(conn, &self.key(kind, ""), tally, now).await
    }

    pub async fn passwords(&self, conn: &mut Conn, network: &str) -> Result<PasswordTallies, Fault> {
        let near: Option<Tally> = failures::find(conn, &self.key(CounterKind::Password, network)).await?;
        let everywhere: Option<Tally> = failures::find(conn, &self.key(CounterKind::Password, "")).await?;
        Ok(PasswordTallies { near: near.unwrap_or_default(), everywhere: everywhere.unwrap_or_default() })
    }

    pub async fn wrong_password(&self, conn: &mut Conn, network: &str, now: Timestamp) -> Result<(), Fault> {
        let before = self.passwords(conn, network).await?;
        let after = before.after_failure(now);
        failures::set(conn, &self.key(CounterKind::Password, network), &after.near, now).await?;
        if after.everywhere != before.everywhere {
            failures::set(conn, &self.key(CounterKind::Password, ""), &after.everywhere, now).await?;
        }
        Ok(())
    }

    /// A right password clears the pair and the whole.
    pub async fn forgive_passwords(&self, conn: &mut Conn, network: &str) -> Result<(), Fault> {
        failures::forgive(conn, &self.key(CounterKind::Password, network)).await?;
        failures::forgive(conn, &self.key(CounterKind::Password, "")).await
    }

    pub async fn codes(&self, conn: &mut Conn) -> Result<Tally, Fault> {
        Ok(failures::find(conn, &self.key(CounterKind::SecondFactor, "")).await?.unwrap_or_default())
    }

    pub async fn wrong_code(&self, conn: &mut Conn, now: Timestamp) -> Result<(), Fault> {
        let after = Throttle::CODES.after_failure(&self.codes(conn).await?, now);
        failures::set(conn, &self.key(CounterKind::SecondFactor, ""), &after, now).await
    }

    pub async fn forgive_codes(&self, conn: &mut Conn) -> Result<(), Fault> {
        failures::forgive(conn, &self.key(CounterKind::SecondFactor, "")).await
    }

    /// Counts an attempt to register this subject, unless it must wait; `throttle` is the subject's.
    pub async fn count_registration(
        &self,
        conn: &mut Conn,
        throttle: &Throttle,
        now: Timestamp,
    ) -> Result<Decision, Fault> {
        self.take_turn(conn, CounterKind::Register).await?;
        let key = self.key(CounterKind::Register, "");
        let before: Tally = failures::find(conn, &key).await?.unwrap_or_default();
        let decision = throttle.decide(&before, now);
        if decision == Decision::Allowed {
            failures::set(conn, &key, &throttle.after_failure(&before, now), now).await?;
        }
        Ok(decision)
    }

    pub async fn forgive_registrations(&self, conn: &mut Conn) -> Result<(), Fault> {
        failures::forgive(conn, &self.key(CounterKind::Register, "")).await
    }

    /// Counts a code about to be sent; `Allowed` means it was counted and goes out.
    pub async fn send_code(&self, conn: &mut Conn, now: Timestamp) -> Result<Decision, Fault> {
        let key = self.key(CounterKind::CodeSend, "");
        let sends: Sends = failures::find(conn, &key).await?.unwrap_or_default();
        let decision = sends.decide(now);
        if decision == Decision::Allowed {
            failures::set(conn, &key, &sends.after_send(now), now).await?;
        }
        Ok(decision)
    }
}
