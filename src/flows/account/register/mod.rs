//! Self-registration for an account of level 01 (Decree 69/2024 Art 7, 10(1)): details, a code to the phone, a password.
//!
//! Where a browser stands follows from its newest registration in the record, never from what it posts: there is no way to
//! a password but through a confirmed code, and none to a confirmed code but through matching details.

pub mod begin;
pub mod code;
pub mod eligibility;
pub mod finish;

use crate::{
    base::{
        Fault, Timestamp,
        ids::{InteractionId, PersonId},
    },
    crypto::Digest,
    flows::{Provider, account::phone},
    registry::PhoneNumber,
    store::{
        persons,
        phone_codes::{self, CodePurpose},
        registrations::{self, StoredRegistration},
    },
};

pub use begin::{Begin, Begun, begin};
pub use code::{Confirmed, Resent, abandon, confirm, resend};
pub use eligibility::{Details, Ineligible};
pub use finish::{Finish, Finished, finish};

/// Where a browser's registration stands.
#[derive(Clone, Debug)]
pub enum Step {
    /// Nothing is under way.
    Details,
    /// A code is awaited, whether or not one was sent.
    Code { phone: PhoneNumber, good_until: Timestamp },
    /// The code was right: a password is to be chosen.
    Password { person: PersonId },
    /// The account was made.
    Done { person: PersonId, interaction: Option<InteractionId>, at: Timestamp },
    /// Its time ran out.
    Over,
}

/// The step of the browser whose cookie has this digest.
pub async fn step(provider: &Provider, browser: &Digest, now: Timestamp) -> Result<Step, Fault> {
    let mut conn = provider.db.read().await?;
    let Some(found) = registrations::newest_of_browser(&mut conn, browser.as_bytes()).await? else {
        return Ok(Step::Details);
    };
    if let (Some(at), Some(person)) = (found.finished_at, found.person_id) {
        return Ok(Step::Done { person, interaction: found.interaction_id, at });
    }
    if found.expires_at <= now {
        return Ok(Step::Over);
    }
    match (found.confirmed_at, found.person_id) {
        (Some(_), Some(person)) => Ok(Step::Password { person }),
        _ => {
            let newest = phone_codes::newest_code(&mut conn, CodePurpose::Register, found.id.0, now).await?;
            Ok(Step::Code {
                phone: typed_phone(provider, &found)?,
                good_until: newest.map_or(now, |code| code.expires_at),
            })
        }
    }
}

/// The name of a person whose registration was confirmed in this browser.
pub async fn person_of(provider: &Provider, person: PersonId) -> Result<persons::StoredPerson, Fault> {
    let mut conn = provider.db.read().await?;
    persons::find(&mut conn, person).await?.ok_or_else(|| Fault::inconsistent("registration", "person_id", &person))
}

/// The registration that this browser may go on with.
async fn live(provider: &Provider, browser: &Digest, now: Timestamp) -> Result<Option<StoredRegistration>, Fault> {
    let mut conn = provider.db.read().await?;
    let newest = registrations::newest_of_browser(&mut conn, browser.as_bytes()).await?;
    Ok(newest.filter(|found| found.finished_at.is_none() && found.expires_at > now))
}

fn typed_phone(provider: &Provider, registration: &StoredRegistration) -> Result<PhoneNumber, Fault> {
    let sealed = registration
        .phone_sealed
        .as_deref()
        .ok_or_else(|| Fault::inconsistent("registration", "phone_sealed", &registration.id))?;
    phone::open_at(&provider.secrets.sealer, begin::place(&registration.id), sealed)
}

async fn even_time(provider: &Provider) {
    let wait = provider.settings.lifetimes.registration_answer.as_micros();
    tokio::time::sleep(std::time::Duration::from_micros(u64::try_from(wait).unwrap_or(0))).await;
}
