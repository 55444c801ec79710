//! What the pages of one's own account share: the signed-in person, the form's token, the note of the last form.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, header::SET_COOKIE};
use serde::{Deserialize, Serialize};

use super::view::{Done, Told, ToldPage};
use crate::{
    assurance::{LockReason, PasswordOrigin, Refusal},
    base::{Fault, Secret, Timestamp, typed},
    flows::{
        account::overview::number_of,
        sessions::{Recognised, keep_alive},
        sign_in::password::{Attempt, SignedIn, sign_in},
    },
    http::{
        carried,
        cookies::Cookie,
        errors::view::WentWrong,
        extract::{ForeignForm, FormGuard, Visitor},
        frame::{Frame, Html, Problem, Problems, problem::minutes_until},
        paths, respond,
        sign_in::view::{Blocked, BlockedPage},
        state::AppState,
    },
    oidc::params::Params,
};

/// What the last form came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Note {
    Done(Done),
    Problem(Problem),
    NoPhone,
    /// What was agreed with a portal was taken back.
    Withdrawn,
    /// A recovery code is typed in the place of the app's.
    ByRecoveryCode {
        problem: Option<Problem>,
    },
    /// Told after the password was right.
    NotPossible {
        locked: bool,
        card_expired: bool,
    },
    /// Of signing in to one's own account: the number typed so far, and whether the password is asked for.
    SignIn {
        number: String,
        at_password: bool,
        problem: Option<Problem>,
    },
}

impl Note {
    /// A death, a detention or an order of court is told to nobody.
    pub fn of(refusal: Refusal) -> Self {
        Self::NotPossible {
            locked: matches!(refusal, Refusal::Locked(reason) if reason != LockReason::Death),
            card_expired: matches!(refusal, Refusal::CardExpired),
        }
    }
}

pub fn problems(note: Option<&Note>) -> Problems {
    match note {
        Some(Note::Problem(problem)) => Problems::one(*problem),
        _ => Problems::none(),
    }
}

/// The page that stands in the place of any other, because nothing can be done there.
pub fn blocked(note: Option<&Note>, frame: &Frame) -> Option<Html> {
    if let Some(Note::NoPhone) = note {
        return Some(ToldPage { what: Told::NoPhone }.render(frame));
    }
    let Some(Note::NotPossible { locked, card_expired }) = note else { return None };
    let why = match (locked, card_expired) {
        (true, _) => Blocked::Locked,
        (false, true) => Blocked::CardExpired,
        (false, false) => Blocked::NotPossible,
    };
    Some(BlockedPage { why }.render(frame))
}

/// A request to one of the account's pages.
pub struct Own<'a> {
    pub state: &'a AppState,
    pub visitor: &'a Visitor,
    /// Whose notes are carried here.
    pub page: &'static str,
}

impl<'a> Own<'a> {
    pub fn session(&self) -> Option<&'a Recognised> {
        self.visitor.browser.session.as_ref()
    }

    pub const fn now(&self) -> Timestamp {
        self.visitor.now()
    }

    /// Forms die with the session that they were made for.
    fn purpose(&self) -> Vec<u8> {
        let session = self.session().map_or([0; 16], |found| *found.session.id.0.as_bytes());
        [b"account", session.as_slice()].concat()
    }

    pub fn frame(&self) -> Frame {
        let csrf = FormGuard { state: self.state, purpose: &self.purpose() }.token(self.visitor);
        self.state.frame(self.visitor.choice(None), self.visitor.here.clone(), csrf)
    }

    pub fn check(&self, headers: &HeaderMap, form: &Params) -> Result<(), ForeignForm> {
        FormGuard { state: self.state, purpose: &self.purpose() }.check(self.visitor, headers, form)
    }

    pub fn foreign(&self) -> Response {
        let (visitor, choice) = (self.visitor, self.visitor.choice(None));
        respond::page(self.state, choice, WentWrong::ForeignForm, visitor.request_id.clone(), None)
    }

    /// With a password that was handed over there is one page, and the one that locks everything.
    fn must_set_a_password(&self, session: &Recognised) -> Option<Response> {
        let given = session.account.standing.password == PasswordOrigin::Desk;
        let open = [super::password::PAGE, super::lock::PAGE].contains(&self.page);
        (given && !open).then(|| respond::see_other(paths::ACCOUNT_PASSWORD))
    }

    pub fn fault(&self, fault: &Fault) -> Response {
        respond::fault_for(self.state, self.visitor, fault)
    }

    pub fn to(&self, path: &str, page: &'static str, note: Option<Note>) -> Response {
        let mut response = respond::see_other(path);
        if let Some(note) = note {
            carried::carry(self.state, self.visitor, page, note, &mut response);
        }
        response
    }

    /// The same page again.
    pub fn again(&self, note: Option<Note>) -> Response {
        self.to(&self.visitor.here, self.page, note)
    }

    pub fn told(&self, problem: Problem) -> Response {
        self.again(Some(Note::Problem(problem)))
    }

    /// The account's first page, saying what was done.
    pub fn home(&self, done: Option<Done>) -> Response {
        self.to(paths::ACCOUNT, super::home::PAGE, done.map(Note::Done))
    }

    pub fn note(&self, headers: &HeaderMap) -> Option<Note> {
        carried::take(self.state, self.visitor, self.page, headers)
    }

    pub fn set_session(&self, cookie: &Secret, response: &mut Response) {
        let value = self.state.cookies.set(Cookie::Session, cookie.reveal(), None);
        response.headers_mut().append(SET_COOKIE, value);
    }

    pub fn clear_session(&self, response: &mut Response) {
        response.headers_mut().append(SET_COOKIE, self.state.cookies.clear(Cookie::Session));
    }

    /// The password of the person who is signed in, proven anew.
    pub async fn prove_password(&self, own: &Recognised, password: &Secret) -> Result<Proven, Fault> {
        let number = number_of(&self.state.provider, own).await?;
        self.sign_in(&number, password).await
    }

    pub async fn sign_in(&self, number: &str, password: &Secret) -> Result<Proven, Fault> {
        if password.reveal().is_empty() {
            return Ok(Proven::No(Note::Problem(Problem::PasswordMissing)));
        }
        let attempt = Attempt {
            typed_number: number,
            password,
            network: &self.visitor.network,
            user_agent: &self.visitor.user_agent,
            session: self.session(),
            now: self.now(),
        };
        Ok(match sign_in(&self.state.provider, &attempt).await? {
            SignedIn::Yes { cookie, .. } => Proven::Yes(cookie),
            SignedIn::Wrong if self.session().is_some() => Proven::No(Note::Problem(Problem::PasswordWrong)),
            SignedIn::Wrong => Proven::No(Note::Problem(Problem::SignInWrong)),
            SignedIn::Wait { until } => {
                Proven::No(Note::Problem(Problem::TooManyTries { minutes: minutes_until(until, self.now()) }))
            }
            SignedIn::NotPossible(refusal) => Proven::No(Note::of(refusal)),
            SignedIn::Busy => Proven::No(Note::Problem(Problem::Busy)),
        })
    }
}

/// What came of a password.
pub enum Proven {
    /// The session's new cookie.
    Yes(Secret),
    No(Note),
}

/// What every page does with its answer: the browser's cookie where it had none, the carried note gone.
pub struct Around {
    cookie: Option<HeaderValue>,
}

impl Around {
    pub fn before(state: &AppState, visitor: &mut Visitor) -> Self {
        Self { cookie: visitor.ensure_cookie(state) }
    }

    pub fn after(self, state: &AppState, headers: &HeaderMap, mut response: Response) -> Response {
        carried::drop_from(state, headers, &mut response);
        if let Some(cookie) = self.cookie {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }
}

/// A page of one's own account, for who is signed in; everybody else is led to the account's sign-in.
pub async fn shown<'a, F>(own: &Own<'a>, page: impl FnOnce(&'a Recognised) -> F) -> Response
where
    F: Future<Output = Result<Response, Fault>>,
{
    let Some(session) = own.session() else { return respond::see_other(paths::ACCOUNT) };
    if let Some(elsewhere) = own.must_set_a_password(session) {
        return elsewhere;
    }
    let answered = async {
        // Who reads their own pages is not idle.
        keep_alive(&own.state.provider, session, own.now()).await?;
        page(session).await
    };
    answered.await.unwrap_or_else(|fault| own.fault(&fault))
}

/// A form of one's own account.
pub async fn taken<'a, F>(
    own: &Own<'a>,
    (headers, form): (&HeaderMap, &Params),
    act: impl FnOnce(&'a Recognised) -> F,
) -> Response
where
    F: Future<Output = Result<Response, Fault>>,
{
    let Some(session) = own.session() else { return respond::see_other(paths::ACCOUNT) };
    if own.check(headers, form).is_err() {
        return own.foreign();
    }
    if let Some(elsewhere) = own.must_set_a_password(session) {
        return elsewhere;
    }
    act(session).await.unwrap_or_else(|fault| own.fault(&fault))
}

/// A form's field, empty when it is missing or repeated.
pub fn field<'a>(form: &'a Params, name: &str) -> &'a str {
    form.one(name).ok().flatten().unwrap_or_default()
}

/// Six digits with whatever spaces people type between them.
pub fn six_digits(typed: &str) -> Result<Secret, Problem> {
    typed::six_digits(typed).map(Secret::new).map_err(Into::into)
}

/// A page that may have to say that the service is busy.
pub fn with_busy(html: Html, note: Option<&Note>) -> Response {
    let busy = matches!(note, Some(Note::Problem(Problem::Busy) | Note::SignIn { problem: Some(Problem::Busy), .. }));
    let html = if busy { html.with_status(http::StatusCode::SERVICE_UNAVAILABLE) } else { html };
    html.into_response()
}
