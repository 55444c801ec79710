//! Is there a person in the registry with this number, name and birth date?

use crate::{
    base::Fault,
    registry::{BirthDate, Claimed, PersonName, PersonalNumber, Recorded, ThreeWayMatch},
    store::{
        Conn, numbers,
        persons::{self, StoredPerson},
    },
};

/// Three things that somebody says about themselves or about another.
#[derive(Clone, Debug)]
pub struct Claim {
    pub number: PersonalNumber,
    pub name: PersonName,
    pub birth: BirthDate,
}

/// Whom the number leads to, and how far the rest agrees. None when it leads to nobody.
pub async fn match_person(conn: &mut Conn, claim: &Claim) -> Result<Option<(StoredPerson, ThreeWayMatch)>, Fault> {
    let Some(found) = persons::find_by_number(conn, &claim.number).await? else { return Ok(None) };
    let former: Vec<PersonalNumber> = if found.person.number == Some(claim.number) {
        Vec::new()
    } else {
        let all = numbers::of_person(conn, found.person.id).await?;
        all.into_iter().filter(|number| !number.active).map(|number| number.number).collect()
    };
    // Someone whose number was cancelled without a new one has nothing to match: the old one is theirs no more.
    let Some(number) = found.person.number else { return Ok(None) };
    let (recorded_name, claimed_name) = (found.person.name.keys(), claim.name.keys());
    let recorded = Recorded { number, former_numbers: &former, name: &recorded_name, birth: found.person.birth };
    let claimed = Claimed { number: claim.number, name: &claimed_name, birth: claim.birth };
    let result = ThreeWayMatch::of(&recorded, &claimed);
    Ok(Some((found, result)))
}
