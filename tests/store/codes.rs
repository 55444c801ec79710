//! Authorization codes: redeemed once, by their client, in time; kept as long as what came of them.

use dinhdanh::{
    base::{
        Span, Timestamp,
        ids::{ClientId, GrantId},
    },
    store::{
        codes::{self, StoredCode},
        grants::{self, StoredGrant},
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

    /// What redeeming the code stored.
    async fn redeemed(&self, code: &StoredCode, expires_at: Timestamp) {
        let grant = StoredGrant {
            id: code.grant_id,
            client_id: code.client_id.clone(),
            account_id: code.account_id,
            session_id: code.session_id,
            offline: false,
            authorized: json!({}),
            expires_at,
            revoked_at: None,
        };
        grants::insert(&mut self.conn().await, &grant, NOW).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_read_back_as_it_was_stored() {
    both(async |case| {
        let client = case.client("rp").await;
        let (digest, mut code) = case.code(&client, NOW + LIFE).await;
        let mut conn = case.conn().await;
        assert_eq!(codes::find(&mut conn, &digest).await.unwrap().unwrap(), code);
        assert!(codes::consume(&mut conn, &digest, &client, NOW + MICRO).await.unwrap());
        code.used_at = Some(NOW + MICRO);
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
        assert!(!codes::consume(&mut conn, &digest, &other, NOW).await.unwrap());
        assert!(codes::consume(&mut conn, &digest, &client, NOW).await.unwrap(), "a stranger's try burns nothing");
        assert!(!codes::consume(&mut conn, &digest, &client, NOW).await.unwrap());
        assert!(!codes::consume(&mut conn, &[0; 32], &client, NOW).await.unwrap());
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
            assert!(!codes::consume(&mut conn, &digest, &client, late).await.unwrap());
        }
        assert!(codes::consume(&mut conn, &digest, &client, ends - MICRO).await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sweeping_keeps_the_codes_of_living_families() {
    both(async |case| {
        let client = case.client("rp").await;
        let swept_at = NOW + Span::hours(1);
        let (living, code) = case.code(&client, NOW + LIFE).await;
        case.redeemed(&code, swept_at + MICRO).await;
        let (over, code) = case.code(&client, NOW + LIFE).await;
        case.redeemed(&code, swept_at).await;
        let (never_used, _) = case.code(&client, swept_at - MICRO).await;
        let (fresh, _) = case.code(&client, swept_at).await;

        let mut conn = case.conn().await;
        assert_eq!(codes::sweep(&mut conn, swept_at, 1).await.unwrap(), 1, "no more at once than asked for");
        assert_eq!(codes::sweep(&mut conn, swept_at, 100).await.unwrap(), 1);
        assert_eq!(codes::sweep(&mut conn, swept_at, 100).await.unwrap(), 0);
        let mut left = Vec::new();
        for (name, digest) in [("living", living), ("over", over), ("never used", never_used), ("fresh", fresh)] {
            if codes::find(&mut conn, &digest).await.unwrap().is_some() {
                left.push(name);
            }
        }
        assert_eq!(left, ["living", "fresh"]);
    })
    .await;
}
