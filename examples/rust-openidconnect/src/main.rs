//! Signs one person in with the openidconnect crate and prints what the provider says of them.

use std::{
    env,
    error::Error,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
};

use openidconnect::{
    AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EmptyAdditionalClaims, IssuerUrl, Nonce,
    PkceCodeChallenge, RedirectUrl, Scope, UserInfoClaims,
    core::{CoreClient, CoreGenderClaim, CoreProviderMetadata, CoreResponseType},
    reqwest,
};
use url::Url;

type Person = UserInfoClaims<EmptyAdditionalClaims, CoreGenderClaim>;

fn main() -> Result<(), Box<dyn Error>> {
    let issuer = env::var("ISSUER")?;
    let redirect_uri = Url::parse(&env::var("REDIRECT_URI")?)?;
    // A redirect could lead the client to an address that nobody meant (the library's own advice).
    let http = reqwest::blocking::ClientBuilder::new().redirect(reqwest::redirect::Policy::none()).build()?;

    let metadata = CoreProviderMetadata::discover(&IssuerUrl::new(issuer.clone())?, &http)?;
    let client = CoreClient::from_provider_metadata(
        metadata,
        ClientId::new(env::var("CLIENT_ID")?),
        Some(ClientSecret::new(env::var("CLIENT_SECRET")?)),
    )
    .set_redirect_uri(RedirectUrl::from_url(redirect_uri.clone()));

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (address, state, nonce) = client
        .authorize_url(
            AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        )
        .add_scope(Scope::new("profile".to_owned()))
        .add_scope(Scope::new("email".to_owned()))
        .set_pkce_challenge(challenge)
        .url();

    let listener = TcpListener::bind((redirect_uri.host_str().unwrap_or("127.0.0.1"), redirect_uri.port().unwrap_or(80)))?;
    println!("Open {address}");
    let (stream, answer) = answer(&listener, &redirect_uri)?;
    let get = |name: &str| answer.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    if get("state").as_ref() != Some(state.secret()) || get("iss").as_ref() != Some(&issuer) {
        return Err("an answer to another question, or of another provider (RFC 9207)".into());
    }
    let code = get("code").ok_or_else(|| get("error").unwrap_or_default())?;

    let tokens = client.exchange_code(AuthorizationCode::new(code))?.set_pkce_verifier(verifier).request(&http)?;
    let id_token = tokens.extra_fields().id_token().ok_or("there is no ID token")?;
    let claims = id_token.claims(&client.id_token_verifier(), &nonce)?;
    // Refuses UserInfo about somebody else (OIDC Core §5.3.2).
    use openidconnect::OAuth2TokenResponse as _;
    let person: Person =
        client.user_info(tokens.access_token().clone(), Some(claims.subject().clone()))?.request(&http)?;

    tell(stream)?;
    println!("{}", serde_json::to_string_pretty(&person)?);
    Ok(())
}

/// The first request to the callback; the browser asks for an icon too.
fn answer(listener: &TcpListener, redirect_uri: &Url) -> Result<(std::net::TcpStream, Url), Box<dyn Error>> {
    loop {
        let (stream, _) = listener.accept()?;
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line)?;
        let url = redirect_uri.join(line.split(' ').nth(1).unwrap_or("/"))?;
        if url.path() == redirect_uri.path() {
            return Ok((stream, url));
        }
    }
}

fn tell(mut stream: std::net::TcpStream) -> std::io::Result<()> {
    let text = "Signed in. You can close this page.";
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}", text.len())
}
