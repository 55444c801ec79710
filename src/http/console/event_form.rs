//! `/console/propose/…`: the form of an event, made from its table of fields. What was typed is kept as a draft and comes back,
//! with every problem at its field, or with what it would change.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use uuid::Uuid;

use super::{
    event_draft::{Draft, begun, kept, mended, sent_before, source},
    event_fields::{problems, rows},
    event_view::{DifferenceRow, EventForm},
    handle,
    pairs_view::{LikelyRow, ReasonRow},
    proposals_view::Said,
};
use crate::{
    base::Fault,
    flows::registry::{
        drafts,
        events::{
            self, Officer, Proposal, Proposed, check,
            likely::{LikelyPerson, likely},
        },
        read_person::note_reading,
    },
    http::{
        extract::{LapsedForm, LongForm, Operator, OperatorForm, QueryParams, Segment, operator::sign_in_for},
        paths, respond,
        state::AppState,
    },
    oidc::params::Params,
    registry::{
        civil_event::{Kind, PAPER_FIELDS, Why},
        operator::Role,
    },
};

pub fn routes() -> Router<AppState> {
    Router::new().route(&format!("{}/{{kind}}", paths::CONSOLE_PROPOSE), get(show).post(take))
}

pub fn officer(operator: &Operator) -> Officer {
    let signed = &operator.signed;
    Officer { actor: signed.actor(), unit: signed.operator().post.unit.clone(), duty: Some(signed.duty()) }
}

async fn show(
    State(state): State<AppState>,
    operator: Operator,
    Segment(kind): Segment,
    QueryParams(query): QueryParams,
) -> Response {
    let Some(kind) = Kind::from_code(&kind) else { return operator.missing(&state) };
    if let Err(denied) = operator.require(&state, Role::Registrar) {
        return *denied;
    }
    if let Some(enough) = operator.read_enough(&state).await {
        return enough;
    }
    let query = query.ok();
    let given = |name| query.as_ref().and_then(|query| query.one(name).ok().flatten());
    match sent_before(&state, &operator, given("draft")).await {
        Ok(None) => {}
        Ok(Some(event)) => return respond::see_other(&format!("{}/{event}", paths::CONSOLE_EVENTS)),
        Err(fault) => return respond::fault_for(&state, &operator.visitor, &fault),
    }
    let draft = match (given("draft"), given("again"), given("for")) {
        (Some(form), ..) => kept(&state, &operator, form).await,
        (None, Some(event), _) => mended(&state, &operator, kind, event).await,
        (None, None, subject) => begun(&state, &operator, kind, subject).await.map(Some),
    };
    let page = match draft {
        Ok(Some(draft)) => page(&state, &operator, kind, &draft).await,
        Ok(None) => return respond::see_other(&format!("{}/{}", paths::CONSOLE_PROPOSE, kind.code())),
        Err(fault) => Err(fault),
    };
    match page {
        Ok(page) => page.render(&operator.frame(&state)).into_response(),
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}

async fn page(state: &AppState, operator: &Operator, kind: Kind, draft: &Draft) -> Result<EventForm, Fault> {
    let now = operator.visitor.now();
    let checked = if draft.new {
        None
    } else {
        Some(check(&state.provider, &officer(operator), (kind, &draft.values), now).await?)
    };
    if !matches!(checked, Some(Ok(_))) {
        // What is checked is on record; otherwise the names of whom the form names stand on the page.
        let shown = events::named(&state.provider, kind, &draft.values).await?;
        note_reading(&state.provider.writer, &shown, operator.signed.actor(), now).await?;
    }
    let (refusals, found) = match checked {
        None => (Vec::new(), None),
        Some(Ok(found)) => (Vec::new(), Some(found)),
        Some(Err(refusals)) => (refusals, None),
    };
    let fields = rows(state, kind, (&draft.values, &refusals)).await?;
    let (differences, warnings) = found.unwrap_or_default();
    let likely = if refusals.iter().any(|one| one.why == Why::LikelyThere) {
        likely_rows(state, operator, (kind, draft)).await?
    } else {
        Vec::new()
    };
    Ok(EventForm {
        kind: kind.label(),
        code: kind.code(),
        form: draft.form.to_string(),
        again: draft.again.map(|(id, version)| format!("{id}/{version}")).unwrap_or_default(),
        seen: draft.seen()?,
        other: draft.other,
        problems: problems(&fields, &refusals),
        fields,
        differences: differences.into_iter().map(DifferenceRow::from).collect(),
        warnings,
        likely,
    })
}

async fn likely_rows(
    state: &AppState,
    operator: &Operator,
    (kind, draft): (Kind, &Draft),
) -> Result<Vec<LikelyRow>, Fault> {
    let now = operator.visitor.now();
    let found = likely(&state.provider, &officer(operator), (kind, &draft.values), now).await?;
    let row = |one: LikelyPerson| {
        Ok(LikelyRow {
            href: handle::of_person(state, operator, one.id)?,
            name: one.name,
            number: one.number.unwrap_or_default(),
            score: one.likeness.score,
            reasons: ReasonRow::of(&one.likeness),
        })
    };
    found.into_iter().map(row).collect()
}

async fn take(State(state): State<AppState>, Segment(kind): Segment, form: LongForm) -> Response {
    match (Kind::from_code(&kind), form) {
        (Some(kind), LongForm::Lapsed(form)) => {
            keep(&state, kind, &form).await.unwrap_or_else(|fault| respond::fault_for(&state, &form.visitor, &fault))
        }
        (Some(kind), LongForm::Signed(OperatorForm { operator, form })) => taken(&state, &operator, kind, &form)
            .await
            .unwrap_or_else(|fault| respond::fault_for(&state, &operator.visitor, &fault)),
        (None, LongForm::Signed(OperatorForm { operator, .. })) => operator.missing(&state),
        (None, LongForm::Lapsed(_)) => respond::see_other(paths::CONSOLE_SIGN_IN),
    }
}

/// What was typed while the session ended is not lost: it is there after signing in.
async fn keep(state: &AppState, kind: Kind, form: &LapsedForm) -> Result<Response, Fault> {
    let Some(draft) = typed(kind, &form.form) else { return Ok(respond::see_other(paths::CONSOLE_SIGN_IN)) };
    drafts::keep(&state.provider, (form.operator.id, draft.form), &draft, form.visitor.now()).await?;
    Ok(respond::see_other(&sign_in_for(&address(kind, &draft))))
}

fn address(kind: Kind, draft: &Draft) -> String {
    format!("{}/{}?draft={}", paths::CONSOLE_PROPOSE, kind.code(), draft.form)
}

async fn taken(state: &AppState, operator: &Operator, kind: Kind, form: &Params) -> Result<Response, Fault> {
    if let Err(denied) = operator.require(state, Role::Registrar) {
        return Ok(*denied);
    }
    // The form's own id is what makes a second sending the same: one that is none of ours would be anybody's.
    let Some(mut draft) = typed(kind, form) else { return Ok(operator.foreign(state)) };
    if form.one("action").ok().flatten() != Some("propose") {
        return back(state, operator, kind, &draft).await;
    }
    if form.one("seen").ok().flatten() == Some(draft.seen()?.as_str()) {
        return send(state, operator, kind, &draft).await;
    }
    draft.other = true;
    back(state, operator, kind, &draft).await
}

/// None without the id that the form was given.
fn typed(kind: Kind, form: &Params) -> Option<Draft> {
    let cell = |name: &str| form.one(name).ok().flatten().unwrap_or_default().trim().to_owned();
    let names = kind.fields().iter().chain(&PAPER_FIELDS).map(|field| field.name);
    // A line more than any field takes: what is too long is said, not cut.
    let values = names.map(|name| (name.to_owned(), cell(name).chars().take(300).collect::<String>()));
    let again = cell("again");
    let again = again.split_once('/').and_then(|(id, version)| Some((id.parse().ok()?, version.parse().ok()?)));
    let form = cell("form").parse::<Uuid>().ok()?;
    Some(Draft {
        values: values.filter(|(_, value)| !value.is_empty()).collect(),
        form,
        again,
        new: false,
        other: false,
    })
}

async fn back(state: &AppState, operator: &Operator, kind: Kind, draft: &Draft) -> Result<Response, Fault> {
    drafts::keep(&state.provider, (operator.id(), draft.form), draft, operator.visitor.now()).await?;
    Ok(respond::see_other(&address(kind, draft)))
}

async fn send(state: &AppState, operator: &Operator, kind: Kind, draft: &Draft) -> Result<Response, Fault> {
    let officer = officer(operator);
    let proposal = Proposal {
        kind,
        values: draft.values.clone(),
        source: source(&officer),
        source_id: draft.form.to_string(),
        note: None,
        again: draft.again,
    };
    match events::propose(&state.provider, &officer, &proposal, operator.visitor.now()).await? {
        Proposed::Yes { event, .. } | Proposed::Known(event) => {
            Ok(respond::see_other(&format!("{}/{event}?said={}", paths::CONSOLE_EVENTS, Said::Proposed.code())))
        }
        Proposed::Differs(event) => {
            Ok(respond::see_other(&format!("{}/{event}?said={}", paths::CONSOLE_EVENTS, Said::SentBefore.code())))
        }
        Proposed::Refused(_) | Proposed::OffDuty => back(state, operator, kind, draft).await,
        Proposed::NotOpen => Ok(respond::see_other(paths::CONSOLE_MINE)),
    }
}
