//! Certificates that clients show (RFC 8705): what is read of one, and whether an authority that the operators named
//! vouches for it.

use std::{net::IpAddr, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rustls::{
    RootCertStore,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, UnixTime, pem::PemObject},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};
use x509_parser::{
    certificate::X509Certificate,
    extensions::GeneralName,
    prelude::FromDer,
    public_key::PublicKey as X509Key,
    x509::{SubjectPublicKeyInfo, X509Name},
};

use super::{digest::sha256, jwk::PublicKey};
use crate::{
    base::Timestamp,
    oidc::{certificate::CertificateNames, distinguished_name::DistinguishedName},
};

/// More than any real certificate.
const MAX_BYTES: usize = 16 * 1024;

/// A client's certificate. That the client has its key, the TLS handshake has shown: here or at a trusted proxy.
#[derive(Clone, Debug)]
pub struct ClientCertificate {
    /// `x5t#S256` (RFC 8705 §3.1).
    pub thumbprint: String,
    pub names: CertificateNames,
    /// Its key, when it is of a kind that a JWK Set can hold.
    pub key: Option<PublicKey>,
    /// Whether it leads to an authority that is trusted for clients, and is valid now.
    pub is_vouched_for: bool,
}

/// Why nothing was read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    #[error("the file holds no readable PEM certificate")]
    NoPem,
    #[error("the certificates are no authorities: {0}")]
    Roots(String),
    #[error("the certificate is not readable")]
    Unreadable,
}

/// Reads certificates, and judges them by the authorities.
#[derive(Clone, Debug, Default)]
pub struct CertificateReader(Option<Arc<dyn ClientCertVerifier>>);

impl CertificateReader {
    /// `authorities` is PEM; without any, no certificate is vouched for.
    pub fn new(authorities: Option<&[u8]>) -> Result<Self, CertificateError> {
        let Some(pem) = authorities else { return Ok(Self(None)) };
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| CertificateError::NoPem)?;
            roots.add(certificate).map_err(|error| CertificateError::Roots(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(CertificateError::NoPem);
        }
        let provider: Arc<CryptoProvider> = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|error| CertificateError::Roots(error.to_string()))?;
        Ok(Self(Some(verifier)))
    }

    /// Whether there are authorities, so that `tls_client_auth` can work.
    pub fn has_authorities(&self) -> bool {
        self.0.is_some()
    }

    /// The first of the chain is the client's.
    pub fn read(&self, chain: &[CertificateDer<'_>], now: Timestamp) -> Result<ClientCertificate, CertificateError> {
        let (own, intermediates) = chain.split_first().ok_or(CertificateError::Unreadable)?;
        if own.len() > MAX_BYTES {
            return Err(CertificateError::Unreadable);
        }
        let (rest, certificate) = X509Certificate::from_der(own).map_err(|_| CertificateError::Unreadable)?;
        if !rest.is_empty() {
            return Err(CertificateError::Unreadable);
        }
        let at = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(now.secs()).unwrap_or(0)));
        let vouch =
            |verifier: &Arc<dyn ClientCertVerifier>| verifier.verify_client_cert(own, intermediates, at).is_ok();
        Ok(ClientCertificate {
            thumbprint: URL_SAFE_NO_PAD.encode(sha256(own).as_bytes()),
            names: names(&certificate)?,
            key: public_key(certificate.public_key()),
            is_vouched_for: self.0.as_ref().is_some_and(vouch),
        })
    }
}

fn names(certificate: &X509Certificate<'_>) -> Result<CertificateNames, CertificateError> {
    let mut names = CertificateNames { subject: subject(certificate.subject()), ..CertificateNames::default() };
    let alternative = certificate.subject_alternative_name().map_err(|_| CertificateError::Unreadable)?;
    for name in alternative.iter().flat_map(|extension| &extension.value.general_names) {
        match name {
            GeneralName::DNSName(host) => names.dns.push((*host).to_owned()),
            GeneralName::URI(uri) => names.uris.push((*uri).to_owned()),
            GeneralName::RFC822Name(address) => names.emails.push((*address).to_owned()),
            GeneralName::IPAddress(bytes) => names.ips.extend(ip(bytes)),
            _ => {}
        }
    }
    Ok(names)
}

fn subject(name: &X509Name<'_>) -> DistinguishedName {
    let parts = name.iter().map(|relative| {
        relative
            .iter()
            .map(|attribute| (attribute.attr_type().to_id_string(), attribute.as_str().ok().map(str::to_owned)))
            .collect()
    });
    DistinguishedName::from_certificate(parts.collect())
}

fn ip(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

/// The key in a SubjectPublicKeyInfo.
pub(super) fn key_of_spki(der: &[u8]) -> Option<PublicKey> {
    let (_, info) = SubjectPublicKeyInfo::from_der(der).ok()?;
    public_key(&info)
}

fn public_key(info: &SubjectPublicKeyInfo<'_>) -> Option<PublicKey> {
    let unsigned = |bytes: &[u8]| bytes.iter().copied().skip_while(|byte| *byte == 0).collect::<Vec<u8>>();
    match info.parsed().ok()? {
        X509Key::RSA(key) => Some(PublicKey::Rsa { n: unsigned(key.modulus), e: unsigned(key.exponent) }),
        X509Key::EC(point) => match point.data().split_first()? {
            (4, xy) if xy.len() == 64 => {
                let (x, y) = xy.split_first_chunk()?;
                Some(PublicKey::P256 { x: *x, y: y.try_into().ok()? })
            }
            (4, xy) if xy.len() == 96 => {
                let (x, y) = xy.split_first_chunk()?;
                Some(PublicKey::P384 { x: *x, y: y.try_into().ok()? })
            }
            _ => None,
        },
        // RFC 8410 §3.
        X509Key::Unknown(bytes) if info.algorithm.algorithm.to_id_string() == "1.3.101.112" => {
            Some(PublicKey::Ed25519 { x: bytes.try_into().ok()? })
        }
        _ => None,
    }
}

#[cfg(test)]
#[path = "certificate_tests.rs"]
mod tests;
