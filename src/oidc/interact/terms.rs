//! On what terms a client is served: floors and how consent is remembered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::oidc::{
    acr::AcrLevel,
    authorization_details::{Detail, TYPES},
    authorize::Request,
    claims_request::ClaimsRequest,
    client::Client,
    policy::Policy,
    scope::{AccountLevel, Floor, SCOPES, Scope, ScopeSet},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The client's own floor: a request that can't reach it fails.
    pub client_floor: AcrLevel,
    pub scope_floors: BTreeMap<String, Floor>,
    pub consent: ConsentRule,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentRule {
    Remembered,
    /// `via_provider` clients: the person is asked each time.
    EachTime,
}

/// What a person can be, or was, granted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    pub scopes: ScopeSet,
    pub claims: ClaimsRequest,
    /// Whom else the client may call in the person's name (RFC 8707).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// RFC 9396.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
}

impl Terms {
    /// A client's floors raise the deployment's and never lower them.
    pub fn of(client: &Client, policy: &Policy) -> Self {
        let names = SCOPES.iter().map(|scope| scope.name).chain(TYPES).chain(client.scopes.iter());
        let scope_floors = names.map(|name| {
            let floor = policy.floor(name);
            let raised = client.rules.scope_floors.get(name).filter(|_| name != "openid").copied();
            let authentication = raised.map_or(floor.authentication, |own| own.max(floor.authentication));
            (name.to_owned(), Floor { authentication, ..floor })
        });
        Self {
            client_floor: client.rules.min_acr.map_or(policy.min_acr, |own| own.max(policy.min_acr)),
            scope_floors: scope_floors.collect(),
            consent: if client.asks_each_time() { ConsentRule::EachTime } else { ConsentRule::Remembered },
        }
    }

    /// A scope that these terms don't know has no grant and the highest floor: terms are made for one client.
    pub fn floor(&self, scope: &str) -> Floor {
        let highest = Floor { account: AccountLevel::Two, authentication: AcrLevel::Four };
        self.scope_floors.get(scope).copied().unwrap_or(highest)
    }

    /// The highest of the floors that hold a detail (RFC 9396).
    pub fn floor_of(&self, detail: &Detail) -> Floor {
        detail.floors().into_iter().map(|name| self.floor(name)).fold(Floor::LOWEST, Floor::raised_to)
    }

    pub fn grantable(&self, request: &Request, reachable: AcrLevel, account: AccountLevel) -> Granted {
        let in_reach = |floor: Floor| floor.account <= account && floor.authentication <= reachable;
        let fits = |scope: &str| in_reach(self.floor(scope));
        Granted {
            scopes: request.scopes.filtered(fits),
            claims: request.claims.filtered(|claim| Scope::of_claim(claim).is_some_and(|scope| fits(scope.name))),
            resources: request.resources.clone(),
            details: request.details.iter().filter(|detail| in_reach(self.floor_of(detail))).cloned().collect(),
        }
    }

    /// The level that everything in a grant needs.
    pub fn level_for(&self, granted: &Granted) -> AcrLevel {
        let by_claim = granted.claims.names().filter_map(Scope::of_claim).map(|scope| scope.name);
        granted
            .scopes
            .iter()
            .chain(by_claim)
            .map(|scope| self.floor(scope).authentication)
            .chain(granted.details.iter().map(|detail| self.floor_of(detail).authentication))
            .max()
            .unwrap_or(AcrLevel::One)
    }
}
