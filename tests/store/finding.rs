//! Search: the same people for the same reasons on both engines, page by page, each statement on an index.

use std::{collections::BTreeSet, path::PathBuf};

use dinhdanh::{
    base::Entropy,
    crypto::{Kek, Sealer},
    flows::registry::{
        Import, Refusal, Watch,
        search::{Ask, Page, search},
        source_file::{Facts, Format},
    },
    registry::{
        BirthDate, Field, PersonalNumber, SourceRow,
        household::ResidenceFile,
        search::{Criteria, NameWhy, SearchRefusal, TypedName, Why, Within},
        synthetic::{Settings, Synthetic, USUAL_DAY},
    },
    store::imports::Tally,
};
use time::macros::date;

use super::{case::Case, persons::importer};
use crate::support::database::TestDb;

struct Nobody;

impl Watch for Nobody {
    fn surveyed(&mut self, _facts: &Facts) {}
    fn refused(&mut self, refusal: &Refusal) {
        panic!("{refusal:?}");
    }
    fn progressed(&mut self, _bytes: u64, _rows: Tally) {}
}

struct Found {
    case: Case,
    import: Import,
    sealer: Sealer,
    entropy: Entropy,
    dir: tempfile::TempDir,
}

/// (number, name, birth date, commune of residence, father)
const PEOPLE: &[(&str, &str, &str, &str, &str)] = &[
    ("900085000001", "Nguyễn Văn Hòa", "1985-03-05", "00004", ""),
    ("900085000002", "Nguyễn Văn Hoà", "1985", "00004", ""),
    ("900085000003", "Nguyễn Văn Hóa", "1985-03-06", "00008", ""),
    ("900085000004", "Nguyễn Văn Hoàng", "1985-07-01", "00004", ""),
    ("900085000005", "Nguyễn Văn Hùng", "1960-01-02", "26368", ""),
    ("900185000006", "H'Hen Niê", "1990-10-10", "24184", ""),
    ("900085000007", "Đặng Văn Đào", "1985-03-05", "00004", "900085000005"),
    ("900085000008", "Tôn Thất Thử", "1970-02-03", "26368", "900085000005"),
    ("900085000009", "Trần Hòa", "1985-03-05", "00004", ""),
];

impl Found {
    async fn each() -> Vec<Self> {
        let mut all = Vec::new();
        for test in TestDb::each().await {
            let import = importer(&test.db, 3);
            let sealer = Sealer::new(&Kek::from_bytes(&[5; 32]));
            let found = Self {
                case: Case::on(test),
                import,
                sealer,
                entropy: Entropy::counted(4),
                dir: tempfile::tempdir().unwrap(),
            };
            found.bring(PEOPLE.iter().map(|person| row(*person))).await;
            all.push(found);
        }
        all
    }

    async fn bring<'r>(&self, rows: impl Iterator<Item = SourceRow<'r>>) {
        let path: PathBuf = self.dir.path().join("people.ndjson");
        let lines: Vec<String> = rows.map(|row| serde_json::to_string(&row).unwrap()).collect();
        std::fs::write(&path, lines.join("\n")).unwrap();
        self.import.run(path, Format::Ndjson, None, &mut Nobody).await.unwrap();
    }

    async fn page(&self, criteria: &Criteria, most: usize, cursor: Option<&str>) -> Result<Page, SearchRefusal> {
        let ask = Ask { most, cursor, asker: "test", sealer: &self.sealer, entropy: &self.entropy };
        search(&mut self.case.conn().await, criteria, &ask).await.unwrap()
    }

    /// Serial of the number, and why; of all pages.
    async fn found(&self, criteria: &Criteria) -> Vec<(u32, Vec<Why>)> {
        let (mut all, mut cursor) = (Vec::new(), None);
        loop {
            let page = self.page(criteria, 50, cursor.as_deref()).await.unwrap();
            assert!(page.hits.is_sorted_by(|a, b| a.score >= b.score));
            all.extend(page.hits.into_iter().map(|hit| (serial(hit.person.number.unwrap()), hit.why)));
            cursor = page.next;
            if cursor.is_none() {
                return all;
            }
        }
    }
}

fn serial(number: PersonalNumber) -> u32 {
    number.as_str()[6..].parse().unwrap()
}

fn row<'r>((number, name, birth, unit, father): (&'r str, &'r str, &'r str, &'r str, &'r str)) -> SourceRow<'r> {
    let mut row = SourceRow::default();
    row.set(Field::Number, number);
    row.set(Field::FullName, name);
    row.set(Field::BirthDate, birth);
    row.set(Field::Sex, if number.as_bytes()[3] == b'1' { "female" } else { "male" });
    row.set(Field::PermanentUnit, unit);
    row.set(Field::ResidenceFile, if unit == "00004" { "TEST-01" } else { "" });
    row.set(Field::FatherNumber, father);
    row
}

fn named(name: &str) -> Criteria {
    Criteria { name: Some(TypedName::parse(name).unwrap()), ..Criteria::default() }
}

fn born(criteria: Criteria, birth: &str) -> Criteria {
    Criteria { birth: Some(BirthDate::parse(birth).unwrap()), ..criteria }
}

fn within(criteria: Criteria, unit: &str) -> Criteria {
    Criteria { within: Some(Within::parse(unit, date!(2026 - 11 - 22)).unwrap()), ..criteria }
}

fn of_parent(criteria: Criteria, name: &str) -> Criteria {
    Criteria { parent: Some(TypedName::parse(name).unwrap()), ..criteria }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_found_and_why() {
    use NameWhy::{Beginning, Exact, Near, Order, OtherMarks, Part, Tone, WithoutMarks};
    let name = |how| Why::Name(how);
    for found in Found::each().await {
        for (criteria, expected) in [
            (named("Nguyễn Văn Hòa"), vec![(1, Exact), (2, Tone), (3, OtherMarks)]),
            (named("nguyen van hoa"), vec![(2, WithoutMarks), (1, WithoutMarks), (3, WithoutMarks)]),
            (named("Hòa Nguyễn Văn"), vec![(2, Order), (1, Order), (3, Order)]),
            (
                within(named("nguyen van hoa"), "01"),
                vec![(2, WithoutMarks), (1, WithoutMarks), (3, WithoutMarks), (4, Beginning)],
            ),
            (within(named("nguyen v"), "Phường Ba Đình"), vec![(1, Beginning), (2, Beginning), (4, Beginning)]),
            (within(named("hoa"), "00004"), vec![(9, Part)]),
            (within(named("nguyen hoa"), "00004"), vec![(2, Part), (1, Part)]),
            (named("ngyuen van hung"), vec![(5, Near)]),
            (named("nguyenvan hung"), vec![(5, Near)]),
            (named("hhen nie"), vec![(6, Near)]),
            (named("h hen nie"), vec![(6, WithoutMarks)]),
            (named("DANG VAN DAO"), vec![(7, WithoutMarks)]),
            (named("le thi mai"), vec![]),
        ] {
            let hits = found.found(&criteria).await;
            let names: Vec<_> = hits.iter().map(|(serial, why)| (*serial, why[0])).collect();
            let expected: Vec<_> = expected.into_iter().map(|(serial, how)| (serial, name(how))).collect();
            assert_eq!(names, expected, "{:?} on {:?}", criteria.name.map(|n| n.words), found.case.engine());
        }
        let birth = found.found(&born(named("nguyen van hoa"), "1985-03-05")).await;
        assert_eq!(
            birth,
            [(2, vec![name(WithoutMarks), Why::BirthDateInPart]), (1, vec![name(WithoutMarks), Why::BirthDate]),]
        );
        let by_parent = of_parent(within(Criteria::default(), "75"), "Nguyen Van Hung");
        assert_eq!(found.found(&by_parent).await, [(8, vec![Why::Unit, Why::Parent])]);
        let both = of_parent(named("dang van dao"), "Nguyễn Văn Hùng");
        assert_eq!(found.found(&both).await, [(7, vec![name(WithoutMarks), Why::Parent])]);
        let file = ResidenceFile::parse("TEST-01").unwrap();
        let household = Criteria { household: Some(file), ..Criteria::default() };
        assert_eq!(found.found(&household).await.len(), 5);
        let number = Criteria { number: Some(PersonalNumber::parse("900085000001").unwrap()), ..Criteria::default() };
        assert_eq!(found.found(&number).await, [(1, vec![Why::Number])]);
    }
}

/// Who is found by the whole name is told at once: the words of all names are not read for it.
#[tokio::test(flavor = "multi_thread")]
async fn names_that_only_resemble_are_on_the_next_page() {
    for found in Found::each().await {
        let criteria = within(named("nguyen van hoa"), "01");
        let first = found.page(&criteria, 50, None).await.unwrap();
        let serials = |page: &Page| page.hits.iter().map(|hit| serial(hit.person.number.unwrap())).collect::<Vec<_>>();
        assert_eq!(serials(&first), [2, 1, 3]);
        let second = found.page(&criteria, 50, first.next.as_deref()).await.unwrap();
        assert_eq!(serials(&second), [4]);
        assert!(second.next.is_none());
        let nobody_whole = found.page(&named("ngyuen van hung"), 50, None).await.unwrap();
        assert_eq!(serials(&nobody_whole), [5], "who made a slip waits for no second page");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_join_without_gap_and_a_cursor_serves_its_own_search_only() {
    for found in Found::each().await {
        let people: Vec<_> = Synthetic::new(Settings { seed: 5, count: 3_000, as_of: USUAL_DAY }).unwrap().collect();
        found.bring(people.iter().map(|person| person.row())).await;
        let criteria = within(named("nguyen"), "79");
        let all = found.page(&criteria, 100, None).await.unwrap();
        let whole: BTreeSet<_> = all.hits.iter().map(|hit| hit.person.id).collect();
        assert!(whole.len() > 40, "{}", whole.len());
        let mut seen = Vec::new();
        let mut cursor: Option<String> = None;
        while seen.len() < whole.len() {
            let page = found.page(&criteria, 7, cursor.as_deref()).await.unwrap();
            seen.extend(page.hits.iter().map(|hit| hit.person.id));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        let distinct: BTreeSet<_> = seen.iter().copied().collect();
        assert_eq!(distinct.len(), seen.len(), "nobody comes twice");
        assert!(whole.iter().all(|id| distinct.contains(id)), "nobody is missed");
        let first = found.page(&criteria, 7, None).await.unwrap().next.unwrap();
        let other = found.page(&within(named("nguyen"), "01"), 7, Some(&first)).await;
        assert_eq!(other.unwrap_err(), SearchRefusal::Cursor);
        let ask =
            Ask { most: 7, cursor: Some(&first), asker: "another", sealer: &found.sealer, entropy: &found.entropy };
        let theirs = search(&mut found.case.conn().await, &criteria, &ask).await.unwrap();
        assert_eq!(theirs.unwrap_err(), SearchRefusal::Cursor);
        for broken in ["", "AAAA", &first[..first.len() - 2], "=x"] {
            assert_eq!(found.page(&criteria, 7, Some(broken)).await.unwrap_err(), SearchRefusal::Cursor);
        }
    }
}
