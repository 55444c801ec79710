//! One request with everything that decides about it, gathered once, and the next step computed from that.

use std::{collections::BTreeMap, sync::Arc};

use super::{Browser, Progress, objects};
use crate::{
    assurance::{self, Factor, Factors, Level, PasswordOrigin, Proof, evidence, level, may_sign_in, proven_since},
    base::{Fault, Timestamp, hex, ids::PersonId},
    crypto::{Typ, digest, keyring::Signed},
    flows::{Provider, clients::KnownClient, sessions::Recognised},
    oidc::{
        acr::AcrLevel,
        authorize::{DecoupledKind, Request},
        id_token::IdToken,
        interact::{self, Consent, Finish, Granted, Next, Password, Presence, Refusal, Selection, Standing, Terms},
        scope::{AccountLevel, DataClass, Scope},
        token_kind::TokenKind,
    },
    store::{
        Conn,
        acquaintance::{self, Acquaintance},
        subjects,
    },
};

/// The person that must be the one signed in: by `id_token_hint`, or by the claims' `sub`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Expected {
    Anybody,
    /// Nobody at all, where a hint is not ours, or two name different people.
    OneOf(Vec<PersonId>),
}

impl Expected {
    fn is(&self, person: PersonId) -> bool {
        match self {
            Self::Anybody => true,
            Self::OneOf(people) => people.contains(&person),
        }
    }

    fn and(self, mut others: Vec<PersonId>) -> Self {
        others.retain(|person| self.is(*person));
        Self::OneOf(others)
    }
}

pub struct Case<'a> {
    pub client: &'a Arc<KnownClient>,
    pub request: &'a Request,
    pub progress: &'a Progress,
    /// When the interaction began; now, for a request that has just come.
    pub start: Timestamp,
    pub browser: &'a Browser,
    session: Option<&'a Recognised>,
    /// How the signed-in account and the client know each other.
    pub acquaintance: Option<Acquaintance>,
    expected: Expected,
    terms: Terms,
}

impl<'a> Case<'a> {
    pub async fn gather(
        provider: &Provider,
        (client, request): (&'a Arc<KnownClient>, &'a Request),
        progress: &'a Progress,
        start: Timestamp,
        browser: &'a Browser,
    ) -> Result<Self, Fault> {
        let mut conn = provider.db.read().await?;
        let session =
            browser.session.as_ref().filter(|found| progress.not_as != Some((found.session.id, found.session.version)));
        let acquaintance = match session {
            Some(found) => {
                let names = (&client.id, client.sector.as_str());
                Some(acquaintance::find(&mut conn, &found.account, found.session.id, names).await?)
            }
            None => None,
        };
        let expected = expected_person(provider, &mut conn, client, request).await?;
        let terms = Terms::of(&client.client, &provider.settings.policy);
        Ok(Self { client, request, progress, start, browser, session, acquaintance, expected, terms })
    }

    /// Who is signed in, as far as this interaction is concerned.
    pub const fn session(&self) -> Option<&'a Recognised> {
        self.session
    }

    pub fn next(&self, provider: &Provider) -> Next {
        interact::next(self.request, &self.standing(provider))
    }

    pub fn standing(&self, provider: &Provider) -> Standing {
        let (now, freshness) = (self.browser.now, &provider.settings.freshness);
        let proofs: &[Proof] = self.session().map_or(&[], |found| &found.session.proofs);
        let reached = level(proofs, now, freshness);
        let since_start = level(&proven_since(proofs, self.start), now, freshness);
        let ages = Level::ALL
            .into_iter()
            .filter(|asked| reached.is_some_and(|reached| *asked <= reached))
            .filter_map(|asked| Some((acr(asked), now.since(evidence(asked, proofs, now, freshness)?.auth_time))))
            .collect::<BTreeMap<_, _>>();
        let mut standing = Standing {
            presence: self.presence(),
            reached: reached.map(acr),
            reached_since_start: since_start.map(acr),
            reachable: acr(self.reachable(provider)),
            auth_time_ages: ages,
            account_level: self.account_level(),
            selection: if self.progress.account_chosen { Selection::Done } else { Selection::NotYet },
            consent: Consent::Missing,
            terms: self.terms.clone(),
            refusal: self.refusal(),
            password: self.password(),
        };
        standing.consent = self.consent(&standing.granted(self.request));
        standing
    }

    fn presence(&self) -> Presence {
        match (self.session(), &self.expected) {
            (None, _) => Presence::Absent,
            (Some(found), expected) if !expected.is(found.account.person_id) => Presence::AnotherPerson,
            (Some(_), _) => Presence::Present,
        }
    }

    /// What this person can reach with what they have enrolled; nobody known yet: what the deployment can.
    fn reachable(&self, provider: &Provider) -> Level {
        let highest = provider.settings.highest_level;
        let Some(acquaintance) = &self.acquaintance else { return highest };
        let mut factors = Factors::of(Factor::Knowledge);
        if acquaintance.has_totp || acquaintance.recovery_codes_left > 0 {
            factors = factors.with(Factor::Possession);
        }
        Level::of(factors).unwrap_or(Level::One).min(highest)
    }

    fn account_level(&self) -> AccountLevel {
        match self.session().map(|found| found.account.level) {
            Some(assurance::AccountLevel::One) => AccountLevel::One,
            Some(assurance::AccountLevel::Two) | None => AccountLevel::Two,
        }
    }

    fn refusal(&self) -> Option<Refusal> {
        if self.progress.refused {
            return Some(Refusal::ByPerson);
        }
        self.session().and_then(|found| may_sign_in(&found.account.standing).err()).map(|_| Refusal::NotAvailable)
    }

    fn password(&self) -> Password {
        match self.session().map(|found| found.account.standing.password) {
            Some(PasswordOrigin::Desk) => Password::Given,
            Some(PasswordOrigin::Person) | None => Password::Own,
        }
    }

    fn consent(&self, granted: &Granted) -> Consent {
        if self.progress.agreed.as_ref() == Some(granted) {
            return Consent::Given;
        }
        let remembered = self.acquaintance.as_ref().and_then(|known| known.consent.as_ref()).is_some_and(|consent| {
            let claims = consent.claims.as_array();
            let agreed = |name: &str| claims.is_some_and(|all| all.iter().any(|claim| claim.as_str() == Some(name)));
            consent.purpose_version == purpose_version(self.client)
                && granted.scopes.iter().all(|scope| consent.scopes.iter().any(|agreed| agreed == scope))
                && granted.claims.names().all(|name| agreed(name) || is_of_the_protocol(name))
                && granted.resources.iter().all(|uri| agreed(&agreed_resource(uri)))
                // Each of these is about one procedure or one statement, once.
                && granted.details.is_empty()
                && !granted.claims.states_something()
        });
        if remembered { Consent::Remembered } else { Consent::Missing }
    }

    /// Which proofs stand behind the level that is emitted: `auth_time` and `amr`.
    pub fn evidence(&self, provider: &Provider, finish: &Finish) -> Option<assurance::Evidence> {
        let found = self.session()?;
        let proofs = match finish.counting {
            interact::Counting::All => found.session.proofs.clone(),
            interact::Counting::SinceStart => proven_since(&found.session.proofs, self.start),
        };
        let emitted = Level::from_number(finish.acr.number())?;
        evidence(emitted, &proofs, self.browser.now, &provider.settings.freshness)
    }
}

pub fn acr(level: Level) -> AcrLevel {
    AcrLevel::from_number(level.number()).unwrap_or(AcrLevel::One)
}

/// Such as `sub`, `acr` and `auth_time`: they come with every sign-in, asked for by name or not.
fn is_of_the_protocol(claim: &str) -> bool {
    Scope::of_claim(claim).is_some_and(|scope| scope.class == DataClass::Protocol)
}

/// How a resource stands among the names that were agreed to.
pub fn agreed_resource(uri: &str) -> String {
    format!("resource {uri}")
}

/// Consent was given for this wording of the purpose and this legal basis, and for no other.
pub fn purpose_version(client: &KnownClient) -> String {
    let about = &client.client.about;
    let texts = [about.purpose.get("vi"), about.purpose.get("en"), about.legal_basis.as_deref()];
    let joined = texts.map(Option::unwrap_or_default).join("\u{1f}");
    hex(digest::sha256(joined.as_bytes()).as_bytes()).chars().take(16).collect()
}

/// The person that must be the one signed in. A hint that is not ours names nobody.
async fn expected_person(
    provider: &Provider,
    conn: &mut Conn,
    client: &KnownClient,
    request: &Request,
) -> Result<Expected, Fault> {
    if let Some(DecoupledKind::Backchannel { person, .. }) = request.decoupled.as_ref().map(|asked| &asked.kind) {
        return Ok(Expected::OneOf(vec![*person]));
    }
    let mut expected = Expected::Anybody;
    if let Some(hint) = &request.id_token_hint {
        let sub = read_hint(provider, hint).filter(|token| token.aud == client.id).map(|token| token.sub);
        expected = expected.and(people(conn, client, sub.as_deref().as_slice()).await?);
    }
    if let Some(subs) = request.expected_subs() {
        expected = expected.and(people(conn, client, &subs).await?);
    }
    Ok(expected)
}

/// The people that these names stand for in the client's sector.
async fn people(conn: &mut Conn, client: &KnownClient, subs: &[&str]) -> Result<Vec<PersonId>, Fault> {
    let mut people = Vec::new();
    for sub in subs {
        people.extend(subjects::person_of_sub(conn, &client.sector, sub).await?);
    }
    Ok(people)
}

/// An ID token of ours, expired or not, whose key was never compromised. A client that has its tokens encrypted may encrypt the
/// hint to us (OpenID Connect Core §3.1.2.1, RP-Initiated Logout §2).
pub fn read_hint(provider: &Provider, hint: &str) -> Option<IdToken> {
    let signed = objects::opened(provider, hint).ok()?;
    let own = provider.keys.ring().verify(&signed, Typ::Jwt, Signed::Ever).ok()?;
    IdToken::from_hint(Some(TokenKind::Id.typ()), &own.claims, &provider.settings.issuer).ok()
}
