use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType};

use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_795_366_800);

struct Authority {
    pem: String,
    params: CertificateParams,
    key: KeyPair,
}

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "An authority");
    let key = KeyPair::generate().unwrap();
    Authority { pem: params.self_signed(&key).unwrap().pem(), params, key }
}

fn client_params() -> CertificateParams {
    let mut params = CertificateParams::new(vec!["rp.example".to_owned()]).unwrap();
    params.subject_alt_names.push(SanType::URI("https://rp.example/id".try_into().unwrap()));
    params.subject_alt_names.push(SanType::Rfc822Name("ops@rp.example".try_into().unwrap()));
    params.subject_alt_names.push(SanType::IpAddress("192.0.2.1".parse().unwrap()));
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "VN");
    params.distinguished_name.push(DnType::OrganizationName, "Ngân hàng Thử");
    params.distinguished_name.push(DnType::CommonName, "client one");
    params
}

fn read(reader: &CertificateReader, der: &[u8]) -> Result<ClientCertificate, CertificateError> {
    reader.read(&[CertificateDer::from(der.to_vec())], NOW)
}

#[test]
fn names_key_and_thumbprint_are_read() {
    let key = KeyPair::generate().unwrap();
    let own = client_params().self_signed(&key).unwrap();
    let certificate = read(&CertificateReader::default(), own.der()).unwrap();
    assert_eq!(certificate.names.subject, DistinguishedName::parse("CN=client one,O=Ngân hàng Thử,C=VN").unwrap());
    assert_eq!(certificate.names.dns, ["rp.example"]);
    assert_eq!(certificate.names.uris, ["https://rp.example/id"]);
    assert_eq!(certificate.names.emails, ["ops@rp.example"]);
    assert_eq!(certificate.names.ips, ["192.0.2.1".parse::<IpAddr>().unwrap()]);
    assert_eq!(certificate.thumbprint, URL_SAFE_NO_PAD.encode(sha256(own.der()).as_bytes()));
    assert!(!certificate.is_vouched_for, "nobody is trusted");
    let Some(PublicKey::P256 { x, y }) = certificate.key else { panic!("no P-256 key") };
    assert_eq!([&[4], &x[..], &y[..]].concat(), key.public_key_raw());
}

#[test]
fn other_keys_are_read_too() {
    let rsa = KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let certificate = client_params().self_signed(&rsa).unwrap();
    let read_rsa = read(&CertificateReader::default(), certificate.der()).unwrap();
    assert!(matches!(&read_rsa.key, Some(PublicKey::Rsa { n, .. }) if n.len() == 256 && n[0] != 0));
    let ed = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let certificate = client_params().self_signed(&ed).unwrap();
    let read_ed = read(&CertificateReader::default(), certificate.der()).unwrap();
    assert!(matches!(read_ed.key, Some(PublicKey::Ed25519 { x }) if x[..] == *ed.public_key_raw()));
}

#[test]
fn only_the_named_authority_vouches_and_only_in_time() {
    let (ours, other) = (authority(), authority());
    let reader = CertificateReader::new(Some(ours.pem.as_bytes())).unwrap();
    assert!(reader.has_authorities() && !CertificateReader::new(None).unwrap().has_authorities());
    let key = KeyPair::generate().unwrap();
    let by = |authority: &Authority, params: CertificateParams| {
        let issuer = Issuer::from_params(&authority.params, &authority.key);
        params.signed_by(&key, &issuer).unwrap().der().to_vec()
    };
    assert!(read(&reader, &by(&ours, client_params())).unwrap().is_vouched_for);
    assert!(!read(&reader, &by(&other, client_params())).unwrap().is_vouched_for);
    assert!(!read(&reader, client_params().self_signed(&key).unwrap().der()).unwrap().is_vouched_for);
    let mut expired = client_params();
    expired.not_after = rcgen::date_time_ymd(2026, 1, 1);
    assert!(!read(&reader, &by(&ours, expired)).unwrap().is_vouched_for);
}

#[test]
fn what_is_no_certificate_is_refused() {
    let reader = CertificateReader::default();
    for der in [&b""[..], b"x", &[0x30; 100]] {
        assert_eq!(read(&reader, der).unwrap_err(), CertificateError::Unreadable);
    }
    assert_eq!(reader.read(&[], NOW).unwrap_err(), CertificateError::Unreadable);
    let mut longer = client_params().self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec();
    longer.push(0);
    assert_eq!(read(&reader, &longer).unwrap_err(), CertificateError::Unreadable);
    assert_eq!(CertificateReader::new(Some(b"no pem")).unwrap_err(), CertificateError::NoPem);
}
