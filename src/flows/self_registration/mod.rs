//! Clients that register themselves (RFC 7591, OpenID Connect Dynamic Client Registration 1.0) and manage their own
//! registration (RFC 7592).

pub mod configure;
pub mod initial;
pub mod register;
pub mod sector;
pub mod statement;

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::{
    base::{Fault, Secret, Span, Timestamp, ids::ClientId},
    crypto::ParsedJwks,
    flows::{Provider, offered_keys::OfferedKeys, register_clients::check_keys},
    oidc::{
        client::{Client, MetadataError, RegisteredBy},
        endpoints,
        error::{OAuthError, OAuthErrorCode},
    },
    store::cache::Rate,
};

/// Who may register a client without an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenTo {
    Nobody,
    /// Whoever an operator gave an initial access token.
    TokenHolders,
    Everybody,
}

/// Whose software statements count (RFC 7591 §2.3).
#[derive(Clone, Debug)]
pub struct StatementIssuer {
    pub issuer: String,
    pub keys: Arc<ParsedJwks>,
}

#[derive(Clone, Debug)]
pub struct RegistrationSettings {
    pub open_to: OpenTo,
    /// What one network may try without an initial access token.
    pub per_network: Rate,
    /// How many clients may be here that registered themselves.
    pub most: i64,
    pub statement_issuers: Vec<StatementIssuer>,
}

impl Default for RegistrationSettings {
    fn default() -> Self {
        Self {
            open_to: OpenTo::Nobody,
            per_network: Rate { burst: 300, per: Span::minutes(5) },
            most: 10_000,
            statement_issuers: Vec::new(),
        }
    }
}

/// Why a registration is not as it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    Off,
    TokenMissing,
    /// An initial or registration access token that opens nothing here.
    TokenBad,
    TooOften(Span),
    Full,
    Statement(statement::StatementRefusal),
    Metadata(MetadataError),
    /// Changed by somebody else again and again while it was changed here.
    Contended,
}

impl From<MetadataError> for Refusal {
    fn from(error: MetadataError) -> Self {
        Self::Metadata(error)
    }
}

impl Refusal {
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::TokenMissing => "token_missing",
            Self::TokenBad => "token_bad",
            Self::TooOften(_) => "too_often",
            Self::Full => "full",
            Self::Statement(_) => "statement",
            Self::Metadata(_) => "metadata",
            Self::Contended => "contended",
        }
    }

    pub fn oauth(&self) -> OAuthError {
        let (code, text) = match self {
            Self::Off => (
                OAuthErrorCode::AccessDenied,
                "this service registers no clients by itself; its operators register them",
            ),
            Self::TokenMissing => {
                (OAuthErrorCode::InvalidToken, "registration needs an initial access token (RFC 7591 section 3)")
            }
            Self::TokenBad => {
                (OAuthErrorCode::InvalidToken, "the access token is spent, expired, revoked or not one of ours")
            }
            Self::TooOften(_) => {
                (OAuthErrorCode::TemporarilyUnavailable, "too many registrations from this network; wait")
            }
            Self::Full => (
                OAuthErrorCode::TemporarilyUnavailable,
                "as many clients as this service's operators allow have registered themselves",
            ),
            Self::Contended => (OAuthErrorCode::TemporarilyUnavailable, "the client is being changed; try again"),
            Self::Statement(refusal) => return refusal.oauth(),
            Self::Metadata(error) => return error.oauth(),
        };
        OAuthError::new(code, text)
    }
}

/// Where the client's registration is read and changed.
pub fn configuration_uri(provider: &Provider, id: &ClientId) -> String {
    format!("{}/{id}", endpoints::under(&provider.settings.issuer, endpoints::REGISTRATION))
}

/// Metadata by every rule, with what a software statement vouches for laid over it.
async fn checked(provider: &Provider, metadata: Map<String, Value>, now: Timestamp) -> Result<Client, Refusal> {
    let metadata = statement::apply(&provider.settings, metadata, now).map_err(Refusal::Statement)?;
    let client = Client::register(&Value::Object(metadata), RegisteredBy::ItSelf)?;
    check_keys(&client)?;
    OfferedKeys::of(&provider.keys.ring()).check(&client)?;
    sector::check(&provider.outbound, &client).await?;
    Ok(client)
}

/// What is answered of a registration (RFC 7591 §3.2.1, RFC 7592 §3).
struct Registered<'a> {
    id: &'a ClientId,
    metadata: &'a Value,
    issued_at: Timestamp,
    /// Only while we have it in hand: what is kept is its digest.
    secret: Option<&'a Secret>,
    registration_token: &'a Secret,
}

impl Registered<'_> {
    fn document(&self, provider: &Provider) -> Map<String, Value> {
        let mut document = match self.metadata {
            Value::Object(members) => members.clone(),
            _ => Map::new(),
        };
        let mut put = |name: &str, value: Value| document.insert(name.to_owned(), value);
        put("client_id", self.id.as_str().into());
        put("client_id_issued_at", self.issued_at.secs().into());
        if let Some(secret) = self.secret {
            put("client_secret", secret.reveal().into());
            // Never (RFC 7591 §3.2.1).
            put("client_secret_expires_at", 0.into());
        }
        put("registration_access_token", self.registration_token.reveal().into());
        put("registration_client_uri", configuration_uri(provider, self.id).into());
        document
    }
}

/// What every use case here answers.
pub type Answered = Result<Result<Map<String, Value>, Refusal>, Fault>;
