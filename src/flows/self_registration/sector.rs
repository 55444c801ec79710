//! The document behind `sector_identifier_uri` (OpenID Connect Registration §5): fetched by the guarded client, at creation and
//! at every change.

use url::Url;

use crate::{
    oidc::client::{Client, MetadataError},
    outbound::Outbound,
};

pub async fn check(outbound: &Outbound, client: &Client) -> Result<(), MetadataError> {
    let Some(uri) = &client.sector_identifier_uri else { return Ok(()) };
    let bad = |reason: String| MetadataError::new("sector_identifier_uri", reason);
    let url = Url::parse(uri).map_err(|error| bad(error.to_string()))?;
    let answer = outbound.get(&url).await.map_err(|error| bad(format!("could not be fetched: {error}")))?;
    if answer.status != 200 {
        return Err(bad(format!("was answered with status {}, expected 200", answer.status.as_u16())));
    }
    client.check_sector_document(&answer.body)
}
