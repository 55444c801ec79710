//! Identity cards, newest first.

use std::collections::BTreeMap;

use time::Date;

use super::{Conn, db::failed, row::by_whose};
use crate::{
    base::{Fault, ids::PersonId},
    registry::{Card, CardKind, CardStatus, Expiry, PersonalNumber},
};

row! {
    struct CardRow {
        person_id: PersonId,
        kind: String,
        number: String,
        issued_on: Date,
        expires_on: Option<Date>,
        issuer: String,
        state: String,
    }
}

impl TryFrom<CardRow> for Card {
    type Error = Fault;

    fn try_from(row: CardRow) -> Result<Self, Fault> {
        let bad = |column: &'static str| Fault::inconsistent("card", column, &row.person_id);
        Ok(Self {
            kind: CardKind::from_code(&row.kind).ok_or_else(|| bad("kind"))?,
            status: CardStatus::from_code(&row.state).ok_or_else(|| bad("state"))?,
            issued_on: row.issued_on,
            expiry: row.expires_on.map_or(Expiry::Never, Expiry::On),
            number: PersonalNumber::parse(&row.number).map_err(|_| bad("number"))?,
            issuer: row.issuer,
        })
    }
}

pub(super) const OF_PERSON: &str = "SELECT person_id, kind, number, issued_on, expires_on, issuer, state FROM card \
    WHERE person_id = $1 ORDER BY issued_on DESC LIMIT $2";

/// Up to `most` cards of a person, the newest first: only that one counts for an account.
pub async fn of_person(conn: &mut Conn, person: PersonId, most: i64) -> Result<Vec<Card>, Fault> {
    let rows: Vec<CardRow> = on!(conn, |c| sqlx::query_as(OF_PERSON).bind(person).bind(most).fetch_all(c).await)
        .map_err(failed("reading a person's cards"))?;
    rows.into_iter().map(TryInto::try_into).collect()
}

of_ids! {
    of_people_sql, "SELECT person_id, kind, number, issued_on, expires_on, issuer, state FROM card WHERE person_id", ""
}

/// The cards of many people, the newest of each first.
pub async fn of_people(conn: &mut Conn, people: &[PersonId]) -> Result<BTreeMap<PersonId, Vec<Card>>, Fault> {
    let rows: Vec<CardRow> = rows_of_ids!(conn, of_people_sql, people, "reading people's cards");
    let mut all: BTreeMap<PersonId, Vec<Card>> = by_whose(rows, |row| row.person_id)?;
    // Those of one day stay as they come.
    for cards in all.values_mut() {
        cards.sort_by_key(|card| std::cmp::Reverse(card.issued_on));
    }
    Ok(all)
}

pub async fn newest(conn: &mut Conn, person: PersonId) -> Result<Option<Card>, Fault> {
    Ok(of_person(conn, person, 1).await?.pop())
}
