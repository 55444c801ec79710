//! The parameters of a request: as they were posted, or out of the JWT that the client signed (CIBA Core §7.1.1).

use std::borrow::Cow;

use crate::{
    base::{Fault, Timestamp, ids::ClientId},
    crypto::{Expect, HeaderKey, TypRule, Unverified},
    flows::{
        Provider,
        authorize::objects,
        client_keys,
        clients::{KnownClient, crypto_alg},
    },
    oidc::{
        alg::SigningAlg,
        authorize::Form,
        backchannel::{SignedOnce, check_signed},
        error::OAuthError,
        params::Params,
        request_object,
    },
    store::{Class, LaneKey, Tx, Unit, clients},
};

/// What may stand beside `request`: the client's authentication and nothing of the request itself.
const BESIDE: [&str; 5] = ["request", "client_id", "client_secret", "client_assertion", "client_assertion_type"];

pub(super) async fn parameters<'a>(
    provider: &Provider,
    client: &KnownClient,
    posted: &'a Params,
    now: Timestamp,
) -> Result<Result<(Cow<'a, Params>, Form), OAuthError>, Fault> {
    let jwt = match (posted.one("request"), client.client.backchannel_algs()) {
        (Err(error), _) => return Ok(Err(error)),
        (Ok(None), None) => return Ok(Ok((Cow::Borrowed(posted), Form::Plain))),
        (Ok(None), Some(_)) => {
            return Ok(refused("this client is registered to sign its requests; the parameter request is missing"));
        }
        (Ok(Some(_)), None) => {
            return Ok(refused(
                "signed requests need backchannel_authentication_request_signing_alg in the client's metadata",
            ));
        }
        (Ok(Some(jwt)), Some(algs)) => (jwt, algs),
    };
    if let Some((name, _)) = posted.iter().find(|(name, _)| !BESIDE.contains(name)) {
        return Ok(refused(format!("the parameter {name} stands beside the signed request (CIBA Core section 7.1.1)")));
    }
    let opened = opened(provider, client, jwt, now).await?;
    Ok(opened.map(|params| (Cow::Owned(params), Form::Signed)))
}

fn refused<T>(text: impl Into<Cow<'static, str>>) -> Result<T, OAuthError> {
    Err(OAuthError::invalid_request(text))
}

async fn opened(
    provider: &Provider,
    client: &KnownClient,
    (jwt, algs): (&str, Vec<SigningAlg>),
    now: Timestamp,
) -> Result<Result<Params, OAuthError>, Fault> {
    let inside = match objects::opened(provider, jwt.trim()) {
        Ok(inside) => inside,
        Err(error) => return Ok(refused(format!("the signed request: {error}"))),
    };
    let Ok(unverified) = Unverified::parse(&inside, HeaderKey::Refused) else {
        return Ok(refused("the signed request is not a JWT"));
    };
    let algs: Vec<_> = algs.into_iter().map(crypto_alg).collect();
    let typ = TypRule::IfPresent(request_object::TYPES);
    let claims = match client_keys::verified(provider, client, &unverified, &Expect { algs: &algs, typ }, now).await {
        Ok(claims) => claims,
        Err(error) => {
            tracing::info!(client = client.id.as_str(), %error, "a signed backchannel request was not verified");
            return Ok(refused(
                "the signed request's signature does not verify with the client's keys and registered algorithm",
            ));
        }
    };
    let (params, once) = match check_signed(&claims, &client.id, &provider.settings.issuer, now) {
        Ok(checked) => checked,
        Err(error) => return Ok(Err(error)),
    };
    if !provider.writer.submit(TakeOnce { client: client.id.clone(), once }).await? {
        return Ok(refused("the signed request's jti was used before"));
    }
    Ok(Ok(params))
}

/// A signed request works once; its names are apart from those of client assertions.
struct TakeOnce {
    client: ClientId,
    once: SignedOnce,
}

impl Unit for TakeOnce {
    type Out = bool;
    const KIND: &'static str = "backchannel.signed";
    const CLASS: Class = Class::Token;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(self.client.as_str().as_bytes())
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let name = format!("backchannel request {}", self.once.jti);
        clients::use_jti(tx, &self.client, &name, self.once.until).await
    }
}
