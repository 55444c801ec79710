//! What the person does on an interaction's page. Each act is taken only where the step that stands now asks for it.

use super::{Browser, Progress, Step, begin::written, step::Opened};
use crate::{
    base::{Fault, Secret, Timestamp, ids::InteractionId},
    flows::{
        Provider,
        sign_in::{
            password::{self, Attempt, SignedIn},
            second_factor::{self, CodeAttempt, CodeChecked, CodeKind},
        },
    },
    oidc::interact::Granted,
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
    /// To what the page showed, and nothing that changed since.
    Agree,
    Refuse,
}

/// What came of it; afterwards the page is computed anew.
#[derive(Debug)]
pub enum Acted {
    Done,
    /// Signed in, or risen: the session's new cookie.
    NewSession(Secret),
    WrongPassword,
    WrongCode,
    Wait {
        until: Timestamp,
    },
    Busy,
    NotPossible(crate::assurance::Refusal),
    TooManyCodes,
    /// The form is not of the step that stands now.
    OutOfStep,
}

pub async fn act(
    provider: &Provider,
    opened: &Opened,
    browser: &Browser,
    step: &Step,
    act: &Act<'_>,
) -> Result<Acted, Fault> {
    let keep = |change: fn(&mut Progress)| {
        let mut progress = opened.progress.clone();
        change(&mut progress);
        progress
    };
    let progress = match (step, act) {
        (Step::Number { .. }, Act::Number(typed)) => Progress {
            typed_number: Some((*typed).chars().take(40).collect()),
            account_chosen: true,
            ..opened.progress.clone()
        },
        (Step::Password { .. }, Act::ChangeNumber) => keep(|progress| progress.typed_number = Some(String::new())),
        (Step::Password { number, .. }, Act::Password { .. }) => return sign_in(provider, browser, number, act).await,
        (Step::Code { by_recovery, .. }, Act::Code(code)) => {
            let kind = if *by_recovery { CodeKind::Recovery } else { CodeKind::Totp };
            return check_code(provider, opened, browser, code, kind).await;
        }
        (Step::Code { .. }, Act::UseRecoveryCode) => keep(|progress| progress.by_recovery_code = true),
        (Step::Code { .. }, Act::UseTotp) => keep(|progress| progress.by_recovery_code = false),
        (Step::SelectAccount { .. }, Act::ChooseAccount) => keep(|progress| progress.account_chosen = true),
        (Step::SelectAccount { .. }, Act::AnotherAccount) => return another_account(provider, opened, browser).await,
        (Step::Consent(shown), Act::Agree) => agreed(&opened.progress, &shown.granted),
        (_, Act::Refuse) => keep(|progress| progress.refused = true),
        _ => return Ok(Acted::OutOfStep),
    };
    keep_progress(provider, opened.id, &progress, browser.now).await
}

fn agreed(progress: &Progress, granted: &Granted) -> Progress {
    Progress { agreed: Some(granted.clone()), ..progress.clone() }
}

async fn keep_progress(
    provider: &Provider,
    id: InteractionId,
    progress: &Progress,
    now: Timestamp,
) -> Result<Acted, Fault> {
    let kept = provider.writer.submit(KeepProgress { id, progress: written(progress)?, now }).await?;
    Ok(if kept { Acted::Done } else { Acted::OutOfStep })
}

async fn sign_in(provider: &Provider, browser: &Browser, number: &str, act: &Act<'_>) -> Result<Acted, Fault> {
    let Act::Password { password, network, user_agent } = act else { return Ok(Acted::OutOfStep) };
    let attempt = Attempt {
        typed_number: number,
        password,
        network,
        user_agent,
        session: browser.session.as_ref(),
        now: browser.now,
    };
    Ok(match password::sign_in(provider, &attempt).await? {
        SignedIn::Yes { cookie, .. } => Acted::NewSession(cookie),
        SignedIn::Wrong => Acted::WrongPassword,
        SignedIn::Wait { until } => Acted::Wait { until },
        SignedIn::NotPossible(refusal) => Acted::NotPossible(refusal),
        SignedIn::Busy => Acted::Busy,
    })
}

async fn check_code(
    provider: &Provider,
    opened: &Opened,
    browser: &Browser,
    code: &Secret,
    kind: CodeKind,
) -> Result<Acted, Fault> {
    let Some(session) = &browser.session else { return Ok(Acted::OutOfStep) };
    let attempt = CodeAttempt { code, kind, session, interaction: Some(opened.id), now: browser.now };
    Ok(match second_factor::check_code(provider, &attempt).await? {
        CodeChecked::Right { cookie } => Acted::NewSession(cookie),
        CodeChecked::Wrong => Acted::WrongCode,
        CodeChecked::Wait { until } => Acted::Wait { until },
        CodeChecked::Ended => Acted::TooManyCodes,
        CodeChecked::Gone => Acted::OutOfStep,
    })
}

/// Another person at this browser: the present session is left alone until they have signed in, which replaces it.
async fn another_account(provider: &Provider, opened: &Opened, browser: &Browser) -> Result<Acted, Fault> {
    let not_as = browser.session.as_ref().map(|found| (found.session.id, found.session.version));
    let progress =
        Progress { typed_number: Some(String::new()), account_chosen: true, not_as, ..opened.progress.clone() };
    keep_progress(provider, opened.id, &progress, browser.now).await
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
