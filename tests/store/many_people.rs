//! Many people read, and held, with one list.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use dinhdanh::{
    base::ids::PersonId,
    store::{persons, record},
};

use super::case::{both, run};

/// Longer than one statement takes, with somebody twice and somebody who is nobody: each with what is their own.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_has_no_end() {
    both(async |at| {
        let mut all = BTreeMap::new();
        for serial in 0..401 {
            let number = format!("900085{serial:06}");
            all.insert(at.person(Some(&number)).await, number);
        }
        let mut asked: Vec<PersonId> = all.keys().rev().copied().collect();
        asked.push(asked[7]);
        asked.push(PersonId(at.uuid()));
        let mut conn = at.conn().await;
        let records = record::find_all(&mut conn, &asked).await.unwrap();
        let numbers: BTreeMap<PersonId, String> = records
            .into_iter()
            .map(|(id, stored)| (id, stored.record.numbers.active.unwrap().as_str().to_owned()))
            .collect();
        assert_eq!(numbers, all);
        let found = persons::find_all(&mut conn, &asked).await.unwrap();
        assert!(found.iter().all(|(id, stored)| stored.person.id == *id));
        assert_eq!(found.into_keys().collect::<BTreeSet<_>>(), all.into_keys().collect());
        assert!(record::find_all(&mut conn, &[]).await.unwrap().is_empty());
    })
    .await;
}

/// Whoever comes second waits, and reads the version that the first one left: not the one that was there when they asked.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_held_stands_still_until_the_end() {
    both(async |at| {
        let (one, other) = (at.person(None).await, at.person(None).await);
        let mut first = at.begin().await;
        let held = record::hold(&mut first, &[other, one, PersonId(at.uuid())]).await.unwrap();
        assert_eq!(held, BTreeMap::from([(one, 1), (other, 1)]));
        let changes = async {
            // So that the second comes before the end.
            tokio::time::sleep(Duration::from_millis(300)).await;
            by_hand!(&mut first, |c| sqlx::query("UPDATE person SET version = version + 1 WHERE id = $1")
                .bind(other)
                .execute(c)
                .await
                .map(|_| ()))
            .unwrap();
            run(&mut first, "COMMIT").await;
        };
        let waits = async {
            let mut second = at.begin().await;
            let held = record::hold(&mut second, &[one, other]).await.unwrap();
            run(&mut second, "COMMIT").await;
            held
        };
        let ((), held) = tokio::join!(changes, waits);
        assert_eq!(held, BTreeMap::from([(one, 1), (other, 2)]));
    })
    .await;
}
