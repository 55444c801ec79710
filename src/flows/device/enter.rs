//! A person types the code that stands on a device (RFC 8628 §3.3): from there it is an interaction like any other.

use serde::Deserialize as _;
use serde_json::json;

use crate::{
    assurance::failures::{Decision, Tally, Throttle},
    base::{Fault, Timestamp, ids::InteractionId},
    flows::{
        Provider,
        authorize::{Browser, NewCookie, begin::open_interaction},
        sign_in::counters::Subject,
    },
    oidc::{
        authorize::{Decoupled, DecoupledKind, Request},
        user_code::UserCode,
    },
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        device_codes::{self, StoredDeviceCode},
        failures::CounterKind,
    },
};

/// What came of it.
#[derive(Debug)]
pub enum Entered {
    /// On with the interaction.
    To { id: InteractionId, cookie: Option<NewCookie> },
    /// Not eight letters of the alphabet of user codes.
    Form,
    /// No device waits with this code: mistyped, answered already, or over.
    Unknown,
    /// Too many codes that were none (RFC 8628 §5.1).
    Wait { until: Timestamp },
}

/// Takes what a person typed. Who is signed in is counted by account, others by their network.
pub async fn enter(provider: &Provider, typed: &str, browser: &Browser, network: &str) -> Result<Entered, Fault> {
    let Some(code) = UserCode::parse(typed) else { return Ok(Entered::Form) };
    let account = browser.session.as_ref().map(|found| found.account.account_id);
    let throttle = if account.is_some() { Throttle::USER_CODES } else { Throttle::USER_CODES_NETWORK };
    let unit = LookUp {
        subject: Subject::of(&provider.secrets.counter_index, account, &format!("device:{network}")),
        throttle,
        user_code: *provider.secrets.codes.user_code(code.letters()).as_bytes(),
        now: browser.now,
    };
    let device = match provider.writer.submit(unit).await? {
        Found::Device(device) => device,
        Found::None => return Ok(Entered::Unknown),
        Found::Wait { until } => return Ok(Entered::Wait { until }),
    };
    let mut request = Request::deserialize(&device.request)
        .map_err(|_| Fault::inconsistent("device_authorization", "request", &device.id))?;
    let known = provider.clients.find(&provider.db, &device.client_id).await?;
    if known.is_none_or(|client| client.disabled) {
        return Ok(Entered::Unknown);
    }
    let kind = DecoupledKind::Device { user_code: code.to_string() };
    request.decoupled = Some(Decoupled { id: device.id, kind, expires_at: device.expires_at });
    let opened = open_interaction(provider, &request, browser).await?;
    Ok(opened.map_or(Entered::Unknown, |(id, cookie)| Entered::To { id, cookie }))
}

/// Looks a code up, and counts it when it is none: both in one unit, so that no burst gets around the count.
struct LookUp {
    subject: Subject,
    throttle: Throttle,
    user_code: [u8; 32],
    now: Timestamp,
}

enum Found {
    Device(Box<StoredDeviceCode>),
    None,
    Wait { until: Timestamp },
}

impl Unit for LookUp {
    type Out = Found;
    const KIND: &'static str = "device.enter";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(&self.user_code)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Found, Fault> {
        self.subject.take_turn(tx, CounterKind::UserCode).await?;
        let before: Tally = self.subject.tally(tx, CounterKind::UserCode).await?;
        if let Decision::Wait { until } = self.throttle.decide(&before, self.now) {
            return Ok(Found::Wait { until });
        }
        if let Some(device) = device_codes::find_pending(tx, &self.user_code, self.now).await? {
            return Ok(Found::Device(Box::new(device)));
        }
        let after = self.throttle.after_failure(&before, self.now);
        self.subject.set_tally(tx, CounterKind::UserCode, &after, self.now).await?;
        tx.record(
            AuditEvent::new(self.now, "device.code_unknown", Outcome::Refused, Actor::Person)
                .detail(json!({"consecutive": after.consecutive})),
        );
        Ok(Found::None)
    }
}
