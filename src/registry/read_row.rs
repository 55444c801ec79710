//! From the cells of a row to a record: every fault of the row is found and named by its field.

use thiserror::Error;
use time::{Date, macros::format_description};

use super::{
    Address, BirthDate, Card, CardKind, CardStatus, EmailAddress, Expiry, PersonName, PersonRecord, PersonalNumber,
    PhoneNumber, Residence, ResidenceKind, Sex, UnitRef, Vital,
    address::AddressError,
    birth::BirthDateError,
    contact::{EmailError, PhoneError},
    ethnicity,
    household::{Membership, Relation, ResidenceFile},
    name::NameError,
    particulars::Particulars,
    person::Relatives,
    personal_number::NumberError,
    residence::ResidenceError,
    source_row::{Field, SourceRow},
};

/// What is wrong with one field of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldFault {
    pub field: Field,
    pub reason: Reason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Reason {
    #[error("this field is needed")]
    Missing,
    #[error(transparent)]
    Number(#[from] NumberError),
    #[error(transparent)]
    Name(#[from] NameError),
    #[error(transparent)]
    Birth(#[from] BirthDateError),
    #[error(transparent)]
    Phone(#[from] PhoneError),
    #[error(transparent)]
    Email(#[from] EmailError),
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error(transparent)]
    Residence(#[from] ResidenceError),
    #[error("this value is not in the list of allowed values")]
    UnknownCode,
    #[error("this is no day written as YYYY-MM-DD")]
    Day,
    #[error("this day lies in the future")]
    Future,
    #[error("this day lies before the birth")]
    BeforeBirth,
    #[error("the card ends before it was issued")]
    CardEndsBeforeIssue,
    #[error("this field has a value although the field it belongs to is empty")]
    WithoutItsOwner,
    #[error("someone alive has no day of death or disappearance")]
    AliveWithDay,
    #[error("a person cannot be their own relative, nor their present number a former one")]
    OwnNumber,
    #[error("a residence file number has 1 to 40 letters, digits, dots, hyphens or slashes")]
    ResidenceFile,
    #[error("an old number has nine digits")]
    OldNumber,
    #[error("this number is known with another name, birth date or sex; a correction is an event, not an import")]
    KnownDifferently,
    #[error("this number already leads to another person")]
    LeadsToAnother,
}

/// The reading of one row as of a day; faults gather.
struct Reader<'r> {
    row: &'r SourceRow<'r>,
    today: Date,
    faults: Vec<FieldFault>,
}

impl PersonRecord {
    /// Every rule that needs nothing but the row itself; `today` bounds what can have happened.
    pub fn read(row: &SourceRow<'_>, today: Date) -> Result<Self, Vec<FieldFault>> {
        let mut reader = Reader { row, today, faults: Vec::new() };
        let record = reader.record();
        match record {
            Some(record) if reader.faults.is_empty() => Ok(record),
            _ => Err(reader.faults),
        }
    }
}

impl<'r> Reader<'r> {
    fn record(&mut self) -> Option<PersonRecord> {
        let number = self.needed(Field::Number, |text| PersonalNumber::parse(text).map_err(Reason::from));
        let name = self.name();
        let today = self.today;
        let birth = self.needed(Field::BirthDate, |text| {
            BirthDate::parse(text).and_then(|birth| birth.plausible_on(today)).map_err(Reason::from)
        });
        let sex = self.optional(Field::Sex, |text| Sex::parse(text).ok_or(Reason::UnknownCode)).unwrap_or_default();
        let nationality = self.optional(Field::Nationality, |text| {
            let sound = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
            if sound { Ok(text.to_owned()) } else { Err(Reason::UnknownCode) }
        });
        let ethnicity = self.optional(Field::Ethnicity, |text| {
            ethnicity::by_code(text).map(|group| group.code.to_owned()).ok_or(Reason::UnknownCode)
        });
        let phone = self.optional(Field::Phone, |text| PhoneNumber::parse(text).map_err(Reason::from));
        let email = self.optional(Field::Email, |text| EmailAddress::parse(text).map_err(Reason::from));
        let household = self.household();
        let vital = self.vital(birth);
        let card = self.card(number, birth);
        let residences = self.residences();
        let former_numbers = self.former_numbers(number);
        let particulars = Particulars::read(self.row, today, &mut self.faults);
        let relatives = Relatives {
            father: self.relative(Field::FatherNumber, number),
            mother: self.relative(Field::MotherNumber, number),
            spouse: self.relative(Field::SpouseNumber, number),
            representative: self.relative(Field::RepresentativeNumber, number),
        };
        Some(PersonRecord {
            number: number?,
            former_numbers,
            name: name?,
            birth: birth?,
            sex,
            vital,
            nationality: nationality.unwrap_or_else(|| "VN".to_owned()),
            ethnicity,
            card,
            residences,
            phone,
            email,
            household,
            relatives,
            particulars,
        })
    }

    fn fault(&mut self, field: Field, reason: Reason) {
        self.faults.push(FieldFault { field, reason });
    }

    fn cell(&self, field: Field) -> Option<&'r str> {
        let row: &'r SourceRow<'r> = self.row;
        Some(row.get(field).trim()).filter(|text| !text.is_empty())
    }

    fn optional<T>(&mut self, field: Field, parse: impl FnOnce(&str) -> Result<T, Reason>) -> Option<T> {
        match parse(self.cell(field)?) {
            Ok(value) => Some(value),
            Err(reason) => {
                self.fault(field, reason);
                None
            }
        }
    }

    fn needed<T>(&mut self, field: Field, parse: impl FnOnce(&str) -> Result<T, Reason>) -> Option<T> {
        if self.cell(field).is_none() {
            self.fault(field, Reason::Missing);
            return None;
        }
        self.optional(field, parse)
    }

    fn day(&mut self, field: Field) -> Option<Date> {
        self.optional(field, |text| {
            Date::parse(text, format_description!("[year]-[month]-[day]")).map_err(|_| Reason::Day)
        })
    }

    fn past_day(&mut self, field: Field, birth: Option<BirthDate>) -> Option<Date> {
        let day = self.day(field)?;
        if day > self.today {
            self.fault(field, Reason::Future);
        } else if birth.is_some_and(|birth| day < birth.earliest()) {
            self.fault(field, Reason::BeforeBirth);
        }
        Some(day)
    }

    fn name(&mut self) -> Option<PersonName> {
        let row = self.row;
        let parts = [Field::FamilyName, Field::MiddleName, Field::GivenName].map(|field| row.get(field));
        self.needed(Field::FullName, |text| PersonName::with_parts(text, parts).map_err(Reason::from))
    }

    fn former_numbers(&mut self, current: Option<PersonalNumber>) -> Vec<PersonalNumber> {
        let row = self.row;
        let mut numbers = Vec::new();
        for text in row.get(Field::FormerNumbers).split([' ', ';', '|']).filter(|text| !text.is_empty()) {
            match PersonalNumber::parse(text) {
                Ok(number) if Some(number) == current => self.fault(Field::FormerNumbers, Reason::OwnNumber),
                Ok(number) if numbers.contains(&number) => {}
                Ok(number) => numbers.push(number),
                Err(error) => self.fault(Field::FormerNumbers, error.into()),
            }
        }
        numbers
    }

    fn relative(&mut self, field: Field, own: Option<PersonalNumber>) -> Option<PersonalNumber> {
        self.optional(field, |text| match PersonalNumber::parse(text) {
            Ok(number) if Some(number) == own => Err(Reason::OwnNumber),
            Ok(number) => Ok(number),
            Err(error) => Err(error.into()),
        })
    }

    fn vital(&mut self, birth: Option<BirthDate>) -> Vital {
        let since = self.past_day(Field::VitalSince, birth);
        let code = self.cell(Field::Vital).unwrap_or("alive");
        if let Some(vital) = Vital::from_code(code, since) {
            return vital;
        }
        if code == "alive" {
            self.fault(Field::VitalSince, Reason::AliveWithDay);
        } else {
            self.fault(Field::Vital, Reason::UnknownCode);
        }
        Vital::default()
    }

    fn card(&mut self, number: Option<PersonalNumber>, birth: Option<BirthDate>) -> Option<Card> {
        if self.cell(Field::CardIssuedOn).is_none() {
            for field in [Field::CardKind, Field::CardStatus, Field::CardExpiresOn] {
                if self.cell(field).is_some() {
                    self.fault(field, Reason::WithoutItsOwner);
                }
            }
            return None;
        }
        let issued_on = self.past_day(Field::CardIssuedOn, birth)?;
        let kind = self.optional(Field::CardKind, |code| CardKind::from_code(code).ok_or(Reason::UnknownCode));
        let status = self.optional(Field::CardStatus, |code| CardStatus::from_code(code).ok_or(Reason::UnknownCode));
        let expiry = match self.cell(Field::CardExpiresOn) {
            Some("never") => Expiry::Never,
            Some(_) => Expiry::On(self.day(Field::CardExpiresOn)?),
            None => Expiry::by_law(birth?, issued_on),
        };
        if !expiry.includes(issued_on) {
            self.fault(Field::CardExpiresOn, Reason::CardEndsBeforeIssue);
        }
        Some(Card {
            kind: kind.unwrap_or_else(|| CardKind::issued_in(issued_on)),
            status: status.unwrap_or(CardStatus::Valid),
            issued_on,
            expiry,
            number: number?,
            issuer: "Bộ Công an".to_owned(),
        })
    }

    fn residences(&mut self) -> Vec<Residence> {
        let permanent_from = self.day(Field::PermanentFrom);
        let span = (self.day(Field::TemporaryFrom), self.day(Field::TemporaryTo));
        [
            (ResidenceKind::Permanent, Field::PermanentUnit, Field::PermanentLine, (permanent_from, None)),
            (ResidenceKind::Temporary, Field::TemporaryUnit, Field::TemporaryLine, span),
            (ResidenceKind::Current, Field::CurrentUnit, Field::CurrentLine, (None, None)),
        ]
        .into_iter()
        .filter_map(|(kind, unit, line, span)| self.residence(kind, unit, line, span))
        .collect()
    }

    fn residence(
        &mut self,
        kind: ResidenceKind,
        unit_field: Field,
        line_field: Field,
        (from, to): (Option<Date>, Option<Date>),
    ) -> Option<Residence> {
        let row = self.row;
        if self.cell(unit_field).is_none() {
            if self.cell(line_field).is_some() {
                self.fault(line_field, Reason::WithoutItsOwner);
            }
            return None;
        }
        let today = self.today;
        let unit = self.optional(unit_field, |code| UnitRef::commune_on(code, today).map_err(Reason::from))?;
        let as_registered = (kind == ResidenceKind::Permanent).then(|| row.get(Field::PermanentAsRegistered));
        let address = Address::new(row.get(line_field), unit, as_registered);
        match address.map_err(Reason::from).and_then(|address| Ok(Residence::new(kind, address, from, to)?)) {
            Ok(residence) => Some(residence),
            Err(reason @ Reason::Residence(_)) => {
                self.fault(Field::TemporaryTo, reason);
                None
            }
            Err(reason) => {
                self.fault(line_field, reason);
                None
            }
        }
    }

    fn household(&mut self) -> Option<Membership> {
        let file =
            self.optional(Field::ResidenceFile, |text| ResidenceFile::parse(text).map_err(|_| Reason::ResidenceFile));
        let relation =
            self.optional(Field::RelationToHead, |code| Relation::from_code(code).ok_or(Reason::UnknownCode));
        if file.is_none() && relation.is_some() && self.cell(Field::ResidenceFile).is_none() {
            self.fault(Field::RelationToHead, Reason::WithoutItsOwner);
        }
        // A household is where its members have their permanent residence.
        if file.is_some() && self.cell(Field::PermanentUnit).is_none() {
            self.fault(Field::ResidenceFile, Reason::WithoutItsOwner);
        }
        Some(Membership { file: file?, relation: relation.unwrap_or(Relation::Other) })
    }
}

#[cfg(test)]
mod tests;
