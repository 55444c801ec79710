//! Discovery and the JWK Set, as published documents: rendered at the start and again when a signing key changed.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::HeaderValue;
use url::Url;

use super::published::{Document, Published};
use crate::{
    crypto::{Schedule, digest::sha256},
    flows::{MutualTls, Provider, self_registration::OpenTo},
    oidc::{
        acr::AcrLevel,
        alg::SigningAlg,
        client::ClientAuthMethod,
        discovery::{self, DiscoverySettings, MutualTlsOffer, Registration},
        endpoints,
        scope::{SCOPES, Scope, ScopeSet},
    },
};

/// Scopes whose claims have no source here yet: the register of births.
const WITHOUT_SOURCE: &[&str] = &["vn_birth"];

/// Claims of other scopes without one (old nine-digit numbers, the register of marriages), and the question that is none without
/// the code of a unit.
const UNFILLED: &[&str] = &["cmnd9", "marital_status", "resident_in"];

/// Puts or replaces all of them.
pub fn publish(published: &Published, provider: &Provider) {
    let issuer = &provider.settings.issuer;
    let discovery = discovery_document(provider);
    let max_age = max_age();
    for address in [endpoints::under(issuer, endpoints::OPENID_CONFIGURATION), endpoints::oauth_metadata(issuer)] {
        published.put(document(&address, discovery.clone(), max_age));
    }
    let jwks = provider.keys.ring().jwks().clone();
    published.put(document(&endpoints::under(issuer, endpoints::JWKS), jwks, max_age));
}

/// As long as a rotation waits for relying parties to look again.
fn max_age() -> u32 {
    u32::try_from(Schedule::default().jwks_max_age.as_secs()).unwrap_or(0)
}

fn document(address: &str, body: Bytes, max_age: u32) -> Document {
    let path = Url::parse(address).map_or_else(|_| address.to_owned(), |url| url.path().to_owned());
    let tag = URL_SAFE_NO_PAD.encode(sha256(&body).as_bytes());
    let etag = HeaderValue::try_from(format!("\"{tag}\"")).unwrap_or_else(|_| HeaderValue::from_static("\"\""));
    Document::json(path, body, etag, max_age)
}

fn discovery_document(provider: &Provider) -> Bytes {
    let highest = provider.settings.highest_level.number();
    let is_reachable = |level: AcrLevel| level.number() <= highest;
    let is_offered = |scope: &&Scope| is_reachable(scope.floor.authentication) && !WITHOUT_SOURCE.contains(&scope.name);
    let settings = DiscoverySettings {
        issuer: provider.settings.issuer.clone(),
        scopes: SCOPES.iter().filter(is_offered).map(|scope| scope.name).collect::<ScopeSet>(),
        unfilled: UNFILLED,
        acr_values: AcrLevel::ALL.into_iter().filter(|level| is_reachable(*level)).collect(),
        mutual_tls: offer(&provider.settings.mutual_tls),
        service_documentation: None,
        must_be_pushed: provider.settings.policy.must_be_pushed,
        registration: match provider.settings.registration.open_to {
            OpenTo::Nobody => Registration::Off,
            OpenTo::TokenHolders | OpenTo::Everybody => Registration::Offered,
        },
        must_be_signed: provider.settings.policy.must_be_signed,
        opening_algs: provider.keys.ring().opening().algs(),
        signing_algs: provider.keys.ring().algs().iter().filter_map(|alg| SigningAlg::parse(alg.name())).collect(),
    };
    Bytes::from(serde_json::Value::Object(discovery::document(&settings)).to_string())
}

/// Certificates that never come in are not offered, and an authority that nobody named cannot vouch.
fn offer(mutual_tls: &MutualTls) -> MutualTlsOffer {
    let mut methods = Vec::new();
    if mutual_tls.is_there && mutual_tls.has_authorities {
        methods.push(ClientAuthMethod::TlsClientAuth);
    }
    if mutual_tls.is_there {
        methods.push(ClientAuthMethod::SelfSignedTlsClientAuth);
    }
    MutualTlsOffer { methods, bound_tokens: mutual_tls.is_there, alias: mutual_tls.alias.clone() }
}
