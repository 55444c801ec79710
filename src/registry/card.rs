//! Identity cards of every generation that still counts, and until when each is good.
//!
//! The nine-digit card ended on 31 December 2024 (Law on Identification Art 46); its number lives on as an attribute of the person.

use serde::{Deserialize, Serialize};
use time::{Date, macros::date};

use super::{BirthDate, PersonalNumber, record::iso_day};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CardKind {
    /// Thẻ căn cước, issued since 1 July 2024.
    IdentityCard,
    /// Thẻ căn cước công dân, with a barcode from 2016, with a chip from 2021 to June 2024.
    CitizenCard,
    /// Chứng minh nhân dân with 12 digits.
    PeopleCard12,
    /// Giấy chứng nhận căn cước, for people of Vietnamese origin whose nationality is undetermined (Art 30).
    OriginCertificate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CardStatus {
    Valid,
    /// Tạm giữ: detention, prison, compulsory education or rehabilitation (Art 29(2)).
    Held,
    /// Thu hồi: nationality lost, wrongly issued, altered (Art 29(1)).
    Revoked,
    Replaced,
    Lost,
    /// The holder died or lost the nationality.
    Void,
}

/// Thời hạn sử dụng. The printed day is the last good one ("có giá trị đến").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expiry {
    On(#[serde(with = "iso_day")] Date),
    /// Không thời hạn: issued at 58 or later.
    Never,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Card {
    pub kind: CardKind,
    pub status: CardStatus,
    #[serde(with = "iso_day")]
    pub issued_on: Date,
    pub expiry: Expiry,
    /// The number printed on it: the holder's at the time.
    pub number: PersonalNumber,
    /// Nơi cấp, as printed.
    pub issuer: String,
}

impl CardKind {
    pub const ALL: [Self; 4] = [Self::IdentityCard, Self::CitizenCard, Self::PeopleCard12, Self::OriginCertificate];

    pub const fn code(self) -> &'static str {
        match self {
            Self::IdentityCard => "can_cuoc",
            Self::CitizenCard => "cccd",
            Self::PeopleCard12 => "cmnd12",
            Self::OriginCertificate => "giay_chung_nhan",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Which document was issued on a day: what the synthetic population carries.
    pub fn issued_in(day: Date) -> Self {
        if day >= date!(2024 - 07 - 01) { Self::IdentityCard } else { Self::CitizenCard }
    }
}

impl CardStatus {
    pub const ALL: [Self; 6] = [Self::Valid, Self::Held, Self::Revoked, Self::Replaced, Self::Lost, Self::Void];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Held => "held",
            Self::Revoked => "revoked",
            Self::Replaced => "replaced",
            Self::Lost => "lost",
            Self::Void => "void",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }
}

impl Expiry {
    /// Cards are renewed on reaching 14, 25, 40 and 60; one issued within two years before such a birthday
    /// runs on to the next (Law on Identification Art 21).
    pub fn by_law(birth: BirthDate, issued_on: Date) -> Self {
        match birth.age_on(issued_on) {
            ..12 => Self::On(birth.birthday(14)),
            12..23 => Self::On(birth.birthday(25)),
            23..38 => Self::On(birth.birthday(40)),
            38..58 => Self::On(birth.birthday(60)),
            58.. => Self::Never,
        }
    }

    pub fn includes(self, day: Date) -> bool {
        match self {
            Self::On(last) => day <= last,
            Self::Never => true,
        }
    }
}

impl Card {
    /// May the holder show it on `day`? Only then does an account open (Decree 69/2024 Art 7, 15(1)).
    pub fn is_valid_on(&self, day: Date) -> bool {
        self.status == CardStatus::Valid && self.issued_on <= day && self.expiry.includes(day)
    }

    /// Neither held nor withdrawn, but past its last day.
    pub fn is_expired_on(&self, day: Date) -> bool {
        self.status == CardStatus::Valid && self.issued_on <= day && !self.is_valid_on(day)
    }
}

super::record::serde_by_code!(CardKind);

super::record::serde_by_code!(CardStatus);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn card(kind: CardKind, status: CardStatus, expiry: Expiry) -> Card {
        let number = PersonalNumber::parse("900085000001").unwrap();
        Card { kind, status, issued_on: date!(2021 - 05 - 10), expiry, number, issuer: "Bộ Công an".into() }
    }

    #[test]
    fn expiry_by_age_at_issue() {
        let birth = BirthDate::Full(date!(1980 - 06 - 15));
        let on = |years: i32| Expiry::On(birth.birthday(years));
        for (issued, expected) in [
            (date!(1980 - 06 - 15), on(14)),
            (date!(1992 - 06 - 14), on(14)), // the day before 12
            (date!(1992 - 06 - 15), on(25)),
            (date!(1994 - 06 - 14), on(25)),
            (date!(1994 - 06 - 15), on(25)),
            (date!(2003 - 06 - 14), on(25)), // the day before 23
            (date!(2003 - 06 - 15), on(40)),
            (date!(2018 - 06 - 14), on(40)), // the day before 38
            (date!(2018 - 06 - 15), on(60)),
            (date!(2038 - 06 - 14), on(60)), // the day before 58
            (date!(2038 - 06 - 15), Expiry::Never),
        ] {
            assert_eq!(Expiry::by_law(birth, issued), expected, "{issued}");
        }
    }

    #[test]
    fn a_year_alone_counts_from_its_last_day() {
        let birth = BirthDate::Year(1985);
        assert_eq!(Expiry::by_law(birth, date!(2023 - 12 - 30)), Expiry::On(date!(2025 - 12 - 31)));
        assert_eq!(Expiry::by_law(birth, date!(2023 - 12 - 31)), Expiry::On(date!(2045 - 12 - 31)));
    }

    #[test]
    fn valid_to_the_last_day_and_only_when_issued() {
        let last = date!(2026 - 11 - 22);
        let good = card(CardKind::CitizenCard, CardStatus::Valid, Expiry::On(last));
        assert!(good.is_valid_on(last) && !good.is_expired_on(last));
        let next = last.next_day().unwrap();
        assert!(!good.is_valid_on(next) && good.is_expired_on(next));
        assert!(!good.is_valid_on(date!(2021 - 05 - 09)) && !good.is_expired_on(date!(2021 - 05 - 09)));
        for status in CardStatus::ALL {
            let card = card(CardKind::IdentityCard, status, Expiry::Never);
            assert_eq!(card.is_valid_on(last), status == CardStatus::Valid, "{status:?}");
        }
    }

    #[test]
    fn codes_lead_back() {
        assert!(CardKind::ALL.into_iter().all(|kind| CardKind::from_code(kind.code()) == Some(kind)));
        assert!(CardStatus::ALL.into_iter().all(|status| CardStatus::from_code(status.code()) == Some(status)));
        assert_eq!(CardKind::from_code("passport"), None);
    }

    proptest! {
        #[test]
        fn a_card_lasts_two_years_at_least_or_to_the_fourteenth_birthday(born in 1_900_i32..2_020, day in 1_u16..=365, age in 0_i64..90 * 365) {
            let born = Date::from_ordinal_date(born, day).unwrap();
            let issued = born + time::Duration::days(age);
            let birth = BirthDate::Full(born);
            match Expiry::by_law(birth, issued) {
                Expiry::Never => prop_assert!(birth.age_on(issued) >= 58),
                Expiry::On(last) => {
                    prop_assert!(last > issued);
                    let two_years = BirthDate::Full(issued).birthday(2);
                    prop_assert!(last >= two_years || last == birth.birthday(14));
                }
            }
        }
    }
}
