//! What other processes changed is seen within a second: registered clients and signing keys.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use crate::{
    base::Fault,
    flows::Provider,
    http::{documents, published::Published},
    store::changes,
};

const EVERY: Duration = Duration::from_millis(500);

/// Looks at the change counters for as long as the process lives. `seen` is what they were before anything was loaded.
pub async fn watch(provider: Arc<Provider>, published: Arc<Published>, mut seen: (i64, i64)) {
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        tick.tick().await;
        match look(&provider, &published, seen).await {
            Ok(now) => (seen, failing) = (now, false),
            // Once, not twice a second: /health/ready says the rest.
            Err(fault) if !failing => {
                tracing::warn!(fault = %fault, "changes of other processes cannot be seen");
                failing = true;
            }
            Err(_) => {}
        }
    }
}

async fn look(provider: &Provider, published: &Published, seen: (i64, i64)) -> Result<(i64, i64), Fault> {
    let mut conn = provider.db.read().await?;
    let now = changes::read(&mut conn).await?;
    if now.0 != seen.0 {
        provider.clients.forget();
    }
    if now.1 != seen.1 {
        provider.keys.reload(&mut conn, &provider.secrets.sealer).await?;
        documents::publish(published, provider);
        tracing::info!(algs = ?provider.keys.ring().algs(), "signing keys changed");
    }
    Ok(now)
}
