//! Signing keys from the command line, on both engines.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::Value;

use crate::support::{
    binary::{Binary, write_private},
    postgres,
};

fn both() -> [(Binary, Option<postgres::Database>); 2] {
    let database = postgres::shared().database();
    let on_postgres = Binary::new().with("DINHDANH_DATABASE_URL", &database.url);
    let on_sqlite = Binary::new();
    assert_eq!(on_sqlite.run(&["migrate"]).status(), 0);
    [(on_sqlite, None), (on_postgres, Some(database))]
}

fn of<'a>(listed: &'a Value, alg: &str, state: &str) -> Vec<&'a str> {
    let rows = listed["keys"].as_array().unwrap().iter();
    rows.filter(|row| row["alg"] == alg && row["state"] == state).map(|row| row["kid"].as_str().unwrap()).collect()
}

#[test]
fn keys_are_made_once_and_move_through_their_states() {
    for (binary, _database) in both() {
        let made = binary.run(&["keys", "new", "--json"]);
        assert_eq!(made.status(), 0, "{}", made.err());
        assert_eq!(
            made.json()["changed"].as_array().unwrap().len(),
            12,
            "for each of four one that signs, of two one to encrypt to, and one that waits"
        );
        let again = binary.run(&["keys", "new", "--json"]).json();
        assert!(again["changed"].as_array().unwrap().is_empty(), "twice changes nothing");

        let before = binary.run(&["keys", "list", "--json"]).json();
        let (signing, waiting) = (of(&before, "ES256", "active")[0], of(&before, "ES256", "pending")[0]);
        let early = binary.run(&["keys", "rotate", "--alg", "es256"]);
        assert_eq!(early.status(), 1);
        assert!(early.err().contains("may not have seen") && early.err().contains("--at-once"), "{}", early.err());

        let rotated = binary.run(&["keys", "rotate", "--alg", "ES256", "--at-once", "--json"]).json();
        assert_eq!(of(&rotated, "ES256", "active"), [waiting]);
        assert_eq!(of(&rotated, "ES256", "retiring"), [signing]);
        assert_eq!(of(&rotated, "ES256", "pending").len(), 1, "a new one waits");

        let refused = binary.run(&["keys", "retire", signing]);
        assert!(refused.status() == 1 && refused.err().contains("may still be in use"), "{}", refused.err());
        let revoked = binary.run(&["keys", "revoke", waiting, "--json"]).json();
        assert_eq!(of(&revoked, "ES256", "compromised"), [waiting]);
        assert_eq!(of(&revoked, "ES256", "active").len(), 1, "the one that waited signs now");
        assert_eq!(binary.run(&["keys", "revoke", "nobodys"]).status(), 1);
    }
}

#[test]
fn another_key_encryption_key_opens_nothing_and_changes_nothing() {
    let binary = Binary::ready();
    let before = binary.run(&["keys", "list", "--json"]).json();
    write_private(&binary.dir.path().join("kek"), b"another key than the one before.");
    let ran = binary.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(ran.status(), 1);
    let named = |said: String| {
        let kek = binary.dir.path().join("kek").display().to_string();
        assert!(said.contains("kek_file") && said.contains("DINHDANH_KEK_FILE") && said.contains(&kek), "{said}");
    };
    named(ran.err());
    // What would be sealed under it could not be read by the service, nor a key that it made be opened at its next start.
    for command in [
        &["keys", "new"][..],
        &["keys", "rotate", "--alg", "ES256", "--at-once"],
        &["account", "show", "900085000001"],
        &["operator", "list"],
        &["registry", "import", "people.csv"],
        &["registry", "show", "900085000001"],
    ] {
        let ran = binary.run(command);
        assert_ne!(ran.status(), 0, "{command:?}");
        named(ran.err());
    }
    let report = binary.run(&["doctor", "--json"]).json();
    let finding = report["checks"].as_array().unwrap().iter().find(|row| row["check"] == "signing keys").unwrap();
    assert_eq!(finding["state"], "bad", "{finding}");
    assert_eq!(binary.run(&["keys", "list", "--json"]).json(), before);
}

#[test]
fn a_key_encryption_key_is_made_for_its_owner_only_and_never_over_another() {
    let binary = Binary::new();
    let path = binary.dir.path().join("new-kek");
    let name = path.display().to_string();
    assert_eq!(binary.run(&["keys", "new", "--kek", &name]).status(), 0);
    let metadata = fs::metadata(&path).unwrap();
    assert_eq!((metadata.len(), metadata.permissions().mode() & 0o777), (32, 0o600));
    let before = fs::read(&path).unwrap();
    let again = binary.run(&["keys", "new", "--kek", &name]);
    assert!(again.status() == 1 && again.err().contains("exists already"), "{}", again.err());
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn an_algorithm_that_we_do_not_use_is_refused() {
    for alg in ["HS256", "none", "ES384", "RSA1_5", ""] {
        let ran = Binary::ready().run(&["keys", "new", "--alg", alg]);
        assert_eq!(ran.status(), 2, "{alg}");
        assert!(ran.err().contains("RS256, ES256, EdDSA, PS256, RSA-OAEP-256, ECDH-ES"), "{}", ran.err());
    }
}
