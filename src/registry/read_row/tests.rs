use time::macros::date;

use super::*;

const TODAY: Date = date!(2026 - 11 - 22);

/// A sound row with some cells changed.
fn row(changes: &[(Field, &'static str)]) -> SourceRow<'static> {
    let mut row = SourceRow::default();
    for (field, cell) in [
        (Field::Number, "900085000001"),
        (Field::FullName, "Nguyễn Văn Thử"),
        (Field::BirthDate, "1985-03-05"),
        (Field::Sex, "male"),
        (Field::CardIssuedOn, "2021-05-10"),
        (Field::PermanentUnit, "00004"),
        (Field::PermanentLine, "Số 1, Phố Thử"),
    ]
    .iter()
    .chain(changes)
    {
        row.set(*field, *cell);
    }
    row
}

fn read(changes: &[(Field, &'static str)]) -> PersonRecord {
    PersonRecord::read(&row(changes), TODAY).unwrap()
}

#[test]
fn what_a_row_leaves_out_is_filled_by_rule() {
    let record = read(&[]);
    assert_eq!(record.nationality, "VN");
    assert_eq!(record.vital, Vital::Alive);
    let card = record.card.unwrap();
    assert_eq!((card.kind, card.status), (CardKind::CitizenCard, CardStatus::Valid));
    assert_eq!(card.expiry, Expiry::On(date!(2025 - 03 - 05)));
    assert_eq!(record.residences.len(), 1);
    assert_eq!(record.household, None);
    let bare = PersonRecord::read(
        &row(&[(Field::CardIssuedOn, ""), (Field::PermanentUnit, ""), (Field::PermanentLine, "")]),
        TODAY,
    )
    .unwrap();
    assert_eq!((bare.card, bare.residences.len()), (None, 0));
}

#[test]
fn a_full_row_is_read_and_written_back() {
    let record = read(&[
        (Field::FormerNumbers, "900185000001 900084000001"),
        (Field::CardExpiresOn, "never"),
        (Field::CardStatus, "held"),
        (Field::Ethnicity, "12"),
        (Field::Vital, "missing_declared"),
        (Field::VitalSince, "2026-01-02"),
        (Field::PermanentFrom, "1999-01-01"),
        (Field::PermanentAsRegistered, "Số 1, Phường Cống Vị, Quận Ba Đình, Thành phố Hà Nội"),
        (Field::TemporaryUnit, "00008"),
        (Field::TemporaryLine, "Số 2"),
        (Field::TemporaryFrom, "2026-01-01"),
        (Field::TemporaryTo, "2027-01-01"),
        (Field::CurrentUnit, "00025"),
        (Field::Phone, "0500 000 001"),
        (Field::Email, "thu@example.vn"),
        (Field::ResidenceFile, "TEST-1"),
        (Field::RelationToHead, "head"),
        (Field::FatherNumber, "900060000001"),
        (Field::MotherNumber, "900162000001"),
        (Field::SpouseNumber, "900187000001"),
        (Field::RepresentativeNumber, "900060000001"),
    ]);
    assert_eq!(record.former_numbers.len(), 2);
    assert_eq!(record.residences.len(), 3);
    let written = SourceRow::of(&record);
    assert_eq!(PersonRecord::read(&written, TODAY).unwrap(), record);
    let line = serde_json::to_string(&written).unwrap();
    let again: SourceRow<'_> = serde_json::from_str(&line).unwrap();
    assert_eq!(PersonRecord::read(&again, TODAY).unwrap(), record);
}

#[test]
fn each_fault_names_its_field_and_reason() {
    for (field, cell, reason) in [
        (Field::Number, "", Reason::Missing),
        (Field::Number, "12", Reason::Number(NumberError::Length(2))),
        (Field::FullName, " ", Reason::Missing),
        (Field::FullName, "Nguyễn 2", Reason::Name(NameError::NotALetter { letter: '2', position: 8 })),
        (Field::BirthDate, "1985-02-30", Reason::Birth(BirthDateError::NoSuchDay)),
        (Field::BirthDate, "2026-11-23", Reason::Birth(BirthDateError::Future)),
        (Field::BirthDate, "1800", Reason::Birth(BirthDateError::TooLongAgo)),
        (Field::Sex, "x", Reason::UnknownCode),
        (Field::Nationality, "vn", Reason::UnknownCode),
        (Field::Ethnicity, "57", Reason::UnknownCode),
        (Field::Vital, "gone", Reason::UnknownCode),
        (Field::VitalSince, "2026-01-01", Reason::AliveWithDay),
        (Field::VitalSince, "01/01/2026", Reason::Day),
        (Field::CardIssuedOn, "2026-11-23", Reason::Future),
        (Field::CardIssuedOn, "1985-03-04", Reason::BeforeBirth),
        (Field::CardExpiresOn, "2021-05-09", Reason::CardEndsBeforeIssue),
        (Field::CardExpiresOn, "soon", Reason::Day),
        (Field::CardKind, "passport", Reason::UnknownCode),
        (Field::CardStatus, "issued", Reason::UnknownCode),
        (Field::PermanentUnit, "99999", Reason::Address(AddressError::NoSuchUnit)),
        (Field::PermanentUnit, "01", Reason::Address(AddressError::NotACommune)),
        (Field::PermanentLine, "Số\u{7}1", Reason::Address(AddressError::LineControl)),
        (Field::TemporaryLine, "Số 1", Reason::WithoutItsOwner),
        (Field::TemporaryUnit, "00004", Reason::Residence(ResidenceError::TemporaryOpen)),
        (Field::Phone, "0281234567", Reason::Phone(PhoneError::NotMobile)),
        (Field::Email, "thu@", Reason::Email(EmailError::Form)),
        (Field::ResidenceFile, "=1", Reason::ResidenceFile),
        (Field::RelationToHead, "head", Reason::WithoutItsOwner),
        (Field::FormerNumbers, "900085000001", Reason::OwnNumber),
        (Field::FormerNumbers, "9000850000", Reason::Number(NumberError::Length(10))),
        (Field::FatherNumber, "900085000001", Reason::OwnNumber),
        (Field::SpouseNumber, "x", Reason::Number(NumberError::NotADigit(1))),
    ] {
        let faults = PersonRecord::read(&row(&[(field, cell)]), TODAY).unwrap_err();
        let at = if reason == Reason::Residence(ResidenceError::TemporaryOpen) { Field::TemporaryTo } else { field };
        assert!(faults.contains(&FieldFault { field: at, reason }), "{field:?} {cell:?}: {faults:?}");
    }
}

#[test]
fn all_faults_of_a_row_are_told_at_once() {
    let faults = PersonRecord::read(
        &row(&[(Field::Number, "1"), (Field::FullName, ""), (Field::Phone, "1"), (Field::CardExpiresOn, "x")]),
        TODAY,
    )
    .unwrap_err();
    let fields: Vec<_> = faults.iter().map(|fault| fault.field).collect();
    assert_eq!(fields, [Field::Number, Field::FullName, Field::Phone, Field::CardExpiresOn]);
}
