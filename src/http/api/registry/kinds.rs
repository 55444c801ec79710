//! `/event-kinds`: which events can be told, with the fields of each and the papers that it may rest on. From the same tables as
//! the console's forms, so that nobody has to guess a code.

use axum::response::Response;
use http::{HeaderValue, StatusCode, header::CACHE_CONTROL};
use serde_json::{Value, json};

use crate::{
    http::respond,
    registry::civil_event::{FieldKind, FieldSpec, Kind, PAPER_FIELDS},
};

/// No secret, and the same for everybody.
pub async fn kinds() -> Response {
    let told = Kind::ALL.into_iter().filter(|kind| !kind.is_internal());
    let document = json!({ "kinds": told.map(one).collect::<Vec<_>>() });
    let mut response = respond::json(StatusCode::OK, document.to_string().into_bytes());
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    response
}

fn one(kind: Kind) -> Value {
    let fields = kind.fields().iter().chain(&PAPER_FIELDS).map(|spec| field(kind, spec));
    json!({
        "kind": kind.code(), "label": kind.label().1, "label#vi": kind.label().0, "fields": fields.collect::<Vec<_>>(),
    })
}

fn field(kind: Kind, spec: &FieldSpec) -> Value {
    let choices = match spec.kind {
        FieldKind::Choice([]) => Some(kind.papers()),
        FieldKind::Choice(list) => Some(list),
        _ => None,
    };
    let choices = choices.map(|list| {
        let choice = |one: &(&str, &str, &str)| json!({ "code": one.0, "label": one.2, "label#vi": one.1 });
        list.iter().map(choice).collect::<Vec<_>>()
    });
    json!({
        "name": spec.name, "label": spec.en, "label#vi": spec.vi, "required": spec.required, "form": form(spec.kind),
        "choices": choices,
    })
}

/// How the text of a field is written.
const fn form(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Person => "twelve digits; several with commas where the field says so",
        FieldKind::Household | FieldKind::NewHousehold => "residence file number",
        FieldKind::Day => "YYYY-MM-DD",
        FieldKind::BirthDate => "YYYY-MM-DD, YYYY-MM or YYYY",
        FieldKind::Name => "name, at most 100 letters",
        FieldKind::Text => "text, at most 250 characters",
        FieldKind::Choice(_) => "one of the choices",
        FieldKind::Commune => "five digits of a commune of today",
        FieldKind::Ethnicity => "two digits of an ethnic group",
        FieldKind::Country => "two capital letters (ISO 3166-1)",
        FieldKind::Phone => "Vietnamese mobile number",
        FieldKind::Email => "e-mail address",
    }
}
