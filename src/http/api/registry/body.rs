//! Contents of requests, read member by member: each fault has its JSON pointer (RFC 6901), all are told at once.

use serde_json::{Map, Value};
use time::Date;

use crate::{
    base::json,
    flows::registry::{
        exchange::answers::{FIELDS, Predicate},
        match_person::Claim,
        statistics::{Dimension, Question},
    },
    oidc::{error::OAuthError, params::Params},
    registry::{BirthDate, PersonName, PersonalNumber, search::Within},
};

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyFault {
    pub pointer: String,
    pub detail: String,
}

/// JSON in which nothing stands twice, sent as such.
pub fn document(media: Option<&str>, bytes: &[u8]) -> Result<Value, Vec<BodyFault>> {
    let fault = |detail: &str| vec![BodyFault { pointer: String::new(), detail: detail.to_owned() }];
    let media = media.and_then(|media| media.split(';').next()).map(str::trim).unwrap_or_default();
    if !media.eq_ignore_ascii_case("application/json") {
        return Err(fault("the content must be application/json"));
    }
    json::value(bytes).map_err(|error| fault(&error.to_string()))
}

/// An object with nothing in it but what is known.
pub struct Content {
    members: Map<String, Value>,
    faults: Vec<BodyFault>,
}

impl Content {
    pub fn read(media: Option<&str>, bytes: &[u8], known: &[&str]) -> Result<Self, Vec<BodyFault>> {
        let fault = |detail: &str| vec![BodyFault { pointer: String::new(), detail: detail.to_owned() }];
        let Value::Object(members) = document(media, bytes)? else {
            return Err(fault("the content must be one object"));
        };
        let mut content = Self { members, faults: Vec::new() };
        let unknown: Vec<String> =
            content.members.keys().filter(|name| !known.contains(&name.as_str())).cloned().collect();
        for name in unknown {
            content.fault(&format!("/{}", name.replace('~', "~0").replace('/', "~1")), "there is no such member");
        }
        Ok(content)
    }

    fn fault(&mut self, pointer: &str, detail: &(impl ToString + ?Sized)) {
        self.faults.push(BodyFault { pointer: pointer.to_owned(), detail: detail.to_string() });
    }

    fn text<T, E: ToString>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let pointer = format!("/{name}");
        match self.members.get(name) {
            None | Some(Value::Null) => self.fault(&pointer, "this member is needed"),
            Some(Value::String(text)) => match parse(text) {
                Ok(value) => return Some(value),
                Err(error) => self.fault(&pointer, &error),
            },
            Some(_) => self.fault(&pointer, "this member is a text"),
        }
        None
    }

    /// `number`, `name`, `birth_date`: the three statements that every request about a person makes.
    pub fn claim(&mut self) -> Option<Claim> {
        let number = self.text("number", PersonalNumber::parse);
        let name = self.text("name", PersonName::parse);
        let birth = self.text("birth_date", BirthDate::parse);
        Some(Claim { number: number?, name: name?, birth: birth? })
    }

    /// `fields`: some of those that can be looked up; all when absent.
    pub fn fields(&mut self) -> Vec<&'static str> {
        let Some(list) = self.list("fields") else { return FIELDS.to_vec() };
        let mut fields = Vec::new();
        for (at, asked) in list.iter().enumerate() {
            match FIELDS.into_iter().find(|field| asked.as_str() == Some(field)) {
                Some(field) if !fields.contains(&field) => fields.push(field),
                Some(_) => {}
                None => self.fault(&format!("/fields/{at}"), &format!("is none of: {}", FIELDS.join(", "))),
            }
        }
        if fields.is_empty() && self.faults.is_empty() {
            self.fault("/fields", "at least one field is asked for");
        }
        fields
    }

    /// `ask`: one object a predicate.
    pub fn predicates(&mut self, today: Date) -> Vec<Predicate> {
        let Some(list) = self.list("ask") else {
            self.fault("/ask", "this member is needed");
            return Vec::new();
        };
        if list.is_empty() || list.len() > 20 {
            self.fault("/ask", "one to twenty predicates are asked at once");
        }
        let mut asked = Vec::new();
        for (at, one) in list.iter().take(20).enumerate() {
            match predicate(one, today) {
                Ok(predicate) => asked.push(predicate),
                Err(detail) => self.fault(&format!("/ask/{at}"), detail),
            }
        }
        asked
    }

    fn list(&mut self, name: &str) -> Option<Vec<Value>> {
        match self.members.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::Array(list)) => Some(list.clone()),
            Some(_) => {
                self.fault(&format!("/{name}"), "this member is a list");
                Some(Vec::new())
            }
        }
    }

    /// What was read, if nothing is wrong.
    pub fn done<T>(self, read: Option<T>) -> Result<T, Vec<BodyFault>> {
        read.filter(|_| self.faults.is_empty()).ok_or(self.faults)
    }
}

/// `by`, a list with commas, and `province`: what the table of counts is about.
pub fn question(query: &Result<Params, OAuthError>, today: Date) -> Result<Question, Vec<BodyFault>> {
    let fault = |name: &str, detail: &str| vec![BodyFault { pointer: format!("?{name}"), detail: detail.to_owned() }];
    let query = query.as_ref().map_err(|error| fault("", error.description()))?;
    let one = |name: &str| query.one(name).map_err(|error| fault(name, error.description()));
    let by = one("by")?.unwrap_or("unit").split(',').map(Dimension::parse).collect::<Option<Vec<_>>>();
    let by = by.filter(|by| (1..=3).contains(&by.len()));
    let by = by.ok_or_else(|| fault("by", "is one to three of: unit, age_band, sex, vital"))?;
    let province = one("province")?.map(|code| Within::parse(code, today)).transpose();
    let province = province.map_err(|error| fault("province", &error.to_string()))?.map(|within| within.province);
    Ok(Question { by, province })
}

fn predicate(asked: &Value, today: Date) -> Result<Predicate, &'static str> {
    const FORMS: &str = "is one of {\"age_over\": 0 to 130}, {\"alive\": true}, {\"resident_in\": code of a province or commune of today}";
    let Some((name, value)) = asked.as_object().filter(|one| one.len() == 1).and_then(|one| one.iter().next()) else {
        return Err(FORMS);
    };
    match name.as_str() {
        "age_over" => {
            let years = value.as_u64().and_then(|years| u8::try_from(years).ok()).filter(|years| *years <= 130);
            years.map(Predicate::AgeOver).ok_or(FORMS)
        }
        "alive" => value.as_bool().filter(|asked| *asked).map(|_| Predicate::Alive).ok_or(FORMS),
        "resident_in" => {
            let code = value.as_str().filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()));
            code.and_then(|code| Within::parse(code, today).ok()).map(Predicate::ResidentIn).ok_or(FORMS)
        }
        _ => Err(FORMS),
    }
}
