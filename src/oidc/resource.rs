//! Resource indicators (RFC 8707): for whom an access token is.

use std::collections::BTreeMap;

use url::Url;

use super::{
    audience::Audience,
    error::{OAuthError, OAuthErrorCode},
    params::Params,
};

/// More than any client calls with one authorization.
const MOST: usize = 10;
const MAX_LENGTH: usize = 2_000;

/// Why a text is no resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResourceError {
    #[error("is not an absolute URI (RFC 8707 section 2)")]
    NotAbsolute,
    #[error("has a fragment (RFC 8707 section 2)")]
    Fragment,
}

/// RFC 8707 §2: an absolute URI without a fragment. Compared byte for byte, so nothing is normalised.
pub fn check_uri(uri: &str) -> Result<(), ResourceError> {
    if uri.len() > MAX_LENGTH || !uri.bytes().all(|byte| byte.is_ascii_graphic()) || Url::parse(uri).is_err() {
        return Err(ResourceError::NotAbsolute);
    }
    if uri.contains('#') { Err(ResourceError::Fragment) } else { Ok(()) }
}

/// The `resource` parameters, each once.
pub fn asked_for(params: &Params) -> Result<Vec<String>, OAuthError> {
    let mut all: Vec<String> = Vec::new();
    for uri in params.all("resource") {
        check_uri(uri).map_err(|error| invalid_target(format!("resource {error}")))?;
        if !all.iter().any(|known| known == uri) {
            all.push(uri.to_owned());
        }
    }
    if all.len() > MOST {
        return Err(invalid_target(format!("more than {MOST} resources")));
    }
    Ok(all)
}

pub fn invalid_target(description: String) -> OAuthError {
    OAuthError::new(OAuthErrorCode::InvalidTarget, description)
}

/// For whom one token is, and under which name it knows the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aim {
    pub audience: Audience,
    pub sub: String,
}

impl Aim {
    /// `granted` are the resources of the authorization, each with the `sub` of its sector; `asked` those of the token request.
    /// Without either the token is for this service itself (RFC 9068 §3). Resources that know the person under different names
    /// need a token each: one token would tell each of them what the other calls the person.
    pub fn of(
        granted: &BTreeMap<String, String>,
        asked: &[String],
        (issuer, sub): (&str, &str),
    ) -> Result<Self, OAuthError> {
        let mut chosen: Vec<(&str, &str)> = Vec::new();
        if asked.is_empty() {
            chosen.extend(granted.iter().map(|(uri, sub)| (uri.as_str(), sub.as_str())));
        }
        for uri in asked {
            let granted_sub = granted.get(uri).map(String::as_str);
            let own = (uri == issuer).then_some(sub);
            let Some(known_as) = granted_sub.or(own) else {
                return Err(invalid_target(
                    "resource is not one of the authorization (RFC 8707 section 2.2)".to_owned(),
                ));
            };
            chosen.push((uri, known_as));
        }
        let known_as = chosen.first().map_or(sub, |(_, sub)| *sub);
        if chosen.iter().any(|(_, other)| *other != known_as) {
            let text = "these resources know the person under different names; ask for a token for each of them";
            return Err(invalid_target(text.to_owned()));
        }
        let uris: Vec<String> = chosen.iter().map(|(uri, _)| (*uri).to_owned()).collect();
        Ok(Self { audience: audience(uris, issuer), sub: known_as.to_owned() })
    }

    /// Of a client that acts for itself: for what it may name, or this service.
    pub fn of_client(asked: Vec<String>, issuer: &str, client_id: &str) -> Self {
        Self { audience: audience(asked, issuer), sub: client_id.to_owned() }
    }
}

fn audience(uris: Vec<String>, issuer: &str) -> Audience {
    Audience::several(uris).unwrap_or_else(|| Audience::one(issuer))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://dinhdanh.example";

    fn granted() -> BTreeMap<String, String> {
        [("https://a.example/1", "a"), ("https://a.example/2", "a"), ("https://b.example/", "b")]
            .map(|(uri, sub)| (uri.to_owned(), sub.to_owned()))
            .into()
    }

    fn aim(granted: &BTreeMap<String, String>, asked: &[&str]) -> Result<(Vec<String>, String), OAuthErrorCode> {
        let asked: Vec<String> = asked.iter().map(|uri| (*uri).to_owned()).collect();
        let aim = Aim::of(granted, &asked, (ISSUER, "own")).map_err(|error| error.code)?;
        let all = [ISSUER, "https://a.example/1", "https://a.example/2", "https://b.example/"];
        Ok((all.into_iter().filter(|uri| aim.audience.contains(uri)).map(str::to_owned).collect(), aim.sub))
    }

    #[test]
    fn a_token_is_for_those_who_know_the_person_by_one_name() {
        let (all, mut two) = (granted(), granted());
        two.remove("https://b.example/");
        let ok = |uris: &[&str], sub: &str| Ok((uris.iter().map(|uri| (*uri).to_owned()).collect(), sub.to_owned()));
        assert_eq!(aim(&BTreeMap::new(), &[]), ok(&[ISSUER], "own"));
        assert_eq!(aim(&two, &[]), ok(&["https://a.example/1", "https://a.example/2"], "a"));
        assert_eq!(aim(&all, &["https://b.example/"]), ok(&["https://b.example/"], "b"));
        assert_eq!(aim(&all, &[ISSUER]), ok(&[ISSUER], "own"));
        for (granted, asked) in [
            (&all, vec![]),
            (&all, vec!["https://a.example/1", "https://b.example/"]),
            (&all, vec![ISSUER, "https://b.example/"]),
            (&all, vec!["https://c.example/"]),
            (&all, vec!["https://a.example/"]),
            (&BTreeMap::new(), vec!["https://a.example/1"]),
        ] {
            assert_eq!(aim(granted, &asked), Err(OAuthErrorCode::InvalidTarget), "{asked:?}");
        }
    }

    #[test]
    fn what_is_a_resource() {
        for good in ["https://api.example", "https://api.example/a?b=c", "urn:vn:api", "http://localhost:9/"] {
            assert_eq!(check_uri(good), Ok(()), "{good}");
        }
        for bad in ["", "/api", "api.example", "https://", "https://a.example/ x", "https://a.example/ệ"] {
            assert_eq!(check_uri(bad), Err(ResourceError::NotAbsolute), "{bad}");
        }
        assert_eq!(check_uri("https://api.example/#"), Err(ResourceError::Fragment));
        let params = Params::from_pairs([("resource", "urn:a"), ("resource", "urn:b"), ("resource", "urn:a")]);
        assert_eq!(asked_for(&params).unwrap(), ["urn:a", "urn:b"]);
        let many: Vec<(&str, String)> = (0..=MOST).map(|n| ("resource", format!("urn:{n}"))).collect();
        assert_eq!(asked_for(&Params::from_pairs(many)).unwrap_err().code, OAuthErrorCode::InvalidTarget);
    }
}
