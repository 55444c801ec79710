//! Authenticators: each time step and each recovery code proves once.

use dinhdanh::{
    base::{
        Span,
        ids::{AccountId, AuthenticatorId},
    },
    store::{
        Conn,
        authenticators::{self, StoredTotp},
    },
};

use super::case::{Case, MICRO, NOW, both};

impl Case {
    pub async fn pending(&self, account: AccountId, at: Span) -> StoredTotp {
        let totp = StoredTotp {
            id: AuthenticatorId(self.uuid()),
            account_id: account,
            seed_sealed: vec![0, 255, 1],
            last_step: 0,
            label: "Điện thoại".to_owned(),
            created_at: NOW + at,
        };
        authenticators::insert_pending_totp(&mut self.conn().await, &totp).await.unwrap();
        totp
    }
}

async fn use_step(conn: &mut Conn, totp: &StoredTotp, step: i64) -> bool {
    authenticators::use_totp_step(conn, totp.id, totp.account_id, step).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrolment_waits_for_its_first_code() {
    both(async |case| {
        let account = case.account().await;
        let older = case.pending(account, Span::ZERO).await;
        let totp = case.pending(account, Span::secs(1)).await;
        let mut conn = case.conn().await;
        assert!(authenticators::active_totp(&mut conn, account).await.unwrap().is_none());
        assert!(!use_step(&mut conn, &totp, 100).await, "nothing is proved by what is not confirmed");
        let newest = authenticators::pending_totp(&mut conn, account, NOW - MICRO).await.unwrap();
        assert_eq!(newest, Some(totp.clone()));
        assert_eq!(authenticators::pending_totp(&mut conn, account, totp.created_at).await.unwrap(), None, "too old");

        let stranger = case.account().await;
        assert!(!authenticators::confirm_totp(&mut conn, totp.id, stranger, 100, NOW).await.unwrap());
        assert!(authenticators::confirm_totp(&mut conn, totp.id, account, 100, NOW).await.unwrap());
        assert!(!authenticators::confirm_totp(&mut conn, totp.id, account, 101, NOW).await.unwrap());
        let active = authenticators::active_totp(&mut conn, account).await.unwrap();
        assert_eq!(active, Some(StoredTotp { last_step: 100, ..totp.clone() }));
        assert!(!use_step(&mut conn, &totp, 100).await, "the code that confirmed it signs nobody in");
        let pending = authenticators::pending_totp(&mut conn, account, NOW - MICRO).await.unwrap();
        assert_eq!(pending, Some(older));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_takes_the_place_of_another_of_its_account() {
    both(async |case| {
        let (account, stranger) = (case.account().await, case.account().await);
        let (first, second) = (case.pending(account, Span::ZERO).await, case.pending(account, Span::secs(1)).await);
        let theirs = case.pending(stranger, Span::ZERO).await;
        let mut conn = case.conn().await;
        assert!(authenticators::replace_totp(&mut conn, first.id, account, 100, NOW).await.unwrap());
        for not_pending in [theirs.id, first.id, AuthenticatorId(case.uuid())] {
            assert!(!authenticators::replace_totp(&mut conn, not_pending, account, 100, NOW).await.unwrap());
            let active = authenticators::active_totp(&mut conn, account).await.unwrap().unwrap();
            assert_eq!(active.id, first.id, "nobody loses theirs by it");
        }
        assert!(authenticators::replace_totp(&mut conn, second.id, account, 100, NOW).await.unwrap());
        assert_eq!(authenticators::active_totp(&mut conn, account).await.unwrap().unwrap().id, second.id);
        assert!(!use_step(&mut conn, &first, 999).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_is_accepted_once_and_never_an_earlier_one() {
    both(async |case| {
        let account = case.account().await;
        let totp = case.pending(account, Span::ZERO).await;
        let mut conn = case.conn().await;
        assert!(authenticators::confirm_totp(&mut conn, totp.id, account, 10, NOW).await.unwrap());
        let mut used = Vec::new();
        for step in [11, 11, 10, 9, 13, 12, 13, 14] {
            used.push(use_step(&mut conn, &totp, step).await);
        }
        assert_eq!(used, [true, false, false, false, true, false, false, true]);
        let stranger = StoredTotp { account_id: case.account().await, ..totp };
        assert!(!use_step(&mut conn, &stranger, 99).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_one_proves_nothing() {
    both(async |case| {
        let account = case.account().await;
        let first = case.pending(account, Span::ZERO).await;
        let second = case.pending(account, Span::secs(1)).await;
        let mut conn = case.conn().await;
        assert!(authenticators::confirm_totp(&mut conn, first.id, account, 10, NOW).await.unwrap());
        assert_eq!(authenticators::remove_active_totp(&mut conn, account, NOW).await.unwrap(), 1);
        assert!(!use_step(&mut conn, &first, 11).await);
        assert!(authenticators::confirm_totp(&mut conn, second.id, account, 10, NOW).await.unwrap(), "in its place");
        let third = case.pending(account, Span::secs(2)).await;
        assert_eq!(authenticators::remove_totp(&mut conn, account, NOW).await.unwrap(), 2, "active and pending");
        assert_eq!(authenticators::remove_totp(&mut conn, account, NOW).await.unwrap(), 0);
        assert!(!use_step(&mut conn, &second, 11).await);
        assert!(!authenticators::confirm_totp(&mut conn, third.id, account, 12, NOW).await.unwrap());
        assert!(authenticators::active_totp(&mut conn, account).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_is_used_once_by_its_account() {
    both(async |case| {
        let (account, stranger) = (case.account().await, case.account().await);
        let mut conn = case.conn().await;
        let digests = [case.digest(), case.digest(), case.digest()];
        for digest in &digests {
            authenticators::insert_recovery(&mut conn, account, digest, NOW).await.unwrap();
        }
        assert_eq!(authenticators::recovery_left(&mut conn, account).await.unwrap(), 3);
        assert!(!authenticators::use_recovery(&mut conn, stranger, &digests[0], NOW).await.unwrap());
        assert!(authenticators::use_recovery(&mut conn, account, &digests[0], NOW).await.unwrap());
        assert!(!authenticators::use_recovery(&mut conn, account, &digests[0], NOW).await.unwrap());
        assert_eq!(authenticators::recovery_left(&mut conn, account).await.unwrap(), 2);
        authenticators::insert_recovery(&mut conn, account, &digests[0], NOW).await.unwrap();
        assert_eq!(authenticators::recovery_left(&mut conn, account).await.unwrap(), 2, "a spent one does not return");
        authenticators::drop_recovery(&mut conn, account).await.unwrap();
        assert!(!authenticators::use_recovery(&mut conn, account, &digests[1], NOW).await.unwrap());
        assert_eq!(authenticators::recovery_left(&mut conn, account).await.unwrap(), 0);
    })
    .await;
}
