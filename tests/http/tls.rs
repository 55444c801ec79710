//! TLS ended by the service: both protocols, the client's certificate on its requests, a renewed certificate.

use std::sync::Arc;

use axum::{Router, routing::get};
use dinhdanh::{
    base::Clock,
    crypto::CertificateReader,
    http::{
        certificate::Call,
        server::{App, ClientCertificates, ServerSettings, Tls, TlsListener},
    },
};
use rcgen::KeyPair;
use rustls::{
    ClientConfig, RootCertStore, SignatureScheme,
    client::ResolvesClientCert,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    sign::CertifiedKey,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use crate::support::{
    certificates::{ClientCert, authority, self_signed},
    provider::NOON,
    wire::{Wired, short, unhurried},
};

fn server(clients: ClientCertificates) -> (Tls, ClientCert) {
    let own = authority().client("localhost");
    let tls = Tls::new(own.pem.as_bytes(), own.key.serialize_pem().as_bytes(), clients).unwrap();
    (tls, own)
}

async fn serve(tls: Tls) -> Wired {
    serve_with(tls, unhurried()).await
}

async fn serve_with(tls: Tls, deadlines: ServerSettings) -> Wired {
    let shown = async |call: Call| match &call.certificate {
        Some(certificate) => {
            format!("{} {} {}", certificate.thumbprint, certificate.is_vouched_for, call.by_mutual_tls)
        }
        None => format!("none {}", call.by_mutual_tls),
    };
    let router = Router::new().route("/", get(shown));
    let settings = ServerSettings { tls: Some(TlsListener { tls, clock: Clock::set_to(NOON) }), ..deadlines };
    Wired::start(App::new(Arc::default(), router), settings).await
}

/// Shows the certificate whether or not its key fits.
#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesClientCert for Always {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// What the page says to a client with this certificate, and whose certificate the service showed.
async fn ask(wired: &Wired, own: Option<&ClientCert>) -> std::io::Result<(String, Vec<u8>)> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority().pem.as_bytes()).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match own {
        None => builder.with_no_client_auth(),
        Some(own) => {
            let key = PrivateKeyDer::from_pem_slice(own.key.serialize_pem().as_bytes()).unwrap();
            let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key).unwrap();
            let pair = CertifiedKey::new(vec![CertificateDer::from(own.der.clone())], key);
            builder.with_client_cert_resolver(Arc::new(Always(Arc::new(pair))))
        }
    };
    let stream = TcpStream::connect(wired.address).await?;
    let host = ServerName::try_from("localhost.example").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(host, stream).await?;
    let shown = stream.get_ref().1.peer_certificates().unwrap()[0].to_vec();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok((answer.rsplit("\r\n\r\n").next().unwrap().to_owned(), shown))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clients_certificate_is_on_its_requests_and_judged_by_the_named_authority() {
    let reader = CertificateReader::new(Some(authority().pem.as_bytes())).unwrap();
    let (tls, _) = server(ClientCertificates::Asked(reader));
    let wired = serve(tls).await;
    assert_eq!(ask(&wired, None).await.unwrap().0, "none true");
    for (certificate, vouched) in [(authority().client("bank"), true), (self_signed("bank"), false)] {
        let (said, _) = ask(&wired, Some(&certificate)).await.unwrap();
        assert!(said.ends_with(&format!(" {vouched} true")), "{said}");
    }
    // A certificate without its key ends the handshake.
    let mut without_key = authority().client("bank");
    without_key.key = KeyPair::generate().unwrap();
    assert!(ask(&wired, Some(&without_key)).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_listener_asks_for_none_and_takes_a_renewed_certificate() {
    let (tls, own) = server(ClientCertificates::NotAsked);
    let wired = serve(tls.clone()).await;
    let (said, shown) = ask(&wired, Some(&authority().client("bank"))).await.unwrap();
    assert_eq!((said.as_str(), shown == own.der), ("none false", true));
    let renewed = authority().client("localhost");
    assert!(tls.renew(renewed.pem.as_bytes(), own.key.serialize_pem().as_bytes()).is_err(), "the key of another");
    assert_eq!(ask(&wired, None).await.unwrap().1, own.der);
    tls.renew(renewed.pem.as_bytes(), renewed.key.serialize_pem().as_bytes()).unwrap();
    assert_eq!(ask(&wired, None).await.unwrap().1, renewed.der);
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_to_a_tls_listener_is_closed_in_time() {
    let (tls, _) = server(ClientCertificates::NotAsked);
    let wired = serve_with(tls, short()).await;
    for text in ["GET / HTTP/1.1\r\n\r\n", ""] {
        let mut stream = wired.send(text).await;
        let (_, after) = crate::support::wire::until_closed(&mut stream).await;
        assert!(after < std::time::Duration::from_secs(10), "{text:?}");
    }
}
