//! A client reads, changes and deletes its own registration (RFC 7592 §2). Its registration access token stays the same for
//! life: a new one at every change would be lost with the first answer that does not arrive, and the client with it.

use serde_json::{Map, Value, json};

use super::{Answered, Refusal, Registered, checked};
use crate::{
    base::{Fault, Secret, Timestamp, ids::ClientId},
    crypto::{
        Digest, OpaqueToken,
        opaque::{
            digest_of_text,
            kind::{ClientSecret, RegistrationAccess},
        },
    },
    flows::Provider,
    oidc::{
        client::{Client, MetadataError, RegisteredBy},
        client_auth::client_id,
    },
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        clients::StoredClient,
        self_registered::{self, Replacement},
    },
};

/// Members of our answers that an update must not contain (RFC 7592 §2.2).
pub(super) const OURS: [&str; 4] =
    ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"];
/// Another change may come between reading and writing so often.
const TRIES: usize = 3;

/// The client that the token is for, at the address that was called.
struct Owned {
    stored: StoredClient,
    digest: Digest,
    token: Secret,
}

async fn owned(provider: &Provider, id: &ClientId, token: &str) -> Result<Option<Owned>, Fault> {
    let Ok(parsed) = OpaqueToken::<RegistrationAccess>::parse(token) else { return Ok(None) };
    if client_id(id.as_str()).is_none() {
        return Ok(None);
    }
    let digest = parsed.digest();
    let found = self_registered::find(&mut provider.db.read().await?, id, digest.as_bytes()).await?;
    Ok(found.map(|stored| Owned { stored, digest, token: parsed.reveal() }))
}

impl Owned {
    fn answer(&self, provider: &Provider, metadata: &Value, secret: Option<&Secret>) -> Map<String, Value> {
        let registered = Registered {
            id: &self.stored.client_id,
            metadata,
            issued_at: self.stored.created_at,
            secret,
            registration_token: &self.token,
        };
        registered.document(provider)
    }
}

/// Whether the token opens this registration, before anything else of a request is looked at.
pub async fn check(provider: &Provider, id: &ClientId, token: &str) -> Result<Result<(), Refusal>, Fault> {
    Ok(owned(provider, id, token).await?.map(drop).ok_or(Refusal::TokenBad))
}

/// §2.1. The secret is not told again: only its digest is kept.
pub async fn read(provider: &Provider, id: &ClientId, token: &str) -> Answered {
    let Some(owned) = owned(provider, id, token).await? else { return Ok(Err(Refusal::TokenBad)) };
    Ok(Ok(owned.answer(provider, &owned.stored.metadata, None)))
}

/// §2.2: the metadata sent takes the place of all that was there.
pub async fn update(
    provider: &Provider,
    id: &ClientId,
    token: &str,
    metadata: &Map<String, Value>,
    now: Timestamp,
) -> Answered {
    for _ in 0..TRIES {
        let Some(owned) = owned(provider, id, token).await? else { return Ok(Err(Refusal::TokenBad)) };
        let change = match prepare(provider, &owned, metadata.clone(), now).await? {
            Ok(change) => change,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let (metadata, secret) = (change.unit.to.metadata.clone(), change.secret);
        if provider.writer.submit(change.unit).await? {
            provider.clients.forget();
            return Ok(Ok(owned.answer(provider, &metadata, secret.as_ref())));
        }
    }
    Ok(Err(Refusal::Contended))
}

struct Change {
    unit: UpdateItself,
    /// The one sent, or a new one.
    secret: Option<Secret>,
}

async fn prepare(
    provider: &Provider,
    owned: &Owned,
    mut metadata: Map<String, Value>,
    now: Timestamp,
) -> Result<Result<Change, Refusal>, Fault> {
    let sent = match take_credentials(owned, &mut metadata) {
        Ok(sent) => sent,
        Err(error) => return Ok(Err(error.into())),
    };
    let client = match checked(provider, metadata, now).await {
        Ok(client) => client,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let (before, _) = Client::stored(&owned.stored.metadata, RegisteredBy::ItSelf)
        .map_err(|_| Fault::inconsistent("client", "metadata", &owned.stored.client_id))?;
    if let Err(error) = client.check_keeps_sector(&before, &owned.stored.client_id) {
        return Ok(Err(error.into()));
    }
    let (secret, secret_digest) = match (client.auth.method.has_secret(), &owned.stored.secret_digest) {
        (false, _) => (None, None),
        (true, Some(digest)) => (sent, Some(digest.clone())),
        (true, None) => {
            let made = OpaqueToken::<ClientSecret>::generate(&provider.entropy);
            let digest = made.digest().as_bytes().to_vec();
            (Some(made.reveal()), Some(digest))
        }
    };
    let unit = UpdateItself {
        id: owned.stored.client_id.clone(),
        version: owned.stored.version,
        registration_digest: owned.digest,
        to: Replacement { metadata: client.metadata(), secret_digest },
        now,
    };
    Ok(Ok(Change { unit, secret }))
}

/// §2.2: `client_id` must be there and be the client's; a `client_secret` must be the one in force; what only we say must not
/// be there at all. All of it leaves the metadata.
fn take_credentials(owned: &Owned, metadata: &mut Map<String, Value>) -> Result<Option<Secret>, MetadataError> {
    if let Some(name) = OURS.iter().find(|name| metadata.contains_key(**name)) {
        return Err(MetadataError::new(*name, "must not be in an update (RFC 7592 section 2.2)"));
    }
    let id = metadata.remove("client_id");
    if id.as_ref().and_then(Value::as_str) != Some(owned.stored.client_id.as_str()) {
        return Err(MetadataError::new(
            "client_id",
            "must be in an update and be the client's own (RFC 7592 section 2.2)",
        ));
    }
    match metadata.remove("client_secret") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if is_the_secret(owned, &text) => Ok(Some(Secret::new(text))),
        Some(_) => {
            Err(MetadataError::new("client_secret", "must be the one in force when it is sent (RFC 7592 section 2.2)"))
        }
    }
}

fn is_the_secret(owned: &Owned, text: &str) -> bool {
    let kept = owned.stored.secret_digest.as_deref().and_then(Digest::from_slice);
    kept.is_some_and(|kept| kept.matches(&digest_of_text(text)))
}

struct UpdateItself {
    id: ClientId,
    version: i64,
    registration_digest: Digest,
    to: Replacement,
    now: Timestamp,
}

impl Unit for UpdateItself {
    type Out = bool;
    const KIND: &'static str = "clients.update_itself";
    const CLASS: Class = Class::Token;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(self.id.as_str().as_bytes())
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let (client, digest) = ((&self.id, self.version), self.registration_digest.as_bytes());
        if !self_registered::replace(tx, client, digest, &self.to, self.now).await? {
            return Ok(false);
        }
        tx.record(AuditEvent::new(self.now, "client.changed_itself", Outcome::Done, Actor::Client).client(&self.id));
        Ok(true)
    }
}

/// §2.3: the client, and everything that it was given.
pub async fn delete(
    provider: &Provider,
    id: &ClientId,
    token: &str,
    now: Timestamp,
) -> Result<Result<(), Refusal>, Fault> {
    let Ok(token) = OpaqueToken::<RegistrationAccess>::parse(token) else { return Ok(Err(Refusal::TokenBad)) };
    if client_id(id.as_str()).is_none() {
        return Ok(Err(Refusal::TokenBad));
    }
    let unit = DeleteItself { id: id.clone(), registration_digest: token.digest(), now };
    let deleted = provider.writer.submit(unit).await?;
    provider.clients.forget();
    Ok(if deleted { Ok(()) } else { Err(Refusal::TokenBad) })
}

struct DeleteItself {
    id: ClientId,
    registration_digest: Digest,
    now: Timestamp,
}

impl Unit for DeleteItself {
    type Out = bool;
    const KIND: &'static str = "clients.delete_itself";
    const CLASS: Class = Class::Token;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(self.id.as_str().as_bytes())
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let digest = self.registration_digest.as_bytes();
        let Some(grants) = self_registered::delete(tx, &self.id, digest, self.now).await? else { return Ok(false) };
        tx.record(
            AuditEvent::new(self.now, "client.deleted_itself", Outcome::Done, Actor::Client)
                .client(&self.id)
                .detail(json!({"grants": grants})),
        );
        Ok(true)
    }
}
