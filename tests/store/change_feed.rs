//! The change feed keeps its order whoever commits first.

use dinhdanh::{
    base::ids::{EventId, PersonId},
    store::{
        Conn, Engine,
        change_feed::{self, Bounds, NewChange},
    },
};

use super::case::{Case, MICRO, NOW, both};

async fn person(case: &Case) -> PersonId {
    case.person(None).await
}

async fn change(conn: &mut Conn, case: &Case, (person, version): (PersonId, i64)) {
    let event = EventId(case.uuid());
    let change = NewChange { person, version, kind: "death", event, fields: &["vital"], unit_after: "00004" };
    change_feed::add(conn, &change, NOW).await.unwrap();
}

async fn commit(conn: &mut Conn) {
    by_hand!(conn, |c| sqlx::query("COMMIT").execute(c).await.map(|_| ())).unwrap();
}

async fn place(case: &Case) -> u64 {
    let mut conn = case.begin().await;
    let placed = change_feed::place(&mut conn, 1_000).await.unwrap();
    commit(&mut conn).await;
    placed
}

async fn after(case: &Case, position: i64) -> Vec<(i64, PersonId, i64)> {
    let rows = change_feed::after(&mut case.conn().await, position, "sector", 1_000).await.unwrap();
    rows.into_iter().map(|row| (row.position, row.person, row.version)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn places_follow_each_other_and_a_persons_changes_stay_in_order() {
    both(async |case| {
        let (one, other) = (person(case).await, person(case).await);
        let mut conn = case.conn().await;
        for entry in [(one, 2), (other, 2), (one, 3)] {
            change(&mut conn, case, entry).await;
        }
        assert!(change_feed::has_placeless(&mut conn).await.unwrap());
        assert_eq!(after(case, 0).await, [], "nothing is seen before it has its place");
        assert_eq!((place(case).await, place(case).await), (3, 0));
        let seen = after(case, 0).await;
        assert_eq!(seen.iter().map(|one| one.0).collect::<Vec<_>>(), [1, 2, 3]);
        let of_one: Vec<_> = seen.iter().filter(|entry| entry.1 == one).map(|entry| entry.2).collect();
        assert_eq!(of_one, [2, 3]);
        assert_eq!(after(case, 2).await, seen[2..]);
        assert_eq!(change_feed::bounds(&mut conn).await.unwrap(), Bounds { first: 1, last: 3, lost: (0, 0) });
    })
    .await;
}

/// A later change of a person keeps its order also when its machine's clock is behind.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_clock_does_not_turn_a_persons_changes_round() {
    both(async |case| {
        let one = person(case).await;
        let mut conn = case.conn().await;
        let event = EventId(case.uuid());
        for (version, at) in [(2, NOW), (3, NOW - MICRO), (4, NOW - MICRO)] {
            let change = NewChange { person: one, version, kind: "death", event, fields: &[], unit_after: "" };
            change_feed::add(&mut conn, &change, at).await.unwrap();
        }
        place(case).await;
        assert_eq!(after(case, 0).await.iter().map(|entry| entry.2).collect::<Vec<_>>(), [2, 3, 4]);
    })
    .await;
}

/// On PostgreSQL two writers overlap: the first to write commits last, after a subscriber has read past it.
#[tokio::test(flavor = "multi_thread")]
async fn who_writes_first_and_commits_last_is_not_lost() {
    both(async |case| {
        if case.engine() == Engine::Sqlite {
            return;
        }
        let (slow, quick) = (person(case).await, person(case).await);
        let (mut first, mut second) = (case.begin().await, case.begin().await);
        change(&mut first, case, (slow, 2)).await;
        change(&mut second, case, (quick, 2)).await;
        commit(&mut second).await;
        assert_eq!(place(case).await, 1);
        assert_eq!(after(case, 0).await, [(1, quick, 2)]);
        commit(&mut first).await;
        assert_eq!(place(case).await, 1);
        assert_eq!(after(case, 1).await, [(2, slow, 2)]);
    })
    .await;
}

/// Writers, placers and a subscriber at once: everything is read once, in order, without a hole.
#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_beside_many_writers_reads_everything_once() {
    const WRITERS: usize = 6;
    const EACH: i64 = 30;
    both(async |case| {
        let mut people = Vec::new();
        for _ in 0..WRITERS {
            people.push(person(case).await);
        }
        let write = async |person: PersonId| {
            for version in 2..2 + EACH {
                let mut conn = case.begin().await;
                change(&mut conn, case, (person, version)).await;
                // Some are slower than others between writing and committing.
                if version % 3 == 0 {
                    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
                }
                commit(&mut conn).await;
            }
        };
        let read = async || {
            let mut seen: Vec<(i64, PersonId, i64)> = Vec::new();
            while seen.len() < WRITERS * usize::try_from(EACH).unwrap() {
                let (_one, _other) = tokio::join!(place(case), place(case));
                let next = seen.last().map_or(0, |entry| entry.0);
                seen.extend(after(case, next).await);
            }
            seen
        };
        let writers = futures_util::future::join_all(people.iter().map(|person| write(*person)));
        let (_, seen) = tokio::join!(writers, read());
        assert!(seen.iter().enumerate().all(|(at, entry)| entry.0 == i64::try_from(at).unwrap() + 1), "no hole");
        for person in people {
            let versions: Vec<_> = seen.iter().filter(|entry| entry.1 == person).map(|entry| entry.2).collect();
            assert_eq!(versions, (2..2 + EACH).collect::<Vec<_>>());
        }
    })
    .await;
}
