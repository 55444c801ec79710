//! `/register`: the step at which this browser's registration stands, and its forms. `?i=…` names the sign-in that waits for
//! it.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{HeaderMap, header::SET_COOKIE};

use super::{
    note::Note,
    render::{self, PAGE},
    typed::TypedDetails,
    view::{Stopped, StoppedPage},
};
use crate::{
    base::{Fault, Secret, Span, ids::InteractionId, typed::six_digits},
    crypto::Digest,
    flows::{
        CitizenRegistration,
        account::register::{
            Begin, Begun, Confirmed, Finish, Finished, Resent, Step, abandon, begin, confirm, finish, resend,
            step as step_of,
        },
        authorize::{
            act::{Act, act},
            step::{self, Opened},
        },
    },
    http::{
        carried,
        errors::view::WentWrong,
        extract::{FormBody, FormGuard, QueryParams, Visitor},
        frame::{Problem, problem::minutes_until},
        paths, respond,
        state::AppState,
    },
    oidc::{error::OAuthError, params::Params},
};

/// How long the page of a new account may be shown again in this browser.
const DONE_FOR: Span = Span::minutes(10);

pub fn routes() -> Router<AppState> {
    Router::new()
        .route(paths::REGISTER, get(show).post(take))
        .route(paths::REGISTER_DONE, get(show_done).post(leave_done))
}

/// The sign-in that waits, when the address names one of this browser's.
async fn waiting(
    state: &AppState,
    visitor: &Visitor,
    query: Result<Params, OAuthError>,
) -> Result<Option<Opened>, Fault> {
    let id = query.ok().and_then(|query| query.one("i").ok().flatten().and_then(|text| text.parse().ok()));
    let Some(id) = id else { return Ok(None) };
    Ok(step::open(&state.provider, id, &visitor.browser).await?.ok())
}

async fn standing(state: &AppState, visitor: &Visitor) -> Result<Step, Fault> {
    match &visitor.browser.digest {
        Some(digest) => step_of(&state.provider, digest, visitor.now()).await,
        None => Ok(Step::Details),
    }
}

async fn show(
    State(state): State<AppState>,
    mut visitor: Visitor,
    QueryParams(query): QueryParams,
    headers: HeaderMap,
) -> Response {
    if state.provider.settings.citizen_registration == CitizenRegistration::Closed {
        return closed(&state, &visitor);
    }
    let cookie = visitor.ensure_cookie(&state);
    let page = async {
        let waiting = waiting(&state, &visitor, query).await?;
        let frame = render::frame(&state, &visitor, waiting.as_ref());
        let step = standing(&state, &visitor).await?;
        render::page(&state, &visitor, &frame, (step, carried::take(&state, &visitor, PAGE, &headers))).await
    };
    let mut response = page.await.unwrap_or_else(|fault| respond::fault_for(&state, &visitor, &fault));
    carried::drop_from(&state, &headers, &mut response);
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

async fn take(
    State(state): State<AppState>,
    visitor: Visitor,
    QueryParams(query): QueryParams,
    headers: HeaderMap,
    FormBody(form): FormBody,
) -> Response {
    if state.provider.settings.citizen_registration == CitizenRegistration::Closed {
        return closed(&state, &visitor);
    }
    let Ok(form) = form else { return foreign(&state, &visitor) };
    let (Ok(()), Some(browser)) = (
        FormGuard { state: &state, purpose: PAGE.as_bytes() }.check(&visitor, &headers, &form),
        visitor.browser.digest,
    ) else {
        return foreign(&state, &visitor);
    };
    let answered = async {
        let waiting = waiting(&state, &visitor, query).await?;
        let form = Posted { state: &state, visitor: &visitor, browser: &browser, form: &form };
        form.answer(waiting.as_ref()).await
    };
    answered.await.unwrap_or_else(|fault| respond::fault_for(&state, &visitor, &fault))
}

/// This deployment registers in person only.
fn closed(state: &AppState, visitor: &Visitor) -> Response {
    let frame = state.frame(visitor.choice(None), visitor.here.clone(), String::new());
    StoppedPage { why: Stopped::Closed }.render(&frame).into_response()
}

fn foreign(state: &AppState, visitor: &Visitor) -> Response {
    respond::page(state, visitor.choice(None), WentWrong::ForeignForm, visitor.request_id.clone(), None)
}

/// A form of this browser's own page.
struct Posted<'a> {
    state: &'a AppState,
    visitor: &'a Visitor,
    browser: &'a Digest,
    form: &'a Params,
}

impl Posted<'_> {
    fn field(&self, name: &str) -> &str {
        self.form.one(name).ok().flatten().unwrap_or_default()
    }

    /// The form is taken where the step that stands asks for it; anything else leads back to the page.
    async fn answer(&self, waiting: Option<&Opened>) -> Result<Response, Fault> {
        let action = self.field("action");
        if let (Some(opened), "cancel") = (waiting, action) {
            return self.back_to_portal(opened).await;
        }
        if TypedDetails::is_in(self.form) {
            return self.begin(waiting.map(|opened| opened.id)).await;
        }
        match (standing(self.state, self.visitor).await?, action) {
            (Step::Code { .. }, "resend") => self.resend().await,
            (Step::Code { .. }, "edit") => {
                let typed = abandon(&self.state.provider, self.browser, self.visitor.now()).await?;
                Ok(self.again(typed.and_then(|typed| TypedDetails::opened(&typed)).map(Box::new).map(Note::Details)))
            }
            (Step::Code { .. }, _) => self.confirm().await,
            (Step::Password { .. }, _) => self.finish().await,
            (Step::Over, _) => Ok(self.again(Some(Note::OutOfTime))),
            (Step::Details | Step::Done { .. }, _) => Ok(self.again(None)),
        }
    }

    fn again(&self, note: Option<Note>) -> Response {
        let mut response = respond::see_other(&self.visitor.here);
        if let Some(note) = note {
            carried::carry(self.state, self.visitor, PAGE, note, &mut response);
        }
        response
    }

    fn told(&self, problem: Problem) -> Response {
        self.again(Some(Note::Problem(problem)))
    }

    async fn back_to_portal(&self, opened: &Opened) -> Result<Response, Fault> {
        let (provider, browser) = (&self.state.provider, &self.visitor.browser);
        let stands = step::step(provider, opened, browser).await?;
        act(provider, opened, browser, &stands, &Act::Refuse).await?;
        Ok(respond::see_other(&sign_in_of(opened.id)))
    }

    async fn begin(&self, interaction: Option<InteractionId>) -> Result<Response, Fault> {
        let (typed, now) = (TypedDetails::of_form(self.form), self.visitor.now());
        let Ok(details) = typed.understand(now.vietnam_date()) else {
            return Ok(self.again(Some(Note::Details(Box::new(typed)))));
        };
        let (typed, network) = (typed.to_be_sealed(), &self.visitor.network);
        let request = Begin { details: &details, typed: &typed, browser: self.browser, network, interaction, now };
        Ok(match begin(&self.state.provider, self.state.subscribers.as_ref(), &request).await? {
            Begun::Yes => self.again(None),
            Begun::Wait { until } => {
                let seconds = u32::try_from(until.since(now).as_secs().max(1)).unwrap_or(u32::MAX);
                let what = WentWrong::TooManyRequests { retry_after: seconds };
                let (visitor, choice) = (self.visitor, self.visitor.choice(None));
                respond::page(self.state, choice, what, visitor.request_id.clone(), None)
            }
        })
    }

    async fn confirm(&self) -> Result<Response, Fault> {
        let typed = match six_digits(self.field("code")) {
            Ok(typed) => typed,
            Err(not_six) => return Ok(self.told(not_six.into())),
        };
        Ok(match confirm(&self.state.provider, self.browser, &typed, self.visitor.now()).await? {
            Confirmed::Yes => self.again(None),
            Confirmed::Wrong => self.told(Problem::CodeWrong),
            Confirmed::CodeOver => self.told(Problem::CodeExpired),
            Confirmed::Nothing => self.again(Some(Note::OutOfTime)),
        })
    }

    async fn resend(&self) -> Result<Response, Fault> {
        let now = self.visitor.now();
        let note = match resend(&self.state.provider, self.browser, now).await? {
            Resent::Yes => Note::SentAgain,
            // Longer than a registration lives: this one cannot be finished any more.
            Resent::Wait { until } if until.since(now) > self.state.provider.settings.lifetimes.registration => {
                abandon(&self.state.provider, self.browser, now).await?;
                Note::OutOfCodes
            }
            Resent::Wait { until } => Note::Problem(Problem::CodeTooMany { minutes: minutes_until(until, now) }),
            Resent::Nothing => Note::OutOfTime,
        };
        Ok(self.again(Some(note)))
    }

    async fn finish(&self) -> Result<Response, Fault> {
        let password = Secret::new(self.field("password"));
        if password.reveal().is_empty() {
            return Ok(self.told(Problem::NewPasswordMissing));
        }
        let request = Finish { browser: self.browser, password: &password, now: self.visitor.now() };
        Ok(match finish(&self.state.provider, &request).await? {
            Finished::Yes { .. } => {
                let query = self.visitor.here.find('?').and_then(|at| self.visitor.here.get(at..)).unwrap_or_default();
                respond::see_other(&format!("{}{query}", paths::REGISTER_DONE))
            }
            Finished::Unsuitable(unsuitable) => self.told(unsuitable.into()),
            Finished::Busy => self.told(Problem::Busy),
            Finished::Nothing => self.again(Some(Note::OutOfTime)),
        })
    }
}

fn sign_in_of(interaction: InteractionId) -> String {
    format!("{}?i={interaction}", paths::SIGN_IN)
}

/// Shown for a few minutes to the browser that made the account.
async fn show_done(State(state): State<AppState>, visitor: Visitor, QueryParams(query): QueryParams) -> Response {
    let page = async {
        let Step::Done { person, at, .. } = standing(&state, &visitor).await? else {
            return Ok(respond::see_other(paths::REGISTER));
        };
        if visitor.now().since(at) > DONE_FOR {
            return Ok(respond::see_other(paths::REGISTER));
        }
        let waiting = waiting(&state, &visitor, query).await?;
        render::done(&state, &render::frame(&state, &visitor, waiting.as_ref()), person).await
    };
    page.await.unwrap_or_else(|fault| respond::fault_for(&state, &visitor, &fault))
}

/// On to the sign-in that waited, which need not ask for the number again.
async fn leave_done(
    State(state): State<AppState>,
    visitor: Visitor,
    QueryParams(query): QueryParams,
    headers: HeaderMap,
    FormBody(form): FormBody,
) -> Response {
    let own = form.is_ok_and(|form| {
        FormGuard { state: &state, purpose: PAGE.as_bytes() }.check(&visitor, &headers, &form).is_ok()
    });
    let left = async {
        let Some(opened) = waiting(&state, &visitor, query).await? else {
            return Ok(respond::see_other(paths::ACCOUNT));
        };
        if own && let Step::Done { person, .. } = standing(&state, &visitor).await? {
            let (provider, number) = (&state.provider, render::number_of(&state, person).await?);
            let stands = step::step(provider, &opened, &visitor.browser).await?;
            act(provider, &opened, &visitor.browser, &stands, &Act::Number(&number)).await?;
        }
        Ok(respond::see_other(&sign_in_of(opened.id)))
    };
    left.await.unwrap_or_else(|fault| respond::fault_for(&state, &visitor, &fault))
}
