//! One row of an import or export file: named cells of text, the same for CSV and NDJSON.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, Visitor},
    ser::SerializeMap as _,
};

use super::{
    Card, Expiry, PersonRecord, Residence, ResidenceKind, card::CardKind, household::Relation, particulars::code_now,
};

macro_rules! fields {
    ($($name:ident => $column:literal),+ $(,)?) => {
        /// The columns of the file, in order.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field { $($name),+ }

        impl Field {
            pub const ALL: [Self; [$($column),+].len()] = [$(Self::$name),+];

            /// The column's header, and the member's name in NDJSON.
            pub const fn column(self) -> &'static str {
                match self { $(Self::$name => $column),+ }
            }
        }
    };
}

fields! {
    Number => "number",
    FormerNumbers => "former_numbers",
    FullName => "full_name",
    FamilyName => "family_name",
    MiddleName => "middle_name",
    GivenName => "given_name",
    BirthDate => "birth_date",
    Sex => "sex",
    Vital => "vital",
    VitalSince => "vital_since",
    Nationality => "nationality",
    Ethnicity => "ethnicity",
    CardKind => "card_kind",
    CardStatus => "card_status",
    CardIssuedOn => "card_issued_on",
    CardExpiresOn => "card_expires_on",
    PermanentUnit => "permanent_unit",
    PermanentLine => "permanent_line",
    PermanentFrom => "permanent_from",
    PermanentAsRegistered => "permanent_as_registered",
    TemporaryUnit => "temporary_unit",
    TemporaryLine => "temporary_line",
    TemporaryFrom => "temporary_from",
    TemporaryTo => "temporary_to",
    CurrentUnit => "current_unit",
    CurrentLine => "current_line",
    Phone => "phone",
    Email => "email",
    ResidenceFile => "residence_file",
    RelationToHead => "relation_to_head",
    FatherNumber => "father_number",
    MotherNumber => "mother_number",
    SpouseNumber => "spouse_number",
    RepresentativeNumber => "representative_number",
    OldNumber => "old_number",
    Religion => "religion",
    BloodGroup => "blood_group",
    Marital => "marital",
    BirthPlace => "birth_place",
    BirthPlaceUnit => "birth_place_unit",
    BirthPlaceCountry => "birth_place_country",
    RegistrationPlace => "registration_place",
    RegistrationPlaceUnit => "registration_place_unit",
    RegistrationPlaceCountry => "registration_place_country",
    AncestralHome => "ancestral_home",
    AncestralHomeUnit => "ancestral_home_unit",
    AncestralHomeCountry => "ancestral_home_country",
}

impl Field {
    /// A file without one of these columns says nothing about anybody.
    pub const REQUIRED: [Self; 3] = [Self::Number, Self::FullName, Self::BirthDate];

    pub fn of_column(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.column() == name)
    }

    const fn index(self) -> usize {
        self as usize
    }
}

/// A row's cells; an absent cell is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRow<'a>([Cow<'a, str>; Field::ALL.len()]);

impl Default for SourceRow<'_> {
    fn default() -> Self {
        Self([const { Cow::Borrowed("") }; Field::ALL.len()])
    }
}

impl<'a> SourceRow<'a> {
    pub fn get(&self, field: Field) -> &str {
        self.0.get(field.index()).map_or("", |cell| cell.as_ref())
    }

    pub fn set(&mut self, field: Field, cell: impl Into<Cow<'a, str>>) {
        if let Some(slot) = self.0.get_mut(field.index()) {
            *slot = cell.into();
        }
    }

    pub fn cells(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// What a file says about a person: reading it again gives the same record.
    pub fn of(record: &'a PersonRecord) -> Self {
        let mut row = Self::default();
        row.set(Field::Number, record.number.as_str());
        row.set(Field::FormerNumbers, joined(&record.former_numbers));
        row.set(Field::FullName, record.name.full());
        row.set(Field::FamilyName, record.name.family().unwrap_or_default());
        row.set(Field::MiddleName, record.name.middle().unwrap_or_default());
        row.set(Field::GivenName, record.name.given().unwrap_or_default());
        row.set(Field::BirthDate, record.birth.to_string());
        row.set(Field::Sex, record.sex.code());
        row.set(Field::Vital, record.vital.code());
        row.set(Field::VitalSince, record.vital.since().map(|day| day.to_string()).unwrap_or_default());
        row.set(Field::Nationality, record.nationality.as_str());
        row.set(Field::Ethnicity, record.ethnicity.as_deref().unwrap_or_default());
        row.set(Field::Phone, record.phone.as_ref().map(super::PhoneNumber::national).unwrap_or_default());
        row.set(Field::Email, record.email.as_ref().map_or("", |email| email.as_str()));
        if let Some(card) = &record.card {
            row.set_card(card);
        }
        for residence in &record.residences {
            row.set_residence(residence);
        }
        if let Some(membership) = &record.household {
            row.set(Field::ResidenceFile, membership.file.as_str());
            row.set(Field::RelationToHead, Relation::code(membership.relation));
        }
        row.set_relatives(record);
        record.particulars.write(&mut row);
        row
    }

    fn set_card(&mut self, card: &Card) {
        self.set(Field::CardKind, CardKind::code(card.kind));
        self.set(Field::CardStatus, card.status.code());
        self.set(Field::CardIssuedOn, card.issued_on.to_string());
        let expires: Cow<'_, str> = match card.expiry {
            Expiry::On(day) => day.to_string().into(),
            Expiry::Never => "never".into(),
        };
        self.set(Field::CardExpiresOn, expires);
    }

    fn set_residence(&mut self, residence: &'a Residence) {
        let (unit, line) = match residence.kind {
            ResidenceKind::Permanent => (Field::PermanentUnit, Field::PermanentLine),
            ResidenceKind::Temporary => (Field::TemporaryUnit, Field::TemporaryLine),
            ResidenceKind::Current => (Field::CurrentUnit, Field::CurrentLine),
        };
        self.set(unit, code_now(&residence.address.unit));
        self.set(line, residence.address.line.as_str());
        let day = |day: Option<time::Date>| day.map(|day| day.to_string()).unwrap_or_default();
        match residence.kind {
            ResidenceKind::Permanent => {
                self.set(Field::PermanentFrom, day(residence.from));
                // Where the code is another one since, the words say how it was.
                let own = residence.address.unit.unit().filter(|own| own.code != self.get(unit));
                let was = own.map(|own| residence.address.in_full_on(own.valid_from));
                let was = residence.address.as_registered.clone().or(was).unwrap_or_default();
                self.set(Field::PermanentAsRegistered, was);
            }
            ResidenceKind::Temporary => {
                self.set(Field::TemporaryFrom, day(residence.from));
                self.set(Field::TemporaryTo, day(residence.to));
            }
            ResidenceKind::Current => {}
        }
    }

    fn set_relatives(&mut self, record: &'a PersonRecord) {
        let relatives = &record.relatives;
        for (field, relative) in [
            (Field::FatherNumber, &relatives.father),
            (Field::MotherNumber, &relatives.mother),
            (Field::SpouseNumber, &relatives.spouse),
            (Field::RepresentativeNumber, &relatives.representative),
        ] {
            self.set(field, relative.as_ref().map_or("", |number| number.as_str()));
        }
    }
}

fn joined(numbers: &[super::PersonalNumber]) -> String {
    numbers.iter().map(super::PersonalNumber::as_str).collect::<Vec<_>>().join(" ")
}

impl Serialize for SourceRow<'_> {
    /// Empty cells are left out.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let filled = Field::ALL.into_iter().filter(|field| !self.get(*field).is_empty());
        let mut map = serializer.serialize_map(Some(filled.clone().count()))?;
        for field in filled {
            map.serialize_entry(field.column(), self.get(field))?;
        }
        map.end()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for SourceRow<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RowVisitor(std::marker::PhantomData))
    }
}

struct RowVisitor<'a>(std::marker::PhantomData<SourceRow<'a>>);

impl<'de: 'a, 'a> Visitor<'de> for RowVisitor<'a> {
    type Value = SourceRow<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object whose members are texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut row = SourceRow::default();
        let mut seen = 0_u64;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let field = Field::of_column(&key)
                .ok_or_else(|| de::Error::custom(format_args!("there is no member of the name {key:?}")))?;
            if seen & (1 << field.index()) != 0 {
                return Err(de::Error::custom(format_args!("the member {key:?} stands there twice")));
            }
            seen |= 1 << field.index();
            match map.next_value::<Cell<'de>>()? {
                Cell::Text(text) => row.set(field, text),
                Cell::Absent => {}
            }
        }
        Ok(row)
    }
}

/// A text or null. A number would have lost its leading zeros already, so it is refused.
enum Cell<'de> {
    Text(Cow<'de, str>),
    Absent,
}

impl<'de> Deserialize<'de> for Cell<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CellVisitor;
        impl<'de> Visitor<'de> for CellVisitor {
            type Value = Cell<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text in quotes")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cell::Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cell::Text(Cow::Owned(text.to_owned())))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Cell::Absent)
            }
        }
        deserializer.deserialize_any(CellVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_distinct_and_found_again() {
        for field in Field::ALL {
            assert_eq!(Field::of_column(field.column()), Some(field));
        }
        assert!(Field::ALL.len() < 64, "the visitor keeps one bit a field");
    }

    #[test]
    fn json_members_are_texts_named_once() {
        let read = |text: &'static str| serde_json::from_str::<SourceRow<'_>>(text);
        let row = read(r#"{"number":"900085000001","full_name":"Nguy\u1ec5n Thử","sex":null}"#).unwrap();
        assert_eq!(row.get(Field::Number), "900085000001");
        assert_eq!(row.get(Field::FullName), "Nguyễn Thử");
        assert_eq!(row.get(Field::Sex), "");
        assert!(read(r#"{"number":900085000001}"#).is_err());
        assert!(read(r#"{"numbers":"900085000001"}"#).is_err());
        assert!(read(r#"{"number":"1","number":"2"}"#).is_err());
        assert!(read(r#"["900085000001"]"#).is_err());
    }

    #[test]
    fn a_written_row_leaves_out_what_is_empty() {
        let mut row = SourceRow::default();
        row.set(Field::Number, "900085000001");
        row.set(Field::FullName, "Trần \"Mẫu\"");
        let text = serde_json::to_string(&row).unwrap();
        assert_eq!(text, r#"{"number":"900085000001","full_name":"Trần \"Mẫu\""}"#);
        assert_eq!(serde_json::from_str::<SourceRow<'_>>(&text).unwrap(), row);
    }
}
