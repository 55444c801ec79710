//! How likely two records are one person: a sum of weights, each with its reason, so that an officer sees why.
//!
//! The weights are chosen so that a name, a birth date and a sex together are not enough: among a hundred million people
//! thousands share all three by chance. Something of one's own must come with it: a parent, a telephone, an old card, a home.

use serde::Serialize;

use super::{
    BirthDate, NameKeys, NameLevel, Sex,
    birth::BirthMatch,
    search::{distance, sorted},
};

/// What is compared of a record.
#[derive(Clone, Debug)]
pub struct Traits {
    pub name: NameKeys,
    pub birth: BirthDate,
    pub sex: Sex,
    pub cmnd9: Option<String>,
    /// Today's commune; empty without a home.
    pub commune: String,
    /// Numbers of father and mother, as far as they are named.
    pub parents: Vec<String>,
    /// Blind indexes of telephones and addresses.
    pub contacts: Vec<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    SameName,
    /// The same letters, other marks or another order.
    NameWithoutMarks,
    NameWithASlip,
    SameBirthDate,
    BirthDateAsFarAsKnown,
    /// Day and month changed places, or one digit differs.
    BirthDateWithASlip,
    SameSex,
    OtherSex,
    SameParent,
    OtherParents,
    SameContact,
    SameOldCard,
    OtherOldCard,
    SameCommune,
}

impl Reason {
    const fn weight(self) -> i64 {
        match self {
            Self::SameName => 40,
            Self::NameWithoutMarks => 30,
            Self::NameWithASlip => 22,
            Self::SameBirthDate => 35,
            Self::BirthDateAsFarAsKnown => 18,
            Self::BirthDateWithASlip => 20,
            Self::SameSex => 3,
            Self::OtherSex => -30,
            Self::OtherParents => -25,
            Self::SameParent | Self::SameContact => 25,
            Self::SameOldCard => 45,
            Self::OtherOldCard => -20,
            Self::SameCommune => 8,
        }
    }
}

/// From here on a pair is shown to somebody.
pub const CANDIDATE: i64 = 85;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Likeness {
    pub score: i64,
    /// Each with its weight.
    pub reasons: Vec<(Reason, i64)>,
}

impl Likeness {
    pub const fn is_candidate(&self) -> bool {
        self.score >= CANDIDATE
    }
}

pub fn likeness(one: &Traits, other: &Traits) -> Likeness {
    let mut reasons: Vec<Reason> = Vec::new();
    reasons.extend(name(&one.name, &other.name));
    reasons.extend(birth(one.birth, other.birth));
    reasons.extend(match (one.sex, other.sex) {
        (Sex::Unknown, _) | (_, Sex::Unknown) => None,
        (a, b) if a == b => Some(Reason::SameSex),
        _ => Some(Reason::OtherSex),
    });
    let shared = one.parents.iter().filter(|parent| other.parents.contains(parent)).count();
    reasons.extend(std::iter::repeat_n(Reason::SameParent, shared));
    if shared == 0 && !one.parents.is_empty() && !other.parents.is_empty() {
        reasons.push(Reason::OtherParents);
    }
    if one.contacts.iter().any(|contact| other.contacts.contains(contact)) {
        reasons.push(Reason::SameContact);
    }
    reasons.extend(match (&one.cmnd9, &other.cmnd9) {
        (Some(a), Some(b)) if a == b => Some(Reason::SameOldCard),
        (Some(_), Some(_)) => Some(Reason::OtherOldCard),
        _ => None,
    });
    if !one.commune.is_empty() && one.commune == other.commune {
        reasons.push(Reason::SameCommune);
    }
    let reasons: Vec<(Reason, i64)> = reasons.into_iter().map(|reason| (reason, reason.weight())).collect();
    Likeness { score: reasons.iter().map(|(_, weight)| weight).sum(), reasons }
}

fn name(one: &NameKeys, other: &NameKeys) -> Option<Reason> {
    if one.compare(other) >= NameLevel::Tone {
        return Some(Reason::SameName);
    }
    let (a, b) = (sorted(&one.plain), sorted(&other.plain));
    if a == b {
        return Some(Reason::NameWithoutMarks);
    }
    distance(&a, &b, 2).map(|_| Reason::NameWithASlip)
}

fn birth(one: BirthDate, other: BirthDate) -> Option<Reason> {
    match BirthDate::compare(one, other) {
        BirthMatch::Same if matches!(one, BirthDate::Full(_)) => Some(Reason::SameBirthDate),
        BirthMatch::Same | BirthMatch::AsFarAsRecorded | BirthMatch::AsFarAsStated => {
            Some(Reason::BirthDateAsFarAsKnown)
        }
        BirthMatch::Different => {
            let (BirthDate::Full(a), BirthDate::Full(b)) = (one, other) else { return None };
            let swapped = a.year() == b.year() && u8::from(a.month()) == b.day() && a.day() == u8::from(b.month());
            let digits = |text: &str, other: &str| text.chars().zip(other.chars()).filter(|(x, y)| x != y).count();
            let one_digit = digits(&one.to_string(), &other.to_string()) == 1;
            (swapped || one_digit).then_some(Reason::BirthDateWithASlip)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traits(name: &str, birth: &str) -> Traits {
        Traits {
            name: NameKeys::of(name),
            birth: BirthDate::parse(birth).unwrap(),
            sex: Sex::Male,
            cmnd9: None,
            commune: "00004".to_owned(),
            parents: Vec::new(),
            contacts: Vec::new(),
        }
    }

    #[test]
    fn chance_alone_makes_no_candidate_and_evidence_does() {
        let one = traits("Nguyễn Văn Hòa", "1985-03-05");
        let elsewhere = Traits { commune: "26368".to_owned(), ..traits("Nguyễn Văn Hòa", "1985-03-05") };
        assert!(!likeness(&one, &elsewhere).is_candidate(), "a name, a day and a sex");
        for (other, is_candidate) in [
            (traits("Nguyễn Văn Hoà", "1985-03-05"), true),
            (Traits { cmnd9: Some("012345678".into()), ..elsewhere.clone() }, false),
            (Traits { contacts: vec![vec![1]], ..elsewhere.clone() }, false),
            (Traits { sex: Sex::Female, ..traits("Nguyễn Văn Hòa", "1985-03-05") }, false),
            (traits("Nguyễn Văn Hòa", "1985-05-03"), false),
            (traits("Trần Văn Hòa", "1985-03-05"), false),
        ] {
            assert_eq!(likeness(&one, &other).is_candidate(), is_candidate, "{other:?}");
        }
        let with = |change: fn(&mut Traits)| {
            let (mut a, mut b) = (one.clone(), elsewhere.clone());
            change(&mut a);
            change(&mut b);
            likeness(&a, &b)
        };
        assert!(with(|one| one.cmnd9 = Some("012345678".into())).is_candidate());
        assert!(with(|one| one.contacts = vec![vec![1]]).is_candidate());
        assert!(with(|one| one.parents = vec!["900060000001".into()]).is_candidate());
    }

    #[test]
    fn slips_with_evidence_are_candidates_and_twins_are_not() {
        let mut one = traits("Nguyễn Văn Hòa", "1985-03-05");
        one.parents = vec!["900060000001".into(), "900160000002".into()];
        let mut slip = Traits { birth: BirthDate::parse("1985-05-03").unwrap(), ..one.clone() };
        assert!(likeness(&one, &slip).is_candidate());
        slip.name = NameKeys::of("Nguyen Van Hao");
        assert!(likeness(&one, &slip).is_candidate());
        let twin = Traits { name: NameKeys::of("Nguyễn Văn Bình"), ..one.clone() };
        let found = likeness(&one, &twin);
        assert!(!found.reasons.iter().any(|(reason, _)| matches!(reason, Reason::SameName)));
        let cousins = Traits { parents: vec!["900060000009".into()], ..one.clone() };
        assert!(!likeness(&one, &cousins).is_candidate(), "other parents weigh against it");
    }

    #[test]
    fn likeness_is_a_mirror_and_adds_up() {
        let (a, b) = (traits("Nguyễn Văn Hòa", "1985-03-05"), traits("Nguyen Van Hoa", "1985"));
        assert_eq!(likeness(&a, &b), likeness(&b, &a));
        let found = likeness(&a, &b);
        assert_eq!(found.score, found.reasons.iter().map(|(_, weight)| weight).sum::<i64>());
    }
}
