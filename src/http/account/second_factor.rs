//! The second factor on one's own pages, before a change of what proves one: the same two pages as at signing in.

use axum::response::Response;

use super::own::{Note, Own, field, with_busy};
use crate::{
    base::{Fault, Secret, typed::plain_digits},
    flows::{
        account::overview::recovery_codes_left,
        sessions::{Recognised, recognise},
        sign_in::second_factor::{CodeAttempt, CodeChecked, CodeKind, check_code},
    },
    http::{
        frame::{Problem, Problems, problem::minutes_until},
        sign_in::view::{RecoveryCodePage, TotpPage},
    },
    oidc::params::Params,
};

/// The page that asks for it.
pub async fn page(own: &Own<'_>, session: &Recognised, note: Option<&Note>) -> Result<Response, Fault> {
    let frame = own.frame();
    let html = match note {
        Some(Note::ByRecoveryCode { problem }) => {
            RecoveryCodePage { problems: problem.map_or_else(Problems::none, Problems::one) }.render(&frame)
        }
        other => {
            let recovery_codes = recovery_codes_left(&own.state.provider, session).await? > 0;
            let problems = super::own::problems(other);
            TotpPage { step_up: None, changing: true, recovery_codes, problems }.render(&frame)
        }
    };
    Ok(with_busy(html, note))
}

/// What came of its form.
pub enum Taken {
    /// The session as it is with the new proof, and its new cookie.
    Proven(Box<Recognised>, Secret),
    Answered(Response),
}

pub async fn take(own: &Own<'_>, session: &Recognised, form: &Params) -> Result<Taken, Fault> {
    let again = |note: Option<Note>| Ok(Taken::Answered(own.again(note)));
    match field(form, "action") {
        "use_recovery_code" => return again(Some(Note::ByRecoveryCode { problem: None })),
        "use_totp" => return again(None),
        _ => {}
    }
    let typed = plain_digits(field(form, "code"));
    if typed.is_empty() {
        return again(Some(Note::Problem(Problem::CodeMissing)));
    }
    // Six digits are an app's; recovery codes have letters.
    let kind = if typed.bytes().all(|byte| byte.is_ascii_digit()) { CodeKind::Totp } else { CodeKind::Recovery };
    if kind == CodeKind::Totp && typed.len() != 6 {
        return again(Some(Note::Problem(Problem::CodeForm)));
    }
    let (code, now) = (Secret::new(typed), own.now());
    let attempt = CodeAttempt { code: &code, kind, session, interaction: None, now };
    let told = |of_totp: Problem, of_recovery: Problem| match kind {
        CodeKind::Totp => Note::Problem(of_totp),
        CodeKind::Recovery => Note::ByRecoveryCode { problem: Some(of_recovery) },
    };
    match check_code(&own.state.provider, &attempt).await? {
        CodeChecked::Right { cookie } => match recognise(&own.state.provider, Some(cookie.reveal()), now).await? {
            Some(risen) => Ok(Taken::Proven(Box::new(risen), cookie)),
            None => again(None),
        },
        CodeChecked::Wrong => again(Some(told(Problem::CodeWrong, Problem::RecoveryCodeWrong))),
        CodeChecked::Wait { until } => {
            let problem = Problem::TooManyTries { minutes: minutes_until(until, now) };
            again(Some(told(problem, problem)))
        }
        CodeChecked::Ended | CodeChecked::Gone => again(None),
    }
}
