//! Changes of what proves a person ask for proofs of a moment ago (ASVS 5.0 7.5.1; CVE-2026-3429).

use crate::{
    assurance::Method,
    base::{Fault, Span, Timestamp},
    store::{
        Conn, authenticators,
        phone_codes::{self, CodePurpose},
        sessions::StoredSession,
    },
};

/// How long ago a proof may have been.
pub const MOMENT: Span = Span::minutes(10);

/// The second factor of who holds one: whatever changes it asks for it (CVE-2026-3429).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondFactor {
    /// There is no authenticator app yet.
    NotHeld,
    Missing,
    Proven,
}

/// What this session proved within the last ten minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshly {
    pub password: bool,
    pub second_factor: SecondFactor,
    /// A code to the account's phone, confirmed in this session. It counts for this alone, never towards a level.
    pub phone: bool,
}

impl Freshly {
    pub async fn of(conn: &mut Conn, session: &StoredSession, now: Timestamp) -> Result<Self, Fault> {
        let since = now - MOMENT;
        let proven = |methods: &[Method]| {
            session
                .proofs
                .iter()
                .any(|proof| methods.contains(&proof.method) && proof.proven_at >= since && proof.proven_at <= now)
        };
        let phone = phone_codes::confirmed_since(conn, CodePurpose::EnrolTotp, session.id.0, since).await?;
        let second_factor = if authenticators::active_totp(conn, session.account_id).await?.is_none() {
            SecondFactor::NotHeld
        } else if proven(&[Method::Totp, Method::Recovery]) {
            SecondFactor::Proven
        } else {
            SecondFactor::Missing
        };
        Ok(Self { password: proven(&[Method::Password]), second_factor, phone })
    }

    /// The password, and the second factor of who has one: what a session of level 2 was just given for.
    pub fn is_known(self) -> bool {
        self.password && self.second_factor != SecondFactor::Missing
    }

    pub fn is_enough(self) -> bool {
        self.is_known() && self.phone
    }
}
