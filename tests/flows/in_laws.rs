//! Nobody marries a former parent-in-law, step-parent or adopter: the present record names none of them, the history does (Law on
//! Marriage and Family 52/2014/QH13 Art 5(2)(d)).

use dinhdanh::{
    flows::registry::events::{Proposed, propose},
    registry::{
        BirthDate, PersonRecord, PersonalNumber, Sex,
        civil_event::{Kind, Why},
    },
    store::{merges, numbers},
};

use super::events::{officer, proposal, recorded};
use crate::support::{
    people::{add, another},
    provider::TestProvider,
};

/// 1 and 2 are the parents of 3, a man; 4 is a woman with a daughter, 5, and a brother, 6, by her mother, 7; 8 is a twin record
/// of hers, 9 a stranger.
const PEOPLE: [(Sex, &str); 9] = [
    (Sex::Male, "1950-01-01"),
    (Sex::Female, "1952-01-01"),
    (Sex::Male, "1975-01-01"),
    (Sex::Female, "1976-01-01"),
    (Sex::Female, "1999-01-01"),
    (Sex::Male, "1974-01-01"),
    (Sex::Female, "1951-01-01"),
    (Sex::Female, "1976-01-01"),
    (Sex::Female, "1980-01-01"),
];
const PARENTS: [(u32, u32, &str); 5] =
    [(3, 1, "father"), (3, 2, "mother"), (5, 4, "mother"), (4, 7, "mother"), (6, 7, "mother")];

struct Village {
    at: TestProvider,
    told: u32,
}

fn number(serial: u32) -> String {
    format!("900085{serial:06}")
}

impl Village {
    async fn each() -> Vec<Self> {
        let mut all = Vec::new();
        for at in TestProvider::each().await {
            for (serial, (sex, birth)) in (1..).zip(PEOPLE) {
                let birth = BirthDate::parse(birth).unwrap();
                add(&at, PersonRecord { sex, birth, card: None, phone: None, ..another(serial) }).await;
            }
            let mut village = Self { at, told: 0 };
            for (child, parent, role) in PARENTS {
                let (child, parent) = (number(child), number(parent));
                village.tell(Kind::ParentChild, &[("child", &child), ("parent", &parent), ("role", role)]).await;
            }
            all.push(village);
        }
        all
    }

    async fn tell(&mut self, kind: Kind, fields: &[(&str, &str)]) {
        self.told += 1;
        recorded(&self.at, &proposal(kind, &self.told.to_string(), fields)).await;
    }

    async fn couple(&mut self, kind: Kind, (husband, wife): (u32, u32), on: &str) {
        let (husband, wife) = (number(husband), number(wife));
        self.tell(kind, &[("husband", &husband), ("wife", &wife), ("on", on)]).await;
    }

    /// Why these two may not marry today.
    async fn forbids(&mut self, husband: u32, wife: u32) -> Option<Why> {
        self.told += 1;
        let (husband, wife) = (number(husband), number(wife));
        let form = [("husband", husband.as_str()), ("wife", &wife), ("on", "2026-11-20")];
        let wedding = proposal(Kind::Marriage, &self.told.to_string(), &form);
        match propose(&self.at.provider, &officer("an", None), &wedding, self.at.now()).await.unwrap() {
            Proposed::Yes { .. } => None,
            Proposed::Refused(why) => Some(why[0].why),
            other => panic!("{husband} and {wife}: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_an_in_law_or_a_step_parent_stays_forbidden() {
    for mut village in Village::each().await {
        village.couple(Kind::Marriage, (3, 4), "2000-01-01").await;
        village.couple(Kind::Divorce, (3, 4), "2010-01-01").await;
        assert_eq!(village.forbids(1, 4).await, Some(Why::InLaws), "father-in-law and daughter-in-law");
        assert_eq!(village.forbids(3, 7).await, Some(Why::InLaws), "son-in-law and mother-in-law");
        assert_eq!(village.forbids(3, 5).await, Some(Why::InLaws), "stepfather and the wife's daughter");
        assert_eq!(village.forbids(6, 2).await, None, "the wife's brother and the husband's mother");
        assert_eq!(village.forbids(3, 9).await, None);
        // A stepmother: the present record of the widower names nobody.
        village.couple(Kind::Marriage, (1, 9), "2011-01-01").await;
        village.tell(Kind::Death, &[("subject", &number(1)), ("on", "2020-01-01")]).await;
        assert_eq!(village.forbids(3, 9).await, Some(Why::InLaws), "stepmother and the husband's son");
        assert_eq!(village.forbids(6, 9).await, None);
    }
}

/// The marriage and its end are in the history of a record that went into another one since; her mother's record too.
#[tokio::test(flavor = "multi_thread")]
async fn a_merge_forgets_no_marriage_and_an_unmerge_invents_none() {
    for mut village in Village::each().await {
        let merge = |gone: u32| [("keep", number(8)), ("merged", number(gone)), ("on", "2026-11-20".to_owned())];
        village.couple(Kind::Marriage, (3, 4), "2000-01-01").await;
        // Merged wrongly and taken back: nobody was ever married to 8.
        let form = merge(4);
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        village.tell(Kind::RecordMerge, &form).await;
        let gone = village.at.count("SELECT count(*) FROM person WHERE merged_into IS NOT NULL").await;
        assert_eq!(gone, 1);
        let merged = merged(&village.at).await;
        village.tell(Kind::RecordUnmerge, &[("subject", &merged), ("on", "2026-11-20")]).await;
        village.couple(Kind::Divorce, (3, 4), "2026-11-20").await;
        assert_eq!(village.forbids(1, 8).await, None);
        assert_eq!(village.forbids(1, 4).await, Some(Why::InLaws));
        // Merged after all: what is over stands in the history of the other record alone.
        village.tell(Kind::RecordMerge, &form).await;
        assert_eq!(village.forbids(1, 8).await, Some(Why::InLaws));
        assert_eq!(village.forbids(3, 5).await, Some(Why::InLaws), "the stepfather was married to what is 8 now");
    }
}

async fn merged(at: &TestProvider) -> String {
    let mut conn = at.conn().await;
    let kept = numbers::person_of(&mut conn, &PersonalNumber::parse(&number(8)).unwrap()).await.unwrap().unwrap();
    merges::absorbed(&mut conn, kept).await.unwrap()[0].0.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_marriage_that_a_court_annulled_made_no_in_laws() {
    for mut village in Village::each().await {
        village.couple(Kind::Marriage, (3, 4), "2000-01-01").await;
        let (husband, wife) = (number(3), number(4));
        let annulled = [
            ("husband", husband.as_str()),
            ("wife", &wife),
            ("husband_before", "single"),
            ("wife_before", "single"),
            ("on", "2001-01-01"),
        ];
        village.tell(Kind::Annulment, &annulled).await;
        assert_eq!(village.forbids(1, 4).await, None);
        assert_eq!(village.forbids(3, 7).await, None);
    }
}
