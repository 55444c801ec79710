//! The details as they were typed, and as they are understood: what is wrong with their form is told, what the registry says
//! of them is not.

use serde::{Deserialize, Serialize};
use time::{Date, Month};

use super::view::DetailsPage;
use crate::{
    base::{SecretBytes, typed::plain_digits},
    flows::account::register::Details,
    http::frame::{Problem, Problems, typed::TypedDate},
    oidc::params::Params,
    registry::{BirthDate, PersonName, PersonalNumber, PhoneNumber},
};

/// Longer values are nobody's; what is cut here would not have been understood either. All of them, in letters of four bytes,
/// still fit into the cookie that brings them back.
const NAME_CHARS: usize = 120;
const NUMBER_CHARS: usize = 40;
const PART_CHARS: usize = 12;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypedDetails {
    number: String,
    name: String,
    /// Day, month, year.
    birth: [String; 3],
    card: [String; 3],
    phone: String,
}

impl TypedDetails {
    /// Is it the form of the details at all?
    pub fn is_in(form: &Params) -> bool {
        form.iter().any(|(name, _)| name == "birth_year")
    }

    pub fn of_form(form: &Params) -> Self {
        let field = |name: &str, most: usize| {
            form.one(name).ok().flatten().unwrap_or_default().trim().chars().take(most).collect::<String>()
        };
        let part = |name: &str| field(name, PART_CHARS);
        Self {
            number: field("username", NUMBER_CHARS),
            name: field("name", NAME_CHARS),
            birth: [part("birth_day"), part("birth_month"), part("birth_year")],
            card: [part("card_day"), part("card_month"), part("card_year")],
            phone: field("phone", NUMBER_CHARS),
        }
    }

    /// As the record keeps them while the phone's code is awaited.
    pub fn to_be_sealed(&self) -> SecretBytes {
        SecretBytes::new(serde_json::to_vec(self).unwrap_or_default())
    }

    pub fn opened(typed: &SecretBytes) -> Option<Self> {
        serde_json::from_slice(typed.reveal()).ok()
    }

    /// Everything that is wrong at once, in the order of the fields.
    pub fn understand(&self, today: Date) -> Result<Details, Problems> {
        let number = self.number();
        let name = PersonName::parse(&self.name).map_err(|_| Problem::NameMissing);
        let birth = self.birth(today);
        let card_issued = self.card_issued(today);
        let phone = self.phone();
        match (number, name, birth, card_issued, phone) {
            (Ok(number), Ok(name), Ok(birth), Ok(card_issued), Ok(phone)) => {
                Ok(Details { number, name, birth, card_issued, phone })
            }
            (number, name, birth, card_issued, phone) => {
                let problems = [number.err(), name.err(), birth.err(), card_issued.err(), phone.err()];
                Err(Problems(problems.into_iter().flatten().collect()))
            }
        }
    }

    fn number(&self) -> Result<PersonalNumber, Problem> {
        if self.number.is_empty() {
            return Err(Problem::NumberMissing);
        }
        PersonalNumber::typed(&self.number).map_err(|_| Problem::NumberForm)
    }

    /// The year alone, or month and year, where the record knows no more.
    fn birth(&self, today: Date) -> Result<BirthDate, Problem> {
        let date = match self.birth.each_ref().map(String::as_str) {
            ["", "", ""] => return Err(Problem::BirthDateMissing),
            ["", "", text] => year(text).map(BirthDate::Year),
            ["", month, text] => {
                year(text).zip(month_of(month)).map(|(year, month)| BirthDate::YearMonth { year, month })
            }
            parts => full_date(parts).map(BirthDate::Full),
        };
        date.and_then(|date| date.plausible_on(today).ok()).ok_or(Problem::BirthDateForm)
    }

    fn card_issued(&self, today: Date) -> Result<Date, Problem> {
        match self.card.each_ref().map(String::as_str) {
            ["", "", ""] => Err(Problem::CardDateMissing),
            parts => full_date(parts).filter(|issued| *issued <= today).ok_or(Problem::CardDateForm),
        }
    }

    fn phone(&self) -> Result<PhoneNumber, Problem> {
        if self.phone.is_empty() {
            return Err(Problem::PhoneMissing);
        }
        PhoneNumber::parse(&plain_digits(&self.phone)).map_err(|_| Problem::PhoneForm)
    }

    pub fn page(self, problems: Problems) -> DetailsPage {
        let date = |[day, month, year]: [String; 3]| TypedDate { day, month, year };
        DetailsPage {
            number: self.number,
            name: self.name,
            birth: date(self.birth),
            card_issued: date(self.card),
            phone: self.phone,
            problems,
        }
    }
}

fn full_date([day, month, text]: [&str; 3]) -> Option<Date> {
    Date::from_calendar_date(year(text)?, month_of(month)?, u8::try_from(number(day)?).ok()?).ok()
}

fn month_of(text: &str) -> Option<Month> {
    Month::try_from(u8::try_from(number(text)?).ok()?).ok()
}

/// Of four digits: "85" may be either century.
fn year(text: &str) -> Option<i32> {
    number(text).filter(|_| plain_digits(text).len() == 4)
}

fn number(text: &str) -> Option<i32> {
    let text = plain_digits(text);
    (text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    const TODAY: Date = date!(2026 - 11 - 22);

    fn typed() -> TypedDetails {
        let owned = |parts: [&str; 3]| parts.map(str::to_owned);
        TypedDetails {
            number: "900 085 000 001".to_owned(),
            name: "Nguyễn  văn thử".to_owned(),
            birth: owned(["5", "03", "1985"]),
            card: owned(["10", "5", "2021"]),
            phone: "0500 000 001".to_owned(),
        }
    }

    fn birth(parts: [&str; 3]) -> Result<BirthDate, Problem> {
        TypedDetails { birth: parts.map(str::to_owned), ..typed() }.birth(TODAY)
    }

    #[test]
    fn what_people_write_is_understood() {
        let details = typed().understand(TODAY).unwrap();
        assert_eq!(details.number.as_str(), "900085000001");
        assert_eq!(details.birth, BirthDate::Full(date!(1985 - 03 - 05)));
        assert_eq!(details.card_issued, date!(2021 - 05 - 10));
        assert_eq!(details.phone.e164(), "+84500000001");
        assert_eq!(birth(["", "", "1950"]), Ok(BirthDate::Year(1950)));
        assert_eq!(birth(["", "7", "1950"]), Ok(BirthDate::YearMonth { year: 1950, month: Month::July }));
    }

    #[test]
    fn what_is_pasted_is_understood() {
        let owned = |parts: [&str; 3]| parts.map(str::to_owned);
        let pasted = TypedDetails {
            number: "９００.085.000-001".to_owned(),
            // Letters and marks apart, as some keyboards and files have them.
            name: "Nguye\u{302}\u{303}n văn thử".to_owned(),
            birth: owned(["29", "２", "２０００"]),
            card: owned([" 1 ", "1", "2021\u{a0}"]),
            phone: "\u{202d}+84 (500) 000-001\u{202c}".to_owned(),
        };
        let details = pasted.understand(TODAY).unwrap();
        assert_eq!(details.number.as_str(), "900085000001");
        assert_eq!(details.name, PersonName::parse("Nguyễn văn thử").unwrap());
        assert_eq!(details.birth, BirthDate::Full(date!(2000 - 02 - 29)));
        assert_eq!((details.card_issued, details.phone.e164()), (date!(2021 - 01 - 01), "+84500000001"));
        assert_eq!(birth(["29", "2", "1900"]), Err(Problem::BirthDateForm), "no leap year");
        assert_eq!(birth(["29", "2", "2025"]), Err(Problem::BirthDateForm));
    }

    #[test]
    fn every_problem_is_told_in_the_order_of_the_fields() {
        let problems = TypedDetails::default().understand(TODAY).unwrap_err();
        let missing = [
            Problem::NumberMissing,
            Problem::NameMissing,
            Problem::BirthDateMissing,
            Problem::CardDateMissing,
            Problem::PhoneMissing,
        ];
        assert_eq!(problems.0, missing);
        let wrong = TypedDetails {
            number: "12".to_owned(),
            birth: ["31", "2", "1990"].map(str::to_owned),
            card: ["1", "1", "2099"].map(str::to_owned),
            phone: "123".to_owned(),
            ..typed()
        };
        let form = [Problem::NumberForm, Problem::BirthDateForm, Problem::CardDateForm, Problem::PhoneForm];
        assert_eq!(wrong.understand(TODAY).unwrap_err().0, form);
    }

    #[test]
    fn dates_that_are_none() {
        for parts in [["5", "", "1985"], ["", "", "85"], ["", "13", "1985"], ["1", "1", "1800"], ["23", "11", "2026"]] {
            assert_eq!(birth(parts), Err(Problem::BirthDateForm), "{parts:?}");
        }
        for parts in [["٥", "3", "1985"], ["5", "3", "-985"], ["+5", "3", "1985"], ["x", "y", "z"]] {
            assert_eq!(birth(parts), Err(Problem::BirthDateForm), "{parts:?}");
        }
    }

    #[test]
    fn the_page_shows_what_was_typed() {
        let page = typed().page(Problems::none());
        assert_eq!((page.number.as_str(), page.birth.day.as_str()), ("900 085 000 001", "5"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(parts in proptest::array::uniform6(".{0,12}"), number in ".{0,20}", name in ".{0,40}") {
            let [a, b, c, d, e, f] = parts;
            let typed = TypedDetails { number: number.clone(), name, birth: [a, b, c], card: [d, e, f], phone: number };
            let _ = typed.understand(TODAY);
        }
    }
}
