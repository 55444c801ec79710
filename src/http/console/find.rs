//! `/console/find`: looking for somebody. What was typed is posted, and the answer's address is a handle.

use axum::{
    Router,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use time::Date;

use super::{
    handle,
    view::{FindPage, FoundRow},
};
use crate::{
    base::Fault,
    flows::registry::{
        events::written,
        read_person::note_search,
        search::{Ask, Hit, search},
    },
    http::{
        errors::view::WentWrong,
        extract::{FormBody, Operator},
        paths, respond,
        state::AppState,
    },
    oidc::params::Params,
    registry::{
        BirthDate, PersonalNumber, admin_unit,
        household::ResidenceFile,
        search::{Criteria, TypedName, Within},
    },
};

pub fn routes() -> Router<AppState> {
    Router::new()
        .route(paths::CONSOLE_FIND, get(show).post(take))
        .route(&format!("{}/{{handle}}", paths::CONSOLE_FIND), get(found))
}

/// What was typed, and from where on the hits are shown.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Asked {
    typed: Typed,
    cursor: Option<String>,
}

/// What was typed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Typed {
    pub who: String,
    pub birth: String,
    pub unit: String,
    pub household: String,
    pub parent: String,
}

const MOST: usize = 30;

async fn show(State(state): State<AppState>, operator: Operator) -> Response {
    FindPage::default().render(&operator.frame(&state)).into_response()
}

async fn take(
    State(state): State<AppState>,
    operator: Operator,
    headers: HeaderMap,
    FormBody(form): FormBody,
) -> Response {
    let Some(form) = form.ok().filter(|form| operator.check(&state, &headers, form).is_ok()) else {
        return operator.foreign(&state);
    };
    let cell = |name| form.one(name).ok().flatten().unwrap_or_default().trim().chars().take(200).collect();
    let typed = Typed {
        who: cell("who"),
        birth: cell("birth"),
        unit: cell("unit"),
        household: cell("household"),
        parent: cell("parent"),
    };
    match handle::seal(&state, &operator, &Asked { typed, cursor: None }) {
        Ok(handle) => respond::see_other(&format!("{}/{handle}", paths::CONSOLE_FIND)),
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}

async fn found(State(state): State<AppState>, operator: Operator, Path(sealed): Path<String>) -> Response {
    let Some(asked) = handle::open::<Asked>(&state, &operator, &sealed) else {
        return respond::see_other(paths::CONSOLE_FIND);
    };
    if let Some(enough) = operator.read_enough(&state).await {
        return enough;
    }
    match look(&state, &operator, asked).await {
        Ok(page) => page.render(&operator.frame(&state)).into_response(),
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}

async fn look(state: &AppState, operator: &Operator, Asked { typed, cursor }: Asked) -> Result<FindPage, Fault> {
    let now = operator.visitor.now();
    let page = |hits, next, refused| FindPage { typed: typed.clone(), hits, next, refused };
    let Some(criteria) = criteria(&typed, now.vietnam_date()) else { return Ok(page(None, None, true)) };
    let mut conn = state.provider.db.read().await?;
    let asker = operator.signed.actor().as_text();
    let (sealer, entropy) = (&state.provider.secrets.sealer, &state.provider.entropy);
    let ask = Ask { most: MOST, cursor: cursor.as_deref(), asker: &asker, sealer, entropy };
    let Ok(found) = search(&mut conn, &criteria, &ask).await? else { return Ok(page(None, None, true)) };
    drop(conn);
    let ids: Vec<_> = found.hits.iter().map(|hit| hit.person.id).collect();
    note_search(&state.provider.writer, (by(&criteria), &ids), operator.signed.actor(), now).await?;
    let rows = found.hits.iter().map(|hit| row(state, operator, hit, now.vietnam_date()));
    let rows = rows.collect::<Result<_, _>>()?;
    let next = found.next.map(|cursor| {
        let asked = Asked { typed: typed.clone(), cursor: Some(cursor) };
        handle::seal(state, operator, &asked).map(|handle| format!("{}/{handle}", paths::CONSOLE_FIND))
    });
    Ok(page(Some(rows), next.transpose()?, false))
}

/// By what somebody is looked for: names of fields, for the record.
fn by(criteria: &Criteria) -> Vec<&'static str> {
    let all = [
        ("number", criteria.number.is_some()),
        ("cmnd9", criteria.cmnd9.is_some()),
        ("name", criteria.name.is_some()),
        ("birth", criteria.birth.is_some()),
        ("unit", criteria.within.is_some()),
        ("household", criteria.household.is_some()),
        ("parent", criteria.parent.is_some()),
    ];
    all.into_iter().filter(|(_, asked)| *asked).map(|(name, _)| name).collect()
}

/// None for what cannot be looked for.
fn criteria(typed: &Typed, today: Date) -> Option<Criteria> {
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let mut wanted = Criteria::default();
    if let Some(who) = filled(&typed.who) {
        let digits: String = who.chars().filter(|letter| !letter.is_whitespace()).collect();
        if digits.len() == 9 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            wanted.cmnd9 = Some(digits);
        } else if digits.bytes().next().is_some_and(|byte| byte.is_ascii_digit()) {
            wanted.number = Some(PersonalNumber::parse(&who).ok()?);
        } else {
            wanted.name = Some(TypedName::parse(&who).ok()?);
        }
    }
    if let Some(birth) = filled(&typed.birth) {
        wanted.birth = Some(BirthDate::parse(&birth).ok()?);
    }
    if let Some(unit) = filled(&typed.unit) {
        wanted.within = Some(Within::parse(&unit, today).ok()?);
    }
    if let Some(file) = filled(&typed.household) {
        wanted.household = Some(ResidenceFile::parse(&file).ok()?);
    }
    if let Some(parent) = filled(&typed.parent) {
        wanted.parent = Some(TypedName::parse(&parent).ok()?);
    }
    wanted.checked().ok()
}

fn row(state: &AppState, operator: &Operator, hit: &Hit, today: Date) -> Result<FoundRow, Fault> {
    let person = &hit.person;
    let unit = admin_unit::on(&person.commune, today);
    let birth = match person.birth {
        BirthDate::Full(day) => written(day),
        other => other.to_string(),
    };
    Ok(FoundRow {
        href: handle::of_person(state, operator, person.id)?,
        name: person.name.full().to_owned(),
        number: person.number.map(|number| number.grouped()).unwrap_or_default(),
        birth,
        sex: person.sex.code(),
        vital: person.vital.code(),
        unit: unit.map(|unit| unit.full_name.to_owned()).unwrap_or_default(),
        score: hit.score,
    })
}

/// The answer to an address that names nothing.
pub fn missing(state: &AppState, operator: &Operator) -> Response {
    let reference = operator.visitor.request_id.clone();
    respond::page(state, operator.visitor.choice(None), WentWrong::NotFound, reference, None)
}

/// The form, when it is ours.
pub fn ours(
    state: &AppState,
    operator: &Operator,
    headers: &HeaderMap,
    form: Result<Params, crate::oidc::error::OAuthError>,
) -> Option<Params> {
    form.ok().filter(|form| operator.check(state, headers, form).is_ok())
}
