//! `operator`: made, listed, shown, reset, disabled and enabled; what is refused says why and changes nothing.

use std::fs;

use serde_json::{Value, json};

use crate::support::binary::Binary;

#[test]
fn an_operator_comes_and_goes() {
    let binary = Binary::ready();
    let file = binary.dir.path().join("password");
    fs::write(&file, "mưa phùn gió bấc tháng chạp\n").unwrap();
    let file = file.display().to_string();
    let json = |args: &[&str]| -> Value {
        let ran = binary.run(&[args, &["--json"]].concat());
        assert_eq!(ran.status(), 0, "{args:?}: {}", ran.err());
        ran.json()
    };
    let add = ["operator", "add", "Canbo.Mot", "--display", "Trần Thị Một", "--role", "registrar", "--role", "auditor"];
    let added = json(&[&add[..], &["--unit", "01", "--password-file", &file]].concat());
    assert_eq!(added["name"], "canbo.mot");
    let (uri, secret) = (added["totp_uri"].as_str().unwrap(), added["totp_secret"].as_str().unwrap());
    assert!(uri.starts_with("otpauth://totp/") && uri.contains(secret) && secret.len() == 32, "{uri}");
    let two =
        ["operator", "add", "canbo.hai", "--display", "Lê Văn Hai", "--role", "approver", "--password-file", &file];
    let said = binary.run(&two).out();
    assert!(said.contains("/console/sign-in") && said.contains("otpauth://"), "{said}");
    let listed = json(&["operator", "list"]);
    assert_eq!(listed[0]["name"], "canbo.hai");
    let shown = json(&["operator", "show", "canbo.mot"]);
    assert_eq!(listed[1], shown);
    assert_eq!(
        (&shown["roles"], &shown["unit"], &shown["state"]),
        (&json!(["registrar", "auditor"]), &json!("01"), &json!("active"))
    );
    let text = binary.run(&["operator", "show", "canbo.mot"]).out();
    assert!(text.contains("Thành phố Hà Nội") && !text.contains("argon2"), "{text}");
    assert_eq!(json(&["operator", "disable", "canbo.mot"])["state"], "disabled");
    assert!(binary.run(&["operator", "list"]).out().contains("(disabled)"));
    assert_eq!(json(&["operator", "enable", "canbo.mot"])["state"], "active");
    let anew = json(&["operator", "reset", "canbo.mot", "--password-file", &file]);
    assert_ne!(anew["totp_secret"], added["totp_secret"]);
    for (args, says) in [
        (&[&add[..], &["--password-file", &file]].concat()[..], "there is an operator of this name"),
        (&add[..], "no terminal"),
        (&[&add[..], &["--password-file", "/nowhere/at/all"]].concat(), "/nowhere/at/all"),
        (&[&add[..], &["--unit", "xx", "--password-file", &file]].concat(), "--unit"),
        (&["operator", "show", "khong.co"], "there is no operator"),
        (&["operator", "show", "cán bộ"], "an operator's name is"),
        (&["operator", "disable", "khong.co"], "there is no operator"),
        (&["operator", "reset", "khong.co", "--password-file", &file], "there is no operator"),
    ] {
        let ran = binary.run(args);
        assert_eq!(ran.status(), 1, "{args:?}");
        assert!(
            ran.err().contains(says) && ran.err().contains("cure:") && ran.out().is_empty(),
            "{args:?}: {}",
            ran.err()
        );
    }
    fs::write(binary.dir.path().join("short"), "short").unwrap();
    let short = binary.run(&["operator", "reset", "canbo.mot", "--password-file", "short"]);
    assert!(short.status() == 1 && short.err().contains("shorter than 12"), "{}", short.err());
}
