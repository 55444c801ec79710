//! What virtual users do, each on a connection of their own.

use std::{future::Future, sync::Arc, time::Duration};

use super::wire::{Trouble, Wire, after, cookie, get, post};

/// Something that is done over and over, and timed as one.
pub trait User: Send + 'static {
    fn once(&mut self) -> impl Future<Output = Result<(), Trouble>> + Send;

    /// A pause before each, which is not timed.
    fn rest(&self) -> Duration {
        Duration::ZERO
    }
}

/// The relying party's side of a sign-in.
#[derive(Debug)]
pub struct Portal {
    /// Path and query of the authorization request.
    pub authorize: String,
    /// The `Authorization` header of the token endpoint, with its line end.
    pub basic: String,
    pub redirect_uri: String,
    pub verifier: String,
}

/// The same request each time.
pub struct Fixed {
    pub wire: Wire,
    pub request: Vec<u8>,
    /// What a good answer has.
    pub status: u16,
    /// To see how long others' work makes it wait, it asks only now and then.
    pub rest: Duration,
}

impl User for Fixed {
    async fn once(&mut self) -> Result<(), Trouble> {
        self.wire.ask(&self.request).await?.expect(self.status, "a fixed request").map(drop)
    }

    fn rest(&self) -> Duration {
        self.rest
    }
}

/// A person with a live session goes to a portal: authorize, code, token, UserInfo.
pub struct SingleSignOn {
    pub wire: Wire,
    pub portal: Arc<Portal>,
    pub session: String,
}

/// What the token endpoint gave.
#[derive(Clone, Debug)]
pub struct Tokens {
    pub access: String,
    pub refresh: String,
}

impl SingleSignOn {
    pub async fn tokens(&mut self) -> Result<Tokens, Trouble> {
        let request = get(&self.portal.authorize, &cookie(&[&self.session]));
        let code = code_of(self.wire.ask(&request).await?.expect(303, "authorize")?.location()?)?;
        redeem(&mut self.wire, &self.portal, &code).await
    }
}

fn code_of(location: &str) -> Result<String, Trouble> {
    let code = after(location, "code=").and_then(|rest| rest.split('&').next());
    code.map(str::to_owned).ok_or_else(|| format!("no code in {location}").into())
}

async fn redeem(wire: &mut Wire, portal: &Portal, code: &str) -> Result<Tokens, Trouble> {
    let form = format!(
        "grant_type=authorization_code&code={code}&redirect_uri={}&code_verifier={}",
        portal.redirect_uri, portal.verifier
    );
    let request = post("/token", &portal.basic, &form);
    let answer = wire.ask(&request).await?.expect(200, "token")?;
    let member = |name: &str| answer.quoted(&format!("\"{name}\":\"")).map(str::to_owned);
    member("id_token").ok_or("no ID token")?;
    let (access, refresh) = (member("access_token"), member("refresh_token"));
    Ok(Tokens { access: access.ok_or("no access token")?, refresh: refresh.ok_or("no refresh token")? })
}

impl User for SingleSignOn {
    async fn once(&mut self) -> Result<(), Trouble> {
        let tokens = self.tokens().await?;
        let request = get("/userinfo", &format!("authorization: Bearer {}\r\n", tokens.access));
        self.wire.ask(&request).await?.expect(200, "userinfo").map(drop)
    }
}

/// Each answer's refresh token is the next request's.
pub struct Refresh {
    pub wire: Wire,
    pub portal: Arc<Portal>,
    pub token: String,
}

impl User for Refresh {
    async fn once(&mut self) -> Result<(), Trouble> {
        let form = format!("grant_type=refresh_token&refresh_token={}", self.token);
        let answer = self.wire.ask(&post("/token", &self.portal.basic, &form)).await?.expect(200, "refresh")?;
        let next = answer.quoted("\"refresh_token\":\"").ok_or("no refresh token")?.to_owned();
        self.token = next;
        Ok(())
    }
}

/// A browser without any cookie: number, password, at the first time consent, and back with a code.
pub struct SignIn {
    pub wire: Wire,
    pub portal: Arc<Portal>,
    pub numbers: Vec<String>,
    pub password: String,
    pub at: usize,
}

impl SignIn {
    /// The session cookie, `name=value`.
    pub async fn session(&mut self) -> Result<String, Trouble> {
        let number = self.numbers.get(self.at % self.numbers.len()).cloned().ok_or("nobody to sign in")?;
        self.at += 1;
        let answer = self.wire.ask(&get(&self.portal.authorize, "")).await?.expect(303, "authorize")?;
        let browser = answer.cookie("browser").ok_or("no browser cookie")?.to_owned();
        let page = answer.location()?.to_owned();
        let mut cookies = cookie(&[&browser]);
        self.form(&page, &cookies, &format!("username={number}")).await?;
        let session = self.form(&page, &cookies, &format!("password={}", self.password)).await?;
        let session = session.ok_or("no session after the password")?;
        cookies = cookie(&[&browser, &session]);
        let answer = self.wire.ask(&get(&page, &cookies)).await?;
        if answer.status == 200 {
            let csrf = answer.quoted("name=\"csrf\" value=\"").ok_or("no form token")?.to_owned();
            let agree = post(&page, &cookies, &format!("csrf={csrf}&action=agree"));
            self.wire.ask(&agree).await?.expect(303, "consent")?;
            let request = get(&page, &cookies);
            code_of(self.wire.ask(&request).await?.expect(303, "the way back")?.location()?)?;
        } else {
            code_of(answer.expect(303, "the way back")?.location()?)?;
        }
        Ok(session)
    }

    /// Reads a page and posts its form; the answer's session cookie when there is one.
    async fn form(&mut self, page: &str, cookies: &str, fields: &str) -> Result<Option<String>, Trouble> {
        let answer = self.wire.ask(&get(page, cookies)).await?.expect(200, "a page")?;
        let csrf = answer.quoted("name=\"csrf\" value=\"").ok_or("no form token")?.to_owned();
        let request = post(page, cookies, &format!("csrf={csrf}&{fields}"));
        let answer = self.wire.ask(&request).await?.expect(303, "a form")?;
        Ok(answer.cookie("session").map(str::to_owned))
    }
}

impl User for SignIn {
    async fn once(&mut self) -> Result<(), Trouble> {
        self.session().await.map(drop)
    }
}
