use proptest::prelude::*;

use super::*;

const START: Timestamp = Timestamp::from_secs(1_800_000_000);

fn at(secs: i64) -> Timestamp {
    START + Span::secs(secs)
}

/// Fails as soon as it is allowed, `tries` times; returns when each failure happened.
fn hammer(tallies: &mut PasswordTallies, from: Timestamp, tries: usize) -> Vec<i64> {
    let mut now = from;
    let mut times = Vec::new();
    for _ in 0..tries {
        if let Decision::Wait { until } = tallies.decide(now) {
            now = until;
        }
        assert_eq!(tallies.decide(now), Decision::Allowed);
        times.push(now.since(from).as_secs());
        *tallies = tallies.after_failure(now);
    }
    times
}

#[test]
fn five_failures_in_a_minute_begin_delays_that_double_to_fifteen_minutes() {
    let times = hammer(&mut PasswordTallies::default(), START, 12);
    let gaps: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(gaps, [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900]);
}

#[test]
fn four_failures_a_minute_are_free_but_not_for_ever() {
    let mut tally = Tally::default();
    for minute in 0..3 {
        for _ in 0..4 {
            assert_eq!(Throttle::NEAR.decide(&tally, at(minute * 60)), Decision::Allowed);
            tally = Throttle::NEAR.after_failure(&tally, at(minute * 60));
        }
    }
    assert_eq!(Throttle::NEAR.decide(&tally, at(180)), Decision::Allowed, "12 so far");
    for _ in 0..3 {
        tally = Throttle::NEAR.after_failure(&tally, at(180));
    }
    assert_eq!(Throttle::NEAR.decide(&tally, at(180)), Decision::Wait { until: at(210) }, "15 in a row");
}

#[test]
fn the_window_ends_after_exactly_a_minute() {
    let mut tally = Tally::default();
    for _ in 0..4 {
        tally = Throttle::NEAR.after_failure(&tally, START);
    }
    let inside = Throttle::NEAR.after_failure(&tally, Timestamp::from_micros(at(60).micros() - 1));
    assert!(inside.blocked_until > at(60));
    assert_eq!(Throttle::NEAR.after_failure(&tally, at(60)).recent, 1);
}

#[test]
fn one_network_alone_never_delays_the_account_elsewhere() {
    let mut here = PasswordTallies::default();
    hammer(&mut here, START, 200);
    assert_eq!(here.everywhere.delay(), Span::ZERO);
    let elsewhere = PasswordTallies { near: Tally::default(), everywhere: here.everywhere };
    assert_eq!(elsewhere.decide(here.near.last_failure), Decision::Allowed);
}

#[test]
fn many_networks_together_do() {
    let mut everywhere = Tally::default();
    for _ in 0..4 {
        let mut tallies = PasswordTallies { near: Tally::default(), everywhere };
        for _ in 0..5 {
            tallies = tallies.after_failure(START);
        }
        everywhere = tallies.everywhere;
    }
    let fresh_network = PasswordTallies { near: Tally::default(), everywhere };
    assert_eq!(fresh_network.decide(START), Decision::Wait { until: at(30) });
}

#[test]
fn success_clears_and_a_day_forgets() {
    let mut tallies = PasswordTallies::default();
    hammer(&mut tallies, START, 8);
    assert_eq!(tallies.after_success().decide(START), Decision::Allowed);
    let day_later = tallies.near.last_failure + Span::hours(24);
    let forgotten = Throttle::NEAR.after_failure(&tallies.near, day_later);
    assert_eq!((forgotten.consecutive, forgotten.delay()), (1, Span::ZERO));
    let sooner = Timestamp::from_micros(day_later.micros() - 1);
    assert_eq!(tallies.near.delay(), Span::secs(240));
    assert_eq!(Throttle::NEAR.after_failure(&tallies.near, sooner).delay(), Span::secs(480));
}

#[test]
fn five_wrong_codes_end_the_interaction_and_ten_block_the_factor_for_ten_minutes() {
    let mut tally = Tally::default();
    for wrong in 0..10_u32 {
        assert_eq!(decide_code(wrong % 5, &tally, START), Decision::Allowed, "{wrong}");
        tally = Throttle::CODES.after_failure(&tally, START);
    }
    assert_eq!(decide_code(5, &Tally::default(), START), Decision::Ended);
    assert_eq!(decide_code(0, &tally, START), Decision::Wait { until: START + Span::minutes(10) });
    assert_eq!(decide_code(0, &tally, START + Span::minutes(10)), Decision::Allowed);
    let again = Throttle::CODES.after_failure(&tally, START + Span::minutes(10));
    assert_eq!(decide_code(0, &again, START + Span::minutes(10)), Decision::Wait { until: START + Span::minutes(20) });
}

#[test]
fn two_codes_in_ten_seconds_and_ten_in_a_day_are_sent() {
    let mut sends = Sends::default();
    for _ in 0..2 {
        assert_eq!(sends.decide(START), Decision::Allowed);
        sends = sends.after_send(START);
    }
    assert_eq!(sends.decide(at(9)), Decision::Wait { until: at(10) });
    for n in 1..9 {
        assert_eq!(sends.decide(at(n * 10)), Decision::Allowed);
        sends = sends.after_send(at(n * 10));
    }
    assert_eq!(sends.decide(at(3_600)), Decision::Wait { until: START + Span::hours(24) });
    assert_eq!(sends.decide(START + Span::hours(24)), Decision::Allowed);
    assert_eq!(sends.after_send(START + Span::hours(24)).today, 1);
}

#[test]
fn what_is_stored_reads_back_and_an_empty_object_is_none() {
    let mut tallies = PasswordTallies::default();
    hammer(&mut tallies, START, 7);
    let text = serde_json::to_string(&tallies).unwrap();
    assert_eq!(serde_json::from_str::<PasswordTallies>(&text).unwrap(), tallies);
    assert_eq!(serde_json::from_str::<Tally>("{}").unwrap(), Tally::default());
    assert_eq!(serde_json::from_str::<Sends>("{}").unwrap(), Sends::default());
}

proptest! {
    #[test]
    fn no_ten_seconds_hold_three_sends_and_no_day_more_than_ten(steps in prop::collection::vec(0..20_000_i64, 1..80)) {
        let (mut sends, mut now, mut sent) = (Sends::default(), START, Vec::<Timestamp>::new());
        for step in steps {
            now = now + Span::millis(step);
            if sends.decide(now) == Decision::Allowed {
                sends = sends.after_send(now);
                sent.push(now);
            }
        }
        for three in sent.windows(3) {
            prop_assert!(three[2].since(three[0]) >= Span::secs(10));
        }
        prop_assert!(sent.len() <= 10, "the whole run is less than a day");
    }

    /// Whatever the attacker's rhythm, one network gets no more than this many guesses in a day.
    #[test]
    fn a_day_of_guessing_from_one_network_is_bounded(rhythm in prop::collection::vec(1..3_000_i64, 400..500)) {
        let (mut tally, mut now, mut guesses) = (Tally::default(), START, 0);
        for step in rhythm {
            now = now + Span::secs(step);
            if now.since(START) >= Span::hours(24) {
                break;
            }
            if Throttle::NEAR.decide(&tally, now) == Decision::Allowed {
                tally = Throttle::NEAR.after_failure(&tally, now);
                guesses += 1;
            }
        }
        prop_assert!(guesses <= 115, "{}", guesses);
    }

    #[test]
    fn a_failure_more_never_shortens_a_wait(times in prop::collection::vec(0..600_i64, 1..60)) {
        let (mut tally, mut now) = (Tally::default(), START);
        for step in times {
            now = now + Span::secs(step);
            if Throttle::NEAR.decide(&tally, now) == Decision::Allowed {
                let next = Throttle::NEAR.after_failure(&tally, now);
                prop_assert!(next.blocked_until >= tally.blocked_until);
                prop_assert!(next.consecutive > tally.consecutive);
                tally = next;
            }
        }
    }
}
