//! Which claims about a person leave, and where: by scopes to UserInfo (OIDC Core §5.4), by the `claims` parameter to
//! UserInfo or the ID token (§5.5). Scopes and request come in as *granted*: what a floor, the client's registration or
//! the person took away is no longer in them.

use serde_json::{Map, Value};

use super::{
    claims_request::{ClaimRequest, ClaimsRequest},
    id_token::ExtraClaims,
    predicate::{Predicate, SAME_PERSON_AS},
    scope::ScopeSet,
    verified_claims::{self, Verification, VerifiedRequest},
};

/// What the registry and the account know of one person, by claim name. May hold more than is released.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PersonClaims {
    claims: Map<String, Value>,
    verification: Option<Verification>,
}

impl PersonClaims {
    /// Nulls, empty texts and empty lists say nothing and are left out (OIDC Core §5.3.2).
    pub fn new(claims: Map<String, Value>) -> Self {
        let claims = claims.into_iter().filter(|(_, value)| !is_nothing(value)).collect();
        Self { claims, verification: None }
    }

    /// With how the person was verified, for requests of verified claims.
    pub fn verified(self, verification: Verification) -> Self {
        Self { verification: Some(verification), ..self }
    }

    pub(super) const fn verification(&self) -> Option<&Verification> {
        self.verification.as_ref()
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The UserInfo document (§5.3.2): `sub` always, the claims of the scopes, and those the request adds to them (§5.5).
pub fn for_userinfo(
    sub: &str,
    scopes: &ScopeSet,
    request: &ClaimsRequest,
    person: &PersonClaims,
) -> Map<String, Value> {
    let by_scope = scopes.claims().filter_map(|name| person.get(name).map(|value| (name, value)));
    let mut document: Map<String, Value> = by_scope
        .chain(request.userinfo.iter().filter_map(|(name, wanted)| requested(name, wanted, person)))
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect();
    document.extend(verified(&request.verified.userinfo, person));
    // Last, so that nothing displaces it: §5.3.2 makes clients compare it with the ID token's.
    document.insert("sub".to_owned(), Value::String(sub.to_owned()));
    document
}

/// What the request adds to the ID token (§5.5). Scopes open UserInfo only: there is always an access token (§5.4).
pub fn for_id_token(request: &ClaimsRequest, person: &PersonClaims) -> ExtraClaims {
    let claims = request.id_token.iter().filter_map(|(name, wanted)| requested(name, wanted, person));
    let claims = claims.map(|(name, value)| (name.to_owned(), value.clone()));
    ExtraClaims::new(claims.chain(verified(&request.verified.id_token, person)).collect())
}

/// Verified claims stand beside the others, under one name (OpenID Connect for Identity Assurance 1.0 §5.1).
fn verified(requests: &[VerifiedRequest], person: &PersonClaims) -> Option<(String, Value)> {
    verified_claims::respond(requests, person).map(|value| (VERIFIED.to_owned(), value))
}

const VERIFIED: &str = "verified_claims";

/// The claims of a document with their values, those inside verified ones among them: what the person sees and the audit names.
pub fn flattened(mut document: Map<String, Value>) -> Map<String, Value> {
    let verified = document.remove(VERIFIED);
    let elements = match verified {
        Some(Value::Array(elements)) => elements,
        one => one.into_iter().collect(),
    };
    for element in elements {
        if let Some(claims) = element.get("claims").and_then(Value::as_object) {
            document.extend(claims.clone());
        }
    }
    document
}

/// Everything that would leave, in either place: what the consent page shows and the audit row names.
pub fn released(scopes: &ScopeSet, request: &ClaimsRequest, person: &PersonClaims) -> Map<String, Value> {
    let mut all = flattened(for_userinfo("", scopes, request, person));
    all.remove("sub");
    all.extend(flattened(for_id_token(request, person).into_map()));
    all
}

/// §5.5.1: asked for with `value` or `values`, a claim is returned only with one of them; a name we don't know is ignored.
pub(super) fn requested<'a>(
    name: &'a str,
    wanted: &ClaimRequest,
    person: &'a PersonClaims,
) -> Option<(&'a str, &'a Value)> {
    let held = person.get(name)?;
    // What same_person_as has as its value is the question, not the answer.
    if name == SAME_PERSON_AS {
        return Some((name, held));
    }
    // A question's answer says when it was true; what may be required is the answer itself.
    let compared = if Predicate::is_named(name) { held.get("result").unwrap_or(held) } else { held };
    let mut named = wanted.value.iter().chain(wanted.values.iter().flatten());
    let fits = !wanted.names_values() || named.any(|value| value == compared);
    fits.then_some((name, held))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn person() -> PersonClaims {
        let claims = json!({
            "name": "Nguyễn Văn Thử", "given_name": "Thử", "gender": "male", "birthdate": "1985-03-05",
            "nationalities": ["VNM"], "email": "", "middle_name": null, "cmnd9": [], "residence": {},
            "phone_number": "+84912345678", "phone_number_verified": false,
            "id_number": "900085000001", "card": { "number": "900085000001" },
            "account_level": "02", "sub": "internal", "acr": "urn:vn:xacthuc:4"
        });
        PersonClaims::new(claims.as_object().unwrap().clone())
    }

    fn scopes(text: &str) -> ScopeSet {
        ScopeSet::parse(text).unwrap()
    }

    fn names(document: &Map<String, Value>) -> Vec<&str> {
        let mut names: Vec<&str> = document.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn scopes_open_their_claims_and_sub_is_always_there() {
        let none = ClaimsRequest::default();
        let table: &[(&str, &[&str])] = &[
            ("", &["sub"]),
            ("unknown offline_access", &["sub"]),
            ("openid", &["account_level", "acr", "sub"]),
            ("profile", &["birthdate", "gender", "given_name", "name", "nationalities", "sub"]),
            ("phone", &["phone_number", "phone_number_verified", "sub"]),
            ("email address", &["sub"]),
            ("vn_id vn_card", &["card", "id_number", "sub"]),
        ];
        for (granted, expected) in table {
            let document = for_userinfo("a1", &scopes(granted), &none, &person());
            assert_eq!(names(&document), *expected, "{granted}");
            assert_eq!(document["sub"], "a1");
        }
        assert!(for_id_token(&none, &person()).is_empty());
    }

    #[test]
    fn a_request_adds_claims_to_its_place_only() {
        let request = ClaimsRequest::parse(
            r#"{"userinfo":{"id_number":{"essential":true},"shoe_size":{"essential":true},"sub":null,"email":null},
                "id_token":{"card":null,"acr":{"essential":true},"sub":{"value":"x"},"nickname":null}}"#,
        )
        .unwrap();
        let document = for_userinfo("a1", &scopes("phone"), &request, &person());
        assert_eq!(names(&document), ["id_number", "phone_number", "phone_number_verified", "sub"]);
        assert_eq!(document["sub"], "a1");
        let added = for_id_token(&request, &person()).into_map();
        assert_eq!(names(&added), ["card"]);
        let all = released(&scopes("phone"), &request, &person());
        assert_eq!(names(&all), ["card", "id_number", "phone_number", "phone_number_verified"]);
    }

    #[test]
    fn named_values_filter() {
        let table = [
            (r#"{"value":"male"}"#, true),
            (r#"{"value":"female"}"#, false),
            (r#"{"values":["female","male"]}"#, true),
            (r#"{"values":["female","other"]}"#, false),
            (r#"{"values":[]}"#, true),
            (r#"{"value":"Male"}"#, false),
            (r#"{"value":["male"]}"#, false),
            (r#"{"value":null}"#, true),
            (r#"{"essential":true,"value":"female"}"#, false),
        ];
        for (wanted, expected) in table {
            let request = ClaimsRequest::parse(&format!(r#"{{"userinfo":{{"gender":{wanted}}}}}"#)).unwrap();
            let document = for_userinfo("a1", &scopes("openid"), &request, &person());
            assert_eq!(document.contains_key("gender"), expected, "{wanted}");
            // §5.5: the request adds to what the scope asks for, it takes nothing away.
            assert!(for_userinfo("a1", &scopes("profile"), &request, &person()).contains_key("gender"));
            let request = ClaimsRequest::parse(&format!(r#"{{"id_token":{{"gender":{wanted}}}}}"#)).unwrap();
            assert_eq!(for_id_token(&request, &person()).get("gender").is_some(), expected, "{wanted}");
        }
    }

    proptest! {
        #[test]
        fn nothing_leaves_that_was_neither_granted_nor_asked_for(
            granted in proptest::sample::subsequence(vec!["openid", "profile", "phone", "vn_id", "vn_card"], 0..5),
            asked in proptest::sample::subsequence(vec!["gender", "id_number", "card", "sub", "nickname"], 0..5),
        ) {
            let granted: ScopeSet = granted.into_iter().collect();
            let members: Map<String, Value> = asked.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
            let request = ClaimsRequest::parse(&json!({ "userinfo": members }).to_string()).unwrap();
            let document = for_userinfo("a1", &granted, &request, &person());
            for name in document.keys() {
                let wanted = granted.claims().any(|claim| claim == name) || asked.contains(&name.as_str());
                prop_assert!(wanted || name == "sub", "{}", name);
            }
            prop_assert_eq!(&document["sub"], "a1");
        }
    }
}
