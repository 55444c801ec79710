//! Clients: every change is counted for the other processes, a `jti` is taken once.

use dinhdanh::{
    base::{Span, ids::ClientId},
    store::{
        Conn, changes,
        clients::{self, ClientState, NewClient, StoredClient},
    },
};
use serde_json::json;

use super::case::{NOW, both};

fn new(id: &str, by_self: bool) -> NewClient {
    NewClient {
        client_id: id.into(),
        secret_digest: (!by_self).then(|| vec![9; 32]),
        metadata: json!({ "client_name": "Cổng", "redirect_uris": ["https://rp.example/cb"] }),
        registered_by_self: by_self,
    }
}

async fn counted(conn: &mut Conn) -> i64 {
    changes::read(conn).await.unwrap().0
}

async fn found(conn: &mut Conn, id: &ClientId) -> StoredClient {
    clients::find(conn, id).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_registered_once_under_its_name() {
    both(async |case| {
        let mut conn = case.conn().await;
        let before = changes::read(&mut conn).await.unwrap();
        assert!(clients::insert(&mut conn, &new("rp", false), NOW).await.unwrap());
        assert_eq!(changes::read(&mut conn).await.unwrap(), (before.0 + 1, before.1), "the keys' counter stays");
        assert!(!clients::insert(&mut conn, &new("rp", true), NOW + Span::secs(1)).await.unwrap());
        assert_eq!(counted(&mut conn).await, before.0 + 1, "nothing changed, nobody is told");
        let expected = StoredClient {
            client_id: "rp".into(),
            version: 1,
            disabled: false,
            secret_digest: Some(vec![9; 32]),
            metadata: new("rp", false).metadata,
            registered_by_self: false,
            created_at: NOW,
            updated_at: NOW,
        };
        assert_eq!(found(&mut conn, &"rp".into()).await, expected);
        assert!(clients::insert(&mut conn, &new("RP", true), NOW).await.unwrap(), "case counts");
        let own = found(&mut conn, &"RP".into()).await;
        assert!(own.registered_by_self && own.secret_digest.is_none());
        assert!(clients::find(&mut conn, &"r".into()).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_of_a_client_moves_its_version_and_the_counter() {
    both(async |case| {
        let mut conn = case.conn().await;
        let id = ClientId::from("rp");
        assert!(clients::insert(&mut conn, &new("rp", false), NOW).await.unwrap());
        let start = counted(&mut conn).await;
        let later = NOW + Span::secs(1);

        assert!(clients::replace(&mut conn, &id, &json!({ "client_name": "B" }), None, later).await.unwrap());
        let now = found(&mut conn, &id).await;
        assert_eq!((now.version, now.updated_at, now.created_at), (2, later, NOW));
        assert_eq!((now.metadata, now.secret_digest), (json!({ "client_name": "B" }), Some(vec![9; 32])));
        assert!(clients::replace(&mut conn, &id, &json!({}), Some(&[1; 32]), later).await.unwrap());
        assert_eq!(found(&mut conn, &id).await.secret_digest, Some(vec![1; 32]));
        assert!(clients::is_current(&mut conn, &id, 3).await.unwrap());
        assert!(!clients::is_current(&mut conn, &id, 2).await.unwrap(), "the guard notices the change");

        assert!(clients::set_state(&mut conn, &id, ClientState::Disabled, later).await.unwrap());
        assert!(!clients::is_current(&mut conn, &id, 3).await.unwrap());
        assert!(!clients::is_current(&mut conn, &id, 4).await.unwrap(), "a disabled client is nobody's client");
        assert!(found(&mut conn, &id).await.disabled);
        assert!(clients::set_state(&mut conn, &id, ClientState::Active, later).await.unwrap());
        assert!(clients::is_current(&mut conn, &id, 5).await.unwrap());
        assert_eq!(counted(&mut conn).await, start + 4);

        let nobody = ClientId::from("nobody");
        assert!(!clients::replace(&mut conn, &nobody, &json!({}), None, later).await.unwrap());
        assert!(!clients::set_state(&mut conn, &nobody, ClientState::Active, later).await.unwrap());
        assert!(!clients::is_current(&mut conn, &nobody, 1).await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_listed_page_by_page() {
    both(async |case| {
        for name in ["b", "a", "d", "c"] {
            case.client(name).await;
        }
        let mut conn = case.conn().await;
        let names = |page: Vec<StoredClient>| page.into_iter().map(|client| client.client_id.0).collect::<Vec<_>>();
        assert_eq!(names(clients::list(&mut conn, "", 3).await.unwrap()), ["a", "b", "c"]);
        assert_eq!(names(clients::list(&mut conn, "c", 3).await.unwrap()), ["d"]);
        assert!(clients::list(&mut conn, "d", 3).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertions_jti_is_taken_once_by_each_client() {
    both(async |case| {
        let mut conn = case.conn().await;
        let ends = NOW + Span::minutes(5);
        let (one, two) = (ClientId::from("one"), ClientId::from("two"));
        assert!(clients::use_jti(&mut conn, &one, "j", ends).await.unwrap());
        assert!(!clients::use_jti(&mut conn, &one, "j", ends + Span::hours(1)).await.unwrap());
        assert!(clients::use_jti(&mut conn, &two, "j", ends).await.unwrap(), "another client's is another");
        assert!(clients::use_jti(&mut conn, &one, "J", ends).await.unwrap(), "case counts");
    })
    .await;
}
