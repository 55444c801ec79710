//! The forms that values have in a settings file.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, de::Error};

use crate::{
    base::Span,
    oidc::{
        acr::AcrLevel,
        scope::{AccountLevel, Floor, ScopeSet},
    },
};

/// A length of time: a whole number and `ms`, `s`, `m`, `h` or `d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(Span);

impl Time {
    pub const fn span(self) -> Span {
        self.0
    }

    /// Never negative: the form has no sign.
    pub fn duration(self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.as_micros()).unwrap_or(0))
    }
}

impl FromStr for Time {
    type Err = BadTime;

    fn from_str(text: &str) -> Result<Self, BadTime> {
        let bad = || BadTime(text.to_owned());
        let unit_at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
        let (number, unit) = text.split_at(unit_at);
        // Nothing here is longer than a century, and so nothing overflows.
        let number: i64 = number.parse().ok().filter(|number| *number <= 36_500 * 86_400_000).ok_or_else(bad)?;
        let span = match unit {
            "ms" => Span::millis(number),
            "s" => Span::secs(number),
            "m" => Span::minutes(number),
            "h" => Span::hours(number),
            "d" => Span::days(number),
            _ => return Err(bad()),
        };
        if span > Span::days(36_500) { Err(bad()) } else { Ok(Self(span)) }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a length of time; write a whole number and ms, s, m, h or d, like 90s")]
pub struct BadTime(String);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A value that may be left empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maybe<T>(pub Option<T>);

impl<'de, T> Deserialize<'de> for Maybe<T>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() {
            return Ok(Self(None));
        }
        text.parse().map(|value| Self(Some(value))).map_err(D::Error::custom)
    }
}

/// A list of texts that are parsed one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T>(pub Vec<T>);

impl<'de, T> Deserialize<'de> for Listed<T>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts.iter().map(|text| text.parse().map_err(D::Error::custom)).collect::<Result<_, _>>().map(Self)
    }
}

/// `ISSUER=FILE`: somebody whose statements count, and the file with their JWK Set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerFile {
    pub issuer: String,
    pub file: std::path::PathBuf,
}

impl FromStr for IssuerFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((issuer, file)) if !issuer.is_empty() && !file.is_empty() => {
                Ok(Self { issuer: issuer.to_owned(), file: file.into() })
            }
            _ => Err(format!(
                "`{text}` is not written ISSUER=FILE, like https://issuer.example=/etc/dinhdanh/issuer.jwks.json"
            )),
        }
    }
}

/// `SCOPE=ACCOUNT/LEVEL`: what a session must be for a scope to be granted in it, like `address=02/2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeFloor {
    pub scope: String,
    pub floor: Floor,
}

impl FromStr for ScopeFloor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || {
            format!(
                "`{text}` is not written SCOPE=ACCOUNT/LEVEL with an account level 01 or 02 and a level 1 to 4, like address=02/2"
            )
        };
        let (scope, floor) = text.split_once('=').ok_or_else(bad)?;
        let (account, level) = floor.split_once('/').ok_or_else(bad)?;
        let account = [AccountLevel::One, AccountLevel::Two].into_iter().find(|known| known.as_str() == account);
        let authentication = level.parse().ok().and_then(AcrLevel::from_number);
        if scope == "openid" {
            return Err(
                "`openid` has no floor; write the least level of every client as assurance.min_level".to_owned()
            );
        }
        let is_one = ScopeSet::parse(scope).is_ok_and(|scopes| scopes.iter().eq([scope]));
        match (account, authentication) {
            (Some(account), Some(authentication)) if is_one => {
                Ok(Self { scope: scope.to_owned(), floor: Floor { account, authentication } })
            }
            _ => Err(bad()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_floor_is_read_or_says_how_it_is_written() {
        let read: ScopeFloor = "address=02/1".parse().unwrap();
        assert_eq!(
            (read.scope.as_str(), read.floor.account, read.floor.authentication),
            ("address", AccountLevel::Two, AcrLevel::One)
        );
        for bad in [
            "",
            "address",
            "address=02",
            "address=2/1",
            "address=03/1",
            "address=02/0",
            "address=02/5",
            "=01/1",
            "a b=01/1",
            "openid=02/2",
        ] {
            assert!(bad.parse::<ScopeFloor>().is_err(), "{bad}");
        }
    }
}
