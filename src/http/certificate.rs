//! The certificate that a client showed: to this service's own TLS, or to a trusted proxy that passes it on (RFC 9440).

use std::sync::Arc;

use axum::extract::FromRequestParts;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Extensions, HeaderMap, HeaderName, request::Parts};
use rustls::pki_types::CertificateDer;

use super::address::{Networks, PeerAddress};
use crate::{
    base::Clock,
    crypto::certificate::{CertificateReader, ClientCertificate},
};

const CLIENT_CERT: HeaderName = HeaderName::from_static("client-cert");
const CLIENT_CERT_CHAIN: HeaderName = HeaderName::from_static("client-cert-chain");
/// Intermediates that are looked at.
const MOST: usize = 5;

/// What the TLS handshake gave, on the connection's requests.
#[derive(Clone, Debug)]
pub struct Shown(pub Arc<ClientCertificate>);

/// On requests that came in by the listener for clients with certificates.
#[derive(Clone, Copy, Debug)]
pub struct ByMutualTls;

/// Whose word on certificates is believed.
#[derive(Clone, Debug)]
pub struct CertificateHeaders {
    /// Trusted proxies, where they pass certificates on; nobody otherwise.
    pub believed: Networks,
    pub reader: CertificateReader,
    pub clock: Clock,
}

impl CertificateHeaders {
    /// Reads the headers of a believed proxy, and takes them away from everybody else's requests (RFC 9440 §4).
    pub fn settle(&self, headers: &mut HeaderMap, extensions: &mut Extensions) {
        let believed = extensions.get::<PeerAddress>().is_some_and(|peer| self.believed.contain(peer.0.ip()));
        if believed && let Some(certificate) = self.read(headers) {
            extensions.insert(Shown(Arc::new(certificate)));
        }
        headers.remove(CLIENT_CERT);
        headers.remove(CLIENT_CERT_CHAIN);
    }

    fn read(&self, headers: &HeaderMap) -> Option<ClientCertificate> {
        let mut own = headers.get_all(CLIENT_CERT).iter();
        let (first, None) = (own.next()?, own.next()) else { return None };
        let mut chain = vec![byte_sequence(first.to_str().ok()?)?];
        let more = headers.get_all(CLIENT_CERT_CHAIN).iter().filter_map(|value| value.to_str().ok());
        for item in more.flat_map(|list| list.split(',')).take(MOST) {
            chain.push(byte_sequence(item)?);
        }
        self.reader.read(&chain, self.clock.now()).ok()
    }
}

/// RFC 8941 §3.3.5: base64 between colons.
fn byte_sequence(text: &str) -> Option<CertificateDer<'static>> {
    let inside = text.trim_matches(' ').strip_prefix(':')?.strip_suffix(':')?;
    STANDARD.decode(inside).ok().map(CertificateDer::from)
}

/// The headers of a client's call, with the certificate of its connection. It reads as the headers.
#[derive(Clone, Debug, Default)]
pub struct Call {
    pub headers: HeaderMap,
    pub certificate: Option<Arc<ClientCertificate>>,
    /// Whether it came by the listener whose addresses are `mtls_endpoint_aliases`.
    pub by_mutual_tls: bool,
}

impl std::ops::Deref for Call {
    type Target = HeaderMap;

    fn deref(&self) -> &HeaderMap {
        &self.headers
    }
}

impl<S: Sync> FromRequestParts<S> for Call {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self {
            headers: parts.headers.clone(),
            certificate: parts.extensions.get::<Shown>().map(|shown| Arc::clone(&shown.0)),
            by_mutual_tls: parts.extensions.get::<ByMutualTls>().is_some(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_sequence_stands_between_colons() {
        assert_eq!(byte_sequence(" :AQID: ").unwrap().as_ref(), [1, 2, 3]);
        for wrong in ["", "AQID", ":AQID", "AQID:", ":A_-D:", "::x:", "\"AQID\""] {
            assert!(byte_sequence(wrong).is_none_or(|bytes| bytes.is_empty()), "{wrong}");
        }
    }
}
