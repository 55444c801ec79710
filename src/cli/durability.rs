//! Whether what the record calls done survives a power cut: asked by `doctor`, and before anything is served.

use crate::store::Conn;

/// The engine's settings as they are in force for us.
pub struct Durability {
    pub saw: String,
    /// Those under which an answered request could be lost.
    pub unsafe_settings: Vec<&'static str>,
    cure: &'static str,
}

impl Durability {
    pub async fn of(conn: &mut Conn) -> Result<Self, sqlx::Error> {
        match conn {
            Conn::Sqlite(conn) => {
                let (journal,): (String,) = sqlx::query_as("PRAGMA journal_mode").fetch_one(&mut **conn).await?;
                let (synchronous,): (i64,) = sqlx::query_as("PRAGMA synchronous").fetch_one(&mut **conn).await?;
                let safe = [("journal_mode", journal == "wal"), ("synchronous", synchronous >= 2)];
                Ok(Self {
                    saw: format!("journal_mode={journal}, synchronous={synchronous}"),
                    unsafe_settings: safe.iter().filter(|(_, safe)| !safe).map(|(name, _)| *name).collect(),
                    cure: "keep the file on a local disk: WAL does not work on network file systems",
                })
            }
            Conn::Postgres(conn) => {
                let (mut seen, mut unsafe_settings) = (Vec::new(), Vec::new());
                for (name, sql) in [
                    ("fsync", "SHOW fsync"),
                    ("full_page_writes", "SHOW full_page_writes"),
                    ("synchronous_commit", "SHOW synchronous_commit"),
                ] {
                    let (value,): (String,) = sqlx::query_as(sql).fetch_one(&mut **conn).await?;
                    // `local` would acknowledge what a standby never gets; every other value waits at least for our own disk.
                    if value == "off" || value == "local" {
                        unsafe_settings.push(name);
                    }
                    seen.push(format!("{name}={value}"));
                }
                let cure = "set them to `on` for this role and database: an answer must survive a power cut";
                Ok(Self { saw: seen.join(", "), unsafe_settings, cure })
            }
        }
    }

    pub fn cure(&self) -> String {
        format!("{}: {}", self.unsafe_settings.join(", "), self.cure)
    }
}
