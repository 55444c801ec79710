//! The end of an authorization: a code, or the final error; the interaction is consumed with it.

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    Case,
    case::{agreed_resource, purpose_version},
    respond::{deliver, deliver_watched},
    targets::{self, Target},
};
use crate::{
    base::{
        Fault, Timestamp, hex,
        ids::{ClientId, DecoupledId, GrantId, InteractionId},
    },
    crypto::{OpaqueToken, opaque::kind},
    flows::{Provider, backchannel::notice, clients::KnownClient, sessions::Recognised, token::Authorized},
    oidc::{
        authorize::{Answer, Delivery, Request},
        confirmation::Confirmation,
        error::OAuthError,
        interact::{Finish, Granted},
    },
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit, acquaintance,
        audit::Actor,
        backchannel,
        codes::{self, StoredCode},
        decoupled::Approval,
        device_codes, interactions, pushed_requests, sessions,
        subjects::{self, Consent},
    },
};

/// A client's name for a session is written at most once a minute.
const LAST_AT_EVERY: crate::base::Span = crate::base::Span::minutes(1);

/// Issues the code. `None` when what was read does not hold any more.
pub async fn issue(
    provider: &Provider,
    case: &Case<'_>,
    finish: &Finish,
    interaction: Option<InteractionId>,
) -> Result<Option<Delivery>, Fault> {
    let Some(found) = case.session() else { return Ok(None) };
    let code = OpaqueToken::<kind::Code>::generate(&provider.entropy);
    let row = row(provider, (case.client, case.request), found, case.browser.now);
    let to = To::Code { digest: *code.digest().as_bytes(), row: Box::new(row) };
    if grant(provider, case, finish, (interaction, to)).await? != Granting::Done {
        return Ok(None);
    }
    let answer = code.reveal();
    let answer = Answer::Code(answer.reveal());
    deliver_watched(provider, case.client, case.request, answer, case.browser).await.map(Some)
}

/// Writes down what the person granted, where the client will fetch it.
pub(super) async fn grant(
    provider: &Provider,
    case: &Case<'_>,
    finish: &Finish,
    (interaction, to): (Option<InteractionId>, To),
) -> Result<Granting, Fault> {
    let (Some(found), Some(known), Some(evidence)) =
        (case.session(), &case.acquaintance, case.evidence(provider, finish))
    else {
        return Ok(Granting::Changed);
    };
    let now = case.browser.now;
    let authorized = Authorized {
        sub: known.sub.clone().unwrap_or_else(|| fresh_name(provider)),
        sid: known.sid.clone().unwrap_or_else(|| fresh_name(provider)),
        scopes: finish.granted.scopes.clone(),
        claims: finish.granted.claims.clone(),
        nonce: case.request.nonce.clone(),
        acr: finish.acr.uri().to_owned(),
        amr: evidence.amr().into_iter().map(str::to_owned).collect(),
        auth_time: evidence.auth_time,
        dpop_jkt: case.request.dpop_jkt.clone(),
        cnf: Confirmation::default(),
        resources: BTreeMap::new(),
        details: finish.granted.details.clone(),
    };
    let targets = targets::served(provider, case.client, &finish.granted.resources).await?;
    let issuer = &provider.settings.issuer;
    let unit = Grant {
        own: finish.granted.resources.contains(issuer).then(|| issuer.clone()),
        id: to.grant().unwrap_or_else(|| GrantId::generate(&provider.entropy, now)),
        to,
        found: found.clone(),
        client: (case.client.id.clone(), case.client.version),
        sector: case.client.sector.clone(),
        names: Names {
            sub_is_new: known.sub.is_none(),
            sid_is_stale: known.last_at.is_none_or(|at| now.since(at) >= LAST_AT_EVERY),
        },
        authorized,
        targets: targets.into_iter().map(|(target, _)| (target, fresh_name(provider))).collect(),
        agreed: case.progress.agreed.clone().map(|granted| consent_of(&granted, purpose_version(case.client), now)),
        ends: Ends { interaction, pushed: case.request.pushed },
        now,
    };
    let granting = provider.writer.submit(unit).await?;
    if granting == Granting::Changed {
        provider.clients.forget();
    }
    Ok(granting)
}

/// 160 random bits, in letters that need no escaping anywhere.
fn fresh_name(provider: &Provider) -> String {
    hex(&provider.entropy.bytes::<20>())
}

fn row(
    provider: &Provider,
    (client, request): (&KnownClient, &Request),
    found: &Recognised,
    now: Timestamp,
) -> StoredCode {
    let lifetime = client.client.rules.profile.code_lifetime(provider.settings.lifetimes.code);
    StoredCode {
        client_id: request.client_id.clone(),
        grant_id: GrantId::generate(&provider.entropy, now),
        account_id: found.account.account_id,
        session_id: found.session.id,
        redirect_uri: request.address.redirect_uri_requested.then(|| request.address.redirect_uri.clone()),
        code_challenge: request.code_challenge.as_ref().map(|challenge| challenge.as_str().to_owned()),
        authorized: serde_json::Value::Null,
        expires_at: now + lifetime,
        used_at: None,
    }
}

fn consent_of(granted: &Granted, purpose_version: String, now: Timestamp) -> Consent {
    Consent {
        scopes: granted.scopes.iter().map(str::to_owned).collect(),
        claims: (granted.claims.names().map(str::to_owned))
            .chain(granted.resources.iter().map(|uri| agreed_resource(uri)))
            .map(serde_json::Value::from)
            .collect(),
        purpose_version,
        given_at: now,
    }
}

/// What an answer consumes.
struct Ends {
    interaction: Option<InteractionId>,
    pushed: Option<[u8; 32]>,
}

impl Ends {
    /// `false` when something of it was consumed before. An interaction whose pushed request was answered in another tab ends
    /// with this, so that its page says so.
    async fn end(&self, tx: &mut Tx, now: Timestamp) -> Result<bool, Fault> {
        if let Some(interaction) = self.interaction
            && !interactions::finish(tx, interaction, now).await?
        {
            return Ok(false);
        }
        match &self.pushed {
            Some(digest) => pushed_requests::consume(tx, digest, now).await,
            None => Ok(true),
        }
    }
}

struct Names {
    sub_is_new: bool,
    sid_is_stale: bool,
}

/// Where the client fetches it.
pub(super) enum To {
    /// With a code, which travels by the browser.
    Code { digest: [u8; 32], row: Box<StoredCode> },
    /// With the device code that it has.
    Device(DecoupledId),
    /// With the id of its backchannel request, or by a push.
    Backchannel(DecoupledId),
}

impl To {
    /// A code's row names its grant already.
    fn grant(&self) -> Option<GrantId> {
        match self {
            Self::Code { row, .. } => Some(row.grant_id),
            Self::Device(_) | Self::Backchannel(_) => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Granting {
    Done,
    /// What was read does not hold any more: read again.
    Changed,
    /// Somebody decided about the request before, or its time is over.
    TooLate,
}

struct Grant {
    to: To,
    id: GrantId,
    found: Recognised,
    client: (ClientId, i64),
    sector: String,
    names: Names,
    authorized: Authorized,
    /// This service's address, where it was named among the resources: it knows the person as the client does.
    own: Option<String>,
    /// Each with the name to give the person there, if they have none yet.
    targets: Vec<(Target, String)>,
    agreed: Option<Consent>,
    ends: Ends,
    now: Timestamp,
}

impl Grant {
    /// The stored names win over the proposed ones: another tab may have been first.
    async fn settle_names(&self, tx: &mut Tx) -> Result<Authorized, Fault> {
        let mut authorized = self.authorized.clone();
        if self.names.sub_is_new {
            let person = self.found.account.person_id;
            authorized.sub = subjects::ensure_sub(tx, &self.sector, person, &authorized.sub, self.now).await?;
        }
        for (target, proposed) in &self.targets {
            let sub = if target.sector == self.sector {
                authorized.sub.clone()
            } else {
                let person = self.found.account.person_id;
                subjects::ensure_sub(tx, &target.sector, person, proposed, self.now).await?
            };
            authorized.resources.insert(target.resource.clone(), sub);
        }
        authorized.resources.extend(self.own.iter().map(|issuer| (issuer.clone(), authorized.sub.clone())));
        if self.names.sid_is_stale {
            let session = self.found.session.id;
            authorized.sid = subjects::ensure_sid(tx, session, &self.client.0, &authorized.sid, self.now).await?;
        }
        Ok(authorized)
    }

    /// `false` when nobody waits for it any more.
    async fn hand_over(&self, tx: &mut Tx, authorized: serde_json::Value) -> Result<bool, Fault> {
        match &self.to {
            To::Code { digest, row } => {
                let row = StoredCode { authorized, ..StoredCode::clone(row) };
                codes::insert(tx, digest, &row, self.now).await.map(|()| true)
            }
            To::Device(id) => device_codes::approve(tx, *id, &self.approval(authorized), self.now).await,
            To::Backchannel(id) => {
                let decided = backchannel::approve(tx, *id, &self.approval(authorized), self.now).await?;
                notice::of_decision(tx, *id, decided, self.now).await
            }
        }
    }

    fn approval(&self, authorized: serde_json::Value) -> Approval {
        Approval {
            account_id: self.found.account.account_id,
            session_id: self.found.session.id,
            grant_id: self.id,
            authorized,
        }
    }
}

impl Unit for Grant {
    type Out = Granting;
    const KIND: &'static str = "authorize.issue";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.found.account.account_id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Granting, Fault> {
        let (client, session) = ((&self.client.0, self.client.1), self.found.session.id);
        if !acquaintance::still_holds(tx, client, &self.found.account, session, self.now).await? {
            return Ok(Granting::Changed);
        }
        if !self.ends.end(tx, self.now).await? {
            return Ok(Granting::Changed);
        }
        if self.found.touch {
            sessions::touch(tx, session, self.now).await?;
        }
        if let Some(consent) = &self.agreed {
            subjects::give_consent(tx, self.found.account.account_id, &self.client.0, consent).await?;
        }
        let authorized = self.settle_names(tx).await?;
        if !self.hand_over(tx, authorized.to_value()?).await? {
            return Ok(Granting::TooLate);
        }
        tx.record(
            AuditEvent::new(self.now, "authorize.granted", Outcome::Done, Actor::Person)
                .client(&self.client.0)
                .person(self.found.account.person_id)
                .account(self.found.account.account_id)
                .session(session)
                .detail(json!({
                    "grant": self.id, "acr": authorized.acr, "scope": authorized.scopes.to_string(),
                    "claims": authorized.claims.names().collect::<Vec<_>>(), "consent": self.agreed.is_some(),
                })),
        );
        Ok(Granting::Done)
    }
}

/// The final error of an interaction: consumed, recorded, delivered.
pub async fn refuse(
    provider: &Provider,
    (client, request): (&KnownClient, &Request),
    error: &OAuthError,
    (interaction, session, now): (InteractionId, Option<&Recognised>, Timestamp),
) -> Result<Option<Delivery>, Fault> {
    let unit = RefuseInteraction {
        interaction,
        ends: Ends { interaction: Some(interaction), pushed: request.pushed },
        client: request.client_id.clone(),
        session: session.cloned(),
        code: error.code.as_str(),
        now,
    };
    let first = provider.writer.submit(unit).await?;
    if !first {
        return Ok(None);
    }
    deliver(provider, client, &request.address, Answer::Error(error), now).await.map(Some)
}

struct RefuseInteraction {
    interaction: InteractionId,
    ends: Ends,
    client: ClientId,
    session: Option<Recognised>,
    code: &'static str,
    now: Timestamp,
}

impl Unit for RefuseInteraction {
    type Out = bool;
    const KIND: &'static str = "authorize.refuse";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.interaction.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        if !self.ends.end(tx, self.now).await? {
            return Ok(false);
        }
        let mut event = AuditEvent::new(self.now, "authorize.refused", Outcome::Refused, Actor::Person)
            .client(&self.client)
            .detail(json!({"interaction": self.interaction, "error": self.code}));
        if let Some(found) = &self.session {
            event = event.account(found.account.account_id).person(found.account.person_id).session(found.session.id);
        }
        tx.record(event);
        Ok(true)
    }
}
