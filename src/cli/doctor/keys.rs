//! The signing keys: one active for each algorithm, and each readable under the key-encryption key.

use super::Finding;
use crate::{
    base::Fault,
    cli::{config::Loaded, context::Context},
    crypto::{Alg, KeyRecord},
    flows::{
        Secrets,
        keys::{Keys, record_of},
    },
    store::{Db, keys},
};

/// Clients that name no algorithm get RS256 (OIDC Registration §2), and ES256 is what ours use.
const NEEDED: [Alg; 2] = [Alg::Rs256, Alg::Es256];

pub(super) async fn check(db: &Db, loaded: &Loaded) -> Finding {
    let Ok(kek) = Context::kek(loaded) else {
        let cure = "mend the key-encryption key first";
        return Finding::bad("signing keys", "cannot be opened without the key-encryption key", cure);
    };
    match active(db, &Secrets::derive(&kek)).await {
        Ok(algs) => judged(&algs),
        Err(fault) => {
            let cure = "name the key-encryption key under which they were made, or restore the table signing_key";
            Finding::bad("signing keys", fault.to_string(), cure)
        }
    }
}

/// Those that relying parties must be able to find.
pub(super) async fn published(db: &Db) -> Result<Vec<String>, Fault> {
    let rows = keys::all(&mut db.read().await?).await?;
    let records = rows.iter().map(record_of).collect::<Result<Vec<_>, _>>()?;
    Ok(records.into_iter().filter(KeyRecord::is_published).map(|record| record.kid).collect())
}

async fn active(db: &Db, secrets: &Secrets) -> Result<Vec<Alg>, Fault> {
    let mut conn = db.read().await?;
    Ok(Keys::load(&mut conn, &secrets.sealer).await?.ring().algs())
}

fn judged(active: &[Alg]) -> Finding {
    let names = |algs: &[Alg]| algs.iter().map(|alg| alg.name()).collect::<Vec<_>>().join(", ");
    let missing: Vec<Alg> = Alg::SIGNING.into_iter().filter(|alg| !active.contains(alg)).collect();
    let cure = |algs: &[Alg]| {
        algs.iter().map(|alg| format!("`dinhdanh keys new --alg {}`", alg.name())).collect::<Vec<_>>().join(", ")
    };
    if missing.is_empty() {
        return Finding::good("signing keys", format!("active: {}", names(active)));
    }
    let saw = format!("no active key for {}", names(&missing));
    let cure = format!("run {}", cure(&missing));
    if NEEDED.iter().any(|alg| missing.contains(alg)) {
        Finding::bad("signing keys", saw, cure)
    } else {
        Finding::warning("signing keys", saw, cure)
    }
}
