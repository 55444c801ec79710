//! What a value's form does not tell: whether the settings make sense together. And the structs of the floors below.

use std::{net::IpAddr, thread};

use figment::Figment;
use url::{Host, Url};

use super::{Config, ForwardedHeader, LogFormat, OutboundReach, Problem, Requests, Restores, Time};
use crate::{
    assurance::{Freshness, SessionPolicy},
    base::{Clock, Span},
    crypto::{CertificateReader, Schedule, password::Costs},
    flows::{self, key_schedule::KeyPlan},
    http::{
        address::{ForwardedBy, Networks, Proxies},
        certificate::CertificateHeaders,
        edge::{EdgeSettings, Places},
        server::ServerSettings,
    },
    oidc::{acr::AcrLevel, backchannel::Waiting, policy::Policy},
    outbound::{OutboundSettings, Reach},
    store::{DbSettings, cache::Rate},
};

type Check = fn(&Config) -> Result<(), (&'static str, String, &'static str)>;

/// Key, what is wrong, cure.
const CHECKS: &[Check] = &[
    issuer,
    database,
    redis,
    codes,
    tokens,
    session,
    level,
    freshness,
    password,
    times,
    room,
    registration,
    citizen_registration,
    rotation,
    log,
    tls,
];

pub(super) fn problems(config: &Config, figment: &Figment) -> Vec<Problem> {
    let origin = |key: &str| figment.find_metadata(key).map_or_else(String::new, |found| found.name.to_string());
    CHECKS
        .iter()
        .filter_map(|check| check(config).err())
        .map(|(key, what, cure)| Problem { place: format!("{}: {key}", origin(key)), what, cure: cure.to_owned() })
        .collect()
}

/// RFC 8414 §2: `https`, no query, no fragment. Every link begins with it, so it ends without a slash; and pages have
/// fixed paths, so it has none of its own.
fn issuer(config: &Config) -> Result<(), (&'static str, String, &'static str)> {
    let cure = "write https://HOST, or http://localhost:PORT for development; no path, no query, no final slash";
    let wrong = |what: &str| Err(("issuer", format!("`{}` {what}", config.issuer), cure));
    let Ok(url) = Url::parse(&config.issuer) else { return wrong("is not a URL") };
    if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(&url)) {
        return wrong("is neither https nor http on a loopback host");
    }
    if url.path() != "/"
        || url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        return wrong("has more than scheme, host and port");
    }
    let as_parsed = url.as_str().strip_suffix('/').unwrap_or(url.as_str());
    if as_parsed != config.issuer {
        return wrong(&format!("is compared byte for byte and must be written `{as_parsed}`"));
    }
    Ok(())
}

/// Names and addresses that never leave this machine (RFC 6761 §6.3).
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

fn database(config: &Config) -> Result<(), (&'static str, String, &'static str)> {
    let url = &config.database.url;
    if let Some(path) = url.strip_prefix("sqlite://") {
        let (file, query) = path.split_once('?').unwrap_or((path, ""));
        if matches!(file, "" | ":memory:") || query.contains("mode=memory") {
            let what = "names no file: what is not kept is no record".to_owned();
            return Err(("database.url", what, "write sqlite://PATH"));
        }
    }
    if ["sqlite://", "postgres://", "postgresql://"].iter().any(|start| url.starts_with(start)) {
        return Ok(());
    }
    let cure = "write sqlite://PATH or postgres://USER@HOST/NAME";
    Err(("database.url", "begins neither with sqlite:// nor with postgres://".to_owned(), cure))
}

fn redis(config: &Config) -> Result<(), (&'static str, String, &'static str)> {
    match &config.redis.url.0 {
        Some(url) if !url.starts_with("redis://") && !url.starts_with("redis+unix://") => {
            let cure = "write redis://HOST:PORT/NUMBER, or leave it empty";
            Err(("redis.url", "does not begin with redis://".to_owned(), cure))
        }
        _ => Ok(()),
    }
}

/// RFC 6749 §4.1.2 for codes; NIST SP 800-63B §5.1.3.2 for what is sent to a phone.
fn codes(config: &Config) -> Result<(), (&'static str, String, &'static str)> {
    let device = config.lifetimes.device_code.span();
    if device < Span::minutes(1) || device > Span::minutes(30) {
        let cure = "make it 1 to 30 minutes; the default is 10m";
        return Err(("lifetimes.device_code", "is shorter than a minute or longer than 30".to_owned(), cure));
    }
    let (backchannel, longest) = (config.lifetimes.backchannel.span(), config.lifetimes.backchannel_longest.span());
    let cure =
        "make it 30 seconds to 15 minutes, and the longest no shorter than the usual; the defaults are 5m and 15m";
    if longest > Span::minutes(15) {
        return Err(("lifetimes.backchannel_longest", "is longer than 15 minutes".to_owned(), cure));
    }
    if backchannel < Span::secs(30) || backchannel > longest {
        return Err((
            "lifetimes.backchannel",
            "is shorter than 30 seconds or longer than the longest".to_owned(),
            cure,
        ));
    }
    let cure = "make it 10 seconds to 10 minutes; the defaults are 60s, 5m and 90s";
    for (key, time) in [
        ("lifetimes.code", config.lifetimes.code),
        ("lifetimes.phone_code", config.lifetimes.phone_code),
        ("lifetimes.pushed_request", config.lifetimes.pushed_request),
    ] {
        if time.span() < Span::secs(10) || time.span() > Span::minutes(10) {
            return Err((key, "is shorter than 10 seconds or longer than 10 minutes".to_owned(), cure));
        }
    }
    Ok(())
}

/// A token that is over before it arrives serves nobody, and one by signature alone outlives what ends it.
fn tokens(config: &Config) -> Result<(), (&'static str, String, &'static str)> {
    let lifetimes = &config.lifetimes;
    let (minute, day, year) = (Span::minutes(1), Span::days(1), Span::days(366));
    for (key, time, least, most) in [
        ("lifetimes.access_token", lifetimes.access_token, minute, day),
        ("lifetimes.id_token", lifetimes.id_token, minute, day),
        ("lifetimes.interaction", lifetimes.interaction, minute, day),
        ("lifetimes.registration", lifetimes.registration, minute, day),
        ("lifetimes.refresh", lifetimes.refresh, minute, year),
        ("lifetimes.refresh_offline", lifetimes.refresh_offline, minute, year),
    ] {
        if time.span() < least || time.span() > most {
            let longest = if most == day { "day" } else { "year" };
            let what = format!("is shorter than a minute or longer than a {longest}");
            return Err((key, what, "config/default.toml has the default"));
        }
    }
    Ok(())
}

/// A service without places answers nobody, and says that it is well.
fn room(config: &Config) -> Result<(), (&'static str, String, &'static str)> {
    let limits = &config.limits;
    for (key, places, default) in [
        ("limits.token_places", limits.token_places, "the default is 512"),
        ("limits.interactive_places", limits.interactive_places, "the default is 512"),
        ("limits.admin_places", limits.admin_places, "the default is 128"),
    ] {
        if places == 0 {
            return Err((key, "lets nobody in".to_owned(), default));
        }
    }
    for (key, bytes, default) in [
        ("limits.header_bytes", u64::try_from(limits.header_bytes).unwrap_or(u64::MAX), "the default is 32768"),
        ("limits.body_bytes", limits.body_bytes, "the default is 65536"),
        ("limits.token_body_bytes", limits.token_body_bytes, "the default is 16384"),
        ("outbound.max_bytes", u64::try_from(config.outbound.max_bytes).unwrap_or(u64::MAX), "the default is 262144"),
    ] {
        if bytes < 4_096 {
            return Err((key, "is less than 4096: ordinary requests are larger".to_owned(), default));
        }
    }
    Ok(())
}

fn citizen_registration(config: &Config) -> Result<(), (&'static str, String, &'static str)> {
    let settings = &config.citizen_registration;
    if settings.per_network == 0 {
        let cure = "close it with `citizen_registration.open = false` instead; the default is 200";
        return Err(("citizen_registration.per_network", "lets nobody register".to_owned(), cure));
    }
    if settings.window.span() < Span::secs(1) || settings.window.span() > Span::days(1) {
        let what = "is shorter than a second or longer than a day".to_owned();
        return Err(("citizen_registration.window", what, "the default is 10m"));
    }
    Ok(())
}

/// A rotation is announced, waited for and waited out; faster ones would tread on each other.
fn rotation(config: &Config) -> Result<(), (&'static str, String, &'static str)> {
    match config.keys.rotate_after.0 {
        Some(time) if time.span() < Span::hours(1) => {
            let cure = "make it at least 1h, or empty for rotation by command alone; the default is 90d";
            Err(("keys.rotate_after", "is shorter than one hour".to_owned(), cure))
        }
        _ => Ok(()),
    }
}

fn session(config: &Config) -> Result<(), (&'static str, String, &'static str)> {
    let cure = "make `session.idle` at least 2m and at most `session.absolute`";
    config.session_policy().map_err(|error| ("session.idle", error, cure))?;
    let cure = "make `operators.idle` at least 2m and at most `operators.absolute`";
    config.operator_session().map(drop).map_err(|error| ("operators.idle", error, cure))
}

fn level(config: &Config) -> Result<(), (&'static str, String, &'static str)> {
    match AcrLevel::from_number(config.assurance.min_level) {
        Some(_) => Ok(()),
        None => Err(("assurance.min_level", "is not 1 to 4".to_owned(), "the default is 1")),
    }
}

fn freshness(config: &Config) -> Result<(), (&'static str, String, &'static str)> {
    let cure = "a higher level is never fresh for longer than a lower one";
    config.freshness().map(drop).map_err(|error| ("assurance.freshness.level_2", error, cure))
}

/// RFC 9106 §3.1 has the lower bounds; the upper ones keep a typing error from exhausting memory.
fn password(config: &Config) -> Result<(), (&'static str, String, &'static str)> {
    let password = &config.password;
    let least_memory = 8 * password.parallelism.max(1);
    if !(least_memory.max(7 * 1_024)..=256 * 1_024).contains(&password.memory_kib) {
        return Err(("password.memory_kib", "is outside 7168 to 262144".to_owned(), "19456 is the recommended least"));
    }
    if !(1..=10).contains(&password.iterations) || !(1..=4).contains(&password.parallelism) {
        return Err((
            "password.iterations",
            "iterations are 1 to 10 and parallelism 1 to 4".to_owned(),
            "2 and 1 are the defaults",
        ));
    }
    if password.threads > 256 {
        return Err(("password.threads", "is more than 256".to_owned(), "0 means one for each core"));
    }
    Ok(())
}

fn times(config: &Config) -> Result<(), (&'static str, String, &'static str)> {
    let limits = &config.limits;
    let cure = "an instant or no time at all closes every connection; the defaults are 5s and 10s";
    for (key, time) in [
        ("limits.first_byte_time", limits.first_byte_time),
        ("limits.header_time", limits.header_time),
        ("limits.body_time", limits.body_time),
        ("limits.upload_time", limits.upload_time),
        ("limits.write_stall_time", limits.write_stall_time),
        ("limits.request_time", limits.request_time),
        ("limits.anonymous_window", limits.anonymous_window),
        ("outbound.timeout", config.outbound.timeout),
        ("redis.budget", config.redis.budget),
    ] {
        if time.span() < Span::millis(5) || time.span() > Span::minutes(5) {
            return Err((key, "is shorter than 5ms or longer than 5m".to_owned(), cure));
        }
    }
    if limits.anonymous_posts == 0 {
        return Err(("limits.anonymous_posts", "lets nobody sign in".to_owned(), "the default is 300"));
    }
    if limits.connections == 0 || limits.connections_per_address == 0 {
        return Err(("limits.connections", "leaves no connection".to_owned(), "the defaults are 10000 and 256"));
    }
    Ok(())
}

fn registration(config: &Config) -> Result<(), (&'static str, String, &'static str)> {
    let registration = &config.registration;
    let window = registration.window.span();
    if registration.most == 0 || registration.per_network == 0 {
        let cure = "to let nobody register, say `registration.mode = \"off\"`";
        return Err(("registration.most", "most and per_network are at least 1".to_owned(), cure));
    }
    if window < Span::secs(1) || window > Span::days(1) {
        return Err(("registration.window", "is shorter than 1s or longer than 1d".to_owned(), "the default is 5m"));
    }
    Ok(())
}

fn log(config: &Config) -> Result<(), (&'static str, String, &'static str)> {
    let cure = "write error, warn, info, debug or trace, or directives like `info,dinhdanh::store=debug`";
    let parsed = config.log.level.parse::<tracing_subscriber::filter::Targets>();
    parsed.map(drop).map_err(|error| ("log.level", error.to_string(), cure))
}

fn tls(config: &Config) -> Result<(), (&'static str, String, &'static str)> {
    let tls = &config.tls;
    if tls.cert_file.0.is_some() != tls.key_file.0.is_some() {
        return Err((
            "tls.cert_file",
            "stands without the other".to_owned(),
            "give tls.cert_file and tls.key_file, or neither",
        ));
    }
    if tls.client_listen.0.is_some() != tls.client_url.0.is_some() {
        let cure = "give tls.client_listen and tls.client_url, or neither";
        return Err(("tls.client_listen", "stands without the other".to_owned(), cure));
    }
    if tls.client_listen.0.is_some() && tls.cert_file.0.is_none() {
        let cure = "name the service's own certificate and key in tls.cert_file and tls.key_file";
        return Err(("tls.client_listen", "needs a certificate of its own".to_owned(), cure));
    }
    if tls.client_cert_header && config.trusted_proxies.0.is_empty() {
        return Err(("tls.client_cert_header", "believes nobody".to_owned(), "name the proxies in trusted_proxies"));
    }
    let is_base = |url: &String| {
        Url::parse(url).is_ok_and(|url| url.scheme() == "https" && url.path() == "/" && url.query().is_none())
    };
    if tls.client_url.0.as_ref().is_some_and(|url| !is_base(url)) {
        return Err(("tls.client_url", "is not https://HOST:PORT".to_owned(), "no path, no query"));
    }
    Ok(())
}

impl Config {
    pub fn is_https(&self) -> bool {
        self.issuer.starts_with("https://")
    }

    pub fn db_settings(&self) -> DbSettings {
        let read_connections = match self.database.read_connections {
            0 if self.database.url.starts_with("sqlite:") => {
                u32::try_from(cores()).unwrap_or(u32::MAX).saturating_add(1)
            }
            0 => 8,
            chosen => chosen,
        };
        DbSettings {
            url: self.database.url.clone(),
            read_connections,
            postgres_lanes: self.database.postgres_lanes,
            notices_restores: self.database.restores == Restores::Noticed,
        }
    }

    pub fn session_policy(&self) -> Result<SessionPolicy, String> {
        SessionPolicy::new(self.session.idle.span(), self.session.absolute.span()).map_err(|error| error.to_string())
    }

    pub fn operator_session(&self) -> Result<SessionPolicy, String> {
        let operators = &self.operators;
        SessionPolicy::new(operators.idle.span(), operators.absolute.span()).map_err(|error| error.to_string())
    }

    pub fn citizen_registration(&self) -> flows::CitizenRegistration {
        let settings = &self.citizen_registration;
        let attempts = Rate { burst: settings.per_network, per: settings.window.span() };
        if settings.open { flows::CitizenRegistration::Open { attempts } } else { flows::CitizenRegistration::Closed }
    }

    /// Tokens that are verified by signature alone live at most as long as the longest of these.
    pub fn key_plan(&self) -> KeyPlan {
        let longest_token = self.lifetimes.access_token.span().max(self.lifetimes.id_token.span());
        let rotate_after = self.keys.rotate_after.0.map(Time::span);
        KeyPlan { schedule: Schedule { longest_token, ..Schedule::default() }, rotate_after }
    }

    pub fn freshness(&self) -> Result<Freshness, String> {
        let super::Freshness { level_2, level_3, level_4 } = &self.assurance.freshness;
        Freshness::new(level_2.span(), level_3.span(), level_4.span()).map_err(|error| error.to_string())
    }

    pub fn proxies(&self) -> Proxies {
        let header = match self.forwarded_header {
            ForwardedHeader::XForwardedFor => ForwardedBy::XForwardedFor,
            ForwardedHeader::Forwarded => ForwardedBy::Forwarded,
        };
        Proxies { trusted: Networks(self.trusted_proxies.0.clone()), header }
    }

    pub fn metrics_networks(&self) -> Networks {
        Networks(self.metrics.allow.0.clone())
    }

    pub fn server_settings(&self) -> ServerSettings {
        let limits = &self.limits;
        ServerSettings {
            first_byte: limits.first_byte_time.duration(),
            header: limits.header_time.duration(),
            write_stall: limits.write_stall_time.duration(),
            max_header_bytes: limits.header_bytes,
            max_connections: limits.connections,
            max_connections_per_address: limits.connections_per_address,
            uncapped: Networks(self.trusted_proxies.0.clone()),
            drain: self.shutdown.drain.duration(),
            tls: None,
        }
    }

    pub fn anonymous_posts(&self) -> Rate {
        Rate { burst: self.limits.anonymous_posts, per: self.limits.anonymous_window.span() }
    }

    /// `certificates` reads what proxies pass on; the clock tells whether they are valid.
    pub fn edge_settings(&self, reader: CertificateReader, clock: Clock) -> EdgeSettings {
        let limits = &self.limits;
        let believed = if self.tls.client_cert_header { self.trusted_proxies.0.clone() } else { Vec::new() };
        EdgeSettings {
            certificates: CertificateHeaders { believed: Networks(believed), reader, clock },
            proxies: self.proxies(),
            body_bytes: limits.body_bytes,
            token_body_bytes: limits.token_body_bytes,
            upload_bytes: limits.upload_bytes,
            upload_time: limits.upload_time.duration(),
            body_time: limits.body_time.duration(),
            request_time: limits.request_time.duration(),
            places: Places {
                token: limits.token_places,
                interactive: limits.interactive_places,
                admin: limits.admin_places,
            },
            strict_transport: self.is_https(),
        }
    }

    /// `extra_ca_pem` is what `outbound.ca_file` holds.
    pub fn outbound_settings(&self, extra_ca_pem: Option<Vec<u8>>) -> OutboundSettings {
        let reach = match self.outbound.reach {
            OutboundReach::Public => Reach::Public,
            OutboundReach::Loopback => Reach::LoopbackToo,
            OutboundReach::Private => Reach::PrivateToo,
        };
        let timeout = self.outbound.timeout.duration();
        OutboundSettings { reach, extra_ca_pem, timeout, max_bytes: self.outbound.max_bytes }
    }

    pub fn policy(&self) -> Policy {
        let Requests { require_pushed, require_signed } = self.requests;
        let floors = self.assurance.scope_floors.0.iter().map(|entry| (entry.scope.clone(), entry.floor));
        Policy {
            issuer: self.issuer.clone(),
            min_acr: AcrLevel::from_number(self.assurance.min_level).unwrap_or(AcrLevel::Four),
            scope_floors: floors.collect(),
            must_be_pushed: require_pushed,
            must_be_signed: require_signed,
            ..Policy::default()
        }
    }

    pub fn lifetimes(&self) -> flows::Lifetimes {
        let lifetimes = &self.lifetimes;
        flows::Lifetimes {
            code: lifetimes.code.span(),
            access_token: lifetimes.access_token.span(),
            id_token: lifetimes.id_token.span(),
            refresh: lifetimes.refresh.span(),
            offline_refresh: lifetimes.refresh_offline.span(),
            device_code: lifetimes.device_code.span(),
            backchannel: Waiting {
                by_default: lifetimes.backchannel.span(),
                at_most: lifetimes.backchannel_longest.span(),
            },
            interaction: lifetimes.interaction.span(),
            pushed_request: lifetimes.pushed_request.span(),
            registration: lifetimes.registration.span(),
            phone_code: lifetimes.phone_code.span(),
            ..flows::Lifetimes::default()
        }
    }

    pub fn password_costs(&self) -> Costs {
        let password = &self.password;
        Costs { memory_kib: password.memory_kib, passes: password.iterations, lanes: password.parallelism }
    }

    /// `0` in the settings is one for each core.
    pub fn password_threads(&self) -> usize {
        match self.password.threads {
            0 => cores(),
            threads => threads,
        }
    }

    pub fn logs_json(&self) -> bool {
        self.log.format == LogFormat::Json
    }
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
