//! Finding people by what is known of them: pages of bare hits, each statement on an index, none over the whole table.

use time::{Date, macros::date};
use uuid::Uuid;

use super::{Conn, db::failed, dialect, intake::list};
use crate::{
    base::{Fault, ids::PersonId},
    registry::{
        BirthDate, NameKeys, PersonName, PersonalNumber, Sex, Vital,
        birth::Precision,
        household::ResidenceFile,
        name::NameParts,
        search::{Within, sorted},
    },
};

/// What is shown of somebody who was found.
#[derive(Clone, Debug)]
pub struct FoundPerson {
    pub id: PersonId,
    pub number: Option<PersonalNumber>,
    pub name: PersonName,
    pub birth: BirthDate,
    pub sex: Sex,
    pub vital: Vital,
    /// Today's code of the commune of residence; empty without one.
    pub commune: String,
    /// The key by which pages of beginnings continue.
    pub name_plain: String,
    pub birth_first: Date,
}

row! {
    struct FoundRow {
        id: PersonId,
        number: Option<String>,
        full_name: String,
        family_name: Option<String>,
        middle_name: Option<String>,
        given_name: Option<String>,
        name_plain: String,
        birth_date: Date,
        birth_precision: String,
        sex: String,
        vital: String,
        vital_since: Option<Date>,
        home_unit: String,
    }
}

impl TryFrom<FoundRow> for FoundPerson {
    type Error = Fault;

    fn try_from(row: FoundRow) -> Result<Self, Fault> {
        let bad = |column: &'static str| Fault::inconsistent("person", column, &row.id);
        let number = row.number.as_deref().map(PersonalNumber::parse).transpose().map_err(|_| bad("number"))?;
        let precision = Precision::from_code(&row.birth_precision).ok_or_else(|| bad("birth_precision"))?;
        let parts = NameParts { family: row.family_name, middle: row.middle_name, given: row.given_name };
        Ok(Self {
            id: row.id,
            number,
            name: PersonName::recorded(row.full_name, parts),
            birth: BirthDate::from_stored(row.birth_date, precision),
            sex: Sex::from_code(&row.sex).ok_or_else(|| bad("sex"))?,
            vital: Vital::from_code(&row.vital, row.vital_since).ok_or_else(|| bad("vital"))?,
            commune: row.home_unit,
            name_plain: row.name_plain,
            birth_first: row.birth_date,
        })
    }
}

/// Bounds of the rows that count, each as a range so that an index serves it.
#[derive(Clone, Debug)]
pub struct Bounds {
    birth: (Date, Date),
    /// Earlier ones count only where the day is not known.
    day: Date,
    province: (String, String),
    commune: (String, String),
    /// The parent's name by its sorted key; empty when none was asked for.
    parent: String,
}

/// After every code: they have digits only.
const LAST_CODE: &str = "~";
const FIRST_DAY: Date = date!(0001 - 01 - 01);
const LAST_DAY: Date = date!(9999 - 12 - 31);

impl Bounds {
    pub fn new(birth: Option<BirthDate>, within: Option<&Within>, parent: Option<&NameKeys>) -> Self {
        let code = |code: Option<&str>| match code {
            Some(code) => (code.to_owned(), code.to_owned()),
            None => (String::new(), LAST_CODE.to_owned()),
        };
        // A record that knows only the year is stored by its first day: a stated day asks for those too.
        let day = match birth {
            Some(BirthDate::Full(day)) => day,
            _ => FIRST_DAY,
        };
        let birth = birth.map_or((FIRST_DAY, LAST_DAY), |birth| {
            let first = if day == FIRST_DAY { birth.earliest() } else { BirthDate::Year(birth.year()).earliest() };
            (first, birth.latest())
        });
        Self {
            birth,
            day,
            province: code(within.map(|within| within.province.as_str())),
            commune: code(within.and_then(|within| within.commune.as_deref())),
            parent: parent.map(|keys| sorted(&keys.plain)).unwrap_or_default(),
        }
    }

    /// Where a page by age begins: at the first day that counts, or after the last of the page before.
    fn begin(&self, after: &After) -> (Date, Uuid) {
        if after.birth < self.birth.0 { (self.birth.0, Uuid::nil()) } else { (after.birth, after.id.0) }
    }
}

/// Where a page begins: after this person.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct After {
    pub name_plain: String,
    pub birth: Date,
    pub id: PersonId,
}

impl After {
    /// Before everybody.
    pub fn nobody() -> Self {
        Self { name_plain: String::new(), birth: FIRST_DAY, id: PersonId(Uuid::nil()) }
    }

    pub fn of(person: &FoundPerson) -> Self {
        Self { name_plain: person.name_plain.clone(), birth: person.birth_first, id: person.id }
    }
}

/// By whole names in any order of their words, one key or many; the oldest first.
pub async fn by_names(
    conn: &mut Conn,
    keys: &[&str],
    bounds: &Bounds,
    after: &After,
    most: i64,
) -> Result<Vec<FoundPerson>, Fault> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let (sql, keys) = (dialect::found_by_names(conn.engine()), list(keys));
    let from = bounds.begin(after);
    let rows: Vec<FoundRow> = on!(conn, |c| sqlx::query_as(sql)
        .bind(keys)
        .bind(from.0)
        .bind(bounds.birth.1)
        .bind(&bounds.province.0)
        .bind(&bounds.province.1)
        .bind(&bounds.commune.0)
        .bind(&bounds.commune.1)
        .bind(&bounds.parent)
        .bind(from.1)
        .bind(most)
        .bind(bounds.day)
        .fetch_all(c)
        .await)
    .map_err(failed("searching people by name"))?;
    rows.into_iter().map(TryInto::try_into).collect()
}

pub(super) const BY_BEGINNING: &str = "SELECT p.id, p.number, p.full_name, p.family_name, p.middle_name, p.given_name, \
    p.name_plain, p.birth_date, p.birth_precision, p.sex, p.vital, p.vital_since, p.home_unit FROM person p \
    WHERE p.home_province = $1 AND (p.name_plain, p.id) > ($2, $9) AND p.name_plain < $3 AND p.home_unit >= $4 \
    AND p.home_unit <= $5 AND p.birth_date >= $6 AND p.birth_date <= $7 AND ($8 = '' OR EXISTS (SELECT 1 FROM relation r \
    JOIN person q ON q.id = r.relative_id WHERE r.person_id = p.id AND r.kind IN ('father', 'mother') \
    AND q.name_sorted = $8)) AND (p.birth_date >= $11 OR p.birth_precision <> 'day') \
    ORDER BY p.name_plain, p.id LIMIT $10";

/// Names within a province that begin with this and go on; by name. One bound says where to begin: of two PostgreSQL takes one to
/// find the place in the index, and with the other's it would walk there from the province's first name.
pub async fn by_beginning(
    conn: &mut Conn,
    plain: &str,
    bounds: &Bounds,
    after: &After,
    most: i64,
) -> Result<Vec<FoundPerson>, Fault> {
    let end = format!("{plain}\u{10FFFF}");
    let from =
        if after.name_plain.as_str() > plain { (after.name_plain.as_str(), after.id.0) } else { (plain, Uuid::max()) };
    let rows: Vec<FoundRow> = on!(conn, |c| sqlx::query_as(BY_BEGINNING)
        .bind(&bounds.province.0)
        .bind(from.0)
        .bind(&end)
        .bind(&bounds.commune.0)
        .bind(&bounds.commune.1)
        .bind(bounds.birth.0)
        .bind(bounds.birth.1)
        .bind(&bounds.parent)
        .bind(from.1)
        .bind(most)
        .bind(bounds.day)
        .fetch_all(c)
        .await)
    .map_err(failed("searching people by the beginning of a name"))?;
    rows.into_iter().map(TryInto::try_into).collect()
}

pub(super) const CHILDREN: &str = "SELECT DISTINCT p.id, p.number, p.full_name, p.family_name, p.middle_name, \
    p.given_name, p.name_plain, p.birth_date, p.birth_precision, p.sex, p.vital, p.vital_since, p.home_unit \
    FROM person q JOIN relation r ON r.relative_id = q.id AND r.kind IN ('father', 'mother') \
    JOIN person p ON p.id = r.person_id WHERE q.name_sorted = $1 AND (p.birth_date, p.id) > ($2, $8) AND p.birth_date <= $3 \
    AND p.home_province >= $4 AND p.home_province <= $5 AND p.home_unit >= $6 AND p.home_unit <= $7 \
    AND (p.birth_date >= $10 OR p.birth_precision <> 'day') ORDER BY p.birth_date, p.id LIMIT $9";

/// Children of anybody with the parent's name; the oldest first.
pub async fn children(conn: &mut Conn, bounds: &Bounds, after: &After, most: i64) -> Result<Vec<FoundPerson>, Fault> {
    let from = bounds.begin(after);
    let rows: Vec<FoundRow> = on!(conn, |c| sqlx::query_as(CHILDREN)
        .bind(&bounds.parent)
        .bind(from.0)
        .bind(bounds.birth.1)
        .bind(&bounds.province.0)
        .bind(&bounds.province.1)
        .bind(&bounds.commune.0)
        .bind(&bounds.commune.1)
        .bind(from.1)
        .bind(most)
        .bind(bounds.day)
        .fetch_all(c)
        .await)
    .map_err(failed("searching people by a parent's name"))?;
    rows.into_iter().map(TryInto::try_into).collect()
}

pub(super) const BY_NUMBER: &str = "SELECT p.id, p.number, p.full_name, p.family_name, p.middle_name, p.given_name, \
    p.name_plain, p.birth_date, p.birth_precision, p.sex, p.vital, p.vital_since, p.home_unit \
    FROM personal_number n JOIN person p ON p.id = n.person_id WHERE n.number = $1";

/// By any number the person ever had, which is any card's number too.
pub async fn by_number(conn: &mut Conn, number: &PersonalNumber) -> Result<Vec<FoundPerson>, Fault> {
    let rows: Vec<FoundRow> = on!(conn, |c| sqlx::query_as(BY_NUMBER).bind(number.as_str()).fetch_all(c).await)
        .map_err(failed("searching a person by number"))?;
    rows.into_iter().map(TryInto::try_into).collect()
}

pub(super) const BY_CMND9: &str = "SELECT p.id, p.number, p.full_name, p.family_name, p.middle_name, p.given_name, \
    p.name_plain, p.birth_date, p.birth_precision, p.sex, p.vital, p.vital_since, p.home_unit FROM person p \
    WHERE p.cmnd9 = $1 AND (p.birth_date, p.id) > ($2, $3) ORDER BY p.birth_date, p.id LIMIT $4";

/// Nine digits were given out by each province for itself: several people may have them.
pub async fn by_cmnd9(conn: &mut Conn, cmnd9: &str, after: &After, most: i64) -> Result<Vec<FoundPerson>, Fault> {
    let rows: Vec<FoundRow> = on!(conn, |c| sqlx::query_as(BY_CMND9)
        .bind(cmnd9)
        .bind(after.birth)
        .bind(after.id)
        .bind(most)
        .fetch_all(c)
        .await)
    .map_err(failed("searching a person by an old card"))?;
    rows.into_iter().map(TryInto::try_into).collect()
}

pub(super) const OF_HOUSEHOLD: &str = "SELECT p.id, p.number, p.full_name, p.family_name, p.middle_name, p.given_name, \
    p.name_plain, p.birth_date, p.birth_precision, p.sex, p.vital, p.vital_since, p.home_unit FROM household h \
    JOIN household_member m ON m.household_id = h.id JOIN person p ON p.id = m.person_id \
    WHERE h.residence_file = $1 AND (p.birth_date, p.id) > ($2, $3) ORDER BY p.birth_date, p.id LIMIT $4";

pub async fn of_household(
    conn: &mut Conn,
    file: &ResidenceFile,
    after: &After,
    most: i64,
) -> Result<Vec<FoundPerson>, Fault> {
    let rows: Vec<FoundRow> = on!(conn, |c| sqlx::query_as(OF_HOUSEHOLD)
        .bind(file.as_str())
        .bind(after.birth)
        .bind(after.id)
        .bind(most)
        .fetch_all(c)
        .await)
    .map_err(failed("searching the people of a household"))?;
    rows.into_iter().map(TryInto::try_into).collect()
}
