//! What is done with arbitrary bytes: none of it may panic, hang, or accept what it does not give back. Each tells whether
//! anything was accepted: what must hold of that would hold of nothing as well.

use dinhdanh::{
    base::{Timestamp, ids::ClientId, json},
    crypto::{
        HeaderKey, OpaqueToken, ParsedJwks, Unverified, certificate::CertificateReader, jwe::Encrypted, opaque::kind,
    },
    http::lang::{Choice, Switch, Wishes},
    oidc::{
        authorization_details, basic_credentials, bearer,
        claims_request::ClaimsRequest,
        client::{Client, RegisteredBy},
        client_auth::ClientAuth,
        distinguished_name::DistinguishedName,
        dpop::{self, ProofRules},
        params::Params,
        pkce::{CodeChallenge, CodeVerifier},
        redirect_uri::{ApplicationType, RedirectUri},
        request_object::{self, Needs, ObjectRules},
        user_code::UserCode,
    },
    registry::{Field, PersonRecord, SourceRow},
};

const NOW: Timestamp = Timestamp::from_secs(1_795_366_800);

fn text(data: &[u8]) -> &str {
    std::str::from_utf8(data).unwrap_or_default()
}

/// Parameters that are read are written and read again as the same.
pub fn params(data: &[u8]) -> bool {
    let Ok(params) = Params::parse(data) else { return false };
    assert_eq!(Params::parse(params.encode().as_bytes()).as_ref(), Ok(&params));
    true
}

pub fn jws(data: &[u8]) -> bool {
    let read = |key| Unverified::parse(text(data), key).is_ok_and(|token| token.unverified_claims().is_ok());
    [HeaderKey::Refused, HeaderKey::Required].map(read).contains(&true)
}

pub fn jwe(data: &[u8]) -> bool {
    Encrypted::parse(text(data)).is_ok()
}

pub fn jwks(data: &[u8]) -> bool {
    let Ok(keys) = ParsedJwks::parse(data) else { return false };
    assert!(keys.len() <= 32);
    !keys.is_empty()
}

pub fn dpop_proof(data: &[u8]) -> bool {
    let Ok(claims) = json::object(data) else { return false };
    let uris = ["https://dinhdanh.example/token".to_owned()];
    let rules = ProofRules { method: "POST", uris: &uris, ath: None, now: NOW };
    let Ok(proof) = dpop::check(&claims, &rules) else { return false };
    assert!(proof.until > NOW && !proof.jti.is_empty());
    true
}

/// A URI that was registered matches itself.
pub fn redirect_uri(data: &[u8]) -> bool {
    let registered = |application| {
        let Ok(uri) = RedirectUri::register(text(data), application) else { return false };
        assert!(uri.matches(text(data)));
        true
    };
    [ApplicationType::Web, ApplicationType::Native].map(registered).contains(&true)
}

pub fn claims(data: &[u8]) -> bool {
    ClaimsRequest::parse(text(data)).is_ok()
}

pub fn request_object(data: &[u8]) -> bool {
    let Ok(claims) = json::object(data) else { return false };
    let client_id = ClientId::from("portal");
    let rules =
        ObjectRules { client_id: &client_id, issuer: "https://dinhdanh.example", needs: Needs::WhatIsThere, now: NOW };
    let Ok(params) = request_object::parameters(&claims, &Params::default(), &rules) else { return false };
    assert_eq!(params.one("client_id").ok().flatten(), Some("portal"));
    params.iter().count() > 1
}

/// What is registered is written and registered again as the same.
pub fn client_metadata(data: &[u8]) -> bool {
    let Ok(metadata) = json::object(data) else { return false };
    let registered = |by| {
        let Ok(client) = Client::register(&serde_json::Value::Object(metadata.clone()), by) else { return false };
        assert_eq!(Client::register(&client.metadata(), by).as_ref(), Ok(&client));
        true
    };
    [RegisteredBy::Operator, RegisteredBy::ItSelf].map(registered).contains(&true)
}

/// Both ways to say who one is in a header; what is read is what was written, and nothing of it can end a header.
pub fn authorization(data: &[u8]) -> bool {
    let header = text(data);
    let basic = basic_credentials::parse(header);
    if let Ok((id, _)) = &basic {
        assert!(id.bytes().all(|byte| matches!(byte, 0x20..=0x7E)));
    }
    let query = Params::parse(data).unwrap_or_default();
    let mut tokens = 0;
    for (header, form) in [(Some(header), None), (None, Some(&query))] {
        if let Ok(Some(presented)) = bearer::extract(header, &Params::default(), form) {
            assert!(bearer::is_b64token(presented.token.reveal()));
            tokens += 1;
        }
        let _ = ClientAuth::parse(header, &query);
    }
    basic.is_ok() || tokens > 0
}

/// Details that are read are written and read again as the same, and show no statement.
pub fn authorization_details(data: &[u8]) -> bool {
    let Ok(details) = authorization_details::parse(text(data)) else { return false };
    let written = serde_json::to_string(&details).map_err(drop);
    let again = written.and_then(|written| authorization_details::parse(&written).map_err(drop));
    assert_eq!(again.as_ref(), Ok(&details));
    for detail in &details {
        assert!(detail.for_resources().is_object() && !detail.floors().is_empty());
    }
    !details.is_empty()
}

/// Each of our tokens has one text; what is read as one is exactly that long.
pub fn opaque(data: &[u8]) -> bool {
    let text = text(data);
    let kinds = [
        OpaqueToken::<kind::Code>::parse(text).is_ok(),
        OpaqueToken::<kind::Par>::parse(text).is_ok(),
        OpaqueToken::<kind::SessionCookie>::parse(text).is_ok(),
    ];
    assert!(kinds.iter().filter(|read| **read).count() <= 1, "one kind at most");
    if let Some(code) = UserCode::parse(text) {
        assert_eq!(UserCode::parse(&code.to_string()), Some(code));
    }
    if let Ok(challenge) = CodeChallenge::parse(text) {
        assert_eq!(challenge.as_str(), text);
    }
    let _ = CodeVerifier::parse(text);
    kinds.contains(&true)
}

/// What a page's language follows from: anything, and never an address that leads elsewhere.
pub fn languages(data: &[u8]) -> bool {
    let wish = text(data);
    for wishes in [
        Wishes { ui_locales: Some(wish), ..Wishes::default() },
        Wishes { cookie: Some(wish), ..Wishes::default() },
        Wishes { accept_language: Some(wish), ..Wishes::default() },
    ] {
        let _ = Choice::of(&wishes);
    }
    let Some(switch) = Switch::parse("vi", wish) else { return false };
    assert!(switch.back.starts_with('/') && !switch.back.starts_with("//") && !switch.back.contains('\\'));
    switch.back.len() > 1
}

pub fn certificate(data: &[u8]) -> bool {
    let _ = DistinguishedName::parse(text(data));
    CertificateReader::default().read(&[data.to_vec().into()], NOW).is_ok()
}

/// The cells of one row in the order of the columns.
pub fn csv_row(data: &[u8]) -> bool {
    let mut row = SourceRow::default();
    for (field, cell) in Field::ALL.into_iter().zip(text(data).split(',')) {
        row.set(field, cell);
    }
    let today = time::macros::date!(2026 - 11 - 22);
    let Ok(record) = PersonRecord::read(&row, today) else { return false };
    assert_eq!(
        PersonRecord::read(&SourceRow::of(&record), today).as_ref(),
        Ok(&record),
        "what is written is read again"
    );
    true
}
