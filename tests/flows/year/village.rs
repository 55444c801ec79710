//! A village of a random year: who lives there, as the rules see them, and forms that may be true of them.

use dinhdanh::{
    base::{
        Entropy, Timestamp,
        ids::{HouseholdId, PersonId},
    },
    registry::{
        BirthDate, PersonName, Sex,
        civil_event::{CivilEvent, FieldKind, FieldSpec, Fresh, Kind, Outcome, Situation, Values},
        record::{Record, Relative, Tie},
    },
};
use time::{Date, Duration};
use uuid::Uuid;

use super::super::events::values;

const UNITS: [&str; 4] = ["00004", "00008", "00025", "00070"];
const FAMILIES: [&str; 10] = ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Phan", "Vũ", "Đặng", "Bùi", "Đỗ"];
const MIDDLES: [&str; 8] = ["Văn", "Thị", "Minh", "Ngọc", "Thanh", "Hoài", "Đức", "Quốc"];
const GIVENS: [&str; 16] = [
    "Thử", "Mẫu", "An", "Bình", "Chi", "Dung", "Giang", "Hạnh", "Khánh", "Lan", "Nam", "Oanh", "Phúc", "Quỳnh", "Sơn",
    "Tú",
];

pub struct Village {
    /// Everybody and every household, as the store last had them.
    pub at: Situation,
    pub people: Vec<PersonId>,
    pub entropy: Entropy,
    /// Begins its residence files and sources, so that villages never meet.
    pub name: String,
    pub files: u32,
    deck: Vec<Kind>,
}

impl Village {
    pub fn new(number: u64, now: Timestamp) -> Self {
        Self {
            at: Situation::new(now.vietnam_date(), fresh(&Entropy::counted(number), now)),
            people: Vec::new(),
            entropy: Entropy::counted(1_000 + number),
            name: format!("V{number}"),
            files: 0,
            deck: Vec::new(),
        }
    }

    pub fn below(&self, bound: usize) -> usize {
        usize::try_from(self.entropy.below(u32::try_from(bound).unwrap())).unwrap()
    }

    fn one<T: Copy>(&self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    pub fn someones_name(&self) -> PersonName {
        let text = format!("{} {} {}", self.one(&FAMILIES), self.one(&MIDDLES), self.one(&GIVENS));
        PersonName::parse(&text).unwrap()
    }

    pub fn new_file(&mut self) -> String {
        self.files += 1;
        format!("{}/{}", self.name, self.files)
    }

    /// Every kind comes round; births, marriages and moves more often than the rest, deaths less.
    pub fn next_kind(&mut self) -> Kind {
        if self.deck.is_empty() {
            let often = [Kind::Birth, Kind::Birth, Kind::Birth, Kind::Marriage, Kind::PermanentResidence];
            let rare =
                [Kind::Death, Kind::DeclaredDead, Kind::DeclaredMissing, Kind::NationalityLoss, Kind::RecordMerge];
            let left_out = self.below(rare.len());
            let all = Kind::ALL.into_iter().filter(|kind| *kind != rare[left_out]).chain(often);
            self.deck = all.collect();
        }
        let next = self.below(self.deck.len());
        self.deck.swap_remove(next)
    }

    fn anybody(&self) -> PersonId {
        // Mostly of the latest: the dead and those who left gather at the beginning.
        let from = if self.below(3) == 0 { 0 } else { self.people.len().saturating_sub(80) };
        self.people[from + self.below(self.people.len() - from)]
    }

    fn one_of(&self, fits: impl Fn(&Record) -> bool) -> PersonId {
        let some = (0..40).map(|_| self.anybody());
        some.into_iter().find(|id| self.at.record(*id).is_some_and(&fits)).unwrap_or_else(|| self.anybody())
    }

    fn subject(&self, kind: Kind) -> PersonId {
        let today = self.at.today;
        let tied = |relative: &Option<Relative>, tie| relative.as_ref().is_some_and(|one| one.tie == tie);
        match kind {
            Kind::Marriage => self.one_of(|one| {
                !one.is_dead() && one.sex == Sex::Male && one.spouse.is_none() && one.birth.age_on(today) >= 20
            }),
            Kind::Divorce | Kind::Annulment => self.one_of(|one| one.sex == Sex::Male && one.spouse.is_some()),
            Kind::DeathCorrection | Kind::DeclarationRevoked => self.one_of(Record::is_dead),
            Kind::Adoption => self.one_of(|one| !one.is_dead() && one.birth.age_on(today) < 18),
            Kind::AdoptionEnd => {
                self.one_of(|one| tied(&one.mother, Tie::Adoption) || tied(&one.father, Tie::Adoption))
            }
            Kind::GuardianshipEnd => self.one_of(|one| tied(&one.representative, Tie::Guardianship)),
            Kind::RecordUnmerge => self.one_of(|one| one.merged.is_some()),
            Kind::AbsenceEnd => self.one_of(|one| one.absence.is_some()),
            Kind::NumberIssue => self.one_of(|one| !one.is_dead() && one.numbers.active.is_none()),
            Kind::CardLost | Kind::CardHold | Kind::CardWithdrawal | Kind::CardReturn => {
                self.one_of(|one| !one.is_dead() && !one.cards.is_empty())
            }
            _ if self.below(10) == 0 => self.anybody(),
            _ => self.one_of(|one| !one.is_dead() && one.merged.is_none()),
        }
    }

    /// Mostly somebody who fits, so that the year is more than refusals.
    fn somebody_for(&self, part: &str, subject: PersonId) -> PersonId {
        let theirs = |relative: fn(&Record) -> &Option<Relative>| {
            self.at.record(subject).and_then(|record| relative(record).as_ref()?.person)
        };
        let recorded = match part {
            "subject" | "husband" | "child" | "ward" | "merged" => return subject,
            "wife" | "spouse" => theirs(|record| &record.spouse),
            "guardian" => theirs(|record| &record.representative),
            "mother" => theirs(|record| &record.mother),
            "father" => theirs(|record| &record.father),
            _ => None,
        };
        if let (Some(recorded), true) = (recorded, self.below(2) == 0) {
            return recorded;
        }
        let (today, sex) = (self.at.today, self.at.record(subject).map(|record| record.sex));
        self.one_of(|one| {
            let age = one.birth.age_on(today);
            !one.is_dead()
                && one.merged.is_none()
                && match part {
                    "wife" => one.sex == Sex::Female && age >= 18 && one.spouse.is_none(),
                    "mother" => one.sex == Sex::Female && age >= 20,
                    "father" | "parent" => one.sex == Sex::Male && age >= 20,
                    "guardian" => age >= 18,
                    "keep" => Some(one.sex) == sex,
                    _ => true,
                }
        })
    }

    fn value(&mut self, field: &FieldSpec, subject: PersonId) -> Option<String> {
        let today = self.at.today;
        Some(match field.kind {
            FieldKind::Person => self.somebody_for(field.name, subject).to_string(),
            FieldKind::Household => {
                let whose = if self.below(2) == 0 { subject } else { self.anybody() };
                self.at.record(whose)?.household.as_ref()?.file.as_str().to_owned()
            }
            FieldKind::NewHousehold => self.new_file(),
            FieldKind::Day if field.name == "until" => (today + Duration::days(1 + self.days(700))).to_string(),
            // Mostly today, sometimes what was learned late.
            FieldKind::Day if self.below(8) == 0 => (today - Duration::days(self.days(40))).to_string(),
            FieldKind::Day => today.to_string(),
            FieldKind::BirthDate => (today - Duration::days(self.days(60 * 365))).to_string(),
            FieldKind::Name => self.someones_name().full().to_owned(),
            FieldKind::Ethnicity => format!("{:02}", 1 + self.below(54)),
            FieldKind::Text if field.name == "cmnd9" => format!("{:09}", self.entropy.below(999_999_999)),
            FieldKind::Text => "Thử".to_owned(),
            FieldKind::Choice(list) => self.one(list).0.to_owned(),
            FieldKind::Commune => self.one(&UNITS).to_owned(),
            FieldKind::Country => self.one(&["VN", "FR", "LA"]).to_owned(),
            FieldKind::Phone => format!("09{:08}", self.entropy.below(99_999_999)),
            FieldKind::Email => "thu@vidu.example".to_owned(),
        })
    }

    fn days(&self, below: usize) -> i64 {
        i64::try_from(self.below(below)).unwrap()
    }

    /// A form of this kind about somebody, and what the rules make of it.
    pub fn form(&mut self, (kind, subject): (Kind, Option<PersonId>), now: Timestamp) -> (Values, Option<Outcome>) {
        self.at.today = now.vietnam_date();
        let subject = subject.unwrap_or_else(|| self.subject(kind));
        let mut given = Values::new();
        for field in kind.fields() {
            // One in three of the optional ones stays empty.
            if field.required || self.below(3) > 0 {
                given.extend(self.value(field, subject).map(|value| (field.name.to_owned(), value)));
            }
        }
        let given: Vec<_> = given.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let form = values(kind, &given);
        let outcome = self.judged(kind, &form, now);
        (form, outcome)
    }

    /// What the rules say where everybody is known, beside the ground that the store reads for one event.
    fn judged(&mut self, kind: Kind, form: &Values, now: Timestamp) -> Option<Outcome> {
        let event = CivilEvent::read(kind, form, self.at.today).ok()?;
        self.at.fresh = fresh(&self.entropy, now);
        self.at.fresh.number = event.number_wanted(&self.at).and_then(|wanted| wanted.with_serial(0));
        event.judge(&self.at).ok()
    }

    /// A form that the rules take, where one of these tries finds it; else the last of them.
    pub fn likely_form(&mut self, about: (Kind, Option<PersonId>), now: Timestamp) -> (Values, Option<Outcome>) {
        let mut last = self.form(about, now);
        for _ in 0..50 {
            if last.1.is_some() {
                break;
            }
            last = self.form(about, now);
        }
        last
    }

    /// Whether the outcome has anything of which the store draws its own.
    pub fn draws(&self, outcome: &Outcome) -> bool {
        outcome.born.is_some()
            || self.at.fresh.number.is_some()
            || outcome.households.iter().any(|one| one.id == self.at.fresh.household)
    }

    pub fn some_birth(&self, today: Date) -> BirthDate {
        BirthDate::Full(today - Duration::days(18 * 365 + self.days(50 * 365)))
    }

    pub fn some_unit(&self) -> &'static str {
        self.one(&UNITS)
    }
}

fn fresh(entropy: &Entropy, now: Timestamp) -> Fresh {
    let draw = || -> Uuid { entropy.uuid(now) };
    Fresh { person: PersonId(draw()), household: HouseholdId(draw()), number: None }
}
