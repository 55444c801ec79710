//! `registry events FILE`, as an operator types it.

use std::{fs, process::Stdio, thread, time::Duration};

use serde_json::{Value, json};

use crate::support::{binary::Binary, postgres};

const PEOPLE: &str = "number,full_name,birth_date,sex\n900085000001,Trần Văn Thử,1985-03-05,male\n\
                      900185000002,Trần Thị Mẫu,1985-03-06,female\n";

/// On SQLite, and on the PostgreSQL database that has to live as long.
fn each() -> ([Binary; 2], postgres::Database) {
    let database = postgres::shared().database();
    let both = [Binary::new(), Binary::new().with("DINHDANH_DATABASE_URL", &database.url)].map(|binary| {
        binary.prepare();
        write(&binary, "people.csv", PEOPLE);
        assert_eq!(binary.run(&["registry", "import", "people.csv"]).status(), 0);
        binary
    });
    (both, database)
}

fn write(binary: &Binary, name: &str, text: &str) {
    fs::write(binary.dir.path().join(name), text).unwrap();
}

fn row(kind: &str, source_id: &str, fields: &[(&str, &str)]) -> String {
    let papers = [("paper_no", "17"), ("paper_on", "2026-01-20"), ("paper_by", "UBND phường Ngọc Hà")];
    let fields: serde_json::Map<String, Value> =
        fields.iter().chain(&papers).map(|(name, text)| ((*name).to_owned(), json!(text))).collect();
    json!({ "source_id": source_id, "kind": kind, "unit": "00004", "fields": fields }).to_string()
}

fn death(source_id: &str, number: &str, on: &str) -> String {
    row("death", source_id, &[("subject", number), ("on", on), ("paper", "death_note")])
}

fn report(binary: &Binary, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(binary.dir.path().join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn each_row_has_its_fate_and_twice_changes_nothing() {
    let (both, _database) = each();
    for binary in both {
        let mut bad = row("death", "E-5", &[("subject", "900085000001"), ("on", "2026-02-30")]);
        bad = bad.replace("17", &"7".repeat(300));
        let rows = [
            death("E-1", "900085000001", "2026-01-19"),
            String::new(),
            death("E-2", "900085999999", "2026-01-19"),
            death("E-3", "900185000002", "1980-01-01"),
            "{ this is no JSON".to_owned(),
            bad,
            death("E-1", "900085000001", "2026-01-18"),
            format!("{{\"note\":\"{}\"}}", "x".repeat(70_000)),
            death("E-1", "900085000001", "2026-01-19"),
        ];
        write(&binary, "events.ndjson", &rows.join("\n"));
        let tell = |more: &[&str]| {
            let args = ["registry", "events", "events.ndjson", "--source", "so-tu-phap", "--json"];
            binary.run(&[&args, more].concat())
        };
        let dry = tell(&["--dry-run", "--report", "dry.ndjson"]);
        assert_eq!(dry.status(), 1, "{}", dry.err());
        let fates = |name: &str| -> Vec<(u64, String)> {
            let one = |row: &Value| (row["line"].as_u64().unwrap(), row["status"].as_str().unwrap().to_owned());
            report(&binary, name).iter().map(one).collect()
        };
        let fate = |line, status: &str| (line, status.to_owned());
        let begin = [fate(1, "proposed"), fate(3, "waiting"), fate(4, "case"), fate(5, "refused"), fate(6, "refused")];
        assert_eq!(fates("dry.ndjson")[..5], begin);
        let ran = tell(&["--report", "first.ndjson"]);
        assert_eq!(ran.status(), 1, "{}", ran.err());
        let told = ran.json();
        let counts =
            ["rows", "proposed", "waiting", "cases", "known", "refused"].map(|name| told[name].as_u64().unwrap());
        assert_eq!(counts, [8, 1, 1, 1, 1, 4], "{told}");
        assert_eq!(fates("first.ndjson")[..5], begin, "the dry run told the same");
        assert_eq!(fates("first.ndjson")[5..], [fate(7, "other_content"), fate(8, "refused"), fate(9, "known")]);
        let bad = &report(&binary, "first.ndjson")[4]["errors"];
        let reasons: Vec<_> = bad.as_array().unwrap().iter().map(|one| one["reason"].as_str().unwrap()).collect();
        assert_eq!(reasons, ["day.none", "missing", "too_long"], "{bad}");
        assert!(bad[0]["vi"].as_str().unwrap().contains("lịch") && bad[0]["pointer"] == "/fields/on");
        let again = tell(&[]);
        assert_eq!((again.json()["told"].clone(), again.json()["known"].clone()), (json!(0), json!(4)));
        assert!(again.err().lines().count() == 4, "refused rows are told without a report too: {}", again.err());
        // Another source has its own names.
        let other = binary.run(&["registry", "events", "events.ndjson", "--source", "toa-an", "--dry-run", "--json"]);
        assert_eq!(other.json()["known"], 0);
        assert_eq!(binary.run(&["registry", "show", "900085000001", "--json"]).json()["vital"], "alive");
    }
}

#[test]
fn what_stops_a_file_has_status_two_and_changes_nothing() {
    let ([binary, _], _database) = each();
    write(&binary, "events.ndjson", &death("E-1", "900085000001", "2026-01-19"));
    write(&binary, "empty.ndjson", " \n\n");
    let hash = "0".repeat(64);
    for (args, word) in [
        (vec!["empty.ndjson", "--source", "a"], "no rows"),
        (vec!["gone.ndjson", "--source", "a"], "No such file"),
        (vec!["events.ndjson", "--source", "a", "--sha256", &hash], "not the one that was expected"),
        (vec!["events.ndjson", "--source", "a", "--unit", "99"], "no province"),
        (vec!["events.ndjson", "--source", "a b"], "source's name"),
        (vec!["events.ndjson"], "--source"),
    ] {
        let ran = binary.run(&[&["registry", "events"], args.as_slice()].concat());
        assert!(ran.status() == 2 && ran.err().contains(word), "{args:?}: {} {}", ran.status(), ran.err());
    }
    let ran = binary.run(&["registry", "events", "events.ndjson", "--source", "a", "--json"]);
    assert_eq!((ran.status(), ran.json()["proposed"].clone()), (0, json!(1)));
}

#[test]
fn a_killed_run_is_gone_on_with_and_loses_and_doubles_nothing() {
    const ROWS: u64 = 1_500;
    let args = ["registry", "events", "events.ndjson", "--source", "a", "--json"];
    let (both, _database) = each();
    for binary in &both {
        let number = |at| format!("900085{:06}", 500_000 + at);
        let rows: Vec<String> = (0..ROWS).map(|at| death(&format!("E-{at}"), &number(at), "2026-01-19")).collect();
        write(binary, "events.ndjson", &rows.join("\n"));
        let told = [&args, &["--report", "report.ndjson"][..]].concat();
        let mut child = binary.command(&told).stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        let report = binary.dir.path().join("report.ndjson");
        // Some steps are committed, and many rows are still to come.
        while fs::metadata(&report).map_or(0, |file| file.len()) < 30_000 {
            assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
            thread::sleep(Duration::from_millis(5));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    // As long as a run may be quiet, another is not taken for broken off.
    thread::sleep(Duration::from_secs(11));
    for binary in &both {
        let other = ["registry", "events", "events.ndjson", "--source", "b", "--json"];
        let other = binary.run(&other).json();
        assert_eq!((&other["told"], &other["resumed_after_line"]), (&json!(ROWS), &Value::Null), "another's file");
        let again = binary.run(&args);
        assert_eq!(again.status(), 0, "{}", again.err());
        let told = again.json();
        let done = told["resumed_after_line"].as_u64().unwrap_or_else(|| panic!("{told}"));
        let rows = told["told"].as_u64().unwrap() + told["known"].as_u64().unwrap();
        assert!(done >= 128 && done + rows == ROWS, "{told}");
        let third = binary.run(&args).json();
        assert_eq!((third["told"].clone(), third["known"].clone()), (json!(0), json!(ROWS)), "{third}");
    }
}
