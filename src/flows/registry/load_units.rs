//! The administrative units of this binary, put into the record where they are not there yet.

use serde_json::json;

use crate::{
    base::{Fault, Timestamp},
    registry::admin_unit,
    store::{AuditEvent, Class, Conn, Db, LaneKey, Outcome, Tx, Unit, Writer, admin_units, audit::Actor, imports},
};

#[derive(Clone, Debug)]
struct LoadUnits {
    actor: Actor,
    now: Timestamp,
}

impl Unit for LoadUnits {
    type Out = bool;
    const KIND: &'static str = "registry.load_units";
    const CLASS: Class = Class::Bulk;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(b"admin_unit")
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let units = admin_unit::all();
        imports::take_turns(tx).await?;
        // Another process may have loaded them while this one waited.
        if is_loaded(tx).await? {
            return Ok(false);
        }
        admin_units::replace(tx, units).await?;
        let detail = json!({ "units": units.len() });
        tx.record(AuditEvent::new(self.now, "registry.units_loaded", Outcome::Done, self.actor.clone()).detail(detail));
        Ok(true)
    }
}

/// Loads the list when the record has another number of units than this binary; `true` when it did.
pub async fn load_units(db: &Db, writer: &Writer, actor: Actor, now: Timestamp) -> Result<bool, Fault> {
    if is_loaded(&mut db.read().await?).await? {
        return Ok(false);
    }
    writer.submit(LoadUnits { actor, now }).await
}

async fn is_loaded(conn: &mut Conn) -> Result<bool, Fault> {
    let stored = admin_units::count(conn).await?;
    Ok(usize::try_from(stored).is_ok_and(|stored| stored == admin_unit::all().len()))
}
