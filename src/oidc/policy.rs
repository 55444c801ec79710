//! What a deployment decides about the protocol; the command line fills it from the configuration.

use std::collections::BTreeMap;

use super::{
    acr::AcrLevel,
    authorization_details::TYPES,
    scope::{Floor, Scope},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The service's own address, which any client may name as a `resource` (RFC 8707).
    pub issuer: String,
    /// Languages of the pages, the default first; primary tags in lower case (`vi`, `en`).
    pub locales: Vec<String>,
    /// The floor of every client that has no higher one of its own.
    pub min_acr: AcrLevel,
    /// In place of the built-in floors of [`super::scope::SCOPES`], and for scopes of other interfaces.
    pub scope_floors: BTreeMap<String, Floor>,
    /// Every client must push its requests (RFC 9126 §5), whatever it registered.
    pub must_be_pushed: bool,
    /// Every client must sign its requests (RFC 9101 §10.5).
    pub must_be_signed: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            locales: vec!["vi".to_owned(), "en".to_owned()],
            min_acr: AcrLevel::One,
            scope_floors: BTreeMap::new(),
            must_be_pushed: false,
            must_be_signed: false,
        }
    }
}

impl Policy {
    /// The floor of a scope, or of a type of authorization details, before a client's own is laid on it: what is compared with the
    /// register, and what is done in somebody's name, needs the level of the register's own claims. `openid` has none: a sign-in without it would be another
    /// protocol, so it is never left out; whoever wants a level for it sets `min_acr`.
    pub fn floor(&self, scope: &str) -> Floor {
        if scope == "openid" {
            return Floor::LOWEST;
        }
        let of_types = || if TYPES.contains(&scope) { Floor::REGISTRY } else { Floor::LOWEST };
        let built_in = || Scope::find(scope).map_or_else(of_types, |scope| scope.floor);
        self.scope_floors.get(scope).copied().unwrap_or_else(built_in)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::scope::AccountLevel;

    #[test]
    fn configured_floors_stand_in_for_built_in_ones_except_for_openid() {
        let high = Floor { account: AccountLevel::Two, authentication: AcrLevel::Four };
        let configured = ["openid", "profile", "registry.match"].map(|name| (name.to_owned(), high));
        let policy = Policy { scope_floors: BTreeMap::from(configured), ..Policy::default() };
        assert_eq!(policy.floor("openid"), Floor::LOWEST);
        assert_eq!((policy.floor("profile"), policy.floor("registry.match")), (high, high));
        assert_eq!(policy.floor("vn_family").authentication, AcrLevel::Three);
        assert_eq!(policy.floor("something.else"), Floor::LOWEST);
        for name in TYPES {
            assert_eq!(policy.floor(name), Floor::REGISTRY, "{name}");
        }
    }
}
