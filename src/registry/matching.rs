//! The three-way match: number, name and birth date against the record. The one place where the service decides it.
//!
//! The national population database answers a look-up only when all three agree; registration, the verification
//! interface and account linking all ask here.

use serde::Serialize;

use super::{BirthDate, NameKeys, NameLevel, PersonalNumber, birth::BirthMatch};

/// What the registry holds about one person.
#[derive(Clone, Copy)]
pub struct Recorded<'a> {
    pub number: PersonalNumber,
    /// Numbers that were cancelled and still lead to this person (Decree 70/2024 Art 11, 12).
    pub former_numbers: &'a [PersonalNumber],
    pub name: &'a NameKeys,
    pub birth: BirthDate,
}

/// What somebody says.
#[derive(Clone, Copy)]
pub struct Claimed<'a> {
    pub number: PersonalNumber,
    pub name: &'a NameKeys,
    pub birth: BirthDate,
}

/// A field's answer, which tells nothing but itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    Yes,
    /// A cancelled number of the same person; a name that agrees without its marks; a date as far as it goes.
    Partial,
    No,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreeWayMatch {
    pub number: Answer,
    pub name: NameLevel,
    pub birth: BirthMatch,
}

impl ThreeWayMatch {
    pub fn of(recorded: &Recorded<'_>, claimed: &Claimed<'_>) -> Self {
        let number = if recorded.number == claimed.number {
            Answer::Yes
        } else if recorded.former_numbers.contains(&claimed.number) {
            Answer::Partial
        } else {
            Answer::No
        };
        Self {
            number,
            name: recorded.name.compare(claimed.name),
            birth: BirthDate::compare(recorded.birth, claimed.birth),
        }
    }

    pub const fn name_answer(&self) -> Answer {
        match self.name {
            NameLevel::Exact | NameLevel::Tone => Answer::Yes,
            NameLevel::Plain => Answer::Partial,
            NameLevel::None => Answer::No,
        }
    }

    pub const fn birth_answer(&self) -> Answer {
        match self.birth {
            BirthMatch::Same => Answer::Yes,
            BirthMatch::AsFarAsRecorded | BirthMatch::AsFarAsStated => Answer::Partial,
            BirthMatch::Different => Answer::No,
        }
    }

    /// Is the claimed person the recorded one? The valid number, the name at least with its tones, and a birth date
    /// that says no less than the record knows: an old record that knows the year alone cannot ask for more.
    pub fn identifies(&self) -> bool {
        self.number == Answer::Yes
            && self.name.identifies()
            && matches!(self.birth, BirthMatch::Same | BirthMatch::AsFarAsRecorded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBER: &str = "900085000001";
    const FORMER: &str = "900185000001";

    fn matched(number: &str, name: &str, birth: &str) -> ThreeWayMatch {
        against("1985-03-05", number, name, birth)
    }

    fn against(recorded_birth: &str, number: &str, name: &str, birth: &str) -> ThreeWayMatch {
        let (recorded_name, claimed_name) = (NameKeys::of("Nguyễn Văn Hòa"), NameKeys::of(name));
        let former = [PersonalNumber::parse(FORMER).unwrap()];
        let recorded = Recorded {
            number: PersonalNumber::parse(NUMBER).unwrap(),
            former_numbers: &former,
            name: &recorded_name,
            birth: BirthDate::parse(recorded_birth).unwrap(),
        };
        let claimed = Claimed {
            number: PersonalNumber::parse(number).unwrap(),
            name: &claimed_name,
            birth: BirthDate::parse(birth).unwrap(),
        };
        ThreeWayMatch::of(&recorded, &claimed)
    }

    #[test]
    fn each_field_answers_for_itself() {
        use Answer::{No, Partial, Yes};
        const OTHER: &str = "900085000002";
        for (number, name, birth, answers, identifies) in [
            (NUMBER, "NGUYỄN VĂN HÒA", "1985-03-05", [Yes, Yes, Yes], true),
            (NUMBER, "Nguyễn Văn Hoà", "1985-03-05", [Yes, Yes, Yes], true),
            (NUMBER, "Nguyen Van Hoa", "1985-03-05", [Yes, Partial, Yes], false),
            (NUMBER, "Nguyễn Văn Hóa", "1985-03-05", [Yes, Partial, Yes], false),
            (NUMBER, "Nguyễn Thị Hòa", "1985-03-05", [Yes, No, Yes], false),
            (NUMBER, "Nguyễn Văn Hòa", "1985", [Yes, Yes, Partial], false),
            (NUMBER, "Nguyễn Văn Hòa", "1985-05-03", [Yes, Yes, No], false),
            (FORMER, "Nguyễn Văn Hòa", "1985-03-05", [Partial, Yes, Yes], false),
            (OTHER, "Nguyễn Văn Hòa", "1985-03-05", [No, Yes, Yes], false),
            (OTHER, "Trần Mẫu", "1990", [No, No, No], false),
        ] {
            let found = matched(number, name, birth);
            assert_eq!([found.number, found.name_answer(), found.birth_answer()], answers, "{number} {name} {birth}");
            assert_eq!(found.identifies(), identifies, "{number} {name} {birth}");
        }
    }

    #[test]
    fn an_old_record_asks_for_no_more_than_it_knows() {
        assert!(against("1985", NUMBER, "Nguyễn Văn Hòa", "1985").identifies());
        assert!(against("1985", NUMBER, "Nguyễn Văn Hòa", "1985-03-05").identifies());
        assert!(against("1985-03", NUMBER, "Nguyễn Văn Hòa", "1985-03").identifies());
        assert!(!against("1985-03", NUMBER, "Nguyễn Văn Hòa", "1985").identifies());
        assert!(!against("1985", NUMBER, "Nguyễn Văn Hòa", "1986-03-05").identifies());
        assert_eq!(against("1985", NUMBER, "Nguyễn Văn Hòa", "1985-03-05").birth_answer(), Answer::Partial);
    }
}
