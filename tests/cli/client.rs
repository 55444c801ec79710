//! `client`, and registration as the settings say.

use std::fs;

use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::support::{
    binary::{Binary, Serving},
    served::Served,
    wire::one_answer,
};

async fn post(serving: &Serving, token: Option<&str>) -> String {
    let body = json!({"redirect_uris": ["https://new.example/cb"]}).to_string();
    let token = token.map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
    let request = format!(
        "POST /clients HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n{token}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(serving.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    one_answer(&mut stream).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_made_here_registers_a_client_and_a_revoked_one_does_not() {
    let binary = Binary::ready().with("DINHDANH_REGISTRATION_MODE", "token");
    let made = binary.run(&["--json", "client", "token", "new", "--label", "Bộ Y tế", "--uses", "2"]).json();
    let (id, token) = (made["id"].as_str().unwrap(), made["initial_access_token"].as_str().unwrap());
    let serving = binary.serve();
    assert!(post(&serving, None).await.starts_with("HTTP/1.1 401"));
    let registered = post(&serving, Some(token)).await;
    assert!(registered.starts_with("HTTP/1.1 201") && registered.contains("registration_access_token"), "{registered}");
    let listed = binary.run(&["--json", "client", "token", "list"]).json();
    assert_eq!(
        (&listed[0]["label"], &listed[0]["used"], &listed[0]["uses_left"], &listed[0]["state"]),
        (&json!("Bộ Y tế"), &json!(1), &json!(1), &json!("good"))
    );
    assert!(!listed.to_string().contains(token), "told once");
    assert_eq!(binary.run(&["client", "token", "revoke", id]).status(), 0);
    assert_ne!(binary.run(&["client", "token", "revoke", id]).status(), 0);
    assert!(post(&serving, Some(token)).await.starts_with("HTTP/1.1 401"));
}

#[tokio::test(flavor = "multi_thread")]
async fn registration_is_off_unless_the_settings_say_otherwise() {
    let serving = Binary::ready().serve();
    assert!(post(&serving, None).await.starts_with("HTTP/1.1 403"));
    let open = Binary::ready().with("DINHDANH_REGISTRATION_MODE", "open");
    assert!(post(&open.serve(), None).await.starts_with("HTTP/1.1 201"));
    let wrong = Binary::ready().with("DINHDANH_REGISTRATION_MODE", "anybody");
    assert_ne!(wrong.run(&["config", "check"]).status(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operators_client_too_must_be_listed_by_its_sector() {
    let listed = Served::start(json!(["https://a.example/cb"]).to_string()).await;
    let binary = Binary::ready().with("DINHDANH_OUTBOUND_REACH", "loopback");
    let add = |name: &str, uris: serde_json::Value| {
        let file = binary.dir.path().join(name);
        fs::write(&file, json!({"redirect_uris": uris, "sector_identifier_uri": listed.url}).to_string()).unwrap();
        tokio::task::block_in_place(|| binary.run(&["client", "add", "--file", file.to_str().unwrap()]))
    };
    let refused = add("bad.json", json!(["https://a.example/cb", "https://b.example/cb"]));
    assert!(refused.status() != 0 && refused.err().contains("sector_identifier_uri"), "{}", refused.err());
    let taken = add("good.json", json!(["https://a.example/cb"]));
    assert_eq!(taken.status(), 0, "{}", taken.err());
}

#[test]
fn a_clients_secret_is_changed_and_a_client_is_disabled() {
    let binary = Binary::ready();
    let file = binary.dir.path().join("good.json");
    fs::write(&file, json!({"client_id": "portal", "redirect_uris": ["https://a.example/cb"]}).to_string()).unwrap();
    let added = binary.run(&["--json", "client", "add", "--file", file.to_str().unwrap()]).json();
    let changed = binary.run(&["--json", "client", "rotate-secret", "portal"]).json();
    let (first, second) = (added[0]["client_secret"].as_str().unwrap(), changed["client_secret"].as_str().unwrap());
    assert!(second.starts_with("ddk_") && first != second, "{changed}");
    let state = || binary.run(&["--json", "client", "list"]).json()[0]["state"].clone();
    assert_eq!(state(), "active");
    assert_eq!(binary.run(&["client", "disable", "portal"]).status(), 0);
    assert_eq!(state(), "disabled");
    for command in ["rotate-secret", "disable"] {
        let refused = binary.run(&["client", command, "nobody"]);
        assert!(refused.status() == 1 && refused.err().contains("there is no client of this client_id"), "{command}");
    }
}

/// Of a member that stands twice nobody knows which was meant.
#[test]
fn a_file_in_which_a_name_stands_twice_registers_nothing() {
    let binary = Binary::new();
    let file = binary.dir.path().join("twice.json");
    fs::write(&file, r#"{"redirect_uris": ["https://a.example/cb"], "redirect_uris": ["https://b.example/cb"]}"#)
        .unwrap();
    assert_eq!(binary.run(&["migrate"]).status(), 0);
    let refused = binary.run(&["client", "add", "--file", file.to_str().unwrap()]);
    assert!(refused.status() != 0 && refused.err().contains("redirect_uris\" stands twice"), "{}", refused.err());
    assert_eq!(binary.run(&["--json", "client", "list"]).json(), json!([]));
}

#[test]
fn what_there_is_no_key_for_is_not_registered_by_an_operator_either() {
    let binary = Binary::new();
    let add = |name: &str, metadata: serde_json::Value| {
        let file = binary.dir.path().join(name);
        fs::write(&file, metadata.to_string()).unwrap();
        binary.run(&["client", "add", "--file", file.to_str().unwrap()])
    };
    let sealed = |alg: &str| json!({"redirect_uris": ["https://a.example/cb"], "request_object_encryption_alg": alg});
    let signed = |alg: &str| json!({"redirect_uris": ["https://a.example/cb"], "id_token_signed_response_alg": alg});
    assert_eq!(binary.run(&["migrate"]).status(), 0);
    // Before the first start there is nothing to compare with.
    assert_eq!(add("early.json", sealed("ECDH-ES")).status(), 0);
    for alg in ["RS256", "ES256", "RSA-OAEP-256"] {
        assert_eq!(binary.run(&["keys", "new", "--alg", alg]).status(), 0);
    }
    for (metadata, member) in
        [(sealed("ECDH-ES"), "request_object_encryption_alg"), (signed("PS256"), "id_token_signed_response_alg")]
    {
        let refused = add("bad.json", metadata);
        assert!(refused.status() != 0 && refused.err().contains(member), "{}", refused.err());
    }
    assert_eq!(add("good.json", sealed("RSA-OAEP-256")).status(), 0);
    assert_eq!(add("signed.json", signed("ES256")).status(), 0);
    // The early one is told of now.
    let report = binary.run(&["doctor", "--json"]).json();
    let clients = report["checks"].as_array().unwrap().iter().find(|row| row["check"] == "clients").unwrap();
    assert_eq!(clients["state"], "warning", "{clients}");
    assert!(clients["saw"].as_str().unwrap().contains("request_object_encryption_alg is ECDH-ES"), "{clients}");
}
