//! `/account/uses`: which authorities asked about one's data, when, for what, and what they were told.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::HeaderMap;

use super::{
    own::{Around, Own, shown},
    view::{UseRow, UsesPage},
};
use crate::{
    base::Fault,
    flows::sessions::Recognised,
    http::{extract::Visitor, frame::Phrase, paths, sign_in::asker, state::AppState},
    store::registry_uses::{self, StoredUse},
};

const PAGE: &str = "account/uses";
/// The newest; older ones are kept for five years (Decree 69/2024 Art 28(4)) and told at the desk.
const MOST: i64 = 100;

pub fn routes() -> Router<AppState> {
    Router::new().route(paths::ACCOUNT_USES, get(show))
}

async fn show(State(state): State<AppState>, mut visitor: Visitor, headers: HeaderMap) -> Response {
    let around = Around::before(&state, &mut visitor);
    let own = Own { state: &state, visitor: &visitor, page: PAGE };
    let response = shown(&own, |session| async { page(&own, session).await }).await;
    around.after(&state, &headers, response)
}

async fn page(own: &Own<'_>, session: &Recognised) -> Result<Response, Fault> {
    let provider = &own.state.provider;
    let found = {
        let mut conn = provider.db.read().await?;
        registry_uses::of_person(&mut conn, session.account.person_id, own.now(), MOST).await?
    };
    let frame = own.frame();
    let mut uses = Vec::with_capacity(found.len());
    for used in found {
        let client = provider.clients.find(&provider.db, &used.client).await?;
        let name = client.map_or_else(|| Phrase::vi(&used.agency), |client| asker::name(&client, frame.lang()));
        uses.push(row(used, name));
    }
    Ok(UsesPage { uses }.render(&frame).into_response())
}

fn row(used: StoredUse, name: Phrase) -> UseRow {
    UseRow {
        name,
        agency: used.agency,
        at: used.at,
        purpose: Phrase::vi(&used.purpose),
        procedure: used.procedure,
        dossier: used.dossier,
        matched: used.matched,
        what: used.what,
    }
}
