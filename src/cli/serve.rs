//! `serve`: the service, until it is asked to stop.

use std::{process::ExitCode, sync::Arc};

use axum::Router;

use super::{
    context::Context,
    failure::Failure,
    sms::NoGateway,
    start::{self, Assembled, Surroundings},
    telemetry,
};

/// Run the service until SIGTERM or SIGINT.
#[derive(clap::Args)]
pub struct Args {
    /// The address and port to listen on, instead of the settings'.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
}

pub async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    let flags = args.listen.map(|listen| ("--listen", "listen", listen)).into_iter().collect();
    let loaded = context.load(flags)?;
    telemetry::start_log(&loaded.config)?;
    let listener = start::listen(&loaded.config).await?;
    let around = Surroundings { sms: Arc::new(NoGateway), demo: false, more: Router::new() };
    let service = Assembled::new(context, &loaded, around).await?;
    // The port that was given, also when any free one was asked for.
    let listening = listener.local_addr().unwrap_or(loaded.config.listen);
    tracing::info!(listen = %listening, issuer = loaded.config.issuer, "serving");
    service.serve(listener).await?;
    Ok(ExitCode::SUCCESS)
}
