//! `demo`: everything embedded in one process, for trying.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc, time::Instant};

use clap::ValueEnum as _;
use tokio::{net::TcpListener, sync::watch};
use url::Url;

use super::{
    console_sms::ConsoleSms,
    file::{DemoFile, ResourceEntry},
    first_run::{self, Draw},
    greeting::Greeting,
    guide::{self, Guide},
    hosts,
    layout::{self, Layout},
    portal::{self, Neighbour, PortalSettings},
    ports::{OpenPortal, Ports},
    registered::{self, RegisterPortals},
    resource::{self, ResourceSettings},
};
use crate::{
    base::{Fault, Secret},
    cli::{
        config::{Loaded, RegistrationMode},
        context::Context,
        failure::Failure,
        start::{Assembled, Surroundings},
        telemetry,
    },
    http::address::Networks,
};

/// Try it: a service with its own people and three portals, on this machine alone.
#[derive(clap::Args)]
pub struct Args {
    /// The folder that keeps the demo's data; made at the first run.
    #[arg(long, value_name = "FOLDER", default_value = layout::USUAL)]
    data: PathBuf,
    /// How many people the synthetic registry has; counts at the first run.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(..=10_000_000))]
    population: u64,
    /// Another seed makes other people with other passwords; counts at the first run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A loopback address and port; the portals and their API take the next ports. Port 0 takes free ones.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The public address, when a TLS proxy stands in front.
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// Who may register a client by itself (RFC 7591).
    #[arg(long, value_enum, default_value = "off")]
    registration: RegistrationMode,
}

pub async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    let begun = Instant::now();
    let ports = Ports::open(args.listen).await?;
    let layout = Layout::new(&args.data);
    let issuer = args.issuer.clone().map_or_else(|| ports.usual_issuer(), Ok)?;
    let loaded = context.load(settings(&args, &layout, &issuer, context))?;
    telemetry::start_log(&loaded.config)?;
    let mut file = people(&args, context, &loaded, &layout).await?;
    file.helper = guide::address(&file.helper, &issuer, &context.entropy);
    file.ciba_approval = format!("{}/ciba?auth_req_id={{auth_req_id}}&action={{action}}", file.helper);
    file.issuer = issuer;
    file.portals = registered::entries(&ports, &file.portals, &context.entropy);
    let resource = registered::resource_entry(&ports, file.resource_server.as_ref(), &context.entropy);
    file.resource_server = Some(resource.clone());
    let service = assemble(context, &loaded, &ports, (&file, &resource)).await?;
    file.write(&layout.demo_json()).map_err(|error| unusable(&layout, &error.to_string()))?;
    if layout.unfinished().exists() {
        first_run::end(&layout)?;
    }
    let (stop, stopping) = watch::channel(false);
    let settings = ResourceSettings {
        issuer: file.issuer.clone(),
        resource: resource.resource.clone(),
        outbound: service.provider.outbound.clone(),
        proxies: Networks::default(),
        clock: context.clock.clone(),
    };
    let mut beside = vec![start_resource(settings, ports.resource.listener, &stopping)];
    beside.extend(start_portals(context, &loaded, ports.portals, &file, &stopping));
    let greeting = Greeting {
        file: &file,
        folder: layout.folder().display().to_string(),
        ready_after: begun.elapsed().as_millis(),
    };
    context.out.answer(&file, &greeting);
    let served = service.serve(ports.provider).await;
    stop.send_replace(true);
    for task in beside {
        // One that panicked has said so in the log.
        let _ended = task.await;
    }
    served.map(|_| ExitCode::SUCCESS)
}

/// What the demo decides, over everything else that is set.
fn settings(
    args: &Args,
    layout: &Layout,
    issuer: &str,
    context: &Context,
) -> Vec<(&'static str, &'static str, String)> {
    let mut flags = layout.flags();
    flags.extend([
        ("--listen", "listen", args.listen.to_string()),
        ("--issuer", "issuer", issuer.to_owned()),
        ("--registration", "registration.mode", mode(args.registration)),
        // The portals are beside the service.
        ("demo", "outbound.reach", "loopback".to_owned()),
        ("demo", "redis.url", String::new()),
        // So that whoever tries a client gets every standard claim of a citizen who has a password only, and both types of details.
        ("demo", "assurance.scope_floors", "address=02/1,identity_check=02/1,delegation=02/1".to_owned()),
        ("demo", "log.level", "warn".to_owned()),
        ("demo", "log.format", if context.out.is_json() { "json" } else { "text" }.to_owned()),
        ("demo", "shutdown.drain", "3s".to_owned()),
    ]);
    flags
}

fn mode(mode: RegistrationMode) -> String {
    mode.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

/// Of the first run, made now; of a later one, as they are.
async fn people(args: &Args, context: &Context, loaded: &Loaded, layout: &Layout) -> Result<DemoFile, Failure> {
    if first_run::is_due(layout) {
        let draw = Draw { seed: args.seed, population: args.population };
        return first_run::make(context, loaded, layout, draw).await;
    }
    let found = DemoFile::read(&layout.demo_json()).map_err(|error| unusable(layout, &error.to_string()))?;
    let missing = "demo.json is missing: the folder is not one that a demo finished";
    let file = found.ok_or_else(|| unusable(layout, missing))?;
    first_run::update(loaded, layout).await?;
    Ok(file)
}

fn unusable(layout: &Layout, what: &str) -> Failure {
    let cure = "name another folder with --data, or remove this one to begin anew";
    Failure::new(format!("--data {}", layout.folder().display()), what, cure)
}

async fn assemble(
    context: &Context,
    loaded: &Loaded,
    ports: &Ports,
    (file, resource): (&DemoFile, &ResourceEntry),
) -> Result<Assembled, Failure> {
    let sms = Arc::new(ConsoleSms::new(context.out, context.clock.clone()));
    let guide = Guide::of(file.clone(), sms.clone())
        .ok_or_else(|| Failure::new("demo.json", "its helper address is not one of ours", "remove the data folder"))?;
    let around = Surroundings { sms, demo: true, more: guide::routes(guide) };
    let mut service = Assembled::new(context, loaded, around).await?;
    let register = RegisterPortals::new(ports, (&file.portals, resource), context.clock.now())
        .map_err(|fault| of_portals(&fault))?;
    service.provider.writer.submit(register).await.map_err(|fault| of_portals(&fault))?;
    let origin = loaded.config.issuer.clone();
    let origin = url::Url::parse(&origin).map_or(origin, |url| url.origin().ascii_serialization());
    service.app = service.app.around(|router| hosts::one_name(router, &origin));
    Ok(service)
}

fn of_portals(fault: &Fault) -> Failure {
    Failure::new("the portals' registrations", fault.to_string(), "remove the data folder to begin anew")
}

fn start_resource(
    settings: ResourceSettings,
    listener: TcpListener,
    stopping: &watch::Receiver<bool>,
) -> tokio::task::JoinHandle<()> {
    let mut stopping = stopping.clone();
    tokio::spawn(async move {
        let stop = async move {
            let _sender_gone = stopping.wait_for(|stop| *stop).await;
        };
        if let Err(fault) = resource::serve(settings, listener, stop).await {
            tracing::error!(%fault, "the resource server could not start");
        }
    })
}

fn start_portals(
    context: &Context,
    loaded: &Loaded,
    open: Vec<OpenPortal>,
    file: &DemoFile,
    stopping: &watch::Receiver<bool>,
) -> Vec<tokio::task::JoinHandle<()>> {
    let all: Vec<Neighbour> = open.iter().map(|one| Neighbour { name: one.spec.name, url: one.url.clone() }).collect();
    // A file that cannot be read has stopped the service itself already.
    let extra_ca_pem = loaded.config.outbound.ca_file.0.as_ref().and_then(|path| std::fs::read(path).ok());
    let start = |(one, entry): (OpenPortal, &super::file::PortalEntry)| {
        let settings = PortalSettings {
            portal: one.spec,
            issuer: file.issuer.clone(),
            client_id: entry.client_id.clone(),
            client_secret: Secret::new(entry.client_secret.clone()),
            neighbours: all.iter().filter(|other| other.url != one.url).cloned().collect(),
            url: one.url,
            records: file.resource_server.as_ref().and_then(|api| Url::parse(&api.url).ok()),
            extra_ca_pem: extra_ca_pem.clone(),
            clock: context.clock.clone(),
            entropy: context.entropy.clone(),
        };
        let mut stopping = stopping.clone();
        tokio::spawn(async move {
            let stop = async move {
                let _sender_gone = stopping.wait_for(|stop| *stop).await;
            };
            if let Err(fault) = portal::serve(settings, one.listener, stop).await {
                tracing::error!(%fault, "a portal could not start");
            }
        })
    };
    open.into_iter().zip(&file.portals).map(start).collect()
}
