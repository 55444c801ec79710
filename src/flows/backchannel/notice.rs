//! The client hears of a decision: by ping that there is one (CIBA Core §10.2), by push what it is (§10.3, §12). Written with
//! the decision, sent and tried again by the outbox's worker.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::Url;

use crate::{
    base::{
        Fault, Secret, Span, Timestamp,
        fault::FaultKind,
        ids::{ClientId, DecoupledId, MessageId},
    },
    crypto::{Place, digest},
    flows::{
        Provider,
        caller::{Caller, Sender},
        clients::KnownClient,
        outbox::worker::Delivery,
        token::{
            Authorized, Refusal,
            approved::{self, Approved, Gathered, Handle},
            decoupled::{self, Held},
        },
    },
    oidc::{
        error::{OAuthError, OAuthErrorCode},
        token_request::Narrowing,
    },
    store::{
        Conn,
        backchannel::{self, Mode, StoredBackchannel},
        decoupled::{Approval, Progress},
        outbox::{self, DueMessage, MessageKind, NewMessage},
    },
};

/// A client that does not answer is tried for so long after the request is over.
const GIVE_UP_AFTER: Span = Span::minutes(10);

/// What a notice needs and nobody else may read.
#[derive(Serialize, Deserialize)]
pub(super) struct Sealed {
    auth_req_id: String,
    token: String,
}

impl Sealed {
    pub fn seal(provider: &Provider, id: DecoupledId, auth_req_id: &Secret, token: &Secret) -> Result<Vec<u8>, Fault> {
        let own = Self { auth_req_id: auth_req_id.reveal().to_owned(), token: token.reveal().to_owned() };
        let plain = serde_json::to_vec(&own).map_err(|error| Fault::internal("a notice cannot be written", error))?;
        provider
            .secrets
            .sealer
            .seal(place(&id), &plain, &provider.entropy)
            .map_err(|error| Fault::internal("a notice cannot be sealed", error))
    }

    fn open(provider: &Provider, request: &StoredBackchannel) -> Result<Option<Self>, Fault> {
        let Some(sealed) = &request.notice_sealed else { return Ok(None) };
        let plain = provider
            .secrets
            .sealer
            .open(place(&request.id), sealed)
            .map_err(|error| Fault::because(FaultKind::Inconsistent, "a notice does not open", error))?;
        let opened = serde_json::from_slice(plain.reveal());
        opened.map(Some).map_err(|_| Fault::inconsistent("backchannel_authentication", "notice_sealed", &request.id))
    }
}

const fn place(id: &DecoupledId) -> Place<'_> {
    Place { table: "backchannel_authentication", column: "notice_sealed", row: id.0.as_bytes() }
}

/// What the outbox keeps: nothing that anybody could use.
#[derive(Serialize, Deserialize)]
struct About {
    request: DecoupledId,
    occasion: Occasion,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Occasion {
    Decided,
    /// Its time is over; says something only when nobody has decided.
    Over,
}

fn message(id: MessageId, client: &ClientId, about: &About, gives_up_at: Timestamp) -> Result<NewMessage, Fault> {
    let payload = serde_json::to_vec(about).map_err(|error| Fault::internal("a notice cannot be written", error))?;
    Ok(NewMessage { id, kind: MessageKind::CibaNotice, recipient: client.0.clone(), payload, gives_up_at })
}

/// Written with the decision; answers whether there was one.
pub async fn of_decision(
    conn: &mut Conn,
    request: DecoupledId,
    decided: Option<(Mode, ClientId)>,
    now: Timestamp,
) -> Result<bool, Fault> {
    let Some((mode, client)) = decided else { return Ok(false) };
    if mode.tells() {
        let about = About { request, occasion: Occasion::Decided };
        // The longest that a request may wait, and then some.
        let notice = message(message_id(request), &client, &about, now + Span::minutes(15) + GIVE_UP_AFTER)?;
        outbox::insert(conn, &notice, now).await?;
    }
    Ok(true)
}

/// The same decision has the same message, however often the unit runs.
fn message_id(request: DecoupledId) -> MessageId {
    let digest = digest::sha256_of(&[b"ciba decision", request.0.as_bytes()]);
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
    MessageId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// For a client of push, which does not ask: that nobody answered (§12).
pub(super) async fn at_expiry(conn: &mut Conn, id: MessageId, request: &StoredBackchannel) -> Result<(), Fault> {
    let about = About { request: request.id, occasion: Occasion::Over };
    let notice = message(id, &request.client_id, &about, request.expires_at + GIVE_UP_AFTER)?;
    outbox::insert_for(conn, &notice, request.created_at, request.expires_at).await
}

/// One attempt.
pub async fn send(provider: &Provider, message: &DueMessage, now: Timestamp) -> Delivery {
    match prepare(provider, message, now).await {
        Ok(Ok((uri, token, body))) => post(provider, &uri, &token, &body).await,
        Ok(Err(outcome)) => outcome,
        Err(fault) => Delivery::Failed(fault.to_string()),
    }
}

type Prepared = Result<(Url, String, Value), Delivery>;

async fn prepare(provider: &Provider, message: &DueMessage, now: Timestamp) -> Result<Prepared, Fault> {
    let pointless = |why| Ok(Err(Delivery::Pointless(why)));
    let Ok(about) = serde_json::from_slice::<About>(&message.payload) else {
        return pointless("the notice does not read");
    };
    let id = ClientId::from(message.recipient.as_str());
    let Some(client) = provider.clients.find(&provider.db, &id).await?.filter(|known| !known.disabled) else {
        return pointless("the client is gone");
    };
    let own = client.client.backchannel.as_ref();
    let Some(uri) = own.and_then(|own| own.delivery.endpoint()).and_then(|uri| Url::parse(uri).ok()) else {
        return pointless("the client takes no notices");
    };
    let found = {
        let mut conn = provider.db.read().await?;
        backchannel::find_by_id(&mut conn, about.request).await?
    };
    let Some(request) = found else { return pointless("the request is gone") };
    if about.occasion == Occasion::Over && request.progress != Progress::Pending {
        return Ok(Err(Delivery::Done));
    }
    let Some(sealed) = Sealed::open(provider, &request)? else { return pointless("the request has no notice") };
    let mut body = match request.mode {
        // §10.2: a ping says that there is something to fetch, and nothing else.
        Mode::Poll | Mode::Ping => Map::new(),
        Mode::Push => match push(provider, &client, &request, &sealed, now).await? {
            Ok(body) => body,
            Err(later) => return Ok(Err(later)),
        },
    };
    body.insert("auth_req_id".to_owned(), json!(sealed.auth_req_id));
    Ok(Ok((uri, sealed.token, Value::Object(body))))
}

/// §10.3.1 for tokens, §12 for an error.
async fn push(
    provider: &Provider,
    client: &std::sync::Arc<KnownClient>,
    request: &StoredBackchannel,
    sealed: &Sealed,
    now: Timestamp,
) -> Result<Result<Map<String, Value>, Delivery>, Fault> {
    // A push answers no request, so that nothing proves its receiver: a client of bound tokens cannot register for it.
    let client = &Caller { known: std::sync::Arc::clone(client), sender: Sender::default() };
    let released = match client.check() {
        Ok(()) => released(provider, client, request, (sealed, now)).await?,
        Err(refusal) => Err(refusal),
    };
    Ok(match released {
        Ok(tokens) => Ok(tokens),
        // Read again by the next attempt: nobody decided against it.
        Err(refusal @ Refusal::Changed) => Err(Delivery::Failed(refusal.code().to_owned())),
        Err(refusal) => Ok(told(&failure(&refusal))),
    })
}

fn told(error: &OAuthError) -> Map<String, Value> {
    [("error", json!(error.code.as_str())), ("error_description", json!(error.description()))]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

type Tokens = Result<Map<String, Value>, Refusal>;

async fn released(
    provider: &Provider,
    client: &Caller,
    request: &StoredBackchannel,
    (sealed, now): (&Sealed, Timestamp),
) -> Result<Tokens, Fault> {
    let approved = match &request.progress {
        // An attempt before this one was not taken: what it carried is carried again.
        Progress::Used(approval) => Ok(of_before(request, approval)?),
        _ => {
            let digest: [u8; 32] = request
                .digest
                .as_slice()
                .try_into()
                .map_err(|_| Fault::inconsistent("backchannel_authentication", "digest", &request.id))?;
            decoupled::read(provider, client, (Held::AuthReqId(digest), &Narrowing::default()), now).await?
        }
    };
    let gathered = match approved {
        Ok(approved) => approved::gather(provider, client, approved, now).await?,
        Err(refusal) => Err(refusal),
    };
    let gathered = match gathered {
        Ok(gathered) => gathered,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let saying = beside(provider, client, &gathered, sealed);
    match approved::release(provider, client, gathered.saying(saying), now).await? {
        Ok(tokens) => Ok(Ok(tokens.to_map()?)),
        Err(refusal) => Ok(Err(refusal)),
    }
}

fn of_before(request: &StoredBackchannel, approval: &Approval) -> Result<Approved, Fault> {
    Ok(Approved {
        handle: Handle::PushedBefore,
        grant: approval.grant_id,
        account: approval.account_id,
        session: approval.session_id,
        authorized: Authorized::from_value(&approval.authorized, "backchannel_authentication", &request.id)?,
        narrowing: Narrowing::default(),
    })
}

/// §10.3.1: the ID token binds the other tokens and the request to itself.
fn beside(provider: &Provider, client: &KnownClient, gathered: &Gathered, sealed: &Sealed) -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("urn:openid:params:jwt:claim:auth_req_id".to_owned(), json!(sealed.auth_req_id));
    if let Some(token) = gathered.refresh_token(provider, client) {
        let hash = client.id_token_alg.half_hash(token.reveal());
        claims.insert("urn:openid:params:jwt:claim:rt_hash".to_owned(), json!(hash));
    }
    claims
}

/// §12 knows three errors.
fn failure(refusal: &Refusal) -> OAuthError {
    let told = refusal.oauth();
    match refusal {
        Refusal::Denied => told,
        Refusal::Pending | Refusal::RequestExpired => Refusal::RequestExpired.oauth(),
        Refusal::NotIssuable(_) | Refusal::SessionEnded => {
            OAuthError::new(OAuthErrorCode::AccessDenied, told.description().to_owned())
        }
        _ => OAuthError::new(OAuthErrorCode::TransactionFailed, told.description().to_owned()),
    }
}

/// §10.2, §10.3: 204 is the answer, 200 is as good; a redirect is not followed.
async fn post(provider: &Provider, uri: &Url, token: &str, body: &Value) -> Delivery {
    match provider.outbound.post_json(uri, token, body.to_string().into_bytes()).await {
        Ok(answer) if matches!(answer.status.as_u16(), 200 | 204) => Delivery::Done,
        // The client has said what it has to say about this one.
        Ok(answer) if answer.status.is_client_error() && answer.status.as_u16() != 429 => {
            Delivery::Pointless("the client refused the notice")
        }
        Ok(answer) => Delivery::Failed(format!("status {}", answer.status.as_u16())),
        Err(error) => Delivery::Failed(error.to_string()),
    }
}
