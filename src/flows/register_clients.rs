//! Relying parties brought in by an operator: all of a file, or none of it.

use serde_json::{Map, Value};

use crate::{
    base::{Entropy, Fault, Secret, Timestamp, hex, ids::ClientId},
    crypto::{
        OpaqueToken, ParsedJwks,
        opaque::{digest_of_text, kind},
    },
    flows::clients::crypto_alg,
    oidc::{
        client::{
            Client, ClientAuthMethod, KeySource, MetadataError, RegisteredBy, check_given_id, check_given_secret,
        },
        error::OAuthError,
    },
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        clients::{self, ClientState, NewClient},
    },
};

/// A client that passed every rule, with the secret that is shown once.
pub struct Prepared {
    pub row: NewClient,
    pub client: Client,
    pub secret: Option<Secret>,
}

/// Reads RFC 7591 metadata; `client_id` and `client_secret` are kept when they are given, and made otherwise.
pub fn prepare(metadata: &Value, entropy: &Entropy) -> Result<Prepared, MetadataError> {
    let mut members = match metadata {
        Value::Object(members) => members.clone(),
        _ => return Err(MetadataError::new("", "is not a JSON object of client metadata (RFC 7591 section 2)")),
    };
    let id = given(&mut members, "client_id", check_given_id)?.unwrap_or_else(|| hex(&entropy.bytes::<12>()));
    let secret = given(&mut members, "client_secret", check_given_secret)?.map(Secret::new);
    let client = Client::register(&Value::Object(members), RegisteredBy::Operator)?;
    check_keys(&client)?;
    let made = || OpaqueToken::<kind::ClientSecret>::generate(entropy).reveal();
    let secret = match (client.auth.method.has_secret(), secret) {
        (true, given) => Some(given.unwrap_or_else(made)),
        (false, None) => None,
        (false, Some(_)) => {
            return Err(MetadataError::new("client_secret", "is of no use with this token_endpoint_auth_method"));
        }
    };
    let row = NewClient {
        client_id: ClientId(id),
        secret_digest: secret.as_ref().map(|text| digest_of_text(text.reveal()).as_bytes().to_vec()),
        metadata: client.metadata(),
        registered_by_self: false,
    };
    Ok(Prepared { row, client, secret })
}

/// The numbers of the keys, which the protocol floor cannot try: a key that cannot be read would be told at the first
/// token request only.
pub fn check_keys(client: &Client) -> Result<(), MetadataError> {
    let KeySource::Value(set) = &client.keys else { return Ok(()) };
    let keys = ParsedJwks::parse(set.to_string().as_bytes()).map_err(|error| bad_keys(&error.to_string()))?;
    for (member, how) in client.responses.encryptions() {
        if keys.recipient(how.alg).is_none() {
            let reason =
                format!("needs a key in jwks that can be encrypted to with {}: of its type, with use enc", how.alg);
            return Err(MetadataError::new(member, reason));
        }
    }
    let signs = client.auth.method == ClientAuthMethod::PrivateKeyJwt;
    let algs = client.signing_algs(client.auth.signing_alg);
    if signs && !algs.iter().any(|alg| keys.candidates(crypto_alg(*alg), None).next().is_some()) {
        let names = algs.iter().map(|alg| alg.as_str()).collect::<Vec<_>>().join(", ");
        return Err(bad_keys(&format!("has no well-formed key that can verify {names}")));
    }
    Ok(())
}

fn bad_keys(reason: &str) -> MetadataError {
    MetadataError::new("jwks", reason.to_owned())
}

fn given(
    members: &mut Map<String, Value>,
    name: &'static str,
    check: fn(&str) -> Result<(), MetadataError>,
) -> Result<Option<String>, MetadataError> {
    match members.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => check(&text).map(|()| Some(text)),
        Some(_) => Err(MetadataError::new(name, "is not a text")),
    }
}

/// What the client's registration answer says (RFC 7591 §3.2.1): its metadata with id and secret.
pub fn answer(prepared: &Prepared) -> Value {
    let mut members = match &prepared.row.metadata {
        Value::Object(members) => members.clone(),
        _ => Map::new(),
    };
    members.insert("client_id".to_owned(), prepared.row.client_id.as_str().into());
    if let Some(secret) = &prepared.secret {
        members.insert("client_secret".to_owned(), secret.reveal().into());
        // Never (RFC 7591 §3.2.1).
        members.insert("client_secret_expires_at".to_owned(), 0.into());
    }
    Value::Object(members)
}

/// One decision about clients by someone with a shell on the server.
pub enum Change {
    Add(Vec<NewClient>),
    /// The new secret's digest.
    RotateSecret(ClientId, Vec<u8>),
    Disable(ClientId),
}

pub struct ChangeClients {
    pub change: Change,
    pub now: Timestamp,
}

/// Why nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unchanged {
    Taken(ClientId),
    Unknown(ClientId),
}

impl Unit for ChangeClients {
    type Out = Result<(), Unchanged>;
    const KIND: &'static str = "clients.change";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(b"clients")
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Self::Out, Fault> {
        match &self.change {
            Change::Add(rows) => {
                // Looked at before the first is written: a refusal commits nothing of the file.
                for row in rows {
                    if clients::is_taken(tx, &row.client_id).await? {
                        return Ok(Err(Unchanged::Taken(row.client_id.clone())));
                    }
                }
                for row in rows {
                    clients::insert(tx, row, self.now).await?;
                    self.record(tx, "client.registered", &row.client_id);
                }
            }
            Change::RotateSecret(id, digest) => {
                let Some(known) = clients::find(tx, id).await? else { return Ok(Err(Unchanged::Unknown(id.clone()))) };
                clients::replace(tx, id, &known.metadata, Some(digest), self.now).await?;
                self.record(tx, "client.secret_rotated", id);
            }
            Change::Disable(id) => {
                if !clients::set_state(tx, id, ClientState::Disabled, self.now).await? {
                    return Ok(Err(Unchanged::Unknown(id.clone())));
                }
                self.record(tx, "client.disabled", id);
            }
        }
        Ok(Ok(()))
    }
}

impl ChangeClients {
    fn record(&self, tx: &mut Tx, action: &'static str, id: &ClientId) {
        tx.record(AuditEvent::new(self.now, action, Outcome::Done, Actor::CommandLine).client(id));
    }
}

/// For messages: the field and the reason, as a registration endpoint would say them.
pub fn words(error: &MetadataError) -> String {
    let oauth: OAuthError = error.oauth();
    format!("{}: {error}", oauth.code.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn given_ids_and_secrets_are_kept_and_missing_ones_made() {
        let entropy = Entropy::counted(4);
        let given = json!({
            "client_id": "rp-1", "client_secret": "0123456789abcdef0123456789abcdef", "redirect_uris": ["https://rp.example/cb"],
        });
        let kept = answer(&prepare(&given, &entropy).unwrap());
        assert_eq!(kept["client_id"], "rp-1");
        assert_eq!(kept["client_secret"], "0123456789abcdef0123456789abcdef");
        let made = answer(&prepare(&json!({"redirect_uris": ["https://rp.example/cb"]}), &entropy).unwrap());
        assert_eq!(made["client_id"].as_str().unwrap().len(), 24);
        assert!(made["client_secret"].as_str().unwrap().starts_with("ddk_"));
        let public = json!({"redirect_uris": ["https://rp.example/cb"], "token_endpoint_auth_method": "none"});
        assert!(prepare(&public, &entropy).unwrap().secret.is_none());
    }

    #[test]
    fn what_cannot_be_a_client_is_named() {
        let entropy = Entropy::counted(4);
        for bad in [
            json!([]),
            json!({"redirect_uris": ["https://rp.example/cb"], "client_secret": "short"}),
            json!({"redirect_uris": ["https://rp.example/cb"], "client_id": "with space"}),
            json!({"redirect_uris": ["http://rp.example/cb"]}),
        ] {
            assert!(prepare(&bad, &entropy).is_err(), "{bad}");
        }
    }
}
