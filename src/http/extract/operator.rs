//! An operator who has proven both factors, for a handler of the console; anybody else is led to the console's sign-in.

use axum::{extract::FromRequestParts, response::Response};
use http::{HeaderMap, Method, request::Parts};

use super::{ForeignForm, FormGuard, Visitor};
use crate::{
    base::{Fault, Timestamp},
    flows::{
        operators::{
            SignedOperator, keep_alive, recognise,
            session::{Denied, Seen},
        },
        registry::read_person::is_spent,
    },
    http::{cookies::Cookie, errors::view::WentWrong, frame::Frame, paths, respond, state::AppState},
    oidc::params::Params,
    registry::operator::Role,
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
            // What was posted is lost, and its address may be no page: the way leads to the desk.
            _ if parts.method != Method::GET => Err(respond::see_other(paths::CONSOLE_SIGN_IN)),
            _ => Err(respond::see_other(&sign_in_for(&visitor.here))),
        }
    }
}

/// What the operator's cookie says.
pub async fn seen(state: &AppState, headers: &HeaderMap, now: Timestamp) -> Result<Seen, Fault> {
    recognise(&state.provider, state.cookies.read(headers, Cookie::Operator), now).await
}

fn sign_in_for(here: &str) -> String {
    if here == paths::CONSOLE {
        return paths::CONSOLE_SIGN_IN.to_owned();
    }
    let next: String = url::form_urlencoded::byte_serialize(here.as_bytes()).collect();
    format!("{}?next={next}", paths::CONSOLE_SIGN_IN)
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
                let reference = self.visitor.request_id.clone();
                Some(respond::page(state, self.visitor.choice(None), WentWrong::ReadEnough, reference, None))
            }
            Err(fault) => Some(respond::fault_for(state, &self.visitor, &fault)),
        }
    }

    /// Told as a page; the log says who wanted what.
    pub fn denied(&self, state: &AppState, denied: Denied) -> Response {
        let operator = self.signed.operator();
        tracing::warn!(operator = %operator.name, ?denied, "an operator was not allowed");
        let reference = self.visitor.request_id.clone();
        respond::page(state, self.visitor.choice(None), WentWrong::NotAllowed, reference, None)
    }

    /// The answer to who works for a part of the country where the whole of it is meant.
    pub fn outside(&self, state: &AppState) -> Response {
        tracing::warn!(operator = %self.signed.operator().name, "an operator was outside their unit");
        let reference = self.visitor.request_id.clone();
        respond::page(state, self.visitor.choice(None), WentWrong::NotAllowed, reference, None)
    }

    /// Forms die with the session that they were made for.
    fn purpose(&self) -> Vec<u8> {
        [b"operator".as_slice(), self.signed.session().id.0.as_bytes()].concat()
    }

    /// A page of the console, with the token of its forms.
    pub fn frame(&self, state: &AppState) -> Frame {
        let csrf = FormGuard { state, purpose: &self.purpose() }.token(&self.visitor);
        state.frame(self.visitor.choice(None), self.visitor.here.clone(), csrf)
    }

    pub fn check(&self, state: &AppState, headers: &HeaderMap, form: &Params) -> Result<(), ForeignForm> {
        FormGuard { state, purpose: &self.purpose() }.check(&self.visitor, headers, form)
    }

    /// The answer to a form that is not ours.
    pub fn foreign(&self, state: &AppState) -> Response {
        let reference = self.visitor.request_id.clone();
        respond::page(state, self.visitor.choice(None), WentWrong::ForeignForm, reference, None)
    }
}
