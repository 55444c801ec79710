//! Audit events: gathered in the transaction they tell of, numbered and chained by the lane just before COMMIT.

use aws_lc_rs::digest::{Context, SHA256};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::base::{
    Fault, Timestamp, hex,
    ids::{AccountId, ClientId, InstanceId, PersonId, SessionId},
};

use super::{Conn, db::failed, dialect};

/// Who did what to whom. Holds no personal data: ids, names of fields, counts.
#[derive(Clone, Debug)]
pub struct AuditEvent {
    pub at: Timestamp,
    /// `area.verb`, e.g. `token.issued`: the same word for the same thing for ever.
    pub action: &'static str,
    pub outcome: Outcome,
    pub actor: Actor,
    pub person: Option<PersonId>,
    pub account: Option<AccountId>,
    pub client: Option<ClientId>,
    pub session: Option<SessionId>,
    pub detail: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Refused,
}

impl Outcome {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

/// On whose word it was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The person themselves, in a browser.
    Person,
    /// A relying party at an endpoint.
    Client,
    /// An agency's system that tells of civil events, by its `client_id`.
    Agency(String),
    /// A console operator, by name.
    Operator(String),
    /// Someone with a shell on the server.
    CommandLine,
    /// The service's own clockwork.
    Service,
}

impl Actor {
    pub fn as_text(&self) -> String {
        match self {
            Self::Person => "person".to_owned(),
            Self::Client => "client".to_owned(),
            Self::Agency(client) => format!("agency:{client}"),
            Self::Operator(name) => format!("operator:{name}"),
            Self::CommandLine => "command-line".to_owned(),
            Self::Service => "service".to_owned(),
        }
    }
}

impl AuditEvent {
    pub fn new(at: Timestamp, action: &'static str, outcome: Outcome, actor: Actor) -> Self {
        Self {
            at,
            action,
            outcome,
            actor,
            person: None,
            account: None,
            client: None,
            session: None,
            detail: Value::Null,
        }
    }

    pub fn person(mut self, id: PersonId) -> Self {
        self.person = Some(id);
        self
    }

    pub fn account(mut self, id: AccountId) -> Self {
        self.account = Some(id);
        self
    }

    pub fn client(mut self, id: &ClientId) -> Self {
        self.client = Some(id.clone());
        self
    }

    pub fn session(mut self, id: SessionId) -> Self {
        self.session = Some(id);
        self
    }

    pub fn detail(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }
}

/// The end of one chain: what the next event continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainHead {
    pub seq: i64,
    pub hash: [u8; 32],
}

impl ChainHead {
    /// Before the first event: number 0 and a hash of zeros.
    pub const GENESIS: Self = Self { seq: 0, hash: [0; 32] };
}

/// The fields of one event as they are stored, in the order in which they are hashed.
#[derive(Clone, Copy, Debug)]
pub struct Sealed<'a> {
    pub at: Timestamp,
    pub action: &'a str,
    pub outcome: &'a str,
    pub actor: &'a str,
    pub person_id: Option<Uuid>,
    pub account_id: Option<Uuid>,
    pub client_id: Option<&'a str>,
    pub session_id: Option<Uuid>,
    pub detail: &'a str,
}

/// `SHA-256(domain ‖ instance ‖ lane ‖ seq ‖ fields, each with its length ‖ previous hash)`.
pub fn chain_hash(instance: InstanceId, lane: i64, seq: i64, event: &Sealed<'_>, previous: &[u8; 32]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    let mut field = |bytes: &[u8]| {
        context.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(bytes);
    };
    field(b"dinhdanh/audit/v1");
    field(instance.0.as_bytes());
    field(&lane.to_be_bytes());
    field(&seq.to_be_bytes());
    field(&event.at.micros().to_be_bytes());
    field(event.action.as_bytes());
    field(event.outcome.as_bytes());
    field(event.actor.as_bytes());
    for id in [event.person_id, event.account_id, event.session_id] {
        field(id.as_ref().map_or(&[], |id| id.as_bytes().as_slice()));
    }
    field(event.client_id.unwrap_or_default().as_bytes());
    field(event.detail.as_bytes());
    field(previous);
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// Numbers, chains and inserts a batch's events in one statement; answers the new head.
pub(super) async fn append(
    conn: &mut Conn,
    instance: InstanceId,
    lane: i64,
    mut head: ChainHead,
    events: &[AuditEvent],
) -> Result<ChainHead, Fault> {
    if events.is_empty() {
        return Ok(head);
    }
    let mut rows = Vec::with_capacity(events.len());
    for event in events {
        let previous = head.hash;
        let actor = event.actor.as_text();
        let detail = if event.detail.is_null() { String::new() } else { event.detail.to_string() };
        let sealed = Sealed {
            at: event.at,
            action: event.action,
            outcome: event.outcome.as_str(),
            actor: &actor,
            person_id: event.person.map(|id| id.0),
            account_id: event.account.map(|id| id.0),
            client_id: event.client.as_ref().map(ClientId::as_str),
            session_id: event.session.map(|id| id.0),
            detail: &detail,
        };
        head = ChainHead { seq: head.seq + 1, hash: chain_hash(instance, lane, head.seq + 1, &sealed, &previous) };
        rows.push(json!({
            "seq": head.seq, "at": sealed.at.micros(), "action": sealed.action, "outcome": sealed.outcome,
            "actor": sealed.actor, "person_id": sealed.person_id, "account_id": sealed.account_id,
            "client_id": sealed.client_id, "session_id": sealed.session_id, "detail": sealed.detail,
            "prev_hash": hex(&previous), "hash": hex(&head.hash),
        }));
    }
    let sql = dialect::insert_audit(conn.engine());
    let rows = Value::Array(rows).to_string();
    on!(conn, |c| sqlx::query(sql).bind(rows).bind(instance).bind(lane).execute(c).await.map(|_| ()))
        .map_err(failed("appending audit events"))?;
    Ok(head)
}
