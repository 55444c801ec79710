//! The record: there, durable, up to date, and of one mind about the time.

use std::{os::unix::fs::PermissionsExt as _, path::Path};

use sqlx::{Connection as _, PgConnection};

use super::{Finding, State, clients, keys, machine::may, serving};
use crate::{
    base::{Fault, Span},
    cli::{
        config::Loaded,
        context::{Context, must_exist},
        durability::Durability,
        failure::Failure,
        probes::SameTime,
    },
    store::{Conn, Db, audit_log, database_clock, migrations},
};

const CLOCK: &str = "clock of the database";
const ASK_AGAIN: &str = "ask again; if it stays, look at the database's own log";

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
    let mut findings: Vec<Finding> =
        file.iter().flat_map(|file| [may_not_write(file), open_to_others(file)]).flatten().collect();
    let db = match Db::open(&settings).await {
        Ok(db) => db,
        Err(fault) => {
            findings.push(Finding::bad("database", fault.to_string(), cure));
            return findings;
        }
    };
    match db.read().await {
        Ok(conn) => findings.extend(of_connection(conn, context).await),
        Err(fault) => findings.push(Finding::bad("database", fault.to_string(), cure)),
    }
    let schema = schema(&db).await;
    // Without its table the question has no answer.
    if schema.state == State::Good {
        if file.is_none() {
            findings.push(takes_writes(&settings.url).await);
        }
        findings.push(newest_event(&db, context).await);
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

/// SQLite lays its log beside the file: it writes in the folder too.
fn may_not_write(file: &Path) -> Option<Finding> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let shut = [file, folder].into_iter().find(|path| !may(path, "-w"))?;
    let saw = format!("this user may not write to {}", shut.display());
    Some(Finding::bad(
        "database file",
        saw,
        "run this as the user of the service, or give that user the file and its folder",
    ))
}

/// A standby, a server that a full disk made read-only, or a role that may only look: everything that is read works, and nobody
/// can sign in. On a connection of its own: those for reading have told the server that they only read.
async fn takes_writes(url: &str) -> Finding {
    const NAME: &str = "writing";
    const ASK: &str = "SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on', \
        has_table_privilege('audit_event', 'INSERT')";
    let asked = async {
        let mut conn = PgConnection::connect(url).await?;
        let seen: (bool, bool, bool) = sqlx::query_as(ASK).fetch_one(&mut conn).await?;
        conn.close().await?;
        Ok::<_, sqlx::Error>(seen)
    };
    match asked.await {
        Ok((true, ..)) => Finding::bad(NAME, "this server is a standby", "name the primary in database.url"),
        Ok((_, true, _)) => {
            let cure = "see why in the server's log (a full disk?); then set default_transaction_read_only to off";
            Finding::bad(NAME, "this server or database only reads", cure)
        }
        Ok((.., false)) => {
            let cure = "name the role that owns the tables in database.url, or give this one its rights";
            Finding::bad(NAME, "this role may not write in the tables", cure)
        }
        Ok(_) => Finding::good(NAME, "this server and role take writes"),
        Err(error) => of_question(NAME, &error),
    }
}

async fn of_connection(mut conn: Conn, context: &Context) -> Vec<Finding> {
    let durable = durability(&mut conn).await.unwrap_or_else(|error| of_question("durability", &error));
    let clock = clock(&mut conn, context).await.unwrap_or_else(|fault| of_question(CLOCK, &fault));
    let answers = match conn {
        Conn::Sqlite(_) => "SQLite answers",
        Conn::Postgres(_) => "PostgreSQL answers",
    };
    vec![Finding::good("database", answers), durable, clock]
}

fn of_question(check: &'static str, error: &dyn std::error::Error) -> Finding {
    Finding::bad(check, error.to_string(), ASK_AGAIN)
}

async fn durability(conn: &mut Conn) -> Result<Finding, sqlx::Error> {
    let found = Durability::of(conn).await?;
    Ok(if found.unsafe_settings.is_empty() {
        Finding::good("durability", found.saw)
    } else {
        Finding::bad("durability", found.saw.clone(), found.cure())
    })
}

/// PostgreSQL has its own, maybe on another machine.
async fn clock(conn: &mut Conn, context: &Context) -> Result<Finding, Fault> {
    let before = context.clock.now();
    let Some(theirs) = database_clock::read(conn).await? else {
        return Ok(Finding::good(CLOCK, "is this machine's"));
    };
    let after = context.clock.now();
    // Somewhere between the two readings is when the database read its own.
    let off = if theirs < before {
        before.since(theirs)
    } else if theirs > after {
        theirs.since(after)
    } else {
        Span::ZERO
    };
    let saw = format!("{} ms from ours", off.as_micros() / 1_000);
    Ok(if off > SameTime::AT_MOST {
        Finding::bad(CLOCK, saw, "set both machines by NTP: `timedatectl set-ntp true`")
    } else {
        Finding::good(CLOCK, saw)
    })
}

/// A clock that was set back judges every token, code and lock by a time that is over.
async fn newest_event(db: &Db, context: &Context) -> Finding {
    const NAME: &str = "clock of the record";
    let newest = async { audit_log::newest(&mut db.read().await?).await };
    match newest.await {
        Err(fault) => Finding::bad(NAME, fault.to_string(), ASK_AGAIN),
        Ok(None) => Finding::good(NAME, "nothing was recorded yet"),
        Ok(Some(at)) if at.since(context.clock.now()) > SameTime::AT_MOST => {
            let cure = "set the clock (`timedatectl set-ntp true`); if it is right, it was wrong when that was recorded: what was \
                        issued then ends later than it should";
            Finding::bad(NAME, format!("the newest event is of {at}, which is yet to come here"), cure)
        }
        Ok(Some(at)) => Finding::good(NAME, format!("the newest event is of {at}")),
    }
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
        Err(fault) => Finding::bad("schema", fault.to_string(), ASK_AGAIN),
    }
}
