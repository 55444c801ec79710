//! What was lost is renewed at the desk, three days after it was asked for, and never behind the holder's back.

use dinhdanh::{
    assurance::{AccountLevel, LockReason, Party},
    base::{Secret, Span},
    crypto::totp,
    flows::{
        account::{
            desk::{self, AtDesk, DeskOutcome, Handover},
            lock::{LockChange, lock, unlock},
            renew::{Renewal, WAIT, refuse, renew, waiting},
        },
        sessions::Recognised,
        sign_in::{
            password::SignedIn,
            second_factor::{CodeAttempt, CodeChecked, CodeKind, check_code},
        },
    },
    registry::{PersonalNumber, PhoneNumber},
    store::audit::Actor,
};

use crate::support::{
    people::{self, NUMBER, PHONE, again, person, sign_in, signed_in},
    provider::TestProvider,
};

const OTHER_PHONE: &str = "0500000002";

fn desk(at: &TestProvider, phone: &str) -> AtDesk {
    let number = PersonalNumber::parse(NUMBER).unwrap();
    AtDesk { number, phone: PhoneNumber::parse(phone).unwrap(), actor: Actor::CommandLine, now: at.now() }
}

async fn opened(at: &TestProvider, level: AccountLevel) -> Handover {
    people::add(at, person()).await;
    match desk::open(&at.provider, &desk(at, PHONE), level).await.unwrap() {
        DeskOutcome::Done(given) => given,
        other => panic!("{other:?}"),
    }
}

async fn at_the_desk(at: &TestProvider) -> Renewal {
    renew(&at.provider, &desk(at, OTHER_PHONE)).await.unwrap()
}

async fn try_code(at: &TestProvider, session: &Recognised, code: &Secret, kind: CodeKind) -> CodeChecked {
    let attempt = CodeAttempt { code, kind, session, interaction: None, now: at.now() };
    check_code(&at.provider, &attempt).await.unwrap()
}

async fn told(at: &TestProvider, words: &str) -> Vec<String> {
    at.messages().await.into_iter().filter(|(_, text)| text.contains(words)).map(|(to, _)| to).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_new_after_three_days_and_nothing_before() {
    for at in TestProvider::each().await {
        let old = opened(&at, AccountLevel::Two).await;
        let due = at.now() + WAIT;
        assert!(matches!(at_the_desk(&at).await, Renewal::Waits { due: said, new: true } if said == due));
        // Told on the account's phone, which a thief does not have, and on the one that is given now.
        let mut phones = told(&at, "đề nghị cấp lại").await;
        phones.sort();
        assert_eq!(phones, ["+84500000001", "+84500000002"]);
        at.clock.advance(Span::secs(WAIT.as_secs() - 1));
        assert!(matches!(at_the_desk(&at).await, Renewal::Waits { due: said, new: false } if said == due));
        let session = signed_in(&at, NUMBER, old.initial_password.reveal()).await;
        at.clock.advance(Span::secs(1));
        let Renewal::Done(given) = at_the_desk(&at).await else { panic!("it is due") };
        assert!(again(&at, &session).await.is_none(), "every session ended");
        assert!(matches!(sign_in(&at, NUMBER, old.initial_password.reveal()).await, SignedIn::Wrong));
        let session = signed_in(&at, NUMBER, given.initial_password.reveal()).await;
        let old_code = totp::code_at(&old.totp_seed, at.now());
        assert!(matches!(try_code(&at, &session, &old_code, CodeKind::Totp).await, CodeChecked::Wrong));
        assert!(matches!(
            try_code(&at, &session, &old.recovery_codes[0], CodeKind::Recovery).await,
            CodeChecked::Wrong
        ));
        let code = totp::code_at(&given.totp_seed, at.now());
        assert!(matches!(try_code(&at, &session, &code, CodeKind::Totp).await, CodeChecked::Right { .. }));
        assert_eq!(told(&at, "đã được cấp lại").await.len(), 2);
        assert_eq!(
            (at.audited("account.renewal_asked", "done").await, at.audited("account.renewed", "done").await),
            (1, 1)
        );
        // Done once: the next is asked for anew.
        assert!(matches!(at_the_desk(&at).await, Renewal::Waits { new: true, .. }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_holder_calls_it_off_by_a_word_or_by_a_code() {
    for at in TestProvider::each().await {
        let given = opened(&at, AccountLevel::Two).await;
        let session = signed_in(&at, NUMBER, given.initial_password.reveal()).await;
        assert!(!refuse(&at.provider, &session, at.now()).await.unwrap(), "nothing to call off");
        at_the_desk(&at).await;
        assert!(waiting(&at.provider, &session, at.now()).await.unwrap().is_some());
        assert!(refuse(&at.provider, &session, at.now()).await.unwrap());
        assert!(waiting(&at.provider, &session, at.now()).await.unwrap().is_none());
        assert_eq!(told(&at, "đã bị hủy").await, ["+84500000001"]);
        at.clock.advance(WAIT);
        assert!(matches!(at_the_desk(&at).await, Renewal::Waits { new: true, .. }), "three days from now");

        for (code, kind) in [
            (given.recovery_codes[0].clone(), CodeKind::Recovery),
            (totp::code_at(&given.totp_seed, at.now()), CodeKind::Totp),
        ] {
            let session = signed_in(&at, NUMBER, given.initial_password.reveal()).await;
            assert!(matches!(try_code(&at, &session, &code, kind).await, CodeChecked::Right { .. }), "{kind:?}");
            assert!(waiting(&at.provider, &session, at.now()).await.unwrap().is_none(), "{kind:?}: not lost");
            assert!(matches!(at_the_desk(&at).await, Renewal::Waits { new: true, .. }), "{kind:?}");
        }
        assert_eq!(at.audited("account.renewed", "done").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_comes_first_and_a_renewal_that_nobody_fetched_is_over() {
    for at in TestProvider::each().await {
        let given = opened(&at, AccountLevel::Two).await;
        at_the_desk(&at).await;
        let change = LockChange {
            account: given.account,
            reason: LockReason::Holder,
            party: Party::Holder,
            actor: Actor::Person,
            note: String::new(),
            now: at.now(),
        };
        lock(&at.provider, change.clone()).await.unwrap();
        at.clock.advance(WAIT);
        assert!(matches!(at_the_desk(&at).await, Renewal::Locked));
        unlock(&at.provider, change).await.unwrap();
        at.clock.advance(Span::days(30));
        assert!(matches!(at_the_desk(&at).await, Renewal::Waits { new: true, .. }));
        at.clock.advance(WAIT);
        assert!(matches!(at_the_desk(&at).await, Renewal::Done(_)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_account_of_level_02_has_nothing_to_renew() {
    let at = TestProvider::sqlite().await;
    assert!(matches!(at_the_desk(&at).await, Renewal::NobodyHasThisNumber));
    opened(&at, AccountLevel::One).await;
    assert!(matches!(at_the_desk(&at).await, Renewal::NoAccountOfLevel02));
    let at = TestProvider::sqlite().await;
    opened(&at, AccountLevel::Two).await;
    at.change("UPDATE person SET vital = 'dead', version = version + 1").await;
    assert!(matches!(at_the_desk(&at).await, Renewal::Ineligible(_)));
    assert!(told(&at, "đề nghị cấp lại").await.is_empty());
}
