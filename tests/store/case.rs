//! One check on both engines, with people, accounts, clients and sessions to hang rows on.

use dinhdanh::{
    assurance::{AccountLevel, AccountState, Method, Proof},
    base::{
        Entropy, Span, Timestamp,
        ids::{AccountId, ClientId, GrantId, InstanceId, PersonId, SessionId},
    },
    store::{
        Conn, Db, DbSettings, Engine, Held, Writer,
        accounts::{self, StoredAccount},
        clients::{self, NewClient},
        grants::{self, StoredGrant},
        sessions::{self, StoredSession},
    },
};
use serde_json::json;
use sqlx::{PgPool, SqlitePool, postgres::PgPoolOptions, sqlite::SqlitePoolOptions};
use time::macros::date;
use uuid::Uuid;

use crate::support::database::TestDb;

/// SQL of a test's own on whichever engine: the store's `on!` is not for others.
macro_rules! by_hand {
    ($conn:expr, |$c:ident| $run:expr) => {
        match $conn {
            dinhdanh::store::Conn::Sqlite(connection) => {
                let $c = &mut **connection;
                $run
            }
            dinhdanh::store::Conn::Postgres(connection) => {
                let $c = &mut **connection;
                $run
            }
        }
    };
}

/// 2026-11-22T00:00:00Z, a Sunday morning in Hà Nội.
pub const NOW: Timestamp = Timestamp::from_secs(1_795_305_600);
pub const MICRO: Span = Span::micros(1);

/// Runs the check on SQLite, then on PostgreSQL; a failure names the engine by its panic's place in the output.
pub async fn both(check: impl AsyncFn(&Case)) {
    for test in TestDb::each().await {
        let case = Case::on(test);
        println!("on {:?}", case.engine());
        check(&case).await;
    }
}

/// A database and a hand that writes to it without lanes.
pub struct Case {
    pub test: TestDb,
    hand: Hand,
    pub entropy: Entropy,
}

enum Hand {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Case {
    pub fn on(test: TestDb) -> Self {
        let hand = match test.engine {
            Engine::Sqlite => {
                let options: sqlx::sqlite::SqliteConnectOptions = test.url.parse().unwrap();
                let options = options.busy_timeout(std::time::Duration::from_secs(20)).foreign_keys(true);
                Hand::Sqlite(SqlitePoolOptions::new().max_connections(64).connect_lazy_with(options))
            }
            Engine::Postgres => {
                Hand::Postgres(PgPoolOptions::new().max_connections(64).connect_lazy(&test.url).unwrap())
            }
        };
        Self { test, hand, entropy: Entropy::counted(7) }
    }

    pub fn engine(&self) -> Engine {
        self.test.engine
    }

    /// A connection that may write, outside any transaction.
    pub async fn conn(&self) -> Conn {
        match &self.hand {
            Hand::Sqlite(pool) => Conn::Sqlite(Held::of_pool(pool.acquire().await.unwrap())),
            Hand::Postgres(pool) => Conn::Postgres(Held::of_pool(pool.acquire().await.unwrap())),
        }
    }

    /// A connection with a transaction begun as the lanes begin theirs.
    pub async fn begin(&self) -> Conn {
        let mut conn = self.conn().await;
        let begin = match conn.engine() {
            Engine::Sqlite => "BEGIN IMMEDIATE",
            Engine::Postgres => "BEGIN",
        };
        run(&mut conn, begin).await;
        conn
    }

    /// The same database opened once more, as another process would.
    pub async fn another(&self) -> Db {
        let settings =
            DbSettings { url: self.test.url.clone(), read_connections: 2, postgres_lanes: 4, notices_restores: true };
        Db::open(&settings).await.unwrap()
    }

    /// The lanes of a process of its own.
    pub async fn writer(&self) -> Writer {
        Writer::start(&self.another().await, InstanceId(self.uuid()))
    }

    pub fn uuid(&self) -> Uuid {
        self.entropy.uuid(NOW)
    }

    pub fn digest(&self) -> Vec<u8> {
        self.entropy.bytes::<32>().to_vec()
    }

    /// A living person with this number, if any.
    pub async fn person(&self, number: Option<&str>) -> PersonId {
        let id = PersonId(self.uuid());
        let mut conn = self.conn().await;
        by_hand!(&mut conn, |c| sqlx::query(
            "INSERT INTO person (id, number, full_name, name_exact, name_tone, name_plain, birth_date, birth_precision, \
             sex, vital, source, as_of, recorded_at) VALUES ($1, $2, 'Nguyễn Văn Hòa', 'nguyễn văn hòa', \
             'nguyễn văn hòa', 'nguyen van hoa', $3, 'day', 'male', 'alive', 'test', $4, $4)"
        )
        .bind(id)
        .bind(number)
        .bind(date!(1990 - 05 - 19))
        .bind(NOW)
        .execute(c)
        .await
        .map(|_| ()))
        .unwrap();
        if let Some(number) = number {
            by_hand!(&mut conn, |c| sqlx::query(
                "INSERT INTO personal_number (number, person_id, state, recorded_at) VALUES ($1, $2, 'active', $3)"
            )
            .bind(number)
            .bind(id)
            .bind(NOW)
            .execute(c)
            .await
            .map(|_| ()))
            .unwrap();
        }
        id
    }

    /// An active account 01 with a password, of a person of its own.
    pub async fn account(&self) -> AccountId {
        let account = account_of(self.person(None).await, self.uuid());
        assert!(accounts::insert(&mut self.conn().await, &account).await.unwrap());
        account.id
    }

    pub async fn client(&self, name: &str) -> ClientId {
        let client = NewClient {
            client_id: name.into(),
            secret_digest: Some(vec![7; 32]),
            metadata: json!({ "client_name": name }),
            registered_by_self: false,
        };
        assert!(clients::insert(&mut self.conn().await, &client, NOW).await.unwrap());
        client.client_id
    }

    /// An hour's session with a password proof; the secret's digest comes with it.
    pub async fn session(&self, account: AccountId) -> (StoredSession, Vec<u8>) {
        let (session, digest) = (self.unwritten_session(account), self.digest());
        sessions::insert(&mut self.conn().await, &session, &digest).await.unwrap();
        (session, digest)
    }

    pub fn unwritten_session(&self, account: AccountId) -> StoredSession {
        StoredSession {
            id: SessionId(self.uuid()),
            account_id: account,
            version: 1,
            proofs: vec![Proof::new(Method::Password, NOW)],
            user_agent: "Firefox".to_owned(),
            created_at: NOW,
            seen_at: NOW,
            expires_at: NOW + Span::hours(1),
            ended_at: None,
        }
    }

    /// A grant of an hour for `client` in `session`.
    pub async fn grant(&self, client: &ClientId, session: &StoredSession, offline: bool) -> GrantId {
        let grant = self.unwritten_grant(client, session, offline);
        grants::insert(&mut self.conn().await, &grant, NOW).await.unwrap();
        grant.id
    }

    pub fn unwritten_grant(&self, client: &ClientId, session: &StoredSession, offline: bool) -> StoredGrant {
        StoredGrant {
            id: GrantId(self.uuid()),
            client_id: client.clone(),
            account_id: session.account_id,
            session_id: session.id,
            offline,
            authorized: json!({ "scope": ["openid"] }),
            expires_at: NOW + Span::hours(1),
            revoked_at: None,
        }
    }
}

pub fn account_of(person: PersonId, id: Uuid) -> StoredAccount {
    StoredAccount {
        id: AccountId(id),
        person_id: person,
        version: 1,
        level: AccountLevel::One,
        state: AccountState::Active,
        password_hash: Some("$argon2id$one".to_owned()),
        password_set_at: Some(NOW),
        phone_sealed: Some(vec![1, 2, 3]),
        created_at: NOW,
    }
}

/// A statement without parameters.
pub async fn run(conn: &mut Conn, sql: &'static str) {
    by_hand!(conn, |c| sqlx::raw_sql(sql).execute(c).await.map(|_| ())).unwrap();
}

/// One whole number.
pub async fn number(conn: &mut Conn, sql: &'static str) -> i64 {
    by_hand!(conn, |c| sqlx::query_scalar::<_, i64>(sql).fetch_one(c).await).unwrap()
}
