//! May this person have an account of level 01 by themselves? One place for the rules, read before and inside the write.

use time::Date;

use crate::{
    base::{Fault, Timestamp, ids::PersonId},
    flows::{
        Provider,
        account::subscriber_check::{self, SubscriberCheck, SubscriberQuestion},
        registry::match_person::{Claim, match_person},
    },
    registry::{BirthDate, Card, CardKind, PersonName, PersonalNumber, PhoneNumber, Vital},
    store::{
        Conn,
        accounts::{self, StoredAccount},
        cards,
        contacts::{self, ContactKind},
        persons::{self, StoredPerson},
    },
};

/// What a person says about themselves.
#[derive(Clone, Debug)]
pub struct Details {
    pub number: PersonalNumber,
    pub name: PersonName,
    pub birth: BirthDate,
    /// Of the card they hold now.
    pub card_issued: Date,
    pub phone: PhoneNumber,
}

/// Which rule refused: for the audit alone, no page tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ineligible {
    NobodyMatches,
    NotAlive,
    /// Decree 69/2024 Art 7: from 14 by oneself, before that through a guardian.
    TooYoung,
    NoValidCard,
    OtherCard,
    PhoneOfAnother,
}

impl Ineligible {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NobodyMatches => "nobody_matches",
            Self::NotAlive => "not_alive",
            Self::TooYoung => "too_young",
            Self::NoValidCard => "no_valid_card",
            Self::OtherCard => "other_card",
            Self::PhoneOfAnother => "phone_of_another",
        }
    }
}

/// What the registry and the accounts say to somebody's details.
#[derive(Clone, Debug)]
pub enum Judgement {
    Eligible(PersonId),
    /// They are who they say, and have an account.
    HasAccount(StoredAccount),
    Refused(Ineligible),
}

/// The age from which a citizen registers by themselves.
pub const OWN_AGE: i32 = 14;

/// Every question is asked every time, whatever the answers before it: the work tells nothing.
pub async fn judge(
    provider: &Provider,
    subscribers: &dyn SubscriberCheck,
    details: &Details,
    now: Timestamp,
) -> Result<Judgement, Fault> {
    let question = SubscriberQuestion { number: &details.number, phone: &details.phone };
    let subscriber = subscriber_check::ask(subscribers, question).await;
    let mut conn = provider.db.read().await?;
    let claim = Claim { number: details.number, name: details.name.clone(), birth: details.birth };
    let found = match_person(&mut conn, &claim).await?;
    let id = found.as_ref().map_or(PersonId(uuid::Uuid::nil()), |(stored, _)| stored.person.id);
    let card = cards::newest(&mut conn, id).await?;
    let index = provider.secrets.vault.contact_index(ContactKind::Phone, details.phone.e164());
    let own_phone = contacts::is_of(&mut conn, id, ContactKind::Phone, index.as_bytes()).await? | subscriber;
    let account = accounts::find_by_person(&mut conn, id).await?;
    let identified = found.filter(|(_, matched)| matched.identifies()).map(|(stored, _)| stored);
    let Some(stored) = identified else { return Ok(Judgement::Refused(Ineligible::NobodyMatches)) };
    let today = now.vietnam_date();
    let refusal = may_hold(&stored, card.as_ref(), today)
        .or_else(|| card.filter(|card| card.issued_on != details.card_issued).map(|_| Ineligible::OtherCard))
        .or_else(|| (!own_phone).then_some(Ineligible::PhoneOfAnother));
    Ok(match (refusal, account) {
        (Some(refusal), _) => Judgement::Refused(refusal),
        (None, Some(account)) => Judgement::HasAccount(account),
        (None, None) => Judgement::Eligible(stored.person.id),
    })
}

/// The rules that need no word of the person: alive, old enough, with a card that is valid today.
pub fn may_hold(stored: &StoredPerson, card: Option<&Card>, today: Date) -> Option<Ineligible> {
    if stored.person.vital != Vital::Alive {
        return Some(Ineligible::NotAlive);
    }
    if stored.person.birth.age_on(today) < OWN_AGE {
        return Some(Ineligible::TooYoung);
    }
    // Art 7 names no account for the holder of a certificate of origin.
    let usable = card.is_some_and(|card| card.is_valid_on(today) && card.kind != CardKind::OriginCertificate);
    (!usable).then_some(Ineligible::NoValidCard)
}

/// The same rules in the moment of writing: the registry may have changed since the details were judged.
pub async fn still_may_hold(
    conn: &mut Conn,
    person: PersonId,
    today: Date,
) -> Result<Result<StoredPerson, Ineligible>, Fault> {
    let Some(stored) = persons::find(conn, person).await? else { return Ok(Err(Ineligible::NobodyMatches)) };
    let card = cards::newest(conn, person).await?;
    Ok(match may_hold(&stored, card.as_ref(), today) {
        Some(refusal) => Err(refusal),
        None => Ok(stored),
    })
}
