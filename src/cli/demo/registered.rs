//! The portals' registrations. Their ids and secrets are made once; their addresses follow the ports at every start.

use serde_json::Value;

use super::{
    file::PortalEntry,
    ports::{OpenPortal, Ports},
};
use crate::{
    base::{Entropy, Fault, Timestamp, ids::ClientId},
    crypto::{
        OpaqueToken,
        opaque::{digest_of_text, kind},
    },
    oidc::client::{Client, RegisteredBy},
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        clients::{self, ClientState, NewClient},
    },
};

/// The portals as they are now, with the secrets that they had before.
pub fn entries(ports: &Ports, before: &[PortalEntry], entropy: &Entropy) -> Vec<PortalEntry> {
    let entry = |open: &OpenPortal| {
        let secret =
            before.iter().find(|entry| entry.client_id == open.spec.key).map(|entry| entry.client_secret.clone());
        let new_secret = || OpaqueToken::<kind::ClientSecret>::generate(entropy).reveal().reveal().to_owned();
        PortalEntry {
            name: open.spec.name.vi.to_owned(),
            url: open.url.origin().ascii_serialization(),
            client_id: open.spec.key.to_owned(),
            client_secret: secret.unwrap_or_else(new_secret),
            redirect_uris: redirect_uris(&open.spec.registration(&open.url)),
        }
    };
    ports.portals.iter().map(entry).collect()
}

fn redirect_uris(metadata: &Value) -> Vec<String> {
    let uris = metadata.get("redirect_uris").and_then(Value::as_array);
    uris.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Registers every portal, or moves it to where it is now.
pub struct RegisterPortals {
    portals: Vec<NewClient>,
    now: Timestamp,
}

impl RegisterPortals {
    pub fn new(ports: &Ports, entries: &[PortalEntry], now: Timestamp) -> Result<Self, Fault> {
        let portal = |(open, entry): (&OpenPortal, &PortalEntry)| {
            let metadata = open.spec.registration(&open.url);
            Client::register(&metadata, RegisteredBy::Operator)
                .map_err(|error| Fault::internal("a portal's registration", format!("{}: {error}", entry.client_id)))?;
            Ok(NewClient {
                client_id: ClientId(entry.client_id.clone()),
                secret_digest: Some(digest_of_text(&entry.client_secret).as_bytes().to_vec()),
                metadata,
                registered_by_self: false,
            })
        };
        let portals = ports.portals.iter().zip(entries).map(portal).collect::<Result<_, Fault>>()?;
        Ok(Self { portals, now })
    }
}

impl Unit for RegisterPortals {
    type Out = ();
    const KIND: &'static str = "demo.register_portals";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(b"demo")
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        for portal in &self.portals {
            let id = &portal.client_id;
            let action = match clients::find(tx, id).await? {
                None => {
                    clients::insert(tx, portal, self.now).await?;
                    "client.registered"
                }
                Some(known) if known.metadata == portal.metadata && known.secret_digest == portal.secret_digest => {
                    continue;
                }
                Some(_) => {
                    clients::replace(tx, id, &portal.metadata, portal.secret_digest.as_deref(), self.now).await?;
                    clients::set_state(tx, id, ClientState::Active, self.now).await?;
                    "client.replaced"
                }
            };
            tx.record(AuditEvent::new(self.now, action, Outcome::Done, Actor::CommandLine).client(id));
        }
        Ok(())
    }
}
