//! Logs and figures of the process. Nothing that names a person goes into either.

use std::{fs, io, panic, sync::OnceLock, time::Duration};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{
    filter::{ParseError, Targets},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use super::{config::Config, failure::Failure, log::Log};
use crate::store::Db;

/// Seconds; from a document out of memory to a password hashed behind a queue.
const BUCKETS: &[f64] = &[0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

static LOG: OnceLock<Log> = OnceLock::new();

/// The last thing that a process does: what it said is written, if anybody still reads it.
pub fn finish_log() {
    if let Some(log) = LOG.get() {
        log.finish(Duration::from_secs(2));
    }
}

/// Starts the log on standard output. A second call in one process changes nothing.
pub fn start_log(config: &Config) -> Result<(), Failure> {
    let filter: Targets = config.log.level.parse().map_err(|error: ParseError| {
        Failure::new("log.level", error.to_string(), "write error, warn, info, debug or trace")
    })?;
    let log = match LOG.get() {
        Some(log) => log.clone(),
        None => {
            let log = Log::to(io::stdout())
                .map_err(|error| Failure::new("log", error.to_string(), "allow the process another thread"))?;
            LOG.get_or_init(|| log).clone()
        }
    };
    let registry = tracing_subscriber::registry().with(filter);
    let _already_started = if config.logs_json() {
        registry.with(fmt::layer().with_writer(log).json().flatten_event(true).with_span_list(false)).try_init()
    } else {
        registry.with(fmt::layer().with_writer(log)).try_init()
    };
    log_panics();
    Ok(())
}

/// Where a panic happened, through the log. Its message only when it is a literal: a formatted one may hold anything.
fn log_panics() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let message = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("(formatted message withheld)");
        tracing::error!(place, message, "panic");
    }));
}

/// Starts counting, once a process; the same figures to every caller.
pub fn start_metrics() -> Result<PrometheusHandle, Failure> {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let failed = |error: String| Failure::new("metrics", error, "start one service in a process");
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), BUCKETS)
        .map_err(|error| failed(error.to_string()))?
        .build_recorder();
    let handle = HANDLE.get_or_init(|| recorder.handle()).clone();
    let _already_counting = metrics::set_global_recorder(recorder);
    Ok(handle)
}

/// Folds samples into buckets now and then: without it they pile up until somebody reads them.
pub async fn keep_metrics(handle: PrometheusHandle) {
    loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        handle.run_upkeep();
    }
}

/// The figures as Prometheus reads them, the process's own among them.
pub fn render(handle: &PrometheusHandle, db: &Db) -> String {
    metrics::counter!("dinhdanh_store_statements_total").absolute(db.statements());
    if let Some(bytes) = resident_bytes() {
        metrics::gauge!("process_resident_memory_bytes").set(bytes);
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        metrics::gauge!("process_open_fds").set(u32::try_from(files.count()).map_or(f64::INFINITY, f64::from));
    }
    handle.render()
}

fn resident_bytes() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u32 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(f64::from(kib) * 1_024.0)
}
