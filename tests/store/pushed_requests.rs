//! Pushed requests: read back, opened as long as they live, consumed once.

use dinhdanh::{
    base::{Span, Timestamp},
    store::pushed_requests::{self, StoredPush},
};
use serde_json::json;

use super::case::{Case, MICRO, NOW, both};

const LIFE: Span = Span::secs(90);

impl Case {
    async fn push(&self, expires_at: Timestamp) -> (Vec<u8>, StoredPush) {
        let client = format!("rp-{}", self.uuid());
        let push = StoredPush {
            client_id: self.client(&client).await,
            request: json!({ "params": [["scope", "openid hồ sơ"], ["state", ""]], "arrival": { "way": "pushed" } }),
            expires_at,
            used_at: None,
        };
        let digest = self.digest();
        pushed_requests::insert(&mut self.conn().await, &digest, &push, NOW).await.unwrap();
        (digest, push)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_is_consumed_once_and_kept_to_say_so() {
    both(async |case| {
        let (digest, mut push) = case.push(NOW + LIFE).await;
        let mut conn = case.conn().await;
        assert_eq!(pushed_requests::find(&mut conn, &digest).await.unwrap(), Some(push.clone()));
        assert_eq!(pushed_requests::find(&mut conn, &[0; 32]).await.unwrap(), None);
        assert!(pushed_requests::consume(&mut conn, &digest, NOW + MICRO).await.unwrap());
        assert!(!pushed_requests::consume(&mut conn, &digest, NOW + MICRO).await.unwrap());
        assert!(!pushed_requests::open(&mut conn, &digest, NOW, NOW + LIFE).await.unwrap());
        push.used_at = Some(NOW + MICRO);
        assert_eq!(pushed_requests::find(&mut conn, &digest).await.unwrap(), Some(push));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_at_its_microsecond_unless_a_browser_opened_it() {
    both(async |case| {
        let ends = NOW + LIFE;
        let mut conn = case.conn().await;
        let (digest, _) = case.push(ends).await;
        assert!(!pushed_requests::open(&mut conn, &digest, ends, ends + LIFE).await.unwrap());
        assert!(!pushed_requests::consume(&mut conn, &digest, ends).await.unwrap());
        let longer = NOW + Span::minutes(30);
        assert!(pushed_requests::open(&mut conn, &digest, ends - MICRO, longer).await.unwrap());
        // A second tab with less time takes nothing away.
        assert!(pushed_requests::open(&mut conn, &digest, ends, ends + MICRO).await.unwrap());
        assert_eq!(pushed_requests::find(&mut conn, &digest).await.unwrap().unwrap().expires_at, longer);
        assert!(!pushed_requests::consume(&mut conn, &digest, longer).await.unwrap());
        assert!(pushed_requests::consume(&mut conn, &digest, longer - MICRO).await.unwrap());
    })
    .await;
}
