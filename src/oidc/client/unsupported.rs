//! Members that this service refuses rather than ignores: whoever sends one relies on it.

use serde_json::Value;

use super::{
    members::{Members, MetadataError},
    vocabulary::RegisteredBy,
};

const ENCRYPTION: &str = "asks for encryption, which is not implemented yet";

/// A deployed profile would quietly be weaker, or an answer of another form, without them.
const NOT_YET: &[(&str, &str)] = &[
    ("request_object_encryption_alg", ENCRYPTION),
    ("request_object_encryption_enc", ENCRYPTION),
    ("authorization_encrypted_response_alg", ENCRYPTION),
    ("authorization_encrypted_response_enc", ENCRYPTION),
];

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
    for (field, reason) in NOT_YET {
        if members.get(field).is_some_and(asks_for_something) {
            return Err(MetadataError::new(*field, *reason));
        }
    }
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

/// `false`, an empty text and an empty list say what we do anyway.
fn asks_for_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    fn checked(field: &str, value: Value, by: RegisteredBy) -> Result<(), MetadataError> {
        let map: Map<String, Value> = [(field.to_owned(), value)].into_iter().collect();
        check(Members(&map), by)
    }

    #[test]
    fn every_member_is_refused_with_its_reason() {
        for (field, reason) in NOT_YET {
            for value in [json!("RSA-OAEP"), json!(true), json!(["x"]), json!({}), json!(1)] {
                let error = checked(field, value, RegisteredBy::Operator).unwrap_err();
                assert_eq!((error.field.as_str(), &*error.reason), (*field, *reason));
            }
            for value in [json!(null), json!(false), json!(""), json!([])] {
                assert_eq!(checked(field, value, RegisteredBy::ItSelf), Ok(()));
            }
        }
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
