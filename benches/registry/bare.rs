//! The engine's own limit: the rows of one database into the same tables, indexes and constraints of another, by COPY alone.

use std::{
    io::{Read as _, Write as _},
    time::Instant,
};

use futures_util::StreamExt as _;
use sqlx::{Connection as _, PgConnection};

use super::{Trouble, tables::TABLES};

/// Seconds for all tables; a table is one statement and one transaction.
pub async fn copy(from: &str, to: &str) -> Result<f64, Trouble> {
    let (mut from, mut to) = (PgConnection::connect(from).await?, PgConnection::connect(to).await?);
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rows");
    let mut seconds = 0.0;
    for table in TABLES {
        let mut file = std::io::BufWriter::new(std::fs::File::create(&path)?);
        let mut rows = from.copy_out_raw(&format!("COPY {table} TO STDOUT (FORMAT binary)")).await?;
        while let Some(bytes) = rows.next().await {
            file.write_all(&bytes?)?;
        }
        drop(rows);
        file.flush()?;
        drop(file);
        let mut file = std::fs::File::open(&path)?;
        let mut buffer = vec![0; 1 << 20];
        let begun = Instant::now();
        let mut into = to.copy_in_raw(&format!("COPY {table} FROM STDIN (FORMAT binary)")).await?;
        loop {
            let count = file.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            into.send(buffer.get(..count).unwrap_or_default()).await?;
        }
        into.finish().await?;
        seconds += begun.elapsed().as_secs_f64();
    }
    Ok(seconds)
}
