//! The page of the step that stands now.

use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use super::{
    asker,
    view::{
        Blocked, BlockedPage, Expired, ExpiredPage, MatchNumberPage, NumberPage, PasswordPage, RecoveryCodePage,
        SelectAccountPage, TotpPage, UnreachablePage, WayUp,
    },
};
use crate::{
    base::Timestamp,
    flows::authorize::{
        Note, Step,
        step::{Closed, Consent, Opened},
    },
    http::{
        authorize::{
            handlers::deliver,
            view::{ConsentPage, Elsewhere, LeftOut, Needs, SharedItem, ViaProvider},
        },
        device::handlers::answered,
        extract::{FormGuard, Visitor},
        frame::{Frame, Html, Phrase, Problem, Problems, problem::minutes_until},
        paths, respond,
        state::AppState,
    },
    oidc::{authorization_details::TYPES, authorize::DecoupledKind, client::RpClass, scope::Scope},
};

/// A page of an interaction: who asks stands above, and its forms may end at the portal.
pub fn frame(state: &AppState, visitor: &Visitor, opened: &Opened) -> Frame {
    let choice = visitor.choice(opened.request.ui_locale.as_deref());
    let csrf = FormGuard { state, purpose: opened.id.0.as_bytes() }.token(visitor);
    Frame {
        portal: Some(asker::portal(&state.provider, opened, choice.lang)),
        deadline: Some(opened.expires_at),
        form_targets: asker::form_targets(opened),
        ..state.frame(choice, visitor.here.clone(), csrf)
    }
}

pub fn step(state: &AppState, visitor: &Visitor, opened: &Opened, step: Step) -> Response {
    let frame = frame(state, visitor, opened);
    let problems = problems(opened.progress.note, visitor.now());
    let busy = opened.progress.note == Some(Note::Busy);
    let html = match step {
        Step::Number { typed } => {
            NumberPage { number: typed.unwrap_or_default(), ended: false, problems }.render(&frame)
        }
        Step::Password { number, again } => {
            let page = PasswordPage { number: digits(&number), again, problems }.render(&frame);
            if busy { page.with_status(StatusCode::SERVICE_UNAVAILABLE) } else { page }
        }
        Step::SelectAccount { name, number_end, since } => {
            SelectAccountPage { name: Phrase::vi(name), number_end, signed_in_at: since }.render(&frame)
        }
        Step::Code { by_recovery: true, .. } => RecoveryCodePage { problems: as_recovery(&problems) }.render(&frame),
        Step::Code { step_up, recovery_codes, .. } => {
            TotpPage { step_up, changing: false, recovery_codes, problems }.render(&frame)
        }
        Step::Unreachable { level, could_add_totp } => {
            let how = if could_add_totp { WayUp::AddTotp } else { WayUp::NotOffered };
            UnreachablePage { level, how, portal: asker::name(&opened.client, frame.lang()) }.render(&frame)
        }
        Step::Blocked { locked, card_expired } => BlockedPage { why: blocked(locked, card_expired) }.render(&frame),
        Step::TooManyCodes => BlockedPage { why: Blocked::TooManyCodes }.render(&frame),
        Step::MatchNumber { message } => MatchNumberPage { message, problems }.render(&frame),
        Step::Consent(consent) => consent_page(state, visitor, opened, *consent, &frame),
        Step::Deliver(delivery) => {
            return deliver(state, visitor, delivery, Some(asker::name(&opened.client, frame.lang())));
        }
        Step::Decided(decided) => return respond::see_other(answered(decided)),
        Step::NewPassword => return respond::see_other(&format!("{}?i={}", paths::ACCOUNT_PASSWORD, opened.id)),
        Step::Again => return respond::see_other(&format!("{}?i={}", paths::SIGN_IN, opened.id)),
    };
    html.into_response()
}

fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

fn problems(note: Option<Note>, now: Timestamp) -> Problems {
    let problem = match note {
        None | Some(Note::NotPossible { .. }) => return Problems::default(),
        Some(Note::NumberMissing) => Problem::NumberMissing,
        Some(Note::NumberForm) => Problem::NumberForm,
        Some(Note::PasswordMissing) => Problem::PasswordMissing,
        Some(Note::SignInWrong) => Problem::SignInWrong,
        Some(Note::Busy) => Problem::Busy,
        Some(Note::CodeMissing) => Problem::CodeMissing,
        Some(Note::CodeForm) => Problem::CodeForm,
        Some(Note::CodeWrong) => Problem::CodeWrong,
        Some(Note::MatchMissing) => Problem::MatchMissing,
        Some(Note::MatchWrong) => Problem::MatchWrong,
        Some(Note::Wait { until }) => Problem::TooManyTries { minutes: minutes_until(until, now) },
    };
    Problems::one(problem)
}

/// The same notes on the recovery code's page.
fn as_recovery(problems: &Problems) -> Problems {
    let of = |problem: Problem| match problem {
        Problem::CodeMissing => Problem::RecoveryCodeMissing,
        Problem::CodeForm | Problem::CodeWrong => Problem::RecoveryCodeWrong,
        other => other,
    };
    Problems(problems.iter().map(of).collect())
}

const fn blocked(locked: bool, card_expired: bool) -> Blocked {
    match (locked, card_expired) {
        (true, _) => Blocked::Locked,
        (false, true) => Blocked::CardExpired,
        (false, false) => Blocked::NotPossible,
    }
}

fn consent_page(state: &AppState, visitor: &Visitor, opened: &Opened, consent: Consent, frame: &Frame) -> Html {
    let (client, lang) = (&opened.client, frame.lang());
    let about = &client.client.about;
    let portal = asker::name(client, lang);
    let left_out = consent
        .left_out
        .into_iter()
        .flat_map(|(name, account_02, level)| {
            let needs = if account_02 { Needs::AccountLevel02 } else { Needs::AuthenticationLevel(level) };
            // A type of details has its own name on the page.
            let claims = match Scope::find(&name) {
                Some(scope) => scope.claims.iter().map(|claim| (*claim).to_owned()).collect(),
                None if TYPES.contains(&name.as_str()) => vec![name],
                None => Vec::new(),
            };
            claims.into_iter().map(move |claim| LeftOut { claim, needs }).collect::<Vec<_>>()
        })
        .collect();
    let via_provider = match client.client.rules.rp_class {
        Some(RpClass::ViaProvider) => {
            let provider = about.agency.as_deref().map_or_else(|| portal.clone(), Phrase::vi);
            ViaProvider::Yes { provider }
        }
        _ => ViaProvider::No,
    };
    let offline = consent.granted.scopes.contains("offline_access");
    ConsentPage {
        purpose: asker::phrase(&about.purpose, lang),
        portal,
        legal_basis: about.legal_basis.as_deref().map(Phrase::vi),
        items: SharedItem::list(&consent.values),
        details: consent.granted.details,
        delegates: consent.delegates.iter().map(|client| (client.id.clone(), asker::name(client, lang))).collect(),
        calls: consent.servers.iter().map(|server| asker::name(server, lang)).collect(),
        left_out,
        via_provider,
        elsewhere: opened.request.decoupled.as_ref().map(|asked| match &asked.kind {
            DecoupledKind::Device { user_code } => Elsewhere::Device { user_code: user_code.clone() },
            DecoupledKind::Backchannel { binding_message, .. } => {
                Elsewhere::Client { message: binding_message.as_ref().map(|message| message.text().to_owned()) }
            }
        }),
        offline_until: offline.then(|| visitor.now() + state.provider.settings.lifetimes.offline_refresh),
    }
    .render(frame)
}

/// An interaction that cannot go on: what happened, and how to start again.
pub fn closed(state: &AppState, visitor: &Visitor, closed: Closed) -> Response {
    let (why, client) = match closed {
        Closed::Unknown => (Expired::Time, None),
        Closed::Expired(client) => (Expired::Time, client),
        Closed::Finished(client) => (Expired::Ended, client),
        Closed::OtherBrowser => (Expired::OtherBrowser, None),
    };
    let frame = state.frame(visitor.choice(None), visitor.here.clone(), String::new());
    let again = client.as_ref().and_then(|client| client.client.initiate_login(&state.provider.settings.issuer));
    let portal = client.map(|client| asker::name(&client, frame.lang()));
    ExpiredPage { why, again, portal }.render(&frame).into_response()
}
