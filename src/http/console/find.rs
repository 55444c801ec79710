//! `/console/find`: looking for somebody. What was typed is posted, and the answer's address is a handle.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};
use time::Date;

use super::{
    field_problems::{FieldProblem, FieldProblems},
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
        extract::{Operator, OperatorForm, Segment},
        paths, respond,
        state::AppState,
    },
    registry::{
        BirthDate, PersonalNumber, admin_unit,
        household::ResidenceFile,
        search::{Criteria, NameWhy, SearchRefusal, TypedName, Why, Within},
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

async fn take(State(state): State<AppState>, OperatorForm { operator, form }: OperatorForm) -> Response {
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

async fn found(State(state): State<AppState>, operator: Operator, Segment(sealed): Segment) -> Response {
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
    let page = |hits, next, problems| FindPage { typed: typed.clone(), hits, next, problems: FieldProblems(problems) };
    let criteria = match criteria(&typed, now.vietnam_date()) {
        Ok(criteria) => criteria,
        Err(problems) => return Ok(page(None, None, problems)),
    };
    let mut conn = state.provider.db.read().await?;
    let asker = operator.signed.actor().as_text();
    let (sealer, entropy) = (&state.provider.secrets.sealer, &state.provider.entropy);
    let ask = Ask { most: MOST, cursor: cursor.as_deref(), asker: &asker, sealer, entropy };
    let found = match search(&mut conn, &criteria, &ask).await? {
        Ok(found) => found,
        Err(refusal) => return Ok(page(None, None, vec![("who", too_wide(refusal))])),
    };
    drop(conn);
    let ids: Vec<_> = found.hits.iter().map(|hit| hit.person.id).collect();
    note_search(&state.provider.writer, (by(&criteria), &ids), operator.signed.actor(), now).await?;
    let rows = found.hits.iter().map(|hit| row(state, operator, hit, now.vietnam_date()));
    let rows = rows.collect::<Result<_, _>>()?;
    let next = found.next.map(|cursor| {
        let asked = Asked { typed: typed.clone(), cursor: Some(cursor) };
        handle::seal(state, operator, &asked).map(|handle| format!("{}/{handle}", paths::CONSOLE_FIND))
    });
    Ok(page(Some(rows), next.transpose()?, Vec::new()))
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

/// What cannot be looked for is named by its field.
fn criteria(typed: &Typed, today: Date) -> Result<Criteria, Vec<FieldProblem>> {
    let mut wanted = Criteria::default();
    let mut problems = who(&typed.who, &mut wanted).err().map(|key| ("who", key)).into_iter().collect::<Vec<_>>();
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    if let Some(birth) = filled(&typed.birth) {
        wanted.birth = BirthDate::parse(&birth).ok();
        problems.extend(wanted.birth.is_none().then_some(("birth", "console-find-bad-birth")));
    }
    if let Some(unit) = filled(&typed.unit) {
        wanted.within = Within::parse(&unit, today).ok();
        problems.extend(wanted.within.is_none().then_some(("unit", "console-find-bad-unit")));
    }
    if let Some(file) = filled(&typed.household) {
        wanted.household = ResidenceFile::parse(&file).ok();
        problems.extend(wanted.household.is_none().then_some(("household", "console-find-bad-household")));
    }
    if let Some(parent) = filled(&typed.parent) {
        wanted.parent = TypedName::parse(&parent).ok();
        problems.extend(wanted.parent.is_none().then_some(("parent", "console-find-bad-name")));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    wanted.checked().map_err(|refusal| vec![("who", too_wide(refusal))])
}

/// A number of twelve digits or of nine, or a name; or what is wrong with it.
fn who(typed: &str, wanted: &mut Criteria) -> Result<(), &'static str> {
    let digits: String = typed.chars().filter(|letter| !letter.is_whitespace()).collect();
    let Some(first) = digits.chars().next() else { return Ok(()) };
    if digits.len() == 9 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        wanted.cmnd9 = Some(digits);
    } else if first.is_ascii_digit() {
        wanted.number = Some(PersonalNumber::parse(typed).map_err(|_| "console-find-bad-number")?);
    } else {
        wanted.name = Some(TypedName::parse(typed).map_err(|_| "console-find-bad-name")?);
    }
    Ok(())
}

/// What has to be added, or taken away, so that it can be looked for.
const fn too_wide(refusal: SearchRefusal) -> &'static str {
    match refusal {
        SearchRefusal::Nothing => "console-find-nothing",
        SearchRefusal::Cursor => "console-find-old",
        _ => "console-find-refused",
    }
}

/// Why somebody was found, in words.
const fn why(why: Why) -> &'static str {
    match why {
        Why::Number => "console-why-number",
        Why::FormerNumber => "console-why-former",
        Why::Cmnd9 => "console-why-cmnd9",
        Why::Household => "console-why-household",
        Why::Name(NameWhy::Exact) => "console-why-name",
        Why::Name(NameWhy::Tone) => "console-why-tone",
        Why::Name(NameWhy::WithoutMarks) => "console-why-unmarked",
        Why::Name(NameWhy::OtherMarks) => "console-why-marks",
        Why::Name(NameWhy::Order) => "console-why-order",
        Why::Name(NameWhy::Beginning) => "console-why-beginning",
        Why::Name(NameWhy::Part) => "console-why-part",
        Why::Name(NameWhy::Near) => "console-why-near",
        Why::BirthDate => "console-why-birth",
        Why::BirthDateInPart => "console-why-birth-part",
        Why::Unit => "console-why-unit",
        Why::Parent => "console-why-parent",
    }
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
        why: hit.why.iter().copied().map(why).collect(),
    })
}
