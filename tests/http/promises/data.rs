//! What is known of people: scopes, claims, levels, verified claims, details; and who hears of an end.

use serde_json::{Map, Value, json};

use super::{EVERY_SCOPE, Promises};
use crate::support::{
    app::{authorize, payload, query_of},
    people::NUMBER,
};

const WAITING: &str = "SELECT count(*) FROM outbox WHERE kind = 'backchannel_logout'";

impl Promises<'_> {
    pub(super) async fn scopes(&mut self) {
        for scope in self.list("scopes_supported") {
            assert!(EVERY_SCOPE.split(' ').any(|own| own == scope), "{scope}");
            let client = self.client(&json!({})).await;
            let asked = if scope == "openid" { scope.clone() } else { format!("openid {scope}") };
            let tokens = self.tokens(&client, &[("scope", &asked), ("prompt", "consent")]).await;
            assert_eq!(tokens.text("scope"), asked);
            let found = dinhdanh::oidc::scope::Scope::find(&scope).unwrap();
            let info = self.userinfo(&tokens).await.json();
            let offered = self.list("claims_supported");
            // The scope itself opens something of it, and is not only a word.
            let opens = found.claims.iter().any(|claim| info.get(*claim).is_some());
            let has_any = found.claims.iter().any(|claim| {
                offered.iter().any(|own| own == claim) && *claim != "same_person_as" && *claim != "resident_in"
            });
            assert_eq!(opens, has_any, "{scope}: {info}");
        }
    }

    /// Everything that is listed, asked for by name.
    pub(super) async fn claims(&mut self, name: &str) {
        if name == "claim_types_supported" {
            assert_eq!(self.document[name], json!(["normal"]), "as every claim of every try here");
            return;
        }
        let ask = |claim: &String| match claim.as_str() {
            "same_person_as" => (claim.clone(), json!({ "value": { "id_number": NUMBER } })),
            _ => (claim.clone(), Value::Null),
        };
        let all: Map<String, Value> = self.list("claims_supported").iter().map(ask).collect();
        let claims = json!({ "userinfo": all, "id_token": all }).to_string();
        let client = self.client(&json!({})).await;
        let tokens = self.tokens(&client, &[("scope", "openid"), ("claims", &claims)]).await;
        let (id, info) = (payload(&tokens.text("id_token")), self.userinfo(&tokens).await.json());
        for claim in all.keys() {
            let found = id.get(claim).or_else(|| info.get(claim));
            assert!(found.is_some_and(|value| !value.is_null()), "{claim} is in neither {id} nor {info}");
        }
    }

    pub(super) async fn subjects(&mut self) {
        assert_eq!(self.list("subject_types_supported"), ["pairwise"]);
        let one = self.client(&json!({ "subject_type": "pairwise" })).await;
        let uris = json!({ "redirect_uris": ["https://elsewhere.example/cb"], "subject_type": "pairwise" });
        let other = self.client(&uris).await;
        let first = payload(&self.tokens(&one, &[]).await.text("id_token"));
        let again = payload(&self.tokens(&one, &[]).await.text("id_token"));
        let back = self.back(&other, &[("redirect_uri", "https://elsewhere.example/cb")]).await;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &query_of(&back)["code"]),
            ("redirect_uri", "https://elsewhere.example/cb"),
            ("code_verifier", crate::support::app::VERIFIER),
        ];
        let elsewhere = payload(&self.post("/token", &other, &fields).await.text("id_token"));
        assert_eq!(first["sub"], again["sub"]);
        assert_ne!(first["sub"], elsewhere["sub"]);
    }

    pub(super) async fn verified_claims(&mut self, name: &str) {
        if name == "verified_claims_supported" {
            assert_eq!(self.document[name], json!(true));
            return;
        }
        for claim in self.list(name) {
            let asked = json!({ "verification": { "trust_framework": null }, "claims": { &claim: null } });
            let found = self.verified(&asked).await;
            assert!(found["claims"].get(&claim).is_some(), "{claim}: {found}");
        }
    }

    /// Each name of a part of `verification`, required.
    pub(super) async fn verification(&mut self, part: &str) {
        let member = match part {
            "trust_framework" => "trust_frameworks_supported",
            "evidence" => "evidence_supported",
            _ => "electronic_records_supported",
        };
        for value in self.list(member) {
            let verification = match part {
                "trust_framework" => json!({ "trust_framework": { "value": value } }),
                "evidence" => json!({ "trust_framework": null, "evidence": [{ "type": { "value": value } }] }),
                _ => json!({
                    "trust_framework": null,
                    "evidence": [{ "type": { "value": "electronic_record" }, "record": { "type": { "value": value } } }],
                }),
            };
            let found = self.verified(&json!({ "verification": verification, "claims": { "name": null } })).await;
            assert!(found["verification"].to_string().contains(&value), "{value}: {found}");
        }
    }

    async fn verified(&mut self, asked: &Value) -> Value {
        let claims = json!({ "userinfo": { "verified_claims": asked } }).to_string();
        let client = self.client(&json!({})).await;
        let tokens = self.tokens(&client, &[("scope", "openid"), ("claims", &claims)]).await;
        self.userinfo(&tokens).await.json()["verified_claims"].clone()
    }

    pub(super) async fn acr_values(&mut self) {
        for acr in self.list("acr_values_supported") {
            let client = self.client(&json!({})).await;
            let essential = json!({ "id_token": { "acr": { "essential": true, "value": acr } } }).to_string();
            for asked in [("acr_values", acr.as_str()), ("claims", essential.as_str())] {
                let tokens = self.tokens(&client, &[asked]).await;
                assert_eq!(payload(&tokens.text("id_token"))["acr"], json!(acr));
            }
        }
    }

    pub(super) async fn details(&mut self) {
        for kind in self.list("authorization_details_types_supported") {
            let detail = match kind.as_str() {
                "identity_check" => json!({ "type": kind, "procedure": "1", "fields": { "name": "x" } }),
                "delegation" => json!({ "type": kind, "procedure": "1", "actions": ["submit"] }),
                _ => panic!("nobody tries {kind} here"),
            };
            let client = self.client(&json!({})).await;
            let asked = json!([detail]).to_string();
            let tokens = self.tokens(&client, &[("authorization_details", &asked)]).await;
            assert_eq!(tokens.json()["authorization_details"][0]["type"], json!(kind));
        }
    }

    /// Signed out, the page opens the client's frame.
    pub(super) async fn frames(&mut self) {
        let over = json!({
            "frontchannel_logout_uri": "https://portal.example/out", "frontchannel_logout_session_required": true,
        });
        let client = self.client(&over).await;
        let tokens = self.tokens(&client, &[]).await;
        let sid = payload(&tokens.text("id_token"))["sid"].as_str().unwrap().to_owned();
        let page = self.signed_out().await;
        assert!(page.contains("https://portal.example/out?iss=") && page.contains(&sid), "{page}");
    }

    pub(super) async fn logout_tokens(&mut self) {
        let over = json!({
            "backchannel_logout_uri": "https://portal.example/heard", "backchannel_logout_session_required": true,
        });
        let client = self.client(&over).await;
        self.tokens(&client, &[]).await;
        let before = self.app.at.count(WAITING).await;
        self.signed_out().await;
        assert_eq!(self.app.at.count(WAITING).await - before, 1, "what it says: http::oidc::logout");
    }

    async fn signed_out(&mut self) -> String {
        let page = self.browser.get("/sign-out").await;
        let left = self.browser.submit("/sign-out", &page, &[("action", "sign_out")]).await;
        let body = match left.header("location") {
            Some(to) => self.browser.get(to).await.body,
            None => left.body,
        };
        assert_eq!(
            query_of(self.browser.get(&authorize(&[("prompt", "none")])).await.location())["error"],
            "login_required"
        );
        body
    }
}
