//! The doctor sees what is wrong, says how to mend it, and changes nothing.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::Value;

use crate::support::{
    binary::{Binary, KEK, write_private},
    postgres,
    watched::free_port,
};

fn finding(report: &Value, check: &str) -> Value {
    let found = report["checks"].as_array().unwrap().iter().find(|row| row["check"] == check);
    found.unwrap_or_else(|| panic!("no check `{check}` in {report}")).clone()
}

#[test]
fn a_healthy_embedded_service_has_at_least_ten_checks_and_none_bad() {
    let binary = Binary::ready();
    let ran = binary.run(&["doctor", "--json"]);
    let report = ran.json();
    assert_eq!((ran.status(), &report["healthy"]), (0, &Value::Bool(true)), "{report}");
    assert!(report["checks"].as_array().unwrap().len() >= 10, "{report}");
    assert_eq!(finding(&report, "durability")["saw"], "journal_mode=wal, synchronous=2");
    assert_eq!(finding(&report, "schema")["state"], "good");
    assert_eq!(finding(&report, "signing keys")["saw"], "active: RS256, ES256, EdDSA, PS256");
}

#[test]
fn a_database_that_is_not_there_is_not_made() {
    let binary = Binary::new();
    let ran = binary.run(&["doctor"]);
    assert_eq!(ran.status(), 1);
    assert!(
        ran.out().contains("there is no database at") && ran.out().contains("cure: run `dinhdanh migrate`"),
        "{}",
        ran.out()
    );
    assert!(!binary.dir.path().join("test.db").exists());
}

#[test]
fn missing_signing_keys_are_named_with_the_command_that_makes_them() {
    let binary = Binary::new();
    assert_eq!(binary.run(&["migrate"]).status(), 0);
    assert_eq!(binary.run(&["keys", "new", "--alg", "RS256"]).status(), 0);
    let keys = |binary: &Binary| finding(&binary.run(&["doctor", "--json"]).json(), "signing keys");
    assert_eq!(keys(&binary)["state"], "bad", "ES256 is ours");
    assert!(keys(&binary)["cure"].as_str().unwrap().contains("`dinhdanh keys new --alg ES256`"));
    assert_eq!(binary.run(&["keys", "new", "--alg", "ES256"]).status(), 0);
    assert_eq!(keys(&binary)["state"], "warning", "the others are for clients that ask for them");
}

#[test]
fn what_is_published_is_compared_with_the_record() {
    let binary = Binary::ready();
    let serving = binary.serve();
    let asked = |binary: Binary| {
        let binary = binary.with("DINHDANH_LISTEN", &serving.address.to_string());
        finding(&binary.run(&["doctor", "--json"]).json(), "published keys")
    };
    let same = asked(binary);
    assert!(same["state"] == "good" && same["saw"].as_str().unwrap().starts_with("10 at"), "{same}");
    let another = asked(Binary::ready());
    assert_eq!(another["state"], "bad", "another record's service: {another}");
}

#[test]
fn each_broken_key_file_is_named_with_its_reason() {
    let binary = Binary::new();
    let kek = binary.dir.path().join("kek");
    let key = |binary: &Binary| finding(&binary.run(&["doctor", "--json"]).json(), "key-encryption key");
    assert_eq!(key(&binary)["state"], "good");
    write_private(&kek, b"");
    assert_eq!(key(&binary)["state"], "bad", "zero length");
    write_private(&kek, &KEK[..31]);
    assert_eq!(key(&binary)["state"], "bad", "too short");
    write_private(&kek, &KEK);
    fs::set_permissions(&kek, fs::Permissions::from_mode(0o644)).unwrap();
    let readable = key(&binary);
    assert_eq!(readable["state"], "bad", "readable by all");
    assert!(readable["saw"].as_str().unwrap().contains(&kek.display().to_string()), "{readable}");
    fs::remove_file(&kek).unwrap();
    assert_eq!(key(&binary)["state"], "bad", "missing");
    assert!(!kek.exists(), "and never made silently");
}

#[test]
fn postgres_is_looked_at_as_it_is() {
    let database = postgres::shared().database();
    let binary = Binary::new().with("DINHDANH_DATABASE_URL", &database.url);
    binary.prepare();
    let report = binary.run(&["doctor", "--json"]).json();
    assert_eq!(report["healthy"], true, "{report}");
    assert_eq!(finding(&report, "durability")["saw"], "fsync=on, full_page_writes=on, synchronous_commit=on");
    assert_eq!(finding(&report, "clock of the database")["state"], "good");

    let unsafe_url = format!("{}?options=-csynchronous_commit%3Doff", database.url);
    let report = binary.with("DINHDANH_DATABASE_URL", &unsafe_url).run(&["doctor", "--json"]).json();
    let durability = finding(&report, "durability");
    assert_eq!(durability["state"], "bad", "{report}");
    assert!(durability["cure"].as_str().unwrap().contains("synchronous_commit"), "{durability}");
}

#[test]
fn a_database_that_does_not_answer_is_bad_and_a_cache_only_a_warning() {
    let nobody = free_port();
    let binary = Binary::new()
        .with("DINHDANH_DATABASE_URL", &format!("postgres://dinhdanh:hunter2@127.0.0.1:{nobody}/x"))
        .with("DINHDANH_REDIS_URL", &format!("redis://127.0.0.1:{nobody}/0"));
    let ran = binary.run(&["doctor", "--json"]);
    let report = ran.json();
    assert_eq!(ran.status(), 1);
    let database = finding(&report, "database");
    assert_eq!(database["state"], "bad");
    assert!(database["saw"].as_str().unwrap().contains("refused"), "why, not only that it waited: {database}");
    assert_eq!(finding(&report, "cache")["state"], "warning");
    assert!(!ran.out().contains("hunter2"), "the password is not told");
}

#[test]
fn a_missing_migration_is_seen_and_mended() {
    let binary = Binary::new();
    assert_eq!(binary.run(&["migrate", "--check"]).status(), 1);
    let ran = binary.run(&["migrate", "--json"]);
    assert_eq!((ran.status(), &ran.json()["current"]), (0, &Value::Bool(true)));
    assert!(!ran.json()["applied_now"].as_array().unwrap().is_empty());
    assert_eq!(binary.run(&["migrate", "--check"]).status(), 0);
    assert!(
        binary.run(&["migrate", "--json"]).json()["applied_now"].as_array().unwrap().is_empty(),
        "twice changes nothing"
    );
}
