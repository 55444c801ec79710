use std::time::Instant;

use super::*;

const CHEAP: Costs = Costs { memory_kib: 64, passes: 1, lanes: 1 };

fn pool(threads: usize, costs: Costs) -> PasswordPool {
    PasswordPool::start(threads, costs, Entropy::counted(1)).unwrap()
}

#[tokio::test]
async fn a_password_is_known_again_and_another_is_not() {
    let pool = pool(1, CHEAP);
    let stored = pool.hash(&Secret::new("đường về nhà rất xa")).await.unwrap();
    assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{stored}");
    let verify = |text: &str| pool.verify(Some(stored.clone()), Secret::new(text));
    assert_eq!(verify("đường về nhà rất xa").await, Ok(Verdict::Right { rehashed: None }));
    for pasted in ["đường về nhà rất xa ", "\u{a0}đường về nhà rất xa\n"] {
        assert_eq!(verify(pasted).await, Ok(Verdict::Right { rehashed: None }), "{pasted:?}");
    }
    assert_eq!(verify("đường về nhà  rất xa").await, Ok(Verdict::Wrong), "a space within counts");
    assert_eq!(verify("").await, Ok(Verdict::Wrong));
    let decomposed: String = "đường về nhà rất xa".nfd().collect();
    assert_eq!(verify(&decomposed).await, Ok(Verdict::Right { rehashed: None }));
}

#[tokio::test]
async fn nobodys_hash_never_matches_and_long_ones_are_wrong() {
    let pool = pool(1, CHEAP);
    assert_eq!(pool.verify(None, Secret::new("anything at all")).await, Ok(Verdict::Wrong));
    assert_eq!(pool.verify(None, Secret::new("x".repeat(129))).await, Ok(Verdict::Wrong));
    assert_eq!(pool.hash(&Secret::new("x".repeat(129))).await, Err(CheckError::TooLong));
    assert_eq!(pool.hash(&Secret::new("ễ".repeat(128))).await.map(|_| ()), Ok(()));
}

#[tokio::test]
async fn other_costs_are_renewed_and_hostile_ones_refused() {
    let stored = pool(1, CHEAP).hash(&Secret::new("correct horse battery")).await.unwrap();
    let dearer = pool(1, Costs { passes: 2, ..CHEAP });
    let Ok(Verdict::Right { rehashed: Some(new) }) =
        dearer.verify(Some(stored.clone()), Secret::new("correct horse battery")).await
    else {
        panic!("not renewed")
    };
    assert!(new.contains("t=2"));
    let hostile = stored.replace("m=64", "m=4194304");
    assert_eq!(dearer.verify(Some(hostile), Secret::new("x")).await, Err(CheckError::StoredHash));
    let downgraded = stored.replace("argon2id", "argon2i");
    assert_eq!(
        dearer.verify(Some(downgraded), Secret::new("correct horse battery")).await,
        Err(CheckError::StoredHash)
    );
    assert_eq!(dearer.verify(Some("plain".into()), Secret::new("plain")).await, Err(CheckError::StoredHash));
}

/// The reference implementation's own vector (`argon2id`, m=65536, t=2, p=1, "password", "somesalt").
#[test]
fn a_hash_of_the_reference_implementation() {
    let text = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let costs = Costs { memory_kib: 65_536, passes: 2, lanes: 1 };
    let check = |password: &str| check(password, text, Counts::Yes, ([0; SALT], costs), &mut Vec::new());
    assert_eq!(check("password"), Ok(Verdict::Right { rehashed: None }));
    assert_eq!(check("Password"), Ok(Verdict::Wrong));
    let nobodys = super::check("password", text, Counts::Never, ([0; SALT], costs), &mut Vec::new());
    assert_eq!(nobodys, Ok(Verdict::Wrong), "against nobody's hash even a match means nothing");
}

#[test]
fn a_used_memory_gives_the_same_result_as_a_fresh_one() {
    let mut memory = Vec::new();
    let large = Costs { memory_kib: 256, passes: 2, lanes: 2 };
    for _ in 0..2 {
        let one = hash("a", [1; SALT], large, &mut memory).unwrap();
        let two = hash("b", [2; SALT], CHEAP, &mut memory).unwrap();
        assert_eq!(one, hash("a", [1; SALT], large, &mut Vec::new()).unwrap());
        assert_eq!(two, hash("b", [2; SALT], CHEAP, &mut Vec::new()).unwrap());
    }
}

#[test]
fn a_hostile_row_is_refused_before_any_memory_is_taken() {
    let good = hash("a", [1; SALT], CHEAP, &mut Vec::new()).unwrap();
    let mut memory = Vec::new();
    for params in ["m=262145,t=1,p=1", "m=4294967295,t=1,p=1", "m=64,t=11,p=1", "m=64,t=1,p=5", "m=7,t=1,p=1"] {
        let text = good.replace("m=64,t=1,p=1", params);
        let checked = check("a", &text, Counts::Yes, ([0; SALT], CHEAP), &mut memory);
        assert_eq!(checked, Err(CheckError::StoredHash), "{params}");
        assert_eq!(memory.capacity(), 0, "{params}");
    }
    for text in ["", "$", "$argon2id$", &good[..good.len() - 1], &format!("{good}=")] {
        let checked = check("a", text, Counts::Yes, ([0; SALT], CHEAP), &mut memory);
        assert_eq!(checked, Err(CheckError::StoredHash), "{text}");
    }
}

/// Slow enough that a few of them fill the pool.
const SLOW: Costs = Costs { memory_kib: 32 * 1024, passes: 4, lanes: 1 };

fn slow_pool(longest_wait: Duration) -> PasswordPool {
    PasswordPool::start_with(1, SLOW, Entropy::counted(1), longest_wait).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_too_long_for_a_place_is_told_so_and_the_pool_goes_on() {
    let pool = slow_pool(Duration::from_millis(100));
    let tasks: Vec<_> = (0..60)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move { pool.verify(None, Secret::new("guess")).await })
        })
        .collect();
    let began = Instant::now();
    let mut refused = 0;
    for task in tasks {
        match task.await.unwrap() {
            Err(CheckError::Overloaded) => refused += 1,
            other => assert_eq!(other, Ok(Verdict::Wrong)),
        }
        assert!(pool.waiting() <= PLACES_PER_THREAD);
    }
    assert!(refused >= 30, "{refused} of 60");
    assert!(began.elapsed() < Duration::from_mins(1), "nobody waits for all the others");
    assert_eq!(pool.waiting(), 0);
    assert_eq!(pool.verify(None, Secret::new("guess")).await, Ok(Verdict::Wrong));
}

/// A morning's crowd is not an attack: more than the queue holds, and all are served within the two seconds.
#[tokio::test(flavor = "multi_thread")]
async fn a_short_crowd_is_served_whole() {
    let pool = pool(1, Costs { memory_kib: 1024, passes: 1, lanes: 1 });
    let tasks: Vec<_> = (0..40)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move { pool.verify(None, Secret::new("guess")).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), Ok(Verdict::Wrong));
    }
}

/// Twenty questions of a second or more each whose askers have left, then one whose asker waits.
#[test]
fn work_whose_asker_has_gone_is_not_begun() {
    let dear = hash("x", [7; SALT], CHEAP, &mut Vec::new()).unwrap().replace("m=64,t=1", "m=131072,t=10");
    let (jobs, waiting) = mpsc::channel(32);
    let ask = |stored: String| {
        let (answer_to, answer) = oneshot::channel();
        let password = Zeroizing::new("x".to_owned());
        let work = Work::Verify { password, stored, counts: Counts::Yes, fresh_salt: [0; SALT] };
        assert!(jobs.try_send(Job { work, answer_to }).is_ok());
        answer
    };
    for _ in 0..20 {
        drop(ask(dear.clone()));
    }
    let answer = ask(hash("x", [7; SALT], CHEAP, &mut Vec::new()).unwrap());
    drop(jobs);
    let began = Instant::now();
    work(&Mutex::new(waiting), CHEAP);
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert!(matches!(answer.blocking_recv(), Ok(Ok(Done::Checked(Verdict::Right { rehashed: None })))));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_threads_work_and_each_answer_is_its_own() {
    let pool = pool(3, CHEAP);
    let words = ["vườn cam chín muộn", "thuyền ra cửa biển", "đèn lồng phố cổ", "gió mùa đông bắc"];
    let mut asked = Vec::new();
    for n in 0..48_usize {
        let pool = pool.clone();
        asked.push(tokio::spawn(async move {
            let stored = pool.hash(&Secret::new(words[n % 4])).await.unwrap();
            let other = Secret::new(words[(n + 1) % 4]);
            let right = pool.verify(Some(stored.clone()), Secret::new(words[n % 4])).await;
            (right, pool.verify(Some(stored), other).await)
        }));
    }
    for asked in asked {
        assert_eq!(asked.await.unwrap(), (Ok(Verdict::Right { rehashed: None }), Ok(Verdict::Wrong)));
    }
}
