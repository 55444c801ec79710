use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

fn ago(method: Method, span: Span) -> Proof {
    Proof::new(method, NOW - span)
}

fn level_now(proofs: &[Proof]) -> Option<Level> {
    level(proofs, NOW, &Freshness::default())
}

/// All eight combinations of Art 20, written as the decree has them.
#[test]
fn the_table_of_article_20() {
    use Factor::{Biometric as B, Knowledge as K, Possession as P};
    let table: [(&[Factor], Option<u8>); 8] = [
        (&[], None),
        (&[K], Some(1)),
        (&[P], Some(1)),
        (&[B], None),
        (&[K, P], Some(2)),
        (&[K, B], Some(3)),
        (&[P, B], Some(3)),
        (&[K, P, B], Some(4)),
    ];
    for (factors, expected) in table {
        let set: Factors = factors.iter().copied().collect();
        assert_eq!(Level::of(set).map(Level::number), expected, "{set:?}");
        let proofs: Vec<Proof> = factors
            .iter()
            .map(|factor| {
                let method = Method::ALL.into_iter().find(|method| method.factor() == *factor).unwrap();
                Proof::new(method, NOW)
            })
            .collect();
        assert_eq!(level_now(&proofs).map(Level::number), expected, "{set:?}");
    }
}

#[test]
fn numbers_and_levels_are_one_to_one() {
    for level in Level::ALL {
        assert_eq!(Level::from_number(level.number()), Some(level));
    }
    assert_eq!(Level::from_number(0), None);
    assert_eq!(Level::from_number(5), None);
}

#[test]
fn two_items_of_one_kind_are_one_factor() {
    assert_eq!(level_now(&[ago(Method::Password, Span::ZERO), ago(Method::Pin, Span::ZERO)]), Some(Level::One));
    assert_eq!(level_now(&[ago(Method::Totp, Span::ZERO), ago(Method::Sms, Span::ZERO)]), Some(Level::One));
    assert_eq!(level_now(&[ago(Method::Face, Span::ZERO), ago(Method::Iris, Span::ZERO)]), None);
}

#[test]
fn a_proof_counts_to_the_last_microsecond_of_its_time_and_not_beyond() {
    for (level, minutes) in [(Level::Two, 60), (Level::Three, 15), (Level::Four, 5)] {
        let others = [ago(Method::Face, Span::ZERO), ago(Method::Totp, Span::ZERO)];
        // Level 2 is asked of a set without biometrics: with one, two factors would already be level 3.
        let others = if level == Level::Two { &others[1..] } else { &others[..] };
        let at = |extra: Span| {
            let mut proofs = others.to_vec();
            if level == Level::Three {
                proofs.truncate(1);
            }
            proofs.push(Proof::new(Method::Password, NOW - Span::minutes(minutes) - extra));
            level_now(&proofs)
        };
        assert_eq!(at(Span::ZERO), Some(level));
        assert!(at(Span::micros(1)) < Some(level), "{level}");
    }
}

#[test]
fn level_one_lasts_as_long_as_the_session() {
    assert_eq!(level_now(&[ago(Method::Password, Span::hours(12))]), Some(Level::One));
    assert_eq!(level_now(&[ago(Method::Password, Span::hours(12)), ago(Method::Totp, Span::ZERO)]), Some(Level::One));
}

#[test]
fn a_proof_from_the_future_counts_only_within_the_clocks_difference() {
    let ahead = |secs| level(&[Proof::new(Method::Password, NOW + Span::secs(secs))], NOW, &Freshness::default());
    assert_eq!(ahead(60), Some(Level::One));
    assert_eq!(ahead(61), None);
}

#[test]
fn a_step_up_asks_for_what_is_missing_or_stale_and_never_for_more() {
    let fresh = Freshness::default();
    let knows_and_holds = Factors::of(Factor::Knowledge).with(Factor::Possession);
    let ask = |level, proofs: &[Proof], enrolled| missing_for(level, proofs, NOW, &fresh).within(enrolled);

    assert_eq!(ask(Level::One, &[], knows_and_holds), Some(Factors::of(Factor::Knowledge)));
    assert_eq!(ask(Level::Two, &[], knows_and_holds), Some(knows_and_holds));
    let password = ago(Method::Password, Span::minutes(59));
    assert_eq!(ask(Level::Two, &[password], knows_and_holds), Some(Factors::of(Factor::Possession)));
    let stale = [ago(Method::Password, Span::minutes(61)), ago(Method::Totp, Span::minutes(1))];
    assert_eq!(ask(Level::Two, &stale, knows_and_holds), Some(Factors::of(Factor::Knowledge)));
    assert_eq!(ask(Level::One, &stale, knows_and_holds), Some(Factors::NONE));
    assert_eq!(ask(Level::Three, &stale, knows_and_holds), None, "no biometric enrolled: out of reach");
    assert_eq!(ask(Level::Three, &[], Factors::ALL).map(Factors::len), Some(2));
    assert_eq!(ask(Level::Four, &[], Factors::ALL), Some(Factors::ALL));
    assert_eq!(ask(Level::Two, &[password], Factors::of(Factor::Knowledge)), None, "no second factor enrolled");

    assert_eq!(state_of(Factor::Knowledge, Level::Two, &stale, NOW, &fresh), FactorState::Stale);
    assert_eq!(state_of(Factor::Possession, Level::Two, &stale, NOW, &fresh), FactorState::Fresh);
    assert_eq!(state_of(Factor::Biometric, Level::Two, &stale, NOW, &fresh), FactorState::Never);
}

#[test]
fn auth_time_is_the_oldest_proof_that_the_emitted_level_counts() {
    let fresh = Freshness::default();
    let proofs = [
        ago(Method::Password, Span::minutes(50)),
        ago(Method::Password, Span::minutes(30)),
        ago(Method::Totp, Span::minutes(2)),
    ];
    let two = evidence(Level::Two, &proofs, NOW, &fresh).unwrap();
    assert_eq!(two.auth_time, NOW - Span::minutes(30));
    assert_eq!(two.amr(), ["pwd", "otp", "mfa"]);
    let one = evidence(Level::One, &proofs, NOW, &fresh).unwrap();
    assert_eq!(one.auth_time, NOW - Span::minutes(2));
    assert_eq!(one.amr(), ["otp"]);
    assert_eq!(evidence(Level::Three, &proofs, NOW, &fresh), None);

    let recent = proven_since(&proofs, NOW - Span::minutes(10));
    assert_eq!(level(&recent, NOW, &fresh), Some(Level::One));
}

#[test]
fn amr_names_a_method_once() {
    let evidence = Evidence { auth_time: NOW, methods: vec![Method::Totp, Method::Recovery] };
    assert_eq!(evidence.amr(), ["otp"]);
}

#[test]
fn freshness_that_grows_with_the_level_is_refused() {
    assert!(Freshness::new(Span::minutes(60), Span::minutes(15), Span::minutes(5)).is_ok());
    assert_eq!(Freshness::new(Span::minutes(5), Span::minutes(15), Span::minutes(5)), Err(FreshnessError));
    assert_eq!(Freshness::new(Span::minutes(60), Span::minutes(4), Span::minutes(5)), Err(FreshnessError));
    assert_eq!(Freshness::new(Span::minutes(60), Span::minutes(15), Span::ZERO), Err(FreshnessError));
}

fn any_proof() -> impl Strategy<Value = Proof> {
    (0..Method::ALL.len(), 0..100_i64)
        .prop_map(|(method, minutes)| Proof::new(Method::ALL[method], NOW - Span::minutes(minutes)))
}

fn any_proofs() -> impl Strategy<Value = Vec<Proof>> {
    prop::collection::vec(any_proof(), 0..7)
}

fn any_level() -> impl Strategy<Value = Level> {
    (0..4_usize).prop_map(|index| Level::ALL[index])
}

proptest! {
    /// However many steps were taken, in whatever order: no more than the table gives for the factors in them.
    #[test]
    fn no_sequence_of_steps_yields_more_than_its_factors(proofs in any_proofs(), mut shuffled in any_proofs()) {
        let factors: Factors = proofs.iter().map(Proof::factor).collect();
        prop_assert!(level_now(&proofs) <= Level::of(factors));
        // The same steps again, and in another order, are worth the same.
        shuffled.clear();
        shuffled.extend(proofs.iter().rev().chain(&proofs));
        prop_assert_eq!(level_now(&shuffled), level_now(&proofs));
    }

    #[test]
    fn stale_proofs_never_count(proofs in any_proofs(), wanted in any_level()) {
        let fresh = Freshness::default();
        let limit = match wanted { Level::One => 1_000_000, Level::Two => 60, Level::Three => 15, Level::Four => 5 };
        let young: Vec<Proof> =
            proofs.iter().copied().filter(|proof| NOW.since(proof.proven_at) <= Span::minutes(limit)).collect();
        prop_assert_eq!(level(&proofs, NOW, &fresh) >= Some(wanted), level(&young, NOW, &fresh) >= Some(wanted));
    }

    #[test]
    fn a_proof_more_never_lowers_and_time_never_raises(
        proofs in any_proofs(), more in any_proof(), minutes in 0..200_i64,
    ) {
        let mut longer = proofs.clone();
        longer.push(more);
        prop_assert!(level_now(&longer) >= level_now(&proofs));
        let later = level(&proofs, NOW + Span::minutes(minutes), &Freshness::default());
        prop_assert!(later <= level_now(&proofs));
    }

    /// Level, what is missing and the evidence are three views of one thing.
    #[test]
    fn the_three_answers_agree(proofs in any_proofs(), wanted in any_level()) {
        let fresh = Freshness::default();
        let reached = level(&proofs, NOW, &fresh) >= Some(wanted);
        let missing = missing_for(wanted, &proofs, NOW, &fresh);
        let evidence = evidence(wanted, &proofs, NOW, &fresh);
        prop_assert_eq!(missing.is_nothing(), reached);
        prop_assert_eq!(evidence.is_some(), reached);
        if let Some(evidence) = evidence {
            let factors: Factors = evidence.methods.iter().map(|method| method.factor()).collect();
            prop_assert!(Level::of(factors) >= Some(wanted));
            prop_assert!(proofs.iter().any(|proof| proof.proven_at == evidence.auth_time));
            // Nothing that it counts could be left out.
            for factor in factors.iter() {
                prop_assert!(Level::of(factors.without(Factors::of(factor))) < Some(wanted));
            }
        }
        // Proving exactly what was named missing reaches the level; proving less does not.
        for alternative in missing.alternatives() {
            let proven = |set: Factors| {
                let mut proofs = proofs.clone();
                proofs.extend(set.iter().map(|factor| {
                    Proof::new(Method::ALL.into_iter().find(|method| method.factor() == factor).unwrap(), NOW)
                }));
                level(&proofs, NOW, &fresh)
            };
            prop_assert!(proven(*alternative) >= Some(wanted));
            for factor in alternative.iter() {
                prop_assert!(proven(alternative.without(Factors::of(factor))) < Some(wanted));
            }
        }
    }

    #[test]
    fn filtering_by_time_never_raises(proofs in any_proofs(), minutes in 0..100_i64) {
        prop_assert!(level_now(&proven_since(&proofs, NOW - Span::minutes(minutes))) <= level_now(&proofs));
    }
}
