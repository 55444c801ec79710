//! Telling one portal that a session has ended (OpenID Connect Back-Channel Logout 1.0 §2.5).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use url::{Url, form_urlencoded};

use crate::{
    base::{Fault, Timestamp, ids::ClientId},
    flows::{
        Provider,
        clients::KnownClient,
        nested::{self, Content},
        outbox::worker::Delivery,
        sessions::end::LogoutNotice,
        token::mint,
    },
    oidc::logout_token::LogoutToken,
    store::{outbox::DueMessage, standing, subjects},
};

/// One attempt.
pub async fn send(provider: &Provider, message: &DueMessage, now: Timestamp) -> Delivery {
    match prepare(provider, message, now).await {
        Ok(Ok((uri, token))) => post(provider, &uri, &token).await,
        Ok(Err(outcome)) => outcome,
        Err(fault) => Delivery::Failed(fault.to_string()),
    }
}

/// Where to, and the token; or why there is nothing to send.
async fn prepare(
    provider: &Provider,
    message: &DueMessage,
    now: Timestamp,
) -> Result<Result<(Url, String), Delivery>, Fault> {
    let pointless = |why| Ok(Err(Delivery::Pointless(why)));
    let Ok(notice) = serde_json::from_slice::<LogoutNotice>(&message.payload) else {
        return pointless("the notice does not read");
    };
    let id = ClientId::from(message.recipient.as_str());
    let Some(client) = provider.clients.find(&provider.db, &id).await?.filter(|known| !known.disabled) else {
        return pointless("the client is gone");
    };
    let Some(uri) = client.client.logout.backchannel_logout_uri.as_deref().and_then(|uri| Url::parse(uri).ok()) else {
        return pointless("the client takes no logout tokens");
    };
    let Some(sub) = sub_at(provider, &client, &notice, now).await? else {
        return pointless("the client knows nobody by this account");
    };
    let jti = URL_SAFE_NO_PAD.encode(provider.entropy.bytes::<16>());
    let token = LogoutToken::new(&provider.settings.issuer, &client.id, &sub, Some(&notice.sid), &jti, now);
    let signed = match mint::logout_token(provider, &client, &token)? {
        Ok(signed) => signed,
        Err(refusal) => return Ok(Err(Delivery::Failed(refusal.code().to_owned()))),
    };
    // §2.6 item 1: a client that has its ID tokens encrypted should refuse a logout token that is not.
    let Some(how) = client.client.responses.id_token else { return Ok(Ok((uri, signed))) };
    let content = (Content::LogoutToken, signed.as_bytes());
    Ok(match nested::encrypted(provider, &client, how, content, now).await? {
        Ok(encrypted) => Ok((uri, encrypted)),
        Err(error) => Err(Delivery::Failed(error.to_string())),
    })
}

async fn sub_at(
    provider: &Provider,
    client: &KnownClient,
    notice: &LogoutNotice,
    now: Timestamp,
) -> Result<Option<String>, Fault> {
    let mut conn = provider.db.read().await?;
    let Some(account) = standing::find(&mut conn, notice.account, now).await? else { return Ok(None) };
    subjects::find_sub(&mut conn, &client.sector, account.person_id).await
}

/// §2.8: 200 is the answer, and 204 means the same to those who have nothing to say.
async fn post(provider: &Provider, uri: &Url, token: &str) -> Delivery {
    let body = form_urlencoded::Serializer::new(String::new()).append_pair("logout_token", token).finish();
    match provider.outbound.post_form(uri, body).await {
        Ok(answer) if matches!(answer.status.as_u16(), 200 | 204) => Delivery::Done,
        Ok(answer) => Delivery::Failed(format!("status {}", answer.status.as_u16())),
        Err(error) => Delivery::Failed(error.to_string()),
    }
}
