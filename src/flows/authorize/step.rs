//! Where an interaction stands: what its page shows now.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    Browser, Case, Note, Progress,
    begin::is_told_first,
    decide::{self, Decided},
    issue, targets,
};
use crate::{
    assurance::{
        self, Factor, FactorState, Level, failures::CODES_PER_INTERACTION, may_sign_in, proven_since, state_of,
    },
    base::{Fault, Timestamp, ids::InteractionId},
    flows::{Provider, claims, clients::KnownClient, sessions::Recognised},
    oidc::{
        acr::AcrLevel,
        authorization_details::Detail,
        authorize::{Delivery, Request},
        error::{OAuthError, OAuthErrorCode},
        interact::{Counting, Granted, Next},
        prompt::Prompt,
        userinfo,
    },
    registry::PersonalNumber,
    store::{
        Class, LaneKey, Tx, Unit,
        interactions::{self, StoredInteraction},
        persons,
    },
};

/// An interaction of this browser, read and parsed.
pub struct Opened {
    pub id: InteractionId,
    pub client: Arc<KnownClient>,
    pub request: Request,
    pub progress: Progress,
    pub wrong_codes: i64,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// Why an interaction cannot go on.
pub enum Closed {
    /// Forgotten since it ended, or never there.
    Unknown,
    /// Its time ran out. With the portal that sent this browser here.
    Expired(Option<Arc<KnownClient>>),
    /// Answered already, in another tab or before going back. With the portal, too.
    Finished(Option<Arc<KnownClient>>),
    /// This browser holds no cookie for it.
    OtherBrowser,
}

/// What the person is shown.
#[derive(Debug)]
pub enum Step {
    Number {
        typed: Option<String>,
    },
    Password {
        number: String,
        again: bool,
    },
    SelectAccount {
        name: String,
        number_end: String,
        since: Timestamp,
    },
    Code {
        step_up: Option<u8>,
        recovery_codes: bool,
        by_recovery: bool,
    },
    /// On one's own account's page: the password that was handed over is replaced first.
    NewPassword,
    /// The level is out of reach; the portal is told when the person goes back.
    Unreachable {
        level: u8,
        could_add_totp: bool,
    },
    /// Nothing can be issued for this person now; said as far as it may be said.
    Blocked {
        locked: bool,
        card_expired: bool,
    },
    /// Five wrong codes: this interaction is over.
    TooManyCodes,
    /// The number that stands at the other device, before anything else is decided about.
    MatchNumber {
        message: String,
    },
    Consent(Box<Consent>),
    Deliver(Delivery),
    /// The answer is kept for the client, which fetches it.
    Decided(Decided),
    /// Something changed while it was answered: ask again.
    Again,
}

/// Exactly what will be released, for the person to see.
#[derive(Debug)]
pub struct Consent {
    pub granted: Granted,
    pub values: Map<String, Value>,
    /// Asked for and out of reach: (scope or type of details, account level 02 needed, authentication level needed).
    pub left_out: Vec<(String, bool, u8)>,
    /// Who else may be called in the person's name.
    pub servers: Vec<Arc<KnownClient>>,
    /// Who else may act in it.
    pub delegates: Vec<Arc<KnownClient>>,
}

/// Reads the interaction; the id in the URL is nothing without this browser's cookie.
pub async fn open(provider: &Provider, id: InteractionId, browser: &Browser) -> Result<Result<Opened, Closed>, Fault> {
    let found = interactions::find(&mut provider.db.read().await?, id).await?;
    let Some(interaction) = found else { return Ok(Err(Closed::Unknown)) };
    if !is_of(provider, &interaction, browser).await? {
        return Ok(Err(Closed::OtherBrowser));
    }
    let Some(client) = provider.clients.find(&provider.db, &interaction.client_id).await? else {
        return Ok(Err(Closed::Unknown));
    };
    if client.disabled {
        return Ok(Err(Closed::Finished(None)));
    }
    let (finished, expired) = (interaction.finished_at.is_some(), interaction.expires_at <= browser.now);
    if !finished && !expired {
        return parse(&interaction, client).map(Ok);
    }
    // What began at a counter or on another device does not begin again at a portal's page.
    let portal = parse(&interaction, client).ok().filter(|opened| opened.request.decoupled.is_none());
    let portal = portal.map(|opened| opened.client);
    Ok(Err(if finished { Closed::Finished(portal) } else { Closed::Expired(portal) }))
}

/// The browser that began it; one that was posted across sites (which sends no cookie) is of the first browser that opens it.
async fn is_of(provider: &Provider, interaction: &StoredInteraction, browser: &Browser) -> Result<bool, Fault> {
    let Some(digest) = browser.digest else { return Ok(false) };
    if interaction.browser_digest != UNCLAIMED {
        return Ok(digest.as_bytes().as_slice() == interaction.browser_digest);
    }
    provider.writer.submit(ClaimInteraction { id: interaction.id, digest: *digest.as_bytes(), now: browser.now }).await
}

struct ClaimInteraction {
    id: InteractionId,
    digest: [u8; 32],
    now: Timestamp,
}

impl Unit for ClaimInteraction {
    type Out = bool;
    const KIND: &'static str = "authorize.claim";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        interactions::claim(tx, self.id, &UNCLAIMED, &self.digest, self.now).await
    }
}

/// In the place of a browser's digest until a browser opens the interaction.
pub const UNCLAIMED: [u8; 32] = [0; 32];

fn parse(interaction: &StoredInteraction, client: Arc<KnownClient>) -> Result<Opened, Fault> {
    let bad = |column: &'static str| Fault::inconsistent("interaction", column, &interaction.id);
    Ok(Opened {
        id: interaction.id,
        client,
        request: Request::deserialize(&interaction.request).map_err(|_| bad("request"))?,
        progress: Progress::deserialize(&interaction.progress).map_err(|_| bad("progress"))?,
        wrong_codes: interaction.wrong_codes,
        created_at: interaction.created_at,
        expires_at: interaction.expires_at,
    })
}

impl Opened {
    pub async fn case<'a>(&'a self, provider: &Provider, browser: &'a Browser) -> Result<Case<'a>, Fault> {
        Case::gather(provider, (&self.client, &self.request), &self.progress, self.created_at, browser).await
    }
}

/// The step that stands now; when nothing is left to do, the answer.
pub async fn step(provider: &Provider, opened: &Opened, browser: &Browser) -> Result<Step, Fault> {
    if opened.wrong_codes >= i64::from(CODES_PER_INTERACTION) {
        return Ok(Step::TooManyCodes);
    }
    if let Some(Note::NotPossible { locked, card_expired }) = opened.progress.note {
        return Ok(Step::Blocked { locked, card_expired });
    }
    let case = opened.case(provider, browser).await?;
    match case.next(provider) {
        Next::Login => login(provider, opened, &case).await,
        Next::SelectAccount => select_account(provider, &case).await,
        Next::NewPassword => Ok(Step::NewPassword),
        Next::StepUp(level) => step_up(provider, opened, &case, level).await,
        Next::Consent(granted) => match unmatched(opened) {
            Some(message) => Ok(Step::MatchNumber { message }),
            None => consent(provider, &case, granted).await,
        },
        Next::Finish(finish) => match &opened.request.decoupled {
            Some(asked) => {
                let decided = decide::approve(provider, &case, &finish, (opened.id, asked)).await?;
                Ok(decided.map_or(Step::Again, Step::Decided))
            }
            None => {
                let delivery = issue::issue(provider, &case, &finish, Some(opened.id)).await?;
                Ok(delivery.map_or(Step::Again, Step::Deliver))
            }
        },
        Next::Refuse(error) => refused(provider, opened, &case, &error).await,
    }
}

/// The number first, then the password that goes with it. Who is signed in and must prove it again keeps their number.
async fn login(provider: &Provider, opened: &Opened, case: &Case<'_>) -> Result<Step, Fault> {
    let again = case.session().is_some();
    Ok(match (&opened.progress.typed_number, case.session()) {
        (Some(typed), _) if opened.progress.account_chosen && PersonalNumber::typed(typed).is_ok() => {
            Step::Password { number: typed.clone(), again }
        }
        (None, Some(found)) => match own_number(provider, found).await? {
            Some(number) => Step::Password { number, again },
            None => Step::Number { typed: None },
        },
        (typed, _) => Step::Number { typed: typed.clone().filter(|text| !text.is_empty()) },
    })
}

async fn own_number(provider: &Provider, found: &Recognised) -> Result<Option<String>, Fault> {
    let person = persons::find(&mut provider.db.read().await?, found.account.person_id).await?;
    Ok(person.and_then(|stored| stored.person.number).map(|number| number.as_str().to_owned()))
}

async fn select_account(provider: &Provider, case: &Case<'_>) -> Result<Step, Fault> {
    let Some(found) = case.session() else { return Ok(Step::Again) };
    let person = persons::find(&mut provider.db.read().await?, found.account.person_id).await?;
    let Some(person) = person.map(|stored| stored.person) else {
        return Err(Fault::inconsistent("account", "person_id", &found.account.account_id));
    };
    let number = person.number.as_ref().map_or(String::new(), |number| number.as_str().to_owned());
    Ok(Step::SelectAccount {
        name: person.name.full().to_owned(),
        number_end: number.get(9..).unwrap_or_default().to_owned(),
        since: found.session.created_at,
    })
}

/// The missing factor is a code: nothing else can be enrolled yet. Without one, the level is out of reach and the table
/// says so before this.
async fn step_up(provider: &Provider, opened: &Opened, case: &Case<'_>, level: AcrLevel) -> Result<Step, Fault> {
    let (Some(found), Some(known)) = (case.session(), &case.acquaintance) else { return Ok(Step::Again) };
    // The password may be what has grown too old.
    if needs_password(provider, opened, case, level) {
        return login(provider, opened, case).await;
    }
    let newly = found.session.created_at >= opened.created_at;
    Ok(Step::Code {
        step_up: (!newly).then_some(level.number()),
        recovery_codes: known.recovery_codes_left > 0,
        by_recovery: opened.progress.by_recovery_code || !known.has_totp,
    })
}

fn needs_password(provider: &Provider, opened: &Opened, case: &Case<'_>, level: AcrLevel) -> bool {
    let Some(found) = case.session() else { return true };
    let asked = Level::from_number(level.number()).unwrap_or(Level::Two);
    let proofs = match case.standing(provider).counting(&opened.request) {
        Counting::All => found.session.proofs.clone(),
        Counting::SinceStart => proven_since(&found.session.proofs, opened.created_at),
    };
    state_of(Factor::Knowledge, asked, &proofs, case.browser.now, &provider.settings.freshness) != FactorState::Fresh
}

async fn consent(provider: &Provider, case: &Case<'_>, granted: Granted) -> Result<Step, Fault> {
    let Some(found) = case.session() else { return Ok(Step::Again) };
    let wanted = claims::Wanted::of(&granted.scopes, &granted.claims);
    let person =
        claims::of_person(provider, &mut provider.db.read().await?, &found.account, &wanted, case.browser.now).await?;
    let values = userinfo::released(&granted.scopes, &granted.claims, &person);
    let standing = case.standing(provider);
    let scopes = case.request.scopes.iter().filter(|scope| !granted.scopes.contains(scope));
    let scopes = scopes.map(|scope| (scope, standing.terms.floor(scope)));
    let details = case.request.details.iter().filter(|detail| !granted.details.contains(detail));
    let details = details.map(|detail| (detail.type_name(), standing.terms.floor_of(detail)));
    let left_out = scopes
        .chain(details)
        .map(|(name, floor)| (name.to_owned(), floor.account > standing.account_level, floor.authentication.number()))
        .collect();
    let served = targets::served(provider, case.client, &granted.resources).await?;
    let servers = served.into_iter().map(|(_, server)| server).collect();
    let mut delegates = Vec::new();
    for delegate in granted.details.iter().filter_map(Detail::delegate) {
        delegates.extend(provider.clients.find(&provider.db, delegate).await?);
    }
    Ok(Step::Consent(Box::new(Consent { granted, values, left_out, servers, delegates })))
}

async fn refused(provider: &Provider, opened: &Opened, case: &Case<'_>, error: &OAuthError) -> Result<Step, Fault> {
    let page_possible = !opened.request.prompts.contains(Prompt::None);
    if page_possible && is_told_first(error) && !opened.progress.refused {
        if let Some(refusal) = case.session().and_then(|found| may_sign_in(&found.account.standing).err()) {
            return Ok(blocked(refusal));
        }
        if error.code == OAuthErrorCode::UnmetAuthenticationRequirements {
            let level = wanted_level(case, provider);
            let could_add_totp = level <= provider.settings.highest_level.number();
            return Ok(Step::Unreachable { level, could_add_totp });
        }
    }
    deliver(provider, opened, case, error).await
}

/// The message with the number to be typed left out, until it was (CIBA Core §7.1, `binding_message`).
fn unmatched(opened: &Opened) -> Option<String> {
    let message = opened.request.binding_message().filter(|_| !opened.progress.number_matched)?;
    message.number().map(|_| message.without_number())
}

/// A death or a court's order reads like any other reason.
fn blocked(refusal: assurance::Refusal) -> Step {
    Step::Blocked {
        locked: matches!(refusal, assurance::Refusal::Locked(reason) if reason != assurance::LockReason::Death),
        card_expired: refusal == assurance::Refusal::CardExpired,
    }
}

/// The level that could not be reached: of the request, or the client's own floor.
fn wanted_level(case: &Case<'_>, provider: &Provider) -> u8 {
    let floor = case.standing(provider).terms.client_floor;
    case.request.acr.requirement().map_or(floor, |asked| asked.max(floor)).number()
}

async fn deliver(provider: &Provider, opened: &Opened, case: &Case<'_>, error: &OAuthError) -> Result<Step, Fault> {
    let context = (opened.id, case.session(), case.browser.now);
    if let Some(asked) = &opened.request.decoupled {
        let decided = decide::deny(provider, &opened.request, asked, context).await?;
        return Ok(decided.map_or(Step::Again, Step::Decided));
    }
    let delivery = issue::refuse(provider, (&opened.client, &opened.request), error, context).await?;
    Ok(delivery.map_or(Step::Again, Step::Deliver))
}

/// The person goes back to the portal from a page that told them why.
pub async fn give_up(provider: &Provider, opened: &Opened, browser: &Browser) -> Result<Step, Fault> {
    let case = opened.case(provider, browser).await?;
    let error = match case.next(provider) {
        Next::Refuse(error) => error,
        // The same words as for an account that a session shows to be unusable: the portal learns no more.
        _ if matches!(opened.progress.note, Some(Note::NotPossible { .. })) => {
            OAuthError::new(OAuthErrorCode::AccessDenied, "the account cannot be used")
        }
        _ => OAuthError::new(OAuthErrorCode::AccessDenied, "the person went back without signing in"),
    };
    deliver(provider, opened, &case, &error).await
}
