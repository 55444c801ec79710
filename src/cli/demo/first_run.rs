//! The first run in a folder: keys, the record, people, accounts. Signing keys are made beside the people.

use std::{collections::HashMap, fs, io, os::unix::fs::DirBuilderExt as _, path::Path};

use futures_util::future::try_join_all;
use tokio::{runtime::Handle, task::spawn_blocking};

use super::{
    accounts::Enrolment,
    cast::{Cast, Clerk, Member},
    file::{Citizen, DemoFile, Operator, Registrable},
    layout::Layout,
    populate::Population,
};
use crate::{
    base::{Fault, ids::PersonId},
    cli::{config::Loaded, context::Context, failure::Failure},
    crypto::{Kek, KeyPurpose, PasswordPool, Schedule, Sealer, totp},
    flows::{
        Secrets,
        keys::{Haste, KeyKeeper},
        registry::PersonVault,
    },
    store::{Db, Writer, audit::Actor, migrations},
};

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Draw {
    pub seed: u64,
    pub population: u64,
}

/// Makes everything that the folder keeps. The file that it answers has no addresses yet; writing it ends the first run.
pub async fn make(context: &Context, loaded: &Loaded, layout: &Layout, draw: Draw) -> Result<DemoFile, Failure> {
    begin(layout).map_err(|error| folder(layout, &error))?;
    let kek = Kek::create(&layout.kek(), &context.entropy)
        .map_err(|error| Failure::new("--data", error.to_string(), "name another folder with --data"))?;
    let cast = Cast::of_seed(draw.seed).map_err(|fault| of_people(&fault))?;
    let db = Db::open(&loaded.config.db_settings()).await.map_err(|fault| Failure::of_database(&fault))?;
    migrations::migrate(&db).await.map_err(|fault| Failure::of_database(&fault))?;
    let writer = context.writer(&db);
    let made = fill(context, loaded, (&db, &writer), (&kek, &cast, draw)).await;
    writer.stop().await;
    db.close().await;
    made.map_err(|fault| of_people(&fault))?;
    Ok(told(&cast, draw))
}

/// The first run came to its end: what is in the folder is kept from now on.
pub fn end(layout: &Layout) -> Result<(), Failure> {
    fs::remove_file(layout.unfinished()).map_err(|error| folder(layout, &error))
}

/// A later run may be a newer binary's: the schema and the folders follow, the data stays.
pub async fn update(loaded: &Loaded, layout: &Layout) -> Result<(), Failure> {
    private(&layout.exports()).map_err(|error| folder(layout, &error))?;
    let db = Db::open(&loaded.config.db_settings()).await.map_err(|fault| Failure::of_database(&fault))?;
    let state = migrations::state(&db).await.map_err(|fault| Failure::of_database(&fault))?;
    if !state.pending.is_empty() && state.foreign.is_empty() {
        migrations::migrate(&db).await.map_err(|fault| Failure::of_database(&fault))?;
    }
    db.close().await;
    Ok(())
}

/// Whether there is nothing in the folder that an earlier run finished.
pub fn is_due(layout: &Layout) -> bool {
    layout.unfinished().exists()
        || !(layout.demo_json().exists() || layout.database().exists() || layout.kek().exists())
}

/// Clears away what an interrupted first run left; its own mark says that it is nothing else.
fn begin(layout: &Layout) -> io::Result<()> {
    for folder in [layout.folder(), &layout.imports(), &layout.exports()] {
        private(folder)?;
    }
    if layout.unfinished().exists() {
        for file in layout.made() {
            match fs::remove_file(file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    fs::write(layout.unfinished(), b"")
}

/// Files of people lie there; one that is there already keeps its mode.
fn private(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn folder(layout: &Layout, error: &io::Error) -> Failure {
    Failure::new(
        format!("--data {}", layout.folder().display()),
        error.to_string(),
        "name a folder that this user may write in",
    )
}

fn of_people(fault: &Fault) -> Failure {
    Failure::new("--data", fault.to_string(), "run it again: a first run that did not finish begins anew")
}

async fn fill(
    context: &Context,
    loaded: &Loaded,
    (db, writer): (&Db, &Writer),
    (kek, cast, draw): (&Kek, &Cast, Draw),
) -> Result<(), Fault> {
    let keys = try_join_all(KeyPurpose::ALL.map(|purpose| key(context, writer.clone(), Sealer::new(kek), purpose)));
    let people = Population {
        db,
        writer,
        vault: PersonVault::new(kek),
        clock: &context.clock,
        entropy: &context.entropy,
        seed: draw.seed,
        count: draw.population,
    };
    let (_, people) = tokio::try_join!(keys, people.bring_in(cast))?;
    enrol(context, loaded, writer, (kek, cast, &people)).await
}

/// An RSA key takes as long as everything else together: each is made on a thread of its own.
#[expect(clippy::disallowed_methods, reason = "six threads, once in a demo's life")]
async fn key(context: &Context, writer: Writer, sealer: Sealer, purpose: KeyPurpose) -> Result<(), Fault> {
    let (entropy, now, runtime) = (context.entropy.clone(), context.clock.now(), Handle::current());
    let make = move || {
        let keeper = KeyKeeper {
            writer: &writer,
            sealer: &sealer,
            entropy: &entropy,
            schedule: Schedule::default(),
            actor: Actor::Service,
        };
        runtime.block_on(keeper.make(purpose, Haste::AtOnce, now)).map(drop)
    };
    spawn_blocking(make)
        .await
        .map_err(|error| Fault::internal("making a signing key", error))?
        .map_err(|error| Fault::internal("making a signing key", error))
}

async fn enrol(
    context: &Context,
    loaded: &Loaded,
    writer: &Writer,
    (kek, cast, people): (&Kek, &Cast, &HashMap<&'static str, PersonId>),
) -> Result<(), Fault> {
    let config = &loaded.config;
    let passwords = PasswordPool::start(config.password_threads(), config.password_costs(), context.entropy.clone())
        .map_err(|error| Fault::internal("starting the password threads", error))?;
    let secrets = Secrets::derive(kek);
    let enrolment =
        Enrolment { passwords: &passwords, secrets: &secrets, entropy: &context.entropy, now: context.clock.now() };
    writer.submit(enrolment.prepare(cast, people).await?).await
}

fn told(cast: &Cast, draw: Draw) -> DemoFile {
    let citizens = |may: bool| {
        cast.members
            .iter()
            .filter(move |one| one.part.has_account() && one.part.may_sign_in() == may)
            .filter_map(citizen)
    };
    DemoFile {
        issuer: String::new(),
        helper: String::new(),
        ciba_approval: String::new(),
        seed: draw.seed,
        population: draw.population,
        portals: Vec::new(),
        resource_server: None,
        citizens: citizens(true).collect(),
        refused: citizens(false).collect(),
        registrable: cast.members.iter().filter(|one| !one.part.has_account()).filter_map(registrable).collect(),
        operators: cast.clerks.iter().map(operator).collect(),
    }
}

fn citizen(member: &Member) -> Option<Citizen> {
    let (record, own) = (&member.record, member.credentials.as_ref()?);
    Some(Citizen {
        number: record.number.as_str().to_owned(),
        name: record.name.full().to_owned(),
        birth_date: record.birth.earliest().to_string(),
        password: own.password.reveal().to_owned(),
        totp_secret: own.totp.as_ref().map(|seed| totp::base32(seed.reveal())),
        recovery_codes: own.recovery.iter().map(|code| code.reveal().to_owned()).collect(),
        account_level: if member.part.is_level_two() { "02" } else { "01" }.to_owned(),
        phone: record.phone.as_ref().map(|phone| phone.e164().to_owned()),
        email: record.email.as_ref().map(|email| email.as_str().to_owned()),
        part: member.part.code().to_owned(),
    })
}

fn registrable(member: &Member) -> Option<Registrable> {
    let record = &member.record;
    Some(Registrable {
        number: record.number.as_str().to_owned(),
        name: record.name.full().to_owned(),
        birth_date: record.birth.earliest().to_string(),
        card_issued_on: record.card.as_ref()?.issued_on.to_string(),
        phone: record.phone.as_ref()?.national(),
    })
}

fn operator(clerk: &Clerk) -> Operator {
    Operator {
        name: clerk.name.to_owned(),
        password: clerk.password.reveal().to_owned(),
        totp_secret: totp::base32(clerk.totp.reveal()),
        roles: clerk.roles.iter().map(|role| role.code().to_owned()).collect(),
    }
}
