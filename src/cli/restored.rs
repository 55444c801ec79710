//! `restored`: the database is a copy from before; what it does not know to have ended, ends.

use std::process::ExitCode;

use serde_json::json;

use super::{context::Context, failure::Failure};
use crate::flows::restored;

/// Say that the database was restored from a copy: every session, code and token ends, and people sign in again.
///
/// PostgreSQL's restores to a point in time and promotions are noticed without it (database.restores). Whatever else was done
/// since the copy was made is lost: locks, changed passwords, recorded events. The audit log of the lost time tells of them,
/// where it was sent elsewhere.
#[derive(clap::Args)]
pub struct Args {
    /// Why, for the audit log: which copy, on whose order. No personal data.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

pub async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    if args.reason.trim().is_empty() || args.reason.chars().count() > 500 {
        return Err(Failure::new(
            "--reason",
            "it is empty or longer than 500 letters",
            "say which copy, on whose order",
        ));
    }
    let loaded = context.load(Vec::new())?;
    let db = context.open_migrated(&loaded).await?;
    let now = context.clock.now();
    // It waits until everybody else has let go.
    let writer = context.writer(&db);
    let ended = restored::begin_anew(&writer, args.reason, now).await;
    writer.stop().await;
    db.close().await;
    ended.map_err(|fault| Failure::of_database(&fault))?;
    let text = "done: every session, code and token from before has ended; people and clients sign in again";
    context.out.answer(&json!({"ended": true, "not_before": now}), text.to_owned());
    Ok(ExitCode::SUCCESS)
}
