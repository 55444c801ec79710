//! Settings as the commands see them.

use std::os::unix::ffi::OsStrExt as _;

use crate::support::binary::Binary;

#[test]
fn good_settings_say_so_and_tell_their_origins() {
    let binary = Binary::new();
    let ran = binary.run(&["config", "check"]);
    assert_eq!((ran.status(), ran.out().trim()), (0, "the settings are good"));
    let rows = binary.run(&["config", "check", "--origins", "--json"]).json();
    let row = rows.as_array().unwrap().iter().find(|row| row["key"] == "kek_file").unwrap().clone();
    assert_eq!(row["origin"], "environment DINHDANH_KEK_FILE");
    let text = binary.run(&["config", "check", "--origins"]).out();
    assert!(text.contains("lifetimes.code = 60s  # config/default.toml (built in)"), "{text}");
}

#[test]
fn a_broken_setting_names_place_and_cure_and_exits_non_zero() {
    let binary = Binary::new();
    std::fs::write(binary.dir.path().join("site.toml"), "[database]\nurll = \"x\"\n").unwrap();
    for command in [&["config", "check"][..], &["serve"], &["migrate"]] {
        let args: Vec<_> = command.iter().copied().chain(["--config", "site.toml"]).collect();
        let ran = binary.run(&args);
        assert_eq!(ran.status(), 1, "{command:?}");
        assert!(
            ran.err().contains("site.toml: database.urll") && ran.err().contains("`database.url`"),
            "{}",
            ran.err()
        );
        assert_eq!(ran.out(), "");
    }
    assert!(!binary.dir.path().join("test.db").exists(), "nothing was changed");
    let ran = binary.run(&["config", "check", "--json", "--config", "site.toml"]);
    let errors: serde_json::Value = serde_json::from_str(&ran.err()).unwrap();
    assert_eq!(errors["errors"][0]["what"], "there is no such setting");
}

/// What cannot be read is not passed over: the service would run with something else than was set.
#[test]
fn a_variable_that_is_no_text_is_named() {
    let binary = Binary::new();
    let mut command = binary.command(&["config", "check"]);
    command.env("DINHDANH_LISTEN", std::ffi::OsStr::from_bytes(b"127.0.0.1:80\xff"));
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && said.contains("DINHDANH_LISTEN") && said.contains("UTF-8"), "{said}");
}

#[test]
fn a_failing_reader_is_nobodys_error() {
    let binary = Binary::new();
    let mut child =
        binary.command(&["config", "check", "--origins"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// What is shown once would be lost without a word, or a file of kept heads hold half of them.
#[test]
fn an_answer_that_finds_no_room_is_a_failure() {
    let binary = Binary::new();
    for args in [&["config", "check"][..], &["config", "check", "--origins", "--json"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ran = binary.command(args).stdout(full).output().unwrap();
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(1), "{said}");
        assert!(said.contains("standard output") && said.contains("cure"), "{said}");
    }
}

/// What docker-compose.yml sets is what the settings know: each variable is a key, or the file with a key's value.
#[test]
fn the_compose_file_sets_what_there_is() {
    let compose = include_str!("../../docker-compose.yml");
    let rows = Binary::new().run(&["config", "check", "--origins", "--json"]).json();
    let known: Vec<String> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| format!("DINHDANH_{}", row["key"].as_str().unwrap().replace('.', "_").to_uppercase()))
        .collect();
    let set: Vec<&str> = compose
        .lines()
        .filter_map(|line| line.trim().split_once(": ").map(|(name, _)| name))
        .filter(|name| name.starts_with("DINHDANH_"))
        .collect();
    assert!(set.len() >= 5, "{set:?}");
    for name in set {
        let is_known = |name: &str| known.iter().any(|known| known == name);
        assert!(is_known(name) || name.strip_suffix("_FILE").is_some_and(is_known), "{name} sets nothing");
    }
}
