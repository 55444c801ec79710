//! The keys of the service as this process holds them, those that sign and those that others encrypt to, and what is done to them: made, rotated, retired, revoked.

use std::sync::Arc;

use arc_swap::ArcSwap;
use serde_json::{Value, json};

use crate::{
    base::{Entropy, Fault, SecretBytes, Timestamp, fault::FaultKind},
    crypto::{
        Alg, KeyPurpose, KeyRecord, KeyState, Keyring, Place, PublicKey, RingKey, Schedule, Sealer, SigningKey,
        jwe::{DecryptionKey, JweError},
        key_state::KeyTransitionError,
        opening::{OpeningKey, OpeningKeys},
    },
    oidc::encryption::KeyAlg,
    store::{
        AuditEvent, Class, Conn, LaneKey, Outcome, Tx, Unit, Writer,
        audit::Actor,
        keys::{self, StoredKey},
    },
};

/// The present ring, swapped whole when a row changed.
pub struct Keys(ArcSwap<Keyring>);

impl Keys {
    pub async fn load(conn: &mut Conn, sealer: &Sealer) -> Result<Self, Fault> {
        Ok(Self(ArcSwap::from_pointee(read_ring(conn, sealer).await?)))
    }

    pub fn ring(&self) -> Arc<Keyring> {
        self.0.load_full()
    }

    /// Reads the rows again. A ring that cannot be assembled leaves the old one in use.
    pub async fn reload(&self, conn: &mut Conn, sealer: &Sealer) -> Result<(), Fault> {
        self.0.store(Arc::new(read_ring(conn, sealer).await?));
        Ok(())
    }
}

async fn read_ring(conn: &mut Conn, sealer: &Sealer) -> Result<Keyring, Fault> {
    let (mut signing, mut opening) = (Vec::new(), Vec::new());
    for row in keys::all(conn).await? {
        let record = record_of(&row)?;
        match record.purpose {
            KeyPurpose::Sign(alg) => signing.push(open(&row, (alg, record), sealer)?),
            KeyPurpose::Open(alg) => opening.extend(open_opening(&row, (alg, &record), sealer)?),
        }
    }
    let ring = Keyring::assemble(signing)
        .map_err(|error| Fault::because(FaultKind::Inconsistent, "the signing keys", error))?;
    Ok(ring.with_opening(OpeningKeys::new(opening)))
}

fn bad_column(row: &StoredKey, column: &'static str) -> Fault {
    Fault::inconsistent("signing_key", column, &row.kid)
}

fn unsealed(row: &StoredKey, sealed: &[u8], sealer: &Sealer) -> Result<SecretBytes, Fault> {
    sealer.open(place(&row.kid), sealed).map_err(|error| Fault::internal(OF_ANOTHER_KEY, error))
}

const OF_ANOTHER_KEY: &str = "the service's keys do not open under this key-encryption key";

/// Whether the key-encryption key is another than the one that sealed the service's keys.
pub fn is_of_another_key(fault: &Fault) -> bool {
    fault.what() == OF_ANOTHER_KEY
}

/// One that opens, and everything encrypted to it on its way; `None` for one that waits or is of no more use.
fn open_opening(
    row: &StoredKey,
    (alg, record): (KeyAlg, &KeyRecord),
    sealer: &Sealer,
) -> Result<Option<OpeningKey>, Fault> {
    let Some(sealed) = row.private_sealed.as_ref().filter(|_| record.state != KeyState::Pending) else {
        return Ok(None);
    };
    let der = unsealed(row, sealed, sealer)?;
    let key = DecryptionKey::from_der(alg, &der).map_err(|_| bad_column(row, "private_sealed"))?;
    if key.kid() != row.kid {
        return Err(bad_column(row, "kid"));
    }
    Ok(Some(OpeningKey { state: record.state, key }))
}

fn open(row: &StoredKey, (alg, record): (Alg, KeyRecord), sealer: &Sealer) -> Result<RingKey, Fault> {
    let bad = |column: &'static str| bad_column(row, column);
    let members = row.public_jwk.as_object().ok_or_else(|| bad("public_jwk"))?;
    let public = PublicKey::from_members(members).map_err(|_| bad("public_jwk"))?;
    // Only what signs, or will, is opened: what is not in memory cannot leak from it.
    let private = match &row.private_sealed {
        Some(sealed) if record.state == KeyState::Active => {
            let der = unsealed(row, sealed, sealer)?;
            Some(SigningKey::from_pkcs8(alg, &der).map_err(|_| bad("private_sealed"))?)
        }
        _ => None,
    };
    Ok(RingKey { alg, record, public, private })
}

const fn place(kid: &str) -> Place<'_> {
    Place { table: "signing_key", column: "private_sealed", row: kid.as_bytes() }
}

/// A row's record; names the column when the row is impossible.
pub fn record_of(row: &StoredKey) -> Result<KeyRecord, Fault> {
    let bad = |column: &'static str| Fault::inconsistent("signing_key", column, &row.kid);
    Ok(KeyRecord {
        kid: row.kid.clone(),
        purpose: KeyPurpose::parse(&row.alg).ok_or_else(|| bad("alg"))?,
        state: KeyState::parse(&row.state).ok_or_else(|| bad("state"))?,
        created_at: row.created_at,
        published_at: row.published_at,
        activated_at: row.activated_at,
        retiring_at: row.retiring_at,
        retired_at: row.retired_at,
    })
}

/// What cannot be done to a key, in words for the command line.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(transparent)]
    Fault(#[from] Fault),
    #[error("the key cannot be made or opened: {0}")]
    Signing(#[from] crate::crypto::signing::SigningError),
    #[error("the key cannot be made: {0}")]
    Opening(#[from] JweError),
    #[error(transparent)]
    Transition(#[from] KeyTransitionError),
    #[error("there is no key {0}")]
    Unknown(String),
    #[error("the key {0} was changed by somebody else at the same moment; look again")]
    Changed(String),
    #[error("the successor of {0} is not there: make one with `keys new --alg {0}`, wait, and rotate again")]
    NoSuccessor(&'static str),
}

/// Everything that manages keys needs.
pub struct KeyKeeper<'a> {
    pub writer: &'a Writer,
    pub sealer: &'a Sealer,
    pub entropy: &'a Entropy,
    pub schedule: Schedule,
    /// Who is on record for it: somebody at the command line, or the service's clockwork.
    pub actor: Actor,
}

/// Whether a rotation keeps the times that relying parties need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Haste {
    KeepTimes,
    /// The first key of an algorithm, or a key that was compromised.
    AtOnce,
}

impl KeyKeeper<'_> {
    /// Makes a key, published and waiting; or signing at once.
    pub async fn make(&self, purpose: impl Into<KeyPurpose>, haste: Haste, now: Timestamp) -> Result<String, KeyError> {
        let mut row = self.new_row(purpose.into(), now)?;
        if haste == Haste::AtOnce {
            let record = record_of(&row)?.activate_at_once(now)?;
            record.write_to(&mut row);
        }
        let kid = row.kid.clone();
        let unit =
            ChangeKeys { insert: vec![row], change: Vec::new(), action: "key.made", actor: self.actor.clone(), now };
        self.submit(unit, &kid).await?;
        Ok(kid)
    }

    /// Makes what is missing among the keys that others encrypt to: nobody needs to be told of them before.
    pub async fn make_missing_opening(&self, conn: &mut Conn, now: Timestamp) -> Result<usize, KeyError> {
        let rows = keys::all(conn).await?;
        let mut made = 0;
        for purpose in KeyPurpose::ALL.into_iter().filter(|purpose| matches!(purpose, KeyPurpose::Open(_))) {
            let is_there = |row: &StoredKey| row.alg == purpose.name() && row.state == KeyState::Active.code();
            if !rows.iter().any(is_there) {
                self.make(purpose, Haste::AtOnce, now).await?;
                made += 1;
            }
        }
        Ok(made)
    }

    fn new_row(&self, purpose: KeyPurpose, now: Timestamp) -> Result<StoredKey, KeyError> {
        let (der, public) = match purpose {
            KeyPurpose::Sign(alg) => {
                let key = SigningKey::generate(alg)?;
                (key.to_pkcs8()?, key.public().clone())
            }
            KeyPurpose::Open(alg) => {
                let der = DecryptionKey::generate_der(alg)?;
                let public = DecryptionKey::from_der(alg, &der)?.public().clone();
                (der, public)
            }
        };
        let kid = public.thumbprint();
        let sealed = self
            .sealer
            .seal(place(&kid), der.reveal(), self.entropy)
            .map_err(|error| Fault::internal("a key cannot be sealed", error))?;
        Ok(StoredKey {
            kid,
            alg: purpose.name().to_owned(),
            state: KeyState::Pending.code().to_owned(),
            private_sealed: Some(sealed),
            public_jwk: Value::Object(public.members()),
            created_at: now,
            published_at: Some(now),
            activated_at: None,
            retiring_at: None,
            retired_at: None,
        })
    }

    /// The oldest waiting key of the algorithm begins to sign, or is published to be encrypted to, the present one steps down, and a new one is published to
    /// wait for the next time. Answers the `kid` that signs now.
    pub async fn rotate(
        &self,
        conn: &mut Conn,
        purpose: impl Into<KeyPurpose>,
        haste: Haste,
        now: Timestamp,
    ) -> Result<String, KeyError> {
        let alg = purpose.into();
        let rows = keys::all(conn).await?;
        let of = |state: KeyState| rows.iter().find(|row| row.alg == alg.name() && row.state == state.code());
        let next = of(KeyState::Pending).ok_or(KeyError::NoSuccessor(alg.name()))?;
        let record = record_of(next)?;
        let risen = match haste {
            Haste::KeepTimes => record.activate(now, &self.schedule)?,
            Haste::AtOnce => record.activate_at_once(now)?,
        };
        let mut change = Vec::new();
        if let Some(present) = of(KeyState::Active) {
            change.push(moved(present, &record_of(present)?.step_down(now)?));
        }
        change.push(moved(next, &risen));
        let successor = self.new_row(alg, now)?;
        let kid = next.kid.clone();
        self.submit(
            ChangeKeys { insert: vec![successor], change, action: "key.rotated", actor: self.actor.clone(), now },
            &kid,
        )
        .await?;
        Ok(kid)
    }

    /// Takes a key out of the published set, when nothing needs it any more.
    pub async fn retire(&self, conn: &mut Conn, kid: &str, now: Timestamp) -> Result<(), KeyError> {
        let row = find(conn, kid).await?;
        let retired = record_of(&row)?.retire(now, &self.schedule)?;
        let unit = ChangeKeys {
            insert: Vec::new(),
            change: vec![moved(&row, &retired)],
            action: "key.retired",
            actor: self.actor.clone(),
            now,
        };
        self.submit(unit, kid).await
    }

    /// Declares a key compromised. When it was signing, the waiting one takes over at once.
    pub async fn revoke(&self, conn: &mut Conn, kid: &str, now: Timestamp) -> Result<(), KeyError> {
        let rows = keys::all(conn).await?;
        let row = rows.iter().find(|row| row.kid == kid).ok_or_else(|| KeyError::Unknown(kid.to_owned()))?;
        let record = record_of(row)?;
        let mut change = vec![moved(row, &record.compromise(now)?)];
        let mut insert = Vec::new();
        if record.state == KeyState::Active {
            let waiting =
                rows.iter().find(|row| row.alg == record.purpose.name() && row.state == KeyState::Pending.code());
            match waiting {
                Some(next) => change.push(moved(next, &record_of(next)?.activate_at_once(now)?)),
                None => {
                    let mut fresh = self.new_row(record.purpose, now)?;
                    record_of(&fresh)?.activate_at_once(now)?.write_to(&mut fresh);
                    insert.push(fresh);
                }
            }
            insert.push(self.new_row(record.purpose, now)?);
        }
        self.submit(ChangeKeys { insert, change, action: "key.revoked", actor: self.actor.clone(), now }, kid).await
    }

    async fn submit(&self, unit: ChangeKeys, kid: &str) -> Result<(), KeyError> {
        if self.writer.submit(unit).await? { Ok(()) } else { Err(KeyError::Changed(kid.to_owned())) }
    }
}

async fn find(conn: &mut Conn, kid: &str) -> Result<StoredKey, KeyError> {
    keys::all(conn).await?.into_iter().find(|row| row.kid == kid).ok_or_else(|| KeyError::Unknown(kid.to_owned()))
}

/// The state it was in, and the row as it shall be.
fn moved(row: &StoredKey, record: &KeyRecord) -> (String, StoredKey) {
    let mut next = row.clone();
    record.write_to(&mut next);
    (row.state.clone(), next)
}

impl KeyRecord {
    fn write_to(&self, row: &mut StoredKey) {
        self.state.code().clone_into(&mut row.state);
        row.activated_at = self.activated_at;
        row.retiring_at = self.retiring_at;
        row.retired_at = self.retired_at;
        if !self.keeps_private() {
            row.private_sealed = None;
        }
    }
}

/// All changes of one decision, or none.
struct ChangeKeys {
    insert: Vec<StoredKey>,
    /// Each with the state it was read in.
    change: Vec<(String, StoredKey)>,
    action: &'static str,
    actor: Actor,
    now: Timestamp,
}

impl Unit for ChangeKeys {
    type Out = bool;
    const KIND: &'static str = "keys.change";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(b"keys")
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        for (done, (from, row)) in self.change.iter().enumerate() {
            if !keys::change(tx, from, row).await? {
                // The first one failing changed nothing; a later one takes the earlier ones back with it.
                return if done == 0 {
                    Ok(false)
                } else {
                    Err(Fault::new(FaultKind::Retry, "a signing key was changed by somebody else meanwhile"))
                };
            }
        }
        for row in &self.insert {
            keys::insert(tx, row).await?;
        }
        tx.record(AuditEvent::new(self.now, self.action, Outcome::Done, self.actor.clone()).detail(json!({
            "made": self.insert.iter().map(|row| &row.kid).collect::<Vec<_>>(),
            "changed": self.change.iter().map(|(_, row)| json!({"kid": row.kid, "to": row.state})).collect::<Vec<_>>(),
        })));
        Ok(true)
    }
}
