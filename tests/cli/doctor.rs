//! The doctor sees what is wrong, says how to mend it, and changes nothing.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use dinhdanh::{
    base::{Clock, Span, ids::InstanceId},
    crypto::random,
    flows::self_registration::initial,
    store::{Db, DbSettings, Writer},
};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::support::{
    binary::{Binary, KEK, write_private},
    postgres,
    watched::{User, free_port},
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

/// What two people decided about a file would fail when it is carried out, days later.
#[test]
fn folders_of_files_are_looked_at_before_anybody_decides() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("exports");
    let binary = Binary::new().with("DINHDANH_REGISTRY_EXPORT_FOLDER", path.to_str().unwrap());
    let seen = || finding(&binary.run(&["doctor", "--json"]).json(), "folder of exports");
    assert_eq!(seen()["state"], "bad", "missing");
    assert!(seen()["cure"].as_str().unwrap().contains("install -d -m 700"), "{}", seen());
    assert!(!path.exists(), "and not made");
    fs::write(&path, "").unwrap();
    assert_eq!(seen()["saw"].as_str().unwrap().rsplit(": ").next(), Some("is no folder"));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let with = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    with(0o750);
    assert_eq!(seen()["state"], "warning");
    assert!(seen()["cure"].as_str().unwrap().contains("chmod 700"), "{}", seen());
    with(0o700);
    assert_eq!(seen()["state"], "good");
    // Who is root may write anywhere.
    with(0o500);
    assert!(fs::File::create(path.join("a")).is_ok() || seen()["state"] == "bad");
    with(0o700);
}

/// Everything that is read works there, and nobody can sign in.
#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_only_reads_is_bad() {
    let database = tokio::task::block_in_place(|| postgres::shared().database());
    let binary = Binary::new().with("DINHDANH_DATABASE_URL", &database.url);
    binary.prepare();
    let writing = |binary: &Binary| finding(&binary.run(&["doctor", "--json"]).json(), "writing");
    assert_eq!(writing(&binary)["state"], "good");
    let name = database.url.rsplit('/').next().unwrap();
    let mut conn = PgConnection::connect(&database.url).await.unwrap();
    let role = format!("CREATE ROLE looker_{name} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker_{name}");
    sqlx::raw_sql(AssertSqlSafe(role)).execute(&mut conn).await.unwrap();
    let looker = database.url.replace("dinhdanh@", &format!("looker_{name}@"));
    let binary = binary.with("DINHDANH_DATABASE_URL", &looker);
    assert!(writing(&binary)["saw"].as_str().unwrap().contains("role"), "{}", writing(&binary));
    let owner = binary.with("DINHDANH_DATABASE_URL", &database.url);
    let shut = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
    sqlx::raw_sql(AssertSqlSafe(shut)).execute(&mut conn).await.unwrap();
    assert!(writing(&owner)["saw"].as_str().unwrap().contains("only reads"), "{}", writing(&owner));
    let gone = format!("SET transaction_read_only = off; DROP OWNED BY looker_{name}; DROP ROLE looker_{name}");
    sqlx::raw_sql(AssertSqlSafe(gone)).execute(&mut conn).await.unwrap();
}

/// Who cannot look is not told to make another database.
#[test]
fn a_database_that_cannot_be_looked_at_is_told_apart_from_none() {
    let binary = Binary::new();
    let inside = format!("sqlite://{}/x.db", binary.dir.path().join("kek").display());
    let binary = binary.with("DINHDANH_DATABASE_URL", &inside);
    for args in [&["client", "list"][..], &["doctor"], &["migrate", "--check"]] {
        let ran = binary.run(args);
        let said = [ran.out(), ran.err()].concat();
        assert!(ran.status() == 1 && said.contains("cannot be looked at"), "{said}");
        assert!(!said.contains("`dinhdanh migrate`"), "{said}");
    }
}

#[test]
fn who_may_not_write_in_the_embedded_database_is_told() {
    let binary = Binary::ready();
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let (folder, file) = (binary.dir.path(), binary.dir.path().join("test.db"));
    // Another user reaches the built program nowhere else; and where databases lie quickly nothing may be run.
    let elsewhere = tempfile::tempdir().unwrap();
    let program = elsewhere.path().join("dinhdanh");
    fs::copy(env!("CARGO_BIN_EXE_dinhdanh"), &program).unwrap();
    mode(&program, 0o755);
    mode(elsewhere.path(), 0o755);
    mode(&file, 0o444);
    mode(folder, 0o755);
    let mut command = Command::new(&program);
    command.arg("doctor").current_dir(folder).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    command.env("DINHDANH_DATABASE_URL", format!("sqlite://{}", file.display()));
    // To root every file is open.
    if let Some(user) = User::instead_of_root() {
        user.run(&mut command);
    }
    let said = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let written = said.contains("bad      database file: this user may not write to");
    assert!(written, "{said}");
    mode(folder, 0o700);
}

/// A clock that went back judges everything by a time that is over, and no other clock is there to tell on SQLite.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_behind_the_record_is_bad() {
    let database = tokio::task::block_in_place(|| postgres::shared().database());
    for binary in [Binary::new(), Binary::new().with("DINHDANH_DATABASE_URL", &database.url)] {
        binary.prepare();
        let seen = || finding(&binary.run(&["doctor", "--json"]).json(), "clock of the record");
        assert_eq!(seen()["state"], "good", "{}", seen());
        // As another process will have written an hour from now.
        let url = binary.variable("DINHDANH_DATABASE_URL");
        let db = Db::open(&DbSettings { url, read_connections: 1, postgres_lanes: 1, notices_restores: true })
            .await
            .unwrap();
        let then = Clock::System.now() + Span::hours(1);
        let writer = Writer::start(&db, InstanceId::generate(&random::entropy(), then));
        writer.submit(initial::make(&random::entropy(), "later", 1, Span::days(1), then).keep()).await.unwrap();
        writer.stop().await;
        db.close().await;
        assert_eq!(seen()["state"], "bad", "{}", seen());
        assert!(seen()["cure"].as_str().unwrap().contains("set the clock"), "{}", seen());
    }
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
