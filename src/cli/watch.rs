//! What other processes changed is seen within a second: registered clients and signing keys.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Notify, time::timeout};

use crate::{
    base::Fault,
    flows::Provider,
    http::{documents, published::Published},
    store::changes,
};

/// Also where PostgreSQL tells of changes: a wire that goes silent tells nothing.
const EVERY: Duration = Duration::from_millis(500);

/// Looks at the change counters for as long as the process lives. `seen` is what they were before anything was loaded.
pub async fn watch(provider: Arc<Provider>, published: Arc<Published>, seen: (i64, i64)) {
    let wake = Notify::new();
    tokio::join!(changes::listen(&provider.db, &wake), look_on(&provider, &published, seen, &wake));
}

async fn look_on(provider: &Provider, published: &Published, mut seen: (i64, i64), wake: &Notify) {
    let mut failing = false;
    loop {
        // Told, or not told for a while: the counters know.
        let _ = timeout(EVERY, wake.notified()).await;
        match look(provider, published, seen).await {
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
