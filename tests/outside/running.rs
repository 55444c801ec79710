//! The built binary, served under the address that it says it has, with one person in it.

use dinhdanh::{base::Clock, crypto::totp};
use serde_json::Value;

use crate::support::{
    app::{Holder, TestApp},
    binary::{Binary, Serving},
    certificates::authority,
    database::TestDb,
    watched::free_port,
};

pub struct Running {
    pub issuer: String,
    /// Keeps the database.
    _app: TestApp,
    pub holder: Holder,
    binary: Binary,
    _serving: Serving,
}

impl Running {
    /// At `http://127.0.0.1:…`.
    pub async fn plain(test: TestDb) -> Self {
        let port = free_port();
        Self::at(test, format!("http://127.0.0.1:{port}"), port, |binary| binary).await
    }

    /// At `https://id.localhost:…`, ending TLS itself; its own calls trust the same authority, by the added CA file.
    pub async fn with_tls(test: TestDb) -> Self {
        let port = free_port();
        Self::at(test, format!("https://id.localhost:{port}"), port, |binary| {
            let own = authority().server("id.localhost");
            let file = |name: &str, text: &str| {
                let path = binary.dir.path().join(name);
                crate::support::binary::write_private(&path, text.as_bytes());
                path.display().to_string()
            };
            let (cert, key) = (file("cert.pem", &own.pem), file("key.pem", &own.key.serialize_pem()));
            let ca = file("ca.pem", &authority().pem);
            binary
                .with("DINHDANH_TLS_CERT_FILE", &cert)
                .with("DINHDANH_TLS_KEY_FILE", &key)
                .with("DINHDANH_OUTBOUND_CA_FILE", &ca)
        })
        .await
    }

    async fn at(test: TestDb, issuer: String, port: u16, more: impl FnOnce(Binary) -> Binary) -> Self {
        let binary = Binary::new()
            .with("DINHDANH_DATABASE_URL", &test.url)
            .with("DINHDANH_ISSUER", &issuer)
            .with("DINHDANH_OUTBOUND_REACH", "loopback")
            .with("DINHDANH_PASSWORD_MEMORY_KIB", "7168")
            .with("DINHDANH_PASSWORD_ITERATIONS", "1");
        let binary = more(binary);
        let app = TestApp::known_as(test, &issuer).await;
        let holder = app.holder().await;
        let serving = tokio::task::block_in_place(|| binary.serve_at(&format!("127.0.0.1:{port}")));
        Self { issuer, holder, binary, _app: app, _serving: serving }
    }

    /// As an operator registers it, while the service runs.
    pub fn add_client(&self, metadata: &Value) {
        let file = self.binary.dir.path().join("client.json");
        std::fs::write(&file, metadata.to_string()).unwrap();
        let ran = tokio::task::block_in_place(|| {
            self.binary.run(&["client", "add", "--file", file.to_str().unwrap(), "--json"])
        });
        assert_eq!(ran.status(), 0, "{}", ran.err());
    }

    /// What the person's authenticator app shows now.
    pub fn one_time_code(&self) -> String {
        totp::code_at(&self.holder.seed, Clock::System.now()).reveal().to_owned()
    }
}
