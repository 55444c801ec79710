//! Identity cards, newest first.

use time::Date;

use super::{Conn, db::failed};
use crate::{
    base::{Fault, ids::PersonId},
    registry::{Card, CardKind, CardStatus, Expiry, PersonalNumber},
};

row! {
    struct CardRow {
        kind: String,
        number: String,
        issued_on: Date,
        expires_on: Option<Date>,
        issuer: String,
        state: String,
    }
}

pub(super) const OF_PERSON: &str = "SELECT kind, number, issued_on, expires_on, issuer, state FROM card \
    WHERE person_id = $1 ORDER BY issued_on DESC LIMIT $2";

/// Up to `most` cards of a person, the newest first: only that one counts for an account.
pub async fn of_person(conn: &mut Conn, person: PersonId, most: i64) -> Result<Vec<Card>, Fault> {
    let rows: Vec<CardRow> = on!(conn, |c| sqlx::query_as(OF_PERSON).bind(person).bind(most).fetch_all(c).await)
        .map_err(failed("reading a person's cards"))?;
    rows.into_iter()
        .map(|row| {
            let bad = |column: &'static str| Fault::inconsistent("card", column, &person);
            Ok(Card {
                kind: CardKind::from_code(&row.kind).ok_or_else(|| bad("kind"))?,
                status: CardStatus::from_code(&row.state).ok_or_else(|| bad("state"))?,
                issued_on: row.issued_on,
                expiry: row.expires_on.map_or(Expiry::Never, Expiry::On),
                number: PersonalNumber::parse(&row.number).map_err(|_| bad("number"))?,
                issuer: row.issuer,
            })
        })
        .collect()
}

pub async fn newest(conn: &mut Conn, person: PersonId) -> Result<Option<Card>, Fault> {
    Ok(of_person(conn, person, 1).await?.pop())
}
