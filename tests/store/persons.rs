//! Persons and their aggregates: what an import stores, and what is read back.

use std::{fmt::Write as _, path::PathBuf, sync::Arc};

use dinhdanh::{
    base::{Clock, Entropy, ids::InstanceId},
    crypto::Kek,
    flows::registry::{
        Import, ImportError, Part, PersonFile, PersonVault, Refusal, Watch,
        match_person::{Claim, match_person},
        source_file::{Facts, Format},
    },
    registry::{
        BirthDate, Field, PersonName, PersonRecord, PersonalNumber, Reason,
        synthetic::{Edge, Settings, Synthetic, SyntheticPerson, USUAL_DAY},
    },
    store::{
        Conn, Db, DbSettings, Engine, Writer,
        audit::Actor,
        contacts::{self, ContactKind},
        imports::Tally,
        persons,
    },
};
use sqlx::Row as _;
use time::macros::datetime;

use crate::support::database::TestDb;

struct Registry {
    test: TestDb,
    import: Import,
    dir: tempfile::TempDir,
}

#[derive(Default)]
pub struct Seen {
    facts: Option<Facts>,
    refusals: Vec<Refusal>,
    last: Tally,
    resumed: Option<u64>,
    pub likely: Vec<u64>,
}

impl Watch for Seen {
    fn surveyed(&mut self, facts: &Facts) {
        self.facts = Some(*facts);
    }
    fn refused(&mut self, refusal: &Refusal) {
        self.refusals.push(*refusal);
    }
    fn likely(&mut self, line: u64) {
        self.likely.push(line);
    }
    fn progressed(&mut self, _bytes: u64, rows: Tally) {
        self.last = rows;
    }
    fn resumed(&mut self, line: u64) {
        self.resumed = Some(line);
    }
}

pub fn importer(db: &Db, seed: u64) -> Import {
    let entropy = Entropy::counted(seed);
    // The people of the generator are right on their day.
    let noon = datetime!(2026-11-01 05:00 UTC).unix_timestamp();
    let clock = Clock::set_to(dinhdanh::base::Timestamp::from_secs(noon));
    Import {
        db: db.clone(),
        writer: Writer::start(db, InstanceId::generate(&entropy, clock.now())),
        vault: Arc::new(PersonVault::new(&Kek::from_bytes(&[9; 32]))),
        clock,
        entropy,
        actor: Actor::CommandLine,
        decided: true,
    }
}

async fn registries() -> Vec<Registry> {
    let mut all = Vec::new();
    for test in TestDb::each().await {
        let import = importer(&test.db, 1);
        all.push(Registry { test, import, dir: tempfile::tempdir().unwrap() });
    }
    all
}

impl Registry {
    fn file(&self, text: &str) -> PathBuf {
        let path = self.dir.path().join("people.file");
        std::fs::write(&path, text).unwrap();
        path
    }

    async fn bring(&self, text: &str, format: Format) -> (Result<Tally, ImportError>, Seen) {
        let mut seen = Seen::default();
        let result = self.import.run(self.file(text), format, None, &mut seen).await;
        (result, seen)
    }

    async fn conn(&self) -> Conn {
        self.test.db.read().await.unwrap()
    }

    /// How many rows each table has.
    async fn sizes(&self) -> Vec<(&'static str, i64)> {
        let mut sizes = Vec::new();
        for (table, sql) in [
            ("person", "SELECT count(*) FROM person"),
            ("personal_number", "SELECT count(*) FROM personal_number"),
            ("card", "SELECT count(*) FROM card"),
            ("residence", "SELECT count(*) FROM residence"),
            ("contact", "SELECT count(*) FROM contact"),
            ("household", "SELECT count(*) FROM household"),
            ("household_member", "SELECT count(*) FROM household_member"),
            ("relation", "SELECT count(*) FROM relation"),
            ("admin_unit", "SELECT count(*) FROM admin_unit"),
        ] {
            sizes.push((table, self.number(sql).await));
        }
        sizes
    }

    async fn number(&self, sql: &'static str) -> i64 {
        match &mut self.conn().await {
            Conn::Sqlite(conn) => sqlx::query(sql).fetch_one(&mut **conn).await.unwrap().get(0),
            Conn::Postgres(conn) => sqlx::query(sql).fetch_one(&mut **conn).await.unwrap().get(0),
        }
    }
}

fn people(count: u64) -> Vec<SyntheticPerson> {
    Synthetic::new(Settings { seed: 11, count, as_of: USUAL_DAY }).unwrap().collect()
}

fn ndjson(people: &[SyntheticPerson]) -> String {
    let mut text = String::new();
    for person in people {
        writeln!(text, "{}", serde_json::to_string(&person.row()).unwrap()).unwrap();
    }
    text
}

async fn check_stored(registry: &Registry, record: &PersonRecord) {
    let mut conn = registry.conn().await;
    let found = persons::find_by_number(&mut conn, &record.number).await.unwrap().unwrap();
    assert_eq!(found.person.number, Some(record.number));
    assert_eq!(found.person.name, record.name);
    assert_eq!(found.person.birth, record.birth);
    assert_eq!((found.person.sex, found.person.vital), (record.sex, record.vital));
    assert_eq!(found.person.nationalities, std::slice::from_ref(&record.nationality));
    let vault = &registry.import.vault;
    let sensitive = vault.open_sensitive(found.person.id, found.sealed.as_deref()).unwrap();
    assert_eq!(sensitive.ethnicity, record.ethnicity);
    let file = PersonFile::of(&mut conn, found, &Part::ALL).await.unwrap();
    assert_eq!(file.newest_card(), record.card.as_ref());
    assert_eq!(file.residences, record.residences);
    let former: Vec<_> = file.numbers.iter().filter(|number| !number.active).map(|number| number.number).collect();
    assert_eq!(former, record.former_numbers);
    let opened = |kind: ContactKind| {
        let contact = file.contacts.iter().find(|contact| contact.kind == kind)?;
        Some(vault.open_contact(contact).unwrap().reveal().to_owned())
    };
    assert_eq!(opened(ContactKind::Phone).as_deref(), record.phone.as_ref().map(dinhdanh::registry::PhoneNumber::e164));
    assert_eq!(
        opened(ContactKind::Email).as_deref(),
        record.email.as_ref().map(dinhdanh::registry::EmailAddress::as_str)
    );
    let membership = record.household.as_ref();
    let (household, members) = file.household.clone().unzip();
    assert_eq!(household.map(|one| one.residence_file).as_deref(), membership.map(|one| one.file.as_str()));
    let own = members.iter().flatten().find(|member| member.person_id == file.person.person.id);
    assert_eq!(own.map(|member| member.relation), membership.map(|one| one.relation));
    let stated = [
        ("father", record.relatives.father),
        ("mother", record.relatives.mother),
        ("representative", record.relatives.representative),
        ("spouse", record.relatives.spouse),
    ];
    let stated: Vec<_> = stated.iter().filter_map(|(kind, number)| Some((*kind, (*number)?))).collect();
    let stored: Vec<_> = file
        .relations
        .iter()
        .map(|one| (one.kinship.code(), PersonalNumber::parse(one.relative_number.as_deref().unwrap()).unwrap()))
        .collect();
    assert_eq!(stored, stated);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_brought_in_is_read_back_whole() {
    let people = people(600);
    for registry in registries().await {
        let (rows, seen) = registry.bring(&ndjson(&people), Format::Ndjson).await;
        let rows = rows.unwrap();
        assert_eq!(rows, Tally { added: 600, known: 0, refused: 0 }, "{:?}", seen.refusals);
        assert_eq!((seen.last, seen.facts.unwrap().rows), (rows, 600));
        let unusual = people.iter().filter(|person| person.edge.is_some());
        for person in people.iter().step_by(7).chain(unusual) {
            check_stored(&registry, &person.record).await;
        }
        let unlinked = registry.number("SELECT count(*) FROM relation WHERE relative_id IS NULL").await;
        // Only the household that the count cuts off may name somebody who did not come.
        assert!(unlinked <= 6, "{unlinked} relatives are not linked");
        let heads = "SELECT count(*) FROM household h JOIN household_member m ON m.person_id = h.head_id \
                     AND m.household_id = h.id AND m.relation = 'head'";
        let (named, all) = (registry.number(heads).await, registry.number("SELECT count(*) FROM household").await);
        assert!(all > 150 && all - named <= 3, "{named} of {all} households have their head");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_time_changes_nothing() {
    let text = ndjson(&people(300));
    for registry in registries().await {
        registry.bring(&text, Format::Ndjson).await.0.unwrap();
        let (before, audited) =
            (registry.sizes().await, "SELECT count(*) FROM audit_event WHERE action = 'registry.people_imported'");
        let events = registry.number(audited).await;
        let (again, seen) = registry.bring(&text, Format::Ndjson).await;
        assert_eq!(again.unwrap(), Tally { added: 0, known: 300, refused: 0 });
        assert_eq!(seen.refusals, []);
        assert_eq!(registry.sizes().await, before);
        assert_eq!(registry.number(audited).await, events, "an event tells of a change that was not");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_batch_leaves_one_event_that_adds_up() {
    let text = ndjson(&people(900));
    for registry in registries().await {
        registry.bring(&text, Format::Ndjson).await.0.unwrap();
        let added = match registry.test.engine {
            Engine::Sqlite => {
                "SELECT sum(detail ->> 'added') FROM audit_event WHERE action = 'registry.people_imported' \
                 AND length(detail ->> 'sha256') = 64"
            }
            Engine::Postgres => {
                "SELECT sum((detail::jsonb ->> 'added')::bigint)::bigint FROM audit_event \
                 WHERE action = 'registry.people_imported' AND length(detail::jsonb ->> 'sha256') = 64"
            }
        };
        assert_eq!(registry.number(added).await, 900);
        assert_eq!(
            registry.number("SELECT count(*) FROM audit_event WHERE action = 'registry.import_finished'").await,
            1
        );
        assert_eq!(
            registry
                .number("SELECT rows_added FROM import_batch WHERE finished_at IS NOT NULL AND rows_known = 0")
                .await,
            900
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn known_people_stay_as_they_are() {
    let header = "number,former_numbers,full_name,birth_date,sex\n";
    let first = format!("{header}900085000001,900185000001,Trần Thử,1985-03-05,male\n");
    let second = format!(
        "{header}900085000001,,Trần Mẫu,1985-03-05,male\n\
         900085000001,,Trần Thử,1986-03-05,male\n\
         900085000001,,TRẦN THỬ,1985-03-05,male\n\
         900185000001,,Lê Mẫu,1985-03-05,female\n\
         900090000001,900185000001,Lê Thử,1990-01-01,male\n\
         900090000002,,Lê Mới,1990-01-01,male\n"
    );
    for registry in registries().await {
        registry.bring(&first, Format::Csv).await.0.unwrap();
        let (rows, seen) = registry.bring(&second, Format::Csv).await;
        assert_eq!(rows.unwrap(), Tally { added: 1, known: 1, refused: 4 });
        let told: Vec<_> = seen.refusals.iter().map(|one| (one.line, one.field, one.reason)).collect();
        assert_eq!(
            told,
            [
                (2, Field::Number, Reason::KnownDifferently),
                (3, Field::Number, Reason::KnownDifferently),
                (5, Field::Number, Reason::KnownDifferently),
                (6, Field::FormerNumbers, Reason::LeadsToAnother),
            ]
        );
        let mut conn = registry.conn().await;
        let former = PersonalNumber::parse("900185000001").unwrap();
        let found = persons::find_by_number(&mut conn, &former).await.unwrap().unwrap();
        assert_eq!(found.person.name.full(), "Trần Thử");
        assert_eq!(found.person.number.unwrap().as_str(), "900085000001");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_rows_are_named_and_the_others_come_in() {
    let text = "number,full_name,birth_date,phone\n\
                900085000001,Trần Thử,1985-03-05,0500000001\n\
                90008500000,Trần 2,1985-02-30,12\n\
                900085000003,Trần Ba,1985-03-05,\n";
    for registry in registries().await {
        let (rows, seen) = registry.bring(text, Format::Csv).await;
        assert_eq!(rows.unwrap(), Tally { added: 2, known: 0, refused: 1 });
        let told: Vec<_> = seen.refusals.iter().map(|one| (one.line, one.field)).collect();
        assert_eq!(told, [(3, Field::Number), (3, Field::FullName), (3, Field::BirthDate), (3, Field::Phone)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_file_changes_nothing() {
    let good = ndjson(&people(300));
    let cut = &good[..good.len() - 40];
    for registry in registries().await {
        let (result, _) = registry.bring(cut, Format::Ndjson).await;
        assert!(matches!(result, Err(ImportError::File(_))), "{result:?}");
        assert_eq!(registry.number("SELECT count(*) FROM person").await, 0);
        assert_eq!(registry.number("SELECT count(*) FROM import_batch").await, 0);
        let path = registry.file(&good);
        let other = registry.import.run(path, Format::Ndjson, Some([0; 32]), &mut Seen::default()).await;
        assert!(matches!(other, Err(ImportError::Digest { .. })), "{other:?}");
        assert_eq!(registry.number("SELECT count(*) FROM person").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn relatives_and_heads_are_linked_when_they_come_later() {
    let header = "number,full_name,birth_date,permanent_unit,residence_file,relation_to_head,father_number\n";
    let child = format!("{header}900215000001,Trần Con,2015-01-01,00004,T-1,child,900085000001\n");
    let father = format!("{header}900085000001,Trần Cha,1985-01-01,00004,T-1,head,900060000001\n");
    for registry in registries().await {
        registry.bring(&child, Format::Csv).await.0.unwrap();
        assert_eq!(registry.number("SELECT count(*) FROM household WHERE head_id IS NULL").await, 1);
        registry.bring(&father, Format::Csv).await.0.unwrap();
        let mut conn = registry.conn().await;
        let find = |number: &str| PersonalNumber::parse(number).unwrap();
        let child = persons::find_by_number(&mut conn, &find("900215000001")).await.unwrap().unwrap();
        let father = persons::find_by_number(&mut conn, &find("900085000001")).await.unwrap().unwrap();
        let father_id = father.person.id;
        let of_child = PersonFile::of(&mut conn, child, &Part::ALL).await.unwrap();
        assert_eq!(of_child.relations[0].relative, Some(father_id));
        assert_eq!(of_child.relations[0].full_name.as_deref(), Some("Trần Cha"));
        let (household, members) = of_child.household.unwrap();
        assert_eq!((household.head, members.len()), (Some(father_id), 2));
        let of_father = PersonFile::of(&mut conn, father, &[Part::Relations]).await.unwrap();
        assert_eq!(of_father.relations[0].relative, None);
        assert_eq!(of_father.relations[0].relative_number.as_deref(), Some("900060000001"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_found_by_name_and_year_and_by_their_contact() {
    let text = "number,full_name,birth_date,phone\n\
                900085000001,Nguyễn Văn Hòa,1985-03-05,0500000001\n\
                900085000002,Nguyễn Văn Hoa,1985-12-31,0500000002\n\
                900085000003,Nguyễn Văn Hóa,1985,0500000003\n\
                900086000004,Nguyễn Văn Hòa,1986-01-01,\n";
    for registry in registries().await {
        registry.bring(text, Format::Csv).await.0.unwrap();
        let mut conn = registry.conn().await;
        let keys = PersonName::parse("nguyen van hoa").unwrap().keys();
        let found = persons::find_by_name(&mut conn, &keys, 1985, 10).await.unwrap();
        let numbers: Vec<_> = found.iter().map(|one| one.person.number.unwrap().as_str().to_owned()).collect();
        assert_eq!(numbers, ["900085000003", "900085000001", "900085000002"]);
        assert_eq!(persons::find_by_name(&mut conn, &keys, 1985, 2).await.unwrap().len(), 2);
        let person = found[1].person.id;
        let vault = &registry.import.vault;
        for (phone, own) in [("+84500000001", true), ("+84500000002", false)] {
            let index = vault.contact_index(ContactKind::Phone, phone);
            let is_of = contacts::is_of(&mut conn, person, ContactKind::Phone, index.as_bytes()).await.unwrap();
            assert_eq!(is_of, own, "{phone}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_matched_against_the_record() {
    let text = "number,former_numbers,full_name,birth_date\n\
                900085000001,900185000001,Nguyễn Văn Hòa,1985-03-05\n";
    for registry in registries().await {
        registry.bring(text, Format::Csv).await.0.unwrap();
        let mut conn = registry.conn().await;
        for (number, name, birth, identifies) in [
            ("900085000001", "NGUYỄN VĂN HOÀ", "1985-03-05", Some(true)),
            ("900085000001", "Nguyen Van Hoa", "1985-03-05", Some(false)),
            ("900085000001", "Nguyễn Văn Hòa", "1985", Some(false)),
            ("900185000001", "Nguyễn Văn Hòa", "1985-03-05", Some(false)),
            ("900085000009", "Nguyễn Văn Hòa", "1985-03-05", None),
        ] {
            let claim = Claim {
                number: PersonalNumber::parse(number).unwrap(),
                name: PersonName::parse(name).unwrap(),
                birth: BirthDate::parse(birth).unwrap(),
            };
            let found = match_person(&mut conn, &claim).await.unwrap();
            assert_eq!(found.map(|(_, result)| result.identifies()), identifies, "{number} {name} {birth}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_tells_what_would_come_and_writes_nothing() {
    let known = people(40);
    let text = ndjson(&people(100)) + "{\"number\":\"9\",\"full_name\":\"Trần Thử\",\"birth_date\":\"1985\"}\n";
    for registry in registries().await {
        registry.bring(&ndjson(&known), Format::Ndjson).await.0.unwrap();
        let mut seen = Seen::default();
        let rows = registry.import.rehearse(registry.file(&text), Format::Ndjson, None, &mut seen).await.unwrap();
        assert_eq!(rows, Tally { added: 60, known: 40, refused: 1 });
        assert_eq!((seen.refusals.len(), seen.refusals[0].line), (1, 101));
        assert_eq!(registry.number("SELECT count(*) FROM person").await, 40);
        assert_eq!(registry.number("SELECT count(*) FROM import_batch").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_known_otherwise_becomes_a_case_once() {
    let header = "number,full_name,birth_date\n";
    let first = format!("{header}900085000001,Trần Thử,1985-03-05\n900085000002,Lê Thử,1985-03-05\n");
    let second = format!("{header}900085000001,Trần Mẫu,1985-03-05\n900085000002,Lê Thử,1985-03-05\n");
    for registry in registries().await {
        registry.bring(&first, Format::Csv).await.0.unwrap();
        for _ in 0..2 {
            let (rows, seen) = registry.bring(&second, Format::Csv).await;
            assert_eq!(rows.unwrap(), Tally { added: 0, known: 1, refused: 1 });
            assert_eq!(seen.refusals[0].reason, Reason::KnownDifferently);
        }
        let mut conn = registry.conn().await;
        let cases = dinhdanh::store::cases::waiting(&mut conn, None, 10).await.unwrap();
        assert_eq!(cases.len(), 1, "the same line of the same file once");
        assert_eq!((cases[0].kind.as_str(), cases[0].source_id.as_str()), ("import_differs", "2"));
        let number = PersonalNumber::parse("900085000001").unwrap();
        let person = persons::find_by_number(&mut conn, &number).await.unwrap().unwrap();
        assert_eq!(cases[0].person, Some(person.person.id));
        assert_eq!(person.person.name.full(), "Trần Thử", "nothing was overwritten");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_was_broken_off_goes_on_after_its_last_batch() {
    let people = people(5_000);
    let text = ndjson(&people);
    for registry in registries().await {
        let path = registry.file(&text);
        {
            let mut stop = StopAfter(100);
            let run = registry.import.run(path.clone(), Format::Ndjson, None, &mut stop);
            assert!(futures_util::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(run)).await.is_err());
        }
        let done = registry.number("SELECT lines_done FROM import_batch").await;
        assert!((100..5_000).contains(&done), "{done}");
        assert_eq!(registry.number("SELECT count(*) FROM person").await, done, "what was told of is there, no more");
        registry.import.clock.advance(dinhdanh::base::Span::secs(11));
        let mut seen = Seen::default();
        let rows = registry.import.run(path, Format::Ndjson, None, &mut seen).await.unwrap();
        assert_eq!((rows.added, rows.known), (5_000 - u64::try_from(done).unwrap(), 0), "nothing was read twice");
        assert_eq!(seen.resumed, Some(u64::try_from(done).unwrap()));
        assert_eq!(registry.number("SELECT count(*) FROM person").await, 5_000);
        assert_eq!(registry.number("SELECT count(*) FROM import_batch WHERE rows_added = 5000").await, 1);
    }
}

/// Ends the run in the middle, as a kill would.
struct StopAfter(u64);

impl Watch for StopAfter {
    fn surveyed(&mut self, _facts: &Facts) {}
    fn refused(&mut self, _refusal: &Refusal) {}
    fn progressed(&mut self, _bytes: u64, rows: Tally) {
        assert!(rows.added < self.0, "stopped");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_imports_at_once_add_everybody_once() {
    let people = people(1_500);
    let text = ndjson(&people);
    for registry in registries().await {
        let path = registry.file(&text);
        // As another process has it: its own connections to the same database.
        let settings = DbSettings {
            url: registry.test.url.clone(),
            read_connections: 2,
            postgres_lanes: 2,
            notices_restores: true,
        };
        let other = importer(&Db::open(&settings).await.unwrap(), 2);
        let (mut seen, mut seen_too) = (Seen::default(), Seen::default());
        let (one, two) = tokio::join!(
            registry.import.run(path.clone(), Format::Ndjson, None, &mut seen),
            other.run(path, Format::Ndjson, None, &mut seen_too)
        );
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_eq!((one.added + two.added, one.known + two.known), (1_500, 1_500));
        assert_eq!((one.refused, two.refused), (0, 0));
        assert_eq!(registry.number("SELECT count(*) FROM person").await, 1_500);
        let decomposed = people.iter().find(|person| person.edge == Some(Edge::DecomposedName)).unwrap();
        check_stored(&registry, &decomposed.record).await;
    }
}
