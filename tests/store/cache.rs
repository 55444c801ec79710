//! Soft limits on a real Redis: shared between processes, and nobody hears of it when Redis is gone.

use std::time::{Duration, Instant};

use dinhdanh::{
    base::{Span, Timestamp},
    store::cache::{Allowance, Cache, Rate},
};

use crate::support::redis;

const RATE: Rate = Rate { burst: 3, per: Span::secs(30) };
/// Long: a slow machine's Redis that answers is believed all the same.
const BUDGET: Duration = Duration::from_secs(30);
const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

#[tokio::test]
async fn two_replicas_count_together() {
    let url = redis::shared().url();
    let [one, two] = [(); 2].map(|()| Cache::with_redis(&url, BUDGET).unwrap());
    for cache in [&one, &two, &one] {
        assert_eq!(cache.spend("a", RATE, NOW).await, Allowance::Allowed);
    }
    for cache in [&one, &two] {
        assert_eq!(cache.spend("a", RATE, NOW).await, Allowance::Wait(Span::secs(10)));
    }
    assert_eq!(two.spend("b", RATE, NOW).await, Allowance::Allowed);
    assert_eq!(two.spend("a", RATE, NOW + Span::secs(10)).await, Allowance::Allowed);
}

#[tokio::test]
async fn a_redis_that_is_not_there_costs_a_moment_once_and_limits_go_on() {
    let cache = Cache::with_redis("redis://127.0.0.1:9/0", Duration::from_millis(200)).unwrap();
    let began = Instant::now();
    for _ in 0..3 {
        assert_eq!(cache.spend("a", RATE, NOW).await, Allowance::Allowed);
    }
    assert!(matches!(cache.spend("a", RATE, NOW).await, Allowance::Wait(_)));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}
