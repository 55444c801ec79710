//! Why a row was refused, as a stable code and in Vietnamese; the English is the reason's own `Display`.

use crate::registry::{
    Reason,
    address::AddressError,
    birth::BirthDateError,
    contact::{EmailError, PhoneError},
    name::NameError,
    personal_number::NumberError,
    residence::ResidenceError,
};

/// The code in reports: the same word for the same thing for ever.
pub const fn code(reason: &Reason) -> &'static str {
    match reason {
        Reason::Missing => "missing",
        Reason::Number(NumberError::Empty) => "number.empty",
        Reason::Number(NumberError::Length(_)) => "number.length",
        Reason::Number(NumberError::NotADigit(_)) => "number.not_a_digit",
        Reason::Name(error) => name_code(error),
        Reason::Birth(error) => birth_code(*error),
        Reason::Phone(PhoneError::Empty) => "phone.empty",
        Reason::Phone(PhoneError::NotADigit) => "phone.not_a_digit",
        Reason::Phone(PhoneError::NotMobile) => "phone.not_mobile",
        Reason::Email(EmailError::Empty) => "email.empty",
        Reason::Email(EmailError::Form) => "email.form",
        Reason::Address(AddressError::NoSuchUnit) => "address.no_such_unit",
        Reason::Address(AddressError::NotACommune) => "address.not_a_commune",
        Reason::Address(AddressError::LineTooLong) => "address.too_long",
        Reason::Address(AddressError::LineControl) => "address.control_characters",
        Reason::Residence(ResidenceError::Backwards) => "residence.backwards",
        Reason::Residence(ResidenceError::TemporaryOpen) => "residence.temporary_open",
        Reason::Residence(ResidenceError::TemporaryTooLong) => "residence.temporary_too_long",
        Reason::UnknownCode => "unknown_code",
        Reason::Day => "day",
        Reason::Future => "future",
        Reason::BeforeBirth => "before_birth",
        Reason::CardEndsBeforeIssue => "card.ends_before_issue",
        Reason::WithoutItsOwner => "without_its_owner",
        Reason::AliveWithDay => "alive_with_day",
        Reason::OwnNumber => "own_number",
        Reason::ResidenceFile => "residence_file",
        Reason::OldNumber => "old_number",
        Reason::KnownDifferently => "known_differently",
        Reason::LeadsToAnother => "leads_to_another",
    }
}

const fn name_code(error: &NameError) -> &'static str {
    match error {
        NameError::Empty => "name.empty",
        NameError::TooLong => "name.too_long",
        NameError::BadEncoding => "name.bad_encoding",
        NameError::NotALetter { .. } => "name.not_a_letter",
        NameError::PartsDisagree => "name.parts_disagree",
    }
}

const fn birth_code(error: BirthDateError) -> &'static str {
    match error {
        BirthDateError::Empty => "birth.empty",
        BirthDateError::Form => "birth.form",
        BirthDateError::NoSuchDay => "birth.no_such_day",
        BirthDateError::Future => "birth.future",
        BirthDateError::TooLongAgo => "birth.too_long_ago",
    }
}

pub fn vietnamese(reason: &Reason) -> String {
    match reason {
        Reason::Missing => "trường này là bắt buộc".to_owned(),
        Reason::Number(error) => number(*error),
        Reason::Name(error) => name(*error),
        Reason::Birth(error) => birth(*error).to_owned(),
        Reason::Phone(PhoneError::Empty) => "chưa có số điện thoại".to_owned(),
        Reason::Phone(PhoneError::NotADigit) => "số điện thoại có ký tự không phải chữ số".to_owned(),
        Reason::Phone(PhoneError::NotMobile) => {
            "không phải số di động Việt Nam (10 chữ số, bắt đầu bằng 03, 05, 07, 08 hoặc 09, hoặc +84 và 9 chữ số)"
                .to_owned()
        }
        Reason::Email(EmailError::Empty) => "chưa có địa chỉ thư điện tử".to_owned(),
        Reason::Email(EmailError::Form) => "không phải địa chỉ thư điện tử".to_owned(),
        Reason::Address(error) => address(*error).to_owned(),
        Reason::Residence(error) => residence(*error).to_owned(),
        other => plain(other).to_owned(),
    }
}

fn number(error: NumberError) -> String {
    match error {
        NumberError::Empty => "chưa có số định danh cá nhân".to_owned(),
        NumberError::Length(count) => format!("số định danh cá nhân có {count} chữ số, phải có 12"),
        NumberError::NotADigit(at) => format!("số định danh cá nhân có ký tự không phải chữ số ở vị trí {at}"),
    }
}

fn name(error: NameError) -> String {
    match error {
        NameError::Empty => "chưa có họ tên".to_owned(),
        NameError::TooLong => "họ tên dài quá 100 ký tự".to_owned(),
        NameError::BadEncoding => "họ tên bị hỏng do sai bảng mã".to_owned(),
        NameError::NotALetter { letter, position } => {
            format!("họ tên có {letter:?} ở vị trí {position}, không phải chữ cái dùng trong tên")
        }
        NameError::PartsDisagree => "họ, chữ đệm và tên ghép lại không thành họ tên đầy đủ".to_owned(),
    }
}

const fn birth(error: BirthDateError) -> &'static str {
    match error {
        BirthDateError::Empty => "chưa có ngày sinh",
        BirthDateError::Form => "ngày sinh không theo dạng NNNN-TT-NN, NNNN-TT, NNNN hoặc NN/TT/NNNN",
        BirthDateError::NoSuchDay => "không có ngày này trong lịch",
        BirthDateError::Future => "ngày sinh ở tương lai",
        BirthDateError::TooLongAgo => "ngày sinh cách đây hơn 130 năm",
    }
}

const fn address(error: AddressError) -> &'static str {
    match error {
        AddressError::NoSuchUnit => "không có xã, phường, đặc khu mang mã này vào ngày đó",
        AddressError::NotACommune => "mã này là của tỉnh, thành phố; địa chỉ cần mã xã, phường, đặc khu",
        AddressError::LineTooLong => "dòng địa chỉ dài quá 250 ký tự",
        AddressError::LineControl => "dòng địa chỉ có ký tự điều khiển",
    }
}

const fn residence(error: ResidenceError) -> &'static str {
    match error {
        ResidenceError::Backwards => "nơi cư trú kết thúc trước khi bắt đầu",
        ResidenceError::TemporaryOpen => "tạm trú phải có ngày bắt đầu và ngày kết thúc",
        ResidenceError::TemporaryTooLong => "tạm trú không quá hai năm",
    }
}

/// The reasons without detail.
const fn plain(reason: &Reason) -> &'static str {
    match reason {
        Reason::UnknownCode => "giá trị không có trong danh mục",
        Reason::Day => "không phải ngày theo dạng NNNN-TT-NN",
        Reason::Future => "ngày này ở tương lai",
        Reason::BeforeBirth => "ngày này trước ngày sinh",
        Reason::CardEndsBeforeIssue => "thẻ hết hạn trước ngày cấp",
        Reason::WithoutItsOwner => "trường này có giá trị trong khi trường chính của nó để trống",
        Reason::AliveWithDay => "người còn sống không có ngày chết hoặc mất tích",
        Reason::OwnNumber => "một người không thể là người thân của chính mình, số đang dùng cũng không thể là số cũ",
        Reason::ResidenceFile => "số hồ sơ cư trú gồm 1 đến 40 chữ cái, chữ số, dấu chấm, gạch nối hoặc gạch chéo",
        Reason::OldNumber => "số chứng minh nhân dân cũ gồm 9 chữ số",
        Reason::KnownDifferently => {
            "số này đã có với họ tên, ngày sinh hoặc giới tính khác; cải chính là một sự kiện hộ tịch, không phải việc nhập liệu"
        }
        Reason::LeadsToAnother => "số này đã dẫn đến một người khác",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// One of every kind: a new one does not compile in `code` before it is thought of there.
    fn every() -> Vec<Reason> {
        let letter = NameError::NotALetter { letter: '2', position: 3 };
        let mut all = vec![
            Reason::Missing,
            Reason::UnknownCode,
            Reason::Day,
            Reason::Future,
            Reason::BeforeBirth,
            Reason::CardEndsBeforeIssue,
            Reason::WithoutItsOwner,
            Reason::AliveWithDay,
            Reason::OwnNumber,
            Reason::ResidenceFile,
            Reason::OldNumber,
            Reason::KnownDifferently,
            Reason::LeadsToAnother,
        ];
        all.extend([NumberError::Empty, NumberError::Length(3), NumberError::NotADigit(1)].map(Reason::Number));
        all.extend(
            [NameError::Empty, NameError::TooLong, NameError::BadEncoding, letter, NameError::PartsDisagree]
                .map(Reason::Name),
        );
        all.extend(
            [
                BirthDateError::Empty,
                BirthDateError::Form,
                BirthDateError::NoSuchDay,
                BirthDateError::Future,
                BirthDateError::TooLongAgo,
            ]
            .map(Reason::Birth),
        );
        all.extend([PhoneError::Empty, PhoneError::NotADigit, PhoneError::NotMobile].map(Reason::Phone));
        all.extend([EmailError::Empty, EmailError::Form].map(Reason::Email));
        all.extend(
            [AddressError::NoSuchUnit, AddressError::NotACommune, AddressError::LineTooLong, AddressError::LineControl]
                .map(Reason::Address),
        );
        all.extend(
            [ResidenceError::Backwards, ResidenceError::TemporaryOpen, ResidenceError::TemporaryTooLong]
                .map(Reason::Residence),
        );
        all
    }

    #[test]
    fn every_reason_has_its_own_code_and_words_in_both_languages() {
        let all = every();
        let codes: BTreeSet<_> = all.iter().map(code).collect();
        let vi: BTreeSet<_> = all.iter().map(vietnamese).collect();
        let en: BTreeSet<_> = all.iter().map(ToString::to_string).collect();
        assert_eq!(codes.len(), all.len());
        assert_eq!(vi.len(), all.len());
        assert_eq!(en.len(), all.len());
        assert!(vi.iter().chain(&en).all(|words| words.len() > 10));
    }
}
