//! A boundary change is one bulk event: the units of the new day come into the record, and everybody is found where the map
//! now says. No address is written anew: it stays as registered and is shown as of any day (Resolution 190/2025/QH15 Art 10);
//! nobody is asked and nobody is notified.

use serde_json::json;
use time::Date;

use super::load_units::load_units;
use crate::{
    base::{Clock, Fault, Timestamp},
    registry::admin_unit::{self, AdminUnit},
    store::{
        AuditEvent, Class, Db, LaneKey, Outcome, Tx, Unit, Writer,
        audit::Actor,
        name_words::{self, Moved},
    },
};

/// What the change came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Units whose form ended on the day.
    pub units: usize,
    /// Of them divided among several: who lived there is found in the usual one until the hamlet is known.
    pub divided: usize,
    /// People who are found under another code since.
    pub people: u64,
}

/// Carries out what the tables of this binary say about `day`, once; None when homes are by that day's map or a later one
/// already.
pub async fn carry_out(
    (db, writer, clock): (&Db, &Writer, &Clock),
    (day, actor): (Date, &Actor),
) -> Result<Option<Changed>, Fault> {
    load_units(db, writer, actor.clone(), clock.now()).await?;
    let ended: Vec<&AdminUnit> =
        admin_unit::all().iter().filter(|unit| unit.kind.is_commune_level() && unit.valid_to == Some(day)).collect();
    let mut changed = Changed { units: ended.len(), ..Changed::default() };
    let mut moves = Vec::new();
    for unit in ended {
        let (Some(next), Some(province)) = (admin_unit::successors(unit), unit.province) else { continue };
        changed.divided += usize::from(!next.others.is_empty());
        let Some(to_province) = next.usual.province else { continue };
        if (next.usual.code, to_province) != (unit.code, province) {
            moves.push(Moved { from: (province, unit.code), to: (to_province, next.usual.code) });
        }
    }
    let unit = CarryOut { day, moves, units: changed.units, actor: actor.clone(), now: clock.now() };
    let Some(people) = writer.submit(unit).await? else { return Ok(None) };
    changed.people = people;
    Ok(Some(changed))
}

struct CarryOut {
    day: Date,
    moves: Vec<Moved>,
    units: usize,
    actor: Actor,
    now: Timestamp,
}

impl Unit for CarryOut {
    /// None when it was carried out before.
    type Out = Option<u64>;
    const KIND: &'static str = "registry.boundary_change";
    const CLASS: Class = Class::Bulk;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(b"registry.boundary_change")
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Option<u64>, Fault> {
        if !name_words::draw_map(tx, self.day).await? {
            return Ok(None);
        }
        // One statement: a code may go to another unit on the same day, and nobody may move twice.
        let people = if self.moves.is_empty() { 0 } else { name_words::move_homes(tx, &self.moves).await? };
        let detail = json!({ "day": self.day.to_string(), "units": self.units, "people": people });
        tx.record(
            AuditEvent::new(self.now, "registry.boundary_changed", Outcome::Done, self.actor.clone()).detail(detail),
        );
        Ok(Some(people))
    }
}
