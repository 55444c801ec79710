//! A person's claims as the registry holds them now: only what a request may release is read.

use serde_json::{Map, Value, json};
use time::Date;

use super::{
    Provider, predicates,
    registry::{Part, PersonFile},
};
use crate::{
    assurance::AccountLevel,
    base::{Fault, Timestamp},
    oidc::{
        claims_request::{ClaimRequest, ClaimsRequest},
        predicate::Predicate,
        scope::ScopeSet,
        userinfo::PersonClaims,
        verified_claims::{self, Verification},
    },
    registry::{BirthDate, Residence, admin_unit, birth::Precision, card::Expiry},
    store::{
        Conn, accounts,
        contacts::{ContactKind, StoredContact},
        relations::{Kinship, StoredRelation},
        standing::AccountStanding,
    },
};

/// The names that may leave: of the granted scopes, and of the granted claims request.
pub struct Wanted {
    names: Vec<String>,
    /// Claims that are questions, by their names.
    questions: Vec<(String, Predicate)>,
    /// Whether it must be said how the person was verified.
    verification: bool,
}

impl Wanted {
    pub fn of(scopes: &ScopeSet, request: &ClaimsRequest) -> Self {
        let names = scopes.claims().map(str::to_owned).chain(request.names().map(str::to_owned));
        let plain = ClaimRequest::default();
        let by_scope = scopes.claims().map(|name| (name, &plain));
        let by_name = request.userinfo.iter().chain(&request.id_token).map(|(name, wanted)| (name.as_str(), wanted));
        let questions = by_scope
            .chain(by_name)
            .filter_map(|(name, wanted)| Some((name.to_owned(), Predicate::of_claim(name, wanted)?)))
            .collect();
        Self { names: names.collect(), questions, verification: !request.verified.is_empty() }
    }

    fn any(&self, names: &[&str]) -> bool {
        self.names.iter().any(|name| names.contains(&name.as_str()))
    }

    fn parts(&self) -> Vec<Part> {
        let table: [(Part, &[&str]); 6] = [
            (Part::Numbers, &["previous_id_numbers"]),
            (Part::Cards, &["card"]),
            (Part::Residences, &["address", "residence"]),
            (Part::Contacts, &["email", "email_verified", "phone_number", "phone_number_verified"]),
            (Part::Household, &["household"]),
            (Part::Relations, &["parents", "spouse", "children", "representative"]),
        ];
        let mut parts: Vec<Part> =
            table.into_iter().filter(|(_, names)| self.any(names)).map(|(part, _)| part).collect();
        for part in self.questions.iter().flat_map(|(_, question)| predicates::parts(question)) {
            if !parts.contains(part) {
                parts.push(*part);
            }
        }
        parts
    }
}

/// Reads the person and gives everything under the names of OpenID Connect and `domain` §4.5; the caller selects from it.
pub async fn of_person(
    provider: &Provider,
    conn: &mut Conn,
    account: &AccountStanding,
    wanted: &Wanted,
    now: Timestamp,
) -> Result<PersonClaims, Fault> {
    let Some(file) = PersonFile::load(conn, account.person_id, &wanted.parts()).await? else {
        return Err(Fault::inconsistent("account", "person_id", &account.account_id));
    };
    let today = now.vietnam_date();
    let mut claims = core(&file);
    claims.insert("account_level".to_owned(), account.level.code().into());
    claims.insert("account_type".to_owned(), "citizen".into());
    claims.extend(places(&file, today));
    claims.extend(family(&file));
    if wanted.any(&["email", "email_verified"]) {
        claims.extend(contact(provider, &file.contacts, ContactKind::Email, ["email", "email_verified"])?);
    }
    if wanted.any(&["phone_number", "phone_number_verified"]) {
        claims.extend(contact(
            provider,
            &file.contacts,
            ContactKind::Phone,
            ["phone_number", "phone_number_verified"],
        )?);
    }
    if wanted.any(&["ethnicity", "religion", "blood_group"]) {
        let sealed = file.person.sealed.as_deref();
        let sensitive = provider.secrets.vault.open_sensitive(account.person_id, sealed)?;
        claims.insert("ethnicity".to_owned(), json!(sensitive.ethnicity));
        claims.insert("religion".to_owned(), json!(sensitive.religion));
        claims.insert("blood_group".to_owned(), json!(sensitive.blood_group));
    }
    for (name, question) in &wanted.questions {
        if let Some(answer) = predicates::judge(&file, question, now) {
            claims.insert(name.clone(), answer.claim());
        }
    }
    let claims = PersonClaims::new(claims);
    if !wanted.verification {
        return Ok(claims);
    }
    Ok(claims.verified(verification(conn, account, now).await?))
}

/// How and when the person came to their account's level (Decree 69/2024 Art 7, 10), and that every claim is the population
/// register's of this moment.
async fn verification(conn: &mut Conn, account: &AccountStanding, now: Timestamp) -> Result<Verification, Fault> {
    let since = accounts::proofed_at(conn, account.account_id).await?.map(Timestamp::rfc3339);
    let procedure = match account.level {
        AccountLevel::One => "remote",
        AccountLevel::Two => "in_person",
    };
    let held = json!({
        "trust_framework": verified_claims::TRUST_FRAMEWORK,
        "assurance_level": account.level.code(),
        "assurance_process": {"policy": "69/2024/ND-CP", "procedure": procedure},
        "time": since,
        "evidence": [{
            "type": verified_claims::EVIDENCE,
            "check_details": [{"check_method": "data", "time": now.rfc3339()}],
            "time": now.rfc3339(),
            "record": {
                "type": verified_claims::ELECTRONIC_RECORD,
                "source": {
                    "name": "Cơ sở dữ liệu quốc gia về dân cư", "country": "Việt Nam", "country_code": "VNM",
                },
            },
        }],
    });
    Ok(Verification { held, now })
}

/// Scope `profile`, `vn_id`, `vn_card`, `vn_civil`.
fn core(file: &PersonFile) -> Map<String, Value> {
    let person = &file.person.person;
    let card = file.newest_card().map(|card| {
        json!({
            "number": card.number.as_str(), "issued_at": card.issued_on.to_string(), "issuer": card.issuer,
            "expires_at": last_day(card.expiry), "status": card.status.code(),
        })
    });
    let previous: Vec<&str> =
        file.numbers.iter().filter(|number| !number.active).map(|number| number.number.as_str()).collect();
    let claims = json!({
        "name": person.name.full(),
        "family_name": person.name.family(),
        "middle_name": person.name.middle(),
        "given_name": person.name.given(),
        "birthdate": birthdate(person.birth),
        // OIDC knows a day or a year; a record of year and month says so beside the year.
        "birthdate_precision": (person.birth.precision() != Precision::Day).then(|| person.birth.precision().code()),
        "gender": person.sex.claim(),
        "nationalities": person.nationalities.iter().map(|code| alpha3(code)).collect::<Vec<_>>(),
        "id_number": person.number.as_ref().map(|number| number.as_str().to_owned()),
        "previous_id_numbers": previous,
        "card": card,
        "life_status": person.vital.code(),
        "updated_at": file.person.as_of.secs(),
    });
    match claims {
        Value::Object(claims) => claims,
        _ => Map::new(),
    }
}

/// Không thời hạn has no last day, and so no claim.
fn last_day(expiry: Expiry) -> Option<String> {
    match expiry {
        Expiry::On(day) => Some(day.to_string()),
        Expiry::Never => None,
    }
}

/// `YYYY-MM-DD`, or `YYYY` when the record knows no more (OIDC Core §5.1).
fn birthdate(birth: BirthDate) -> String {
    match birth.precision() {
        Precision::Day => birth.earliest().to_string(),
        Precision::Month | Precision::Year => format!("{:04}", birth.year()),
    }
}

/// ICAO's three letters (OIDC for Identity Assurance §4.1) for the nationality that nearly everybody has; others as recorded.
fn alpha3(code: &str) -> &str {
    if code == "VN" { "VNM" } else { code }
}

fn places(file: &PersonFile, today: Date) -> Map<String, Value> {
    let mut claims = Map::new();
    if let Some(residence) = file.residence_of_record(today) {
        claims.insert("address".to_owned(), address(residence, today));
    }
    let forms: Map<String, Value> = file
        .residences
        .iter()
        .filter(|residence| residence.holds_on(today))
        .map(|residence| (residence.kind.code().to_owned(), address(residence, today)))
        .collect();
    claims.insert("residence".to_owned(), Value::Object(forms));
    claims
}

/// OIDC Core §5.1.1, with the unit and the day from which that unit is meant.
fn address(residence: &Residence, today: Date) -> Value {
    let place = &residence.address;
    let shown = place.shown_on(today);
    let unit = shown.unit;
    let province = unit.and_then(|unit| unit.province).and_then(|code| admin_unit::on(code, today));
    json!({
        "formatted": shown.text,
        "street_address": place.line,
        "locality": unit.map(|unit| unit.full_name),
        "region": province.map(|unit| unit.full_name),
        "country": "VN",
        "unit_code": place.unit.code,
        "unit_version": place.unit.valid_from.to_string(),
    })
}

fn family(file: &PersonFile) -> Map<String, Value> {
    let of = |kinds: &[Kinship]| -> Vec<Value> {
        file.relations.iter().filter(|relation| kinds.contains(&relation.kinship)).map(relative).collect()
    };
    let mut claims = Map::new();
    claims.insert("parents".to_owned(), of(&[Kinship::Father, Kinship::Mother]).into());
    claims.insert("spouse".to_owned(), of(&[Kinship::Spouse]).into());
    claims.insert("children".to_owned(), of(&[Kinship::Child]).into());
    claims.insert("representative".to_owned(), of(&[Kinship::Representative]).into());
    if let Some((household, members)) = &file.household {
        let members: Vec<Value> = members
            .iter()
            .map(|member| json!({"name": member.full_name, "relation": member.relation.code()}))
            .collect();
        claims.insert("household".to_owned(), json!({"residence_file": household.residence_file, "members": members}));
    }
    claims
}

fn relative(relation: &StoredRelation) -> Value {
    json!({"relation": relation.kinship.code(), "name": relation.full_name, "id_number": relation.relative_number})
}

fn contact(
    provider: &Provider,
    contacts: &[StoredContact],
    kind: ContactKind,
    [value, verified]: [&str; 2],
) -> Result<Map<String, Value>, Fault> {
    let mut claims = Map::new();
    if let Some(contact) = contacts.iter().find(|contact| contact.kind == kind) {
        let opened = provider.secrets.vault.open_contact(contact)?;
        claims.insert(value.to_owned(), opened.reveal().into());
        claims.insert(verified.to_owned(), contact.verified.into());
    }
    Ok(claims)
}
