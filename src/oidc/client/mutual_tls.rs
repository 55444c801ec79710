//! `tls_client_auth_*` (RFC 8705 §2.1.2).

use super::{
    ClientAuthMethod,
    members::{Members, MetadataError},
};
use crate::oidc::{certificate::RegisteredName, distinguished_name::DistinguishedName};

const NAMES: [&str; 5] = [
    "tls_client_auth_subject_dn",
    "tls_client_auth_san_dns",
    "tls_client_auth_san_uri",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_email",
];

/// Exactly one of them with `tls_client_auth`, none with another method: it would mean nothing there.
pub(super) fn read(members: Members<'_>, method: ClientAuthMethod) -> Result<Option<RegisteredName>, MetadataError> {
    let given: Vec<&str> = NAMES.into_iter().filter(|name| members.get(name).is_some()).collect();
    match (method, given.as_slice()) {
        (ClientAuthMethod::TlsClientAuth, [only]) => registered(members, only).map(Some),
        (ClientAuthMethod::TlsClientAuth, _) => Err(MetadataError::new(
            *given.get(1).unwrap_or(&"tls_client_auth_subject_dn"),
            "or another tls_client_auth name is required for tls_client_auth: exactly one (RFC 8705 section 2.1.2)",
        )),
        (_, []) => Ok(None),
        (_, [name, ..]) => Err(MetadataError::new(*name, "is only for the method tls_client_auth")),
    }
}

fn registered(members: Members<'_>, field: &str) -> Result<RegisteredName, MetadataError> {
    let text = members.text(field, 1_000)?.unwrap_or_default().to_owned();
    let bad = |reason: &'static str| MetadataError::new(field, reason);
    Ok(match field {
        "tls_client_auth_subject_dn" => {
            let name = DistinguishedName::parse(&text).map_err(|error| MetadataError::new(field, error.to_string()))?;
            RegisteredName::SubjectDn { text, name }
        }
        "tls_client_auth_san_dns" if text.contains(['*', ' ', '/', ':']) => {
            return Err(bad("is not one host name; no wildcard stands for a client"));
        }
        "tls_client_auth_san_dns" => RegisteredName::SanDns(text),
        "tls_client_auth_san_uri" => RegisteredName::SanUri(text),
        "tls_client_auth_san_ip" => {
            RegisteredName::SanIp(text.parse().map_err(|_| bad("is not an IPv4 or IPv6 address"))?)
        }
        _ if !text.contains('@') => return Err(bad("is not an address of the form name@host")),
        _ => RegisteredName::SanEmail(text),
    })
}

/// The member and its value, as it is written back.
pub(super) fn member(name: &RegisteredName) -> (&'static str, String) {
    match name {
        RegisteredName::SubjectDn { text, .. } => ("tls_client_auth_subject_dn", text.clone()),
        RegisteredName::SanDns(text) => ("tls_client_auth_san_dns", text.clone()),
        RegisteredName::SanUri(text) => ("tls_client_auth_san_uri", text.clone()),
        RegisteredName::SanIp(ip) => ("tls_client_auth_san_ip", ip.to_string()),
        RegisteredName::SanEmail(text) => ("tls_client_auth_san_email", text.clone()),
    }
}
