//! `/console/flags`, `/console/system-flags`: ways of looking that somebody should ask about, and what an auditor found.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};

use super::{
    event_form::officer,
    flags_view::{FlagPage, FlagRow, FlagSaid, FlagsPage},
    handle,
    kept::{WordsForm, kept},
    trail,
};
use crate::{
    base::Fault,
    flows::{
        audit::Reader,
        registry::flags::{Finding, see},
    },
    http::{
        extract::{Operator, QueryParams, Segment},
        paths, respond,
        state::AppState,
    },
    oidc::params::Params,
    registry::operator::Role,
    store::{
        Conn,
        flags::{self, After, FlagKey, Of, StoredFlag},
        operator_reading, operators,
    },
};

pub fn routes() -> Router<AppState> {
    Router::new()
        .route(paths::CONSOLE_FLAGS, get(of_operators))
        .route(paths::CONSOLE_SYSTEM_FLAGS, get(of_systems))
        .route(&format!("{}/{{handle}}", paths::CONSOLE_FLAG), get(show).post(take))
}

const MOST: usize = 30;
/// One more than is shown, to know whether there is more.
const READ: i64 = 31;

async fn of_operators(State(state): State<AppState>, operator: Operator, QueryParams(query): QueryParams) -> Response {
    list(&state, &operator, false, query.ok()).await
}

/// Officers of systems belong to no unit of ours: they are the country's to look after.
async fn of_systems(State(state): State<AppState>, operator: Operator, QueryParams(query): QueryParams) -> Response {
    if operator.signed.operator().post.unit.is_some() {
        return operator.outside(&state);
    }
    list(&state, &operator, true, query.ok()).await
}

async fn list(state: &AppState, operator: &Operator, systems: bool, query: Option<Params>) -> Response {
    if let Err(denied) = operator.require(state, Role::Auditor) {
        return *denied;
    }
    let given = |name| query.as_ref().and_then(|query| query.one(name).ok().flatten());
    let (seen, after) = (given("seen").is_some(), given("after"));
    match rows(state, operator, (systems, seen), after).await {
        Ok(page) => page.render(&operator.frame(state)).into_response(),
        Err(fault) => respond::fault_for(state, &operator.visitor, &fault),
    }
}

async fn rows(
    state: &AppState,
    operator: &Operator,
    (systems, seen): (bool, bool),
    after: Option<&str>,
) -> Result<FlagsPage, Fault> {
    let officer = officer(operator);
    let units = officer.units(operator.visitor.now().vietnam_date());
    let of = if systems { Of::Systems } else { Of::Operators(units.as_deref()) };
    // What was not sealed for this auditor begins at the beginning.
    let after = after.and_then(|sealed| handle::open::<After>(state, operator, sealed));
    let mut found = flags::list(&mut state.provider.db.read().await?, (of, !seen), after.as_ref(), READ).await?;
    let more = found.len() > MOST;
    found.truncate(MOST);
    let list = if systems { paths::CONSOLE_SYSTEM_FLAGS } else { paths::CONSOLE_FLAGS };
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
    Ok(FlagsPage { country: units.is_none(), systems, seen, rows, next })
}

async fn show(
    State(state): State<AppState>,
    operator: Operator,
    Segment(sealed): Segment,
    QueryParams(query): QueryParams,
) -> Response {
    if let Err(denied) = operator.require(&state, Role::Auditor) {
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
    let kept = kept(state, operator).await?.owned("finding");
    let mut conn = state.provider.db.read().await?;
    let Some(flag) = theirs(&mut conn, operator, key).await? else { return Ok(None) };
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
        kept,
        said: None,
    }))
}

/// A flag of whom this auditor looks after.
async fn theirs(conn: &mut Conn, auditor: &Operator, key: &FlagKey) -> Result<Option<StoredFlag>, Fault> {
    let Some(flag) = flags::find(conn, key).await? else { return Ok(None) };
    let (officer, now) = (officer(auditor), auditor.visitor.now());
    let units = officer.units(now.vietnam_date());
    let reader = Reader { actor: &officer.actor, units: units.as_deref(), now };
    let theirs = match key {
        FlagKey::Operator { operator, .. } => {
            operators::find_by_name(conn, operator).await?.is_some_and(|found| reader.looks_after(&found))
        }
        FlagKey::System(_) => false,
    };
    Ok(Some(flag).filter(|_| theirs || units.is_none()))
}

async fn take(State(state): State<AppState>, Segment(sealed): Segment, form: WordsForm) -> Response {
    if let Err(denied) = form.operator.require(&state, Role::Auditor) {
        return *denied;
    }
    let Some(flag) = handle::open::<FlagKey>(&state, &form.operator, &sealed) else {
        return form.operator.missing(&state);
    };
    if form.own("action") != "see" {
        return form.operator.foreign(&state);
    }
    match said(&state, &form, flag).await {
        Ok(None) => form.operator.missing(&state),
        Ok(Some(said)) => respond::see_other(&format!("{}/{sealed}?said={}", paths::CONSOLE_FLAG, said.code())),
        Err(fault) => respond::fault_for(&state, &form.operator.visitor, &fault),
    }
}

async fn said(state: &AppState, form: &WordsForm, flag: FlagKey) -> Result<Option<FlagSaid>, Fault> {
    if theirs(&mut state.provider.db.read().await?, &form.operator, &flag).await?.is_none() {
        return Ok(None);
    }
    let words = form.words.owned("finding");
    if words.is_empty() {
        return form.keep(state).await.map(|()| Some(FlagSaid::FindingMissing));
    }
    let finding = Finding { flag, by: form.operator.signed.operator().name.clone(), words };
    if !see(&state.provider, &officer(&form.operator), finding, form.operator.visitor.now()).await? {
        return form.keep(state).await.map(|()| Some(FlagSaid::TooLate));
    }
    form.forget(state).await.map(|()| Some(FlagSaid::Seen))
}
