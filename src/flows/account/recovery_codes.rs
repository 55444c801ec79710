//! Recovery codes: ten at a time, the earlier ones gone; shown for a few minutes to the session that made them.

use serde_json::json;

use super::{confirm_phone::event, fresh::Freshly, phone, words};
use crate::{
    base::{Fault, Secret, Span, Timestamp, fault::FaultKind, ids::AccountId},
    crypto::{Place, recovery},
    flows::{Provider, sessions::Recognised},
    store::{
        Class, Conn, LaneKey, Outcome, Tx, Unit, accounts, authenticators,
        outbox::{self, NewMessage},
        recovery_sheets::{self, StoredSheet},
        sessions, standing,
    },
};

/// How long the page with the codes may be shown again: for a printer that jams, or an answer that was lost.
const SHOWN_FOR: Span = Span::minutes(10);

/// New codes, ready to be written.
#[derive(Debug)]
pub(super) struct NewCodes {
    digests: Vec<Vec<u8>>,
    sheet: Option<StoredSheet>,
}

impl NewCodes {
    /// For whom they are printed at once.
    pub(super) fn handed_over(provider: &Provider, account: AccountId) -> Result<(Self, Vec<Secret>), Fault> {
        let codes: Vec<Secret> = (0..recovery::HOW_MANY).map(|_| recovery::generate(&provider.entropy)).collect();
        let digests = codes
            .iter()
            .map(|code| {
                recovery::digest_of(&provider.secrets.codes, account, code.reveal())
                    .map(|digest| digest.as_bytes().to_vec())
            })
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| Fault::new(FaultKind::Internal, "a recovery code that is none was made"))?;
        Ok((Self { digests, sheet: None }, codes))
    }

    /// For the page of a session.
    pub(super) fn shown_to(provider: &Provider, session: &Recognised, now: Timestamp) -> Result<Self, Fault> {
        let account_id = session.account.account_id;
        let (made, codes) = Self::handed_over(provider, account_id)?;
        let text = codes.iter().map(Secret::reveal).collect::<Vec<_>>().join("\n");
        let codes_sealed = provider
            .secrets
            .sealer
            .seal(place(account_id.0.as_bytes()), text.as_bytes(), &provider.entropy)
            .map_err(|error| Fault::internal("recovery codes cannot be sealed", error))?;
        let sheet = StoredSheet {
            account_id,
            session_id: session.session.id,
            codes_sealed,
            made_at: now,
            expires_at: now + SHOWN_FOR,
        };
        Ok(Self { sheet: Some(sheet), ..made })
    }

    pub(super) async fn write(&self, conn: &mut Conn, account: AccountId, now: Timestamp) -> Result<(), Fault> {
        authenticators::drop_recovery(conn, account).await?;
        for digest in &self.digests {
            authenticators::insert_recovery(conn, account, digest, now).await?;
        }
        match &self.sheet {
            Some(sheet) => recovery_sheets::put(conn, sheet).await,
            None => recovery_sheets::drop_of_account(conn, account).await,
        }
    }
}

const fn place(row: &[u8]) -> Place<'_> {
    Place { table: "recovery_sheet", column: "codes_sealed", row }
}

/// The codes that this session made and has not put away.
pub async fn sheet(
    provider: &Provider,
    session: &Recognised,
    now: Timestamp,
) -> Result<Option<(Vec<Secret>, Timestamp)>, Fault> {
    let account = session.account.account_id;
    let found = {
        let mut conn = provider.db.read().await?;
        recovery_sheets::find(&mut conn, account, session.session.id, now).await?
    };
    let Some(found) = found else { return Ok(None) };
    let opened =
        provider.secrets.sealer.open(place(account.0.as_bytes()), &found.codes_sealed).map_err(|error| {
            Fault::because(FaultKind::Inconsistent, "a sheet of recovery codes does not open", error)
        })?;
    let text = std::str::from_utf8(opened.reveal())
        .map_err(|_| Fault::inconsistent("recovery_sheet", "codes_sealed", &account))?;
    Ok(Some((text.lines().map(Secret::new).collect(), found.made_at)))
}

/// The person keeps the codes: they are shown no more.
pub async fn put_away(provider: &Provider, session: &Recognised) -> Result<(), Fault> {
    provider.writer.submit(PutAway(session.clone())).await
}

struct PutAway(Recognised);

impl Unit for PutAway {
    type Out = ();
    const KIND: &'static str = "account.put_recovery_codes_away";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.0.account.account_id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        recovery_sheets::drop_of_account(tx, self.0.account.account_id).await
    }
}

/// Makes new codes after fresh proofs; `false` when these are missing or something changed meanwhile.
pub(super) async fn make(provider: &Provider, session: &Recognised, now: Timestamp) -> Result<bool, Fault> {
    let notice = {
        let mut conn = provider.db.read().await?;
        match accounts::find(&mut conn, session.account.account_id).await? {
            Some(account) => phone::notice(provider, &account, words::recovery_codes_made(now), now)?,
            None => None,
        }
    };
    let codes = NewCodes::shown_to(provider, session, now)?;
    let made = provider.writer.submit(MakeCodes { session: session.clone(), codes, notice, now }).await?;
    provider.outbox_wake.notify_one();
    Ok(made)
}

struct MakeCodes {
    session: Recognised,
    codes: NewCodes,
    notice: Option<NewMessage>,
    now: Timestamp,
}

impl Unit for MakeCodes {
    type Out = bool;
    const KIND: &'static str = "account.make_recovery_codes";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.session.account.account_id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let account = self.session.account.account_id;
        if !may_change(tx, &self.session, self.now).await? || authenticators::active_totp(tx, account).await?.is_none()
        {
            tx.record(event(&self.session, "account.recovery_codes_made", Outcome::Refused, self.now));
            return Ok(false);
        }
        self.codes.write(tx, account, self.now).await?;
        if let Some(notice) = &self.notice {
            outbox::insert(tx, notice, self.now).await?;
        }
        let made = event(&self.session, "account.recovery_codes_made", Outcome::Done, self.now);
        tx.record(made.detail(json!({"codes": self.codes.digests.len()})));
        Ok(true)
    }
}

/// In the moment of writing: account, person and session are as they were read, and the proofs are of a moment ago.
pub(super) async fn may_change(conn: &mut Conn, session: &Recognised, now: Timestamp) -> Result<bool, Fault> {
    Ok(standing::is_unchanged(conn, &session.account).await?
        && sessions::is_live(conn, session.session.id, now).await?
        && Freshly::of(conn, &session.session, now).await?.is_enough())
}
