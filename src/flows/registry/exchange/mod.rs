//! What state systems may ask of the registry: each answer bound to an officer and a dossier, recorded before it is given,
//! and shown to the person.

pub mod access;
pub mod answers;
pub mod changes;
pub mod counted;
pub mod events;
pub mod note;

pub use access::{Admitted, Right, admitted};
pub use note::NotePolicy;

use crate::{
    base::Span,
    oidc::error::OAuthError,
    registry::{
        attribution::{Statement, StatementError},
        civil_event::MessageFault,
    },
};

/// Why a request is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExchangeRefusal {
    /// No access token came with it.
    NoToken,
    /// The token is none of ours, or opens nothing now.
    Token(OAuthError),
    /// The token lacks the scope.
    Right(Right),
    /// The client proves itself by a shared secret, or not at all: state systems use keys (private_key_jwt or mutual TLS).
    WeakClient,
    /// The client is not registered as an agency of the state.
    NotState,
    Statements(Vec<(Statement, StatementError)>),
    /// The agency stated is not the client's own.
    ForeignAgency,
    /// Too many requests in a minute: when there is room again.
    TooFast(Span),
    /// The day's allowance is used up.
    Volume,
    /// Too many answers of today did not agree: somebody tries numbers out.
    Guessing,
    /// Number, name and birth date do not lead to one person.
    NoMatch,
    /// The client's registration does not name this kind of event, this unit, or this part of the changes.
    NotTheirs,
    /// An event's message is not as it should be.
    Message(Vec<MessageFault>),
    /// Something else was told under this source id.
    OtherContent,
    /// This client told of no such event.
    NoSuchEvent,
    /// What came after that place is not kept any more.
    FeedGone,
    /// There is no such place yet: it was another registry's, or one of before a restored backup.
    FeedAhead,
}
