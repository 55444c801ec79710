//! Signing keys: moved from the state they were read in, one active for an algorithm, every move counted.

use dinhdanh::{
    base::Span,
    store::{
        changes,
        keys::{self, StoredKey},
    },
};
use serde_json::json;

use super::case::{NOW, both};

fn key(kid: &str, alg: &str, state: &str) -> StoredKey {
    StoredKey {
        kid: kid.to_owned(),
        alg: alg.to_owned(),
        state: state.to_owned(),
        private_sealed: Some(vec![1, 0, 255]),
        public_jwk: json!({ "kty": "EC", "kid": kid }),
        created_at: NOW,
        published_at: Some(NOW),
        activated_at: None,
        retiring_at: None,
        retired_at: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_read_in_the_order_they_were_made() {
    both(async |case| {
        let mut conn = case.conn().await;
        let before = changes::read(&mut conn).await.unwrap();
        let mut expected = [key("b", "ES256", "active"), key("c", "RS256", "pending"), key("a", "EdDSA", "pending")];
        expected[2].created_at = NOW + Span::secs(1);
        for key in expected.iter().rev() {
            keys::insert(&mut conn, key).await.unwrap();
        }
        assert_eq!(keys::all(&mut conn).await.unwrap(), expected);
        assert_eq!(changes::read(&mut conn).await.unwrap(), (before.0, before.1 + 3));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_moves_from_the_state_it_was_read_in() {
    both(async |case| {
        let mut conn = case.conn().await;
        let pending = key("k", "ES256", "pending");
        keys::insert(&mut conn, &pending).await.unwrap();
        let before = changes::read(&mut conn).await.unwrap().1;
        let active = StoredKey { state: "active".to_owned(), activated_at: Some(NOW), ..pending };
        assert!(!keys::change(&mut conn, "retiring", &active).await.unwrap());
        assert!(keys::change(&mut conn, "pending", &active).await.unwrap());
        assert!(!keys::change(&mut conn, "pending", &active).await.unwrap(), "somebody was first");
        assert_eq!(keys::all(&mut conn).await.unwrap(), std::slice::from_ref(&active));
        let retired = StoredKey {
            state: "retired".to_owned(),
            private_sealed: None,
            retiring_at: Some(NOW + Span::secs(1)),
            retired_at: Some(NOW + Span::secs(2)),
            ..active
        };
        assert!(keys::change(&mut conn, "active", &retired).await.unwrap());
        assert_eq!(keys::all(&mut conn).await.unwrap(), [retired], "its private part is gone");
        assert!(changes::read(&mut conn).await.unwrap().1 > before + 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_algorithm_has_one_active_key() {
    both(async |case| {
        let mut conn = case.conn().await;
        keys::insert(&mut conn, &key("a", "ES256", "active")).await.unwrap();
        keys::insert(&mut conn, &key("b", "RS256", "active")).await.unwrap();
        keys::insert(&mut conn, &key("c", "ES256", "pending")).await.unwrap();
        assert!(keys::change(&mut conn, "pending", &key("c", "ES256", "active")).await.is_err());
        assert!(keys::insert(&mut conn, &key("d", "ES256", "active")).await.is_err());
    })
    .await;
}
