//! `/console/upload`: a file of people from an operator's own machine, streamed into the folder of imports and proposed with it.

use std::path::{Path, PathBuf};

use axum::{
    Router,
    body::Body,
    extract::{FromRequest as _, Multipart, Request, State, multipart::Field},
    response::Response,
    routing::post,
};
use http::HeaderMap;
use http_body_util::BodyExt as _;
use uuid::Uuid;

use super::{event_form::officer, imports::allowed, imports_view::UploadSaid};
use crate::{
    base::Fault,
    flows::registry::{
        import_proposals,
        source_file::Format,
        uploads::{self, Upload, Uploaded},
    },
    http::{edge::Oversize, errors::view::WentWrong, extract::Operator, paths, respond, state::AppState},
    registry::operator::Role,
};

pub fn routes() -> Router<AppState> {
    Router::new().route(paths::CONSOLE_UPLOAD, post(take))
}

/// A hidden field is short.
const MOST_TEXT: usize = 200;

async fn take(State(state): State<AppState>, operator: Operator, headers: HeaderMap, request: Request) -> Response {
    if let Err(denied) = allowed(&state, &operator, Some(Role::Registrar)) {
        return *denied;
    }
    if let Some(Oversize { most }) = request.extensions().get().copied() {
        read_away(request.into_body()).await;
        return respond::desk_page(&state, &operator.visitor, WentWrong::FileTooLarge { most });
    }
    let parts = Multipart::from_request(request, &state).await;
    let (Ok(mut parts), Some(folder)) = (parts, state.provider.settings.import_folder.clone()) else {
        return operator.foreign(&state);
    };
    // Nothing of the file is read before it is known to come from our own form.
    let token = text(&mut parts, "csrf").await;
    if token.is_none_or(|token| operator.check_token(&state, &headers, &token).is_err()) {
        return operator.foreign(&state);
    }
    let form = text(&mut parts, "form").await.and_then(|form| form.parse::<Uuid>().ok());
    let Some(form) = form else { return operator.foreign(&state) };
    match proposed(&state, &operator, &mut parts, (form, folder)).await {
        Ok(Taken::Proposed) => respond::see_other(&format!("{}/{form}", paths::CONSOLE_IMPORTS)),
        Ok(Taken::Not(said)) => respond::see_other(&format!("{}?said={}", paths::CONSOLE_IMPORTS, said.code())),
        Err(fault) => respond::fault_for(&state, &operator.visitor, &fault),
    }
}

/// So that the browser comes to the answer. What breaks off is the edge's to tell.
async fn read_away(mut body: Body) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// The next field, when it is this one and short.
async fn text(parts: &mut Multipart, name: &str) -> Option<String> {
    let mut field = parts.next_field().await.ok()??;
    if field.name() != Some(name) || field.file_name().is_some() {
        return None;
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.ok()? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MOST_TEXT {
            return None;
        }
    }
    String::from_utf8(bytes).ok()
}

enum Taken {
    Proposed,
    Not(UploadSaid),
}

async fn proposed(
    state: &AppState,
    operator: &Operator,
    parts: &mut Multipart,
    (form, folder): (Uuid, PathBuf),
) -> Result<Taken, Fault> {
    let Ok(Some(field)) = parts.next_field().await else { return Ok(Taken::Not(UploadSaid::Nothing)) };
    let called = field.file_name().unwrap_or_default();
    if field.name() != Some("file") || called.is_empty() {
        return Ok(Taken::Not(UploadSaid::Nothing));
    }
    let Some(format) = Format::of_path(Path::new(called)) else { return Ok(Taken::Not(UploadSaid::Kind)) };
    if !uploads::has_room(&folder).await {
        return Ok(Taken::Not(UploadSaid::Full));
    }
    let Some(uploaded) = written(state, operator, field, (&folder, format)).await? else {
        return Ok(Taken::Not(UploadSaid::Nothing));
    };
    let officer = officer(operator);
    let of = (form, &officer);
    let done = import_proposals::propose_uploaded(&state.provider, &uploaded, of, operator.visitor.now()).await;
    // Sent twice, or not written down: nobody decides about these bytes.
    if !matches!(done, Ok(true)) {
        uploads::forget(&folder, &uploaded.name).await;
    }
    done.map(|_| Taken::Proposed)
}

/// None when nothing came, or not to its end; what the edge found wrong about the body is told by the edge.
async fn written(
    state: &AppState,
    operator: &Operator,
    mut field: Field<'_>,
    (folder, format): (&Path, Format),
) -> Result<Option<Uploaded>, Fault> {
    let mut upload = Upload::begin(&state.provider, folder, format, operator.visitor.now()).await?;
    let mut any = false;
    loop {
        match field.chunk().await {
            Ok(Some(chunk)) => {
                any |= !chunk.is_empty();
                upload.write(&chunk).await?;
            }
            Ok(None) if any => return upload.end().await.map(Some),
            Ok(None) | Err(_) => return Ok(None),
        }
    }
}
