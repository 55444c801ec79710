//! What a source may say of a person beside who they are and where they live: the fields 6 to 8, 10, 12, 13 and 21 of the Law
//! on Identification Art 9.

use time::Date;

use super::{
    UnitRef,
    address::{AddressError, clean},
    admin_unit,
    read_row::{FieldFault, Reason},
    record::{BloodGroup, Marital, Place},
    source_row::{Field, SourceRow},
};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Particulars {
    /// Nine digits.
    pub old_number: Option<String>,
    /// Sensitive, as the blood group is.
    pub religion: Option<String>,
    pub blood_group: Option<BloodGroup>,
    pub marital: Marital,
    pub birth_place: Option<Place>,
    pub registration_place: Option<Place>,
    pub ancestral_home: Option<Place>,
}

/// A place's columns: its words, its commune, its country.
type PlaceFields = [Field; 3];

pub(super) const BIRTH: PlaceFields = [Field::BirthPlace, Field::BirthPlaceUnit, Field::BirthPlaceCountry];
pub(super) const REGISTRATION: PlaceFields =
    [Field::RegistrationPlace, Field::RegistrationPlaceUnit, Field::RegistrationPlaceCountry];
pub(super) const HOME: PlaceFields = [Field::AncestralHome, Field::AncestralHomeUnit, Field::AncestralHomeCountry];

const MOST_RELIGION: usize = 100;

impl Particulars {
    /// Every fault is named by its field.
    pub(super) fn read(row: &SourceRow<'_>, today: Date, faults: &mut Vec<FieldFault>) -> Self {
        let mut cells = Cells { row, today, faults };
        Self {
            old_number: cells.read(Field::OldNumber, |text| {
                let nine = text.len() == 9 && text.bytes().all(|byte| byte.is_ascii_digit());
                if nine { Ok(text.to_owned()) } else { Err(Reason::OldNumber) }
            }),
            religion: cells.read(Field::Religion, |text| {
                let text = clean(text)?;
                let fits = text.chars().count() <= MOST_RELIGION;
                if fits { Ok(text) } else { Err(AddressError::LineTooLong.into()) }
            }),
            blood_group: cells.read(Field::BloodGroup, |code| BloodGroup::from_code(code).ok_or(Reason::UnknownCode)),
            marital: cells
                .read(Field::Marital, |code| Marital::from_code(code).ok_or(Reason::UnknownCode))
                .unwrap_or_default(),
            birth_place: cells.place(BIRTH),
            registration_place: cells.place(REGISTRATION),
            ancestral_home: cells.place(HOME),
        }
    }

    /// The cells from which [`Self::read`] gives the same again.
    pub(super) fn write<'a>(&'a self, row: &mut SourceRow<'a>) {
        row.set(Field::OldNumber, self.old_number.as_deref().unwrap_or_default());
        row.set(Field::Religion, self.religion.as_deref().unwrap_or_default());
        row.set(Field::BloodGroup, self.blood_group.map_or("", BloodGroup::code));
        if self.marital != Marital::Unknown {
            row.set(Field::Marital, Marital::code(self.marital));
        }
        let places =
            [(BIRTH, &self.birth_place), (REGISTRATION, &self.registration_place), (HOME, &self.ancestral_home)];
        for ([text, unit, country], place) in places {
            let Some(place) = place else { continue };
            row.set(text, place.text.as_str());
            row.set(unit, place.unit.as_ref().map(code_now).unwrap_or_default());
            row.set(country, place.country.as_str());
        }
    }
}

/// By the codes of the newest map: a file is read by those.
pub(super) fn code_now(unit: &UnitRef) -> String {
    let now = unit.unit().and_then(|own| admin_unit::as_of(own, Date::MAX));
    now.map_or_else(|| unit.code.clone(), |now| now.unit.code.to_owned())
}

struct Cells<'r> {
    row: &'r SourceRow<'r>,
    today: Date,
    faults: &'r mut Vec<FieldFault>,
}

impl Cells<'_> {
    fn read<T>(&mut self, field: Field, parse: impl FnOnce(&str) -> Result<T, Reason>) -> Option<T> {
        let text = Some(self.row.get(field).trim()).filter(|text| !text.is_empty())?;
        match parse(text) {
            Ok(value) => Some(value),
            Err(reason) => {
                self.faults.push(FieldFault { field, reason });
                None
            }
        }
    }

    fn place(&mut self, [text, unit, country]: PlaceFields) -> Option<Place> {
        let today = self.today;
        let unit = self.read(unit, |code| Ok(UnitRef::commune_on(code, today)?));
        let country = self.read(country, |code| {
            let sound = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
            if sound { Ok(code.to_owned()) } else { Err(Reason::UnknownCode) }
        });
        let text = self.read(text, |text| Ok(clean(text)?));
        let named = unit.as_ref().and_then(|unit| unit.names_on(today));
        // A country alone is a place too, unless it is this one: every message says so.
        let abroad = country.clone().filter(|country| country != "VN");
        let text = text.or(named).or(abroad)?;
        Some(Place { text, unit, country: country.unwrap_or_else(|| "VN".to_owned()) })
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    const TODAY: Date = date!(2026 - 11 - 22);

    fn read(cells: &[(Field, &'static str)]) -> (Particulars, Vec<FieldFault>) {
        let mut row = SourceRow::default();
        for (field, text) in cells {
            row.set(*field, *text);
        }
        let mut faults = Vec::new();
        let read = Particulars::read(&row, TODAY, &mut faults);
        (read, faults)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let (read_once, faults) = read(&[
            (Field::OldNumber, "012345678"),
            (Field::Religion, "Phật giáo"),
            (Field::BloodGroup, "AB"),
            (Field::Marital, "divorced_or_widowed"),
            (Field::BirthPlace, "Bệnh viện Phụ sản Hà Nội"),
            (Field::RegistrationPlaceUnit, "00004"),
            (Field::AncestralHome, "Paris"),
            (Field::AncestralHomeCountry, "FR"),
        ]);
        assert_eq!(faults, []);
        assert_eq!(read_once.registration_place.as_ref().unwrap().text, "Phường Ba Đình, Thành phố Hà Nội");
        assert_eq!(read_once.ancestral_home.as_ref().unwrap().country, "FR");
        let mut row = SourceRow::default();
        read_once.write(&mut row);
        let mut faults = Vec::new();
        assert_eq!((Particulars::read(&row, TODAY, &mut faults), faults), (read_once, Vec::new()));
        assert_eq!(read(&[(Field::BirthPlaceCountry, "VN")]).0, Particulars::default());
    }

    #[test]
    fn each_fault_is_named_by_its_field() {
        for (field, text) in [
            (Field::OldNumber, "12345678"),
            (Field::OldNumber, "01234567x"),
            (Field::BloodGroup, "01"),
            (Field::Marital, "yes"),
            (Field::Religion, "Phật\u{202E} giáo"),
            (Field::BirthPlaceUnit, "99999"),
            (Field::BirthPlaceCountry, "Việt Nam"),
            (Field::AncestralHome, "a\u{0}b"),
        ] {
            let faults = read(&[(field, text)]).1;
            assert_eq!(faults.iter().map(|fault| fault.field).collect::<Vec<_>>(), [field], "{text:?}");
        }
    }
}
