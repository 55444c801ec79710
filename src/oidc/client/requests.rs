//! What a client's authorization requests must be like (RFC 9126 §6).

use serde_json::{Map, Value};

use super::members::{Members, MetadataError};

/// How the client asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// `require_pushed_authorization_requests`.
    pub must_be_pushed: bool,
}

pub(super) fn read(members: Members<'_>) -> Result<Requests, MetadataError> {
    Ok(Requests { must_be_pushed: members.flag("require_pushed_authorization_requests")?.unwrap_or(false) })
}

impl Requests {
    pub(super) fn write(&self, into: &mut Map<String, Value>) {
        into.insert("require_pushed_authorization_requests".to_owned(), self.must_be_pushed.into());
    }
}
