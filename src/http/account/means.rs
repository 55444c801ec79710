//! `/account/totp` and `/account/recovery-codes`: password, code to the phone, and then the change. Which page is shown
//! follows from the record.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::HeaderMap;

use super::{
    own::{Around, Note, Own, Proven, blocked, field, problems, shown, six_digits, taken, with_busy},
    second_factor::{self, Taken},
    view::{AddTotpPage, Before, ConfirmPasswordPage, ConfirmPhonePage, Done, RecoveryCodesPage},
};
use crate::{
    base::{Fault, Secret, SecretBytes},
    crypto::totp,
    flows::{
        account::{
            confirm_phone::{self, CodeSent, PhoneConfirmed},
            enrol_totp::{Enrolled, enrol},
            means::{Advanced, Goal, Step, advance, step},
            overview::number_of,
            phone,
            recovery_codes::put_away,
        },
        sessions::{Recognised, recognise},
    },
    http::{
        extract::{FormBody, Visitor},
        frame::{Problem, Problems, problem::minutes_until},
        paths,
        state::AppState,
    },
    oidc::params::Params,
};

pub fn routes() -> Router<AppState> {
    Router::new()
        .route(paths::ACCOUNT_TOTP, get(show_totp).post(take_totp))
        .route(paths::ACCOUNT_RECOVERY_CODES, get(show_codes).post(take_codes))
}

const fn page_of(goal: Goal) -> &'static str {
    match goal {
        Goal::Totp => "account/totp",
        Goal::RecoveryCodes => "account/recovery-codes",
    }
}

async fn show_totp(State(state): State<AppState>, visitor: Visitor, headers: HeaderMap) -> Response {
    show(state, visitor, headers, Goal::Totp).await
}

async fn show_codes(State(state): State<AppState>, visitor: Visitor, headers: HeaderMap) -> Response {
    show(state, visitor, headers, Goal::RecoveryCodes).await
}

async fn take_totp(State(state): State<AppState>, visitor: Visitor, headers: HeaderMap, form: FormBody) -> Response {
    take(&state, &visitor, &headers, (form, Goal::Totp)).await
}

async fn take_codes(State(state): State<AppState>, visitor: Visitor, headers: HeaderMap, form: FormBody) -> Response {
    take(&state, &visitor, &headers, (form, Goal::RecoveryCodes)).await
}

async fn show(state: AppState, mut visitor: Visitor, headers: HeaderMap, goal: Goal) -> Response {
    let around = Around::before(&state, &mut visitor);
    let own = Own { state: &state, visitor: &visitor, page: page_of(goal) };
    let response = shown(&own, |session| async {
        let step = step(&state.provider, session, goal, own.now()).await?;
        render(&own, session, (goal, step), own.note(&headers)).await
    })
    .await;
    around.after(&state, &headers, response)
}

async fn render(
    own: &Own<'_>,
    session: &Recognised,
    (goal, step): (Goal, Step),
    note: Option<Note>,
) -> Result<Response, Fault> {
    let frame = own.frame();
    if let Some(page) = blocked(note.as_ref(), &frame) {
        return Ok(page.into_response());
    }
    let number = number_of(&own.state.provider, session).await?;
    let problems = problems(note.as_ref());
    let html = match step {
        Step::NeedsTotp => return Ok(own.home(None)),
        Step::Password => {
            let before = match goal {
                Goal::Totp => Before::AddTotp,
                Goal::RecoveryCodes => Before::NewRecoveryCodes,
            };
            ConfirmPasswordPage { number, before, problems }.render(&frame)
        }
        Step::SecondFactor => return second_factor::page(own, session, note.as_ref()).await,
        Step::Phone { phone, good_until } => {
            ConfirmPhonePage { phone_end: phone::end_of(&phone), good_until, problems }.render(&frame)
        }
        Step::Seed(seed) => AddTotpPage { problems, ..seed_page(&seed, &number)? }.render(&frame),
        Step::Codes { codes, made } => {
            let number_end = number.get(9..).unwrap_or_default().to_owned();
            RecoveryCodesPage { codes, made, number_end }.render(&frame)
        }
    };
    Ok(with_busy(html, note.as_ref()))
}

fn seed_page(seed: &SecretBytes, number: &str) -> Result<AddTotpPage, Fault> {
    // The app's list tells accounts apart by this; a photograph of the screen should not tell the whole number.
    let label = format!("…{}", number.get(9..).unwrap_or_default());
    Ok(AddTotpPage {
        uri: totp::otpauth_uri(seed, "Định Danh", &label)?,
        secret: Secret::new(totp::base32(seed.reveal())),
        problems: Problems::none(),
    })
}

async fn take(
    state: &AppState,
    visitor: &Visitor,
    headers: &HeaderMap,
    (FormBody(form), goal): (FormBody, Goal),
) -> Response {
    let own = Own { state, visitor, page: page_of(goal) };
    let Ok(form) = form else { return own.foreign() };
    taken(&own, (headers, &form), |session| async {
        let stands = step(&state.provider, session, goal, own.now()).await?;
        Taking { own: &own, session, goal, form: &form }.answer(stands).await
    })
    .await
}

/// A form of the one page that stands now.
struct Taking<'a> {
    own: &'a Own<'a>,
    session: &'a Recognised,
    goal: Goal,
    form: &'a Params,
}

impl Taking<'_> {
    async fn answer(&self, stands: Step) -> Result<Response, Fault> {
        let provider = &self.own.state.provider;
        match (stands, field(self.form, "action")) {
            (Step::NeedsTotp, _) | (Step::Seed(_), "cancel") => Ok(self.own.home(None)),
            (Step::Codes { .. }, _) => {
                put_away(provider, self.session).await?;
                let done = match self.goal {
                    Goal::Totp => Done::TotpAdded,
                    Goal::RecoveryCodes => Done::RecoveryCodesMade,
                };
                Ok(self.own.home(Some(done)))
            }
            (Step::Seed(_), _) => self.first_code().await,
            (Step::SecondFactor, _) => self.second_factor().await,
            (Step::Phone { .. }, "resend") => self.another_code().await,
            (Step::Phone { .. }, _) => self.phone_code().await,
            (Step::Password, _) => self.password().await,
        }
    }

    async fn password(&self) -> Result<Response, Fault> {
        let password = Secret::new(field(self.form, "password"));
        let cookie = match self.own.prove_password(self.session, &password).await? {
            Proven::Yes(cookie) => cookie,
            Proven::No(note) => return Ok(self.own.again(Some(note))),
        };
        // The session as it is with the new proof.
        let provider = &self.own.state.provider;
        let risen = recognise(provider, Some(cookie.reveal()), self.own.now()).await?;
        let mut response = match &risen {
            Some(session) => self.on(session).await?,
            None => self.own.again(None),
        };
        self.own.set_session(&cookie, &mut response);
        Ok(response)
    }

    async fn second_factor(&self) -> Result<Response, Fault> {
        match second_factor::take(self.own, self.session, self.form).await? {
            Taken::Answered(response) => Ok(response),
            Taken::Proven(session, cookie) => {
                let mut response = self.on(&session).await?;
                self.own.set_session(&cookie, &mut response);
                Ok(response)
            }
        }
    }

    /// After a proof: the next page, or why there is none.
    async fn on(&self, session: &Recognised) -> Result<Response, Fault> {
        let now = self.own.now();
        Ok(match advance(&self.own.state.provider, session, self.goal, now).await? {
            Advanced::Yes | Advanced::No => self.own.again(None),
            Advanced::Wait { until } => self.own.told(Problem::TooManyTries { minutes: minutes_until(until, now) }),
            Advanced::NoPhone => self.own.again(Some(Note::NoPhone)),
        })
    }

    async fn phone_code(&self) -> Result<Response, Fault> {
        let code = match six_digits(field(self.form, "code")) {
            Ok(code) => code,
            Err(problem) => return Ok(self.own.told(problem)),
        };
        let provider = &self.own.state.provider;
        match confirm_phone::confirm(provider, self.session, code.reveal(), self.own.now()).await? {
            PhoneConfirmed::Yes => self.on(self.session).await,
            PhoneConfirmed::Wrong => Ok(self.own.told(Problem::CodeWrong)),
            PhoneConfirmed::CodeOver => Ok(self.own.told(Problem::CodeExpired)),
        }
    }

    async fn another_code(&self) -> Result<Response, Fault> {
        let now = self.own.now();
        Ok(match confirm_phone::send(&self.own.state.provider, self.session, now).await? {
            CodeSent::Wait { until } => self.own.told(Problem::CodeTooMany { minutes: minutes_until(until, now) }),
            CodeSent::Yes | CodeSent::NoPhone | CodeSent::NotFresh => self.own.again(None),
        })
    }

    async fn first_code(&self) -> Result<Response, Fault> {
        let code = match six_digits(field(self.form, "code")) {
            Ok(code) => code,
            Err(problem) => return Ok(self.own.told(problem)),
        };
        Ok(match enrol(&self.own.state.provider, self.session, &code, self.own.now()).await? {
            Enrolled::Wrong => self.own.told(Problem::CodeWrong),
            Enrolled::Yes | Enrolled::Nothing => self.own.again(None),
        })
    }
}
