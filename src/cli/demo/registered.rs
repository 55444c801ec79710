//! The portals' registrations. Their ids and secrets are made once; their addresses follow the ports at every start.

use serde_json::{Value, json};

use super::{
    file::{PortalEntry, ResourceEntry},
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

const RESOURCE_CLIENT: &str = "demo-records";

/// The API as it is now, with the secret that it had before.
pub fn resource_entry(ports: &Ports, before: Option<&ResourceEntry>, entropy: &Entropy) -> ResourceEntry {
    let resource = ports.resource.url.origin().ascii_serialization();
    let new_secret = || OpaqueToken::<kind::ClientSecret>::generate(entropy).reveal().reveal().to_owned();
    ResourceEntry {
        name: "Sổ tiêm chủng".to_owned(),
        url: resource.clone(),
        resource,
        client_id: RESOURCE_CLIENT.to_owned(),
        client_secret: before.map_or_else(new_secret, |entry| entry.client_secret.clone()),
        paths: [
            ("/appointments", "an access token for this resource"),
            ("/records", "acr urn:vn:xacthuc:2, auth_time within 900 seconds"),
        ]
        .map(|(path, needs)| (path.to_owned(), needs.to_owned()))
        .into(),
    }
}

/// A resource server among the clients: it asks for nothing, and serves its own address.
fn resource_metadata(entry: &ResourceEntry) -> Value {
    json!({
        "client_name": entry.name, "client_name#vi": entry.name, "client_name#en": "Vaccination record",
        "agency": "Bộ Y tế", "grant_types": ["client_credentials"], "response_types": [],
        "token_endpoint_auth_method": "client_secret_basic", "resource_uris": [entry.resource],
    })
}

fn redirect_uris(metadata: &Value) -> Vec<String> {
    let uris = metadata.get("redirect_uris").and_then(Value::as_array);
    uris.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Registers every portal and the API that they call, or moves it to where it is now.
pub struct RegisterPortals {
    portals: Vec<NewClient>,
    now: Timestamp,
}

impl RegisterPortals {
    pub fn new(
        ports: &Ports,
        (entries, resource): (&[PortalEntry], &ResourceEntry),
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let portal = |(open, entry): (&OpenPortal, &PortalEntry)| {
            let mut metadata = open.spec.registration(&open.url);
            if let Some(members) = metadata.as_object_mut() {
                let resources = json!({ resource.resource.clone(): resource.client_id });
                members.insert("resources".to_owned(), resources);
            }
            client(&entry.client_id, &entry.client_secret, metadata)
        };
        let api = client(&resource.client_id, &resource.client_secret, resource_metadata(resource));
        let all = std::iter::once(api).chain(ports.portals.iter().zip(entries).map(portal));
        Ok(Self { portals: all.collect::<Result<_, Fault>>()?, now })
    }
}

fn client(id: &str, secret: &str, metadata: Value) -> Result<NewClient, Fault> {
    Client::register(&metadata, RegisteredBy::Operator)
        .map_err(|error| Fault::internal("a registration of the demo", format!("{id}: {error}")))?;
    Ok(NewClient {
        client_id: ClientId::from(id),
        secret_digest: Some(digest_of_text(secret).as_bytes().to_vec()),
        metadata,
        registered_by_self: false,
    })
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
