//! The relying party's side of the protocol, all of it by the `openidconnect` crate.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use openidconnect::{
    AccessToken, AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, IssuerUrl, LogoutRequest, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge,
    PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl, RefreshToken, RevocationUrl,
    Scope, TokenResponse as _,
    core::{
        CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreRevocableToken, CoreTokenResponse, CoreUserInfoClaims,
    },
};
use serde_json::Value;
use url::Url;

use super::calls::Calls;
use crate::support::app::payload;

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

pub struct Party {
    pub client_id: String,
    pub secret: String,
    /// The discovery document as it was published.
    pub published: Value,
    pub calls: Calls,
    metadata: ProviderMetadataWithLogout,
    redirect_uri: String,
    /// By `state`.
    attempts: Mutex<BTreeMap<String, (Nonce, PkceCodeVerifier)>>,
}

/// Somebody who came back with a code.
#[derive(Clone)]
pub struct Visit {
    pub sub: String,
    pub name: String,
    /// The ID token's payload, after its verification.
    pub claims: Value,
    pub refresh: Option<RefreshToken>,
    pub session_state: Option<String>,
    id_token: CoreIdToken,
}

impl Party {
    pub async fn discover(issuer: &str, client_id: &str, secret: &str, redirect_uri: &str) -> Self {
        let calls = Calls::new();
        let at = IssuerUrl::new(issuer.to_owned()).unwrap();
        let metadata = ProviderMetadataWithLogout::discover_async(at, &calls).await.expect("discovery");
        let published = calls.0.get(format!("{issuer}/.well-known/openid-configuration")).send().await.unwrap();
        let published = serde_json::from_str(&published.text().await.unwrap()).unwrap();
        Self {
            client_id: client_id.to_owned(),
            secret: secret.to_owned(),
            published,
            calls,
            metadata,
            redirect_uri: redirect_uri.to_owned(),
            attempts: Mutex::default(),
        }
    }

    fn client(&self) -> Client {
        let (id, secret) = (ClientId::new(self.client_id.clone()), ClientSecret::new(self.secret.clone()));
        CoreClient::from_provider_metadata(self.metadata.clone(), id, Some(secret))
            .set_redirect_uri(RedirectUrl::new(self.redirect_uri.clone()).unwrap())
    }

    /// An authorization request, with PKCE, `state` and `nonce`; `more` are parameters beside the library's.
    pub fn ask(&self, scopes: &[&str], more: &[(String, String)]) -> Url {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let client = self.client();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let mut request = client.authorize_url(flow, CsrfToken::new_random, Nonce::new_random);
        for scope in scopes {
            request = request.add_scope(Scope::new((*scope).to_owned()));
        }
        for (name, value) in more {
            request = request.add_extra_param(name.clone(), value.clone());
        }
        let (url, state, nonce) = request.set_pkce_challenge(challenge).url();
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).insert(state.secret().clone(), (nonce, verifier));
        url
    }

    /// The answer at the redirect URI; what is not right about it is said.
    pub async fn redeem(&self, answer: &BTreeMap<String, String>) -> Result<Visit, String> {
        let of = |name: &str| answer.get(name).cloned();
        let attempt =
            of("state").and_then(|state| self.attempts.lock().unwrap_or_else(PoisonError::into_inner).remove(&state));
        let (nonce, verifier) = attempt.ok_or("nobody asked for this")?;
        // RFC 9207: whose answer it is.
        if of("iss").as_deref() != Some(self.metadata.issuer().as_str()) {
            return Err(format!("another issuer: {answer:?}"));
        }
        if let Some(error) = of("error") {
            return Err(error);
        }
        let client = self.client();
        let tokens = client
            .exchange_code(AuthorizationCode::new(of("code").ok_or("no code")?))
            .unwrap()
            .set_pkce_verifier(verifier)
            .request_async(&self.calls)
            .await
            .map_err(|error| format!("{error:?}"))?;
        self.visit(&client, &tokens, &nonce, of("session_state")).await
    }

    async fn visit(
        &self,
        client: &Client,
        tokens: &CoreTokenResponse,
        nonce: &Nonce,
        session_state: Option<String>,
    ) -> Result<Visit, String> {
        let id_token = tokens.id_token().ok_or("no ID token")?;
        let verifier = client.id_token_verifier();
        let claims = id_token.claims(&verifier, nonce).map_err(|error| error.to_string())?;
        let alg = id_token.signing_alg().map_err(|error| error.to_string())?;
        let key = id_token.signing_key(&verifier).map_err(|error| error.to_string())?;
        let hash = AccessTokenHash::from_token(tokens.access_token(), alg, key).map_err(|error| error.to_string())?;
        if claims.access_token_hash() != Some(&hash) {
            return Err("at_hash is another token's".to_owned());
        }
        let said: CoreUserInfoClaims = client
            .user_info(tokens.access_token().clone(), Some(claims.subject().clone()))
            .unwrap()
            .request_async(&self.calls)
            .await
            .map_err(|error| format!("{error:?}"))?;
        let name = said.name().and_then(|name| name.get(None)).map(|name| name.as_str().to_owned());
        Ok(Visit {
            sub: claims.subject().as_str().to_owned(),
            name: name.unwrap_or_default(),
            claims: payload(&id_token.to_string()),
            refresh: tokens.refresh_token().cloned(),
            session_state,
            id_token: id_token.clone(),
        })
    }

    /// New tokens; the ID token among them has no nonce of its own to compare.
    pub async fn refresh(&self, token: &RefreshToken) -> Result<CoreTokenResponse, String> {
        let client = self.client();
        let asked = client.exchange_refresh_token(token).unwrap();
        asked.request_async(&self.calls).await.map_err(|error| format!("{error:?}"))
    }

    pub async fn person(&self, access: AccessToken) -> Result<CoreUserInfoClaims, String> {
        let client = self.client();
        let asked = client.user_info(access, None).unwrap();
        asked.request_async(&self.calls).await.map_err(|error| format!("{error:?}"))
    }

    /// RFC 7009. The library sends this over https alone (RFC 7009 §2).
    pub async fn revoke(&self, token: RefreshToken) -> Result<(), String> {
        let at = self.published["revocation_endpoint"].as_str().unwrap().to_owned();
        let client = self.client().set_revocation_url(RevocationUrl::new(at).unwrap());
        let asked = client.revoke_token(CoreRevocableToken::RefreshToken(token)).map_err(|error| error.to_string())?;
        asked.request_async(&self.calls).await.map_err(|error| format!("{error:?}"))
    }

    /// Where the person is sent to sign out everywhere.
    pub fn leave(&self, visit: &Visit, back_to: &str) -> Url {
        let end = self.metadata.additional_metadata().end_session_endpoint.clone().expect("an end_session_endpoint");
        LogoutRequest::from(end)
            .set_id_token_hint(&visit.id_token)
            .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(back_to.to_owned()).unwrap())
            .set_state(CsrfToken::new("out".to_owned()))
            .http_get_url()
    }
}
