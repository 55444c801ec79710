//! Members that this service refuses rather than ignores: whoever sends one relies on it.

use super::{
    members::{Members, MetadataError},
    vocabulary::RegisteredBy,
};

/// Extension members that an operator sets and a client that registers itself may not.
const OPERATOR_ONLY: &[&str] = &[
    "require_pkce",
    "profile",
    "min_acr",
    "scope_floors",
    "client_assertion_audience",
    "agency",
    "rp_class",
    "registry_events",
    "registry_changes",
    "userinfo_view",
    "legal_basis",
    "resource_uris",
    "resources",
    "delegates",
];

pub(super) fn check(members: Members<'_>, by: RegisteredBy) -> Result<(), MetadataError> {
    if by == RegisteredBy::ItSelf
        && let Some(field) = OPERATOR_ONLY.iter().find(|field| members.get(field).is_some())
    {
        return Err(MetadataError::new(*field, "is set by the operators of this service, not by self-registration"));
    }
    if by == RegisteredBy::Operator && members.get("software_statement").is_some() {
        let reason = "is for clients that register themselves: say here what it would say";
        return Err(MetadataError::new("software_statement", reason));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;

    fn checked(field: &str, value: Value, by: RegisteredBy) -> Result<(), MetadataError> {
        let map: Map<String, Value> = [(field.to_owned(), value)].into_iter().collect();
        check(Members(&map), by)
    }

    #[test]
    fn self_registration_may_not_set_operator_members() {
        for field in OPERATOR_ONLY {
            assert!(checked(field, json!(false), RegisteredBy::ItSelf).is_err(), "{field}");
            assert!(checked(field, json!(null), RegisteredBy::ItSelf).is_ok(), "{field}");
            assert!(checked(field, json!(false), RegisteredBy::Operator).is_ok(), "{field}");
        }
    }
}
