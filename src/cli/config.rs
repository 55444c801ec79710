//! The settings, from `config/default.toml` upwards. They stop at this floor: each floor below declares the small struct
//! it needs, and the functions at the end of [`checked`] fill it.

mod checked;
mod layers;
mod values;

use serde::Deserialize;

pub use self::{
    layers::{Origin, Sources, env_name},
    values::{IssuerFile, Listed, Maybe, ScopeFloor, Time},
};

/// Every key, as `config/default.toml` explains it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub listen: std::net::SocketAddr,
    pub issuer: String,
    pub kek_file: Maybe<std::path::PathBuf>,
    pub trusted_proxies: Listed<crate::http::address::Network>,
    pub forwarded_header: ForwardedHeader,
    pub database: Database,
    pub redis: Redis,
    pub lifetimes: Lifetimes,
    pub requests: Requests,
    pub dpop: Dpop,
    pub tls: Tls,
    pub session: Session,
    pub operators: Session,
    pub registry: RegistryFiles,
    pub citizen_registration: CitizenRegistration,
    pub keys: Keys,
    pub assurance: Assurance,
    pub password: Password,
    pub limits: Limits,
    pub registration: Registration,
    pub shutdown: Shutdown,
    pub outbound: OutboundCalls,
    pub log: Log,
    pub metrics: Metrics,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    XForwardedFor,
    Forwarded,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistryFiles {
    pub import_folder: Maybe<std::path::PathBuf>,
    pub export_folder: Maybe<std::path::PathBuf>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub url: String,
    pub read_connections: u32,
    pub postgres_lanes: u16,
    pub restores: Restores,
}

/// How the service learns that its database was restored from a copy, or that a standby took over.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Restores {
    /// By the cluster's name and timeline, at each new connection.
    Noticed,
    /// By `dinhdanh restored` alone.
    Told,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    pub url: Maybe<String>,
    pub budget: Time,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifetimes {
    pub code: Time,
    pub access_token: Time,
    pub id_token: Time,
    pub refresh: Time,
    pub refresh_offline: Time,
    pub device_code: Time,
    pub backchannel: Time,
    pub backchannel_longest: Time,
    pub interaction: Time,
    pub pushed_request: Time,
    pub registration: Time,
    pub phone_code: Time,
}

/// Of every client, whatever it registered.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requests {
    pub require_pushed: bool,
    pub require_signed: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dpop {
    pub require_nonce: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    pub cert_file: Maybe<std::path::PathBuf>,
    pub key_file: Maybe<std::path::PathBuf>,
    pub client_listen: Maybe<std::net::SocketAddr>,
    pub client_url: Maybe<String>,
    pub client_ca_file: Maybe<std::path::PathBuf>,
    pub client_cert_header: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    pub idle: Time,
    pub absolute: Time,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CitizenRegistration {
    pub open: bool,
    pub per_network: u32,
    pub window: Time,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    pub rotate_after: Maybe<Time>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assurance {
    pub min_level: u8,
    pub scope_floors: Listed<ScopeFloor>,
    pub freshness: Freshness,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freshness {
    pub level_2: Time,
    pub level_3: Time,
    pub level_4: Time,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Password {
    pub threads: usize,
    pub memory_kib: u32,
    pub iterations: u32,
    pub parallelism: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub header_bytes: usize,
    pub body_bytes: u64,
    pub token_body_bytes: u64,
    pub upload_bytes: u64,
    pub upload_time: Time,
    pub first_byte_time: Time,
    pub header_time: Time,
    pub body_time: Time,
    pub write_stall_time: Time,
    pub request_time: Time,
    pub connections: usize,
    pub connections_per_address: usize,
    pub token_places: usize,
    pub interactive_places: usize,
    pub admin_places: usize,
    pub anonymous_posts: u32,
    pub anonymous_window: Time,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    pub mode: RegistrationMode,
    pub most: u32,
    pub per_network: u32,
    pub window: Time,
    pub statement_issuers: Listed<IssuerFile>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum RegistrationMode {
    /// Operators register every client.
    Off,
    /// Whoever has an initial access token may register a client.
    Token,
    /// Everybody may.
    Open,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shutdown {
    pub notice: Time,
    pub drain: Time,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboundCalls {
    pub ca_file: Maybe<std::path::PathBuf>,
    pub reach: OutboundReach,
    pub timeout: Time,
    pub max_bytes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutboundReach {
    Public,
    Loopback,
    Private,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub level: String,
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Json,
    Text,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    pub allow: Listed<crate::http::address::Network>,
}

/// One thing that is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, variable or flag, and the key.
    pub place: String,
    pub what: String,
    pub cure: String,
}

/// Settings that can be used, with the origin of each value.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub config: Config,
    pub origins: Vec<Origin>,
}

impl Loaded {
    /// Reads the sources and checks every value; all problems are found at once.
    pub fn load(sources: &Sources) -> Result<Self, Vec<Problem>> {
        let figment = layers::stack(sources)?;
        let config: Config = figment.extract().map_err(layers::problems)?;
        let problems = checked::problems(&config, &figment);
        if problems.is_empty() { Ok(Self { config, origins: layers::origins(&figment) }) } else { Err(problems) }
    }
}

#[cfg(test)]
mod tests;
