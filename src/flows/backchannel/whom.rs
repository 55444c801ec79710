//! Whom a hint names. What a client knows people by tells it whether it is right; a personal number, which it could guess,
//! does not: a number of nobody waits for an answer like everybody's.

use uuid::Uuid;

use crate::{
    base::{
        Fault,
        ids::{AccountId, PersonId},
    },
    flows::{Provider, authorize::case::read_hint, clients::KnownClient},
    oidc::{
        backchannel::Hint,
        error::{OAuthError, OAuthErrorCode},
    },
    registry::PersonalNumber,
    store::{Conn, accounts, subjects},
};

/// Of whom a request is. `person` is a name for nobody where nobody answers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whom {
    pub account: AccountId,
    pub person: PersonId,
}

pub(super) async fn whom(
    provider: &Provider,
    client: &KnownClient,
    hint: &Hint,
) -> Result<Result<Whom, OAuthError>, Fault> {
    let mut conn = provider.db.read().await?;
    let sub = match hint {
        Hint::Login(text) => match PersonalNumber::parse(text) {
            Ok(_) if !client.client.is_verified() => return Ok(Err(stranger())),
            Ok(number) => return by_number(provider, &mut conn, &number).await.map(Ok),
            Err(_) => text.clone(),
        },
        Hint::IdToken(token) => match read_hint(provider, token).filter(|token| token.aud == client.id) {
            Some(token) => token.sub,
            None => return Ok(Err(unknown())),
        },
    };
    let Some(person) = subjects::person_of_sub(&mut conn, &client.sector, &sub).await? else {
        return Ok(Err(unknown()));
    };
    let account = accounts::find_by_person(&mut conn, person).await?;
    Ok(Ok(account.map_or_else(|| nobody(provider, &sub), |account| Whom { account: account.id, person })))
}

async fn by_number(provider: &Provider, conn: &mut Conn, number: &PersonalNumber) -> Result<Whom, Fault> {
    let account = accounts::find_by_number(conn, number.as_str()).await?;
    Ok(account.map_or_else(
        || nobody(provider, number.as_str()),
        |account| Whom { account: account.id, person: account.person_id },
    ))
}

/// The same name for the same hint, so that limits count alike.
fn nobody(provider: &Provider, hint: &str) -> Whom {
    let digest = provider.secrets.counter_index.of(&[b"backchannel nobody:", hint.as_bytes()].concat());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
    let id = uuid::Builder::from_custom_bytes(bytes).into_uuid();
    Whom { account: AccountId(id), person: PersonId(Uuid::nil()) }
}

/// Whoever registered itself has no business with numbers, and could fill anybody's page with its words, as many names as it gives
/// itself. Whom it knows it knows by a `sub`.
fn stranger() -> OAuthError {
    OAuthError::invalid_request(
        "a client that registered itself names people by the sub or ID token that it was given, not by a personal number",
    )
}

/// CIBA Core §13.
fn unknown() -> OAuthError {
    OAuthError::new(
        OAuthErrorCode::UnknownUserId,
        "the hint names nobody whom this client knows; use a sub or an ID token that it was given, or a personal number",
    )
}
