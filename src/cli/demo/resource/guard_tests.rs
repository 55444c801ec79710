use axum::{Router, body::Body, middleware, routing::get};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use tower::ServiceExt as _;

use super::*;
use crate::{
    base::{Clock, ids::ClientId},
    cli::demo::resource::{certificate_of_the_connection, keys::IssuerKeys, sender::Proofs},
    crypto::{CertificateReader, digest},
    http::{
        address::{Networks, PeerAddress},
        certificate::CertificateHeaders,
    },
    oidc::{access_token::Authentication, audience::Audience, confirmation::Confirmation, token_exchange::Acting},
    outbound::{Outbound, OutboundSettings},
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

const API: &str = "https://api.example";

fn api(proxies: &str) -> Arc<Api> {
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let outbound = Outbound::new(&OutboundSettings::default()).unwrap();
    let clock = Clock::set_to(NOW);
    Arc::new(Api {
        issuer: "https://dinhdanh.example".to_owned(),
        resource: API.to_owned(),
        keys: IssuerKeys::new("https://dinhdanh.example", outbound).unwrap(),
        proofs: Proofs::default(),
        certificates: CertificateHeaders {
            believed: Networks(vec![proxies.parse().unwrap()]),
            reader: CertificateReader::default(),
            clock: clock.clone(),
        },
        clock,
    })
}

fn bound(x5t: Option<&str>, jkt: Option<&str>) -> AccessToken {
    let cnf = Confirmation { jkt: jkt.map(str::to_owned), x5t_s256: x5t.map(str::to_owned) };
    AccessToken { cnf, ..token(None, None) }
}

/// RFC 8705 §3: the certificate of this connection, and no other; beside a key both.
#[test]
fn a_token_that_is_bound_to_a_certificate_passes_with_it_alone() {
    let api = api("10.0.0.1");
    let headers = HeaderMap::new();
    let judged = |token: &AccessToken, shown: Option<&str>, scheme: Scheme| {
        let call =
            Call { method: &http::Method::GET, uri: format!("{API}/records"), token: "a.b.c", certificate: shown };
        check_sender(&api, (scheme, token), &headers, &call)
    };
    let own = bound(Some("own"), None);
    assert!(judged(&own, Some("own"), Scheme::Bearer).is_ok());
    for (token, shown, scheme) in [
        (&own, Some("another"), Scheme::Bearer),
        (&own, None, Scheme::Bearer),
        (&own, Some("own"), Scheme::Dpop),
        (&bound(Some("own"), Some("key")), Some("own"), Scheme::Bearer),
        (&bound(Some("own"), Some("key")), Some("own"), Scheme::Dpop),
        (&bound(None, Some("key")), Some("own"), Scheme::Bearer),
    ] {
        let refused = judged(token, shown, scheme).unwrap_err();
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{:?} {shown:?} {scheme:?}", token.cnf);
    }
    assert!(judged(&bound(None, None), Some("own"), Scheme::Bearer).is_ok(), "a certificate binds nothing by itself");
}

/// RFC 9440 §4: what a proxy in front says is believed, what anybody else says is not.
#[tokio::test]
async fn a_certificate_is_that_of_the_connection_and_not_of_a_strangers_header() {
    let key = rcgen::KeyPair::generate().unwrap();
    let der = rcgen::CertificateParams::new(vec!["client.example".to_owned()]).unwrap().self_signed(&key).unwrap();
    let header = format!(":{}:", STANDARD.encode(der.der()));
    let thumbprint = URL_SAFE_NO_PAD.encode(digest::sha256(der.der()).as_bytes());
    let told = async |request: Request| {
        let shown = request.extensions().get::<Shown>().map(|shown| shown.0.thumbprint.clone());
        format!("{:?} {}", shown, request.headers().contains_key("client-cert"))
    };
    let settled = middleware::from_fn_with_state(api("10.0.0.1"), certificate_of_the_connection);
    let router: Router = Router::new().route("/", get(told)).layer(settled);
    for (peer, header, expected) in [
        ("10.0.0.1:1", header.as_str(), Some(thumbprint.clone())),
        ("10.0.0.2:1", header.as_str(), None),
        ("10.0.0.1:1", ":AAAA:", None),
    ] {
        let mut request = Request::get("/").header("client-cert", header).body(Body::empty()).unwrap();
        request.extensions_mut().insert(PeerAddress(peer.parse().unwrap()));
        let answer = router.clone().oneshot(request).await.unwrap();
        let body = axum::body::to_bytes(answer.into_body(), 1_000).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&body), format!("{expected:?} false"), "{peer} {header}");
    }
}
