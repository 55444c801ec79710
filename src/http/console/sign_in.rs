//! `/console/sign-in`: name and password, then the code. Which of the two stands follows from the operator's own cookie.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{HeaderMap, StatusCode, header::SET_COOKIE};
use serde::{Deserialize, Serialize};

use super::view::{CodePage, NamePage};
use crate::{
    base::{
        Fault, Secret,
        typed::{NotSix, six_digits},
    },
    flows::operators::{
        Desk, code, password,
        session::{Seen, lapsed},
        sign_out,
    },
    http::{
        carried,
        cookies::Cookie,
        errors::view::WentWrong,
        extract::{FormBody, FormGuard, QueryParams, Visitor, operator::seen},
        frame::{Frame, Problem, Problems, problem::minutes_until},
        paths, respond,
        state::AppState,
    },
    oidc::{error::OAuthError, params::Params},
};

const PAGE: &str = "console/sign-in";

pub fn routes() -> Router<AppState> {
    Router::new().route(paths::CONSOLE_SIGN_IN, get(show).post(take))
}

/// What the last form came to.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Note {
    name: String,
    problem: Option<Problem>,
}

/// A page of the console to come back to; never another site's.
fn next_page(query: &Result<Params, OAuthError>) -> String {
    let wished = query.as_ref().ok().and_then(|query| query.one("next").ok().flatten()).unwrap_or_default();
    let rest = wished.strip_prefix(paths::CONSOLE);
    let ours = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
        && wished.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if ours { wished.to_owned() } else { paths::CONSOLE.to_owned() }
}

fn frame(state: &AppState, visitor: &Visitor) -> Frame {
    let csrf = FormGuard { state, purpose: PAGE.as_bytes() }.token(visitor);
    state.frame(visitor.choice(None), visitor.here.clone(), csrf)
}

async fn show(
    State(state): State<AppState>,
    mut visitor: Visitor,
    headers: HeaderMap,
    QueryParams(query): QueryParams,
) -> Response {
    let cookie = visitor.ensure_cookie(&state);
    let note: Note = carried::take(&state, &visitor, PAGE, &headers).unwrap_or_default();
    let problems = note.problem.map_or_else(Problems::none, Problems::one);
    let frame = frame(&state, &visitor);
    let html = match seen(&state, &headers, visitor.now()).await {
        Err(fault) => return respond::fault_for(&state, &visitor, &fault),
        Ok(Seen::Signed(_)) => return respond::see_other(&next_page(&query)),
        Ok(Seen::Half(desk)) => CodePage { name: desk.operator.name, problems }.render(&frame),
        Ok(Seen::Nobody) => {
            let lapsed = match was_away(&state, &visitor, &headers, &query).await {
                Ok(lapsed) => lapsed,
                Err(fault) => return respond::fault_for(&state, &visitor, &fault),
            };
            NamePage { name: note.name, lapsed, problems }.render(&frame)
        }
    };
    let busy = note.problem == Some(Problem::Busy);
    let mut response = if busy { html.with_status(StatusCode::SERVICE_UNAVAILABLE) } else { html }.into_response();
    carried::drop_from(&state, &headers, &mut response);
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// What is told to somebody whose session ended by itself: that it did, and what became of what they typed.
async fn was_away(
    state: &AppState,
    visitor: &Visitor,
    headers: &HeaderMap,
    query: &Result<Params, OAuthError>,
) -> Result<Option<&'static str>, Fault> {
    let cookie = state.cookies.read(headers, Cookie::Operator);
    let away = lapsed(&state.provider, cookie, visitor.now()).await?.is_some();
    let kept = next_page(query).contains("?draft=");
    Ok(away.then_some(if kept { "console-lapsed-kept" } else { "console-lapsed" }))
}

async fn take(
    State(state): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    QueryParams(query): QueryParams,
    FormBody(form): FormBody,
) -> Response {
    let guard = FormGuard { state: &state, purpose: PAGE.as_bytes() };
    let Some(form) = form.ok().filter(|form| guard.check(&visitor, &headers, form).is_ok()) else {
        let (choice, reference) = (visitor.choice(None), visitor.request_id.clone());
        return respond::page(&state, choice, WentWrong::ForeignForm, reference, None);
    };
    if let Some(response) = respond::too_many_forms(&state, &visitor).await {
        return response;
    }
    let at = At { state: &state, visitor: &visitor, next: next_page(&query) };
    let answered = match seen(&state, &headers, visitor.now()).await {
        Ok(Seen::Signed(_)) => Ok(respond::see_other(&at.next)),
        Ok(Seen::Half(desk)) => at.code(&desk, &form).await,
        Ok(Seen::Nobody) => at.password(&form).await,
        Err(fault) => Err(fault),
    };
    answered.unwrap_or_else(|fault| respond::fault_for(&state, &visitor, &fault))
}

/// A form of this page.
struct At<'a> {
    state: &'a AppState,
    visitor: &'a Visitor,
    next: String,
}

impl At<'_> {
    /// The same address: what stands there follows from the cookie.
    fn again(&self, name: &str, problem: Option<Problem>) -> Response {
        let mut response = respond::see_other(&self.visitor.here);
        if problem.is_some() || !name.is_empty() {
            let note = Note { name: name.chars().take(64).collect(), problem };
            carried::carry(self.state, self.visitor, PAGE, note, &mut response);
        }
        response
    }

    fn with_cookie(&self, cookie: &Secret, mut response: Response) -> Response {
        let value = self.state.cookies.set(Cookie::Operator, cookie.reveal(), None);
        response.headers_mut().append(SET_COOKIE, value);
        response
    }

    fn without_cookie(&self, mut response: Response) -> Response {
        response.headers_mut().append(SET_COOKIE, self.state.cookies.clear(Cookie::Operator));
        response
    }

    async fn password(&self, form: &Params) -> Result<Response, Fault> {
        let field = |name: &str| form.one(name).ok().flatten().unwrap_or_default();
        let (name, given) = (field("username").trim(), Secret::new(field("password")));
        if name.is_empty() {
            return Ok(self.again("", Some(Problem::OperatorNameMissing)));
        }
        if given.reveal().is_empty() {
            return Ok(self.again(name, Some(Problem::PasswordMissing)));
        }
        let attempt = password::Attempt {
            name,
            password: &given,
            network: &self.visitor.network,
            user_agent: &self.visitor.user_agent,
            session: None,
            now: self.visitor.now(),
        };
        Ok(match password::prove(&self.state.provider, &attempt).await? {
            password::Proven::Half { cookie } => self.with_cookie(&cookie, self.again("", None)),
            password::Proven::Wrong => self.again(name, Some(Problem::OperatorSignInWrong)),
            password::Proven::Wait { until } => {
                let minutes = minutes_until(until, self.visitor.now());
                self.again(name, Some(Problem::TooManyTries { minutes }))
            }
            password::Proven::Busy => self.again(name, Some(Problem::Busy)),
        })
    }

    async fn code(&self, desk: &Desk, form: &Params) -> Result<Response, Fault> {
        let field = |name: &str| form.one(name).ok().flatten().unwrap_or_default();
        let (provider, now) = (&self.state.provider, self.visitor.now());
        if field("action") == "start_again" {
            sign_out(provider, desk, now).await?;
            return Ok(self.without_cookie(self.again("", None)));
        }
        let typed = match six_digits(field("code")) {
            Ok(digits) => digits,
            Err(NotSix::Nothing) => return Ok(self.again("", Some(Problem::CodeMissing))),
            Err(NotSix::Other) => return Ok(self.again("", Some(Problem::CodeForm))),
        };
        Ok(match code::prove(provider, desk, &Secret::new(typed), now).await? {
            code::CodeProven::Open { cookie } => self.with_cookie(&cookie, respond::see_other(&self.next)),
            code::CodeProven::Wrong => self.again("", Some(Problem::CodeWrong)),
            code::CodeProven::Wait { until } => {
                self.again("", Some(Problem::TooManyCodes { minutes: minutes_until(until, now) }))
            }
            code::CodeProven::Over => {
                self.without_cookie(self.again(&desk.operator.name, Some(Problem::OperatorStartAgain)))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_console_are_come_back_to() {
        let next = |query: &str| next_page(&Params::parse(query.as_bytes()));
        for (query, page) in [
            ("next=%2Fconsole%2Fqueue%3Fpage%3D2", "/console/queue?page=2"),
            ("next=%2Fconsole%3Fx", "/console?x"),
            ("next=%2Fconsole", "/console"),
            ("next=%2Fconsolex", "/console"),
            ("next=%2Faccount", "/console"),
            ("next=https%3A%2F%2Fevil.example%2Fconsole", "/console"),
            ("next=%2F%2Fevil.example", "/console"),
            ("next=%2Fconsole%2F%0D%0Ax", "/console"),
            ("next=%2Fconsole%2F..%5C..%5Cevil", "/console"),
            ("next=a&next=b", "/console"),
            ("", "/console"),
        ] {
            assert_eq!(next(query), page, "{query}");
        }
    }
}
