//! Every SQL text of the store, read from its sources, prepares on both freshly migrated engines: what checking at compile
//! time would do for one engine.

use std::{fs, path::Path};

use dinhdanh::store::{Conn, Engine};
use sqlx::{AssertSqlSafe, Executor, SqlSafeStr};

use super::case::Case;
use crate::support::database::TestDb;

/// One SQL text, and where it stands.
#[derive(Debug)]
struct Statement {
    place: String,
    engine: Option<Engine>,
    sql: String,
}

/// A string literal with the code before it.
struct Literal<'a> {
    before: &'a str,
    text: String,
}

const VERBS: &[&str] = &["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH ", "COPY ", "VALUES "];

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_prepares_on_its_engines() {
    let statements = statements();
    // Fewer means that the reader of the sources lost some, not that the store shrank.
    assert!(statements.len() > 100, "only {} statements found", statements.len());
    for test in TestDb::each().await {
        let case = Case::on(test);
        let mut broken = Vec::new();
        for statement in &statements {
            if statement.engine.is_none_or(|engine| engine == case.engine())
                && let Err(error) = prepare(&mut case.conn().await, &statement.sql).await
            {
                broken.push(format!("{}: {error}\n    {}", statement.place, statement.sql));
            }
        }
        assert!(broken.is_empty(), "on {:?}:\n{}", case.engine(), broken.join("\n"));
    }
}

/// The texts of these files of the store for an engine, with their places.
pub fn of_file(engine: Engine, files: &[&str]) -> Vec<(String, String)> {
    let of = |statement: &Statement| {
        files.iter().any(|file| statement.place.starts_with(file)) && statement.engine.is_none_or(|own| own == engine)
    };
    statements().into_iter().filter(of).map(|statement| (statement.place, statement.sql)).collect()
}

/// Each statement of it, where several are sent at once.
async fn prepare(conn: &mut Conn, sql: &str) -> Result<(), sqlx::Error> {
    for one in sql.split("; ") {
        let sql = AssertSqlSafe(one).into_sql_str();
        by_hand!(&mut *conn, |c| c.prepare(sql).await.map(|_| ()))?;
    }
    Ok(())
}

fn statements() -> Vec<Statement> {
    let mut found = Vec::new();
    let sources = sources();
    let lists: Vec<List> = sources.iter().flat_map(|(_, source)| lists(source)).collect();
    assert_eq!(lists.len(), 4, "two macros on two engines");
    for (file, source) in &sources {
        let literals = literals(source);
        for (number, literal) in literals.iter().enumerate() {
            let place = format!("{file} after `{}`", last_line(literal.before));
            let after = &literals[number + 1..];
            if literal.before.ends_with("Table::new(") {
                found.push(table(place, &literal.text, literal.before, after, source));
            } else if VERBS.iter().any(|verb| literal.text.starts_with(verb)) && !literal.text.contains('{') {
                found.extend(completed(place, literal, after.first(), &lists));
            }
        }
    }
    found
}

/// How a macro writes a list on an engine.
struct List {
    of: &'static str,
    engine: Option<Engine>,
    text: String,
}

fn lists(source: &str) -> Vec<List> {
    let of =
        |literal: &Literal<'_>| LISTS.iter().find(|(_, before)| literal.before.ends_with(before)).map(|(of, _)| *of);
    let all = literals(source).into_iter();
    all.filter_map(|one| Some(List { of: of(&one)?, engine: engine_of(one.before), text: one.text })).collect()
}

const LISTS: [(&str, &str); 2] = [("with_list! {", "concat!($before, "), ("of_ids! {", "concat!($of, ")];

/// The text for each engine. Some macros put a list after their literal that each engine writes in its own way, and what follows
/// it there.
fn completed(place: String, literal: &Literal<'_>, next: Option<&Literal<'_>>, lists: &[List]) -> Vec<Statement> {
    let within = |of: &str| literal.before.rfind(of).is_some_and(|at| !literal.before[at..].contains("\n}"));
    let Some((of, _)) = LISTS.iter().find(|(of, _)| within(of)) else {
        return vec![Statement { place, engine: engine_of(literal.before), sql: literal.text.clone() }];
    };
    let end = next.filter(|next| !next.before[literal.before.len()..].contains("\n}")).map(|next| next.text.as_str());
    let of_it = lists.iter().filter(|list| list.of == *of);
    of_it
        .map(|list| Statement {
            place: place.clone(),
            engine: list.engine,
            sql: [&literal.text, &list.text, end.unwrap_or_default()].concat(),
        })
        .collect()
}

/// An engine's own: a match arm `Engine::… =>`, or a const named `…_SQLITE` or `…_POSTGRES`. Everything else is for both.
fn engine_of(before: &str) -> Option<Engine> {
    let arm = before.trim_end_matches(|c: char| c.is_whitespace() || c == '{');
    let arm = arm.strip_suffix("Some(").unwrap_or(arm);
    let list = LISTS.iter().find_map(|(_, before)| arm.strip_suffix(before.trim_end()));
    let arm = list.unwrap_or(arm).trim_end();
    let item = before.rsplit("const ").next().unwrap_or("");
    let name = if item.contains(';') { "" } else { item.split(':').next().unwrap_or("") };
    let of = |sqlite: bool, postgres: bool| match (sqlite, postgres) {
        (true, _) => Some(Engine::Sqlite),
        (_, true) => Some(Engine::Postgres),
        _ => None,
    };
    of(arm.ends_with("Engine::Sqlite =>"), arm.ends_with("Engine::Postgres =>"))
        .or_else(|| of(name.ends_with("_SQLITE"), name.ends_with("_POSTGRES")))
}

/// `Table::new("name", &["column", …])` of the bulk loads: its columns are there on both engines.
fn table(place: String, name: &str, before: &str, after: &[Literal<'_>], source: &str) -> Statement {
    let end = before.len() + source[before.len()..].find("])").expect("a table's columns end");
    let columns: Vec<_> =
        after.iter().take_while(|column| column.before.len() < end).map(|column| column.text.as_str()).collect();
    assert!(!columns.is_empty(), "{place}");
    Statement { place, engine: None, sql: format!("SELECT {} FROM {name}", columns.join(", ")) }
}

fn sources() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let inside = |folder: &Path| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let (folders, mut files): (Vec<_>, Vec<_>) = inside(&folder).into_iter().partition(|path| path.is_dir());
    files.extend(folders.iter().flat_map(|folder| inside(folder)));
    files.sort();
    assert!(files.iter().all(|path| path.is_file()), "a folder in a folder of src/store: read it here too");
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    files.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

/// The string literals of a source, unescaped; comments and character literals are stepped over.
fn literals(source: &str) -> Vec<Literal<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = source[at..].chars().next() {
        let rest = &source[at..];
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if let Some(length) = ["'\"'", "'\\\"'", "'\\''"].iter().find(|q| rest.starts_with(**q)).map(|q| q.len())
        {
            at += length;
        } else if c == '"' {
            let (text, length) = unescaped(&rest[1..]);
            found.push(Literal { before: &source[..at], text });
            at += 1 + length;
        } else {
            at += c.len_utf8();
        }
    }
    found
}

/// The text up to the closing quote, and the length with it.
fn unescaped(literal: &str) -> (String, usize) {
    let mut text = String::new();
    let mut chars = literal.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (text, at + 1),
            '\\' => match chars.next().expect("something is escaped").1 {
                // A line that continues: its indentation is not part of the text.
                '\n' => while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {},
                'n' => text.push('\n'),
                't' => text.push('\t'),
                '0' => text.push('\0'),
                other => text.push(other),
            },
            _ => text.push(c),
        }
    }
    panic!("a literal that does not end: {literal:.40}")
}

fn last_line(text: &str) -> &str {
    text.trim_end().lines().last().unwrap_or("").trim()
}

#[test]
fn the_reader_of_sources_reads_them() {
    let source = r#"
        // "not this"
        const A: &str = "SELECT \"x\" \
            FROM y";
        const B_SQLITE: &str =
            "SELECT 1";
        let c = '"';
        match engine { Engine::Postgres => { "SELECT 2" } Engine::Sqlite => Some("SELECT 3") }
    "#;
    let read = literals(source);
    let seen: Vec<_> = read.iter().map(|literal| (literal.text.as_str(), engine_of(literal.before))).collect();
    assert_eq!(
        seen,
        [
            ("SELECT \"x\" FROM y", None),
            ("SELECT 1", Some(Engine::Sqlite)),
            ("SELECT 2", Some(Engine::Postgres)),
            ("SELECT 3", Some(Engine::Sqlite)),
        ]
    );
}
