//! `audit`: whole chains are said to be whole, a touched event and a cut-off end are named, and a trail is read on record.

use std::fs;

use serde_json::Value;
use sqlx::{Connection as _, SqliteConnection};

use crate::support::binary::Binary;

const PASSWORD: &str = "mưa phùn gió bấc tháng chạp";

fn change(binary: &Binary, sql: &'static str) {
    let url = format!("sqlite://{}", binary.dir.path().join("test.db").display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut conn = SqliteConnection::connect(&url).await.unwrap();
        sqlx::query(sql).execute(&mut conn).await.unwrap();
    });
}

fn ready() -> Binary {
    let binary = Binary::ready();
    fs::write(binary.dir.path().join("password"), PASSWORD).unwrap();
    for name in ["canbo.mot", "canbo.hai"] {
        let add = ["operator", "add", name, "--display", "Thử", "--role", "approver", "--password-file", "password"];
        assert_eq!(binary.run(&add).status(), 0);
    }
    binary
}

#[test]
fn a_changed_event_is_found() {
    let binary = ready();
    let whole = binary.run(&["audit", "verify", "--json"]).json();
    assert!(whole["events"].as_i64().unwrap() >= 3 && whole["broken"].as_array().unwrap().is_empty(), "{whole}");
    assert!(binary.run(&["audit", "verify"]).out().contains("whole"));
    change(&binary, "UPDATE audit_event SET actor = 'nobody' WHERE action = 'operator.added'");
    let ran = binary.run(&["audit", "verify"]);
    assert_eq!(ran.status(), 1);
    assert!(ran.err().contains("its content was changed") && ran.err().contains("cure:"), "{}", ran.err());
}

#[test]
fn an_end_that_was_cut_off_is_missed_by_the_kept_heads() {
    let binary = ready();
    let heads = binary.run(&["audit", "heads"]).out();
    let count = serde_json::from_str::<Vec<Value>>(&heads).unwrap().len();
    assert!(count >= 2, "{heads}");
    fs::write(binary.dir.path().join("heads.json"), &heads).unwrap();
    let ran = binary.run(&["audit", "verify", "--heads", "heads.json"]);
    assert_eq!(ran.status(), 0, "{}", ran.err());
    // Each command line's chain has one event here: without it the chain is gone, and nothing looks broken.
    change(&binary, "DELETE FROM audit_event WHERE action = 'operator.added'");
    assert_eq!(binary.run(&["audit", "verify"]).status(), 0);
    let ran = binary.run(&["audit", "verify", "--heads", "heads.json"]);
    assert!(ran.status() == 1 && ran.err().contains("not there any more"), "{}", ran.err());
    for (text, says) in [("{}", "heads.json"), ("[{}]", "entry 1"), ("[{\"instance\":\"x\"}]", "entry 1")] {
        fs::write(binary.dir.path().join("heads.json"), text).unwrap();
        let ran = binary.run(&["audit", "verify", "--heads", "heads.json"]);
        assert!(ran.status() == 1 && ran.err().contains(says), "{text}: {}", ran.err());
    }
}

#[test]
fn a_trail_is_read_by_number_and_the_reading_is_on_it() {
    let binary = Binary::ready();
    assert_eq!(binary.run(&["registry", "generate", "50", "--out", "people.csv"]).status(), 0);
    assert_eq!(binary.run(&["registry", "import", "people.csv"]).status(), 0);
    let people = fs::read_to_string(binary.dir.path().join("people.csv")).unwrap();
    let is_number = |word: &&str| word.len() == 12 && word.bytes().all(|b| b.is_ascii_digit());
    let opened = people
        .split([',', '\n'])
        .filter(is_number)
        .find(|number| binary.run(&["account", "create", number, "--phone", "0900000001"]).status() == 0);
    let number = opened.expect("somebody may have an account");
    let text = binary.run(&["account", "show", number]).out();
    assert!(text.contains("level: 02") && !text.contains('{'), "text for people: {text}");
    let trail = binary.run(&["audit", "show", "--person", number, "--json"]).json();
    let actions = |trail: &Value| -> Vec<String> {
        let events = trail["events"].as_array().unwrap();
        events.iter().map(|event| event["action"].as_str().unwrap().to_owned()).collect()
    };
    assert!(actions(&trail).contains(&"account.opened_at_desk".to_owned()), "{trail}");
    let account = trail["account"].as_str().unwrap().to_owned();
    let again = binary.run(&["audit", "show", "--account", &account, "--json"]).json();
    assert_eq!(actions(&again)[0], "audit.read");
    assert_eq!(binary.run(&["audit", "show", "--account", &account, "--most", "1"]).out().lines().count(), 1);
    for args in [
        &["audit", "show", "--person", "900085000001"][..],
        &["audit", "show", "--person", "12"],
        &["audit", "show", "--grant", "00000000-0000-0000-0000-000000000001"],
    ] {
        let ran = binary.run(args);
        assert!(ran.status() == 1 && ran.err().contains("cure:"), "{args:?}: {}", ran.err());
    }
    assert_eq!(binary.run(&["audit", "show"]).status(), 2);
}
