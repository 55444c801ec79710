//! An authority that the service under test believes, and certificates for clients.

use std::sync::OnceLock;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use dinhdanh::crypto::digest::sha256;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, PublicKeyData as _,
};

pub struct Authority {
    pub pem: String,
    params: CertificateParams,
    key: KeyPair,
}

/// One for the whole run.
pub fn authority() -> &'static Authority {
    static AUTHORITY: OnceLock<Authority> = OnceLock::new();
    AUTHORITY.get_or_init(Authority::new)
}

pub struct ClientCert {
    pub der: Vec<u8>,
    pub pem: String,
    pub key: KeyPair,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "An authority of tests");
        let key = KeyPair::generate().unwrap();
        Self { pem: params.self_signed(&key).unwrap().pem(), params, key }
    }

    /// For `CN=<name>,O=Thử,C=VN` and the host `<name>.example`.
    pub fn client(&self, name: &str) -> ClientCert {
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = params(name).signed_by(&key, &issuer).unwrap();
        ClientCert { der: certificate.der().to_vec(), pem: certificate.pem(), key }
    }
}

impl Authority {
    /// For a server of this host, with the authority's own certificate behind it, as browsers like it.
    pub fn server(&self, host: &str) -> ClientCert {
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = CertificateParams::new(vec![host.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        ClientCert { der: certificate.der().to_vec(), pem: format!("{}{}", certificate.pem(), self.pem), key }
    }

    /// SHA-256 of its public key, in Base64: how Chromium is told to believe it.
    pub fn pin(&self) -> String {
        STANDARD.encode(sha256(&self.key.subject_public_key_info()).as_bytes())
    }
}

/// The same names, vouched for by nobody.
pub fn self_signed(name: &str) -> ClientCert {
    let key = KeyPair::generate().unwrap();
    let certificate = params(name).self_signed(&key).unwrap();
    ClientCert { der: certificate.der().to_vec(), pem: certificate.pem(), key }
}

impl ClientCert {
    /// As a proxy passes it on (RFC 9440 §2.2).
    pub fn header(&self) -> String {
        format!(":{}:", STANDARD.encode(&self.der))
    }
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![format!("{name}.example")]).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "VN");
    params.distinguished_name.push(DnType::OrganizationName, "Thử");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}
