//! Why a grant was refused: what we know, for log and audit, and what the client may see of it.

use super::exchange;
use crate::{
    assurance,
    flows::dpop::replayed,
    oidc::dpop,
    oidc::error::{OAuthError, OAuthErrorCode},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    GrantNotRegistered,
    CodeUnknown,
    /// Presented by another client than it was issued to: nothing else happens, least of all to the family.
    CodeOfAnotherClient,
    /// A second use by the right client: its family was revoked.
    CodeSpent,
    CodeExpired,
    RedirectUriMismatch,
    Pkce(OAuthError),
    SessionEnded,
    /// Dead, locked, card expired, not active: told as one.
    NotIssuable(assurance::Refusal),
    /// Account, person, session or client changed between reading and writing.
    Changed,
    /// A device code or a backchannel request that nobody knows…
    RequestUnknown,
    /// …or that is another client's: nothing else happens.
    RequestOfAnotherClient,
    /// A second use by the right client: its family was revoked.
    RequestSpent,
    /// The person has not answered yet.
    Pending,
    /// The same, and the client asks too often.
    SlowDown,
    /// The person said no.
    Denied,
    RequestExpired,
    /// A client of push mode polls.
    PushesOnly,
    RefreshUnknown,
    RefreshOfAnotherClient,
    RefreshExpired,
    /// An earlier generation: the family was revoked.
    RefreshReused,
    GrantRevoked,
    Scope(OAuthError),
    /// More than was granted: of resources, or of details.
    Narrowing(OAuthError),
    ScopeNotForClients(String),
    /// The client registered that its tokens are bound, and sent no proof.
    DpopRequired,
    /// The client registered that its tokens are bound to its certificate, and showed none.
    CertificateRequired,
    /// The proof was used before.
    DpopReplayed,
    /// Another key than the code was bound to.
    CodeOfAnotherKey,
    /// Another key than the refresh token is bound to, or none.
    RefreshOfAnotherKey,
    /// The client's encryption key was not found.
    NotEncrypted(OAuthError),
    /// An exchange that is not permitted.
    Exchange(exchange::Refused),
    /// The assertion of a service (RFC 7523 §3.1).
    Assertion(OAuthError),
    /// No active key for the client's algorithm.
    NoSigningKey,
}

impl Refusal {
    /// The one translation into what a client sees.
    pub fn oauth(&self) -> OAuthError {
        let grant = |text: &'static str| OAuthError::new(OAuthErrorCode::InvalidGrant, text);
        match self {
            Self::GrantNotRegistered => OAuthError::new(
                OAuthErrorCode::UnauthorizedClient,
                "this client is not registered for this grant_type (grant_types of its metadata)",
            ),
            // RFC 6749 §5.2: invalid, expired, revoked, or issued to another client, not told apart further than helps.
            Self::CodeUnknown | Self::CodeOfAnotherClient => {
                grant("the code is unknown or was issued to another client")
            }
            Self::CodeSpent => grant("the code was used before; what it gave has been revoked"),
            Self::CodeExpired => grant("the code has expired; it lives for a minute after the redirect"),
            Self::RedirectUriMismatch => {
                grant("redirect_uri must be exactly the one of the authorization request (RFC 6749 section 4.1.3)")
            }
            Self::Pkce(error)
            | Self::Scope(error)
            | Self::Narrowing(error)
            | Self::NotEncrypted(error)
            | Self::Assertion(error) => error.clone(),
            Self::Exchange(refused) => refused.oauth(),
            Self::RequestUnknown | Self::RequestOfAnotherClient => {
                grant("the request is unknown or was begun by another client")
            }
            Self::PushesOnly => OAuthError::new(
                OAuthErrorCode::UnauthorizedClient,
                "this client is registered for push: its tokens are sent to it (CIBA Core section 11)",
            ),
            Self::RequestSpent => grant("the tokens were fetched before; they have been revoked"),
            Self::Pending | Self::SlowDown | Self::Denied | Self::RequestExpired => self.decoupled(),
            Self::SessionEnded => grant("the session has ended"),
            Self::NotIssuable(_) => grant("nothing can be issued for this person at present"),
            Self::Changed => grant("something changed while the request was answered; ask again"),
            Self::RefreshUnknown | Self::RefreshOfAnotherClient => {
                grant("the refresh token is unknown or was issued to another client")
            }
            Self::RefreshExpired => grant("the refresh token has expired"),
            Self::RefreshReused => grant("the refresh token was used before; its family has been revoked"),
            Self::GrantRevoked => grant("the grant has been revoked"),
            Self::ScopeNotForClients(scope) => OAuthError::new(
                OAuthErrorCode::InvalidScope,
                format!("the scope {scope} is about a person or not among the client's own scopes"),
            ),
            Self::DpopRequired => dpop::refused(&"this client's requests carry one (dpop_bound_access_tokens)"),
            Self::CertificateRequired => OAuthError::invalid_request(
                "this client's tokens are bound to its certificate (tls_client_certificate_bound_access_tokens) and the \
                 connection showed none (RFC 8705 section 3)",
            ),
            Self::DpopReplayed => replayed(),
            Self::CodeOfAnotherKey => grant(
                "the code is bound to a key (dpop_jkt) and the DPoP proof is not made with it (RFC 9449 section 10)",
            ),
            Self::RefreshOfAnotherKey => {
                grant("the refresh token is bound to a key or certificate that this request does not prove")
            }
            Self::NoSigningKey => {
                OAuthError::new(OAuthErrorCode::ServerError, "no signing key of the client's algorithm is active")
            }
        }
    }

    /// RFC 8628 §3.5, CIBA Core §11.
    fn decoupled(&self) -> OAuthError {
        let (code, text) = match self {
            Self::SlowDown => {
                (OAuthErrorCode::SlowDown, "asked too early; wait five seconds longer between requests from now on")
            }
            Self::Denied => (OAuthErrorCode::AccessDenied, "the person did not agree"),
            Self::RequestExpired => (OAuthErrorCode::ExpiredToken, "the person did not answer in time; begin again"),
            _ => (OAuthErrorCode::AuthorizationPending, "the person has not answered yet"),
        };
        OAuthError::new(code, text)
    }

    /// The word in the audit.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::GrantNotRegistered => "grant_not_registered",
            Self::CodeUnknown => "code_unknown",
            Self::CodeOfAnotherClient => "code_of_another_client",
            Self::CodeSpent => "code_spent",
            Self::CodeExpired => "code_expired",
            Self::RedirectUriMismatch => "redirect_uri_mismatch",
            Self::Pkce(_) => "pkce",
            Self::RequestUnknown => "request_unknown",
            Self::RequestOfAnotherClient => "request_of_another_client",
            Self::RequestSpent => "request_spent",
            Self::Pending => "pending",
            Self::SlowDown => "slow_down",
            Self::Denied => "denied",
            Self::RequestExpired => "request_expired",
            Self::PushesOnly => "pushes_only",
            Self::SessionEnded => "session_ended",
            Self::NotIssuable(_) => "not_issuable",
            Self::Changed => "changed",
            Self::RefreshUnknown => "refresh_unknown",
            Self::RefreshOfAnotherClient => "refresh_of_another_client",
            Self::RefreshExpired => "refresh_expired",
            Self::RefreshReused => "refresh_reused",
            Self::GrantRevoked => "grant_revoked",
            Self::Scope(_) => "scope",
            Self::Narrowing(_) => "narrowing",
            Self::ScopeNotForClients(_) => "scope_not_for_clients",
            Self::DpopRequired => "dpop_required",
            Self::CertificateRequired => "certificate_required",
            Self::DpopReplayed => "dpop_replayed",
            Self::CodeOfAnotherKey => "code_of_another_key",
            Self::RefreshOfAnotherKey => "refresh_of_another_key",
            Self::NotEncrypted(_) => "not_encrypted",
            Self::Exchange(refused) => refused.code(),
            Self::Assertion(_) => "assertion",
            Self::NoSigningKey => "no_signing_key",
        }
    }
}
