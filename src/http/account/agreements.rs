//! `/account/agreements`: what one agreed that portals may have, since when, and taking it back.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::HeaderMap;

use super::{
    own::{Around, Note, Own, field, shown, taken},
    view::{AgreementRow, AgreementsPage},
};
use crate::{
    base::Fault,
    flows::{
        account::agreements::{Agreement, agreements, withdraw},
        sessions::Recognised,
    },
    http::{
        extract::{FormBody, Visitor},
        frame::claims,
        lang::Lang,
        paths,
        sign_in::asker,
        state::AppState,
    },
    oidc::client_auth::client_id,
};

const PAGE: &str = "account/agreements";

pub fn routes() -> Router<AppState> {
    Router::new().route(paths::ACCOUNT_AGREEMENTS, get(show).post(take))
}

async fn show(State(state): State<AppState>, mut visitor: Visitor, headers: HeaderMap) -> Response {
    let around = Around::before(&state, &mut visitor);
    let own = Own { state: &state, visitor: &visitor, page: PAGE };
    let withdrawn = matches!(own.note(&headers), Some(Note::Withdrawn));
    let response = shown(&own, |session| async { page(&own, session, withdrawn).await }).await;
    around.after(&state, &headers, response)
}

async fn page(own: &Own<'_>, session: &Recognised, withdrawn: bool) -> Result<Response, Fault> {
    let found = agreements(&own.state.provider, session).await?;
    let frame = own.frame();
    let rows = found.into_iter().map(|agreement| row(agreement, frame.lang())).collect();
    Ok(AgreementsPage { rows, withdrawn }.render(&frame).into_response())
}

fn row(agreement: Agreement, lang: Lang) -> AgreementRow {
    let mut claims = agreement.claims;
    claims.sort_by_key(|claim| claims::place(claim));
    AgreementRow {
        client: agreement.client.id.as_str().to_owned(),
        portal: asker::name(&agreement.client, lang),
        given_at: agreement.given_at,
        claims,
        while_away: agreement.while_away,
    }
}

async fn take(
    State(state): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    FormBody(form): FormBody,
) -> Response {
    let own = Own { state: &state, visitor: &visitor, page: PAGE };
    let Ok(form) = form else { return own.foreign() };
    taken(&own, (&headers, &form), |session| async {
        let client = client_id(field(&form, "client")).filter(|_| field(&form, "action") == "withdraw");
        let withdrawn = match client {
            Some(client) => withdraw(&state.provider, session, client, own.now()).await?,
            None => false,
        };
        Ok(own.again(withdrawn.then_some(Note::Withdrawn)))
    })
    .await
}
