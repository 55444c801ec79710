//! The service's use cases on a database, with the settings it is shipped with.

use std::path::Path;

use dinhdanh::{
    base::ids::InstanceId,
    cli::{context::Context, failure::Failure, out::Out, start},
    crypto::{Alg, Kek, Schedule},
    flows::{
        Provider, Secrets,
        keys::{Haste, KeyKeeper, Keys},
    },
    store::{Db, Writer, audit::Actor},
};

use super::Trouble;

pub async fn on(url: &str, kek: &Path) -> Result<Provider, Trouble> {
    let flag = |setting, value: String| ("bench", setting, value);
    let flags = vec![flag("database.url", url.to_owned()), flag("kek_file", kek.display().to_string())];
    let context = Context::of_process(Out::new(false), None);
    let loaded = context.load(flags).map_err(said)?;
    let db = context.open_migrated(&loaded).await.map_err(said)?;
    make_key(&context, &db, &Context::kek(&loaded).map_err(said)?).await?;
    Ok(start::provider(&context, &loaded, db).await.map_err(said)?)
}

/// A service without a key that signs does not start, and what an event tells others is signed.
async fn make_key(context: &Context, db: &Db, kek: &Kek) -> Result<(), Trouble> {
    let (now, secrets) = (context.clock.now(), Secrets::derive(kek));
    if !Keys::load(&mut db.read().await?, &secrets.sealer).await?.ring().algs().is_empty() {
        return Ok(());
    }
    let keeper = KeyKeeper {
        writer: &Writer::start(db, InstanceId::generate(&context.entropy, now)),
        sealer: &secrets.sealer,
        entropy: &context.entropy,
        schedule: Schedule::default(),
        actor: Actor::CommandLine,
    };
    keeper.make(Alg::Es256, Haste::AtOnce, now).await?;
    Ok(())
}

fn said(failure: Failure) -> String {
    failure.0.into_iter().map(|problem| format!("{}: {}; {}\n", problem.place, problem.what, problem.cure)).collect()
}
