//! The service's use cases on a database, with the settings it is shipped with.

use std::path::Path;

use dinhdanh::{
    base::ids::InstanceId,
    cli::{
        context::{Context, Sealed},
        failure::Failure,
        out::Out,
        start,
    },
    crypto::{Alg, Schedule},
    flows::{
        Provider,
        keys::{Haste, KeyKeeper},
    },
    store::{Writer, audit::Actor},
};

use super::Trouble;

pub async fn on(url: &str, kek: &Path) -> Result<Provider, Trouble> {
    let _the_same_again = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let flag = |setting, value: String| ("bench", setting, value);
    let flags = vec![flag("database.url", url.to_owned()), flag("kek_file", kek.display().to_string())];
    let context = Context::of_process(Out::new(false), None);
    let loaded = context.load(flags).map_err(said)?;
    let sealed = context.open_sealed(&loaded).await.map_err(said)?;
    if sealed.keys.ring().algs().is_empty() {
        make_key(&context, &sealed).await?;
    }
    let sealed = context.open_sealed(&loaded).await.map_err(said)?;
    Ok(start::provider(&context, &loaded, sealed).map_err(said)?)
}

/// A service without a key that signs does not start, and what an event tells others is signed.
async fn make_key(context: &Context, Sealed { db, secrets, .. }: &Sealed) -> Result<(), Trouble> {
    let now = context.clock.now();
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
    let lines: Vec<_> =
        failure.0.into_iter().map(|problem| format!("{}: {}; {}", problem.place, problem.what, problem.cure)).collect();
    lines.join("\n")
}
