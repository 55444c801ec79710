//! Rich authorization requests (RFC 9396): what exactly is asked for, beside scopes. Two types are known here; everything about
//! them is strict, because what is not understood would be agreed to without being understood (§5).

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    claims_request::ClaimRequest,
    error::{OAuthError, OAuthErrorCode},
    predicate::Predicate,
    scope::Scope,
    visible,
};
use crate::base::{ids::ClientId, json};

/// `authorization_details_types_supported` (RFC 9396 §10).
pub const TYPES: [&str; 2] = [IDENTITY_CHECK, DELEGATION];
const IDENTITY_CHECK: &str = "identity_check";
pub const DELEGATION: &str = "delegation";

const MAX_BYTES: usize = 8 * 1024;
/// In one request.
const MOST: usize = 5;
/// Characters of a procedure's code, a dossier's number, a field's value.
const MAX_TEXT: usize = 200;

/// One element of `authorization_details`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Detail {
    IdentityCheck(IdentityCheck),
    Delegation(Delegation),
}

/// Do these statements about the person agree with the register? Answered field by field, and with nothing of the record itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityCheck {
    /// The administrative procedure (thủ tục hành chính) by its national code.
    pub procedure: String,
    /// The file at the agency (hồ sơ).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dossier: Option<String>,
    /// What the person stated there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<CheckedField, String>,
    /// Questions by the names of their claims ([`Predicate`]): `age_over_18`, `alive`, `resident_in:01`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predicates: Vec<String>,
}

/// What a statement can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckedField {
    Name,
    Birthdate,
    Gender,
    IdNumber,
}

/// May the portal act for the person in one procedure?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    pub procedure: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dossier: Option<String>,
    /// The client that will act (RFC 8693 §4.4), among those that the portal registered; the portal itself where nobody is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegate: Option<ClientId>,
    pub actions: Vec<DelegatedAction>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DelegatedAction {
    Submit,
    Supplement,
    Withdraw,
    ReceiveResult,
}

macro_rules! names {
    ($name:ident { $($variant:ident = $text:literal),+ }) => {
        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
names!(CheckedField { Name = "name", Birthdate = "birthdate", Gender = "gender", IdNumber = "id_number" });
names!(DelegatedAction {
    Submit = "submit",
    Supplement = "supplement",
    Withdraw = "withdraw",
    ReceiveResult = "receive_result"
});

fn invalid(description: impl Into<String>) -> OAuthError {
    OAuthError::new(OAuthErrorCode::InvalidAuthorizationDetails, description.into())
}

/// RFC 9396 §2: a JSON array of objects. §5: unknown types, unknown members, missing and wrong ones are all refused.
pub fn parse(text: &str) -> Result<Vec<Detail>, OAuthError> {
    if text.len() > MAX_BYTES {
        return Err(invalid("authorization_details is larger than 8 KiB"));
    }
    // Of a member that stands twice the page would show one, and the API that reads the token might act on the other.
    let Ok(Value::Array(list)) = json::value(text.as_bytes()) else {
        return Err(invalid("authorization_details is not a JSON array in which each name stands once"));
    };
    if list.is_empty() || list.len() > MOST {
        return Err(invalid(format!("authorization_details has not 1 to {MOST} elements")));
    }
    let mut details: Vec<Detail> = Vec::new();
    for value in &list {
        let detail = detail(value)?;
        if details.contains(&detail) {
            return Err(invalid("authorization_details has the same element twice"));
        }
        details.push(detail);
    }
    Ok(details)
}

fn detail(value: &Value) -> Result<Detail, OAuthError> {
    let members = value.as_object().ok_or_else(|| invalid("an element of authorization_details is not an object"))?;
    match members.get("type").and_then(Value::as_str) {
        Some(IDENTITY_CHECK) => {
            only(members, &["type", "procedure", "dossier", "fields", "predicates"])?;
            let predicates = predicates(members)?;
            let fields = match members.get("fields") {
                None if !predicates.is_empty() => BTreeMap::new(),
                _ => fields(members)?,
            };
            Ok(Detail::IdentityCheck(IdentityCheck {
                procedure: required(members, "procedure")?,
                dossier: text(members, "dossier")?,
                fields,
                predicates,
            }))
        }
        Some(DELEGATION) => {
            only(members, &["type", "procedure", "dossier", "delegate", "actions"])?;
            let actions = actions(members)?;
            Ok(Detail::Delegation(Delegation {
                procedure: required(members, "procedure")?,
                dossier: text(members, "dossier")?,
                delegate: text(members, "delegate")?.map(ClientId),
                actions,
            }))
        }
        Some(_) => Err(invalid(format!("the type is not supported; expected one of {}", TYPES.join(" ")))),
        None => Err(invalid("an element of authorization_details has no type (RFC 9396 section 2)")),
    }
}

fn only(members: &Map<String, Value>, known: &[&str]) -> Result<(), OAuthError> {
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            Err(invalid(format!("the member {name} is not known for this type; expected {}", known.join(" "))))
        }
    }
}

fn text(members: &Map<String, Value>, name: &str) -> Result<Option<String>, OAuthError> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if is_plain(text) => Ok(Some(text.clone())),
        Some(_) => Err(invalid(format!("{name} is not a text of 1 to {MAX_TEXT} printable characters"))),
    }
}

fn required(members: &Map<String, Value>, name: &str) -> Result<String, OAuthError> {
    text(members, name)?.ok_or_else(|| invalid(format!("{name} is missing")))
}

fn is_plain(text: &str) -> bool {
    let length = text.chars().count();
    (1..=MAX_TEXT).contains(&length) && visible::is_plain(text)
}

fn fields(members: &Map<String, Value>) -> Result<BTreeMap<CheckedField, String>, OAuthError> {
    let expected = || {
        let names = CheckedField::ALL.iter().map(|field| field.as_str()).collect::<Vec<_>>().join(" ");
        invalid(format!("fields is an object of what the person stated, under some of {names}"))
    };
    let map = members.get("fields").and_then(Value::as_object).filter(|map| !map.is_empty()).ok_or_else(expected)?;
    map.iter()
        .map(|(name, value)| {
            let stated = value.as_str().filter(|text| is_plain(text)).ok_or_else(expected)?;
            Ok((CheckedField::parse(name).ok_or_else(expected)?, stated.to_owned()))
        })
        .collect()
}

/// Each is a question whole in its name; what somebody states is a field.
fn predicates(members: &Map<String, Value>) -> Result<Vec<String>, OAuthError> {
    let expected = || invalid("predicates is a list of 1 to 10 questions like age_over_18, alive or resident_in:01");
    let Some(value) = members.get("predicates") else { return Ok(Vec::new()) };
    let list = value.as_array().filter(|list| (1..=10).contains(&list.len())).ok_or_else(expected)?;
    let mut names: Vec<String> = Vec::new();
    for value in list {
        let name = value.as_str().ok_or_else(expected)?;
        Predicate::of_claim(name, &ClaimRequest::default()).ok_or_else(expected)?;
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

fn actions(members: &Map<String, Value>) -> Result<Vec<DelegatedAction>, OAuthError> {
    let expected = || {
        let names = DelegatedAction::ALL.iter().map(|action| action.as_str()).collect::<Vec<_>>().join(" ");
        invalid(format!("actions is a list of some of {names}"))
    };
    let list = members.get("actions").and_then(Value::as_array).filter(|list| !list.is_empty()).ok_or_else(expected)?;
    let mut actions = Vec::new();
    for value in list {
        let action = value.as_str().and_then(DelegatedAction::parse).ok_or_else(expected)?;
        if !actions.contains(&action) {
            actions.push(action);
        }
    }
    Ok(actions)
}

impl Detail {
    /// The registered name of its type.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::IdentityCheck(_) => IDENTITY_CHECK,
            Self::Delegation(_) => DELEGATION,
        }
    }

    /// By which floors it is held, under the names of [`super::policy::Policy::floor`]: a question by its claim's scope, everything else
    /// by its type.
    pub fn floors(&self) -> Vec<&'static str> {
        match self {
            Self::Delegation(_) => vec![DELEGATION],
            Self::IdentityCheck(check) => {
                let own = (!check.fields.is_empty()).then_some(IDENTITY_CHECK);
                let asked = check.predicates.iter().filter_map(|name| Scope::of_claim(name)).map(|scope| scope.name);
                own.into_iter().chain(asked).collect()
            }
        }
    }

    /// The client that a delegation names.
    pub fn delegate(&self) -> Option<&ClientId> {
        match self {
            Self::Delegation(delegation) => delegation.delegate.as_ref(),
            Self::IdentityCheck(_) => None,
        }
    }

    /// Who may act by it, of a grant of the client `own`; nobody by a check.
    pub fn actor<'a>(&'a self, own: &'a ClientId) -> Option<&'a ClientId> {
        match self {
            Self::Delegation(delegation) => Some(delegation.delegate.as_ref().unwrap_or(own)),
            Self::IdentityCheck(_) => None,
        }
    }

    /// As it stands in access tokens and introspection (RFC 9396 §9): for whom it is, a check's statements are none of their
    /// business, its fields' names are enough.
    pub fn for_resources(&self) -> Value {
        match self {
            Self::Delegation(_) => json!(self),
            Self::IdentityCheck(check) => {
                let mut value = json!(self);
                if let Some(members) = value.as_object_mut().filter(|_| !check.fields.is_empty()) {
                    members.insert("fields".to_owned(), json!(check.fields.keys().collect::<Vec<_>>()));
                }
                value
            }
        }
    }
}

/// RFC 9396 §6: a token request may ask for some of what was granted, and for nothing else.
pub fn narrowed(granted: &[Detail], asked: Option<&[Detail]>) -> Result<Vec<Detail>, OAuthError> {
    match asked {
        None => Ok(granted.to_vec()),
        Some(asked) if asked.iter().all(|detail| granted.contains(detail)) => Ok(asked.to_vec()),
        Some(_) => Err(invalid("authorization_details goes beyond what was granted (RFC 9396 section 6.1)")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CHECK: &str = r#"{"type":"identity_check","procedure":"1.004222","dossier":"H29.1","fields":{"name":"Nguyễn Văn Thử","birthdate":"1985-03-05"}}"#;
    const ACT: &str = r#"{"type":"delegation","procedure":"1.004222","actions":["submit","receive_result","submit"]}"#;

    fn both() -> Vec<Detail> {
        parse(&format!("[{CHECK},{ACT}]")).unwrap()
    }

    #[test]
    fn the_two_types_are_read_kept_and_written() {
        let details = both();
        assert_eq!(details.iter().map(Detail::type_name).collect::<Vec<_>>(), TYPES);
        let stored = serde_json::to_value(&details).unwrap();
        assert_eq!(serde_json::from_value::<Vec<Detail>>(stored.clone()).unwrap(), details);
        assert_eq!(stored[0], serde_json::from_str::<Value>(CHECK).unwrap());
        assert_eq!(stored[1]["actions"], json!(["submit", "receive_result"]));
        assert_eq!(parse(&stored.to_string()).unwrap(), details);
    }

    #[test]
    fn each_is_held_by_the_floors_of_what_it_asks() {
        assert_eq!(both()[0].floors(), [IDENTITY_CHECK]);
        assert_eq!(both()[1].floors(), [DELEGATION]);
        let asked = r#"[{"type":"identity_check","procedure":"1","predicates":["alive","resident_in:01"]}]"#;
        assert_eq!(parse(asked).unwrap()[0].floors(), ["vn_check", "vn_match"]);
    }

    #[test]
    fn tokens_hold_no_statement_about_the_person() {
        let shown = both()[0].for_resources();
        assert_eq!(shown["fields"], json!(["name", "birthdate"]));
        assert!(!shown.to_string().contains("Nguyễn") && !shown.to_string().contains("1985"));
        assert_eq!(both()[1].for_resources()["actions"], json!(["submit", "receive_result"]));
    }

    #[test]
    fn everything_else_is_refused() {
        for wrong in [
            "",
            "{}",
            "[]",
            "[1]",
            "[{}]",
            "[null]",
            r#"[{"type":1}]"#,
            r#"[{"type":"payment_initiation"}]"#,
            r#"[{"type":"identity_check"}]"#,
            r#"[{"type":"identity_check","procedure":"1"}]"#,
            r#"[{"type":"identity_check","procedure":"1","fields":{}}]"#,
            r#"[{"type":"identity_check","procedure":"1","fields":["name"]}]"#,
            r#"[{"type":"identity_check","procedure":"1","fields":{"religion":"x"}}]"#,
            r#"[{"type":"identity_check","procedure":"1","fields":{"name":""}}]"#,
            r#"[{"type":"identity_check","procedure":"1","fields":{"name":1}}]"#,
            r#"[{"type":"identity_check","procedure":"","fields":{"name":"x"}}]"#,
            r#"[{"type":"identity_check","procedure":"1","fields":{"name":"x"},"locations":[]}]"#,
            r#"[{"type":"identity_check","procedure":"1","predicates":[]}]"#,
            r#"[{"type":"identity_check","procedure":"1","predicates":["age_over_17"]}]"#,
            r#"[{"type":"identity_check","procedure":"1","predicates":["same_person_as"]}]"#,
            r#"[{"type":"identity_check","procedure":"1","predicates":"alive"}]"#,
            r#"[{"type":"delegation","procedure":"1"}]"#,
            r#"[{"type":"delegation","procedure":"1","actions":[]}]"#,
            r#"[{"type":"delegation","procedure":"1","actions":["sign"]}]"#,
            r#"[{"type":"delegation","procedure":"1\u0000","actions":["submit"]}]"#,
            r#"[{"type":"delegation","procedure":1,"actions":["submit"]}]"#,
            r#"[{"type":"delegation","procedure":"1","procedure":"2","actions":["submit"]}]"#,
            r#"[{"type":"identity_check","procedure":"1","fields":{"name":"A","name":"B"}}]"#,
            // The person reads these: nothing in them may turn the page around.
            "[{\"type\":\"delegation\",\"procedure\":\"1\u{202E}2\",\"actions\":[\"submit\"]}]",
            r#"[{"type":"delegation","procedure":"1","dossier":"a\u2066b","actions":["submit"]}]"#,
            r#"[{"type":"identity_check","procedure":"1","fields":{"name":"Th\u200f"}}]"#,
        ] {
            assert_eq!(parse(wrong).expect_err(wrong).code, OAuthErrorCode::InvalidAuthorizationDetails, "{wrong}");
        }
        assert!(parse(&format!("[{ACT},{ACT}]")).is_err());
        let six = [CHECK; 6].join(",");
        assert!(parse(&format!("[{six}]")).is_err());
        assert!(parse(&" ".repeat(MAX_BYTES + 1)).is_err());
        assert!(parse(&"[".repeat(8_000)).is_err());
    }

    #[test]
    fn a_token_request_narrows_and_never_widens() {
        let granted = both();
        assert_eq!(narrowed(&granted, None).unwrap(), granted);
        assert_eq!(narrowed(&granted, Some(&granted[1..])).unwrap(), granted[1..]);
        let other = parse(r#"[{"type":"delegation","procedure":"1.004222","actions":["withdraw"]}]"#).unwrap();
        assert!(narrowed(&granted, Some(&other)).is_err());
        assert!(narrowed(&[], Some(&granted[1..])).is_err());
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>(), json in "[\\[\\]{}\":,a-z_0-9 ]{0,80}") {
            let _ = parse(&text);
            let _ = parse(&json);
        }
    }
}
