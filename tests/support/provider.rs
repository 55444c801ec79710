//! Everything that the flows work with, on a test's own database, with a clock that the test moves and cheap passwords.

use std::sync::Arc;

use dinhdanh::{
    assurance::{Freshness, Level, SessionPolicy},
    base::{Clock, Entropy, Span, Timestamp, ids::InstanceId},
    crypto::{Kek, PasswordPool, password::Costs},
    flows::{
        CitizenRegistration, Lifetimes, MutualTls, Provider, Secrets, Settings, authorize::objects::Fetched,
        client_keys::ClientKeys, clients::Clients, keys::Keys, outbox::open_short_message,
        self_registration::RegistrationSettings,
    },
    oidc::policy::Policy,
    outbound::{Outbound, OutboundSettings},
    store::{
        Conn, Engine, Writer,
        cache::{Cache, Rate},
    },
};
use sqlx::{Connection as _, PgConnection, Row as _, SqliteConnection};

use super::database::TestDb;

/// 2026-11-22T05:00:00Z: noon in Việt Nam.
pub const NOON: Timestamp = Timestamp::from_secs(1_795_323_600);

pub struct TestProvider {
    pub provider: Arc<Provider>,
    pub clock: Clock,
    pub test: TestDb,
}

impl TestProvider {
    pub async fn each() -> Vec<Self> {
        let mut all = Vec::new();
        for test in TestDb::each().await {
            all.push(Self::on(test).await);
        }
        all
    }

    pub async fn sqlite() -> Self {
        Self::on(TestDb::sqlite().await).await
    }

    pub async fn on(test: TestDb) -> Self {
        Self::with(test, |_| {}).await
    }

    pub async fn with(test: TestDb, change: impl FnOnce(&mut Settings)) -> Self {
        let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let entropy = Entropy::counted(11);
        let clock = Clock::set_to(NOON);
        let secrets = Secrets::derive(&Kek::from_bytes(b"a key for tests, 32 bytes of it."));
        let keys = Keys::load(&mut test.db.read().await.unwrap(), &secrets.sealer).await.unwrap();
        let mut settings = Settings {
            issuer: "http://localhost:8080".to_owned(),
            policy: Policy { issuer: "http://localhost:8080".to_owned(), ..Policy::default() },
            lifetimes: Lifetimes { registration_answer: Span::ZERO, ..Lifetimes::default() },
            freshness: Freshness::default(),
            session: SessionPolicy::default(),
            operator_session: SessionPolicy::new(Span::minutes(10), Span::hours(8)).unwrap(),
            highest_level: Level::Two,
            citizen_registration: CitizenRegistration::Open { attempts: Rate { burst: 200, per: Span::minutes(10) } },
            anonymous_posts: Rate { burst: 100_000, per: Span::minutes(5) },
            registration: RegistrationSettings::default(),
            dpop_nonce_required: true,
            mutual_tls: MutualTls { is_there: true, has_authorities: true, alias: None },
            import_folder: None,
            export_folder: None,
        };
        change(&mut settings);
        let provider = Provider {
            db: test.db.clone(),
            // What a busy machine makes wait for more than a second is not what these tests are about.
            writer: Writer::start(&test.db, InstanceId::generate(&entropy, NOON)).with_patience(15),
            passwords: PasswordPool::start(2, Costs { memory_kib: 8, passes: 1, lanes: 1 }, entropy.clone()).unwrap(),
            entropy,
            keys,
            clients: Clients::default(),
            client_keys: ClientKeys::default(),
            request_objects: Fetched::default(),
            secrets,
            cache: Cache::in_memory(),
            outbound: Outbound::new(&OutboundSettings::default()).unwrap(),
            settings,
            outbox_wake: Arc::default(),
        };
        Self { provider: Arc::new(provider), clock, test }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub async fn conn(&self) -> Conn {
        self.provider.db.read().await.unwrap()
    }

    /// Short messages written so far, oldest first: to whom, and what they say.
    pub async fn messages(&self) -> Vec<(String, String)> {
        const WAITING: &str = "SELECT id, payload FROM outbox WHERE kind = 'sms' ORDER BY created_at, id";
        let rows: Vec<(uuid::Uuid, Vec<u8>)> = match &mut self.conn().await {
            Conn::Sqlite(conn) => sqlx::query_as(WAITING).fetch_all(&mut **conn).await.unwrap(),
            Conn::Postgres(conn) => sqlx::query_as(WAITING).fetch_all(&mut **conn).await.unwrap(),
        };
        rows.into_iter()
            .map(|(id, payload)| {
                let sealer = &self.provider.secrets.sealer;
                let message = open_short_message(sealer, dinhdanh::base::ids::MessageId(id), &payload).unwrap();
                (message.to, message.text)
            })
            .collect()
    }

    /// The six digits of the newest message that has any.
    pub async fn newest_code(&self) -> String {
        let six =
            |text: &str| text.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 6).map(str::to_owned);
        self.messages().await.iter().rev().find_map(|(_, text)| six(text)).expect("no message has a code")
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        match &mut self.conn().await {
            Conn::Sqlite(conn) => sqlx::query(sql).fetch_one(&mut **conn).await.unwrap().get(0),
            Conn::Postgres(conn) => sqlx::query(sql).fetch_one(&mut **conn).await.unwrap().get(0),
        }
    }

    /// How often an action was recorded in the audit, with its outcome.
    pub async fn audited(&self, action: &'static str, outcome: &'static str) -> i64 {
        const COUNT: &str = "SELECT count(*) FROM audit_event WHERE action = $1 AND outcome = $2";
        match &mut self.conn().await {
            Conn::Sqlite(conn) => {
                sqlx::query(COUNT).bind(action).bind(outcome).fetch_one(&mut **conn).await.unwrap().get(0)
            }
            Conn::Postgres(conn) => {
                sqlx::query(COUNT).bind(action).bind(outcome).fetch_one(&mut **conn).await.unwrap().get(0)
            }
        }
    }

    /// Writes past the flows.
    pub async fn change(&self, sql: &'static str) {
        self.try_change(sql).await.unwrap();
    }

    pub async fn try_change(&self, sql: &'static str) -> Result<(), sqlx::Error> {
        match self.test.engine {
            Engine::Sqlite => {
                let mut conn = SqliteConnection::connect(&self.test.url).await.unwrap();
                sqlx::query(sql).execute(&mut conn).await.map(|_| ())
            }
            Engine::Postgres => {
                let mut conn = PgConnection::connect(&self.test.url).await.unwrap();
                sqlx::query(sql).execute(&mut conn).await.map(|_| ())
            }
        }
    }
}
