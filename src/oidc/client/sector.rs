//! Sectors: which clients know a person under the same pairwise `sub` (OpenID Connect Core §8.1).

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Client, GrantType, MetadataError, RegisteredBy};
use crate::{
    base::ids::ClientId,
    oidc::redirect_uri::{ApplicationType, RedirectUri, is_loopback},
};

impl Client {
    /// The host of `sector_identifier_uri`, else that of the redirect URIs. A client without a host of its own (a native
    /// app on loopback or a private-use scheme, or one without redirect URIs) is its own sector: anybody's app can name
    /// 127.0.0.1, and must not learn another's subjects by that.
    ///
    /// Redirect URIs prove something only of tokens that are fetched by them: a client that registered itself could name
    /// another's, and fetch the same people's subjects by a device code. So one with such a grant is its own sector too.
    pub fn sector(&self, own_id: &ClientId) -> String {
        let by_redirect = |grant: &GrantType| {
            matches!(grant, GrantType::AuthorizationCode | GrantType::RefreshToken | GrantType::ClientCredentials)
        };
        if self.registered_by == RegisteredBy::ItSelf && !self.grant_types.iter().all(by_redirect) {
            return format!("client:{own_id}");
        }
        let host = match &self.sector_identifier_uri {
            Some(uri) => url::Url::parse(uri).ok().and_then(|url| url.host_str().map(str::to_owned)),
            None => self.hosts().into_iter().next(),
        };
        host.unwrap_or_else(|| format!("client:{own_id}"))
    }

    fn hosts(&self) -> BTreeSet<String> {
        self.redirect_uris
            .iter()
            .filter_map(RedirectUri::host)
            .filter(|host| self.application_type == ApplicationType::Web || !is_loopback(host))
            .collect()
    }

    pub(super) fn check_sector(&self) -> Result<(), MetadataError> {
        if self.sector_identifier_uri.is_none() && self.hosts().len() > 1 {
            return Err(MetadataError::new(
                "sector_identifier_uri",
                "is required when redirect_uris have several hosts",
            ));
        }
        Ok(())
    }

    /// The document at `sector_identifier_uri` must list every redirect URI, so that nobody joins a sector uninvited
    /// (OpenID Connect Registration §5).
    pub fn check_sector_document(&self, json: &[u8]) -> Result<(), MetadataError> {
        let bad = |reason: &'static str| MetadataError::new("sector_identifier_uri", reason);
        let listed: Vec<Value> =
            serde_json::from_slice(json).map_err(|_| bad("does not lead to a JSON array of redirect URIs"))?;
        if self.redirect_uris.iter().all(|uri| listed.iter().any(|entry| entry.as_str() == Some(uri.as_str()))) {
            Ok(())
        } else {
            Err(bad("leads to a list that lacks a redirect URI of this client"))
        }
    }

    /// An update must keep the sector, or every person would become a stranger to the client.
    pub fn check_keeps_sector(&self, before: &Self, own_id: &ClientId) -> Result<(), MetadataError> {
        if self.sector(own_id) == before.sector(own_id) {
            return Ok(());
        }
        let field = if self.sector_identifier_uri == before.sector_identifier_uri {
            "redirect_uris"
        } else {
            "sector_identifier_uri"
        };
        Err(MetadataError::new(field, "would change the sector, and with it every sub that the client knows"))
    }
}
