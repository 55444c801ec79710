//! The answer on its way to the client: in the open, or signed and encrypted (JARM).

use super::{
    super::{
        Provider,
        clients::KnownClient,
        nested::{self, Content},
    },
    Browser, watched,
};
use crate::{
    base::{Fault, Timestamp},
    crypto::Typ,
    oidc::{
        authorize::{Answer, Delivery, Request, ReturnAddress},
        error::{OAuthError, OAuthErrorCode},
        jarm,
    },
};

/// Why an answer could not leave in the form that is asked for: nobody signs in for an answer that nobody gets, and no code is
/// made for it. A refusal is not told by redirect either, for it would have to leave in the same form.
pub async fn undeliverable(
    provider: &Provider,
    client: &KnownClient,
    address: &ReturnAddress,
    now: Timestamp,
) -> Result<Option<OAuthError>, Fault> {
    if !address.response_mode.is_signed() {
        return Ok(None);
    }
    if provider.keys.ring().signer(client.response_alg).is_none() {
        let text = format!(
            "no key for {} is active here, with which the answer would be signed (authorization_signed_response_alg)",
            client.response_alg
        );
        return Ok(Some(OAuthError::new(OAuthErrorCode::ServerError, text)));
    }
    match client.client.responses.authorization {
        None => Ok(None),
        Some(how) => Ok(nested::recipient(provider, client, how, now).await.err()),
    }
}

pub async fn deliver(
    provider: &Provider,
    client: &KnownClient,
    address: &ReturnAddress,
    answer: Answer<'_>,
    now: Timestamp,
) -> Result<Delivery, Fault> {
    send(provider, client, address, address.fields(answer, &provider.settings.issuer), now).await
}

/// The same with `session_state`, where the answer is about who is signed in (Session Management 1.0 §2).
pub async fn deliver_watched(
    provider: &Provider,
    client: &KnownClient,
    request: &Request,
    answer: Answer<'_>,
    browser: &Browser,
) -> Result<Delivery, Fault> {
    let mut fields = request.address.fields(answer, &provider.settings.issuer);
    if let Some(state) = browser.watched.as_deref().filter(|_| request.is_openid()) {
        let state = watched::session_state(client.id.as_str(), &request.address.redirect_uri, state, &provider.entropy);
        fields.extend(state.map(|state| ("session_state", state)));
    }
    send(provider, client, &request.address, fields, browser.now).await
}

async fn send(
    provider: &Provider,
    client: &KnownClient,
    address: &ReturnAddress,
    fields: Vec<(&'static str, String)>,
    now: Timestamp,
) -> Result<Delivery, Fault> {
    if !address.response_mode.is_signed() {
        return Ok(address.carry(fields));
    }
    let claims = jarm::payload(&fields, &client.id, now)
        .map_err(|error| Fault::internal("an authorization response cannot be written", error))?;
    let key = provider.keys.ring().signer(client.response_alg).cloned().ok_or_else(|| {
        Fault::internal("an authorization response cannot be signed", "no key of the client's algorithm is active")
    })?;
    let jwt = key
        .sign_jwt(Typ::Jwt, &claims)
        .map_err(|error| Fault::internal("an authorization response cannot be signed", error))?;
    let Some(how) = client.client.responses.authorization else {
        return Ok(address.carry(vec![(jarm::RESPONSE, jwt)]));
    };
    // JARM §2.2: signed, then encrypted. Without a key of the client's nothing leaves, for it wanted nobody to read it.
    match nested::encrypted(provider, client, how, (Content::Jwt, jwt.as_bytes()), now).await? {
        Ok(jwe) => Ok(address.carry(vec![(jarm::RESPONSE, jwe)])),
        Err(error) => Err(Fault::internal("an authorization response cannot be encrypted", error)),
    }
}
