//! Questions with yes or no for an answer, in the place of data: claims whose name is the question.

use serde::{Deserialize, Serialize};

use super::claims_request::ClaimRequest;

/// Ages that some law asks for: 14 and 16 (responsibility, work), 18 (of age), 60 (the elderly).
const AGES: [(&str, u8); 4] = [("age_over_14", 14), ("age_over_16", 16), ("age_over_18", 18), ("age_over_60", 60)];
const RESIDENT_IN: &str = "resident_in:";
pub const SAME_PERSON_AS: &str = "same_person_as";
/// Longer than any name or number that somebody states.
const MAX_TEXT: usize = 200;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predicate {
    /// Has completed so many years.
    AgeOver(u8),
    Alive,
    /// Registered as resident, permanently or temporarily, in the unit of this code or in one of its communes.
    ResidentIn(String),
    SamePersonAs(StatedPerson),
}

/// What the relying party knows of somebody; at least the number, or a name with a birth date.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatedPerson {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birthdate: Option<String>,
}

impl Predicate {
    /// The question behind a claim's name; `same_person_as` has what is stated in its `value`. `None` for other claims and for
    /// questions that ask nothing.
    pub fn of_claim(name: &str, wanted: &ClaimRequest) -> Option<Self> {
        if let Some((_, age)) = AGES.iter().find(|(claim, _)| *claim == name) {
            return Some(Self::AgeOver(*age));
        }
        if let Some(code) = name.strip_prefix(RESIDENT_IN) {
            let is_code = (2..=5).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit());
            return is_code.then(|| Self::ResidentIn(code.to_owned()));
        }
        match name {
            "alive" => Some(Self::Alive),
            SAME_PERSON_AS => {
                let stated = StatedPerson::deserialize(wanted.value.as_ref()?).ok()?;
                stated.says_enough().then_some(Self::SamePersonAs(stated))
            }
            _ => None,
        }
    }

    /// Whether a claim's name is that of a question, whatever its value.
    pub fn is_named(name: &str) -> bool {
        name == "alive"
            || name == SAME_PERSON_AS
            || name.starts_with(RESIDENT_IN)
            || AGES.iter().any(|(claim, _)| *claim == name)
    }
}

impl StatedPerson {
    pub fn says_enough(&self) -> bool {
        let texts = [&self.id_number, &self.name, &self.birthdate];
        let fits = texts.iter().all(|text| text.as_ref().is_none_or(|text| (1..=MAX_TEXT).contains(&text.len())));
        fits && (self.id_number.is_some() || (self.name.is_some() && self.birthdate.is_some()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(name: &str, value: Value) -> Option<Predicate> {
        Predicate::of_claim(name, &ClaimRequest { value: Some(value), ..ClaimRequest::default() })
    }

    #[test]
    fn names_are_questions() {
        let of_name = |name: &str| Predicate::of_claim(name, &ClaimRequest::default());
        assert_eq!(of_name("age_over_60"), Some(Predicate::AgeOver(60)));
        assert_eq!(of_name("alive"), Some(Predicate::Alive));
        assert_eq!(of_name("resident_in:01"), Some(Predicate::ResidentIn("01".to_owned())));
        for none in [
            "age_over_17",
            "age_over_",
            "resident_in:",
            "resident_in:1",
            "resident_in:abcde",
            "resident_in:123456",
            "same_person_as",
            "name",
        ] {
            assert_eq!(of_name(none), None, "{none}");
        }
        assert!(
            Predicate::is_named("resident_in:x")
                && Predicate::is_named("same_person_as")
                && !Predicate::is_named("name")
        );
    }

    #[test]
    fn somebody_is_stated_by_number_or_by_name_and_birth_date() {
        for good in [
            json!({"id_number": "900085000001"}),
            json!({"name": "A", "birthdate": "1985"}),
            json!({"id_number": "1", "name": "x"}),
        ] {
            assert!(of("same_person_as", good.clone()).is_some(), "{good}");
        }
        for bad in [
            json!({}),
            json!({"name": "A"}),
            json!({"birthdate": "1985"}),
            json!("A"),
            json!({"id_number": 1}),
            json!({"id_number": ""}),
            json!({"id_number": "1", "gender": "male"}),
            json!({"id_number": "1".repeat(201)}),
        ] {
            assert_eq!(of("same_person_as", bad.clone()), None, "{bad}");
        }
    }
}
