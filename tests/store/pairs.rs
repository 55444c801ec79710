//! Whose list an open pair of likely duplicates is on, and that a list is read along its index however many pairs there are.

use dinhdanh::{
    base::{Clock, ids::PersonId},
    flows::registry::boundary_change::{Portions, carry_out},
    registry::duplicates::Likeness,
    store::{
        Conn, Engine,
        audit::Actor,
        duplicates::{self, AfterPair, PairState},
    },
};
use sqlx::{AssertSqlSafe, Row as _, SqlSafeStr as _};
use time::macros::date;

use super::{
    case::{Case, NOW, both, number, run},
    persons::importer,
    statements,
};
use crate::support::database::TestDb;

/// Communes and provinces of before and after 1 July 2025, and one in which nobody lives.
const UNITS: [&str; 9] = ["01", "79", "48", "00094", "00103", "00004", "26368", "00611", "20194"];

/// By today's home of either of the two: what the list asked of every open pair before it had lines of its own.
const RULE: &str = "SELECT d.one_id, d.other_id FROM duplicate_candidate d JOIN person a ON a.id = d.one_id \
    JOIN person b ON b.id = d.other_id WHERE d.state = 'open' \
    AND (a.home_unit = $1 OR a.home_province = $1 OR b.home_unit = $1 OR b.home_province = $1) \
    ORDER BY d.score DESC, d.one_id, d.other_id";

async fn somebody(case: &Case, (province, unit): (&str, &str)) -> PersonId {
    let id = case.person(None).await;
    live(case, id, (province, unit)).await;
    id
}

/// Written before the change of boundaries, by the map of then.
async fn live(case: &Case, person: PersonId, (province, unit): (&str, &str)) {
    let before = dinhdanh::base::Timestamp::of_vietnam_day(date!(2025 - 06 - 30));
    by_hand!(&mut case.conn().await, |c| sqlx::query(
        "UPDATE person SET home_province = $2, home_unit = $3, as_of = $4 WHERE id = $1"
    )
    .bind(person)
    .bind(province)
    .bind(unit)
    .bind(before)
    .execute(c)
    .await
    .map(|_| ()))
    .unwrap();
}

async fn keep(case: &Case, pair: (PersonId, PersonId), score: i64) {
    let likeness = Likeness { score, reasons: Vec::new() };
    assert!(duplicates::keep(&mut case.conn().await, pair, &likeness, NOW).await.unwrap());
}

/// Each unit's list is what the rule says, and the country's has all; answers how many lines the units' lists have together.
async fn as_the_rule_says(case: &Case) -> usize {
    let mut conn = case.conn().await;
    let mut lines = 0;
    for unit in UNITS {
        let rule: Vec<(PersonId, PersonId)> =
            by_hand!(&mut conn, |c| sqlx::query_as(RULE).bind(unit).fetch_all(c).await).unwrap();
        let list = duplicates::open_within(&mut conn, Some(unit), 50).await.unwrap();
        assert_eq!(list.iter().map(|pair| (pair.one, pair.other)).collect::<Vec<_>>(), rule, "of {unit}");
        lines += list.len();
    }
    let open = number(&mut conn, "SELECT count(*) FROM duplicate_candidate WHERE state = 'open'").await;
    let all = duplicates::open_within(&mut conn, None, 50).await.unwrap();
    assert_eq!(i64::try_from(all.len()).unwrap(), open);
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_is_on_the_lists_of_both_homes_until_it_is_decided() {
    both(async |at| {
        let (hanoi, far) = (somebody(at, ("01", "00004")).await, somebody(at, ("79", "26368")).await);
        let (near, nowhere) = (somebody(at, ("01", "00004")).await, somebody(at, ("", "")).await);
        assert_eq!(as_the_rule_says(at).await, 0);
        keep(at, (hanoi, far), 80).await;
        assert_eq!(as_the_rule_says(at).await, 4, "two communes and two provinces");
        keep(at, (near, hanoi), 90).await;
        keep(at, (nowhere, near), 70).await;
        assert_eq!(as_the_rule_says(at).await, 8, "once where both live, and nowhere is no place");
        assert!(duplicates::open_within(&mut at.conn().await, Some(""), 50).await.unwrap().is_empty());
        let mut conn = at.conn().await;
        assert!(duplicates::decide_different(&mut conn, (far, hanoi), ("kiem", "khác"), NOW).await.unwrap());
        assert_eq!(as_the_rule_says(at).await, 4);
        duplicates::settle(&mut conn, (near, hanoi), PairState::Same, ("kiem", NOW)).await.unwrap();
        assert_eq!(as_the_rule_says(at).await, 2);
        assert_eq!(
            number(&mut conn, "SELECT count(*) FROM duplicate_place").await,
            3,
            "what is decided leaves nothing"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_boundaries_moves_the_pairs_with_their_people() {
    for test in TestDb::each().await {
        let import = importer(&test.db, 1);
        let case = Case::on(test);
        let pairs = [
            (somebody(&case, ("01", "00094")).await, somebody(&case, ("79", "26368")).await),
            (somebody(&case, ("79", "26368")).await, somebody(&case, ("01", "00094")).await),
            (somebody(&case, ("01", "00094")).await, somebody(&case, ("01", "00094")).await),
        ];
        for (pair, score) in pairs.into_iter().zip([80, 90, 70]) {
            keep(&case, pair, score).await;
        }
        let before = as_the_rule_says(&case).await;
        assert!(duplicates::open_within(&mut case.conn().await, Some("00103"), 9).await.unwrap().is_empty());
        let day = date!(2025 - 07 - 01);
        by_hand!(&mut case.conn().await, |c| sqlx::query("UPDATE home_map SET day = $1")
            .bind(day.previous_day().unwrap())
            .execute(c)
            .await
            .map(|_| ()))
        .unwrap();
        let with = (&import.db, &import.writer, &Clock::set_to(NOW));
        let portions = Portions { people: 1, ..Portions::default() };
        assert!(carry_out(with, (day, &Actor::CommandLine), portions).await.unwrap().unwrap().people >= 4);
        assert_eq!(duplicates::open_within(&mut case.conn().await, Some("00103"), 9).await.unwrap().len(), 3);
        assert!(duplicates::open_within(&mut case.conn().await, Some("00094"), 9).await.unwrap().is_empty());
        assert!(as_the_rule_says(&case).await > 0, "{before} lines before");
    }
}

/// Somebody moves while a pair of theirs is being kept: whichever comes first, the list is by the home that they have in the end.
#[tokio::test(flavor = "multi_thread")]
async fn who_moves_while_a_pair_is_kept_is_waited_for() {
    let case = Case::on(TestDb::postgres().await);
    let (one, other) = (somebody(&case, ("01", "00004")).await, somebody(&case, ("01", "00004")).await);
    let mut moving = case.begin().await;
    let Conn::Postgres(connection) = &mut moving else { unreachable!() };
    sqlx::query("UPDATE person SET home_province = '79', home_unit = '26368' WHERE id = $1")
        .bind(one)
        .execute(&mut **connection)
        .await
        .unwrap();
    let mut keeping = case.begin().await;
    let kept = tokio::spawn(async move {
        let likeness = Likeness { score: 80, reasons: Vec::new() };
        duplicates::keep(&mut keeping, (one, other), &likeness, NOW).await.unwrap();
        run(&mut keeping, "COMMIT").await;
    });
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let mut conn = case.conn().await;
    while number(&mut conn, waits).await == 0 {
        assert!(!kept.is_finished(), "nobody was waited for");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    run(&mut moving, "COMMIT").await;
    kept.await.unwrap();
    assert_eq!(as_the_rule_says(&case).await, 4);
}

const MANY: &str = "3000";

/// Three thousand people of the south, each alike to the next; the lines of their pairs are made as the migration makes them.
async fn many(case: &Case) {
    let columns = "id, full_name, name_exact, name_tone, name_plain, birth_date, birth_precision, sex, vital, source, as_of, \
        recorded_at, home_province, home_unit";
    let (rows, id, day, at, reasons) = match case.engine() {
        Engine::Sqlite => (
            format!("WITH RECURSIVE s(g) AS (SELECT 1 UNION ALL SELECT g + 1 FROM s WHERE g < {MANY})"),
            "unhex(printf('%032x', G))",
            "'1990-05-19'",
            "0",
            "'[]'",
        ),
        Engine::Postgres => (
            format!("WITH s(g) AS (SELECT generate_series(1, {MANY}))"),
            "lpad(to_hex(G), 32, '0')::uuid",
            "DATE '1990-05-19'",
            "now()",
            "'[]'::jsonb",
        ),
    };
    let (one, other) = (id.replace('G', "g"), id.replace('G', "g + 1"));
    let people = format!(
        "{rows} INSERT INTO person ({columns}) SELECT {one}, 'A', 'a', 'a', 'a', {day}, 'day', 'male', 'alive', 'test', \
         {at}, {at}, '79', '26368' FROM s"
    );
    let pairs = format!(
        "{rows} INSERT INTO duplicate_candidate (one_id, other_id, score, reasons, state, found_at) \
         SELECT {one}, {other}, 70 + g % 20, {reasons}, 'open', {at} FROM s WHERE g < {MANY}"
    );
    let migration = match case.engine() {
        Engine::Sqlite => include_str!("../../migrations/sqlite/0076_pairs_of_a_unit.sql"),
        Engine::Postgres => include_str!("../../migrations/postgres/0076_pairs_of_a_unit.sql"),
    };
    let lines = &migration[migration.find("INSERT INTO duplicate_place").unwrap()..];
    let mut conn = case.conn().await;
    for sql in [people.as_str(), &pairs, "DELETE FROM duplicate_place", lines, "ANALYZE"] {
        let sql = AssertSqlSafe(sql.to_owned()).into_sql_str();
        by_hand!(&mut conn, |c| sqlx::raw_sql(sql).execute(c).await.map(|_| ())).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stood_before_has_its_lines_and_a_list_is_read_along_them() {
    both(async |at| {
        let (one, other) = (somebody(at, ("01", "00004")).await, somebody(at, ("01", "00004")).await);
        keep(at, (one, other), 75).await;
        many(at).await;
        let mut conn = at.conn().await;
        assert_eq!(number(&mut conn, "SELECT count(*) FROM duplicate_place").await, 3 * 2_999 + 3);
        let mut scores = async |unit: Option<&'static str>| {
            let page = duplicates::open_after(&mut conn, unit, (AfterPair::START, 51)).await.unwrap();
            page.iter().map(|pair| pair.score).collect::<Vec<_>>()
        };
        assert_eq!(scores(Some("00004")).await, [75]);
        assert_eq!((scores(Some("26368")).await.len(), scores(None).await[0]), (51, 89));
        let all = statements::of_file(at.engine(), &["duplicates.rs"]);
        let (_, sql) = all.into_iter().find(|(place, _)| place.contains("const OPEN")).unwrap();
        for unit in ["VN", "79", "26368", "01"] {
            let plan = explained(&mut conn, &sql, unit).await;
            let wanted = match at.engine() {
                Engine::Sqlite => {
                    "SEARCH duplicate_place USING PRIMARY KEY (unit_code=? AND (rank,one_id,other_id)>(?,?,?))"
                        .to_owned()
                }
                Engine::Postgres => {
                    format!("Index Cond: ((unit_code = '{unit}'::text) AND (ROW(rank, one_id, other_id) > ROW(")
                }
            };
            assert!(plan.contains(&wanted), "{unit}: {plan}");
            for whole in ["Seq Scan", "SCAN d", "SCAN a", "SCAN b"] {
                assert!(!plan.contains(whole), "{unit}: {plan}");
            }
        }
    })
    .await;
}

/// What the planner does for this unit's first page.
async fn explained(conn: &mut Conn, sql: &str, unit: &str) -> String {
    match conn {
        Conn::Sqlite(connection) => {
            let text = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")).into_sql_str();
            let rows = sqlx::raw_sql(text).fetch_all(&mut **connection).await.unwrap();
            rows.iter().map(|row| row.get::<String, _>("detail") + "\n").collect()
        }
        Conn::Postgres(connection) => {
            let nobody = format!("'{}'", uuid::Uuid::nil());
            let mut text = format!("EXPLAIN {sql}");
            for (name, value) in
                [("$1", "51"), ("$2", &format!("'{unit}'")), ("$3", "-100"), ("$4", &nobody), ("$5", &nobody)]
            {
                text = text.replace(name, value);
            }
            let rows = sqlx::raw_sql(AssertSqlSafe(text).into_sql_str()).fetch_all(&mut **connection).await.unwrap();
            rows.iter().map(|row| row.get::<String, _>(0) + "\n").collect()
        }
    }
}
