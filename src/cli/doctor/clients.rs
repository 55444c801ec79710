//! The relying parties: whether each stored registration still keeps to every rule, and whether there are keys for what it asks.

use super::Finding;
use crate::{
    base::Fault,
    cli::client::wrong_with,
    flows::{clients::KnownClient, offered_keys::OfferedKeys},
    store::{Db, clients},
};

/// So many are named; the rest is counted.
const NAMED: usize = 5;

pub(super) async fn check(db: &Db) -> Finding {
    match looked_at(db).await {
        Ok((all, wrong)) => judged(all, &wrong),
        Err(fault) => {
            Finding::bad("clients", fault.to_string(), "ask again; if it stays, look at the database's own log")
        }
    }
}

fn judged(all: usize, wrong: &[String]) -> Finding {
    if wrong.is_empty() {
        return Finding::good("clients", format!("{all} registered, each keeps to every rule"));
    }
    let more = wrong.len().saturating_sub(NAMED);
    let more = (more > 0).then(|| format!("and {more} more"));
    let saw = wrong.iter().take(NAMED).cloned().chain(more).collect::<Vec<_>>().join("; ");
    let cure = "mend the registration: `dinhdanh client show ID` tells it with what is wrong, and it is registered anew with \
                `dinhdanh client add`, or changed by the client itself (RFC 7592)";
    Finding::warning("clients", saw, cure)
}

/// How many there are, and what is wrong with which.
async fn looked_at(db: &Db) -> Result<(usize, Vec<String>), Fault> {
    let mut conn = db.read().await?;
    let offered = OfferedKeys::on_record(&mut conn).await?;
    let (mut all, mut wrong, mut after) = (0, Vec::new(), String::new());
    loop {
        let page = clients::list(&mut conn, &after, 200).await?;
        let Some(last) = page.last() else { break };
        last.client_id.as_str().clone_into(&mut after);
        all += page.len();
        for client in page.into_iter().filter(|client| !client.disabled) {
            let id = client.client_id.clone();
            let lacks = || {
                let known = KnownClient::of(client.clone()).ok()?;
                offered.as_ref()?.check(&known.client).err().map(|why| why.to_string())
            };
            let what = wrong_with(client.clone()).or_else(lacks);
            wrong.extend(what.map(|what| format!("{id} {what}")));
        }
    }
    Ok((all, wrong))
}
