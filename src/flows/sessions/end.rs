//! The end of a session reaches everything that hangs on it: its grants die, its portals are told.

use serde_json::json;

use crate::{
    base::{
        Fault, Span, Timestamp,
        ids::{AccountId, ClientId, MessageId, SessionId},
    },
    crypto::{Digest, digest},
    store::{
        AuditEvent, Class, Conn, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        grants,
        outbox::{self, MessageKind, NewMessage},
        sessions, subjects,
    },
};

/// Why a session ended: kept with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The person signed out.
    SignedOut,
    /// The person ended it from another device's account page.
    EndedElsewhere,
    /// Another person signed in with the same browser.
    Replaced,
    Locked,
    Died,
    /// Authenticators were discarded (rise to account level 02, a reset).
    CredentialsChanged,
}

impl EndReason {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::EndedElsewhere => "ended_elsewhere",
            Self::Replaced => "replaced",
            Self::Locked => "locked",
            Self::Died => "died",
            Self::CredentialsChanged => "credentials_changed",
        }
    }
}

/// What the outbox's worker needs to write a logout token (OpenID Connect Back-Channel Logout 1.0 §2.4).
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct LogoutNotice {
    pub session: SessionId,
    pub account: AccountId,
    pub sid: String,
}

/// Portals that do not answer are tried for a day.
const GIVE_UP_AFTER: Span = Span::hours(24);

/// Ends a session inside a unit. Answers the portals that are being told, with the messages to them; nothing when it had ended.
pub async fn end_in(
    tx: &mut Tx,
    session: SessionId,
    account: AccountId,
    reason: EndReason,
    actor: Actor,
    now: Timestamp,
) -> Result<Vec<(ClientId, MessageId)>, Fault> {
    if !sessions::end(tx, session, reason.as_str(), now).await? {
        return Ok(Vec::new());
    }
    let grants = grants::revoke_of_session(tx, session, reason.as_str(), now).await?;
    let told = tell_clients(tx, session, account, now).await?;
    tx.record(
        AuditEvent::new(now, "session.ended", Outcome::Done, actor)
            .account(account)
            .session(session)
            .detail(json!({"reason": reason.as_str(), "grants": grants, "clients_told": told.len()})),
    );
    Ok(told)
}

async fn tell_clients(
    conn: &mut Conn,
    session: SessionId,
    account: AccountId,
    now: Timestamp,
) -> Result<Vec<(ClientId, MessageId)>, Fault> {
    let mut told = Vec::new();
    for client in subjects::logout_targets(conn, session).await? {
        let id = message_id(session, &client.client_id);
        let notice = LogoutNotice { session, account, sid: client.sid };
        send_later(conn, &client.client_id, (id, notice), now).await?;
        told.push((client.client_id, id));
    }
    Ok(told)
}

/// Before everything of an account dies (a lock, a death): clients that still hold a grant from a session that ended earlier hear
/// of it too, with the name of that session. `told` heard already.
pub async fn tell_holders(
    conn: &mut Conn,
    account: AccountId,
    told: &[MessageId],
    now: Timestamp,
) -> Result<usize, Fault> {
    let mut holders = subjects::offline_targets(conn, account, now).await?;
    holders.retain(|(session, client, _)| !told.contains(&message_id(*session, client)));
    tell_of_revoked(conn, account, holders, now).await
}

/// Before everything that one client holds of an account dies.
pub async fn tell_holder(
    conn: &mut Conn,
    account: AccountId,
    client: &ClientId,
    now: Timestamp,
) -> Result<usize, Fault> {
    let mut holders = subjects::offline_targets(conn, account, now).await?;
    holders.retain(|(_, holder, _)| holder == client);
    tell_of_revoked(conn, account, holders, now).await
}

async fn tell_of_revoked(
    conn: &mut Conn,
    account: AccountId,
    holders: Vec<(SessionId, ClientId, String)>,
    now: Timestamp,
) -> Result<usize, Fault> {
    let count = holders.len();
    for (session, client, sid) in holders {
        let at = now.micros().to_be_bytes();
        let digest = digest::sha256_of(&[b"revoked", session.0.as_bytes(), client.as_str().as_bytes(), &at]);
        let notice = (id_of(&digest), LogoutNotice { session, account, sid });
        send_later(conn, &client, notice, now).await?;
    }
    Ok(count)
}

async fn send_later(
    conn: &mut Conn,
    client: &ClientId,
    (id, notice): (MessageId, LogoutNotice),
    now: Timestamp,
) -> Result<(), Fault> {
    let payload =
        serde_json::to_vec(&notice).map_err(|error| Fault::internal("a logout notice cannot be written", error))?;
    let message = NewMessage {
        id,
        kind: MessageKind::BackchannelLogout,
        recipient: client.0.clone(),
        payload,
        gives_up_at: now + GIVE_UP_AFTER,
    };
    outbox::insert(conn, &message, now).await
}

/// The same session and client have the same message, however often the unit runs.
fn message_id(session: SessionId, client: &ClientId) -> MessageId {
    id_of(&digest::sha256_of(&[b"backchannel_logout", session.0.as_bytes(), client.as_str().as_bytes()]))
}

fn id_of(digest: &Digest) -> MessageId {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
    MessageId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// Ends sessions of one account: this one, another device's, all.
#[derive(Debug)]
pub struct EndSession {
    pub account: AccountId,
    pub sessions: Vec<SessionId>,
    pub reason: EndReason,
    pub actor: Actor,
    pub now: Timestamp,
}

impl Unit for EndSession {
    type Out = Vec<(ClientId, MessageId)>;
    const KIND: &'static str = "session.end";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.account.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Self::Out, Fault> {
        let mut told = Vec::new();
        for session in &self.sessions {
            told.extend(end_in(tx, *session, self.account, self.reason, self.actor.clone(), self.now).await?);
        }
        Ok(told)
    }
}
