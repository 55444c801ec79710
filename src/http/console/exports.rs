//! `/console/exports`, `/console/exports/{id}`: a selection of people leaves the registry by two operators' word, as a file that
//! is fetched once by who proposed it.

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use futures_util::stream;
use http::{
    HeaderName, HeaderValue,
    header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE},
};
use tokio::io::AsyncReadExt as _;
use uuid::Uuid;

use super::{
    event_form::officer,
    exports_view::{ExportPage, ExportProblem, ExportRow, ExportSaid, ExportsPage},
    field_problems::FieldProblems,
    kept::{Words, WordsForm, kept},
};
use crate::{
    base::{Fault, hex},
    flows::registry::{
        events::decide::may_decide,
        export_proposals::{self, Fetched, LEAST_REASON, Wanted, is_over},
        import_proposals::Word,
        source_file::Format,
    },
    http::{
        extract::{Named, Operator, QueryParams},
        paths, respond,
        state::AppState,
    },
    registry::{admin_unit, operator::Role, search::Within},
    store::export_proposals::{self as stored, ExportState, StoredExport},
};

pub fn routes() -> Router<AppState> {
    Router::new()
        .route(paths::CONSOLE_EXPORTS, get(list).post(propose))
        .route(&format!("{}/{{id}}", paths::CONSOLE_EXPORTS), get(show).post(take))
}

const MOST: i64 = 50;
/// While the file is being written, its page asks again by itself.
const AGAIN_IN: &str = "3";
/// How much of a file is in memory on its way.
const PIECE: usize = 64 * 1024;

async fn list(State(state): State<AppState>, operator: Operator, QueryParams(query): QueryParams) -> Response {
    let said = query.ok().and_then(|query| query.one("said").ok().flatten().map(str::to_owned));
    let wrong = ExportProblem::ALL.into_iter().filter(|wrong| said.as_deref() == Some(wrong.code()));
    let problems = FieldProblems(wrong.map(ExportProblem::at_field).collect());
    match overview(&state, &operator, problems).await {
        Ok(page) => page.render(&operator.frame(&state)).into_response(),
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}

async fn overview(state: &AppState, operator: &Operator, problems: FieldProblems) -> Result<ExportsPage, Fault> {
    let (officer, now) = (officer(operator), operator.visitor.now());
    let units = officer.units(now.vietnam_date());
    let found = stored::latest(&mut state.provider.db.read().await?, units.as_deref(), MOST).await?;
    let words = kept(state, operator).await?;
    Ok(ExportsPage {
        form: state.provider.entropy.uuid(now).to_string(),
        offered: state.provider.settings.export_folder.is_some() && operator.signed.require(Role::Registrar).is_ok(),
        unit: words.owned("unit"),
        format: format_of(&words).unwrap_or(Format::Csv).ending(),
        sensitive: !words.get("sensitive").is_empty(),
        reason: words.owned("reason"),
        rows: found.into_iter().map(|one| row(one, operator)).collect(),
        problems,
    })
}

fn row(one: StoredExport, operator: &Operator) -> ExportRow {
    ExportRow {
        href: format!("{}/{}", paths::CONSOLE_EXPORTS, one.id),
        unit: one.unit.as_deref().map(called),
        over: one.state == ExportState::Ready && is_over(&one, operator.visitor.now()),
        state: one.state,
        by: one.proposed_by,
        at: one.proposed_at,
    }
}

fn called(unit: &str) -> String {
    admin_unit::latest(unit).map_or_else(|| unit.to_owned(), |found| format!("{} ({unit})", found.full_name))
}

fn format_of(words: &Words) -> Option<Format> {
    [Format::Csv, Format::Ndjson, Format::Xml].into_iter().find(|format| format.ending() == words.get("format"))
}

async fn propose(State(state): State<AppState>, form: WordsForm) -> Response {
    if let Err(denied) = form.operator.require(&state, Role::Registrar) {
        return *denied;
    }
    // The form's own id is what makes a second sending the same.
    let (Ok(id), Some(_)) = (form.own("form").parse::<Uuid>(), &state.provider.settings.export_folder) else {
        return form.operator.foreign(&state);
    };
    match proposed(&state, &form, id).await {
        Ok(Ok(())) => respond::see_other(&format!("{}/{id}", paths::CONSOLE_EXPORTS)),
        Ok(Err(problem)) => respond::see_other(&format!("{}?said={}", paths::CONSOLE_EXPORTS, problem.code())),
        Err(fault) => respond::fault_for(&state, &form.operator.visitor, &fault),
    }
}

/// What is wrong is told, and what was typed stays.
async fn proposed(state: &AppState, form: &WordsForm, id: Uuid) -> Result<Result<(), ExportProblem>, Fault> {
    let wanted = match wanted(form) {
        Ok(wanted) => wanted,
        Err(problem) => return form.keep(state).await.map(|()| Err(problem)),
    };
    let (officer, now) = (officer(&form.operator), form.operator.visitor.now());
    if !export_proposals::propose(&state.provider, &officer, (id, &wanted), now).await? {
        return form.keep(state).await.map(|()| Err(ExportProblem::Elsewhere));
    }
    form.forget(state).await.map(Ok)
}

fn wanted(form: &WordsForm) -> Result<Wanted, ExportProblem> {
    let (officer, now) = (officer(&form.operator), form.operator.visitor.now());
    let unit = match form.words.get("unit") {
        // Their own part of the country.
        "" => officer.unit.clone(),
        typed => {
            let within = Within::parse(typed, now.vietnam_date()).map_err(|_| ExportProblem::Unit)?;
            Some(within.commune.unwrap_or(within.province))
        }
    };
    if !may_decide(&officer, unit.as_deref(), now) {
        return Err(ExportProblem::Elsewhere);
    }
    let reason = form.words.owned("reason");
    if reason.chars().count() < LEAST_REASON {
        return Err(ExportProblem::Reason);
    }
    let format = format_of(&form.words).ok_or(ExportProblem::Format)?;
    Ok(Wanted { unit, format, sensitive: !form.words.get("sensitive").is_empty(), reason })
}

async fn show(
    State(state): State<AppState>,
    operator: Operator,
    Named(id): Named<Uuid>,
    QueryParams(query): QueryParams,
) -> Response {
    let said = query.ok().and_then(|query| ExportSaid::from_code(query.one("said").ok().flatten()?));
    let page = async {
        let found = export_proposals::find(&state.provider, &officer(&operator), id, operator.visitor.now()).await?;
        let Some(found) = found else { return Ok(None) };
        let reason = kept(&state, &operator).await?.owned("reason");
        Ok(Some((found.state, ExportPage { kept: reason, said, ..page(&operator, found) })))
    };
    match page.await {
        Ok(Some((state_of, page))) => {
            let mut response = page.render(&operator.frame(&state)).into_response();
            if state_of == ExportState::Approved {
                let again = (HeaderName::from_static("refresh"), HeaderValue::from_static(AGAIN_IN));
                response.headers_mut().insert(again.0, again.1);
            }
            response
        }
        Ok(None) => operator.missing(&state),
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}

fn page(operator: &Operator, found: StoredExport) -> ExportPage {
    let own = found.proposed_by == operator.signed.actor().as_text();
    let over = found.state == ExportState::Ready && is_over(&found, operator.visitor.now());
    let waits = found.state == ExportState::Proposed;
    let registrar = operator.signed.require(Role::Registrar).is_ok();
    ExportPage {
        unit: found.unit.as_deref().map(called),
        format: found.format,
        sensitive: found.sensitive,
        reason: found.reason,
        state: found.state,
        over,
        version: found.version,
        by: found.proposed_by,
        at: found.proposed_at,
        decided_by: found.decided_by,
        decided_at: found.decided_at,
        decision: found.decision_reason,
        people: found.people,
        without_number: found.without_number,
        not_alive: found.not_alive,
        sha256: found.file.as_ref().map(|file| hex(&file.sha256)),
        bytes: found.file.map_or(0, |file| file.bytes),
        until: found.ready_at.map(|ready| ready + export_proposals::FETCHED_WITHIN),
        taken_at: found.taken_at,
        decides: waits && !own && operator.signed.require(Role::Approver).is_ok(),
        withdraws: waits && own && registrar,
        fetches: found.state == ExportState::Ready && !over && own && registrar,
        kept: String::new(),
        said: None,
    }
}

async fn take(State(state): State<AppState>, Named(id): Named<Uuid>, form: WordsForm) -> Response {
    let role = match form.own("action") {
        "approve" | "reject" => Role::Approver,
        "withdraw" | "fetch" => Role::Registrar,
        // A button of ours was pressed, or nothing is done.
        _ => return form.operator.foreign(&state),
    };
    if let Err(denied) = form.operator.require(&state, role) {
        return *denied;
    }
    let answered = match form.own("action") {
        "fetch" => fetched(&state, &form.operator, id).await,
        _ => said(&state, &form, id).await.map(|said| back(id, said)),
    };
    answered.unwrap_or_else(|fault| respond::fault_for(&state, &form.operator.visitor, &fault))
}

fn back(id: Uuid, said: ExportSaid) -> Response {
    respond::see_other(&format!("{}/{id}?said={}", paths::CONSOLE_EXPORTS, said.code()))
}

async fn said(state: &AppState, form: &WordsForm, id: Uuid) -> Result<ExportSaid, Fault> {
    let reason = form.words.owned("reason");
    let word = match form.own("action") {
        "approve" => Word::Approve,
        "withdraw" => Word::Withdraw,
        _ if reason.is_empty() => return form.keep(state).await.map(|()| ExportSaid::ReasonMissing),
        _ => Word::Reject(reason),
    };
    let (officer, now) = (officer(&form.operator), form.operator.visitor.now());
    if !export_proposals::say(&state.provider, &officer, (id, form.version(), word), now).await? {
        return form.keep(state).await.map(|()| ExportSaid::TooLate);
    }
    form.forget(state).await.map(|()| ExportSaid::Done)
}

/// The file itself, piece by piece.
async fn fetched(state: &AppState, operator: &Operator, id: Uuid) -> Result<Response, Fault> {
    let Some(folder) = state.provider.settings.export_folder.clone() else { return Ok(operator.missing(state)) };
    let of = (&officer(operator), id);
    let Some(Fetched { file, stored }) =
        export_proposals::fetch(&state.provider, &folder, of, operator.visitor.now()).await?
    else {
        return Ok(back(id, ExportSaid::Gone));
    };
    let pieces = stream::try_unfold(file, |mut file| async move {
        let mut piece = vec![0; PIECE];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then_some((Bytes::from(piece), file)))
    });
    let mut response = Response::new(Body::from_stream(pieces));
    let media = match stored.format.as_str() {
        "csv" => "text/csv; charset=utf-8",
        "xml" => "application/xml",
        _ => "application/x-ndjson",
    };
    // The name says nothing of whom the file is about.
    let name = format!("attachment; filename=\"dinhdanh-{}.{}\"", operator.visitor.now().vietnam_date(), stored.format);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    headers.extend(HeaderValue::from_str(&name).ok().map(|name| (CONTENT_DISPOSITION, name)));
    headers.extend(stored.file.map(|file| (CONTENT_LENGTH, HeaderValue::from(file.bytes))));
    Ok(response)
}
