//! What the planners say of every statement of the store: none reads a table that grows with the population, or with what it
//! does, from end to end.

use std::collections::BTreeMap;

use dinhdanh::store::{Conn, Engine};

use super::{case::Case, statements};
use crate::support::database::TestDb;

/// Tables with a row, or many, for each person, use, event or session.
const BIG: [&str; 31] = [
    "person",
    "personal_number",
    "card",
    "residence",
    "contact",
    "household",
    "household_member",
    "relation",
    "facet_version",
    "household_version",
    "civil_event",
    "civil_event_person",
    "registry_case",
    "registry_use",
    "registry_change",
    "duplicate_candidate",
    "duplicate_place",
    "person_merge",
    "subject",
    "account",
    "account_lock",
    "consent",
    "session",
    "session_client",
    "grants",
    "refresh_family",
    "interaction",
    "authorization_code",
    "outbox",
    "audit_event",
    "recovery_sheet",
];

/// Tables with a few rows for each account, or whose rows are swept when their minutes or days are over: their plans are not
/// looked at here.
const PASSING: [&str; 15] = [
    "totp",
    "recovery_code",
    "means_renewal",
    "phone_code",
    "registration",
    "failure_counter",
    "revoked_token",
    "assertion_jti",
    "dpop_proof",
    "pushed_request",
    "device_authorization",
    "backchannel_authentication",
    "registry_officer_day",
    "operator_session",
    "console_draft",
];

/// Tables that stay small: clients, operators, units, keys, files, what is flagged, and counters of a fixed number.
const SMALL: [&str; 19] = [
    "_sqlx_migrations",
    "admin_unit",
    "boundary_change",
    "change_counter",
    "change_feed",
    "client",
    "database_epoch",
    "export_proposal",
    "home_map",
    "import_batch",
    "import_proposal",
    "initial_access_token",
    "name_word",
    "operator",
    "operator_flag",
    "operator_reading",
    "registry_flag",
    "registry_volume",
    "signing_key",
];

/// Statements that may: by their place, with the reason.
const MAY: &[(&str, &str)] = &[
    ("persons.rs after `pub(super) const COUNT", "`doctor` and the demo count everybody, once"),
    ("imports.rs after `pub(super) const ANYBODY", "the first row that comes"),
    ("audit_log.rs after `pub(super) const HEADS", "`audit verify` reads everything"),
    ("audit_log.rs after `pub(super) const NEWEST", "the last row of the primary key, which is the table on SQLite"),
];

/// Whether there is a way along an index: an empty table costs nothing, so that the ways which read it whole are switched off.
const WAYS: &str = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; \
    SET enable_material = off; SET plan_cache_mode = force_generic_plan";

#[tokio::test(flavor = "multi_thread")]
async fn no_statement_reads_a_big_table_from_end_to_end() {
    for test in TestDb::each().await {
        let case = Case::on(test);
        let mut conn = case.conn().await;
        let all = statements::of_file(case.engine(), &[""]);
        let mut looked_at = 0;
        let mut found = Vec::new();
        for (place, sql) in &all {
            let names = names_in(sql);
            let changes =
                ["SELECT ", "UPDATE ", "DELETE ", "INSERT ", "WITH "].iter().any(|verb| sql.starts_with(verb));
            // What stands for a bulk load says only that its columns are there.
            let bulk = place.contains("Table::new(");
            if names.is_empty()
                || bulk
                || !changes
                || sql.contains("; ")
                || MAY.iter().any(|(own, _)| place.starts_with(own))
            {
                continue;
            }
            looked_at += 1;
            let plan = explained(&mut conn, sql).await;
            let read = match case.engine() {
                Engine::Sqlite => read_by_sqlite(&plan, &names),
                Engine::Postgres => read_by_postgres(&plan),
            };
            found.extend(read.into_iter().map(|table| format!("{place}: {table} is read whole\n    {sql}\n{plan}")));
        }
        assert!(looked_at > 150, "only {looked_at} of {} statements were looked at", all.len());
        assert!(found.is_empty(), "{} on {:?}:\n{}", found.len(), case.engine(), found.join("\n"));
    }
}

/// Of two bounds that say where a walk begins PostgreSQL finds the place of one, and walks from there to the other's: among ten
/// million people that was every name of a province before the one that was asked for.
#[test]
fn a_page_begins_at_one_bound() {
    let all = [Engine::Sqlite, Engine::Postgres].into_iter().flat_map(|engine| statements::of_file(engine, &[""]));
    let pages: Vec<_> = all.filter(|(_, sql)| sql.contains(") > (") || sql.contains(") < (")).collect();
    assert!(pages.len() > 20, "only {} statements read page by page were found", pages.len());
    let found: Vec<_> = pages.iter().filter(|(_, sql)| begins_twice(sql)).map(|(place, _)| place).collect();
    assert!(found.is_empty(), "{found:?}");
}

/// Whether the first of the columns that are compared with the end of another page has a bound of its own on the same side.
fn begins_twice(sql: &str) -> bool {
    [(") > (", [" > ", " >= "]), (") < (", [" < ", " <= "])].into_iter().any(|(pair, alone)| {
        sql.match_indices(pair).any(|(at, _)| {
            let first = |text: &str| text.split([',', ')']).next().unwrap_or_default().trim().to_owned();
            let column = first(sql[..at].rsplit('(').next().unwrap_or_default());
            let page = first(&sql[at + pair.len()..]);
            alone.iter().any(|sign| {
                // What stands in brackets is one of several ways.
                let bound = format!(" {column}{sign}");
                sql.match_indices(&bound).any(|(at, _)| {
                    let rest = &sql[at + bound.len()..];
                    let other = rest.split([' ', ')', ',']).next().unwrap_or_default();
                    other.starts_with('$') && other != page
                })
            })
        })
    })
}

/// A new table is one of these, by somebody's word.
#[tokio::test(flavor = "multi_thread")]
async fn each_table_is_big_passing_or_small() {
    let case = Case::on(TestDb::postgres().await);
    let mut conn = case.conn().await;
    let Conn::Postgres(connection) = &mut conn else { unreachable!() };
    let mut there: Vec<String> =
        sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
            .fetch_all(&mut **connection)
            .await
            .unwrap();
    there.retain(|table| !BIG.contains(&table.as_str()) && !PASSING.contains(&table.as_str()));
    there.retain(|table| !SMALL.contains(&table.as_str()));
    assert!(there.is_empty(), "{there:?}: say how big they become");
}

/// The big tables that a statement names, by the names and aliases that they have in it.
fn names_in(sql: &str) -> BTreeMap<String, &'static str> {
    let words: Vec<&str> =
        sql.split(|c: char| c.is_whitespace() || "(),".contains(c)).filter(|word| !word.is_empty()).collect();
    let mut names = BTreeMap::new();
    for (at, word) in words.iter().enumerate() {
        let Some(table) = BIG.into_iter().find(|table| table == word) else { continue };
        let after_a_verb = at > 0 && ["FROM", "JOIN", "UPDATE", "INTO", "USING"].contains(&words[at - 1]);
        if !after_a_verb {
            continue;
        }
        names.insert(table.to_owned(), table);
        let next = words.get(at + 1).filter(|next| **next != "AS").or_else(|| words.get(at + 2));
        if let Some(alias) = next.filter(|next| next.chars().all(|c| c.is_ascii_lowercase() || c == '_')) {
            names.insert((*alias).to_owned(), table);
        }
    }
    names
}

/// "SCAN p" reads all of it; "SCAN p USING INDEX" walks in an order and stops at a limit.
fn read_by_sqlite(plan: &str, names: &BTreeMap<String, &'static str>) -> Vec<&'static str> {
    let whole = plan.lines().filter(|line| !line.contains("USING"));
    whole.filter_map(|line| names.get(line.strip_prefix("SCAN ")?.split_whitespace().next()?).copied()).collect()
}

/// Sequential scans, though they are switched off as far as there is another way; and indexes that are walked from end to end
/// without a condition or a limit above them.
fn read_by_postgres(plan: &str) -> Vec<&'static str> {
    let lines: Vec<&str> = plan.lines().collect();
    let is_node = |line: &str| line.contains("  (cost=");
    let limited = lines.iter().any(|line| line.trim_start_matches([' ', '-', '>']).starts_with("Limit "));
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| is_node(line)) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let on = |kind: &str| {
            let rest = line.split_once(kind)?.1;
            let table = rest.split_once(" on ")?.1.split_whitespace().next()?;
            BIG.into_iter().find(|big| *big == table)
        };
        let condition =
            lines[at + 1..].iter().take_while(|next| !is_node(next)).any(|next| next.contains("Index Cond"));
        if words.contains(&"Seq") {
            found.extend(on("Seq Scan"));
        } else if !condition && !limited && line.contains("Index") && !line.contains("Bitmap") {
            found.extend(on("Scan using"));
        }
    }
    found
}

async fn explained(conn: &mut Conn, sql: &str) -> String {
    use sqlx::{AssertSqlSafe, Row as _, SqlSafeStr as _};
    match conn {
        Conn::Sqlite(connection) => {
            let text = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")).into_sql_str();
            let rows = sqlx::raw_sql(text).fetch_all(&mut **connection).await.unwrap();
            rows.iter().map(|row| row.get::<String, _>("detail") + "\n").collect()
        }
        Conn::Postgres(connection) => {
            let off = AssertSqlSafe(WAYS).into_sql_str();
            sqlx::raw_sql(off).execute(&mut **connection).await.unwrap();
            let most = (1..=30).rev().find(|n| sql.contains(&format!("${n}"))).unwrap_or(0);
            let prepare = AssertSqlSafe(format!("PREPARE looked_at AS {sql}")).into_sql_str();
            sqlx::raw_sql(prepare).execute(&mut **connection).await.unwrap();
            let nulls = vec!["NULL"; most].join(", ");
            let call = if most == 0 { String::new() } else { format!("({nulls})") };
            let text = AssertSqlSafe(format!("EXPLAIN EXECUTE looked_at{call}")).into_sql_str();
            let rows = sqlx::raw_sql(text).fetch_all(&mut **connection).await.unwrap();
            let done = AssertSqlSafe("DEALLOCATE looked_at").into_sql_str();
            sqlx::raw_sql(done).execute(&mut **connection).await.unwrap();
            rows.iter().map(|row| row.get::<String, _>(0) + "\n").collect()
        }
    }
}

#[test]
fn plans_are_read_as_the_engines_write_them() {
    for (sql, twice) in [
        ("SELECT 1 FROM t WHERE a > $1 AND (a, id) > ($2, $3)", true),
        ("SELECT 1 FROM t WHERE (t.a, t.id) > ($2, $3) AND t.a >= $1 LIMIT 1", true),
        ("SELECT 1 FROM t WHERE (a, id) > ($2, $3) AND a < $1", false),
        ("SELECT 1 FROM t WHERE at <= $3 AND (at, id) < ($3, $4)", false),
        ("SELECT 1 FROM t WHERE (a >= $1 OR b = 1) AND (a, id) > ($2, $3)", false),
    ] {
        assert_eq!(begins_twice(sql), twice, "{sql}");
    }
    let names = names_in(
        "SELECT p.id FROM person p JOIN card AS c ON c.person_id = p.id WHERE p.id IN (SELECT 1 FROM relation)",
    );
    assert_eq!(
        names.iter().map(|(name, table)| (name.as_str(), *table)).collect::<Vec<_>>(),
        [("c", "card"), ("card", "card"), ("p", "person"), ("person", "person"), ("relation", "relation")]
    );
    assert_eq!(read_by_sqlite("SCAN p\nSEARCH c USING INDEX card_person (person_id=?)\n", &names), ["person"]);
    assert!(read_by_sqlite("SCAN p USING INDEX person_name\nSCAN json_each\n", &names).is_empty());
    for (plan, whole) in [
        ("Seq Scan on person p  (cost=1.00)", vec!["person"]),
        ("Index Scan using person_pkey on person p  (cost=1.00)\n  Index Cond: (id = $1)", vec![]),
        ("Index Scan using person_pkey on person p  (cost=1.00)\n  Filter: (sex = $1)", vec!["person"]),
        ("Limit  (cost=1)\n  ->  Index Scan using person_pkey on person  (cost=1.00)", vec![]),
        ("Update on person  (cost=1.00)\n  ->  Seq Scan on person  (cost=1.00)", vec!["person"]),
        ("Seq Scan on home_map  (cost=1.00)", vec![]),
    ] {
        assert_eq!(read_by_postgres(plan), whole, "{plan}");
    }
}
