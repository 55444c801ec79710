//! The answer on its way to the client: in the open, or signed (JARM).

use super::super::{Provider, clients::KnownClient};
use crate::{
    base::{Fault, Timestamp},
    crypto::Typ,
    oidc::{
        authorize::{Answer, Delivery, ReturnAddress},
        jarm,
    },
};

pub fn deliver(
    provider: &Provider,
    client: &KnownClient,
    address: &ReturnAddress,
    answer: Answer<'_>,
    now: Timestamp,
) -> Result<Delivery, Fault> {
    let fields = address.fields(answer, &provider.settings.issuer);
    if !address.response_mode.is_signed() {
        return Ok(address.carry(fields));
    }
    let claims = jarm::payload(&fields, &client.id, now)
        .map_err(|error| Fault::internal("an authorization response cannot be written", error))?;
    let ring = provider.keys.ring();
    let key = ring.signer(client.response_alg).ok_or_else(|| {
        Fault::internal("an authorization response cannot be signed", "no key of the client's algorithm is active")
    })?;
    let jwt = key
        .sign_jwt(Typ::Jwt, &claims)
        .map_err(|error| Fault::internal("an authorization response cannot be signed", error))?;
    Ok(address.carry(vec![(jarm::RESPONSE, jwt)]))
}
