use super::*;
use crate::{
    base::ids::ClientId,
    oidc::{access_token::Authentication, audience::Audience, confirmation::Confirmation, token_exchange::Acting},
};

const NOW: Timestamp = Timestamp::from_secs(1_795_366_800);

fn token(acr: Option<&str>, age: Option<Span>) -> AccessToken {
    AccessToken {
        iss: "https://dinhdanh.example".to_owned(),
        exp: NOW + Span::minutes(5),
        aud: Audience::one("https://api.example"),
        sub: "a1".to_owned(),
        client_id: ClientId::from("portal"),
        iat: NOW,
        jti: "j".to_owned(),
        scope: Some("openid records:read".to_owned()),
        cnf: Confirmation::default(),
        authentication: Authentication {
            auth_time: age.map(|age| NOW - age),
            acr: acr.map(str::to_owned),
            ..Authentication::default()
        },
        authorization_details: Vec::new(),
        acting: Acting::default(),
    }
}

#[test]
fn a_route_gets_the_proof_that_it_demands_or_says_which() {
    let two = Demands { level: 2, max_age: Some(Span::minutes(15)), ..Demands::default() };
    let (one_acr, two_acr, four_acr) = ("urn:vn:xacthuc:1", "urn:vn:xacthuc:2", "urn:vn:xacthuc:4");
    let table = [
        (Demands::default(), None, None, true),
        (two, Some(two_acr), Some(Span::minutes(15)), true),
        (two, Some(four_acr), Some(Span::ZERO), true),
        (two, Some(two_acr), Some(Span::secs(901)), false),
        (two, Some(one_acr), Some(Span::ZERO), false),
        (two, Some("urn:vn:xacthuc:22"), Some(Span::ZERO), false),
        (two, Some(two_acr), None, false),
        (two, None, Some(Span::ZERO), false),
    ];
    for (demands, acr, age, passes) in table {
        assert_eq!(satisfied(demands, &token(acr, age), NOW).is_ok(), passes, "{acr:?} {age:?}");
    }
    let challenge = satisfied(two, &token(Some(one_acr), Some(Span::ZERO)), NOW).unwrap_err();
    assert_eq!(challenge.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        challenge.header(),
        concat!(
            r#"Bearer error="insufficient_user_authentication", error_description="this needs a stronger or more recent "#,
            r#"authentication of the person", acr_values="urn:vn:xacthuc:2", max_age="900""#
        )
    );
}

#[test]
fn a_scope_is_named_and_nothing_sent_is_told_the_scheme_alone() {
    let writes = Demands { scope: Some("records:write"), ..Demands::default() };
    let challenge = satisfied(writes, &token(None, None), NOW).unwrap_err();
    assert_eq!(challenge.status, StatusCode::FORBIDDEN);
    assert_eq!(challenge.header(), r#"Bearer error="insufficient_scope", scope="records:write""#);
    assert!(satisfied(Demands { scope: Some("records:read"), ..writes }, &token(None, None), NOW).is_ok());
    assert_eq!(Challenge::bare().header(), "Bearer");
    let quoting = Challenge::invalid_token("a \"b\" \\ ệ\n").header();
    assert_eq!(quoting, r#"Bearer error="invalid_token", error_description="a 'b' ' ''""#);

    let mut headers = HeaderMap::new();
    assert_eq!(presented(&headers).unwrap_err(), Challenge::bare());
    for wrong in ["Basic abc", "Bearer", "abc"] {
        headers.insert(AUTHORIZATION, HeaderValue::from_static(wrong));
        assert_eq!(presented(&headers).unwrap_err(), Challenge::bare(), "{wrong}");
    }
    headers.insert(AUTHORIZATION, HeaderValue::from_static("bearer a.b.c"));
    assert_eq!(presented(&headers).unwrap(), (Scheme::Bearer, "a.b.c".to_owned()));
    headers.append(AUTHORIZATION, HeaderValue::from_static("Bearer d.e.f"));
    assert_eq!(presented(&headers).unwrap_err(), Challenge::bare());
}
