//! The token endpoint's use cases. Inside each the order is security: bind to the client first, consume last before issuing.

pub mod approved;
pub mod authenticate;
pub mod authorized;
pub mod client_credentials;
pub mod decoupled;
pub mod exchange;
pub mod jwt_bearer;
pub mod live;
pub mod mint;
pub mod poll;
pub mod redeem_code;
pub mod refresh;
pub mod refusal;

pub use authenticate::authenticate;
pub use authorized::{Authorized, Part};
pub use refusal::Refusal;

use super::{Provider, caller::Caller, dpop};
use crate::{
    base::{Fault, Timestamp},
    oidc::{client::GrantType, token_request::TokenRequest, token_response::TokenResponse},
};

/// Answers a token request of an authenticated client. Its DPoP proof is used up, whatever the answer.
pub async fn answer(
    provider: &Provider,
    client: &Caller,
    request: &TokenRequest,
    now: Timestamp,
) -> Result<Result<TokenResponse, Refusal>, Fault> {
    let answered = by_grant(provider, client, request, now).await?;
    if answered.is_err() {
        dpop::use_up(provider, client.once()).await?;
    }
    Ok(answered)
}

async fn by_grant(
    provider: &Provider,
    client: &Caller,
    request: &TokenRequest,
    now: Timestamp,
) -> Result<Result<TokenResponse, Refusal>, Fault> {
    if !GrantType::parse(request.grant_type()).is_some_and(|grant| client.client.may_use(grant)) {
        return Ok(Err(Refusal::GrantNotRegistered));
    }
    if let Err(refusal) = client.check() {
        return Ok(Err(refusal));
    }
    match request {
        TokenRequest::AuthorizationCode(code) => redeem_code::redeem(provider, client, code, now).await,
        TokenRequest::RefreshToken(refresh) => refresh::refresh(provider, client, refresh, now).await,
        TokenRequest::ClientCredentials { scope, narrowing } => {
            let grant = GrantType::ClientCredentials;
            let asked = client_credentials::Asked { grant, scope: scope.as_ref(), narrowing, once: None };
            client_credentials::issue(provider, client, asked, now).await
        }
        TokenRequest::TokenExchange(exchange) => exchange::exchange(provider, client, exchange, now).await,
        TokenRequest::JwtBearer { assertion, scope, narrowing } => {
            jwt_bearer::issue(provider, client, assertion, (scope.as_ref(), narrowing), now).await
        }
        TokenRequest::DeviceCode(code) => decoupled::by_device_code(provider, client, code, now).await,
        TokenRequest::Ciba(id) => decoupled::by_auth_req_id(provider, client, id, now).await,
    }
}
