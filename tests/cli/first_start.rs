//! What somebody meets who has not everything yet: whatever is missing or broken is named with its place and its cure, nothing
//! hides anything else, and nothing is made in its place.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use crate::support::{
    binary::{Binary, KEK, write_private},
    certificates::authority,
};

const SERVE: &[&str] = &["serve", "--listen", "127.0.0.1:0"];
const NUMBER: &str = "900085000001";

#[test]
fn a_database_that_is_not_there_is_named_and_not_made() {
    let binary = Binary::new();
    let nowhere = binary.dir.path().join("test.db");
    for command in [
        SERVE,
        &["migrate", "--check"],
        &["keys", "list"],
        &["keys", "new"],
        &["client", "list"],
        &["client", "show", "x"],
        &["account", "show", NUMBER],
        &["operator", "list"],
        &["audit", "verify"],
        &["audit", "heads"],
        &["registry", "show", NUMBER],
        &["registry", "search", "Trần Thử"],
        &["registry", "statistics"],
        &["registry", "duplicates", "list"],
        &["registry", "import", "people.csv"],
        &["registry", "export", "--out", "out.csv", "--reason", "Quyết định 1/QĐ"],
        &["registry", "boundary-change", "--on", "2025-07-01"],
    ] {
        let ran = binary.run(command);
        let said = ran.err();
        let named = said.contains("there is no database at") && said.contains(&nowhere.display().to_string());
        assert!(ran.status() != 0 && named && said.contains("run `dinhdanh migrate`"), "{command:?}: {said}");
        assert!(!nowhere.exists(), "{command:?} made one");
    }
    assert!(!binary.dir.path().join("out.csv").exists());
}

#[test]
fn a_folder_without_a_demo_is_named_and_left_empty() {
    let binary = Binary::new();
    let folder = binary.dir.path().join("elsewhere");
    let name = folder.display().to_string();
    for command in [&["client", "list"][..], &["operator", "list"], &["audit", "heads"], &["account", "show", NUMBER]] {
        let args = [command, &["--data", &name]].concat();
        let ran = binary.run(&args);
        let said = ran.err();
        let cure = format!("`dinhdanh demo --data {name}`");
        assert!(ran.status() == 1 && said.contains("no demo") && said.contains(&cure), "{args:?}: {said}");
    }
    assert!(!folder.exists());
}

#[test]
fn a_missing_key_and_a_missing_database_are_told_together() {
    let binary = Binary::new();
    fs::remove_file(binary.dir.path().join("kek")).unwrap();
    for command in [SERVE, &["keys", "new"], &["operator", "list"], &["registry", "import", "people.csv"]] {
        let said = binary.run(command).err();
        let key = said.find("there is no key-encryption key at").unwrap_or_else(|| panic!("{command:?}: {said}"));
        let database = said.find("there is no database at").unwrap_or_else(|| panic!("{command:?}: {said}"));
        assert!(key < database && said.contains("dinhdanh keys new --kek"), "{command:?}: {said}");
    }
    let unnamed = Binary::new().with("DINHDANH_KEK_FILE", "").run(SERVE).err();
    assert!(
        unnamed.contains("no key-encryption key is named") && unnamed.contains("there is no database"),
        "{unnamed}"
    );
}

/// Also on a record that is there: what is wrong with the key is told, not what the record may lack.
#[test]
fn each_broken_key_file_is_named_at_the_start() {
    let binary = Binary::new();
    let kek = binary.dir.path().join("kek");
    let truncated = &KEK[..31];
    for (bytes, mode, what, cure) in [
        (&KEK[..], 0o644, "open to others (mode 0644)", "chmod 600"),
        (truncated, 0o600, "has 31 bytes", "restore it from its backup"),
        (b"".as_slice(), 0o600, "has 0 bytes", "restore it from its backup"),
        (&[7; 32], 0o600, "one byte repeated", "restore it from its backup"),
    ] {
        write_private(&kek, bytes);
        fs::set_permissions(&kek, fs::Permissions::from_mode(mode)).unwrap();
        let ran = binary.run(SERVE);
        let said = ran.err();
        let told = said.contains(what) && said.contains(cure) && said.contains(&kek.display().to_string());
        assert!(ran.status() == 1 && told, "{said}");
    }
    fs::remove_file(&kek).unwrap();
    fs::create_dir(&kek).unwrap();
    assert!(binary.run(SERVE).err().contains("is not a file"));
}

#[test]
fn each_broken_tls_file_is_named_with_what_it_lacks() {
    let binary = Binary::ready();
    let (own, other) = (authority().server("a.example"), authority().server("b.example"));
    let write = |name: &str, text: &str| {
        let path = binary.dir.path().join(name);
        write_private(&path, text.as_bytes());
        path
    };
    let key = own.key.serialize_pem();
    let certificate = write("certificate", &own.pem);
    let good = write("key", &key);
    let cut = write("cut", &key[..key.len() / 2]);
    let locked = write("locked", &key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"));
    let others = write("others", &other.key.serialize_pem());
    let nowhere = binary.dir.path().join("nowhere");
    let tried = |certificate: &Path, key: &Path| {
        let variables = [("DINHDANH_TLS_CERT_FILE", certificate), ("DINHDANH_TLS_KEY_FILE", key)];
        let mut command = binary.command(&["doctor", "--json"]);
        command.envs(variables.map(|(name, path)| (name, path.as_os_str())));
        let report: serde_json::Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
        let found = report["checks"].as_array().unwrap().iter().find(|row| row["check"] == "TLS").unwrap().clone();
        let mut command = binary.command(SERVE);
        command.envs(variables.map(|(name, path)| (name, path.as_os_str())));
        (found, command)
    };
    assert_eq!(tried(&certificate, &good).0["state"], "good");
    let cases: [(&PathBuf, &PathBuf, &PathBuf, &str); 6] = [
        (&certificate, &cut, &cut, "tls.key_file"),
        (&certificate, &locked, &locked, "no passphrase"),
        (&certificate, &nowhere, &nowhere, "tls.key_file"),
        (&certificate, &others, &others, "the key for which the certificate was issued"),
        (&nowhere, &good, &nowhere, "tls.cert_file"),
        (&good, &good, &good, "tls.cert_file"),
    ];
    for (certificate, key, named, says) in cases {
        let (found, mut serve) = tried(certificate, key);
        let output = serve.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(says) && said.contains(&named.display().to_string()), "{says}: {said}");
        assert!(found["state"] == "bad" && found.to_string().contains(says), "{found}");
    }
}

/// It holds everybody: whoever else has an account on this machine must not read it.
#[test]
fn an_embedded_database_is_made_with_its_folder_and_for_its_owner_alone() {
    let binary = Binary::new();
    let folder = binary.dir.path().join("new/data");
    let file = folder.join("record.db");
    let binary = binary.with("DINHDANH_DATABASE_URL", &format!("sqlite://{}", file.display()));
    binary.prepare();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
    let serving = binary.serve();
    assert_eq!(mode(&folder.join("record.db-wal")), 0o600);
    drop(serving);
    let finding = |binary: &Binary| {
        let report = binary.run(&["doctor", "--json"]).json();
        report["checks"].as_array().unwrap().iter().find(|row| row["check"] == "database file").cloned()
    };
    assert_eq!(finding(&binary), None);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let found = finding(&binary).unwrap();
    assert!(found["state"] == "warning" && found["cure"].as_str().unwrap().contains("chmod 600"), "{found}");
}
