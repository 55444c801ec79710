//! A client registers itself (RFC 7591 §3).

use serde_json::{Map, Value, json};

use super::{Answered, OpenTo, Refusal, Registered, checked};
use crate::{
    base::{Entropy, Fault, Timestamp, hex, ids::ClientId},
    crypto::{
        Digest, OpaqueToken,
        opaque::kind::{ClientSecret, InitialAccess, RegistrationAccess},
    },
    flows::Provider,
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit, audit::Actor, cache::Allowance, clients::NewClient,
        initial_tokens, self_registered,
    },
};

/// Who asks.
pub struct Caller<'a> {
    /// The bearer token, if the request has one.
    pub token: Option<&'a str>,
    /// What failures are counted for: an IPv4 address or an IPv6 /64.
    pub network: &'a str,
}

/// May register: with the digest of the token that this spends, where one was shown.
pub struct Admitted(Option<Digest>);

pub async fn register(
    provider: &Provider,
    Admitted(initial): Admitted,
    metadata: Map<String, Value>,
    now: Timestamp,
) -> Answered {
    let client = match checked(provider, without_our_members(metadata), now).await {
        Ok(client) => client,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let id = fresh_id(&provider.entropy);
    let secret = client.auth.method.has_secret().then(|| OpaqueToken::<ClientSecret>::generate(&provider.entropy));
    let token = OpaqueToken::<RegistrationAccess>::generate(&provider.entropy);
    let unit = RegisterItself {
        row: NewClient {
            client_id: id.clone(),
            secret_digest: secret.as_ref().map(|secret| secret.digest().as_bytes().to_vec()),
            metadata: client.metadata(),
            registered_by_self: true,
        },
        registration_digest: token.digest(),
        initial,
        most: provider.settings.registration.most,
        now,
    };
    let metadata = unit.row.metadata.clone();
    if let Err(refusal) = provider.writer.submit(unit).await? {
        return Ok(Err(refusal));
    }
    let secret = secret.map(OpaqueToken::reveal);
    let registered = Registered {
        id: &id,
        metadata: &metadata,
        issued_at: now,
        secret: secret.as_ref(),
        registration_token: &token.reveal(),
    };
    Ok(Ok(registered.document(provider)))
}

/// Whether this caller may register at all, whatever it registers.
pub async fn admit(
    provider: &Provider,
    caller: &Caller<'_>,
    now: Timestamp,
) -> Result<Result<Admitted, Refusal>, Fault> {
    let settings = &provider.settings.registration;
    if settings.open_to == OpenTo::Nobody {
        return Ok(Err(Refusal::Off));
    }
    let shown = caller.token.map(OpaqueToken::<InitialAccess>::parse);
    if let Some(Ok(token)) = &shown {
        let digest = token.digest();
        if initial_tokens::is_good(&mut provider.db.read().await?, digest.as_bytes(), now).await? {
            return Ok(Ok(Admitted(Some(digest))));
        }
    }
    let key = format!("registration:{}", caller.network);
    if let Allowance::Wait(span) = provider.cache.spend(&key, settings.per_network, now).await {
        return Ok(Err(Refusal::TooOften(span)));
    }
    Ok(match (shown, settings.open_to) {
        (Some(_), _) => Err(Refusal::TokenBad),
        (None, OpenTo::Everybody) => Ok(Admitted(None)),
        (None, _) => Err(Refusal::TokenMissing),
    })
}

/// Ids and secrets are ours to give (RFC 7591 §3.2.1): what a client sends under these names is no metadata.
fn without_our_members(mut metadata: Map<String, Value>) -> Map<String, Value> {
    for name in super::configure::OURS.iter().chain(&["client_id", "client_secret"]) {
        metadata.remove(*name);
    }
    metadata
}

fn fresh_id(entropy: &Entropy) -> ClientId {
    ClientId(hex(&entropy.bytes::<12>()))
}

struct RegisterItself {
    row: NewClient,
    registration_digest: Digest,
    initial: Option<Digest>,
    most: i64,
    now: Timestamp,
}

impl Unit for RegisterItself {
    type Out = Result<(), Refusal>;
    const KIND: &'static str = "clients.register_itself";
    const CLASS: Class = Class::Token;

    /// One lane for all: the number of them is a limit.
    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(b"clients")
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Self::Out, Fault> {
        if self_registered::count(tx).await? >= self.most {
            return Ok(Err(Refusal::Full));
        }
        let spent = match &self.initial {
            None => None,
            Some(digest) => match initial_tokens::spend(tx, digest.as_bytes(), self.now).await? {
                None => return Ok(Err(Refusal::TokenBad)),
                Some(id) => Some(id),
            },
        };
        if !self_registered::insert(tx, &self.row, self.registration_digest.as_bytes(), self.now).await? {
            return Err(Fault::inconsistent("client", "client_id", &self.row.client_id));
        }
        tx.record(
            AuditEvent::new(self.now, "client.registered_itself", Outcome::Done, Actor::Client)
                .client(&self.row.client_id)
                .detail(json!({"initial_token": spent})),
        );
        Ok(Ok(()))
    }
}
