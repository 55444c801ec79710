//! A person with as much of their file as a use case asks for, and no more.

use time::Date;

use crate::{
    base::{Fault, ids::PersonId},
    registry::{Card, Residence},
    store::{
        Conn, cards,
        contacts::{self, StoredContact},
        households::{self, HouseholdMember, StoredHousehold},
        numbers::{self, StoredNumber},
        persons::{self, StoredPerson},
        relations::{self, StoredRelation},
        residences,
    },
};

/// One statement each, beside the one for the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Numbers,
    Cards,
    Residences,
    Contacts,
    Household,
    /// The household without its members.
    Membership,
    Relations,
}

impl Part {
    pub const ALL: [Self; 6] =
        [Self::Numbers, Self::Cards, Self::Residences, Self::Contacts, Self::Household, Self::Relations];
}

/// Parts that were not asked for are empty.
#[derive(Clone, Debug)]
pub struct PersonFile {
    pub person: StoredPerson,
    pub numbers: Vec<StoredNumber>,
    /// Newest first.
    pub cards: Vec<Card>,
    pub residences: Vec<Residence>,
    /// Sealed; the vault opens them.
    pub contacts: Vec<StoredContact>,
    pub household: Option<(StoredHousehold, Vec<HouseholdMember>)>,
    pub relations: Vec<StoredRelation>,
}

/// More cards than anybody has had.
const MOST_CARDS: i64 = 20;
/// More than a family has; of an institution's members so many are shown.
pub const MOST_MEMBERS: usize = 200;

impl PersonFile {
    pub async fn load(conn: &mut Conn, id: PersonId, parts: &[Part]) -> Result<Option<Self>, Fault> {
        match persons::find(conn, id).await? {
            Some(person) => Self::of(conn, person, parts).await.map(Some),
            None => Ok(None),
        }
    }

    /// For a person who was read already.
    pub async fn of(conn: &mut Conn, person: StoredPerson, parts: &[Part]) -> Result<Self, Fault> {
        let id = person.person.id;
        let mut file = Self {
            person,
            numbers: Vec::new(),
            cards: Vec::new(),
            residences: Vec::new(),
            contacts: Vec::new(),
            household: None,
            relations: Vec::new(),
        };
        for part in parts {
            match part {
                Part::Numbers => file.numbers = numbers::of_person(conn, id).await?,
                Part::Cards => file.cards = cards::of_person(conn, id, MOST_CARDS).await?,
                Part::Residences => file.residences = residences::of_person(conn, id).await?,
                Part::Contacts => file.contacts = contacts::of_person(conn, id).await?,
                Part::Household => {
                    if let Some(household) = households::of_person(conn, id).await? {
                        let members = households::members(conn, household.id, MOST_MEMBERS).await?;
                        file.household = Some((household, members));
                    }
                }
                Part::Membership => {
                    file.household = households::of_person(conn, id).await?.map(|household| (household, Vec::new()));
                }
                Part::Relations => file.relations = relations::of_person(conn, id).await?,
            }
        }
        Ok(file)
    }

    /// Nơi cư trú on a day.
    pub fn residence_of_record(&self, day: Date) -> Option<&Residence> {
        Residence::of_record(&self.residences, day)
    }

    pub fn newest_card(&self) -> Option<&Card> {
        self.cards.first()
    }
}
