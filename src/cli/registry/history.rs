//! `registry show --as-of DAY --as-known-at MOMENT`: the record as it was true on a day, as far as it was known then.

use serde_json::{Map, Value, json};
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    base::{Span, Timestamp, ids::PersonId},
    cli::failure::Failure,
    flows::registry::{PersonVault, events::as_known},
    registry::civil_event::form::stored_day,
    store::Conn,
};

/// Today in Việt Nam, unless another day is named.
pub fn day(text: Option<&str>, now: Timestamp) -> Result<Date, Failure> {
    let Some(text) = text else { return Ok(now.vietnam_date()) };
    stored_day(text).ok_or_else(|| Failure::new("--as-of", "this is no day", "write it as 2026-11-22"))
}

/// Now, unless another moment is named; a day means its last moment in Việt Nam.
pub fn moment(text: Option<&str>, now: Timestamp) -> Result<Timestamp, Failure> {
    let Some(text) = text else { return Ok(now) };
    if let Some(day) = stored_day(text).and_then(Date::next_day) {
        let midnight = day.midnight().assume_offset(time::macros::offset!(+7));
        return Ok(Timestamp::from_secs(midnight.unix_timestamp()) - Span::micros(1));
    }
    OffsetDateTime::parse(text, &Rfc3339).map(|at| Timestamp::from_secs(at.unix_timestamp())).map_err(|_| {
        Failure::new("--as-known-at", "this is no moment", "write it as 2026-11-22 or 2026-11-22T05:00:00Z")
    })
}

/// Every field that says something, with since when it is true, when it was learned, and on what.
pub async fn known(
    conn: &mut Conn,
    vault: &PersonVault,
    person: PersonId,
    (day, moment): (Date, Timestamp),
) -> Result<Value, Failure> {
    let found = as_known(conn, vault, person, (day, moment)).await.map_err(super::record)?;
    let Some(known) = found else {
        return Err(Failure::new("NUMBER", "this person was not known at that moment", "ask for a later moment"));
    };
    let mut fields = Map::new();
    for (facet, fact) in known.facts {
        let value = fact.fact.to_json();
        let says_nothing = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if !says_nothing {
            let field = json!({
                "value": value, "from": fact.from.map(|day| day.to_string()), "learned_at": fact.learned_at.rfc3339(),
                "event": fact.event, "source": fact.source,
            });
            fields.insert(facet.code().to_owned(), field);
        }
    }
    Ok(json!({
        "person": known.person, "as_of": day.to_string(), "as_known_at": moment.rfc3339(), "record": fields,
    }))
}
