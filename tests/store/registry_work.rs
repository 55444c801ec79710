//! Duplicates, new numbers: what the registry does in the background, on both engines.

use dinhdanh::{
    base::{Clock, Entropy, Timestamp},
    flows::registry::{
        Import,
        boundary_change::{Changed, Portions, carry_out},
        duplicates::{DecideDifferent, Walked, candidates, walk},
        export::{Export, Selection},
        issue_number::{NoNumber, draw},
        source_file::Format,
    },
    registry::{
        Sex, SourceRow, admin_unit,
        number_prefix::Prefix,
        synthetic::{Settings, Synthetic, USUAL_DAY},
    },
    store::{audit::Actor, boundary_changes, duplicates, finding},
};

use super::{
    case::NOW,
    persons::{Seen, importer},
};
use crate::support::database::TestDb;

async fn bring(import: &Import, text: &str, format: Format) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let rows = import.run(file.path().to_owned(), format, None, &mut Seen::default()).await.unwrap();
    assert_eq!(rows.refused, 0);
}

async fn walked(import: &Import) -> Walked {
    walk((&import.db, &import.writer, &Clock::set_to(NOW)), &Actor::CommandLine, |_| {}).await.unwrap()
}

const PEOPLE: &str = "number,full_name,birth_date,sex,permanent_unit,phone,father_number\n\
    900085000001,Nguyễn Văn Hòa,1985-03-05,male,00004,0500000001,\n\
    900085000002,Nguyễn Văn Hoà,1985-03-05,male,00004,,\n\
    900085000003,Nguyễn Văn Hòa,1985-05-03,male,26368,0500000001,\n\
    900085000004,Nguyễn Văn Hòa,1985-03-05,male,26368,,\n\
    900085000005,Trần Văn Bình,1985-03-05,male,00004,0500000001,\n";

/// A file that two officers decided: its rehearsal names the rows that are very like somebody, and nobody comes in twice without
/// standing on the list, also when both are in the file.
#[tokio::test(flavor = "multi_thread")]
async fn who_comes_in_by_a_file_is_compared_with_who_is_there() {
    for test in TestDb::each().await {
        let import = importer(&test.db, 9);
        let mut conn = test.db.read().await.unwrap();
        let first =
            "number,full_name,birth_date,sex,permanent_unit\n900085000001,Nguyễn Văn Hòa,1985-03-05,male,00004\n";
        bring(&Import { decided: false, ..importer(&test.db, 10) }, first, Format::Csv).await;
        let rows = "number,full_name,birth_date,sex,permanent_unit\n\
            900085000002,Nguyễn Văn Hoà,1985-03-05,male,00004\n\
            900085000003,Lê Văn Một,1990-01-01,male,00004\n\
            900085000004,Lê Văn Một,1990-01-01,male,00004\n\
            900085000005,Trần Văn Bình,1985-03-05,male,00004\n";
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), rows).unwrap();
        let mut seen = Seen::default();
        let tally = import.rehearse(file.path().to_owned(), Format::Csv, None, &mut seen).await.unwrap();
        assert_eq!((tally.added, seen.likely), (4, vec![2]), "who is in the registry; nothing is written yet");
        assert_eq!(super::case::number(&mut conn, "SELECT count(*) FROM duplicate_candidate").await, 0);
        bring(&import, rows, Format::Csv).await;
        let open = "SELECT count(*) FROM duplicate_candidate WHERE state = 'open'";
        assert_eq!(super::case::number(&mut conn, open).await, 2, "with who was there, and of the file's own two");
        assert_eq!(walked(&import).await.new, 0, "the walk finds no more");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pairs_are_found_once_explained_and_decided() {
    for test in TestDb::each().await {
        let import = Import { decided: false, ..importer(&test.db, 1) };
        bring(&import, PEOPLE, Format::Csv).await;
        assert_eq!(walked(&import).await, Walked { people: 5, pairs: 2, new: 2 });
        assert_eq!(walked(&import).await.new, 0, "known pairs stay as they are");
        let mut conn = test.db.read().await.unwrap();
        let audited = "SELECT count(*) FROM audit_event WHERE action = 'registry.duplicates_found'";
        assert_eq!(super::case::number(&mut conn, audited).await, 1);
        let pairs = duplicates::open_within(&mut conn, None, 10).await.unwrap();
        let found: Vec<_> = pairs.iter().map(|pair| (pair.score, pair.reasons.to_string())).collect();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].0, 88, "{found:?}");
        assert!(found[0].1.contains("swapped") || found[0].1.contains("birth_date_with_a_slip"), "{found:?}");
        assert!(found[1].1.contains("same_commune") && found[1].1.contains("same_birth_date"), "{found:?}");
        let pair = (pairs[1].other, pairs[1].one);
        let decide = || DecideDifferent { pair, note: "hai người".to_owned(), actor: Actor::CommandLine, now: NOW };
        assert!(import.writer.submit(decide()).await.unwrap());
        assert!(!import.writer.submit(decide()).await.unwrap(), "once");
        assert_eq!(duplicates::open_within(&mut conn, None, 10).await.unwrap().len(), 1);
        assert_eq!(walked(&import).await.new, 0, "what was decided does not come again");
        let first = duplicates::next(&mut conn, dinhdanh::base::ids::PersonId(uuid::Uuid::nil()), 9).await.unwrap();
        let mut alike = 0;
        for one in &first {
            alike += candidates(&mut conn, one).await.unwrap().len();
        }
        assert_eq!((first.len(), alike), (5, 4), "asked at entry: each side of a pair finds the other");
    }
}

/// Nobody in the synthetic country is there twice: whatever is found is found by chance. The figure is printed.
#[tokio::test(flavor = "multi_thread")]
async fn chance_pairs_stay_within_their_budget() {
    let count = 20_000_u32;
    let people: Vec<_> =
        Synthetic::new(Settings { seed: 9, count: u64::from(count), as_of: USUAL_DAY }).unwrap().collect();
    let line = |row: SourceRow<'_>| serde_json::to_string(&row).unwrap() + "\n";
    let text: String = people.iter().map(|person| line(person.row())).collect();
    let test = TestDb::sqlite().await;
    let import = Import { decided: false, ..importer(&test.db, 1) };
    bring(&import, &text, Format::Ndjson).await;
    let found = walked(&import).await;
    println!("false pairs: {} of {count} people", found.pairs);
    assert!(found.pairs <= u64::from(count) / 10_000, "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_number_is_right_free_and_random() {
    for test in TestDb::each().await {
        let import = importer(&test.db, 1);
        bring(&import, PEOPLE, Format::Csv).await;
        let mut conn = test.db.read().await.unwrap();
        let entropy = Entropy::counted(3);
        let number = draw(&mut conn, (1, Sex::Female, 2_026), &entropy).await.unwrap().unwrap();
        assert!(number.as_str().starts_with("001326"), "{}", number.as_str());
        let hint = number.hint();
        assert!(matches!(hint.prefix, Prefix::Province(row) if row.name == "Hà Nội"));
        assert_eq!((hint.sex, hint.birth_year), (Sex::Female, 2_026));
        let next = draw(&mut conn, (1, Sex::Female, 2_026), &entropy).await.unwrap().unwrap();
        assert_ne!(number, next);
        let refused = async |prefix, sex, year, conn: &mut _| draw(conn, (prefix, sex, year), &entropy).await.unwrap();
        assert_eq!(refused(3, Sex::Male, 2_026, &mut conn).await, Err(NoNumber::Prefix));
        assert_eq!(refused(1, Sex::Unknown, 2_026, &mut conn).await, Err(NoNumber::NotCoded));
        assert_eq!(refused(1, Sex::Male, 1_899, &mut conn).await, Err(NoNumber::NotCoded));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_boundary_change_moves_everybody_once_in_one_event() {
    // By the codes of before: 00094 became part of 00103, a code that another commune had, which became part of 00611.
    let homes = [("900085000001", "01", "00094"), ("900085000002", "01", "00103"), ("900085000003", "02", "00688")];
    for test in TestDb::each().await {
        let import = importer(&test.db, 1);
        bring(&import, PEOPLE, Format::Csv).await;
        let case = super::case::Case::on(test);
        for (number, province, unit) in homes {
            set_home(&case, number, province, unit).await;
        }
        let day = time::macros::date!(2025 - 07 - 01);
        by_hand!(&mut case.conn().await, |c| sqlx::query("UPDATE home_map SET day = $1")
            .bind(day.previous_day().unwrap())
            .execute(c)
            .await
            .map(|_| ()))
        .unwrap();
        let run = async |portions| {
            let with = (&import.db, &import.writer, &Clock::set_to(NOW));
            carry_out(with, (day, &Actor::CommandLine), portions).await
        };
        // Killed after three portions of one person each, and gone on with.
        let broken_off = run(Portions { people: 1, most: 3 }).await.unwrap().unwrap();
        assert_eq!(broken_off.batches, 3);
        let changed = run(Portions::default()).await.unwrap().unwrap();
        assert!(changed.batches > 3, "{changed:?}");
        let run = async || run(Portions::default()).await;
        assert_eq!(run().await.unwrap(), None, "once");
        assert_eq!((changed.units, changed.divided), (10_035, 471));
        let mut found = Vec::new();
        for (number, _, _) in homes {
            let number = dinhdanh::registry::PersonalNumber::parse(number).unwrap();
            let person = finding::by_number(&mut case.conn().await, &number).await.unwrap().remove(0);
            found.push(person.commune);
        }
        let today = |code: &str| {
            let old = admin_unit::on(code, day.previous_day().unwrap()).unwrap();
            admin_unit::successors(old).unwrap().usual.code.to_owned()
        };
        assert_eq!(found, homes.map(|(_, _, unit)| today(unit)));
        assert_eq!((found[0].as_str(), found[1].as_str()), ("00103", "00611"), "nobody moves twice");
        assert_eq!(changed.people, 3, "who came by the new map stays: {changed:?}");
        // It is in everybody's history: true from the day, learned when it was carried out, one event for all.
        let number = dinhdanh::registry::PersonalNumber::parse(homes[0].0).unwrap();
        let person = finding::by_number(&mut case.conn().await, &number).await.unwrap().remove(0).id;
        let moves = boundary_changes::of_person(&mut case.conn().await, person).await.unwrap();
        assert_eq!(moves.len(), 1);
        assert_eq!((moves[0].day, moves[0].learned_at), (day, NOW));
        assert_eq!((moves[0].from.as_str(), moves[0].to.as_str()), ("00094", "00103"));
        let lines = "SELECT count(*) FROM facet_version WHERE facet = 'home_unit'";
        assert_eq!(super::case::number(&mut case.conn().await, lines).await, 3);
        let events = "SELECT count(DISTINCT event_id) FROM facet_version WHERE facet = 'home_unit'";
        assert_eq!(super::case::number(&mut case.conn().await, events).await, 1);
        let audited = "SELECT count(*) FROM audit_event WHERE action = 'registry.boundary_batch'";
        let batches = super::case::number(&mut case.conn().await, audited).await;
        assert_eq!(u64::try_from(batches).unwrap(), changed.batches, "one audit event a portion");
        let whole = "SELECT count(*) FROM audit_event WHERE action = 'registry.boundary_changed'";
        assert_eq!(super::case::number(&mut case.conn().await, whole).await, 1);
        let city = time::macros::date!(2026 - 04 - 30);
        let with = (&import.db, &import.writer, &Clock::set_to(NOW));
        let later = carry_out(with, (city, &Actor::CommandLine), Portions::default()).await.unwrap().unwrap();
        assert_eq!(later, Changed { units: 10, divided: 0, people: 0, batches: 1 }, "codes were kept");
    }
}

async fn set_home(case: &super::case::Case, number: &str, province: &str, unit: &str) {
    // Written before the day, by the map of then.
    const SET: &str = "UPDATE person SET home_province = $2, home_unit = $3, as_of = $4 WHERE number = $1";
    let before = Timestamp::of_vietnam_day(time::macros::date!(2025 - 06 - 30));
    by_hand!(&mut case.conn().await, |c| sqlx::query(SET)
        .bind(number)
        .bind(province)
        .bind(unit)
        .bind(before)
        .execute(c)
        .await
        .map(|_| ()))
    .unwrap();
}

/// Who lost the only nationality is not written down as a citizen, and what an import did not know comes out as it came in.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_says_what_the_record_says() {
    for test in TestDb::each().await {
        let import = Import { decided: false, ..importer(&test.db, 1) };
        let rows = "number,full_name,birth_date,old_number,religion,blood_group,marital,birth_place,ancestral_home_unit\n\
            900085000001,Nguyễn Văn Hòa,1985-03-05,012345678,Phật giáo,AB,single,Bệnh viện,00004\n\
            900085000002,Lê Văn Một,1990-01-01,,,,,,\n";
        bring(&import, rows, Format::Csv).await;
        let mut conn = test.db.read().await.unwrap();
        let case = super::case::Case::on(test);
        by_hand!(&mut case.conn().await, |c| sqlx::query(
            "UPDATE person SET nationalities = '[]' WHERE number = '900085000002'"
        )
        .execute(c)
        .await
        .map(|_| ()))
        .unwrap();
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::set_to(NOW);
        let (db, writer, vault, actor) = (&import.db, &import.writer, &*import.vault, Actor::CommandLine);
        let export = Export { db, writer, vault, clock: &clock, actor };
        let selection = |sensitive| Selection { within: None, sensitive, reason: "Quyết định 1".to_owned() };
        let out = dir.path().join("all.ndjson");
        export.run((&out, Format::Ndjson), &selection(true), |_| {}).await.unwrap();
        let text = std::fs::read_to_string(&out).unwrap();
        let people: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let of = |number: &str| people.iter().find(|one| one["number"] == number).unwrap();
        assert_eq!(of("900085000002")["nationality"], "XX");
        for (field, value) in [
            ("old_number", "012345678"),
            ("religion", "Phật giáo"),
            ("blood_group", "AB"),
            ("marital", "single"),
            ("birth_place", "Bệnh viện"),
            ("ancestral_home", "Phường Ba Đình, Thành phố Hà Nội"),
            ("ancestral_home_unit", "00004"),
            ("nationality", "VN"),
        ] {
            assert_eq!(of("900085000001")[field], value, "{field}");
        }
        export.run((&out, Format::Ndjson), &selection(false), |_| {}).await.unwrap();
        let bare = std::fs::read_to_string(&out).unwrap();
        assert!(
            !bare.contains("Phật giáo") && !bare.contains("\"blood_group\"") && bare.contains("012345678"),
            "{bare}"
        );
        let audited = "SELECT count(*) FROM audit_event WHERE action = 'registry.exported'";
        assert_eq!(super::case::number(&mut conn, audited).await, 2);
    }
}

/// The citizens' message (QCVN 109:2017/BTTTT) does not say whether somebody lives: who is dead would come to life with who reads it.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_brought_to_life_by_a_form_without_a_word_for_death() {
    for test in TestDb::each().await {
        let import = Import { decided: false, ..importer(&test.db, 1) };
        let rows = "number,full_name,birth_date,vital,vital_since\n\
            900085000001,Nguyễn Văn Hòa,1985-03-05,alive,\n\
            900085000002,Lê Văn Một,1950-01-01,dead,2020-01-01\n";
        bring(&import, rows, Format::Csv).await;
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::set_to(NOW);
        let (db, writer, vault, actor) = (&import.db, &import.writer, &*import.vault, Actor::CommandLine);
        let export = Export { db, writer, vault, clock: &clock, actor };
        let selection = Selection { within: None, sensitive: false, reason: "Quyết định 1".to_owned() };
        let xml = dir.path().join("all.xml");
        let done = export.run((&xml, Format::Xml), &selection, |_| {}).await.unwrap();
        assert_eq!((done.people, done.not_alive), (1, 1));
        let text = std::fs::read_to_string(&xml).unwrap();
        assert!(text.contains("900085000001") && !text.contains("900085000002"), "{text}");
        let csv = dir.path().join("all.csv");
        let done = export.run((&csv, Format::Csv), &selection, |_| {}).await.unwrap();
        assert_eq!((done.people, done.not_alive), (2, 0), "a form that has the word has the people");
    }
}
