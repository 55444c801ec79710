//! What is done with arbitrary bytes: none of it may panic, hang, or accept what it does not give back.

use dinhdanh::{
    base::{Timestamp, ids::ClientId},
    crypto::{HeaderKey, ParsedJwks, Unverified, certificate::CertificateReader, json, jwe::Encrypted},
    oidc::{
        claims_request::ClaimsRequest,
        client::{Client, RegisteredBy},
        distinguished_name::DistinguishedName,
        dpop::{self, ProofRules},
        params::Params,
        redirect_uri::{ApplicationType, RedirectUri},
        request_object::{self, Needs, ObjectRules},
    },
    registry::{Field, PersonRecord, SourceRow},
};

const NOW: Timestamp = Timestamp::from_secs(1_795_366_800);

fn text(data: &[u8]) -> &str {
    std::str::from_utf8(data).unwrap_or_default()
}

/// Parameters that are read are written and read again as the same.
pub fn params(data: &[u8]) {
    if let Ok(params) = Params::parse(data) {
        assert_eq!(Params::parse(params.encode().as_bytes()).as_ref(), Ok(&params));
    }
}

pub fn jws(data: &[u8]) {
    for key in [HeaderKey::Refused, HeaderKey::Required] {
        if let Ok(token) = Unverified::parse(text(data), key) {
            let _ = token.unverified_claims();
        }
    }
}

pub fn jwe(data: &[u8]) {
    let _ = Encrypted::parse(text(data));
}

pub fn jwks(data: &[u8]) {
    if let Ok(keys) = ParsedJwks::parse(data) {
        assert!(keys.len() <= 32);
    }
}

pub fn dpop_proof(data: &[u8]) {
    let Ok(claims) = json::object(data) else { return };
    let uris = ["https://dinhdanh.example/token".to_owned()];
    let rules = ProofRules { method: "POST", uris: &uris, ath: None, now: NOW };
    if let Ok(proof) = dpop::check(&claims, &rules) {
        assert!(proof.until > NOW && !proof.jti.is_empty());
    }
}

/// A URI that was registered matches itself.
pub fn redirect_uri(data: &[u8]) {
    for application in [ApplicationType::Web, ApplicationType::Native] {
        if let Ok(uri) = RedirectUri::register(text(data), application) {
            assert!(uri.matches(text(data)));
        }
    }
}

pub fn claims(data: &[u8]) {
    let _ = ClaimsRequest::parse(text(data));
}

pub fn request_object(data: &[u8]) {
    let Ok(claims) = json::object(data) else { return };
    let client_id = ClientId::from("portal");
    let rules =
        ObjectRules { client_id: &client_id, issuer: "https://dinhdanh.example", needs: Needs::WhatIsThere, now: NOW };
    if let Ok(params) = request_object::parameters(&claims, &Params::default(), &rules) {
        assert_eq!(params.one("client_id").ok().flatten(), Some("portal"));
    }
}

/// What is registered is written and registered again as the same.
pub fn client_metadata(data: &[u8]) {
    let Ok(metadata) = json::object(data) else { return };
    for by in [RegisteredBy::Operator, RegisteredBy::ItSelf] {
        if let Ok(client) = Client::register(&serde_json::Value::Object(metadata.clone()), by) {
            assert_eq!(Client::register(&client.metadata(), by).as_ref(), Ok(&client));
        }
    }
}

pub fn certificate(data: &[u8]) {
    let _ = CertificateReader::default().read(&[data.to_vec().into()], NOW);
    let _ = DistinguishedName::parse(text(data));
}

/// The cells of one row in the order of the columns.
pub fn csv_row(data: &[u8]) {
    let mut row = SourceRow::default();
    for (field, cell) in Field::ALL.into_iter().zip(text(data).split(',')) {
        row.set(field, cell);
    }
    let today = time::macros::date!(2026 - 11 - 22);
    let _ = PersonRecord::read(&row, today);
}
