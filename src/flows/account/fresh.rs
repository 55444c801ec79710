//! Changes of what proves a person ask for proofs of a moment ago (ASVS 5.0 7.5.1; CVE-2026-3429).

use crate::{
    assurance::Method,
    base::{Fault, Span, Timestamp},
    store::{
        Conn,
        phone_codes::{self, CodePurpose},
        sessions::StoredSession,
    },
};

/// How long ago a proof may have been.
pub const MOMENT: Span = Span::minutes(10);

/// What this session proved within the last ten minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshly {
    pub password: bool,
    /// A code to the account's phone, confirmed in this session. It counts for this alone, never towards a level.
    pub phone: bool,
}

impl Freshly {
    pub async fn of(conn: &mut Conn, session: &StoredSession, now: Timestamp) -> Result<Self, Fault> {
        let since = now - MOMENT;
        let password = session
            .proofs
            .iter()
            .any(|proof| proof.method == Method::Password && proof.proven_at >= since && proof.proven_at <= now);
        let phone = phone_codes::confirmed_since(conn, CodePurpose::EnrolTotp, session.id.0, since).await?;
        Ok(Self { password, phone })
    }

    pub const fn is_enough(self) -> bool {
        self.password && self.phone
    }
}
