//! Puts a service together from its settings, for `serve` and `demo`.

use std::{fs, sync::Arc, time::Duration};

use axum::Router;
use futures_util::{FutureExt as _, future::BoxFuture};
use tokio::net::TcpListener;

use super::{
    config::{Config, IssuerFile, Loaded, RegistrationMode},
    context::{Context, PATIENCE, Sealed},
    failure::Failure,
    probes::{Record, SameTime},
    stop, telemetry, tls, watch,
};
use crate::{
    assurance::Level,
    base::{Fault, ids::InstanceId},
    crypto::{CertificateReader, ParsedJwks, PasswordPool},
    flows::{
        self, Provider,
        account::{NobodyToAsk, RegistryContacts, SubscriberCheck},
        authorize::objects::Fetched,
        client_keys::ClientKeys,
        clients::Clients,
        key_schedule,
        outbox::{SmsTransport, worker},
        registry::{export_proposals, import_proposals},
        self_registration::{OpenTo, RegistrationSettings, StatementIssuer},
        upkeep,
    },
    http::{
        documents,
        edge::{self, Edge},
        errors,
        health::{self, Health, Probe},
        published::Published,
        router,
        server::{self, App, Drained, ServerSettings},
        state::AppState,
    },
    outbound::Outbound,
    store::{
        Db, Writer,
        cache::{Cache, Rate},
        changes,
    },
};

/// What `serve` and `demo` do differently.
pub struct Surroundings {
    pub sms: Arc<dyn SmsTransport>,
    /// Pages say that this is a demonstration, and tell developers which rule a request broke.
    pub demo: bool,
    /// Routes beside the service's own.
    pub more: Router<AppState>,
}

/// A service that is ready to be served.
pub struct Assembled {
    pub app: App,
    pub health: Arc<Health>,
    pub provider: Arc<Provider>,
    settings: ServerSettings,
    tls: tls::Ends,
    notice: Duration,
    /// Caught from here on: whoever hears that it serves may ask it to stop at that very moment.
    signalled: BoxFuture<'static, ()>,
}

impl Assembled {
    /// Opens the record, which must be migrated, and builds every route.
    pub async fn new(context: &Context, loaded: &Loaded, around: Surroundings) -> Result<Self, Failure> {
        let config = &loaded.config;
        let tls = tls::Ends::open(config, &context.clock)?;
        let figures = telemetry::start_metrics()?;
        tokio::spawn(telemetry::keep_metrics(figures.clone()));
        let sealed = context.open_sealed(loaded).await?;
        let db = sealed.db.clone();
        let same_time = SameTime { db: db.clone(), clock: context.clock.clone() };
        let probes: Vec<Box<dyn Probe>> = vec![Box::new(Record(db.clone())), Box::new(same_time)];
        // Before anything is loaded, so that no change falls in between.
        let seen = changes_seen(&db).await.map_err(|fault| Failure::of_database(&fault))?;
        let provider = Arc::new(provider(context, loaded, sealed)?);
        let asked = db.clone();
        let health = Arc::new(Health::new(
            probes,
            move || telemetry::render(&figures, &asked),
            config.metrics_networks(),
            config.proxies(),
        ));
        let published = Arc::new(Published::default());
        documents::publish(&published, &provider);
        tokio::spawn(watch::watch(provider.clone(), published.clone(), seen));
        tokio::spawn(worker::work(provider.clone(), around.sms, context.clock.clone()));
        tokio::spawn(upkeep::sweep_always(provider.clone(), context.clock.clone()));
        if let Some(folder) = provider.settings.import_folder.clone() {
            tokio::spawn(import_proposals::work(provider.clone(), folder, context.clock.clone()));
        }
        if let Some(folder) = provider.settings.export_folder.clone() {
            tokio::spawn(export_proposals::work(provider.clone(), folder, context.clock.clone()));
        }
        tokio::spawn(key_schedule::follow(provider.clone(), config.key_plan(), context.clock.clone()));
        // The demo's telephone company knows its synthetic people; elsewhere the registry's own contacts alone count.
        let subscribers: Arc<dyn SubscriberCheck> =
            if around.demo { Arc::new(RegistryContacts(provider.clone())) } else { Arc::new(NobodyToAsk) };
        let state = AppState::new(provider.clone(), context.clock.clone(), subscribers, around.demo);
        let router = wrapped(
            context,
            config,
            health::routes(health.clone()).merge(around.more.with_state(state.clone())),
            state,
            tls.reader.clone(),
        );
        Ok(Self {
            app: App::new(published, router),
            health,
            provider,
            settings: config.server_settings(),
            tls,
            notice: config.shutdown.notice.duration(),
            signalled: stop::asked()?.map(drop).boxed(),
        })
    }

    /// Serves until SIGTERM or SIGINT, says goodbye and drains. Every answer that was given is already committed.
    pub async fn serve(self, listener: TcpListener) -> Result<Drained, Failure> {
        let (health, notice, signalled) = (self.health, self.notice, self.signalled);
        let leave = async move {
            signalled.await;
            tracing::info!(notice_ms = millis(notice), "asked to stop");
            health.leave();
            tokio::time::sleep(notice).await;
        };
        let leave = leave.shared();
        let own = ServerSettings { tls: self.tls.own, ..self.settings.clone() };
        let main = server::serve(listener, self.app.clone(), own, leave.clone());
        let drained = match self.tls.clients {
            None => main.await,
            Some((address, tls)) => {
                let listener = server::listen(address).await.map_err(|error| {
                    Failure::new(
                        "tls.client_listen",
                        error.to_string(),
                        "stop what listens there, or choose another port",
                    )
                })?;
                let settings = ServerSettings { tls: Some(tls), ..self.settings };
                let (main, clients) = tokio::join!(main, server::serve(listener, self.app, settings, leave));
                Drained { cut: main.cut + clients.cut }
            }
        };
        tracing::info!(cut = drained.cut, "stopped");
        Ok(drained)
    }
}

/// Everything that the use cases work with, from the settings and the record.
pub fn provider(context: &Context, loaded: &Loaded, sealed: Sealed) -> Result<Provider, Failure> {
    let config = &loaded.config;
    let Sealed { db, secrets, keys, .. } = sealed;
    if keys.ring().algs().is_empty() {
        return Err(Failure::new("signing keys", "there are none that sign", "run `dinhdanh keys new`"));
    }
    let instance = InstanceId::generate(&context.entropy, context.clock.now());
    let passwords = PasswordPool::start(config.password_threads(), config.password_costs(), context.entropy.clone())
        .map_err(|error| Failure::new("password", error.to_string(), "see [password] in config/default.toml"))?;
    let settings = flows::Settings {
        issuer: config.issuer.clone(),
        lifetimes: config.lifetimes(),
        policy: config.policy(),
        freshness: config.freshness().map_err(|what| of_settings("assurance.freshness", what))?,
        session: config.session_policy().map_err(|what| of_settings("session", what))?,
        operator_session: config.operator_session().map_err(|what| of_settings("operators", what))?,
        // A third level needs a biometric factor, which no method here proves.
        highest_level: Level::Two,
        citizen_registration: config.citizen_registration(),
        anonymous_posts: config.anonymous_posts(),
        registration: registration(config)?,
        dpop_nonce_required: config.dpop.require_nonce,
        mutual_tls: tls::offered(config),
        import_folder: config.registry.import_folder.0.clone(),
        export_folder: config.registry.export_folder.0.clone(),
    };
    Ok(Provider {
        writer: Writer::start(&db, instance),
        db,
        entropy: context.entropy.clone(),
        passwords,
        secrets,
        keys,
        clients: Clients::default(),
        client_keys: ClientKeys::default(),
        request_objects: Fetched::default(),
        outbound: outbound(config)?,
        cache: cache(config)?,
        settings,
        outbox_wake: Arc::default(),
    })
}

/// The same for a command, which waits for its writes as long as it takes ([`Context::writer`]).
pub fn provider_of_command(context: &Context, loaded: &Loaded, sealed: Sealed) -> Result<Provider, Failure> {
    let provider = provider(context, loaded, sealed)?;
    Ok(Provider { writer: provider.writer.clone().with_patience(PATIENCE), ..provider })
}

async fn changes_seen(db: &Db) -> Result<(i64, i64), Fault> {
    changes::read(&mut db.read().await?).await
}

fn of_settings(key: &str, what: String) -> Failure {
    Failure::new(key, what, format!("see `{key}` in config/default.toml"))
}

fn cache(config: &Config) -> Result<Cache, Failure> {
    match &config.redis.url.0 {
        None => Ok(Cache::in_memory()),
        Some(url) => Cache::with_redis(url, config.redis.budget.duration())
            .map_err(|fault| Failure::new("redis.url", fault.to_string(), "write redis://HOST:PORT/NUMBER")),
    }
}

fn registration(config: &Config) -> Result<RegistrationSettings, Failure> {
    let registration = &config.registration;
    let cure = "name a file with a JWK Set of public keys: {\"keys\": [...]}";
    let issuer = |entry: &IssuerFile| {
        let wrong =
            |what: String| Failure::new(format!("registration.statement_issuers {}", entry.file.display()), what, cure);
        let text = fs::read(&entry.file).map_err(|error| wrong(error.to_string()))?;
        let keys = ParsedJwks::parse(&text).map_err(|error| wrong(error.to_string()))?;
        Ok(StatementIssuer { issuer: entry.issuer.clone(), keys: Arc::new(keys) })
    };
    Ok(RegistrationSettings {
        open_to: match registration.mode {
            RegistrationMode::Off => OpenTo::Nobody,
            RegistrationMode::Token => OpenTo::TokenHolders,
            RegistrationMode::Open => OpenTo::Everybody,
        },
        per_network: Rate { burst: registration.per_network, per: registration.window.span() },
        most: registration.most.into(),
        statement_issuers: registration.statement_issuers.0.iter().map(issuer).collect::<Result<_, Failure>>()?,
    })
}

pub fn outbound(config: &Config) -> Result<Outbound, Failure> {
    let cure = "name a readable PEM file in outbound.ca_file, or none";
    let extra = config.outbound.ca_file.0.as_ref().map(|path| {
        fs::read(path)
            .map_err(|error| Failure::new(format!("outbound.ca_file {}", path.display()), error.to_string(), cure))
    });
    Outbound::new(&config.outbound_settings(extra.transpose()?))
        .map_err(|fault| Failure::new("outbound.ca_file", fault.to_string(), cure))
}

fn wrapped(context: &Context, config: &Config, beside: Router, state: AppState, reader: CertificateReader) -> Router {
    let settings = config.edge_settings(reader, context.clock.clone());
    let edge = Edge::new(settings, context.entropy.clone(), errors::draw(state.clone()));
    edge::wrap(router::routes(state).merge(beside), Arc::new(edge))
}

/// Opens the port; the failure names the flag that chooses another.
pub async fn listen(config: &Config) -> Result<TcpListener, Failure> {
    server::listen(config.listen).await.map_err(|error| {
        let cure = "stop what listens there, or choose another port with --listen";
        Failure::new("listen", error.to_string(), cure)
    })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
