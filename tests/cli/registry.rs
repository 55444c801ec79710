//! The registry's commands, as an operator types them.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::support::{binary::Binary, postgres, watched};

fn migrated() -> Binary {
    let binary = Binary::new();
    assert_eq!(binary.run(&["migrate"]).status(), 0);
    binary
}

fn write(binary: &Binary, name: &str, text: &str) {
    fs::write(binary.dir.path().join(name), text).unwrap();
}

#[test]
fn the_same_seed_writes_the_same_file_in_both_formats() {
    let binary = Binary::new();
    for name in ["a.csv", "b.csv", "a.ndjson"] {
        let ran = binary.run(&["registry", "generate", "500", "--seed", "4", "--out", name, "--json"]);
        assert_eq!(ran.status(), 0, "{}", ran.err());
        assert_eq!((&ran.json()["people"], &ran.json()["synthetic"]), (&Value::from(500), &Value::Bool(true)));
    }
    assert_eq!(binary.run(&["registry", "generate", "500", "--seed", "5", "--out", "c.csv"]).status(), 0);
    let read = |name: &str| fs::read_to_string(binary.dir.path().join(name)).unwrap();
    assert_eq!(read("a.csv"), read("b.csv"));
    assert_ne!(read("a.csv"), read("c.csv"));
    assert_eq!(read("a.csv").lines().count(), 501);
    assert_eq!(read("a.ndjson").lines().count(), 500);
    assert!(read("a.ndjson").lines().all(|line| line.contains(r#"{"number":"9"#)));
    let refused = binary.run(&["registry", "generate", "5", "--out", "a.txt"]);
    assert!(
        refused.status() != 0 && refused.err().contains("cure: name it .csv, .ndjson or .xml"),
        "{}",
        refused.err()
    );
    assert_ne!(binary.run(&["registry", "generate", "100000001", "--out", "d.csv"]).status(), 0);
}

/// Who imports what was half made would have a registry that is cut off, and no line to tell it by.
#[test]
fn people_that_are_made_are_all_there_or_none() {
    let binary = Binary::new();
    write(&binary, "people.xml", "of before");
    let refused = binary.run(&["registry", "generate", "5", "--out", "people.xml"]);
    assert_eq!(refused.status(), 1);
    assert!(refused.err().contains("cure: name it .csv or .ndjson"), "{}", refused.err());
    write(&binary, "people.csv", "of before");
    let part = binary.dir.path().join("people.csv.part");
    for (signal, status) in [("-INT", 130), ("-TERM", 143)] {
        let mut command = binary.command(&["registry", "generate", "100000000", "--out", "people.csv"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        while !part.metadata().is_ok_and(|part| part.len() > 0) {
            assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
            thread::sleep(Duration::from_millis(10));
        }
        assert!(watched::signal(child.id(), signal));
        let ended = child.wait_with_output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(status), "{said}");
        assert!(said.contains("asked to stop") && said.contains("cure"), "{said}");
        assert!(!part.exists());
    }
    for name in ["people.xml", "people.csv"] {
        assert_eq!(fs::read_to_string(binary.dir.path().join(name)).unwrap(), "of before");
    }
}

/// Rows have names and numbers in them; and a report over its own source would be all that is left of it.
#[test]
fn a_report_is_its_owners_alone_and_never_over_what_is_read() {
    let binary = Binary::ready();
    let path = |name: &str| binary.dir.path().join(name);
    assert_eq!(binary.run(&["registry", "generate", "20", "--out", "people.csv"]).status(), 0);
    let people = fs::read_to_string(path("people.csv")).unwrap();
    fs::hard_link(path("people.csv"), path("linked")).unwrap();
    for report in ["people.csv", "linked"] {
        let ran = binary.run(&["registry", "import", "people.csv", "--report", report]);
        assert_eq!(ran.status(), 2);
        assert!(ran.err().contains("cure: choose another file for --report"), "{}", ran.err());
        assert_eq!(fs::read_to_string(path("people.csv")).unwrap(), people);
    }
    write(&binary, "events.ndjson", "{}\n");
    let tell = |report| binary.run(&["registry", "events", "events.ndjson", "--source", "x", "--report", report]);
    assert_eq!(tell("events.ndjson").status(), 2);
    assert_eq!(fs::read_to_string(path("events.ndjson")).unwrap(), "{}\n");
    assert_eq!(tell("events.report").status(), 1, "no row of it is good");
    write(&binary, "broken.csv", &people.replace("\n9", "\nx9"));
    let ran = binary.run(&["registry", "import", "broken.csv", "--report", "people.report"]);
    assert_eq!(ran.status(), 1, "{}{}", ran.out(), ran.err());
    for report in ["events.report", "people.report"] {
        let mode = path(report).metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{report}");
        assert!(!fs::read(path(report)).unwrap().is_empty(), "{report}");
    }
}

#[test]
fn people_come_in_once_and_are_shown_and_found_on_both_engines() {
    let database = postgres::shared().database();
    for binary in [migrated(), Binary::new().with("DINHDANH_DATABASE_URL", &database.url)] {
        assert_eq!(binary.run(&["registry", "generate", "800", "--out", "people.csv"]).status(), 0);
        let first = binary.run(&["registry", "import", "people.csv", "--json"]);
        assert_eq!(first.status(), 0, "{}", first.err());
        let told = first.json();
        assert_eq!((&told["rows"], &told["added"], &told["refused"]), (&800.into(), &800.into(), &0.into()));
        let sum = Command::new("sha256sum").arg(binary.dir.path().join("people.csv")).output().unwrap();
        assert!(String::from_utf8(sum.stdout).unwrap().starts_with(told["sha256"].as_str().unwrap()));
        let again = binary.run(&["registry", "import", "people.csv", "--json"]);
        assert_eq!((again.status(), &again.json()["added"], &again.json()["known"]), (0, &0.into(), &800.into()));

        let text = fs::read_to_string(binary.dir.path().join("people.csv")).unwrap();
        let mut rows = csv::Reader::from_reader(text.as_bytes());
        let header = rows.headers().unwrap().clone();
        let cell = |row: &csv::StringRecord, name: &str| {
            row[header.iter().position(|column| column == name).unwrap()].to_owned()
        };
        let rows: Vec<_> = rows.records().map(Result::unwrap).collect();
        let person = rows.iter().find(|row| !cell(row, "phone").is_empty() && cell(row, "birth_date").len() == 10);
        let person = person.unwrap();
        let number = cell(person, "number");
        let shown = binary.run(&["registry", "show", &number, "--json"]).json();
        assert_eq!(shown["name"], cell(person, "full_name"));
        assert_eq!(shown["birth_date"], cell(person, "birth_date"));
        assert_eq!(shown["contacts"]["phone"], format!("+84{}", &cell(person, "phone")[1..]));
        let as_text = binary.run(&["registry", "show", &number]).out();
        assert!(as_text.contains(&format!("name: {}", cell(person, "full_name"))), "{as_text}");
        let year = &cell(person, "birth_date")[..4];
        let found = binary.run(&["registry", "search", &cell(person, "full_name"), "--born", year, "--json"]).json();
        let numbers: Vec<_> = found["people"].as_array().unwrap().iter().map(|one| one["number"].clone()).collect();
        assert!(numbers.contains(&Value::from(number.clone())), "{found}");
        let found = binary.run(&["registry", "search", &number]).out();
        assert!(found.contains("(100: number)"), "{found}");
    }
}

#[test]
fn refused_rows_are_reported_in_both_languages_and_by_status() {
    let binary = migrated();
    write(
        &binary,
        "people.csv",
        "number,full_name,birth_date\n900085000001,Trần Thử,1985-03-05\n90008500000,Trần Mẫu,1985-02-30\n",
    );
    let ran = binary.run(&["registry", "import", "people.csv"]);
    assert_eq!(ran.status(), 1);
    assert!(ran.out().starts_with("1 added, 0 known already, 1 refused"), "{}", ran.out());
    let first = "dòng/line 3, number: số định danh cá nhân có 11 chữ số, phải có 12 / \
                 the personal number has 11 digits instead of 12";
    assert!(ran.err().contains(first), "{}", ran.err());
    assert!(ran.err().contains("dòng/line 3, birth_date: "), "{}", ran.err());

    let ran = binary.run(&["registry", "import", "people.csv", "--report", "report.ndjson", "--json"]);
    assert_eq!((ran.status(), &ran.json()["known"], ran.err().as_str()), (1, &1.into(), ""));
    let report = fs::read_to_string(binary.dir.path().join("report.ndjson")).unwrap();
    let rows: Vec<Value> = report.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 2);
    assert_eq!((&rows[1]["line"], &rows[1]["reason"]), (&3.into(), &"birth.no_such_day".into()));
}

#[test]
fn an_export_comes_back_as_the_same_people_and_is_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let binary = migrated();
    binary.run(&["registry", "generate", "300", "--out", "people.csv"]).out();
    assert_eq!(binary.run(&["registry", "import", "people.csv"]).status(), 0);
    let bare = binary.run(&["registry", "export", "--out", "out.csv"]);
    assert!(bare.status() != 0 && bare.err().contains("--reason"), "{}", bare.err());
    let reason = "Quyết định 1/QĐ ngày 1/11/2026";
    // What an earlier run left, open to everybody.
    let part = binary.dir.path().join("out.csv.part");
    fs::write(&part, "left over").unwrap();
    fs::set_permissions(&part, fs::Permissions::from_mode(0o644)).unwrap();
    let told =
        binary.run(&["registry", "export", "--out", "out.csv", "--reason", reason, "--sensitive", "--json"]).json();
    assert_eq!(told["people"].as_u64().unwrap() + told["without_number"].as_u64().unwrap(), 300);
    let path = binary.dir.path().join("out.csv");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!binary.dir.path().join("out.csv.part").exists());
    // Other bytes into a registry with people are two operators' business; what they would do is told.
    let alone = binary.run(&["registry", "import", "out.csv"]);
    assert!(alone.status() == 2 && alone.err().contains("proposed and decided by two"), "{}", alone.err());
    let sha256 = told["sha256"].as_str().unwrap();
    let again = binary.run(&["registry", "import", "out.csv", "--dry-run", "--json", "--sha256", sha256]);
    assert_eq!((again.json()["known"].clone(), again.status()), (told["people"].clone(), 0), "{}", again.err());
    let other = migrated();
    fs::copy(&path, other.dir.path().join("out.csv")).unwrap();
    assert_eq!(other.run(&["registry", "import", "out.csv", "--json"]).json()["added"], told["people"]);
    let some =
        binary.run(&["registry", "export", "--out", "hn.ndjson", "--within", "01", "--reason", reason, "--json"]);
    let some = some.json()["people"].as_u64().unwrap();
    assert!(some > 0 && some < 100, "{some}");
    let text = fs::read_to_string(binary.dir.path().join("hn.ndjson")).unwrap();
    assert!(!text.contains("\"phone\"") && !text.contains("\"ethnicity\""), "sensitive fields are asked for");
    let message = binary.run(&["registry", "export", "--out", "out.xml", "--reason", reason, "--json"]);
    // The form has no word for the dead and the missing, who would come to life by it.
    let (alive, not_alive) = (message.json()["people"].clone(), message.json()["not_alive"].as_u64().unwrap());
    assert!(not_alive > 0, "{}", message.err());
    assert_eq!(alive.as_u64().unwrap() + not_alive, told["people"].as_u64().unwrap(), "{}", message.err());
    let third = migrated();
    fs::copy(binary.dir.path().join("out.xml"), third.dir.path().join("out.xml")).unwrap();
    let read = third.run(&["registry", "import", "out.xml", "--json"]);
    assert_eq!((&read.json()["added"], &read.json()["left_out"]), (&alive, &serde_json::json!([])), "{}", read.err());
}

#[test]
fn people_are_counted_without_naming_anybody() {
    let binary = migrated();
    binary.run(&["registry", "generate", "2000", "--out", "people.csv"]).out();
    assert_eq!(binary.run(&["registry", "import", "people.csv"]).status(), 0);
    let table = binary.run(&["registry", "statistics", "--by", "unit,sex", "--json"]).json();
    assert!(table["total"].as_u64().unwrap() > 1_900, "{table}");
    let cells = table["cells"].as_array().unwrap();
    assert!(cells.iter().all(|cell| cell["people"].as_u64().is_none_or(|people| people == 0 || people >= 5)));
    assert!(cells.len() > 50 && cells.iter().filter(|cell| cell["people"].is_null()).count() > 1);
    let one = binary.run(&["registry", "statistics", "--by", "sex", "--within", "Hà Nội"]).out();
    assert!(one.contains("male  ") && one.contains("total  "), "{one}");
}

#[test]
fn what_stops_an_import_has_status_two_a_place_and_a_cure() {
    let binary = migrated();
    write(&binary, "cut.csv", "number,full_name,birth_date\n900085000001,Trần Thử,1985-03-05\n90008");
    write(&binary, "good.csv", "number,full_name,birth_date\n900085000001,Trần Thử,1985-03-05\n");
    let zeros = "0".repeat(64);
    for (args, words) in [
        (vec!["cut.csv"], "cut.csv: line 3: the row has 1 cells and the header 3; nothing was changed"),
        (vec!["missing.csv"], "missing.csv: the file cannot be read"),
        (vec!["good.txt"], "good.txt: the file's kind is not known"),
        (vec!["good.csv", "--sha256", &zeros], "not the one that was expected; nothing was changed"),
        (vec!["good.csv", "--report", "no/such/folder"], "no/such/folder"),
    ] {
        let ran = binary.run(&[&["registry", "import"], args.as_slice()].concat());
        assert_eq!(ran.status(), 2, "{args:?}: {}", ran.err());
        assert!(ran.err().contains(words) && ran.err().contains("cure: "), "{args:?}: {}", ran.err());
    }
    assert_eq!(binary.run(&["registry", "search", "900085000001"]).out().trim(), "nobody");
    let behind = Binary::new();
    write(&behind, "good.csv", "number,full_name,birth_date\n900085000001,Trần Thử,1985-03-05\n");
    let ran = behind.run(&["registry", "import", "good.csv"]);
    assert!(ran.status() == 2 && ran.err().contains("run `dinhdanh migrate`"), "{}", ran.err());
}

#[test]
fn a_search_that_cannot_be_answered_says_what_to_add() {
    let binary = migrated();
    for (args, cure) in [
        (vec![], "type twelve or nine digits, or a name"),
        (vec!["123"], "type twelve or nine digits, or a name"),
        (vec!["1985"], "a year or day of birth goes with --born"),
        (vec!["--parent", "Trần Thử"], "add --born or --within"),
        (vec!["Trần Thử", "--within", "Xứ Mẫu"], "name a province or commune of today"),
        (vec!["Trần Thử", "--after", "AAAA"], "ask for the first page again"),
    ] {
        let ran = binary.run(&[&["registry", "search"], args.as_slice()].concat());
        assert!(ran.status() == 1 && ran.err().contains(cure), "{args:?}: {}", ran.err());
    }
    assert_eq!(binary.run(&["registry", "search", "Trần Thử", "--born", "1985"]).out().trim(), "nobody");
    for (args, names) in [(["--born", "85"], "--born"), (["--household", "số 1"], "--household")] {
        let ran = binary.run(&[&["registry", "search", "Trần Thử"], args.as_slice()].concat());
        assert!(ran.status() == 2 && ran.err().contains(names), "{args:?}: {}", ran.err());
    }
    let ran = binary.run(&["registry", "show", "12"]);
    assert!(ran.status() == 1 && ran.err().contains("cure: type the twelve digits"), "{}", ran.err());
    let ran = binary.run(&["registry", "show", "900 085 000 001"]);
    assert!(ran.status() == 1 && ran.err().contains("leads to nobody"), "{}", ran.err());
}
