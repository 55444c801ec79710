//! `/console/flags`, `/console/system-flags`: ways of looking that somebody should ask about, and what an auditor found.

use axum::{
    Router,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
    routing::get,
};

use super::{
    event_form::officer,
    flags_view::{FlagPage, FlagRow, FlagSaid, FlagsPage},
    handle, trail,
};
use crate::{
    base::Fault,
    flows::registry::flags::{Finding, see},
    http::{
        extract::{Operator, OperatorForm, QueryParams},
        paths, respond,
        state::AppState,
    },
    oidc::params::Params,
    store::{
        flags::{self, After, FlagKey, Of, StoredFlag},
        operator_reading,
    },
};

pub fn routes() -> Router<AppState> {
    Router::new()
        .route(paths::CONSOLE_FLAGS, get(operators))
        .route(paths::CONSOLE_SYSTEM_FLAGS, get(systems))
        .route(&format!("{}/{{handle}}", paths::CONSOLE_FLAG), get(show).post(take))
}

const MOST: usize = 30;
/// One more than is shown, to know whether there is more.
const READ: i64 = 31;

async fn operators(State(state): State<AppState>, operator: Operator, QueryParams(query): QueryParams) -> Response {
    list(&state, &operator, Of::Operators, query.ok()).await
}

async fn systems(State(state): State<AppState>, operator: Operator, QueryParams(query): QueryParams) -> Response {
    list(&state, &operator, Of::Systems, query.ok()).await
}

async fn list(state: &AppState, operator: &Operator, of: Of, query: Option<Params>) -> Response {
    if let Err(denied) = trail::allowed(state, operator) {
        return *denied;
    }
    let given = |name| query.as_ref().and_then(|query| query.one(name).ok().flatten());
    let (seen, after) = (given("seen").is_some(), given("after"));
    match rows(state, operator, (of, seen), after).await {
        Ok(page) => page.render(&operator.frame(state)).into_response(),
        Err(fault) => respond::fault_for(state, &operator.visitor, &fault),
    }
}

async fn rows(
    state: &AppState,
    operator: &Operator,
    (of, seen): (Of, bool),
    after: Option<&str>,
) -> Result<FlagsPage, Fault> {
    // What was not sealed for this auditor begins at the beginning.
    let after = after.and_then(|sealed| handle::open::<After>(state, operator, sealed));
    let mut found = flags::list(&mut state.provider.db.read().await?, (of, !seen), after.as_ref(), READ).await?;
    let more = found.len() > MOST;
    found.truncate(MOST);
    let list = if of == Of::Systems { paths::CONSOLE_SYSTEM_FLAGS } else { paths::CONSOLE_FLAGS };
    let next = match found.last().filter(|_| more) {
        Some(last) => {
            let after = After { at: last.flagged_at, key: last.key.clone() };
            let sealed = handle::seal(state, operator, &after)?;
            Some(format!("{list}?{}after={sealed}", if seen { "seen=1&" } else { "" }))
        }
        None => None,
    };
    let row = |flag: StoredFlag| {
        Ok(FlagRow {
            href: format!("{}/{}", paths::CONSOLE_FLAG, handle::seal(state, operator, &flag.key)?),
            pattern: flag.pattern,
            who: flag.who,
            agency: flag.system.map(|system| system.agency),
            at: flag.flagged_at,
        })
    };
    let rows = found.into_iter().map(row).collect::<Result<_, Fault>>()?;
    Ok(FlagsPage { systems: of == Of::Systems, seen, rows, next })
}

async fn show(
    State(state): State<AppState>,
    operator: Operator,
    Path(sealed): Path<String>,
    QueryParams(query): QueryParams,
) -> Response {
    if let Err(denied) = trail::allowed(&state, &operator) {
        return *denied;
    }
    let said = query.ok().and_then(|query| FlagSaid::from_code(query.one("said").ok().flatten()?));
    let Some(key) = handle::open::<FlagKey>(&state, &operator, &sealed) else { return operator.missing(&state) };
    match page(&state, &operator, &key).await {
        Ok(Some(page)) => {
            let said = said.filter(|said| said.fits(page.seen_by.is_some()));
            FlagPage { said, ..page }.render(&operator.frame(&state)).into_response()
        }
        Ok(None) => operator.missing(&state),
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}

async fn page(state: &AppState, operator: &Operator, key: &FlagKey) -> Result<Option<FlagPage>, Fault> {
    let mut conn = state.provider.db.read().await?;
    let Some(flag) = flags::find(&mut conn, key).await? else { return Ok(None) };
    let (mut day, mut trail) = (None, None);
    if let FlagKey::Operator { operator: name, day: of, .. } = key {
        let read = operator_reading::of_day(&mut conn, name, *of).await?;
        day = Some((read.people, read.searches, read.fruitless));
        trail = Some(trail::of_day(state, operator, name, *of)?);
    }
    let own = flag.system.is_none() && flag.who == operator.signed.operator().name;
    let (seen_by, seen_at, finding) = flag
        .seen
        .map(|seen| (seen.by, seen.at, seen.finding))
        .map_or((None, None, None), |(by, at, finding)| (Some(by), Some(at), Some(finding)));
    Ok(Some(FlagPage {
        pattern: flag.pattern,
        who: flag.who,
        at: flag.flagged_at,
        system: flag.system.map(|system| (system.client.to_string(), system.agency, system.dossier)),
        day,
        trail,
        judges: seen_by.is_none() && !own,
        seen_by,
        seen_at,
        finding,
        said: None,
    }))
}

async fn take(
    State(state): State<AppState>,
    Path(sealed): Path<String>,
    OperatorForm { operator, form }: OperatorForm,
) -> Response {
    if let Err(denied) = trail::allowed(&state, &operator) {
        return *denied;
    }
    let Some(flag) = handle::open::<FlagKey>(&state, &operator, &sealed) else { return operator.missing(&state) };
    let cell = |name| form.one(name).ok().flatten().unwrap_or_default().trim();
    if cell("action") != "see" {
        return operator.foreign(&state);
    }
    let words: String = cell("finding").chars().take(500).collect();
    if words.is_empty() {
        let said = FlagSaid::FindingMissing.code();
        return respond::see_other(&format!("{}/{sealed}?said={said}", paths::CONSOLE_FLAG));
    }
    let finding = Finding { flag, by: operator.signed.operator().name.clone(), words };
    match see(&state.provider, &officer(&operator), finding, operator.visitor.now()).await {
        Ok(done) => {
            let said = if done { FlagSaid::Seen } else { FlagSaid::TooLate };
            respond::see_other(&format!("{}/{sealed}?said={}", paths::CONSOLE_FLAG, said.code()))
        }
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}
