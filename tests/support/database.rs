//! A migrated database on either engine, for tests that must hold on both.

use std::path::Path;

use dinhdanh::store::{Db, DbSettings, Engine, migrations};

use super::{postgres, watched::quick};

pub struct TestDb {
    pub db: Db,
    pub url: String,
    pub engine: Engine,
    _kept: Kept,
}

enum Kept {
    Folder { _dir: tempfile::TempDir },
    Database { _database: postgres::Database },
    Elsewhere,
}

impl TestDb {
    /// `for test in TestDb::each().await { … }`: one on SQLite, one on PostgreSQL.
    pub async fn each() -> [Self; 2] {
        [Self::sqlite().await, Self::postgres().await]
    }

    pub async fn sqlite() -> Self {
        let dir = tempfile::tempdir_in(quick()).unwrap();
        let url = sqlite_url(dir.path());
        let db = open(&url).await;
        migrations::migrate(&db).await.unwrap();
        Self { db, url, engine: Engine::Sqlite, _kept: Kept::Folder { _dir: dir } }
    }

    pub async fn postgres() -> Self {
        Self::of(postgres::shared()).await
    }

    /// In a cluster that the test may stop or freeze.
    pub async fn of(cluster: &postgres::Cluster) -> Self {
        let database = tokio::task::block_in_place(|| cluster.database());
        let url = database.url.clone();
        Self { db: open(&url).await, url, engine: Engine::Postgres, _kept: Kept::Database { _database: database } }
    }
}

impl TestDb {
    /// An embedded one whose folder the test keeps.
    pub fn existing(db: Db, url: String) -> Self {
        Self { db, url, engine: Engine::Sqlite, _kept: Kept::Elsewhere }
    }
}

pub fn sqlite_url(dir: &Path) -> String {
    format!("sqlite://{}", dir.join("test.db").display())
}

async fn open(url: &str) -> Db {
    Db::open(&DbSettings { url: url.to_owned(), read_connections: 4, postgres_lanes: 4, notices_restores: true })
        .await
        .unwrap()
}
