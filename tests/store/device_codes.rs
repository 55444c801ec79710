//! Device authorization: decided once, used up once, by its client and in its time.

use std::sync::Arc;

use dinhdanh::{
    base::{
        Span, Timestamp,
        ids::{DecoupledId, GrantId},
    },
    store::{
        decoupled::{Approval, Polling, Progress},
        device_codes::{self, Digests, StoredDeviceCode},
    },
};
use serde_json::json;

use super::case::{Case, MICRO, NOW, both};
use crate::support::database::TestDb;

const LIFE: Span = Span::minutes(10);

impl Case {
    pub async fn device(&self, expires_at: Timestamp) -> (Digests, StoredDeviceCode) {
        let device = StoredDeviceCode {
            id: DecoupledId(self.uuid()),
            client_id: "kiosk".into(),
            request: json!({"scopes": "openid", "hint": "ệ"}),
            progress: Progress::Pending,
            polling: Polling { interval_s: 5, polled_at: None },
            expires_at,
        };
        let digests = Digests { device_code: self.entropy.bytes(), user_code: self.entropy.bytes() };
        assert!(device_codes::insert(&mut self.conn().await, &device, &digests, NOW).await.unwrap());
        (digests, device)
    }

    pub async fn approval(&self) -> Approval {
        let account_id = self.account().await;
        let session_id = self.session(account_id).await.0.id;
        Approval { account_id, session_id, grant_id: GrantId(self.uuid()), authorized: json!({"sub": "s", "n": 1}) }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_read_back_and_found_by_what_was_typed_while_it_waits() {
    both(async |case| {
        let (digests, device) = case.device(NOW + LIFE).await;
        let mut conn = case.conn().await;
        assert_eq!(device_codes::find(&mut conn, &digests.device_code).await.unwrap(), Some(device.clone()));
        assert_eq!(device_codes::find(&mut conn, &digests.user_code).await.unwrap(), None);
        let mut typed = async |at| device_codes::find_pending(&mut conn, &digests.user_code, at).await.unwrap();
        assert_eq!(typed(NOW + LIFE - MICRO).await, Some(device.clone()));
        assert_eq!(typed(NOW + LIFE).await, None);

        let mut conn = case.conn().await;
        let again = StoredDeviceCode { id: DecoupledId(case.uuid()), ..device.clone() };
        let same = Digests { device_code: [9; 32], user_code: digests.user_code };
        assert!(!device_codes::insert(&mut conn, &again, &same, NOW).await.unwrap(), "one pending device a user code");
        assert!(device_codes::deny(&mut conn, device.id, NOW).await.unwrap());
        assert!(device_codes::insert(&mut conn, &again, &same, NOW).await.unwrap(), "the code is free again");
        let client = device.client_id.clone();
        device_codes::REQUESTS.polled(&mut conn, (&same.device_code, &client), (NOW + MICRO, 10)).await.unwrap();
        let polled = device_codes::find(&mut conn, &same.device_code).await.unwrap().unwrap();
        assert_eq!(polled.polling, Polling { interval_s: 10, polled_at: Some(NOW + MICRO) });
        let stranger = (same.device_code.as_slice(), &"other".into());
        device_codes::REQUESTS.polled(&mut conn, stranger, (NOW + LIFE, 60)).await.unwrap();
        assert_eq!(device_codes::find(&mut conn, &same.device_code).await.unwrap().as_ref(), Some(&polled));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_decided_once_and_used_once_by_its_client_in_its_time() {
    both(async |case| {
        let (digests, device) = case.device(NOW + LIFE).await;
        let (code, approval) = (digests.device_code, case.approval().await);
        let mut conn = case.conn().await;
        assert!(
            !device_codes::REQUESTS.consume(&mut conn, &code, &device.client_id, (NOW, NOW)).await.unwrap(),
            "nobody approved"
        );
        assert!(!device_codes::approve(&mut conn, device.id, &approval, NOW + LIFE).await.unwrap(), "too late");
        assert!(!device_codes::deny(&mut conn, device.id, NOW + LIFE).await.unwrap(), "too late");
        assert!(device_codes::approve(&mut conn, device.id, &approval, NOW + LIFE - MICRO).await.unwrap());
        let other = Approval { grant_id: GrantId(case.uuid()), ..approval.clone() };
        assert!(!device_codes::approve(&mut conn, device.id, &other, NOW).await.unwrap());
        assert!(!device_codes::deny(&mut conn, device.id, NOW).await.unwrap());
        let found = device_codes::find(&mut conn, &code).await.unwrap().unwrap();
        assert_eq!(found.progress, Progress::Approved(approval.clone()));
        assert!(!device_codes::REQUESTS.consume(&mut conn, &code, &"other".into(), (NOW, NOW)).await.unwrap());
        assert!(
            !device_codes::REQUESTS
                .consume(&mut conn, &code, &device.client_id, (NOW + LIFE, NOW + LIFE))
                .await
                .unwrap()
        );
        assert!(
            device_codes::REQUESTS
                .consume(&mut conn, &code, &device.client_id, (NOW + LIFE - MICRO, NOW + LIFE - MICRO))
                .await
                .unwrap()
        );
        assert!(!device_codes::REQUESTS.consume(&mut conn, &code, &device.client_id, (NOW, NOW)).await.unwrap());
        let found = device_codes::find(&mut conn, &code).await.unwrap().unwrap();
        assert_eq!(found.progress, Progress::Used(approval));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_thirty_two_at_once_one_decides_and_one_fetches() {
    for test in TestDb::each().await {
        let case = Arc::new(Case::on(test));
        let (digests, device) = case.device(NOW + LIFE).await;
        let approval = case.approval().await;
        let mut decided = 0;
        let tasks: Vec<_> = (0..32)
            .map(|n| {
                let (case, approval, id) = (Arc::clone(&case), approval.clone(), device.id);
                tokio::spawn(async move {
                    let mut conn = case.conn().await;
                    if n % 2 == 0 {
                        device_codes::approve(&mut conn, id, &approval, NOW).await.unwrap()
                    } else {
                        device_codes::deny(&mut conn, id, NOW).await.unwrap()
                    }
                })
            })
            .collect();
        for task in tasks {
            decided += u32::from(task.await.unwrap());
        }
        assert_eq!(decided, 1, "{:?}", case.engine());

        let (second, device) = case.device(NOW + LIFE).await;
        assert!(device_codes::approve(&mut case.conn().await, device.id, &approval, NOW).await.unwrap());
        let tasks: Vec<_> = (0..32)
            .map(|_| {
                let (case, client, code) = (Arc::clone(&case), device.client_id.clone(), second.device_code);
                tokio::spawn(async move {
                    device_codes::REQUESTS.consume(&mut case.conn().await, &code, &client, (NOW, NOW)).await.unwrap()
                })
            })
            .collect();
        let mut fetched = 0;
        for task in tasks {
            fetched += u32::from(task.await.unwrap());
        }
        assert_eq!(fetched, 1, "{:?}", case.engine());
        assert_ne!(digests.device_code, second.device_code);
    }
}
