//! Authorization codes: redeemed once, by their client, in time; kept as long as what came of them.

use dinhdanh::{
    base::{
        Span, Timestamp,
        ids::{ClientId, GrantId},
    },
    store::{
        codes::{self, StoredCode},
        sweep::Stale,
    },
};
use serde_json::json;

use super::case::{Case, MICRO, NOW, both};

const LIFE: Span = Span::secs(60);

impl Case {
    pub async fn code(&self, client: &ClientId, expires_at: Timestamp) -> (Vec<u8>, StoredCode) {
        let account = self.account().await;
        let (session, _) = self.session(account).await;
        let code = StoredCode {
            client_id: client.clone(),
            grant_id: GrantId(self.uuid()),
            account_id: account,
            session_id: session.id,
            redirect_uri: Some("https://rp.example/cb?a=1&b=ă".to_owned()),
            code_challenge: Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned()),
            authorized: json!({ "scope": ["openid", "hồ sơ"], "nonce": "n-0S6_WzA2Mj", "auth_time": 1_795_305_600 }),
            expires_at,
            used_at: None,
        };
        let digest = self.digest();
        codes::insert(&mut self.conn().await, &digest, &code, NOW).await.unwrap();
        (digest, code)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_read_back_as_it_was_stored() {
    both(async |case| {
        let client = case.client("rp").await;
        let (digest, mut code) = case.code(&client, NOW + LIFE).await;
        let mut conn = case.conn().await;
        assert_eq!(codes::find(&mut conn, &digest).await.unwrap().unwrap(), code);
        let kept_until = NOW + Span::hours(12);
        assert!(codes::consume(&mut conn, &digest, &client, (NOW + MICRO, kept_until)).await.unwrap());
        (code.used_at, code.expires_at) = (Some(NOW + MICRO), kept_until);
        assert_eq!(codes::find(&mut conn, &digest).await.unwrap().unwrap(), code, "kept, so that a replay is noticed");
        assert!(codes::find(&mut conn, &[0; 32]).await.unwrap().is_none());

        let bare = StoredCode {
            grant_id: GrantId(case.uuid()),
            redirect_uri: None,
            code_challenge: None,
            used_at: None,
            ..code
        };
        codes::insert(&mut conn, &[1; 32], &bare, NOW).await.unwrap();
        assert_eq!(codes::find(&mut conn, &[1; 32]).await.unwrap().unwrap(), bare);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_redeemed_once_and_by_its_client_alone() {
    both(async |case| {
        let (client, other) = (case.client("rp").await, case.client("other").await);
        let (digest, _) = case.code(&client, NOW + LIFE).await;
        let mut conn = case.conn().await;
        assert!(!codes::consume(&mut conn, &digest, &other, (NOW, NOW)).await.unwrap());
        assert!(
            codes::consume(&mut conn, &digest, &client, (NOW, NOW)).await.unwrap(),
            "a stranger's try burns nothing"
        );
        assert!(!codes::consume(&mut conn, &digest, &client, (NOW, NOW)).await.unwrap());
        assert!(!codes::consume(&mut conn, &[0; 32], &client, (NOW, NOW)).await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_ends_at_its_microsecond() {
    both(async |case| {
        let client = case.client("rp").await;
        let ends = NOW + LIFE;
        let mut conn = case.conn().await;
        let (digest, _) = case.code(&client, ends).await;
        for late in [ends, ends + MICRO] {
            assert!(!codes::consume(&mut conn, &digest, &client, (late, late)).await.unwrap());
        }
        assert!(codes::consume(&mut conn, &digest, &client, (ends - MICRO, ends - MICRO)).await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sweeping_keeps_spent_codes_until_their_grants_are_over() {
    both(async |case| {
        let client = case.client("rp").await;
        let swept_at = NOW + Span::hours(1);
        let mut kept = Vec::new();
        for (name, ends, grant_ends) in [
            ("living", NOW + LIFE, Some(swept_at + MICRO)),
            ("over", NOW + LIFE, Some(swept_at - MICRO)),
            ("never used", swept_at - MICRO, None),
            ("fresh", swept_at, None),
        ] {
            let (digest, _) = case.code(&client, ends).await;
            if let Some(grant_ends) = grant_ends {
                assert!(codes::consume(&mut case.conn().await, &digest, &client, (NOW, grant_ends)).await.unwrap());
            }
            kept.push((name, digest));
        }
        let mut conn = case.conn().await;
        let mut gone = Vec::new();
        for most in [1, 100, 100] {
            gone.push(Stale::Codes.sweep(&mut conn, swept_at, most).await.unwrap());
        }
        assert_eq!(gone, [1, 1, 0], "no more at once than asked for");
        let mut left = Vec::new();
        for (name, digest) in kept {
            if codes::find(&mut conn, &digest).await.unwrap().is_some() {
                left.push(name);
            }
        }
        assert_eq!(left, ["living", "fresh"]);
    })
    .await;
}
