//! Token exchange (RFC 8693) for delegation: one client acts in a person's name, with a token that says who acts. What a
//! token may be exchanged for is never more than it is.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    authorization_details::{self, Detail},
    error::{OAuthError, OAuthErrorCode},
    params::Params,
    resource::invalid_target,
    scope::ScopeSet,
    token_request::{Narrowing, scope},
};
use crate::base::{Secret, ids::ClientId};

/// The only type that is taken and given (RFC 8693 §3).
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// So many act one after another, and no more: a chain that nobody reads to its end vouches for nobody.
pub const CHAIN_AT_MOST: usize = 4;

/// RFC 8693 §2.1.
#[derive(Clone, Debug)]
pub struct ExchangeRequest {
    pub subject_token: Secret,
    /// Of the client that will act.
    pub actor_token: Secret,
    /// `audience` and the resources of `narrowing` together: for whom the token shall be.
    pub audience: Vec<String>,
    pub scope: Option<ScopeSet>,
    pub narrowing: Narrowing,
}

impl ExchangeRequest {
    pub fn parse(params: &Params) -> Result<Self, OAuthError> {
        let subject_token = Secret::new(params.required("subject_token")?);
        is_access_token("subject_token_type", params.required("subject_token_type")?)?;
        if let Some(asked) = params.one("requested_token_type")? {
            is_access_token("requested_token_type", asked)?;
        }
        let actor_token = match (params.one("actor_token")?, params.one("actor_token_type")?) {
            (Some(token), Some(kind)) => {
                is_access_token("actor_token_type", kind)?;
                Secret::new(token)
            }
            (Some(_), None) => {
                let text = "actor_token_type is missing; it stands beside every actor_token (RFC 8693 section 2.1)";
                return Err(OAuthError::invalid_request(text));
            }
            // §1.1: without an actor the client would be the person, for everybody who reads the token.
            (None, _) => {
                return Err(OAuthError::invalid_request(
                    "impersonation is not offered: send actor_token, an access token of the client that acts (by \
                     client_credentials), with actor_token_type, and the token will name it in act (RFC 8693 section 1.1)",
                ));
            }
        };
        let mut audience: Vec<String> = Vec::new();
        for member in params.all("audience").filter(|member| !member.is_empty()) {
            if !audience.iter().any(|known| known == member) {
                audience.push(member.to_owned());
            }
        }
        Ok(Self { subject_token, actor_token, audience, scope: scope(params)?, narrowing: Narrowing::parse(params)? })
    }

    /// For whom: some of those that the subject token is for (§2.1: all of them where nobody is named), never another.
    pub fn targets<'a>(&'a self, of_subject: &[&'a str]) -> Result<Vec<&'a str>, OAuthError> {
        let named = self.audience.iter().chain(&self.narrowing.resources).map(String::as_str);
        let mut targets: Vec<&str> = Vec::new();
        for target in named {
            if !of_subject.contains(&target) {
                return Err(invalid_target(format!(
                    "the subject token is not for {target}; an exchange keeps to its audience: {}",
                    of_subject.join(" ")
                )));
            }
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
        Ok(if targets.is_empty() { of_subject.to_vec() } else { targets })
    }

    /// At most the scopes of the subject token. `offline_access` means a refresh token, which an exchange never gives.
    pub fn scopes(&self, of_subject: &ScopeSet) -> Result<ScopeSet, OAuthError> {
        let kept = of_subject.filtered(|scope| scope != "offline_access");
        match &self.scope {
            None => Ok(kept),
            Some(asked) if asked.is_subset(&kept) => Ok(asked.clone()),
            Some(_) => Err(OAuthError::new(
                OAuthErrorCode::InvalidScope,
                format!("scope goes beyond the subject token's; expected at most: {kept}"),
            )),
        }
    }

    /// Which of the subject token's delegations go along, and that one of them is to `actor`: the person's word is what
    /// permits acting, and statements of an identity check are not passed on. Without a choice only the actor's own.
    pub fn delegations(
        &self,
        of_subject: &[Detail],
        (actor, own): (&ClientId, &ClientId),
    ) -> Result<Vec<Detail>, DelegationMissing> {
        let delegations: Vec<Detail> =
            of_subject.iter().filter(|detail| detail.actor(own).is_some()).cloned().collect();
        let is_to_actor = |detail: &Detail| detail.actor(own) == Some(actor);
        let kept = match &self.narrowing.details {
            None => delegations.into_iter().filter(is_to_actor).collect(),
            Some(asked) => authorization_details::narrowed(&delegations, Some(asked.as_slice()))
                .map_err(DelegationMissing::Wider)?,
        };
        if kept.iter().any(is_to_actor) { Ok(kept) } else { Err(DelegationMissing::ToActor) }
    }
}

/// Why nobody may act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DelegationMissing {
    /// The request names one that the subject token does not have.
    Wider(OAuthError),
    /// None is to this actor.
    ToActor,
}

fn is_access_token(name: &str, kind: &str) -> Result<(), OAuthError> {
    if kind == ACCESS_TOKEN {
        return Ok(());
    }
    Err(OAuthError::invalid_request(format!("{name} is not supported; expected {ACCESS_TOKEN}")))
}

/// What an access token says of acting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acting {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Actor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_act: Option<MayAct>,
    /// The `jti`s of the tokens that this one was exchanged from, the nearest first: it dies with each of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanged_from: Vec<String>,
}

/// `act` (RFC 8693 §4.1): who acts now, and inside it who acted before. Written by us alone, and never deeper than
/// [`CHAIN_AT_MOST`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The `client_id`, as in that client's own tokens (RFC 9068 §2.2).
    pub sub: ClientId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<Actor>>,
}

impl Actor {
    /// `client` acts after everybody in `before`. Whoever exchanges its own token again is in the chain already. `None` when the
    /// chain would be too long.
    pub fn after(client: &ClientId, before: Option<&Self>) -> Option<Self> {
        match before {
            Some(before) if before.sub == *client => Some(before.clone()),
            Some(before) if before.all().count() >= CHAIN_AT_MOST => None,
            _ => Some(Self { sub: client.clone(), act: before.cloned().map(Box::new) }),
        }
    }

    /// Everybody in the chain, who acts now first.
    pub fn all(&self) -> impl Iterator<Item = &ClientId> {
        std::iter::successors(Some(self), |actor| actor.act.as_deref()).map(|actor| &actor.sub)
    }
}

/// `may_act` (RFC 8693 §4.4): the one client that may become the actor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MayAct {
    pub sub: ClientId,
}

impl MayAct {
    /// The claim names one party. Where the delegations of a token are to several, each of them says itself to whom, and
    /// there is no claim.
    pub fn of<'a>(details: impl IntoIterator<Item = &'a Detail>, own: &'a ClientId) -> Option<Self> {
        let actors: BTreeSet<&ClientId> = details.into_iter().filter_map(|detail| detail.actor(own)).collect();
        match actors.first() {
            Some(only) if actors.len() == 1 => Some(Self { sub: ClientId::clone(only) }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const API: &str = "https://api.example/";

    fn form(more: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut fields = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", "s"),
            ("subject_token_type", ACCESS_TOKEN),
            ("actor_token", "a"),
            ("actor_token_type", ACCESS_TOKEN),
        ];
        fields.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        fields.extend(more.iter().filter(|(_, value)| !value.is_empty()));
        fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn parse(more: &[(&str, &str)]) -> Result<ExchangeRequest, OAuthError> {
        ExchangeRequest::parse(&Params::from_pairs(form(more)))
    }

    fn delegation(delegate: Option<&str>, procedure: &str) -> Detail {
        let mut value = json!({"type": "delegation", "procedure": procedure, "actions": ["submit"]});
        if let Some(delegate) = delegate {
            value["delegate"] = delegate.into();
        }
        authorization_details::parse(&json!([value]).to_string()).unwrap().remove(0)
    }

    #[test]
    fn what_is_malformed_is_refused_and_says_what_to_change() {
        let table = [
            (&[("subject_token", "")][..], "subject_token"),
            (&[("subject_token_type", "")], "subject_token_type"),
            (&[("subject_token_type", "urn:ietf:params:oauth:token-type:id_token")], ACCESS_TOKEN),
            (&[("subject_token_type", "urn:ietf:params:oauth:token-type:refresh_token")], ACCESS_TOKEN),
            (&[("actor_token_type", "")], "actor_token_type is missing"),
            (&[("actor_token_type", "urn:ietf:params:oauth:token-type:jwt")], ACCESS_TOKEN),
            (&[("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token")], ACCESS_TOKEN),
            (&[("actor_token", "")], "impersonation is not offered: send actor_token"),
            (&[("actor_token", ""), ("actor_token_type", "")], "impersonation is not offered: send actor_token"),
        ];
        for (more, text) in table {
            let error = parse(more).unwrap_err();
            assert_eq!(error.code, OAuthErrorCode::InvalidRequest, "{more:?}");
            assert!(error.description().contains(text), "{more:?}: {}", error.description());
        }
        assert_eq!(parse(&[("resource", "/api")]).unwrap_err().code, OAuthErrorCode::InvalidTarget);
        assert!(parse(&[("requested_token_type", ACCESS_TOKEN)]).is_ok());
        assert!(!format!("{:?}", parse(&[("subject_token", "sesame")]).unwrap()).contains("sesame"));
    }

    #[test]
    fn targets_and_scopes_narrow_and_never_widen() {
        let of = [API, "https://other.example/"];
        let targets = |more: &[(&str, &str)]| {
            let request = parse(more).unwrap();
            request.targets(&of).map(|all| all.into_iter().map(str::to_owned).collect::<Vec<_>>())
        };
        assert_eq!(targets(&[]).unwrap(), of);
        assert_eq!(targets(&[("audience", API)]).unwrap(), [API]);
        assert_eq!(targets(&[("audience", API), ("resource", API)]).unwrap(), [API]);
        assert_eq!(targets(&[("audience", API), ("resource", of[1])]).unwrap(), of);
        for foreign in ["https://api.example", "https://third.example/", "https://API.example/"] {
            for name in ["audience", "resource"] {
                assert_eq!(targets(&[(name, foreign)]).unwrap_err().code, OAuthErrorCode::InvalidTarget, "{foreign}");
            }
            assert!(targets(&[("audience", API), ("resource", foreign)]).is_err(), "{foreign}");
        }
        let subject = ScopeSet::parse("openid a offline_access").unwrap();
        let scopes = |asked| parse(&[("scope", asked)]).unwrap().scopes(&subject).map(|scopes| scopes.to_string());
        assert_eq!(scopes("").unwrap(), "openid a");
        assert_eq!(scopes("a").unwrap(), "a");
        for wider in ["b", "a b", "a offline_access"] {
            assert_eq!(scopes(wider).unwrap_err().code, OAuthErrorCode::InvalidScope, "{wider}");
        }
    }

    #[test]
    fn the_persons_word_is_what_permits_acting() {
        let (portal, office, other) = (ClientId::from("portal"), ClientId::from("office"), ClientId::from("other"));
        let check = r#"[{"type":"identity_check","procedure":"1","fields":{"name":"x"}}]"#;
        let mut details = authorization_details::parse(check).unwrap();
        details.extend([delegation(Some("office"), "1"), delegation(Some("clinic"), "1"), delegation(None, "2")]);
        let kept =
            |more: &[(&str, &str)], actor: &ClientId| parse(more).unwrap().delegations(&details, (actor, &portal));
        assert_eq!(kept(&[], &office).unwrap(), [details[1].clone()]);
        assert_eq!(kept(&[], &portal).unwrap(), [details[3].clone()]);
        assert_eq!(kept(&[], &other), Err(DelegationMissing::ToActor));
        let asked = |details: &[Detail]| serde_json::to_string(details).unwrap();
        // The next one's goes along where it is asked for; a token without one of one's own is nobody's.
        let both = asked(&details[1..3]);
        assert_eq!(kept(&[("authorization_details", &both)], &office).unwrap(), details[1..3]);
        let others = asked(&details[2..3]);
        assert_eq!(kept(&[("authorization_details", &others)], &office), Err(DelegationMissing::ToActor));
        for wider in [asked(&[delegation(Some("office"), "9")]), check.to_owned()] {
            let refused = kept(&[("authorization_details", &wider)], &office);
            assert!(matches!(refused, Err(DelegationMissing::Wider(_))), "{refused:?}");
        }
        assert_eq!(MayAct::of(&details, &portal), None, "three parties");
        assert_eq!(MayAct::of(&details[..2], &portal), Some(MayAct { sub: office }));
        assert_eq!(MayAct::of(&details[3..], &portal), Some(MayAct { sub: portal }));
    }

    #[test]
    fn a_chain_names_everybody_and_ends() {
        let mut chain = None;
        for n in 1..=CHAIN_AT_MOST {
            let client = ClientId(format!("c{n}"));
            let next = Actor::after(&client, chain.as_ref()).unwrap();
            assert_eq!(next.all().count(), n);
            assert_eq!(Actor::after(&client, Some(&next)), Some(next.clone()), "once is enough");
            chain = Some(next);
        }
        assert_eq!(Actor::after(&ClientId::from("one too many"), chain.as_ref()), None);
        let written = serde_json::to_value(&chain).unwrap();
        assert_eq!(written["act"]["act"]["act"], json!({"sub": "c1"}));
        assert_eq!(serde_json::from_value::<Option<Actor>>(written).unwrap(), chain);
    }
}
