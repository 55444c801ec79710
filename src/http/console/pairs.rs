//! `/console/pairs`: records that may be one person, two of them side by side, and what an officer finds.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};

use super::{
    event_draft::Draft,
    event_form::officer,
    handle,
    kept::{WordsForm, kept},
    pairs_view::{PairPage, PairRow, PairSaid, PairSide, PairsPage, ReasonRow, SideRow},
};
use crate::{
    base::{Fault, ids::PersonId},
    flows::registry::{
        drafts,
        duplicates::DecideDifferent,
        events::side_by_side::{SideBySide, side_by_side},
        read_person::note_reading,
    },
    http::{
        extract::{Operator, QueryParams, Segment},
        paths, respond,
        state::AppState,
    },
    registry::{
        civil_event::{Kind, Values},
        operator::Role,
    },
    store::duplicates::{self, AfterPair, StoredPair},
};

type Pair = (PersonId, PersonId);

pub fn routes() -> Router<AppState> {
    Router::new()
        .route(paths::CONSOLE_PAIRS, get(list))
        .route(&format!("{}/{{handle}}", paths::CONSOLE_PAIRS), get(show).post(take))
}

const MOST: usize = 50;
/// One more than is shown, to know whether there is more.
const READ: i64 = 51;

/// Who works with records may look at likenesses.
fn may(state: &AppState, operator: &Operator) -> Result<(), Box<Response>> {
    operator.require(state, Role::Registrar).or_else(|_| operator.require(state, Role::Approver))
}

async fn list(State(state): State<AppState>, operator: Operator, QueryParams(query): QueryParams) -> Response {
    if let Err(denied) = may(&state, &operator) {
        return *denied;
    }
    if let Some(enough) = operator.read_enough(&state).await {
        return enough;
    }
    let after = handle::after::<AfterPair>(&state, &operator, query.ok());
    match page_of(&state, &operator, after.unwrap_or(AfterPair::START)).await {
        Ok(page) => page.render(&operator.frame(&state)).into_response(),
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}

async fn page_of(state: &AppState, operator: &Operator, after: AfterPair) -> Result<PairsPage, Fault> {
    let officer = officer(operator);
    let mut conn = state.provider.db.read().await?;
    let mut pairs = duplicates::open_after(&mut conn, officer.unit.as_deref(), (after, READ)).await?;
    drop(conn);
    let more = pairs.len() > MOST;
    pairs.truncate(MOST);
    let ended = pairs.last().filter(|_| more).map(AfterPair::of);
    let next = ended.map(|ended| handle::next(state, operator, paths::CONSOLE_PAIRS, &ended)).transpose()?;
    let seen: Vec<PersonId> = pairs.iter().flat_map(|pair| [pair.one, pair.other]).collect();
    note_reading(&state.provider.writer, &seen, officer.actor, operator.visitor.now()).await?;
    let row = |pair: duplicates::OpenPair| {
        let sealed = handle::seal(state, operator, &(pair.one, pair.other))?;
        Ok(PairRow {
            href: format!("{}/{sealed}", paths::CONSOLE_PAIRS),
            score: pair.score,
            one: SideRow { name: pair.one_name, number: pair.one_number },
            other: SideRow { name: pair.other_name, number: pair.other_number },
            reasons: ReasonRow::all(&pair.reasons),
        })
    };
    Ok(PairsPage { rows: pairs.into_iter().map(row).collect::<Result<_, Fault>>()?, next })
}

/// The pair of an address, when one of the two is this officer's.
async fn theirs(state: &AppState, operator: &Operator, sealed: &str) -> Result<Option<StoredPair>, Fault> {
    let Some(pair) = handle::open::<Pair>(state, operator, sealed) else { return Ok(None) };
    let found = duplicates::find(&mut state.provider.db.read().await?, pair).await?;
    let (officer, today) = (officer(operator), operator.visitor.now().vietnam_date());
    let reaches = |unit: &String| !unit.is_empty() && officer.reaches(unit, today);
    Ok(found.filter(|found| officer.unit.is_none() || found.units.iter().any(reaches)))
}

async fn show(
    State(state): State<AppState>,
    operator: Operator,
    Segment(sealed): Segment,
    QueryParams(query): QueryParams,
) -> Response {
    if let Err(denied) = may(&state, &operator) {
        return *denied;
    }
    if let Some(enough) = operator.read_enough(&state).await {
        return enough;
    }
    let said = query.ok().and_then(|query| PairSaid::from_code(query.one("said").ok().flatten()?));
    let page = async {
        let Some(pair) = theirs(&state, &operator, &sealed).await? else { return Ok(None) };
        let kept = kept(&state, &operator).await?.owned("reason");
        let reader = (operator.signed.actor(), operator.visitor.now());
        let found = side_by_side(&state.provider, (pair.one, pair.other), reader).await?;
        let page = found.map(|found| page(&state, &operator, found)).transpose()?;
        Ok(page.map(|page| PairPage { kept, ..page }))
    };
    match page.await {
        Ok(Some(page)) => {
            let said = said.filter(|said| said.fits(page.open));
            PairPage { said, ..page }.render(&operator.frame(&state)).into_response()
        }
        Ok(None) => operator.missing(&state),
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}

fn page(state: &AppState, operator: &Operator, found: SideBySide) -> Result<PairPage, Fault> {
    let side = |id, record: &crate::registry::record::Record| {
        Ok::<_, Fault>(PairSide { href: handle::of_person(state, operator, id)?, name: record.name.full().to_owned() })
    };
    let (one, other) = (side(found.pair.one, &found.one)?, side(found.pair.other, &found.other)?);
    Ok(PairPage {
        score: found.pair.score,
        reasons: ReasonRow::all(&found.pair.reasons),
        one,
        other,
        lines: found.lines.into_iter().map(Into::into).collect(),
        open: found.pair.is_open(),
        note: found.pair.note,
        kept: String::new(),
        said: None,
        proposes: operator.signed.require(Role::Registrar).is_ok(),
    })
}

async fn take(State(state): State<AppState>, Segment(sealed): Segment, form: WordsForm) -> Response {
    if let Err(denied) = form.operator.require(&state, Role::Registrar) {
        return *denied;
    }
    let answered = async {
        let Some(pair) = theirs(&state, &form.operator, &sealed).await? else {
            return Ok(form.operator.missing(&state));
        };
        decided(&state, &form, &pair, &sealed).await
    };
    answered.await.unwrap_or_else(|fault| respond::fault_for(&state, &form.operator.visitor, &fault))
}

/// Where to go on: to the list after a word that they are two, to the form of the merge.
async fn decided(state: &AppState, form: &WordsForm, pair: &StoredPair, sealed: &str) -> Result<Response, Fault> {
    let (operator, one, other) = (&form.operator, pair.one, pair.other);
    let to = match form.own("action") {
        "different" => {
            let note = form.words.owned("reason");
            let missing = note.is_empty();
            let (actor, now) = (operator.signed.actor(), operator.visitor.now());
            let unit = DecideDifferent { pair: (one, other), note, actor, now };
            if missing || officer(operator).submit(&state.provider, unit, now).await? != Some(true) {
                form.keep(state).await?;
                let said = if missing { PairSaid::ReasonMissing } else { PairSaid::TooLate };
                return Ok(respond::see_other(&format!("{}/{sealed}?said={}", paths::CONSOLE_PAIRS, said.code())));
            }
            form.forget(state).await?;
            paths::CONSOLE_PAIRS.to_owned()
        }
        "keep_one" => merge(state, operator, one, other).await?,
        "keep_other" => merge(state, operator, other, one).await?,
        // A button of ours was pressed, or nothing is done.
        _ => return Ok(operator.foreign(state)),
    };
    Ok(respond::see_other(&to))
}

async fn merge(state: &AppState, operator: &Operator, keep: PersonId, merged: PersonId) -> Result<String, Fault> {
    let values: Values =
        [("keep", keep), ("merged", merged)].map(|(name, id)| (name.to_owned(), id.to_string())).into();
    let now = operator.visitor.now();
    let form = state.provider.entropy.uuid(now);
    drafts::keep(&state.provider, (operator.id(), form), &Draft::opened(values, form), now).await?;
    Ok(format!("{}/{}?draft={form}", paths::CONSOLE_PROPOSE, Kind::RecordMerge.code()))
}
