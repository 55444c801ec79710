//! How a request came: some clients must push theirs, some must sign them.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    #[serde(default)]
    pub way: Way,
    #[serde(default)]
    pub form: Form,
}

/// Whether the client signed it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    #[default]
    Plain,
    /// It came in a request object (RFC 9101).
    Signed,
}

/// Through whose hands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Every parameter travelled through the person's browser, where it can be read and changed.
    #[default]
    Browser,
    /// The client itself brought them and proved who it is (RFC 9126).
    Pushed,
}
