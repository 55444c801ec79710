//! What the person does on an interaction's page. Each act is taken only where the step that stands now asks for it.

use super::{Browser, Note, Progress, Step, begin::written, step::Opened};
use crate::{
    assurance::{LockReason, Refusal},
    base::{
        Fault, Secret, Timestamp,
        ids::InteractionId,
        typed::{NotSix, six_digits},
    },
    flows::{
        Provider,
        backchannel::answer::wrong_number,
        sign_in::{
            password::{self, Attempt, SignedIn},
            second_factor::{self, CodeAttempt, CodeChecked, CodeKind},
        },
    },
    registry::{NumberError, PersonalNumber},
    store::{Class, LaneKey, Tx, Unit, interactions},
};

/// A form, understood.
#[derive(Debug)]
pub enum Act<'a> {
    Number(&'a str),
    ChangeNumber,
    Password {
        password: &'a Secret,
        network: &'a str,
        user_agent: &'a str,
    },
    Code(&'a Secret),
    UseRecoveryCode,
    UseTotp,
    ChooseAccount,
    AnotherAccount,
    /// The number that stands at the other device.
    MatchNumber(&'a str),
    /// To what the page showed, and nothing that changed since.
    Agree,
    Refuse,
}

/// What came of it; afterwards the page is computed anew, and says what the note says.
#[derive(Debug)]
pub enum Acted {
    Done,
    /// Signed in, or risen: the session's new cookie.
    NewSession(Secret),
}

pub async fn act(
    provider: &Provider,
    opened: &Opened,
    browser: &Browser,
    step: &Step,
    act: &Act<'_>,
) -> Result<Acted, Fault> {
    let before = Progress { note: None, ..opened.progress.clone() };
    let progress = match (step, act) {
        (Step::Number { .. }, Act::Number(typed)) => number(before, typed),
        (Step::Password { .. }, Act::ChangeNumber) => Progress { typed_number: Some(String::new()), ..before },
        (Step::Password { number, .. }, Act::Password { .. }) => {
            return sign_in(provider, (opened, browser), before, number, act).await;
        }
        (Step::Code { by_recovery, .. }, Act::Code(code)) => {
            let kind = if *by_recovery { CodeKind::Recovery } else { CodeKind::Totp };
            return check_code(provider, (opened, browser), before, code, kind).await;
        }
        (Step::Code { .. }, Act::UseRecoveryCode) => Progress { by_recovery_code: true, ..before },
        (Step::Code { .. }, Act::UseTotp) => Progress { by_recovery_code: false, ..before },
        (Step::SelectAccount { .. }, Act::ChooseAccount) => Progress { account_chosen: true, ..before },
        // Of a person who may not go on, somebody else before this browser may be let in.
        (Step::Blocked { .. }, Act::ChangeNumber) | (Step::SelectAccount { .. }, Act::AnotherAccount) => {
            another_account(before, browser)
        }
        (Step::MatchNumber { .. }, Act::MatchNumber(typed)) => {
            match_number(provider, (opened, browser), before, typed).await?
        }
        (Step::Consent(shown), Act::Agree) => Progress { agreed: Some(shown.granted.clone()), ..before },
        (_, Act::Refuse) => Progress { refused: true, ..before },
        // The form is not of the step that stands now: nothing happens, and the page shows what does stand.
        _ => return Ok(Acted::Done),
    };
    keep_progress(provider, opened.id, &progress, browser.now).await?;
    Ok(Acted::Done)
}

fn number(before: Progress, typed: &str) -> Progress {
    let (note, typed_number) = match PersonalNumber::typed(typed) {
        Ok(number) => (None, number.as_str().to_owned()),
        Err(NumberError::Empty) => (Some(Note::NumberMissing), String::new()),
        Err(_) => (Some(Note::NumberForm), typed.chars().take(40).collect()),
    };
    let typed_number = Some(typed_number);
    Progress { typed_number, account_chosen: true, note, ..before }
}

/// Right, and the question follows; wrong too often, and it is refused.
async fn match_number(
    provider: &Provider,
    (opened, browser): (&Opened, &Browser),
    before: Progress,
    typed: &str,
) -> Result<Progress, Fault> {
    let (Some(message), Some(asked)) = (opened.request.binding_message(), &opened.request.decoupled) else {
        return Ok(before);
    };
    if typed.trim().is_empty() {
        return Ok(Progress { note: Some(Note::MatchMissing), ..before });
    }
    if message.matches(typed) {
        return Ok(Progress { number_matched: true, ..before });
    }
    let Some(own) = &browser.session else { return Ok(before) };
    let refused = wrong_number(provider, own, asked.id, browser.now).await?;
    Ok(Progress { note: Some(Note::MatchWrong), refused, ..before })
}

/// Another person at this browser: the present session is left alone until they have signed in, which replaces it.
fn another_account(before: Progress, browser: &Browser) -> Progress {
    let not_as = browser.session.as_ref().map(|found| (found.session.id, found.session.version));
    Progress { typed_number: Some(String::new()), account_chosen: true, not_as, ..before }
}

async fn keep_progress(
    provider: &Provider,
    id: InteractionId,
    progress: &Progress,
    now: Timestamp,
) -> Result<(), Fault> {
    // An interaction that is over says so on its page.
    provider.writer.submit(KeepProgress { id, progress: written(progress)?, now }).await.map(|_| ())
}

async fn sign_in(
    provider: &Provider,
    (opened, browser): (&Opened, &Browser),
    before: Progress,
    number: &str,
    act: &Act<'_>,
) -> Result<Acted, Fault> {
    let Act::Password { password, network, user_agent } = act else { return Ok(Acted::Done) };
    let note = if password.reveal().is_empty() {
        Note::PasswordMissing
    } else {
        let attempt = Attempt {
            typed_number: number,
            password,
            network,
            user_agent,
            session: browser.session.as_ref(),
            now: browser.now,
        };
        match password::sign_in(provider, &attempt).await? {
            SignedIn::Yes { cookie, .. } => {
                keep_progress(provider, opened.id, &before, browser.now).await?;
                return Ok(Acted::NewSession(cookie));
            }
            SignedIn::Wrong => Note::SignInWrong,
            SignedIn::Wait { until } => Note::Wait { until },
            SignedIn::NotPossible(refusal) => Note::NotPossible {
                locked: matches!(refusal, Refusal::Locked(reason) if reason != LockReason::Death),
                card_expired: refusal == Refusal::CardExpired,
            },
            SignedIn::Busy => Note::Busy,
        }
    };
    keep_progress(provider, opened.id, &Progress { note: Some(note), ..before }, browser.now).await?;
    Ok(Acted::Done)
}

async fn check_code(
    provider: &Provider,
    (opened, browser): (&Opened, &Browser),
    before: Progress,
    code: &Secret,
    kind: CodeKind,
) -> Result<Acted, Fault> {
    let Some(session) = &browser.session else { return Ok(Acted::Done) };
    let understood = match kind {
        CodeKind::Totp => six_digits(code.reveal()).map(Secret::new),
        CodeKind::Recovery if code.reveal().trim().is_empty() => Err(NotSix::Nothing),
        CodeKind::Recovery => Ok(code.clone()),
    };
    let note = match understood {
        Err(NotSix::Nothing) => Some(Note::CodeMissing),
        Err(NotSix::Other) => Some(Note::CodeForm),
        Ok(code) => {
            let attempt = CodeAttempt { code: &code, kind, session, interaction: Some(opened.id), now: browser.now };
            match second_factor::check_code(provider, &attempt).await? {
                CodeChecked::Right { cookie } => {
                    keep_progress(provider, opened.id, &before, browser.now).await?;
                    return Ok(Acted::NewSession(cookie));
                }
                CodeChecked::Wrong => Some(Note::CodeWrong),
                CodeChecked::Wait { until } => Some(Note::Wait { until }),
                // The page knows: the count is the interaction's own.
                CodeChecked::Ended | CodeChecked::Gone => None,
            }
        }
    };
    keep_progress(provider, opened.id, &Progress { note, ..before }, browser.now).await?;
    Ok(Acted::Done)
}

struct KeepProgress {
    id: InteractionId,
    progress: serde_json::Value,
    now: Timestamp,
}

impl Unit for KeepProgress {
    type Out = bool;
    const KIND: &'static str = "authorize.progress";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        interactions::set_progress(tx, self.id, &self.progress, self.now).await
    }
}
