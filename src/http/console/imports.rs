//! `/console/imports`: files of people, proposed by one operator and decided as a whole by another, with how far they are.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{HeaderName, HeaderValue};
use uuid::Uuid;

use super::{
    event_form::officer,
    imports_view::{ImportPage, ImportRow, ImportSaid, ImportsPage, RefusedRow, UploadSaid},
    kept::{WordsForm, kept},
};
use crate::{
    base::{Fault, hex},
    flows::registry::{
        import_proposals::{self, Word, lying},
        uploads::PREFIX,
    },
    http::{
        extract::{Named, Operator, OperatorForm, QueryParams},
        paths, respond,
        state::AppState,
    },
    registry::operator::Role,
    store::import_proposals::{self as stored, ImportState, StoredImport},
};

pub fn routes() -> Router<AppState> {
    Router::new()
        .route(paths::CONSOLE_IMPORTS, get(list).post(propose))
        .route(&format!("{}/{{id}}", paths::CONSOLE_IMPORTS), get(show).post(take))
}

const MOST: i64 = 50;
/// While somebody is at work on it, the page asks again by itself.
const AGAIN_IN: &str = "3";

/// A file may bring people of every unit: that is the country's office's business.
pub(super) fn allowed(state: &AppState, operator: &Operator, role: Option<Role>) -> Result<(), Box<Response>> {
    match role {
        Some(role) => operator.require(state, role)?,
        None => operator
            .require(state, Role::Registrar)
            .or_else(|_| operator.require(state, Role::Approver))
            .or_else(|_| operator.require(state, Role::Auditor))?,
    }
    if operator.signed.operator().post.unit.is_some() {
        return Err(Box::new(operator.outside(state)));
    }
    Ok(())
}

async fn list(State(state): State<AppState>, operator: Operator, QueryParams(query): QueryParams) -> Response {
    if let Err(denied) = allowed(&state, &operator, None) {
        return *denied;
    }
    let read = async { stored::latest(&mut state.provider.db.read().await?, MOST).await };
    match read.await {
        Ok(found) => {
            let proposes = operator.signed.require(Role::Registrar).is_ok();
            let folder = state.provider.settings.import_folder.clone();
            let mut files = if proposes { folder.as_deref().map(lying).unwrap_or_default() } else { Vec::new() };
            // What was uploaded was proposed with it.
            files.retain(|file| !file.name.starts_with(PREFIX));
            let page = ImportsPage {
                form: state.provider.entropy.uuid(operator.visitor.now()).to_string(),
                offered: proposes && folder.is_some(),
                files,
                said: query.ok().and_then(|query| UploadSaid::from_code(query.one("said").ok().flatten()?)),
                rows: found.iter().map(row).collect(),
            };
            // Not by itself while somebody chooses a file on it: what was chosen would be gone.
            let working = !page.offered && found.iter().any(|one| one.state.is_working());
            refreshed(page.render(&operator.frame(&state)).into_response(), working)
        }
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}

fn row(one: &StoredImport) -> ImportRow {
    ImportRow {
        href: format!("{}/{}", paths::CONSOLE_IMPORTS, one.id),
        file: named(one),
        state: one.state,
        by: one.proposed_by.clone(),
        at: one.proposed_at,
    }
}

/// What was uploaded bears a name of ours that says nothing to people: None.
fn named(one: &StoredImport) -> Option<String> {
    Some(one.file_name.clone()).filter(|name| !name.starts_with(PREFIX))
}

fn refreshed(mut response: Response, working: bool) -> Response {
    if working {
        response.headers_mut().insert(HeaderName::from_static("refresh"), HeaderValue::from_static(AGAIN_IN));
    }
    response
}

async fn propose(State(state): State<AppState>, OperatorForm { operator, form }: OperatorForm) -> Response {
    if let Err(denied) = allowed(&state, &operator, Some(Role::Registrar)) {
        return *denied;
    }
    let cell = |name| form.one(name).ok().flatten().unwrap_or_default();
    let (Ok(id), Some(folder)) = (cell("form").parse::<Uuid>(), state.provider.settings.import_folder.clone()) else {
        return operator.foreign(&state);
    };
    let officer = officer(&operator);
    let of = (id, &officer);
    match import_proposals::propose(&state.provider, (&folder, cell("file")), of, operator.visitor.now()).await {
        Ok(Some(id)) => respond::see_other(&format!("{}/{id}", paths::CONSOLE_IMPORTS)),
        Ok(None) => respond::see_other(paths::CONSOLE_IMPORTS),
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}

async fn show(
    State(state): State<AppState>,
    operator: Operator,
    Named(id): Named<Uuid>,
    QueryParams(query): QueryParams,
) -> Response {
    if let Err(denied) = allowed(&state, &operator, None) {
        return *denied;
    }
    let said = query.ok().and_then(|query| ImportSaid::from_code(query.one("said").ok().flatten()?));
    let read = async {
        let found = stored::find(&mut state.provider.db.read().await?, id).await?;
        Ok(found.zip(Some(kept(&state, &operator).await?.owned("reason"))))
    };
    match read.await {
        Ok(Some((found, kept))) => {
            let working = found.state.is_working();
            let page = ImportPage { kept, ..page(&operator, found, said) };
            refreshed(page.render(&operator.frame(&state)).into_response(), working)
        }
        Ok(None) => operator.missing(&state),
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}

fn page(operator: &Operator, found: StoredImport, said: Option<ImportSaid>) -> ImportPage {
    let own = found.proposed_by == operator.signed.actor().as_text();
    let waits = found.state == ImportState::Proposed;
    let report: Vec<serde_json::Value> = serde_json::from_str(&found.report).unwrap_or_default();
    let text = |row: &serde_json::Value, name: &str| {
        row.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
    };
    let line = |row: &serde_json::Value| row.get("line").and_then(serde_json::Value::as_u64).unwrap_or_default();
    let (likely, refused): (Vec<_>, Vec<_>) =
        report.iter().partition(|row| text(row, "code") == import_proposals::LIKELY);
    let refused = refused.into_iter().map(|row| RefusedRow {
        line: line(row),
        field: text(row, "field"),
        vi: text(row, "vi"),
        en: text(row, "en"),
    });
    ImportPage {
        file: named(&found),
        sha256: found.sha256.map(|digest| hex(&digest)),
        state: found.state,
        version: found.version,
        by: found.proposed_by,
        at: found.proposed_at,
        rehearsed: found.rehearsed,
        likely: found.likely,
        likely_lines: likely.into_iter().map(line).collect(),
        done: found.done,
        refused: refused.collect(),
        decided_by: found.decided_by,
        decided_at: found.decided_at,
        reason: found.decision_reason,
        kept: String::new(),
        failure: found.failure,
        decides: waits && !own && operator.signed.require(Role::Approver).is_ok(),
        withdraws: waits && own,
        said,
    }
}

async fn take(State(state): State<AppState>, Named(id): Named<Uuid>, form: WordsForm) -> Response {
    let role = if form.own("action") == "withdraw" { Role::Registrar } else { Role::Approver };
    if let Err(denied) = allowed(&state, &form.operator, Some(role)) {
        return *denied;
    }
    match said(&state, &form, id).await {
        Ok(Some(said)) => respond::see_other(&format!("{}/{id}?said={}", paths::CONSOLE_IMPORTS, said.code())),
        // A button of ours was pressed, or nothing is done.
        Ok(None) => form.operator.foreign(&state),
        Err(fault) => respond::fault_for(&state, &form.operator.visitor, &fault),
    }
}

async fn said(state: &AppState, form: &WordsForm, id: Uuid) -> Result<Option<ImportSaid>, Fault> {
    let reason = form.words.owned("reason");
    let word = match form.own("action") {
        "approve" => Word::Approve,
        "reject" if reason.is_empty() => return form.keep(state).await.map(|()| Some(ImportSaid::ReasonMissing)),
        "reject" => Word::Reject(reason),
        "withdraw" => Word::Withdraw,
        _ => return Ok(None),
    };
    let (officer, now) = (officer(&form.operator), form.operator.visitor.now());
    if !import_proposals::say(&state.provider, (id, form.version()), word, &officer, now).await? {
        return form.keep(state).await.map(|()| Some(ImportSaid::TooLate));
    }
    form.forget(state).await.map(|()| Some(ImportSaid::Done))
}
