//! What the operators' pages show.

use crate::{
    base::Timestamp,
    http::frame::{Phrase, Problems, page},
    registry::operator::Role,
};

/// Asks for name and password. Posts `username`, `password`, `action=continue`.
#[derive(Clone, Debug, Default)]
pub struct NamePage {
    pub name: String,
    pub problems: Problems,
}
page!(NamePage, NameDocument, "console/sign_in.html");

/// Asks for the authenticator app's code. Posts `code`, `action=continue|start_again`.
#[derive(Clone, Debug, Default)]
pub struct CodePage {
    pub name: String,
    pub problems: Problems,
}
page!(CodePage, CodeDocument, "console/code.html");

/// Whose desk this is.
#[derive(Clone, Debug)]
pub struct HomePage {
    pub name: Phrase,
    pub roles: Vec<Role>,
    /// `None` for the whole country.
    pub unit: Option<Phrase>,
    pub since: Timestamp,
}
page!(HomePage, HomeDocument, "console/home.html");

impl HomePage {
    fn role_keys(&self) -> Vec<&'static str> {
        let key = |role: &Role| match role {
            Role::Registrar => "console-role-registrar",
            Role::Approver => "console-role-approver",
            Role::Auditor => "console-role-auditor",
        };
        self.roles.iter().map(key).collect()
    }
}
