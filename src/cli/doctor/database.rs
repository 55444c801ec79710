//! The record: there, durable, up to date, and of one mind about the time.

use std::{os::unix::fs::PermissionsExt as _, path::Path};

use sqlx::PgConnection;

use super::{Finding, State, clients, keys, serving};
use crate::{
    base::{Span, Timestamp},
    cli::{
        config::Loaded,
        context::{Context, must_exist},
        durability::Durability,
        failure::Failure,
    },
    store::{Conn, Db, migrations},
};

/// A replica further from the database than this would accept or refuse tokens at the wrong moment.
const DRIFT: Span = Span::secs(5);

pub(super) async fn checks(context: &Context, loaded: &Loaded) -> Vec<Finding> {
    let config = &loaded.config;
    let settings = config.db_settings();
    // Opening would create the file, and a look changes nothing.
    if let Err(Failure(problems)) = must_exist(&settings) {
        return problems.into_iter().map(|problem| Finding::of_problem("database", problem)).collect();
    }
    let file = Db::file(&settings).ok().flatten();
    let cure = match &file {
        Some(_) => {
            "see that it is a SQLite file and that this user may write in it and in its folder, or mend database.url \
             (DINHDANH_DATABASE_URL); the message above is the driver's"
        }
        None => "start the database, or mend database.url (DINHDANH_DATABASE_URL); the message above is the driver's",
    };
    let db = match Db::open(&settings).await {
        Ok(db) => db,
        Err(fault) => return vec![Finding::bad("database", fault.to_string(), cure)],
    };
    let mut findings = match db.read().await {
        Ok(conn) => of_connection(conn, context).await,
        Err(fault) => vec![Finding::bad("database", fault.to_string(), cure)],
    };
    findings.extend(file.as_deref().and_then(open_to_others));
    let schema = schema(&db).await;
    // Without its table the question has no answer.
    if schema.state == State::Good {
        findings.push(keys::check(&db, loaded).await);
        findings.push(clients::check(&db).await);
        if let Ok(kids) = keys::published(&db).await {
            findings.push(serving::check(config, &kids).await);
        }
    }
    findings.push(schema);
    db.close().await;
    findings
}

/// Only a warning: an older binary made it as the umask said.
fn open_to_others(file: &Path) -> Option<Finding> {
    let mode = file.metadata().ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then(|| {
        let saw = format!("{} is open to others on this machine (mode {mode:04o})", file.display());
        Finding::warning("database file", saw, format!("run `chmod 600 {}*`", file.display()))
    })
}

async fn of_connection(mut conn: Conn, context: &Context) -> Vec<Finding> {
    let durable = or_bad("durability", durability(&mut conn).await);
    let (answers, clock) = match &mut conn {
        Conn::Sqlite(_) => ("SQLite answers", Finding::good("clock of the database", "is this machine's")),
        Conn::Postgres(conn) => {
            ("PostgreSQL answers", or_bad("clock of the database", postgres_clock(conn, context).await))
        }
    };
    vec![Finding::good("database", answers), durable, clock]
}

fn or_bad(check: &'static str, seen: Result<Finding, sqlx::Error>) -> Finding {
    seen.unwrap_or_else(|error| {
        Finding::bad(check, error.to_string(), "ask again; if it stays, look at the database's own log")
    })
}

async fn durability(conn: &mut Conn) -> Result<Finding, sqlx::Error> {
    let found = Durability::of(conn).await?;
    Ok(if found.unsafe_settings.is_empty() {
        Finding::good("durability", found.saw)
    } else {
        Finding::bad("durability", found.saw.clone(), found.cure())
    })
}

async fn postgres_clock(conn: &mut PgConnection, context: &Context) -> Result<Finding, sqlx::Error> {
    let before = context.clock.now();
    let (micros,): (i64,) =
        sqlx::query_as("SELECT (extract(epoch from clock_timestamp()) * 1000000)::bigint").fetch_one(conn).await?;
    let after = context.clock.now();
    let theirs = Timestamp::from_micros(micros);
    // Somewhere between the two readings is when the database read its own.
    let off = if theirs < before {
        before.since(theirs)
    } else if theirs > after {
        theirs.since(after)
    } else {
        Span::ZERO
    };
    let saw = format!("{} ms from ours", off.as_micros() / 1_000);
    Ok(if off > DRIFT {
        Finding::bad("clock of the database", saw, "set both machines by NTP: `timedatectl set-ntp true`")
    } else {
        Finding::good("clock of the database", saw)
    })
}

async fn schema(db: &Db) -> Finding {
    match migrations::state(db).await {
        Ok(state) if !state.foreign.is_empty() => {
            let saw = format!("unknown to this binary: {}", state.foreign.join(", "));
            Finding::bad("schema", saw, "run the newest binary that has run on this database")
        }
        Ok(state) if !state.pending.is_empty() => {
            Finding::bad("schema", format!("pending: {}", state.pending.join(", ")), "run `dinhdanh migrate`")
        }
        Ok(state) => Finding::good("schema", format!("{} migrations, all applied", state.applied.len())),
        Err(fault) => {
            Finding::bad("schema", fault.to_string(), "ask again; if it stays, look at the database's own log")
        }
    }
}
