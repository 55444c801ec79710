//! Clients that registered themselves, and the tokens that let them: each opened by its own digest, each use counted once.

use dinhdanh::{
    base::{Span, ids::ClientId},
    store::{
        clients::{self, ClientState, NewClient},
        initial_tokens::{self, InitialToken},
        self_registered::{self, Replacement},
    },
};
use serde_json::json;

use super::case::{Case, MICRO, NOW, both};

fn new(id: &str) -> NewClient {
    NewClient {
        client_id: id.into(),
        secret_digest: Some(vec![1; 32]),
        metadata: json!({"client_name": id, "redirect_uris": ["https://rp.example/cb"]}),
        registered_by_self: true,
    }
}

fn token(id: &str, uses: i64) -> InitialToken {
    InitialToken {
        id: id.to_owned(),
        label: "for a test".to_owned(),
        uses_left: uses,
        used: 0,
        created_at: NOW,
        expires_at: NOW + Span::hours(1),
        revoked_at: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_its_own_tokens_until_it_is_disabled_or_gone() {
    both(async |case| {
        let mut conn = case.conn().await;
        let (own, other) = (ClientId::from("own"), ClientId::from("other"));
        assert!(self_registered::insert(&mut conn, &new("own"), &[7; 32], NOW).await.unwrap());
        assert!(self_registered::insert(&mut conn, &new("other"), &[8; 32], NOW).await.unwrap());
        assert!(!self_registered::insert(&mut conn, &new("own"), &[9; 32], NOW).await.unwrap(), "a name is given once");
        case.client("of-an-operator").await;
        assert_eq!(self_registered::count(&mut conn).await.unwrap(), 2);
        let found = self_registered::find(&mut conn, &own, &[7; 32]).await.unwrap().unwrap();
        assert!(found.registered_by_self && found.version == 1);
        for (id, digest) in [(&own, [8; 32]), (&other, [7; 32]), (&ClientId::from("of-an-operator"), [7; 32])] {
            assert!(self_registered::find(&mut conn, id, &digest).await.unwrap().is_none());
        }

        let to = Replacement { metadata: json!({"client_name": "B"}), secret_digest: None };
        assert!(!self_registered::replace(&mut conn, (&own, 2), &[7; 32], &to, NOW).await.unwrap(), "another version");
        assert!(!self_registered::replace(&mut conn, (&own, 1), &[8; 32], &to, NOW).await.unwrap(), "another's token");
        assert!(self_registered::replace(&mut conn, (&own, 1), &[7; 32], &to, NOW + MICRO).await.unwrap());
        let changed = clients::find(&mut conn, &own).await.unwrap().unwrap();
        assert_eq!((changed.version, changed.secret_digest, &changed.metadata), (2, None, &to.metadata));

        clients::set_state(&mut conn, &other, ClientState::Disabled, NOW).await.unwrap();
        assert!(self_registered::find(&mut conn, &other, &[8; 32]).await.unwrap().is_none());
        assert!(!self_registered::replace(&mut conn, (&other, 2), &[8; 32], &to, NOW).await.unwrap());
        assert_eq!(self_registered::delete(&mut conn, &other, &[8; 32], NOW).await.unwrap(), None);

        assert_eq!(self_registered::delete(&mut conn, &own, &[8; 32], NOW).await.unwrap(), None);
        assert_eq!(self_registered::delete(&mut conn, &own, &[7; 32], NOW).await.unwrap(), Some(0));
        assert_eq!(self_registered::delete(&mut conn, &own, &[7; 32], NOW).await.unwrap(), None);
        assert!(clients::find(&mut conn, &own).await.unwrap().is_none());
        assert!(clients::list(&mut conn, "", 10).await.unwrap().iter().all(|client| client.client_id != own));
        assert!(clients::is_taken(&mut conn, &own).await.unwrap(), "its name is not given again");
        assert!(!clients::insert(&mut conn, &new("own"), NOW).await.unwrap());
        assert_eq!(self_registered::count(&mut conn).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_initial_token_is_spent_so_often_and_ends_at_its_microsecond() {
    both(async |case| {
        let mut conn = case.conn().await;
        initial_tokens::insert(&mut conn, &token("a", 2), &[1; 32]).await.unwrap();
        initial_tokens::insert(&mut conn, &token("b", 9), &[2; 32]).await.unwrap();
        let ends = NOW + Span::hours(1);
        assert!(initial_tokens::is_good(&mut conn, &[1; 32], ends - MICRO).await.unwrap());
        for late in [ends, ends + MICRO] {
            assert!(!initial_tokens::is_good(&mut conn, &[1; 32], late).await.unwrap());
            assert_eq!(initial_tokens::spend(&mut conn, &[1; 32], late).await.unwrap(), None);
        }
        for left in [Some("a"), Some("a"), None] {
            assert_eq!(initial_tokens::spend(&mut conn, &[1; 32], NOW).await.unwrap().as_deref(), left);
        }
        assert!(!initial_tokens::is_good(&mut conn, &[1; 32], NOW).await.unwrap());
        assert!(initial_tokens::revoke(&mut conn, "b", NOW).await.unwrap());
        assert!(!initial_tokens::revoke(&mut conn, "b", NOW).await.unwrap());
        assert_eq!(initial_tokens::spend(&mut conn, &[2; 32], NOW).await.unwrap(), None);
        let all = initial_tokens::list(&mut conn).await.unwrap();
        let seen: Vec<_> = all.iter().map(|one| (one.id.as_str(), one.used, one.uses_left, one.revoked_at)).collect();
        assert_eq!(seen, [("a", 2, 0, None), ("b", 0, 9, Some(NOW))]);
    })
    .await;
}

/// 32 at once, each on a connection of its own where the engine has several.
#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_one_takes_the_last_use() {
    both(async |case: &Case| {
        initial_tokens::insert(&mut case.conn().await, &token("a", 1), &[1; 32]).await.unwrap();
        let tries =
            (0..32).map(|_| async { initial_tokens::spend(&mut case.conn().await, &[1; 32], NOW).await.unwrap() });
        let taken = futures_util::future::join_all(tries).await;
        assert_eq!(taken.iter().flatten().count(), 1);
    })
    .await;
}
