//! What every use case works with: the record, the keys, the clients, the pools, and the few settings of this floor.

use std::{path::PathBuf, sync::Arc};

use tokio::sync::Notify;

use super::{
    authorize::objects::Fetched, client_keys::ClientKeys, clients::Clients, keys::Keys, registry::PersonVault,
    self_registration::RegistrationSettings,
};
use crate::{
    assurance::{Freshness, Level, SessionPolicy},
    base::{Entropy, Span},
    crypto::{BlindIndex, CodeKey, Kek, NonceKey, PasswordPool, RefreshKey, Sealer},
    oidc::{backchannel::Waiting, policy::Policy},
    outbound::Outbound,
    store::{
        Db, Writer,
        cache::{Cache, Rate},
    },
};

/// How long things live.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    pub code: Span,
    pub access_token: Span,
    pub id_token: Span,
    /// A refresh family bound to its session: at most this, and never longer than the session.
    pub refresh: Span,
    /// A refresh family with `offline_access`.
    pub offline_refresh: Span,
    /// A device's codes (RFC 8628).
    pub device_code: Span,
    /// A backchannel authentication request: unless it asks otherwise, and at most.
    pub backchannel: Waiting,
    /// From an authorization request to its end.
    pub interaction: Span,
    /// From a pushed request to the browser that opens it (RFC 9126 §2.2).
    pub pushed_request: Span,
    /// From the first page of a registration to the password.
    pub registration: Span,
    pub phone_code: Span,
    /// A registration's answer takes this long whatever it finds, so that its time tells nothing.
    pub registration_answer: Span,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            code: Span::secs(60),
            access_token: Span::minutes(10),
            id_token: Span::minutes(5),
            refresh: Span::hours(12),
            offline_refresh: Span::days(30),
            device_code: Span::minutes(10),
            backchannel: Waiting { by_default: Span::minutes(5), at_most: Span::minutes(15) },
            interaction: Span::minutes(30),
            pushed_request: Span::secs(90),
            registration: Span::minutes(30),
            phone_code: Span::minutes(5),
            registration_answer: Span::millis(300),
        }
    }
}

/// How certificates of clients reach the service (RFC 8705). Discovery offers what is here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MutualTls {
    /// Certificates come in: by a listener of ours, or by trusted proxies.
    pub is_there: bool,
    /// Authorities are named, so that `tls_client_auth` can work.
    pub has_authorities: bool,
    /// The base of `mtls_endpoint_aliases`, where TLS is ended here.
    pub alias: Option<String>,
}

/// Whether people may open an account of level 01 by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CitizenRegistration {
    /// So many attempts from one network.
    Open {
        attempts: Rate,
    },
    Closed,
}

#[derive(Clone, Debug)]
pub struct Settings {
    /// The issuer, exactly as in tokens: no trailing slash.
    pub issuer: String,
    pub lifetimes: Lifetimes,
    /// What the protocol leaves to a deployment: languages and floors.
    pub policy: Policy,
    pub freshness: Freshness,
    pub session: SessionPolicy,
    /// The same for operators, whose sessions are shorter.
    pub operator_session: SessionPolicy,
    /// The highest authentication level that this deployment's means can reach.
    pub highest_level: Level,
    pub citizen_registration: CitizenRegistration,
    /// What one network may post without being signed in.
    pub anonymous_posts: Rate,
    /// Whether clients may register themselves.
    pub registration: RegistrationSettings,
    /// Whether a DPoP proof must carry a nonce of ours (RFC 9449 §8).
    pub dpop_nonce_required: bool,
    pub mutual_tls: MutualTls,
    /// Where files of people lie that operators may propose.
    pub import_folder: Option<PathBuf>,
    /// Where files lie that two operators decided to take out, until they are fetched.
    pub export_folder: Option<PathBuf>,
}

/// Everything, shared by all requests.
pub struct Provider {
    pub db: Db,
    pub writer: Writer,
    pub entropy: Entropy,
    pub keys: Keys,
    pub clients: Clients,
    /// What clients publish at their `jwks_uri`.
    pub client_keys: ClientKeys,
    /// Request objects that were fetched lately.
    pub request_objects: Fetched,
    pub passwords: PasswordPool,
    pub secrets: Secrets,
    pub outbound: Outbound,
    /// Soft limits, which may be lost.
    pub cache: Cache,
    pub settings: Settings,
    /// Woken when a message was written to the outbox.
    pub outbox_wake: Arc<Notify>,
}

/// The keys derived from the key-encryption key, each for one use.
pub struct Secrets {
    pub sealer: Sealer,
    pub refresh: RefreshKey,
    pub codes: CodeKey,
    /// Nonces for DPoP proofs.
    pub nonces: NonceKey,
    /// Finds counters by what was typed, without keeping it.
    pub counter_index: BlindIndex,
    /// What scripts of relying parties may see of a session: never its id or its cookie.
    pub browser_state: BlindIndex,
    /// People's sealed columns.
    pub vault: Arc<PersonVault>,
}

impl Secrets {
    pub fn derive(kek: &Kek) -> Self {
        Self {
            sealer: Sealer::new(kek),
            refresh: RefreshKey::new(kek),
            codes: CodeKey::new(kek),
            nonces: NonceKey::new(kek),
            counter_index: BlindIndex::new(kek, "failure_counter.subject"),
            browser_state: BlindIndex::new(kek, "session.browser_state"),
            vault: Arc::new(PersonVault::new(kek)),
        }
    }
}
