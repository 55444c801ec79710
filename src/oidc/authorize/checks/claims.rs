//! The `claims` parameter (OpenID Connect Core §5.5). Claims that we don't know, and those whose scope the client may not
//! have, are left out silently: a claim that cannot be given is no error, essential or not (§5.5.1).

use super::Asked;
use crate::oidc::{authorize::request::Request, claims_request::ClaimsRequest, error::OAuthError, scope::Scope};

const MAX_SUBS: usize = 8;

pub(super) fn check(asked: &Asked<'_>, request: &mut Request) -> Result<(), OAuthError> {
    let Some(text) = asked.params.one("claims")? else { return Ok(()) };
    let claims = ClaimsRequest::parse(text)?;
    let open = |claim: &str| Scope::of_claim(claim).is_some_and(|scope| asked.client.scopes.contains(scope.name));
    request.claims = claims.filtered(open);
    // Each is looked up.
    if request.expected_subs().is_some_and(|subs| subs.len() > MAX_SUBS) {
        return Err(OAuthError::invalid_request(format!("claims.id_token.sub names more than {MAX_SUBS} subjects")));
    }
    Ok(())
}

#[cfg(test)]
use super::cases::{Case, accepted, refused};
#[cfg(test)]
use crate::oidc::error::OAuthErrorCode::InvalidRequest;
#[cfg(test)]
pub(super) const CASES: &[Case] = &[
    accepted("claims=%7B%7D"),
    accepted(r#"claims={"userinfo":{"id_number":{"essential":true},"nickname":null}}"#),
    refused("claims=x", InvalidRequest, "claims is not a JSON object in which each name stands once"),
    refused(
        r#"claims={"id_token":{"acr":null,"acr":{"essential":true}}}"#,
        InvalidRequest,
        "claims is not a JSON object in which each name stands once",
    ),
    refused(r#"claims={"userinfo":{"name":{"value":"a\u0000"}}}"#, InvalidRequest, "claims contains a NUL character"),
    refused(r#"claims={"userinfo":[]}"#, InvalidRequest, "claims.userinfo is not a JSON object"),
    refused("claims=[[[[[[[[[[[[[]]]]]]]]]]]]]", InvalidRequest, "claims is nested deeper than 12 levels"),
    refused(
        r#"claims={"userinfo":{"verified_claims":[]}}"#,
        InvalidRequest,
        "claims.userinfo.verified_claims has no element, or more than 10",
    ),
    accepted(r#"claims={"id_token":{"sub":{"values":["1","2","3","4","5","6","7","8"]}}}"#),
    refused(
        r#"claims={"id_token":{"sub":{"value":"0","values":["1","2","3","4","5","6","7","8"]}}}"#,
        InvalidRequest,
        "claims.id_token.sub names more than 8 subjects",
    ),
];

#[cfg(test)]
#[test]
fn only_claims_that_the_client_may_have_are_kept() {
    use super::cases::{checked, checked_for};
    let set =
        r#"claims={"userinfo":{"email":null,"id_number":null,"nickname":null},"id_token":{"sub":{"value":"abc"}}}"#;
    assert_eq!(checked(set).claims.names().collect::<Vec<_>>(), ["email", "sub"]);
    assert_eq!(checked(set).expected_subs(), Some(vec!["abc"]));
    let with_number = checked_for(r#"{"scope":"openid vn_id profile"}"#, set);
    assert_eq!(with_number.claims.names().collect::<Vec<_>>(), ["id_number", "sub"]);
}

#[cfg(test)]
#[test]
fn the_subjects_of_which_one_is_meant() {
    use super::cases::checked;
    let expected = |sub: &str| {
        let request = checked(&format!(r#"claims={{"id_token":{{"sub":{sub}}}}}"#));
        request.expected_subs().map(|subs| subs.into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    assert_eq!(checked("").expected_subs(), None);
    assert_eq!(expected("null"), None);
    assert_eq!(expected(r#"{"essential":true}"#), None);
    assert_eq!(expected(r#"{"values":["a","b"]}"#), Some(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(expected(r#"{"value":5}"#), Some(Vec::new()), "somebody, and nobody has such a name");
}
