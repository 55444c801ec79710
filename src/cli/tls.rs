//! TLS from the settings' files, and its renewal while the service runs.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time::interval;

use super::{config::Config, failure::Failure};
use crate::{
    base::Clock,
    crypto::CertificateReader,
    flows::MutualTls,
    http::server::{ClientCertificates, Tls, TlsError, TlsListener},
};

const LOOK_EVERY: Duration = Duration::from_secs(30);

/// The ends of TLS that the settings ask for.
pub struct Ends {
    /// Of `listen`.
    pub own: Option<TlsListener>,
    /// Of the listener for clients with certificates.
    pub clients: Option<(SocketAddr, TlsListener)>,
    pub reader: CertificateReader,
}

/// What the settings make possible; their files are read by [`Ends::open`].
pub fn offered(config: &Config) -> MutualTls {
    let tls = &config.tls;
    MutualTls {
        is_there: tls.client_listen.0.is_some() || tls.client_cert_header,
        has_authorities: tls.client_ca_file.0.is_some(),
        alias: tls.client_url.0.as_ref().map(|url| url.trim_end_matches('/').to_owned()),
    }
}

impl Ends {
    /// Reads the files, and begins to watch the service's own.
    pub fn open(config: &Config, clock: &Clock) -> Result<Self, Failure> {
        let tls = &config.tls;
        let authorities = tls.client_ca_file.0.as_deref().map(|path| read("tls.client_ca_file", path)).transpose()?;
        let reader = CertificateReader::new(authorities.as_deref()).map_err(|error| {
            Failure::new("tls.client_ca_file", error.to_string(), "name a PEM file with the authorities' certificates")
        })?;
        let (Some(certificate), Some(key)) = (&tls.cert_file.0, &tls.key_file.0) else {
            return Ok(Self { own: None, clients: None, reader });
        };
        let end = |clients| {
            let (certificate, key) = (read("tls.cert_file", certificate)?, read("tls.key_file", key)?);
            let tls = Tls::new(&certificate, &key, clients).map_err(|error| unusable(config, &error))?;
            Ok::<_, Failure>(TlsListener { tls, clock: clock.clone() })
        };
        let own = end(ClientCertificates::NotAsked)?;
        let clients = match tls.client_listen.0 {
            Some(address) => Some((address, end(ClientCertificates::Asked(reader.clone()))?)),
            None => None,
        };
        let watched = [Some(own.tls.clone()), clients.as_ref().map(|(_, end)| end.tls.clone())];
        tokio::spawn(renew(watched.into_iter().flatten().collect(), certificate.clone(), key.clone()));
        Ok(Self { own: Some(own), clients, reader })
    }
}

fn unusable(config: &Config, error: &TlsError) -> Failure {
    let file = |key: &str, path: Option<&PathBuf>| {
        format!("{key} {}", path.map_or_else(String::new, |path| path.display().to_string()))
    };
    let certificate = file("tls.cert_file", config.tls.cert_file.0.as_ref());
    let key = file("tls.key_file", config.tls.key_file.0.as_ref());
    let (place, cure) = match error {
        TlsError::Certificate => (certificate, "name a PEM file with the certificate's chain, the service's own first"),
        TlsError::Key => (
            key,
            "name a PEM file with the whole private key and no passphrase: `openssl pkey -in OLD -out NEW` takes one away",
        ),
        TlsError::Pair(_) | TlsError::Setup(_) => {
            (format!("{certificate}, {key}"), "name the key for which the certificate was issued")
        }
    };
    Failure::new(place, error.to_string(), cure)
}

fn read(key: &'static str, path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| {
        Failure::new(format!("{key} {}", path.display()), error.to_string(), "let the service's user read it")
    })
}

/// A renewed certificate is taken when both of its files are there and fit; until then the old one serves.
async fn renew(ends: Vec<Tls>, certificate: PathBuf, key: PathBuf) {
    let both = || Some((fs::read(&certificate).ok()?, fs::read(&key).ok()?));
    let mut seen = both();
    let mut tick = interval(LOOK_EVERY);
    loop {
        tick.tick().await;
        let found = both();
        if found == seen {
            continue;
        }
        let Some((certificate, key)) = &found else { continue };
        match ends.iter().try_for_each(|end| end.renew(certificate, key)) {
            Ok(()) => {
                tracing::info!("the TLS certificate was renewed");
                seen = found;
            }
            Err(error) => tracing::warn!(%error, "the renewed TLS certificate cannot be used; the old one stays"),
        }
    }
}
