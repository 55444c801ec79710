//! One type per id, so that a session's id cannot be handed to a function that wants a person's.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Entropy, Timestamp};

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            pub fn generate(entropy: &Entropy, now: Timestamp) -> Self {
                Self(entropy.uuid(now))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )+};
}

uuid_ids! {
    /// A person in the registry. Internal: relying parties see a pairwise `sub`.
    PersonId,
    /// An electronic identification account (tài khoản định danh điện tử).
    AccountId,
    /// A single sign-on session. Relying parties see a `sid` of their own.
    SessionId,
    /// A sign-in, step-up or consent under way in one browser for one authorization request.
    InteractionId,
    /// What one authorization gave to one client: its code, refresh tokens and access tokens.
    GrantId,
    /// An enrolled means of authentication: a TOTP secret, later a passkey.
    AuthenticatorId,
    /// A household (hộ gia đình).
    HouseholdId,
    /// A self-registration under way.
    RegistrationId,
    /// A request whose person is at another device: of a device (RFC 8628), or backchannel authentication.
    DecoupledId,
    /// One message of the outbox.
    MessageId,
    /// A civil event: proposed, decided, recorded.
    EventId,
    /// What waits for a person to decide.
    CaseId,
    /// A console operator.
    OperatorId,
    /// A session of an operator, which is of another kind than a citizen's.
    OperatorSessionId,
    /// One process of the service, as the audit chains name it.
    InstanceId,
}

/// `client_id` of RFC 6749 §2.2: chosen by us or given at registration, unique as text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(pub String);

impl ClientId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for ClientId {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}
