//! Backchannel requests: decided once by the person they are about, used up once by their client.

use std::sync::Arc;

use dinhdanh::{
    base::{
        Span, Timestamp,
        ids::{AccountId, ClientId, DecoupledId, GrantId},
    },
    store::{
        backchannel::{self, Mode, StoredBackchannel},
        decoupled::{Approval, Polling, Progress},
    },
};
use serde_json::json;

use super::case::{Case, MICRO, NOW, both};
use crate::support::database::TestDb;

const LIFE: Span = Span::minutes(5);

impl Case {
    pub async fn backchannel(&self, expires_at: Timestamp) -> StoredBackchannel {
        let account_id = self.account().await;
        self.backchannel_about(account_id, expires_at).await
    }

    async fn backchannel_about(&self, account_id: AccountId, expires_at: Timestamp) -> StoredBackchannel {
        let request = StoredBackchannel {
            id: DecoupledId(self.uuid()),
            digest: self.digest(),
            client_id: "desk".into(),
            account_id,
            request: json!({"scopes": "openid", "hint": "ệ"}),
            mode: Mode::Ping,
            notice_sealed: Some(vec![0, 255]),
            progress: Progress::Pending,
            wrong_numbers: 0,
            polling: Polling { interval_s: 5, polled_at: None },
            created_at: NOW,
            expires_at,
        };
        backchannel::insert(&mut self.conn().await, &request).await.unwrap();
        request
    }

    async fn approval_of(&self, request: &StoredBackchannel) -> Approval {
        let session_id = self.session(request.account_id).await.0.id;
        Approval { account_id: request.account_id, session_id, ..self.approval().await }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_read_back_and_waits_for_its_person() {
    both(async |case| {
        let request = case.backchannel(NOW + LIFE).await;
        let other = case.backchannel(NOW + LIFE).await;
        let mut conn = case.conn().await;
        assert_eq!(backchannel::find(&mut conn, &request.digest).await.unwrap(), Some(request.clone()));
        assert_eq!(backchannel::find_by_id(&mut conn, request.id).await.unwrap(), Some(request.clone()));
        let mut pending = async |account, at| backchannel::pending(&mut conn, account, at).await.unwrap();
        assert_eq!(pending(request.account_id, NOW).await, std::slice::from_ref(&request), "and not {:?}", other.id);
        assert_eq!(pending(request.account_id, NOW + LIFE).await, []);

        let mut conn = case.conn().await;
        let client: ClientId = "desk".into();
        case.backchannel_about(request.account_id, NOW + LIFE).await;
        let count = backchannel::count_pending(&mut conn, request.account_id, &client, NOW).await.unwrap();
        assert_eq!(count, 2);
        let of_other = backchannel::count_pending(&mut conn, request.account_id, &"x".into(), NOW).await.unwrap();
        assert_eq!(of_other, 0);
        assert_eq!(backchannel::wrong_number(&mut conn, request.id).await.unwrap(), 1);
        assert_eq!(backchannel::wrong_number(&mut conn, request.id).await.unwrap(), 2);
        backchannel::REQUESTS.polled(&mut conn, (&request.digest, &client), (NOW + MICRO, 10)).await.unwrap();
        let found = backchannel::find(&mut conn, &request.digest).await.unwrap().unwrap();
        assert_eq!(found.polling, Polling { interval_s: 10, polled_at: Some(NOW + MICRO) });
        let stranger = (request.digest.as_slice(), &"other".into());
        backchannel::REQUESTS.polled(&mut conn, stranger, (NOW + LIFE, 60)).await.unwrap();
        assert_eq!(backchannel::find(&mut conn, &request.digest).await.unwrap().as_ref(), Some(&found));
        assert_eq!(found.wrong_numbers, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_decided_by_its_person_and_used_once_by_its_client() {
    both(async |case| {
        let request = case.backchannel(NOW + LIFE).await;
        let (approval, stranger) = (case.approval_of(&request).await, case.approval().await);
        let mut conn = case.conn().await;
        let (id, client) = (request.id, request.client_id.clone());
        assert_eq!(backchannel::approve(&mut conn, id, &stranger, NOW).await.unwrap(), None, "another person");
        assert_eq!(backchannel::approve(&mut conn, id, &approval, NOW + LIFE).await.unwrap(), None, "too late");
        assert!(!backchannel::REQUESTS.consume(&mut conn, &request.digest, &client, (NOW, NOW)).await.unwrap());
        let decided = backchannel::approve(&mut conn, id, &approval, NOW + LIFE - MICRO).await.unwrap();
        assert_eq!(decided, Some((Mode::Ping, client.clone())));
        assert_eq!(backchannel::deny(&mut conn, id, NOW).await.unwrap(), None);
        let again = Approval { grant_id: GrantId(case.uuid()), ..approval.clone() };
        assert_eq!(backchannel::approve(&mut conn, id, &again, NOW).await.unwrap(), None, "the first word stands");
        let found = backchannel::find_by_id(&mut conn, id).await.unwrap().unwrap();
        assert_eq!(found.progress, Progress::Approved(approval.clone()));
        assert!(!backchannel::REQUESTS.consume(&mut conn, &request.digest, &"other".into(), (NOW, NOW)).await.unwrap());
        assert!(
            !backchannel::REQUESTS
                .consume(&mut conn, &request.digest, &client, (NOW + LIFE, NOW + LIFE))
                .await
                .unwrap()
        );
        assert!(backchannel::REQUESTS.consume(&mut conn, &request.digest, &client, (NOW, NOW)).await.unwrap());
        assert!(!backchannel::REQUESTS.consume(&mut conn, &request.digest, &client, (NOW, NOW)).await.unwrap());
        let found = backchannel::find_by_id(&mut conn, id).await.unwrap().unwrap();
        assert_eq!(found.progress, Progress::Used(approval));

        let denied = case.backchannel(NOW + LIFE).await;
        assert!(backchannel::deny(&mut conn, denied.id, NOW).await.unwrap().is_some());
        assert!(backchannel::deny(&mut conn, denied.id, NOW).await.unwrap().is_none());
        let late = case.approval_of(&denied).await;
        assert_eq!(backchannel::approve(&mut conn, denied.id, &late, NOW).await.unwrap(), None, "no is no");
        let waits = case.backchannel(NOW + LIFE).await;
        assert!(backchannel::deny(&mut conn, waits.id, NOW + LIFE).await.unwrap().is_none(), "too late");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_thirty_two_at_once_one_fetches() {
    for test in TestDb::each().await {
        let case = Arc::new(Case::on(test));
        let request = case.backchannel(NOW + LIFE).await;
        let approval = case.approval_of(&request).await;
        assert!(backchannel::approve(&mut case.conn().await, request.id, &approval, NOW).await.unwrap().is_some());
        let tasks: Vec<_> = (0..32)
            .map(|_| {
                let (case, request) = (Arc::clone(&case), request.clone());
                tokio::spawn(async move {
                    let mut conn = case.conn().await;
                    backchannel::REQUESTS
                        .consume(&mut conn, &request.digest, &request.client_id, (NOW, NOW))
                        .await
                        .unwrap()
                })
            })
            .collect();
        let mut fetched = 0;
        for task in tasks {
            fetched += u32::from(task.await.unwrap());
        }
        assert_eq!(fetched, 1, "{:?}", case.engine());
    }
}
