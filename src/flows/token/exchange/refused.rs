//! Why an exchange was refused: what we know, and what the client may see of it (RFC 8693 §2.2.2).

use crate::oidc::error::{OAuthError, OAuthErrorCode};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Forged, expired, revoked, or of somebody whose grant or session is over.
    SubjectDead,
    /// A client's own token: nobody stands behind it in whose name one could act.
    SubjectWithoutPerson,
    /// Bound to a key or certificate that the request does not prove.
    SubjectOfAnotherKey,
    ActorDead,
    /// Not the token of the client that calls, for itself.
    ActorNotTheCaller,
    ActorOfAnotherKey,
    /// `may_act` names somebody else.
    MayNotAct,
    /// The person agreed to no delegation to this client.
    NotDelegated,
    /// The client's own floor is above what the person proved.
    BelowFloor,
    ChainTooLong,
}

impl Refused {
    /// RFC 8693 §2.2.2: tokens that are invalid "for any reason, or are unacceptable based on policy" are `invalid_request`.
    pub fn oauth(&self) -> OAuthError {
        OAuthError::new(
            OAuthErrorCode::InvalidRequest,
            match self {
                Self::SubjectDead => "subject_token is expired, revoked or not an access token of this issuer",
                Self::SubjectWithoutPerson => {
                    "subject_token is a client's own; send one that was issued for a person who delegates"
                }
                Self::SubjectOfAnotherKey => {
                    "subject_token is bound to a key or certificate; the request must prove the same one"
                }
                Self::ActorDead => "actor_token is expired, revoked or not an access token of this issuer",
                Self::ActorNotTheCaller => {
                    "actor_token must be this client's own access token, as client_credentials or an assertion gives it"
                }
                Self::ActorOfAnotherKey => {
                    "actor_token is bound to a key or certificate; the request must prove the same one"
                }
                Self::MayNotAct => "may_act of the subject_token names another client (RFC 8693 section 4.4)",
                Self::NotDelegated => {
                    "the person delegated nothing to this client; ask at authorization for authorization_details of type \
                     delegation with this client as delegate (RFC 9396)"
                }
                Self::BelowFloor => {
                    "this client demands a higher authentication level (min_acr) than the person proved"
                }
                Self::ChainTooLong => "the subject_token has passed through too many hands (act, RFC 8693 section 4.1)",
            },
        )
    }

    /// The word in the audit.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SubjectDead => "subject_dead",
            Self::SubjectWithoutPerson => "subject_without_person",
            Self::SubjectOfAnotherKey => "subject_of_another_key",
            Self::ActorDead => "actor_dead",
            Self::ActorNotTheCaller => "actor_not_the_caller",
            Self::ActorOfAnotherKey => "actor_of_another_key",
            Self::MayNotAct => "may_not_act",
            Self::NotDelegated => "not_delegated",
            Self::BelowFloor => "below_floor",
            Self::ChainTooLong => "chain_too_long",
        }
    }
}
