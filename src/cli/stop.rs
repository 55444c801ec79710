//! SIGTERM and SIGINT, caught: a service drains, and a command that writes files leaves no half of one.

use std::process::ExitCode;

use futures_util::{FutureExt as _, future::BoxFuture};
use tokio::signal::unix::{SignalKind, signal};

use super::{failure::Failure, out::Out};

/// Resolves at the first of them, with its number. From the second on the default would be to die at once, so both stay caught.
pub fn asked() -> Result<BoxFuture<'static, i32>, Failure> {
    let caught = |kind| {
        signal(kind).map_err(|error| Failure::new("signals", error.to_string(), "run it as an ordinary process"))
    };
    let (mut terminate, mut interrupt) = (caught(SignalKind::terminate())?, caught(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => SignalKind::terminate().as_raw_value(),
            _ = interrupt.recv() => SignalKind::interrupt().as_raw_value(),
        }
    }
    .boxed())
}

/// The command's own end, or the shell's status for a signal. What was not finished takes itself back as it is dropped.
pub async fn unless_asked(
    out: Out,
    command: impl Future<Output = Result<ExitCode, Failure>>,
) -> Result<ExitCode, Failure> {
    let asked = asked()?;
    tokio::select! {
        biased;
        done = command => done,
        signal = asked => {
            let cure = "run it again: a file that was being written is gone, an import goes on where it stopped";
            out.failure(&Failure::new(format!("signal {signal}"), "asked to stop before it was done", cure));
            Ok(ExitCode::from(u8::try_from(128 + signal).unwrap_or(1)))
        }
    }
}
