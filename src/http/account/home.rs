//! `/account`: where one is signed in and what proves one; for who is not signed in, the way in.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::HeaderMap;

use super::{
    own::{Around, Note, Own, Proven, blocked, field, shown, taken, with_busy},
    view::{AccountPage, Done, EndAllPage, Means, PortalRow, RequestRow, SessionRow},
};
use crate::{
    assurance::Level,
    base::{Fault, Secret, Timestamp},
    flows::{
        account::{
            overview::{Overview, SessionView, Which, end_sessions, overview},
            renew,
        },
        authorize::decide::Decided,
        backchannel::answer::{Waiting, open, waiting},
        sessions::Recognised,
    },
    http::{
        device::handlers::answered,
        extract::{ForeignForm, FormBody, Visitor, visitor::set_browser_cookie},
        frame::{Html, Phrase, Problem, Problems},
        lang::Lang,
        paths, respond,
        sign_in::{
            asker,
            view::{NumberPage, PasswordPage},
        },
        state::AppState,
    },
    oidc::{backchannel::BindingMessage, params::Params},
    registry::PersonalNumber,
};

pub const PAGE: &str = "account";
const END_ALL: &str = "account/end-all";

pub fn routes() -> Router<AppState> {
    Router::new()
        .route(paths::ACCOUNT, get(show).post(take))
        .route(paths::ACCOUNT_END_ALL, get(show_end_all).post(take_end_all))
}

async fn show(State(state): State<AppState>, mut visitor: Visitor, headers: HeaderMap) -> Response {
    let around = Around::before(&state, &mut visitor);
    let own = Own { state: &state, visitor: &visitor, page: PAGE };
    let note = own.note(&headers);
    let response = match own.session() {
        None => way_in(&own, note.as_ref()),
        Some(_) => shown(&own, |session| async { own_account(&own, session, note).await }).await,
    };
    let mut response = around.after(&state, &headers, response);
    visitor.forget_dead_session(&state, &headers, &mut response).await;
    response
}

/// Number, then password: for one's own account no portal asks, and so no interaction stands behind the pages.
fn way_in(own: &Own<'_>, note: Option<&Note>) -> Response {
    let frame = own.frame();
    if let Some(page) = blocked(note, &frame) {
        return page.into_response();
    }
    let html = match note {
        Some(Note::SignIn { number, at_password: true, problem }) => {
            let problems = problem.map_or_else(Problems::none, Problems::one);
            PasswordPage { number: number.clone(), again: false, problems }.render(&frame)
        }
        Some(Note::SignIn { number, problem, .. }) => {
            let problems = problem.map_or_else(Problems::none, Problems::one);
            NumberPage { number: number.clone(), ended: false, problems }.render(&frame)
        }
        _ => NumberPage { ended: own.visitor.had_a_session(), ..NumberPage::default() }.render(&frame),
    };
    with_busy(html, note)
}

async fn own_account(own: &Own<'_>, session: &Recognised, note: Option<Note>) -> Result<Response, Fault> {
    let seen = overview(&own.state.provider, session, own.now()).await?;
    let requests = waiting(&own.state.provider, session, own.now()).await?;
    let renewal = renew::waiting(&own.state.provider, session, own.now()).await?.map(|asked| asked.due_at);
    let done = if let Some(Note::Done(done)) = note { Some(done) } else { None };
    Ok(page(&seen, (renewal, &requests), done, own).into_response())
}

fn page(
    seen: &Overview,
    (renewal, requests): (Option<Timestamp>, &[Waiting]),
    done: Option<Done>,
    own: &Own<'_>,
) -> Html {
    let frame = own.frame();
    let number = seen.number.as_ref().map(PersonalNumber::as_str).unwrap_or_default();
    AccountPage {
        name: Phrase::vi(seen.name.full()),
        number_end: number.get(9..).unwrap_or_default().to_owned(),
        level: seen.level,
        renewal,
        requests: requests.iter().map(|request| asked(request, frame.lang())).collect(),
        sessions: seen
            .sessions
            .iter()
            .map(|view| row(view, frame.lang(), &own.state.provider.settings.issuer))
            .collect(),
        means: Means {
            password_changed: seen.password_set_at.unwrap_or_default(),
            totp_added: seen.totp_added,
            recovery_codes_left: u32::try_from(seen.recovery_codes_left).unwrap_or(0),
        },
        done,
    }
    .render(&frame)
}

fn asked(request: &Waiting, lang: Lang) -> RequestRow {
    RequestRow {
        id: request.id.to_string(),
        portal: asker::name(&request.client, lang),
        begun: request.begun,
        expires_at: request.expires_at,
        message: request.message.as_ref().map(BindingMessage::without_number),
    }
}

fn row(view: &SessionView, lang: Lang, issuer: &str) -> SessionRow {
    SessionRow {
        id: view.session.id.to_string(),
        current: view.current,
        user_agent: view.session.user_agent.clone(),
        started: view.session.created_at,
        last_used: view.session.seen_at,
        level: view.level.map_or(0, Level::number),
        portals: view
            .portals
            .iter()
            .map(|(client, entered)| PortalRow {
                name: asker::name(client, lang),
                entered: *entered,
                open: client.client.initiate_login(issuer),
            })
            .collect(),
    }
}

async fn take(
    State(state): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    FormBody(form): FormBody,
) -> Response {
    let own = Own { state: &state, visitor: &visitor, page: PAGE };
    let Ok(form) = form else { return own.foreign() };
    // A form of the page as it was before the session ended, or before another tab signed in: nothing is done with it, and the
    // page shows what stands.
    let signs_in = form.iter().any(|(name, _)| name == "username");
    if signs_in == own.session().is_some() && (signs_in || visitor.had_a_session()) {
        return own.again(None);
    }
    if own.session().is_none() {
        if let Some(response) = respond::too_many(&state, &visitor).await {
            return response;
        }
        return match own.check(&headers, &form) {
            Ok(()) => enter(&own, &form).await.unwrap_or_else(|fault| own.fault(&fault)),
            Err(ForeignForm) => own.foreign(),
        };
    }
    taken(&own, (&headers, &form), |session| async {
        match field(&form, "action") {
            "answer" => answer(&own, field(&form, "request")).await,
            "end" => end_one(&own, session, field(&form, "session")).await,
            "refuse_renewal" => {
                let refused = renew::refuse(&own.state.provider, session, own.now()).await?;
                Ok(own.home(refused.then_some(Done::RenewalRefused)))
            }
            "end_all" => Ok(respond::see_other(paths::ACCOUNT_END_ALL)),
            _ => Ok(own.again(None)),
        }
    })
    .await
}

async fn enter(own: &Own<'_>, form: &Params) -> Result<Response, Fault> {
    let number: String = field(form, "username").trim().chars().take(40).collect();
    let asked = |number: &str, at_password, problem| {
        own.again(Some(Note::SignIn { number: number.to_owned(), at_password, problem }))
    };
    if field(form, "action") == "change_number" {
        return Ok(asked(&number, false, None));
    }
    // The password's page carries the number; the number's page has no password.
    if !form.iter().any(|(name, _)| name == "password") {
        return Ok(match PersonalNumber::typed(&number) {
            Ok(parsed) => asked(parsed.as_str(), true, None),
            Err(_) if number.is_empty() => asked("", false, Some(Problem::NumberMissing)),
            Err(_) => asked(&number, false, Some(Problem::NumberForm)),
        });
    }
    Ok(match own.sign_in(&number, &Secret::new(field(form, "password"))).await? {
        Proven::Yes(cookie) => {
            let mut response = own.again(None);
            own.set_session(&cookie, &mut response);
            response
        }
        Proven::No(Note::Problem(problem)) => asked(&number, true, Some(problem)),
        Proven::No(note) => own.again(Some(note)),
    })
}

async fn end_one(own: &Own<'_>, session: &Recognised, which: &str) -> Result<Response, Fault> {
    let Ok(which) = which.parse() else { return Ok(own.again(None)) };
    if which == session.session.id {
        // Signing out has its own page, which waits for the portals.
        return Ok(respond::see_other(paths::SIGN_OUT));
    }
    let ended = end_sessions(&own.state.provider, session, Which::One(which), own.now()).await?;
    Ok(own.home((!ended.is_empty()).then_some(Done::SessionEnded)))
}

/// One's own request from elsewhere: on with an interaction, which asks what the request needs.
async fn answer(own: &Own<'_>, which: &str) -> Result<Response, Fault> {
    let Ok(which) = which.parse() else { return Ok(own.again(None)) };
    let opened = open(&own.state.provider, &own.visitor.browser, which).await?;
    let Some((id, cookie)) = opened else { return Ok(respond::see_other(answered(Decided::TooLate))) };
    let mut response = respond::see_other(&format!("{}?i={id}", paths::SIGN_IN));
    if let Some(cookie) = &cookie {
        set_browser_cookie(own.state, &mut response, cookie);
    }
    Ok(response)
}

async fn show_end_all(State(state): State<AppState>, mut visitor: Visitor, headers: HeaderMap) -> Response {
    let around = Around::before(&state, &mut visitor);
    let own = Own { state: &state, visitor: &visitor, page: END_ALL };
    let response = shown(&own, |session| async {
        let (sessions, portals) = reach(&own, session).await?;
        Ok(EndAllPage { sessions, portals }.render(&own.frame()).into_response())
    })
    .await;
    around.after(&state, &headers, response)
}

/// How many sessions there are, and how many portals hear of their end.
pub async fn reach(own: &Own<'_>, session: &Recognised) -> Result<(u32, u32), Fault> {
    let seen = overview(&own.state.provider, session, own.now()).await?;
    let portals = seen.sessions.iter().map(|view| view.portals.len()).sum::<usize>();
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Ok((number(seen.sessions.len()), number(portals)))
}

async fn take_end_all(
    State(state): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    FormBody(form): FormBody,
) -> Response {
    let own = Own { state: &state, visitor: &visitor, page: END_ALL };
    let Ok(form) = form else { return own.foreign() };
    taken(&own, (&headers, &form), |session| async {
        if field(&form, "action") != "confirm" {
            return Ok(own.home(None));
        }
        end_sessions(&own.state.provider, session, Which::All, own.now()).await?;
        let mut response = respond::see_other(paths::SIGN_OUT);
        own.clear_session(&mut response);
        Ok(response)
    })
    .await
}
