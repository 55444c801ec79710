//! The response (§5): what is held, cut down to what was asked; where a requirement is not met, nothing.

use serde_json::{Map, Value};
use time::{
    Date, OffsetDateTime, PrimitiveDateTime, Time, format_description::well_known::Rfc3339, macros::format_description,
};

use super::{CLAIMS, VerifiedRequest};
use crate::{
    base::Timestamp,
    oidc::userinfo::{PersonClaims, requested},
};

/// How a person was verified, whole; and the moment that ages are counted to.
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    pub held: Value,
    pub now: Timestamp,
}

/// One object, or an array of those whose requirements are met (§6.6); `None` when there is none.
pub fn respond(requests: &[VerifiedRequest], person: &PersonClaims) -> Option<Value> {
    let verification = person.verification()?;
    let mut met: Vec<Value> = requests.iter().filter_map(|request| one(request, person, verification)).collect();
    match met.len() {
        0 => None,
        1 => met.pop(),
        _ => Some(Value::Array(met)),
    }
}

fn one(request: &VerifiedRequest, person: &PersonClaims, verification: &Verification) -> Option<Value> {
    let Projected::Value(checked) = project(&request.verification, Some(&verification.held), verification.now) else {
        return None;
    };
    let claims: Map<String, Value> = request
        .claims
        .iter()
        .filter(|(name, _)| CLAIMS.contains(&name.as_str()))
        .filter_map(|(name, wanted)| requested(name, wanted, person))
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect();
    // §6.7.5: an object without claims would not be valid.
    (!claims.is_empty()).then(|| serde_json::json!({"verification": checked, "claims": claims}))
}

#[derive(Debug, PartialEq)]
enum Projected {
    Value(Value),
    /// Not held, and nothing was required of it: left out.
    Absent,
    /// §6.7.3: a requirement on the verification is not met, and the whole element is left out.
    Mismatch,
}

fn project(wanted: &Value, held: Option<&Value>, now: Timestamp) -> Projected {
    match (wanted, held) {
        (Value::Null, Some(held)) => Projected::Value(held.clone()),
        (Value::Array(any), Some(held)) if any.is_empty() => Projected::Value(held.clone()),
        (Value::Array(any), Some(Value::Array(all))) => any_of(any, all, now),
        (Value::Object(members), Some(Value::Object(held))) => project_members(members, held, now),
        (Value::Object(rule), Some(scalar)) if fits(rule, scalar, now) => Projected::Value(scalar.clone()),
        (Value::Object(_), Some(_)) => Projected::Mismatch,
        (_, None) if is_required(wanted) => Projected::Mismatch,
        _ => Projected::Absent,
    }
}

/// §6.4: entries of an array are alternatives.
fn any_of(any: &[Value], all: &[Value], now: Timestamp) -> Projected {
    let first = |held: &Value| {
        any.iter().find_map(|wanted| match project(wanted, Some(held), now) {
            Projected::Value(value) => Some(value),
            _ => None,
        })
    };
    let found: Vec<Value> = all.iter().filter_map(first).collect();
    if found.is_empty() { Projected::Mismatch } else { Projected::Value(Value::Array(found)) }
}

fn project_members(members: &Map<String, Value>, held: &Map<String, Value>, now: Timestamp) -> Projected {
    let mut out = Map::new();
    for (name, wanted) in members {
        // §6.4: asking for assurance_details never filters.
        if matches!(name.as_str(), "essential" | "assurance_details") {
            continue;
        }
        match project(wanted, held.get(name), now) {
            Projected::Value(value) => {
                out.insert(name.clone(), value);
            }
            Projected::Absent => {}
            Projected::Mismatch => return Projected::Mismatch,
        }
    }
    if out.is_empty() { Projected::Absent } else { Projected::Value(Value::Object(out)) }
}

fn fits(rule: &Map<String, Value>, held: &Value, now: Timestamp) -> bool {
    rule.iter().all(|(name, asked)| match name.as_str() {
        "value" => asked == held,
        "values" => asked.as_array().is_some_and(|any| any.contains(held)),
        "max_age" => {
            held.as_str().and_then(|text| age(text, now)).zip(asked.as_f64()).is_some_and(|(age, most)| age <= most)
        }
        "essential" => true,
        // A structure is asked for where there is none.
        _ => false,
    })
}

/// Whether something must be there for the answer to be what was asked for.
fn is_required(wanted: &Value) -> bool {
    match wanted {
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| matches!(name.as_str(), "value" | "values" | "max_age") || is_required(value)),
        Value::Array(any) => any.iter().any(is_required),
        _ => false,
    }
}

/// Seconds since a time, or since the last second of a day (§6.5.2).
#[expect(clippy::cast_precision_loss, reason = "ages of people's papers are far below 2^52 seconds")]
fn age(text: &str, now: Timestamp) -> Option<f64> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok().or_else(|| {
        let day = Date::parse(text, format_description!("[year]-[month]-[day]")).ok()?;
        Some(PrimitiveDateTime::new(day, Time::from_hms(23, 59, 59).ok()?).assume_utc())
    })?;
    Some((now.secs() - at.unix_timestamp()) as f64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn held() -> Value {
        json!({
            "trust_framework": "vn_eid", "assurance_level": "02", "time": "2026-11-01T00:00:00Z",
            "evidence": [{"type": "electronic_record", "time": "2026-11-22T05:00:00Z",
                "record": {"type": "population_register", "source": {"name": "CSDL", "country_code": "VNM"}}}],
        })
    }

    fn now() -> Timestamp {
        // 2026-11-22T05:00:00Z
        Timestamp::from_secs(1_795_323_600)
    }

    fn projected(wanted: &Value) -> Projected {
        project(wanted, Some(&held()), now())
    }

    #[test]
    fn what_was_asked_for_and_nothing_else() {
        let wanted = json!({
            "trust_framework": null, "assurance_process": null, "verification_process": {"essential": true},
            "evidence": [{"type": {"value": "electronic_record"}, "record": {"source": {"country_code": null}}}],
        });
        let expected = json!({
            "trust_framework": "vn_eid",
            "evidence": [{"type": "electronic_record", "record": {"source": {"country_code": "VNM"}}}],
        });
        assert_eq!(projected(&wanted), Projected::Value(expected));
    }

    #[test]
    fn requirements_are_met_or_nothing_is_answered() {
        for (wanted, is_met) in [
            (json!({"trust_framework": {"value": "vn_eid"}}), true),
            (json!({"trust_framework": {"value": "eidas"}}), false),
            (json!({"trust_framework": {"values": ["eidas", "vn_eid"]}}), true),
            (json!({"trust_framework": {"values": []}}), false),
            (json!({"trust_framework": null, "assurance_level": {"values": ["02"]}}), true),
            (json!({"trust_framework": null, "assurance_level": {"value": "01"}}), false),
            (json!({"trust_framework": null, "assurance_process": {"policy": {"value": "x"}}}), false),
            (json!({"trust_framework": null, "assurance_process": {"policy": null}}), true),
            (json!({"trust_framework": null, "time": {"max_age": 10_000_000}}), true),
            (json!({"trust_framework": null, "time": {"max_age": 60}}), false),
            (json!({"trust_framework": null, "evidence": [{"type": {"value": "document"}}]}), false),
            (
                json!({"trust_framework": null, "evidence": [{"type": {"value": "document"}}, {"type": {"value": "electronic_record"}}]}),
                true,
            ),
            (
                json!({"trust_framework": null, "evidence": [{"type": {"value": "electronic_record"}, "record": {"type": {"value": "bank_account"}}}]}),
                false,
            ),
            (
                json!({"trust_framework": null, "evidence": [{"type": {"value": "electronic_record"}, "time": {"max_age": 1}}]}),
                true,
            ),
            (
                json!({"trust_framework": null, "evidence": [{"type": {"value": "electronic_record"}, "assurance_details": [{"x": {"value": 1}}]}]}),
                true,
            ),
            (json!({"trust_framework": {"deeper": {"value": 1}}}), false),
        ] {
            assert_eq!(matches!(projected(&wanted), Projected::Value(_)), is_met, "{wanted}");
        }
    }

    #[test]
    fn days_end_at_their_last_second() {
        assert_eq!(age("2026-11-22T04:59:00Z", now()), Some(60.0));
        assert_eq!(age("2026-11-21", now()), Some(5.0 * 3_600.0 + 1.0));
        assert_eq!(age("yesterday", now()), None);
    }
}
