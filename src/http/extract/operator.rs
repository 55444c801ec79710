//! An operator who has proven both factors, for a handler of the console; anybody else is led to the console's sign-in.

use std::str::FromStr;

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Path, Request},
    response::Response,
};
use http::{HeaderMap, Method, request::Parts};

use super::{ForeignForm, FormBody, FormGuard, Visitor};
use crate::{
    base::{Fault, Timestamp, ids::OperatorId},
    flows::{
        operators::{
            SignedOperator, keep_alive, recognise,
            session::{Denied, Seen, lapsed},
        },
        registry::read_person::is_spent,
    },
    http::{
        cookies::Cookie,
        errors::view::WentWrong,
        frame::{Frame, Phrase},
        paths, respond,
        state::AppState,
    },
    oidc::params::Params,
    registry::operator::Role,
    store::operators::StoredOperator,
};

pub struct Operator {
    pub visitor: Visitor,
    pub signed: SignedOperator,
}

impl FromRequestParts<AppState> for Operator {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let visitor = Visitor::from_request_parts(parts, state).await?;
        let seen = seen(state, &parts.headers, visitor.now()).await;
        match seen.map_err(|fault| respond::fault_for(state, &visitor, &fault))? {
            Seen::Signed(signed) => {
                let kept = keep_alive(&state.provider, &signed, visitor.now()).await;
                kept.map_err(|fault| respond::fault_for(state, &visitor, &fault))?;
                Ok(Self { visitor, signed })
            }
            // What is posted here stands on no page of its own: the way leads to the desk. Everywhere else it leads back.
            _ if parts.method != Method::GET && has_no_page(parts.uri.path()) => {
                Err(respond::see_other(paths::CONSOLE_SIGN_IN))
            }
            _ => Err(respond::see_other(&sign_in_for(&visitor.here))),
        }
    }
}

/// What the operator's cookie says.
pub async fn seen(state: &AppState, headers: &HeaderMap, now: Timestamp) -> Result<Seen, Fault> {
    recognise(&state.provider, state.cookies.read(headers, Cookie::Operator), now).await
}

fn has_no_page(path: &str) -> bool {
    matches!(path, paths::CONSOLE_SIGN_OUT | paths::CONSOLE_UPLOAD)
}

/// The way to the sign-in, and from it to where they were.
pub fn sign_in_for(here: &str) -> String {
    if here == paths::CONSOLE {
        return paths::CONSOLE_SIGN_IN.to_owned();
    }
    let next: String = url::form_urlencoded::byte_serialize(here.as_bytes()).collect();
    format!("{}?next={next}", paths::CONSOLE_SIGN_IN)
}

/// A form of the console that is ours: of this browser, made for this operator.
pub struct OperatorForm {
    pub operator: Operator,
    pub form: Params,
}

impl OperatorForm {
    async fn of(operator: Operator, parts: Parts, body: Body, state: &AppState) -> Result<Self, Response> {
        let (headers, form) = read(parts, body, state).await;
        match form.filter(|form| operator.check(state, &headers, form).is_ok()) {
            Some(form) => Ok(Self { operator, form }),
            None => Err(operator.foreign(state)),
        }
    }
}

impl FromRequest<AppState> for OperatorForm {
    type Rejection = Response;

    async fn from_request(request: Request<Body>, state: &AppState) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let operator = Operator::from_request_parts(&mut parts, state).await?;
        Self::of(operator, parts, body, state).await
    }
}

/// A form whose words are worth keeping, also of who was away so long that their session is over.
pub enum LongForm {
    Signed(OperatorForm),
    Lapsed(LapsedForm),
}

/// What was typed by an operator whose session ended by itself meanwhile. Only to be kept for them.
pub struct LapsedForm {
    pub visitor: Visitor,
    pub operator: StoredOperator,
    pub form: Params,
}

impl FromRequest<AppState> for LongForm {
    type Rejection = Response;

    async fn from_request(request: Request<Body>, state: &AppState) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let away = match Operator::from_request_parts(&mut parts, state).await {
            Ok(operator) => return OperatorForm::of(operator, parts, body, state).await.map(Self::Signed),
            Err(away) => away,
        };
        let visitor = Visitor::from_request_parts(&mut parts, state).await?;
        let cookie = state.cookies.read(&parts.headers, Cookie::Operator);
        let found = lapsed(&state.provider, cookie, visitor.now()).await;
        let Some(operator) = found.map_err(|fault| respond::fault_for(state, &visitor, &fault))? else {
            return Err(away);
        };
        let (headers, form) = read(parts, body, state).await;
        let guard = purpose(operator.id);
        let guard = FormGuard { state, purpose: &guard };
        match form.filter(|form| guard.check(&visitor, &headers, form).is_ok()) {
            Some(form) => Ok(Self::Lapsed(LapsedForm { visitor, operator, form })),
            None => Err(away),
        }
    }
}

async fn read(parts: Parts, body: Body, state: &AppState) -> (HeaderMap, Option<Params>) {
    let headers = parts.headers.clone();
    let Ok(FormBody(form)) = FormBody::from_request(Request::from_parts(parts, body), state).await;
    (headers, form.ok())
}

/// What the last part of an address names; anything else is no page.
pub struct Named<T>(pub T);

impl<T: FromStr + Send> FromRequestParts<AppState> for Named<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        if let Some(named) = path.ok().and_then(|Path(text)| text.parse().ok()) {
            return Ok(Self(named));
        }
        let visitor = Visitor::from_request_parts(parts, state).await?;
        Err(respond::desk_page(state, &visitor, WentWrong::NotFound))
    }
}

/// What forms are made for: one operator before one browser. A form that stood open while its session ended, or that another
/// tab's sign-in overtook, is still theirs.
fn purpose(operator: OperatorId) -> Vec<u8> {
    [b"operator".as_slice(), operator.0.as_bytes()].concat()
}

impl Operator {
    /// The answer to who has not the role.
    pub fn require(&self, state: &AppState, role: Role) -> Result<(), Box<Response>> {
        self.signed.require(role).map_err(|denied| Box::new(self.denied(state, denied)))
    }

    /// The answer to who has looked at so many people today that nothing more is shown.
    pub async fn read_enough(&self, state: &AppState) -> Option<Response> {
        match is_spent(&state.provider, &self.signed.actor(), self.visitor.now()).await {
            Ok(false) => None,
            Ok(true) => {
                tracing::warn!(operator = %self.signed.operator().name, "an operator has read enough for today");
                Some(respond::desk_page(state, &self.visitor, WentWrong::ReadEnough))
            }
            Err(fault) => Some(respond::fault_for(state, &self.visitor, &fault)),
        }
    }

    /// Told as a page; the log says who wanted what.
    pub fn denied(&self, state: &AppState, denied: Denied) -> Response {
        let operator = self.signed.operator();
        tracing::warn!(operator = %operator.name, ?denied, "an operator was not allowed");
        respond::desk_page(state, &self.visitor, WentWrong::NotAllowed)
    }

    /// The answer to who works for a part of the country where the whole of it is meant.
    pub fn outside(&self, state: &AppState) -> Response {
        tracing::warn!(operator = %self.signed.operator().name, "an operator was outside their unit");
        respond::desk_page(state, &self.visitor, WentWrong::NotAllowed)
    }

    pub const fn id(&self) -> OperatorId {
        self.signed.operator().id
    }

    /// A page of the console, with the token of its forms and whose desk it is.
    pub fn frame(&self, state: &AppState) -> Frame {
        let csrf = FormGuard { state, purpose: &purpose(self.id()) }.token(&self.visitor);
        let mut frame = state.frame(self.visitor.choice(None), self.visitor.here.clone(), csrf);
        frame.desk = Some(Phrase::vi(self.signed.operator().called().to_owned()));
        frame
    }

    pub fn check(&self, state: &AppState, headers: &HeaderMap, form: &Params) -> Result<(), ForeignForm> {
        FormGuard { state, purpose: &purpose(self.id()) }.check(&self.visitor, headers, form)
    }

    /// The same of a form that is read piece by piece.
    pub fn check_token(&self, state: &AppState, headers: &HeaderMap, token: &str) -> Result<(), ForeignForm> {
        FormGuard { state, purpose: &purpose(self.id()) }.check_token(&self.visitor, headers, token)
    }

    /// The answer to a form that is not ours.
    pub fn foreign(&self, state: &AppState) -> Response {
        respond::desk_page(state, &self.visitor, WentWrong::ForeignForm)
    }

    /// The answer to an address that names nothing.
    pub fn missing(&self, state: &AppState) -> Response {
        respond::desk_page(state, &self.visitor, WentWrong::NotFound)
    }
}
