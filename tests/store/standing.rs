//! What decides every issuance: life, card, account, locks, each as the tables have it.

use dinhdanh::{
    assurance::{AccountState, CardStanding, LockReason, PasswordOrigin, Vital},
    base::{
        Timestamp,
        ids::{AccountId, PersonId},
    },
    store::{
        Conn, accounts,
        standing::{self, AccountStanding},
    },
};
use time::{Date, macros::date};
use uuid::Uuid;

use super::case::{Case, MICRO, NOW, account_of, both};

/// The end of 2026-11-22 in Việt Nam.
const END_OF_DAY: Timestamp = Timestamp::from_secs(1_795_366_800);

impl Case {
    async fn holder(&self) -> (PersonId, AccountId) {
        let person = self.person(None).await;
        let account = account_of(person, self.uuid());
        assert!(accounts::insert(&mut self.conn().await, &account).await.unwrap());
        (person, account.id)
    }

    async fn card(&self, person: PersonId, state: &str, issued: Date, expires: Option<Date>) -> Uuid {
        let id = self.uuid();
        by_hand!(&mut self.conn().await, |c| sqlx::query(
            "INSERT INTO card (id, person_id, kind, number, issued_on, expires_on, issuer, state, recorded_at) \
             VALUES ($1, $2, 'can_cuoc', '900000000001', $3, $4, 'C06', $5, $6)"
        )
        .bind(id)
        .bind(person)
        .bind(issued)
        .bind(expires)
        .bind(state)
        .bind(NOW)
        .execute(c)
        .await
        .map(|_| ()))
        .unwrap();
        id
    }
}

async fn read(conn: &mut Conn, account: AccountId) -> AccountStanding {
    standing::find(conn, account, NOW).await.unwrap().unwrap()
}

async fn card_at(case: &Case, account: AccountId, now: Timestamp) -> CardStanding {
    standing::find(&mut case.conn().await, account, now).await.unwrap().unwrap().standing.card
}

#[tokio::test(flavor = "multi_thread")]
async fn life_and_account_state_are_read_as_they_stand() {
    both(async |case| {
        let mut conn = case.conn().await;
        let table = [
            ("alive", Vital::Alive),
            ("missing_declared", Vital::DeclaredMissing),
            ("dead_declared", Vital::Dead),
            ("dead", Vital::Dead),
        ];
        let (person, account) = case.holder().await;
        for (stored, expected) in table {
            by_hand!(&mut conn, |c| sqlx::query("UPDATE person SET vital = $2 WHERE id = $1")
                .bind(person)
                .bind(stored)
                .execute(c)
                .await
                .map(|_| ()))
            .unwrap();
            let read = read(&mut conn, account).await;
            assert_eq!((read.standing.vital, read.person_id, read.account_id), (expected, person, account));
        }
        for state in AccountState::ALL {
            let account =
                dinhdanh::store::accounts::StoredAccount { state, ..account_of(case.person(None).await, case.uuid()) };
            assert!(accounts::insert(&mut conn, &account).await.unwrap());
            assert_eq!(read(&mut conn, account.id).await.standing.account, state);
        }
        assert!(standing::find(&mut conn, AccountId(case.uuid()), NOW).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_state_of_the_newest_card_counts() {
    both(async |case| {
        let table = [
            ("valid", CardStanding::Valid),
            ("held", CardStanding::Held),
            ("revoked", CardStanding::Withdrawn),
            ("replaced", CardStanding::Withdrawn),
            ("lost", CardStanding::Withdrawn),
            ("void", CardStanding::Withdrawn),
        ];
        for (stored, expected) in table {
            let (person, account) = case.holder().await;
            assert_eq!(card_at(case, account, NOW).await, CardStanding::None);
            case.card(person, "valid", date!(2015 - 01 - 01), Some(date!(2099 - 01 - 01))).await;
            case.card(person, stored, date!(2024 - 07 - 01), Some(date!(2049 - 05 - 19))).await;
            case.card(person, "replaced", date!(2019 - 01 - 01), None).await;
            assert_eq!(card_at(case, account, NOW).await, expected, "{stored}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_cards_of_one_day_the_later_recorded_counts() {
    both(async |case| {
        for states in [["void", "valid"], ["valid", "void"]] {
            let (person, account) = case.holder().await;
            // Ids are made in order of time.
            let mut ids = [case.entropy.uuid(NOW), case.entropy.uuid(NOW + dinhdanh::base::Span::secs(1))];
            ids.sort_unstable();
            for (id, state) in ids.into_iter().zip(states) {
                let made = case.card(person, state, date!(2024 - 07 - 01), None).await;
                by_hand!(&mut case.conn().await, |c| sqlx::query("UPDATE card SET id = $2 WHERE id = $1")
                    .bind(made)
                    .bind(id)
                    .execute(c)
                    .await
                    .map(|_| ()))
                .unwrap();
            }
            let expected = if states[1] == "valid" { CardStanding::Valid } else { CardStanding::Withdrawn };
            assert_eq!(card_at(case, account, NOW).await, expected);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_valid_through_its_last_day_in_vietnam() {
    both(async |case| {
        let (person, account) = case.holder().await;
        case.card(person, "valid", date!(2016 - 11 - 22), Some(date!(2026 - 11 - 22))).await;
        assert_eq!(card_at(case, account, END_OF_DAY - MICRO).await, CardStanding::Valid);
        assert_eq!(card_at(case, account, END_OF_DAY).await, CardStanding::Expired);
        let (person, account) = case.holder().await;
        case.card(person, "held", date!(2016 - 11 - 22), Some(date!(2026 - 11 - 22))).await;
        assert_eq!(card_at(case, account, END_OF_DAY).await, CardStanding::Held, "the weightier reason");
        let (person, account) = case.holder().await;
        case.card(person, "valid", date!(2016 - 11 - 22), None).await;
        assert_eq!(card_at(case, account, Timestamp::MAX).await, CardStanding::Valid, "without an end (aged 60)");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guard_notices_a_lock_and_a_death() {
    both(async |case| {
        let mut conn = case.conn().await;
        let (person, account) = case.holder().await;
        let before = read(&mut conn, account).await;
        assert!(standing::is_unchanged(&mut conn, &before).await.unwrap());
        assert!(accounts::lock(&mut conn, account, LockReason::Holder, "holder", "", NOW).await.unwrap());
        assert!(!standing::is_unchanged(&mut conn, &before).await.unwrap());
        let locked = read(&mut conn, account).await;
        assert_eq!(locked.standing.locks.iter().collect::<Vec<_>>(), [LockReason::Holder]);
        assert!(standing::is_unchanged(&mut conn, &locked).await.unwrap());
        by_hand!(&mut conn, |c| sqlx::query("UPDATE person SET vital = 'dead', version = version + 1 WHERE id = $1")
            .bind(person)
            .execute(c)
            .await
            .map(|_| ()))
        .unwrap();
        assert!(!standing::is_unchanged(&mut conn, &locked).await.unwrap());
    })
    .await;
}

/// Whoever reads an account's standing hears that its password was handed over, until the person set their own.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_given_until_it_is_set() {
    both(async |case| {
        let (_, account) = case.holder().await;
        let mut conn = case.conn().await;
        assert_eq!(read(&mut conn, account).await.standing.password, PasswordOrigin::Person);
        let before = read(&mut conn, account).await.account_version;
        accounts::give_password(&mut conn, account, "$argon2id$given", NOW).await.unwrap();
        let given = read(&mut conn, account).await;
        assert_eq!((given.standing.password, given.account_version), (PasswordOrigin::Desk, before));
        assert!(accounts::set_password(&mut conn, account, before, "$argon2id$own", NOW).await.unwrap());
        assert_eq!(read(&mut conn, account).await.standing.password, PasswordOrigin::Person);
    })
    .await;
}
