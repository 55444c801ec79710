//! What a backchannel authentication request asks beside what every request asks (CIBA Core §7.1).

use super::BindingMessage;
use crate::{
    base::{Secret, Span},
    oidc::{
        bearer,
        client::Delivery,
        error::{OAuthError, OAuthErrorCode},
        params::Params,
    },
};

/// Whom it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// The person's `sub` at this client, or their personal identification number.
    Login(String),
    /// An ID token of ours for this client.
    IdToken(String),
}

#[derive(Clone, Debug)]
pub struct Asked {
    pub hint: Hint,
    pub binding_message: Option<BindingMessage>,
    /// Ping and push alone have one.
    pub notification_token: Option<Secret>,
    pub expires_in: Span,
}

/// How long a request may wait for the person, by default and at most; less than the least nobody could answer.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    pub by_default: Span,
    pub at_most: Span,
}

const LEAST: Span = Span::secs(10);
const MAX_TOKEN: usize = 1_024;
/// 128 bits in base64 (§7.1).
const MIN_TOKEN: usize = 22;

impl Asked {
    pub fn read(params: &Params, delivery: &Delivery, waiting: Waiting) -> Result<Self, OAuthError> {
        Ok(Self {
            hint: hint(params)?,
            binding_message: params.one("binding_message")?.map(BindingMessage::parse).transpose()?,
            notification_token: match delivery {
                Delivery::Poll => None,
                Delivery::Ping(_) | Delivery::Push(_) => Some(notification_token(params)?),
            },
            expires_in: expires_in(params, waiting)?,
        })
    }
}

/// §7.1: one, and only one, of the hints.
fn hint(params: &Params) -> Result<Hint, OAuthError> {
    let hints = [params.one("login_hint")?, params.one("id_token_hint")?, params.one("login_hint_token")?];
    match hints {
        [Some(login), None, None] => Ok(Hint::Login(login.to_owned())),
        [None, Some(token), None] => Ok(Hint::IdToken(token.to_owned())),
        [None, None, Some(_)] => {
            Err(OAuthError::invalid_request("login_hint_token is not supported; use login_hint or id_token_hint"))
        }
        _ => Err(OAuthError::invalid_request(
            "exactly one of login_hint and id_token_hint is needed (CIBA Core section 7.1)",
        )),
    }
}

fn notification_token(params: &Params) -> Result<Secret, OAuthError> {
    let token = params.required("client_notification_token")?;
    if (MIN_TOKEN..=MAX_TOKEN).contains(&token.len()) && bearer::is_b64token(token) {
        return Ok(Secret::new(token));
    }
    Err(OAuthError::invalid_request(
        "client_notification_token must be a bearer token (RFC 6750 section 2.1) of 22 to 1024 characters",
    ))
}

/// §7.1: a positive integer; the OP may choose otherwise, and we keep to our bounds.
fn expires_in(params: &Params, waiting: Waiting) -> Result<Span, OAuthError> {
    let Some(text) = params.one("requested_expiry")? else { return Ok(waiting.by_default) };
    let bad =
        || OAuthError::new(OAuthErrorCode::InvalidRequest, "requested_expiry is not a positive number of seconds");
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let secs: i64 = if digits { text.parse().unwrap_or(i64::MAX / 2_000_000) } else { return Err(bad()) };
    if secs == 0 {
        return Err(bad());
    }
    Ok(Span::secs(secs.min(waiting.at_most.as_secs())).max(LEAST))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAITING: Waiting = Waiting { by_default: Span::minutes(5), at_most: Span::minutes(15) };
    const TOKEN: &str = "8d67dc78-7faa-4d41-aabd-67707b374255";

    fn read(form: &str, delivery: &Delivery) -> Result<Asked, OAuthError> {
        Asked::read(&Params::parse(form.as_bytes()).unwrap(), delivery, WAITING)
    }

    #[test]
    fn what_is_asked_is_read() {
        let ping = Delivery::Ping("https://a.example/n".to_owned());
        let form = format!("login_hint=x&binding_message=W4SCT&client_notification_token={TOKEN}&requested_expiry=30");
        let asked = read(&form, &ping).unwrap();
        assert_eq!(asked.hint, Hint::Login("x".to_owned()));
        assert_eq!(asked.binding_message.unwrap().text(), "W4SCT");
        assert_eq!((asked.notification_token.unwrap().reveal(), asked.expires_in), (TOKEN, Span::secs(30)));
        let polled = read("id_token_hint=a.b.c", &Delivery::Poll).unwrap();
        assert_eq!((polled.hint, polled.expires_in), (Hint::IdToken("a.b.c".to_owned()), Span::minutes(5)));
        assert!(polled.notification_token.is_none());
        for (asked, expected) in [("1", 10), ("600", 600), ("99999", 900), ("99999999999999999999999", 900)] {
            let form = format!("login_hint=x&requested_expiry={asked}");
            assert_eq!(read(&form, &Delivery::Poll).unwrap().expires_in, Span::secs(expected), "{asked}");
        }
    }

    #[test]
    fn refusals_have_their_codes() {
        let push = Delivery::Push("https://a.example/n".to_owned());
        let long = "a".repeat(1_025);
        for form in [
            "",
            "login_hint_token=x",
            "login_hint=x&id_token_hint=y",
            "login_hint=x&login_hint_token=y",
            "login_hint=x&login_hint=y",
            "login_hint=x&requested_expiry=0",
            "login_hint=x&requested_expiry=-1",
            "login_hint=x&requested_expiry=1.5",
            "login_hint=x&requested_expiry=soon",
        ] {
            assert_eq!(read(form, &Delivery::Poll).unwrap_err().code, OAuthErrorCode::InvalidRequest, "{form}");
        }
        for token in ["", "short", "has a blank in it, so it is none", long.as_str()] {
            let form = Params::from_pairs([("login_hint", "x"), ("client_notification_token", token)]).encode();
            assert_eq!(read(&form, &push).unwrap_err().code, OAuthErrorCode::InvalidRequest, "{token}");
        }
        let message = read("login_hint=x&binding_message=%3Cb%3E", &Delivery::Poll).unwrap_err();
        assert_eq!(message.code, OAuthErrorCode::InvalidBindingMessage);
    }
}
