//! Resource servers among the clients (RFC 8707): which addresses one serves, and which ones another may name. Both sides must
//! say so, or a client could make itself the audience of somebody else's tokens, or a token of ours open a stranger's door.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::members::{Members, MetadataError};
use crate::{base::ids::ClientId, oidc::resource::check_uri};

const MOST: usize = 50;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// `resource_uris`: what this client serves.
    pub serves: Vec<String>,
    /// `resources`: what it may ask tokens for, with the client that serves each.
    pub may_name: BTreeMap<String, ClientId>,
}

pub(super) fn read(members: Members<'_>) -> Result<Resources, MetadataError> {
    let mut serves = Vec::new();
    for uri in members.texts("resource_uris", 2_000)?.unwrap_or_default() {
        check_uri(uri).map_err(|error| MetadataError::new("resource_uris", format!("{uri}: {error}")))?;
        serves.push(uri.to_owned());
    }
    Ok(Resources { serves, may_name: may_name(members)? })
}

fn may_name(members: Members<'_>) -> Result<BTreeMap<String, ClientId>, MetadataError> {
    let wrong = |why: String| MetadataError::new("resources", why);
    let Some(value) = members.get("resources") else { return Ok(BTreeMap::new()) };
    let map = value.as_object().ok_or_else(|| wrong("is not an object of resource and client_id".to_owned()))?;
    if map.len() > MOST {
        return Err(wrong(format!("has more than {MOST} entries")));
    }
    map.iter()
        .map(|(uri, server)| {
            check_uri(uri).map_err(|error| wrong(format!("{uri}: {error}")))?;
            let server = server.as_str().ok_or_else(|| wrong(format!("{uri} has no client_id beside it")))?;
            Ok((uri.clone(), ClientId::from(server)))
        })
        .collect()
}

impl Resources {
    pub(super) fn write(&self, into: &mut Map<String, Value>) {
        if !self.serves.is_empty() {
            into.insert("resource_uris".to_owned(), json!(self.serves));
        }
        if !self.may_name.is_empty() {
            into.insert("resources".to_owned(), json!(self.may_name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(metadata: &Value) -> Result<Resources, MetadataError> {
        read(Members(metadata.as_object().unwrap()))
    }

    #[test]
    fn what_is_written_reads_back() {
        let metadata = json!({
            "resource_uris": ["https://api.example/", "urn:vn:api"], "resources": {"https://other.example/api": "other"}
        });
        let read_once = of(&metadata).unwrap();
        assert_eq!(read_once.may_name["https://other.example/api"].as_str(), "other");
        let mut written = Map::new();
        read_once.write(&mut written);
        assert_eq!(Value::Object(written), metadata);
        assert_eq!(of(&json!({})).unwrap(), Resources::default());
    }

    #[test]
    fn what_cannot_be_registered() {
        for (metadata, field) in [
            (json!({"resource_uris": ["/api"]}), "resource_uris"),
            (json!({"resource_uris": ["https://api.example/#x"]}), "resource_uris"),
            (json!({"resources": ["https://api.example/"]}), "resources"),
            (json!({"resources": {"api": "x"}}), "resources"),
            (json!({"resources": {"https://api.example/": 1}}), "resources"),
        ] {
            assert_eq!(of(&metadata).unwrap_err().field, field, "{metadata}");
        }
    }
}
