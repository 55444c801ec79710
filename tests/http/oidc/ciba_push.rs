//! What stands in the tokens that are pushed (CIBA Core §10.3.1).

use http::StatusCode;
use serde_json::json;

use super::ciba::{DESK, SECRET, TOKEN, approve, begin, hear, listen, metadata, work};
use crate::support::app::{ISSUER, OTHER_SECRET, TestApp, basic, payload};

/// One push brings one token: for a resource of the client's own sector, and for this service where it was named beside it.
#[tokio::test(flavor = "multi_thread")]
async fn a_push_is_for_everything_that_was_named() {
    const API: &str = "https://api.desk.example/";
    for app in TestApp::each().await {
        let (url, mut heard) = listen(&[]).await;
        let more = json!({
            "redirect_uris": ["https://desk.example/cb"], "resources": { API: "desk-api" },
            "backchannel_token_delivery_mode": "push", "backchannel_client_notification_endpoint": url,
        });
        app.add_client(DESK, Some(SECRET), metadata(&more)).await;
        let server = json!({ "redirect_uris": ["https://desk.example/api"], "resource_uris": [API] });
        app.add_client("desk-api", Some(OTHER_SECRET), server).await;
        let (holder, worker) = (app.holder().await, work(&app));
        for (resources, mut audience) in [
            (&[API, ISSUER][..], json!([API, ISSUER])),
            (&[API], json!(API)),
            (&[ISSUER], json!(ISSUER)),
            (&[], json!(ISSUER)),
        ] {
            let named = resources.iter().map(|uri| ("resource", *uri));
            begin(&app, &[("client_notification_token", TOKEN)].into_iter().chain(named).collect::<Vec<_>>()).await;
            approve(&app, &holder).await;
            let (_, pushed) = hear(&app, &mut heard).await;
            let access = pushed["access_token"].as_str().unwrap();
            let mut told = payload(access)["aud"].clone();
            for list in [&mut told, &mut audience] {
                if let Some(list) = list.as_array_mut() {
                    list.sort_by_key(ToString::to_string);
                }
            }
            assert_eq!(told, audience, "{pushed}");
            let bearer = format!("Bearer {access}");
            let opens = app.get("/userinfo", &[("authorization", &bearer)]).await.status == StatusCode::OK;
            assert_eq!(opens, resources.is_empty() || resources.contains(&ISSUER), "{resources:?}");
            // The resource's server learns of what it holds, and of nothing else.
            let seen = app
                .post("/introspect", &[("authorization", &basic("desk-api", OTHER_SECRET))], &[("token", access)])
                .await;
            assert_eq!(seen.json()["active"], json!(resources.contains(&API)), "{resources:?}");
        }
        worker.abort();
    }
}
