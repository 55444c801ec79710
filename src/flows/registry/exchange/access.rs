//! Who may ask: an agency's system by its key, with a scope, in its own name, at its pace.

use std::sync::Arc;

use super::ExchangeRefusal;
use crate::{
    base::{Fault, Span, Timestamp},
    flows::{Provider, caller::Sender, clients::KnownClient, token::live},
    oidc::{
        bearer::Presented,
        client::{ClientAuthMethod, RpClass},
        error::{OAuthError, OAuthErrorCode},
        scope::ScopeSet,
    },
    registry::attribution::{Attribution, Stated, is_agency_code},
    store::cache::{Allowance, Rate},
};

/// What a scope of the interface opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    Verify,
    LookUp,
    Predicates,
    Household,
    Statistics,
    /// Telling of civil events, and asking how it stands with them.
    Events,
    /// Hearing of changes.
    Changes,
}

impl Right {
    pub const ALL: [Self; 7] =
        [Self::Verify, Self::LookUp, Self::Predicates, Self::Household, Self::Statistics, Self::Events, Self::Changes];

    pub const fn scope(self) -> &'static str {
        match self {
            Self::Verify => "registry:verify",
            Self::LookUp => "registry:look-up",
            Self::Predicates => "registry:predicates",
            Self::Household => "registry:household",
            Self::Statistics => "registry:statistics",
            Self::Events => "registry:events",
            Self::Changes => "registry:changes",
        }
    }
}

/// A request that may be answered.
pub struct Admitted {
    pub client: Arc<KnownClient>,
    pub by: Attribution,
    /// The officer asks about more people an hour than officers do.
    pub in_haste: bool,
}

/// Of one client, all its officers together.
const CLIENT_PACE: Rate = Rate { burst: 6_000, per: Span::minutes(1) };
/// An officer who reads files; machines verify with no officer's haste.
const OFFICER_PACE: Rate = Rate { burst: 120, per: Span::hours(1) };

/// Checks everything that needs no person.
pub async fn admitted<'h>(
    provider: &Provider,
    (token, right): (Option<(&Presented, &Sender)>, Right),
    header: impl Fn(&str) -> Stated<'h>,
    now: Timestamp,
) -> Result<Result<Admitted, ExchangeRefusal>, Fault> {
    let Some(token) = token else { return Ok(Err(ExchangeRefusal::NoToken)) };
    let client = match client_of(provider, token, right, now).await? {
        Ok(client) => client,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let by = match Attribution::read(header) {
        Ok(by) => by,
        Err(faults) => return Ok(Err(ExchangeRefusal::Statements(faults))),
    };
    // Where the registration names the agency by its code, nobody asks in another's name.
    let own = client.client.about.agency.as_deref().filter(|agency| is_agency_code(agency));
    if own.is_some_and(|own| by.agency != own && !by.agency.starts_with(&format!("{own}."))) {
        return Ok(Err(ExchangeRefusal::ForeignAgency));
    }
    let key = format!("registry:{}", client.id.as_str());
    if let Allowance::Wait(span) = provider.cache.spend(&key, CLIENT_PACE, now).await {
        return Ok(Err(ExchangeRefusal::TooFast(span)));
    }
    let reads_files = matches!(right, Right::LookUp | Right::Household);
    let key = format!("registry:{}:{}", client.id.as_str(), by.officer);
    let in_haste = reads_files && matches!(provider.cache.spend(&key, OFFICER_PACE, now).await, Allowance::Wait(_));
    Ok(Ok(Admitted { client, by, in_haste }))
}

async fn client_of(
    provider: &Provider,
    (presented, sender): (&Presented, &Sender),
    right: Right,
    now: Timestamp,
) -> Result<Result<Arc<KnownClient>, ExchangeRefusal>, Fault> {
    let invalid =
        || OAuthError::new(OAuthErrorCode::InvalidToken, "the access token is expired, revoked or not one of ours");
    let found = live::find_live(provider, presented.token.reveal(), now).await?;
    // RFC 9068 §4: a token for another resource opens nothing here.
    let Some(live) = found.filter(|live| live.is_for_us(provider)) else {
        return Ok(Err(ExchangeRefusal::Token(invalid())));
    };
    // Nothing here uses a proof of possession up: a token bound to a key is for the places that do. One bound to a
    // certificate opens with it (RFC 8705 §3).
    if let Err(refusal) = live::check_sender(&live, presented.scheme, sender) {
        return Ok(Err(ExchangeRefusal::Token(refusal.error)));
    }
    // A person's token opens a person's data at UserInfo; here a system asks for its officers.
    if live.person.is_some() {
        return Ok(Err(ExchangeRefusal::Right(right)));
    }
    let scopes = live.token.scope.as_deref().map(ScopeSet::parse).and_then(Result::ok).unwrap_or_default();
    if !scopes.contains(right.scope()) {
        return Ok(Err(ExchangeRefusal::Right(right)));
    }
    let shared = matches!(
        live.client.client.auth.method,
        ClientAuthMethod::None | ClientAuthMethod::ClientSecretBasic | ClientAuthMethod::ClientSecretPost
    );
    if shared {
        return Ok(Err(ExchangeRefusal::WeakClient));
    }
    if live.client.client.rules.rp_class != Some(RpClass::State) {
        return Ok(Err(ExchangeRefusal::NotState));
    }
    Ok(Ok(live.client))
}
