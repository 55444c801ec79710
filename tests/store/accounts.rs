//! Accounts: one a person, locks as a set, and a version that every change moves.

use dinhdanh::{
    assurance::{AccountLevel, AccountState, LockReason},
    base::{Span, ids::AccountId},
    store::{
        Conn,
        accounts::{self, StoredAccount},
        standing,
    },
};

use super::case::{NOW, account_of, both};

async fn found(conn: &mut Conn, id: AccountId) -> StoredAccount {
    accounts::find(conn, id).await.unwrap().unwrap()
}

async fn locks(conn: &mut Conn, id: AccountId) -> Vec<LockReason> {
    standing::find(conn, id, NOW).await.unwrap().unwrap().standing.locks.iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_has_one_account_and_every_number_leads_to_it() {
    both(async |case| {
        let person = case.person(Some("900000000001")).await;
        let account = account_of(person, case.uuid());
        let mut conn = case.conn().await;
        by_hand!(&mut conn, |c| sqlx::query(
            "INSERT INTO personal_number (number, person_id, state, replaced_by, recorded_at) \
             VALUES ('900000000002', $1, 'cancelled', '900000000001', $2)"
        )
        .bind(person)
        .bind(NOW)
        .execute(c)
        .await
        .map(|_| ()))
        .unwrap();
        assert!(accounts::insert(&mut conn, &account).await.unwrap());
        let second = StoredAccount { password_hash: None, ..account_of(person, case.uuid()) };
        assert!(!accounts::insert(&mut conn, &second).await.unwrap());
        assert_eq!(accounts::find(&mut conn, second.id).await.unwrap(), None);
        for number in ["900000000001", "900000000002"] {
            assert_eq!(accounts::find_by_number(&mut conn, number).await.unwrap().as_ref(), Some(&account));
        }
        assert_eq!(accounts::find_by_number(&mut conn, "900000000003").await.unwrap(), None);
        assert_eq!(accounts::find_by_person(&mut conn, person).await.unwrap().as_ref(), Some(&account));
        assert_eq!(found(&mut conn, account.id).await, account);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_level_and_state_is_read_back() {
    both(async |case| {
        let mut conn = case.conn().await;
        for level in [AccountLevel::One, AccountLevel::Two] {
            for state in AccountState::ALL {
                let account = StoredAccount {
                    level,
                    state,
                    password_hash: None,
                    password_set_at: None,
                    phone_sealed: None,
                    ..account_of(case.person(None).await, case.uuid())
                };
                assert!(accounts::insert(&mut conn, &account).await.unwrap());
                assert_eq!(found(&mut conn, account.id).await, account);
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_set_on_the_account_that_was_read() {
    both(async |case| {
        let id = case.account().await;
        let mut conn = case.conn().await;
        let at = NOW + Span::secs(1);
        assert!(!accounts::set_password(&mut conn, id, 2, "$argon2id$two", at).await.unwrap());
        assert!(accounts::set_password(&mut conn, id, 1, "$argon2id$two", at).await.unwrap());
        assert!(!accounts::set_password(&mut conn, id, 1, "$argon2id$three", at).await.unwrap());
        let now = found(&mut conn, id).await;
        assert_eq!((now.version, now.password_hash.as_deref()), (2, Some("$argon2id$two")));
        assert_eq!(now.password_set_at, Some(at));

        accounts::rehash(&mut conn, id, "$argon2id$one", "$argon2id$lost").await.unwrap();
        accounts::rehash(&mut conn, id, "$argon2id$two", "$argon2id$2026").await.unwrap();
        let then = found(&mut conn, id).await;
        assert_eq!(then, StoredAccount { password_hash: Some("$argon2id$2026".to_owned()), ..now }, "same version");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rise_to_02_is_once_and_drops_the_password() {
    both(async |case| {
        let id = case.account().await;
        let mut conn = case.conn().await;
        assert_eq!(accounts::raise(&mut conn, id, 9, NOW).await.unwrap(), None);
        assert_eq!(accounts::raise(&mut conn, id, 1, NOW).await.unwrap(), Some(2));
        assert_eq!(accounts::raise(&mut conn, id, 2, NOW).await.unwrap(), None, "02 has nowhere to rise");
        let now = found(&mut conn, id).await;
        assert_eq!((now.level, now.version), (AccountLevel::Two, 2));
        assert_eq!((now.password_hash, now.password_set_at), (None, None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_discarded_from_the_account_that_was_read() {
    both(async |case| {
        let id = case.account().await;
        let mut conn = case.conn().await;
        let before = found(&mut conn, id).await;
        assert!(!accounts::discard_password(&mut conn, id, 2).await.unwrap());
        assert_eq!(found(&mut conn, id).await, before);
        assert!(accounts::discard_password(&mut conn, id, 1).await.unwrap());
        assert!(!accounts::discard_password(&mut conn, id, 1).await.unwrap());
        let after = found(&mut conn, id).await;
        assert_eq!((after.version, after.password_hash, after.password_set_at), (2, None, None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reasons_for_a_lock_come_and_go_one_by_one() {
    both(async |case| {
        let (id, other) = (case.account().await, case.account().await);
        let mut conn = case.conn().await;
        for reason in LockReason::ALL {
            assert!(accounts::lock(&mut conn, id, reason, "holder", "", NOW).await.unwrap(), "{reason:?}");
            assert!(!accounts::lock(&mut conn, id, reason, "agency", "again", NOW).await.unwrap());
        }
        assert_eq!(locks(&mut conn, id).await, LockReason::ALL);
        assert_eq!(locks(&mut conn, other).await, []);
        let version = found(&mut conn, id).await.version;
        assert!(version > 7, "a read before any of the locks is noticed by the guards");
        for (lifted, reason) in LockReason::ALL.into_iter().enumerate() {
            assert!(accounts::unlock(&mut conn, id, reason).await.unwrap());
            assert!(!accounts::unlock(&mut conn, id, reason).await.unwrap());
            assert_eq!(locks(&mut conn, id).await, LockReason::ALL[lifted + 1..]);
        }
        assert!(found(&mut conn, id).await.version >= version + 7);
        assert_eq!(found(&mut conn, other).await.version, 1);
    })
    .await;
}
