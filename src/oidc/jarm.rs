//! Signed authorization responses (JWT Secured Authorization Response Mode, JARM §2.1): the answer's parameters as claims, for
//! one client and a short time.

use serde_json::{Map, Value};

use crate::base::{Span, Timestamp, ids::ClientId};

/// The parameter that carries the JWT (JARM §2.3).
pub const RESPONSE: &str = "response";

/// JARM §2.1 recommends at most ten minutes.
pub const LIFETIME: Span = Span::minutes(5);

/// The claims to sign. `iss` stands among the answer's own fields.
pub fn payload(
    fields: &[(&'static str, String)],
    client_id: &ClientId,
    now: Timestamp,
) -> Result<Vec<u8>, serde_json::Error> {
    let mut claims: Map<String, Value> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), Value::String(value.clone()))).collect();
    claims.insert("aud".to_owned(), client_id.as_str().into());
    claims.insert("exp".to_owned(), (now + LIFETIME).secs().into());
    serde_json::to_vec(&claims)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_example_of_the_specification() {
        let fields = [
            ("code", "PyyFaux2o7Q0YfXBU32jhw".to_owned()),
            ("state", "S8NJ7uqk5fY4EjNvP_G_FtyJu6pUsvH9jsYni9dMAJw".to_owned()),
            ("iss", "https://accounts.example.com".to_owned()),
        ];
        let now = Timestamp::from_secs(1_311_281_970);
        let claims: Value =
            serde_json::from_slice(&payload(&fields, &ClientId::from("s6BhdRkqt3"), now).unwrap()).unwrap();
        assert_eq!(
            claims,
            json!({
                "iss": "https://accounts.example.com", "aud": "s6BhdRkqt3", "exp": 1_311_282_270,
                "code": "PyyFaux2o7Q0YfXBU32jhw", "state": "S8NJ7uqk5fY4EjNvP_G_FtyJu6pUsvH9jsYni9dMAJw"
            })
        );
    }
}
