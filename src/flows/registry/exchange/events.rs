//! Civil events that state systems tell of, in an officer's name: recorded as a use before anything is kept, and shown to
//! everybody the event names.

use super::{
    Admitted, ExchangeRefusal,
    note::{Came, note_all},
};
use crate::{
    base::{Fault, Timestamp},
    flows::{
        Provider,
        registry::events::{
            Standing, Teller, Told, tell,
            told::{numbers_of, standing, standing_of},
        },
    },
    registry::civil_event::Message,
    store::{audit::Actor, numbers},
};

/// Each client has its own names for events.
fn source(call: &Admitted) -> String {
    format!("api:{}", call.client.id.as_str())
}

pub async fn tell_event(
    provider: &Provider,
    call: &Admitted,
    message: &Message,
    now: Timestamp,
) -> Result<Result<Standing, ExchangeRefusal>, Fault> {
    let Some(part) = call.client.client.rules.registry_events.clone() else {
        return Ok(Err(ExchangeRefusal::NotTheirs));
    };
    let named = numbers_of(message.kind, &message.values);
    let mut people = Vec::new();
    let mut conn = provider.db.read().await?;
    for number in &named {
        people.extend(numbers::person_of(&mut conn, number).await?);
    }
    drop(conn);
    let came = Came {
        what: "event",
        // Numbers that lead to nobody are how somebody would try them out.
        matched: people.len() == named.len(),
        person: None,
        fields: vec![message.kind.code()],
    };
    if let Err(refusal) = note_all(provider, call, (came, &people), now).await? {
        return Ok(Err(refusal));
    }
    let by = &call.by;
    let teller = Teller {
        actor: Actor::Agency(call.client.id.as_str().to_owned()),
        source: source(call),
        part: Some(part),
        unit: None,
        on_behalf: Some(format!("{} · {} · {} · {}", by.agency, by.officer, by.dossier, by.purpose)),
    };
    let event = match tell(provider, &teller, message, now).await? {
        Told::Kept { event, .. } => event,
        Told::OtherContent(_) => return Ok(Err(ExchangeRefusal::OtherContent)),
        Told::Refused(faults) => return Ok(Err(ExchangeRefusal::Message(faults))),
        Told::NotTheirs => return Ok(Err(ExchangeRefusal::NotTheirs)),
    };
    let standing = standing(provider, event, now).await?;
    standing.map(Ok).ok_or_else(|| Fault::unavailable("an event that was just told"))
}

/// How it stands with what this client told.
pub async fn event_told(
    provider: &Provider,
    call: &Admitted,
    source_id: &str,
    now: Timestamp,
) -> Result<Result<Standing, ExchangeRefusal>, Fault> {
    let found = standing_of(provider, (&source(call), source_id), now).await?;
    let came = Came { what: "event_state", matched: found.is_some(), person: None, fields: Vec::new() };
    let noted = note_all(provider, call, (came, &[]), now).await?;
    Ok(noted.and_then(|()| found.ok_or(ExchangeRefusal::NoSuchEvent)))
}
