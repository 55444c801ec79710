//! DPoP proofs that were used: each works once (RFC 9449 §11.1).

use super::{Conn, db::failed};
use crate::base::{Fault, Timestamp};

pub(super) const TAKE: &str = "INSERT INTO dpop_proof (digest, expires_at) VALUES ($1, $2) \
    ON CONFLICT (digest) DO NOTHING RETURNING expires_at";

/// Takes a proof; `false` when it was taken before.
pub async fn take(conn: &mut Conn, digest: &[u8; 32], expires_at: Timestamp) -> Result<bool, Fault> {
    let row: Option<(Timestamp,)> =
        on!(conn, |c| sqlx::query_as(TAKE).bind(&digest[..]).bind(expires_at).fetch_optional(c).await)
            .map_err(failed("taking a DPoP proof"))?;
    Ok(row.is_some())
}
