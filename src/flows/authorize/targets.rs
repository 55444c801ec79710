//! Whom access tokens are for (RFC 8707): resources with the clients that serve them, and the sectors in which those know people.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    base::{Fault, ids::PersonId},
    flows::{Provider, clients::KnownClient},
    oidc::{error::OAuthError, resource::invalid_target},
    store::subjects,
};

/// A resource and the sector of its server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub resource: String,
    pub sector: String,
}

/// What stands between a checked request and its resources: a server that is gone, or does not serve one any more.
pub async fn refusal(
    provider: &Provider,
    client: &KnownClient,
    resources: &[String],
) -> Result<Option<OAuthError>, Fault> {
    for resource in resources.iter().filter(|uri| **uri != provider.settings.issuer) {
        if server(provider, client, resource).await?.is_none() {
            let text = format!("nobody serves the resource {resource} for this client at present");
            return Ok(Some(invalid_target(text)));
        }
    }
    Ok(None)
}

/// Those resources that are served now. The service's own address is among nobody's.
pub async fn served(
    provider: &Provider,
    client: &KnownClient,
    resources: &[String],
) -> Result<Vec<(Target, Arc<KnownClient>)>, Fault> {
    let mut targets = Vec::new();
    for resource in resources {
        if let Some(server) = server(provider, client, resource).await? {
            targets.push((Target { resource: resource.clone(), sector: server.sector.clone() }, server));
        }
    }
    Ok(targets)
}

/// Of resources that were authorized, each with the name that its server knows the person by, those that are served now, and
/// by a server of that name's sector: one that another agency took over would learn what the first one calls the person.
pub async fn kept(
    provider: &Provider,
    client: &KnownClient,
    person: PersonId,
    resources: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, Fault> {
    let names: Vec<String> = resources.keys().cloned().collect();
    let served = served(provider, client, &names).await?;
    let mut conn = provider.db.read().await?;
    let issuer = &provider.settings.issuer;
    let mut kept: BTreeMap<_, _> = resources.get(issuer).map(|sub| (issuer.clone(), sub.clone())).into_iter().collect();
    for (target, _) in served {
        let Some(sub) = resources.get(&target.resource) else { continue };
        if subjects::person_of_sub(&mut conn, &target.sector, sub).await? == Some(person) {
            kept.insert(target.resource, sub.clone());
        }
    }
    Ok(kept)
}

/// Both sides must have registered it.
async fn server(provider: &Provider, client: &KnownClient, resource: &str) -> Result<Option<Arc<KnownClient>>, Fault> {
    let Some(id) = client.client.resources.may_name.get(resource) else { return Ok(None) };
    let server = provider.clients.find(&provider.db, id).await?;
    Ok(server.filter(|server| !server.disabled && server.client.resources.serves.iter().any(|own| own == resource)))
}
