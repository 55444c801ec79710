//! The present of a person as an event leaves it: the row guarded by its version, and the tables beside it.

use sqlx::types::Json;
use uuid::Uuid;

use super::{
    Conn,
    contacts::StoredContact,
    db::{db_fault, failed},
    duplicate_places,
    facet_versions::{self, Ground, NewVersion},
    merges, name_words,
    record::Places,
};
use crate::{
    base::{Fault, Timestamp, fault::FaultKind, ids::PersonId},
    registry::{
        Expiry, NameKeys, Residence,
        record::{Facet, Record, Relative},
        search::{Within, sorted},
    },
};

/// A person to be written: whole, with what changed.
#[derive(Clone, Debug)]
pub struct PersonWrite {
    pub id: PersonId,
    /// The version that was read; none for somebody new.
    pub version: Option<i64>,
    pub record: Record,
    pub keys: NameKeys,
    /// Where the person is found.
    pub home: Option<Within>,
    /// Sensitive fields, sealed at (person, sealed, id).
    pub sealed: Option<Vec<u8>>,
    pub changed: Vec<Facet>,
    pub versions: Vec<NewVersion>,
    /// Sealed anew, when contacts changed.
    pub contacts: Vec<StoredContact>,
    /// Ids for new rows: a unit draws none.
    pub ids: Vec<Uuid>,
    /// The other record of a merge or its undoing: numbers come from there.
    pub takes_from: Option<PersonId>,
}

/// The columns of a person's row, in the order of both statements.
macro_rules! bind_person {
    ($query:expr, $write:expr, $ground:expr, $places:expr) => {
        $query
            .bind($write.id)
            .bind($write.record.numbers.active.map(|number| number.as_str().to_owned()))
            .bind($write.record.name.full())
            .bind($write.record.name.family())
            .bind($write.record.name.middle())
            .bind($write.record.name.given())
            .bind(&$write.keys.exact)
            .bind(&$write.keys.tone)
            .bind(&$write.keys.plain)
            .bind(Json(&$write.record.other_names))
            .bind($write.record.birth.earliest())
            .bind($write.record.birth.precision().code())
            .bind($write.record.sex.code())
            .bind($write.record.vital.code())
            .bind($write.record.vital.since())
            .bind(Json(&$write.record.nationalities))
            .bind($write.record.marital.code())
            .bind($write.record.cmnd9.as_deref())
            .bind($write.sealed.as_deref())
            .bind(Json($places))
            .bind($write.record.capacity.code())
            .bind($write.record.absence.as_ref().map(Json))
            .bind(Json(&$write.record.shared))
            .bind($write.record.merged)
            .bind($ground.now)
            .bind(sorted(&$write.keys.plain))
            .bind($write.home.as_ref().map(|home| home.province.as_str()).unwrap_or_default())
            .bind($write.home.as_ref().and_then(|home| home.commune.as_deref()).unwrap_or_default())
    };
}

pub(super) const INSERT: &str = "INSERT INTO person (id, number, full_name, family_name, middle_name, given_name, name_exact, \
    name_tone, name_plain, other_names, birth_date, birth_precision, sex, vital, vital_since, nationalities, marital, \
    cmnd9, sealed, places, capacity, absence, shared, merged_into, as_of, recorded_at, name_sorted, home_province, home_unit, \
    source) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, \
    $23, $24, $25, $25, $26, $27, $28, $29)";
pub(super) const UPDATE: &str = "UPDATE person SET number = $2, full_name = $3, family_name = $4, middle_name = $5, \
    given_name = $6, name_exact = $7, name_tone = $8, name_plain = $9, other_names = $10, birth_date = $11, \
    birth_precision = $12, sex = $13, vital = $14, vital_since = $15, nationalities = $16, marital = $17, cmnd9 = $18, \
    sealed = $19, places = $20, capacity = $21, absence = $22, shared = $23, merged_into = $24, as_of = $25, \
    name_sorted = $26, home_province = $27, home_unit = $28, version = version + 1 WHERE id = $1 AND version = $29 \
    RETURNING version";

/// Writes a person and their history. The caller compared versions in this transaction: another writer's win is a fault
/// that is worth a second run.
pub async fn write(conn: &mut Conn, write: &PersonWrite, ground: Ground<'_>) -> Result<(), Fault> {
    let record = &write.record;
    if let Some(from) = write.takes_from {
        let numbers = &record.numbers;
        for number in numbers.active.iter().chain(numbers.former.iter().map(|one| &one.number)) {
            merges::take_number(conn, number.as_str(), write.id, from).await?;
        }
    }
    let places = Places {
        birth: record.birth_place.clone(),
        registration: record.registration_place.clone(),
        home: record.ancestral_home.clone(),
    };
    match write.version {
        None => {
            on!(&mut *conn, |c| bind_person!(sqlx::query(INSERT), write, ground, &places)
                .bind(ground.source)
                .execute(c)
                .await
                .map(|_| ()))
            .map_err(failed("adding a person"))?;
        }
        Some(version) => {
            let row: Option<(i64,)> = on!(&mut *conn, |c| bind_person!(sqlx::query_as(UPDATE), write, ground, &places)
                .bind(version)
                .fetch_optional(c)
                .await)
            .map_err(failed("changing a person"))?;
            if row.is_none() {
                return Err(Fault::new(FaultKind::Retry, "a person changed beside this event"));
            }
            duplicate_places::place_of_person(conn, write.id).await?;
        }
    }
    let mut ids = write.ids.iter().copied();
    for facet in &write.changed {
        beside(conn, write, *facet, (&mut ids, ground.now)).await?;
    }
    for version in &write.versions {
        facet_versions::append(conn, version, ground).await?;
    }
    // Every name has the same few words: counted with each event of whoever bears them, their rows would make all wait for all.
    let renamed = write.version.is_none() || write.changed.iter().any(|one| matches!(one, Facet::Name | Facet::Merged));
    if renamed { name_words::count(conn, std::iter::once(write.keys.plain.as_str())).await } else { Ok(()) }
}

/// The fields that have tables of their own.
async fn beside(
    conn: &mut Conn,
    write: &PersonWrite,
    facet: Facet,
    (ids, now): (&mut impl Iterator<Item = Uuid>, Timestamp),
) -> Result<(), Fault> {
    let (id, record) = (write.id, &write.record);
    match facet {
        Facet::Numbers => numbers(conn, write, now).await,
        Facet::Cards => cards(conn, write, (ids, now)).await,
        Facet::Father => relative(conn, (id, "father"), record.father.as_ref(), (fresh(ids)?, now)).await,
        Facet::Mother => relative(conn, (id, "mother"), record.mother.as_ref(), (fresh(ids)?, now)).await,
        Facet::Spouse => relative(conn, (id, "spouse"), record.spouse.as_ref(), (fresh(ids)?, now)).await,
        Facet::Representative => {
            relative(conn, (id, "representative"), record.representative.as_ref(), (fresh(ids)?, now)).await
        }
        Facet::Permanent => home(conn, (id, "thuong_tru"), record.permanent.as_ref(), (fresh(ids)?, now)).await,
        Facet::Temporary => home(conn, (id, "tam_tru"), record.temporary.as_ref(), (fresh(ids)?, now)).await,
        Facet::Stay => home(conn, (id, "hien_tai"), record.stay.as_ref(), (fresh(ids)?, now)).await,
        Facet::Household => membership(conn, write, now).await,
        Facet::Contacts => contacts(conn, write, now).await,
        _ => Ok(()),
    }
}

fn fresh(ids: &mut impl Iterator<Item = Uuid>) -> Result<Uuid, Fault> {
    ids.next().ok_or_else(|| Fault::new(FaultKind::Internal, "an event's rows have too few ids"))
}

pub(super) const GIVE_NUMBER: &str = "INSERT INTO personal_number (number, person_id, state, valid_from, recorded_at) \
    VALUES ($1, $2, 'active', $3, $4) ON CONFLICT (number) DO NOTHING";
pub(super) const CLOSE_NUMBER: &str =
    "UPDATE personal_number SET valid_to = $3 WHERE number = $1 AND person_id = $2 RETURNING number";
pub(super) const CANCEL_NUMBER: &str = "UPDATE personal_number SET state = 'cancelled', valid_to = $3, reason = $4, \
    replaced_by = $5 WHERE number = $1 AND person_id = $2";

async fn numbers(conn: &mut Conn, write: &PersonWrite, now: Timestamp) -> Result<(), Fault> {
    let numbers = &write.record.numbers;
    let active = numbers.active.map(|number| number.as_str().to_owned());
    for former in &numbers.former {
        on!(&mut *conn, |c| sqlx::query(CANCEL_NUMBER)
            .bind(former.number.as_str())
            .bind(write.id)
            .bind(former.cancelled_on)
            .bind(former.reason.as_deref())
            .bind(active.as_deref())
            .execute(c)
            .await
            .map(|_| ()))
        .map_err(failed("cancelling a number"))?;
    }
    let Some(active) = active else { return Ok(()) };
    on!(&mut *conn, |c| sqlx::query(GIVE_NUMBER)
        .bind(&active)
        .bind(write.id)
        .bind(now.vietnam_date())
        .bind(now)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("giving a number"))?;
    // Also tells whether it is theirs: somebody else may have been given it since it was drawn.
    let row: Option<(String,)> = on!(conn, |c| sqlx::query_as(CLOSE_NUMBER)
        .bind(&active)
        .bind(write.id)
        .bind(numbers.closed_on)
        .fetch_optional(c)
        .await)
    .map_err(failed("closing a number"))?;
    row.map(|_| ()).ok_or_else(|| Fault::new(FaultKind::Retry, "a number was given to another person"))
}

pub(super) const SET_CARD: &str = "UPDATE card SET state = $5 WHERE person_id = $1 AND kind = $2 AND number = $3 \
    AND issued_on = $4 RETURNING id";
pub(super) const ADD_CARD: &str = "INSERT INTO card (id, person_id, kind, number, issued_on, expires_on, issuer, state, \
    recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

async fn cards(
    conn: &mut Conn,
    write: &PersonWrite,
    (ids, now): (&mut impl Iterator<Item = Uuid>, Timestamp),
) -> Result<(), Fault> {
    for card in &write.record.cards {
        let there: Option<(Uuid,)> = on!(&mut *conn, |c| sqlx::query_as(SET_CARD)
            .bind(write.id)
            .bind(card.kind.code())
            .bind(card.number.as_str())
            .bind(card.issued_on)
            .bind(card.status.code())
            .fetch_optional(c)
            .await)
        .map_err(failed("changing a card"))?;
        if there.is_some() {
            continue;
        }
        let expires_on = match card.expiry {
            Expiry::On(day) => Some(day),
            Expiry::Never => None,
        };
        let id = fresh(ids)?;
        on!(&mut *conn, |c| sqlx::query(ADD_CARD)
            .bind(id)
            .bind(write.id)
            .bind(card.kind.code())
            .bind(card.number.as_str())
            .bind(card.issued_on)
            .bind(expires_on)
            .bind(&card.issuer)
            .bind(card.status.code())
            .bind(now)
            .execute(c)
            .await
            .map(|_| ()))
        .map_err(failed("adding a card"))?;
    }
    Ok(())
}

pub(super) const DROP_RELATION: &str = "DELETE FROM relation WHERE person_id = $1 AND kind = $2";
pub(super) const ADD_RELATION: &str = "INSERT INTO relation (id, person_id, kind, relative_id, relative_name, \
    relative_number, tie, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

async fn relative(
    conn: &mut Conn,
    (person, kind): (PersonId, &'static str),
    to: Option<&Relative>,
    (id, now): (Uuid, Timestamp),
) -> Result<(), Fault> {
    on!(&mut *conn, |c| sqlx::query(DROP_RELATION).bind(person).bind(kind).execute(c).await.map(|_| ()))
        .map_err(failed("ending a relation"))?;
    let Some(relative) = to else { return Ok(()) };
    on!(conn, |c| sqlx::query(ADD_RELATION)
        .bind(id)
        .bind(person)
        .bind(kind)
        .bind(relative.person)
        .bind(relative.name.as_deref())
        .bind(relative.number.as_deref())
        .bind(relative.tie.code())
        .bind(now)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("adding a relation"))
}

pub(super) const DROP_HOME: &str = "DELETE FROM residence WHERE person_id = $1 AND form = $2";
pub(super) const ADD_HOME: &str = "INSERT INTO residence (id, person_id, form, line, as_registered, unit_code, \
    unit_valid_from, from_date, to_date, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

async fn home(
    conn: &mut Conn,
    (person, form): (PersonId, &'static str),
    to: Option<&Residence>,
    (id, now): (Uuid, Timestamp),
) -> Result<(), Fault> {
    on!(&mut *conn, |c| sqlx::query(DROP_HOME).bind(person).bind(form).execute(c).await.map(|_| ()))
        .map_err(failed("ending a residence"))?;
    let Some(residence) = to else { return Ok(()) };
    on!(conn, |c| sqlx::query(ADD_HOME)
        .bind(id)
        .bind(person)
        .bind(form)
        .bind(&residence.address.line)
        .bind(residence.address.as_registered.as_deref())
        .bind(&residence.address.unit.code)
        .bind(residence.address.unit.valid_from)
        .bind(residence.from)
        .bind(residence.to)
        .bind(now)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("adding a residence"))
}

pub(super) const LEAVE: &str = "DELETE FROM household_member WHERE person_id = $1";
pub(super) const JOIN: &str =
    "INSERT INTO household_member (person_id, household_id, relation, recorded_at) VALUES ($1, $2, $3, $4)";

async fn membership(conn: &mut Conn, write: &PersonWrite, now: Timestamp) -> Result<(), Fault> {
    on!(&mut *conn, |c| sqlx::query(LEAVE).bind(write.id).execute(c).await.map(|_| ()))
        .map_err(failed("leaving a household"))?;
    let Some(place) = &write.record.household else { return Ok(()) };
    on!(conn, |c| sqlx::query(JOIN)
        .bind(write.id)
        .bind(place.household)
        .bind(place.relation.code())
        .bind(now)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("joining a household"))
}

pub(super) const END_CONTACTS: &str = "UPDATE contact SET ended_at = $2 WHERE person_id = $1 AND ended_at IS NULL";
pub(super) const ADD_CONTACT: &str = "INSERT INTO contact (id, person_id, kind, value_sealed, value_index, verified, \
    recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";

async fn contacts(conn: &mut Conn, write: &PersonWrite, now: Timestamp) -> Result<(), Fault> {
    on!(&mut *conn, |c| sqlx::query(END_CONTACTS).bind(write.id).bind(now).execute(c).await.map(|_| ()))
        .map_err(failed("ending contacts"))?;
    for contact in &write.contacts {
        on!(&mut *conn, |c| sqlx::query(ADD_CONTACT)
            .bind(contact.id)
            .bind(write.id)
            .bind(contact.kind.code())
            .bind(&contact.value_sealed)
            .bind(&contact.value_index)
            .bind(contact.verified)
            .bind(now)
            .execute(c)
            .await
            .map(|_| ()))
        .map_err(|error| db_fault("adding a contact", error))?;
    }
    Ok(())
}
