//! Passwords changed, sessions ended, accounts locked, opened and raised.

use dinhdanh::{
    assurance::{AccountLevel, LockReason, Party, Refusal},
    base::{Secret, Span, ids::AccountId},
    crypto::{password_policy::Unsuitable, totp},
    flows::{
        account::{
            change_password::{Change, Changed, change},
            desk::{self, AtDesk, DeskOutcome, Handover},
            lock::{LockChange, LockChanged, lock, unlock},
            overview::{Which, end_sessions, overview},
            register::Ineligible,
        },
        sessions::Recognised,
        sign_in::{
            password::SignedIn,
            second_factor::{CodeAttempt, CodeChecked, CodeKind, check_code},
        },
    },
    registry::{PersonalNumber, PhoneNumber, Vital},
    store::{accounts, audit::Actor, persons},
};

use crate::support::{
    people::{self, NUMBER, PASSWORD, PHONE, again, another, person, sign_in, signed_in},
    provider::TestProvider,
};

const NEW: &str = "gió thổi qua đồng lúa chín";

async fn change_it(at: &TestProvider, session: &Recognised, present: &str, new: &str) -> Changed {
    let request = Change {
        session,
        present: &Secret::new(present),
        new: &Secret::new(new),
        network: "192.0.2.1",
        user_agent: "test",
        now: at.now(),
    };
    change(&at.provider, &request).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_every_other_session_and_keeps_this_one_under_a_new_cookie() {
    for at in TestProvider::each().await {
        people::with_account(&at, person()).await;
        let (own, other) = (signed_in(&at, NUMBER, PASSWORD).await, signed_in(&at, NUMBER, PASSWORD).await);
        let Changed::Yes { ended, .. } = change_it(&at, &own, PASSWORD, NEW).await else { panic!("not changed") };
        assert_eq!(ended, 1);
        assert!(again(&at, &other).await.is_none());
        let after = again(&at, &own).await.unwrap();
        assert!(after.session.version > own.session.version);
        assert!(matches!(sign_in(&at, NUMBER, PASSWORD).await, SignedIn::Wrong));
        assert!(matches!(sign_in(&at, NUMBER, NEW).await, SignedIn::Yes { .. }));
        let told = at.messages().await.pop().unwrap();
        assert!(told.0 == "+84500000001" && told.1.contains("mật khẩu"), "{}", told.1);
        assert_eq!(at.audited("account.password_changed", "done").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_not_changed_without_the_present_one_or_for_one_like_it() {
    for at in TestProvider::each().await {
        people::with_account(&at, person()).await;
        let own = signed_in(&at, NUMBER, PASSWORD).await;
        assert!(matches!(change_it(&at, &own, PASSWORD, PASSWORD).await, Changed::Same));
        let weak = change_it(&at, &own, PASSWORD, "Nguyễn Văn Thử 1985").await;
        assert!(matches!(weak, Changed::Unsuitable(Unsuitable::Personal)));
        assert_eq!(again(&at, &own).await.unwrap().session.version, own.session.version);
        // Wrong ones are counted where sign-ins are: five, then a wait.
        for _ in 0..5 {
            assert!(matches!(change_it(&at, &own, "not the password", NEW).await, Changed::Wrong));
        }
        assert!(matches!(change_it(&at, &own, PASSWORD, NEW).await, Changed::Wait { .. }));
        assert!(matches!(sign_in(&at, NUMBER, PASSWORD).await, SignedIn::Wait { .. }));
        assert_eq!(at.messages().await.len(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_their_own_sessions_and_ends_one_or_all_and_nobody_elses() {
    for at in TestProvider::each().await {
        people::with_account(&at, person()).await;
        people::with_account(&at, another(77)).await;
        let stranger = signed_in(&at, "900085000077", PASSWORD).await;
        let one = signed_in(&at, NUMBER, PASSWORD).await;
        at.clock.advance(Span::minutes(1));
        let two = signed_in(&at, NUMBER, PASSWORD).await;
        at.clock.advance(Span::minutes(1));
        let three = signed_in(&at, NUMBER, PASSWORD).await;

        let seen = overview(&at.provider, &one, at.now()).await.unwrap();
        let ids: Vec<_> = seen.sessions.iter().map(|view| (view.session.id, view.current)).collect();
        assert_eq!(ids, [(one.session.id, true), (three.session.id, false), (two.session.id, false)]);
        assert_eq!((seen.name.full(), seen.level, seen.totp_added), ("Nguyễn Văn Thử", AccountLevel::One, None));
        assert!(seen.sessions[0].level.is_some());

        let end = async |which| end_sessions(&at.provider, &one, which, at.now()).await.unwrap();
        assert_eq!(end(Which::One(stranger.session.id)).await, []);
        assert!(again(&at, &stranger).await.is_some());
        assert_eq!(end(Which::One(two.session.id)).await, [two.session.id]);
        assert_eq!(end(Which::One(two.session.id)).await, [], "a second time");
        assert_eq!(end(Which::All).await.len(), 2);
        for ended in [&one, &two, &three] {
            assert!(again(&at, ended).await.is_none());
        }
        assert!(again(&at, &stranger).await.is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_idle_too_long_is_not_shown_and_still_ended() {
    let at = TestProvider::sqlite().await;
    people::with_account(&at, person()).await;
    let idle = signed_in(&at, NUMBER, PASSWORD).await;
    at.clock.advance(Span::minutes(31));
    let own = signed_in(&at, NUMBER, PASSWORD).await;
    assert_eq!(overview(&at.provider, &own, at.now()).await.unwrap().sessions.len(), 1);
    let ended = end_sessions(&at.provider, &own, Which::All, at.now()).await.unwrap();
    assert!(ended.contains(&idle.session.id) && ended.len() == 2);
}

fn by_holder(account: AccountId, at: &TestProvider) -> LockChange {
    LockChange {
        account,
        reason: LockReason::Holder,
        party: Party::Holder,
        actor: Actor::Person,
        note: String::new(),
        now: at.now(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_press_locks_and_everything_ends() {
    for at in TestProvider::each().await {
        let account = people::with_account(&at, person()).await;
        let (own, other) = (signed_in(&at, NUMBER, PASSWORD).await, signed_in(&at, NUMBER, PASSWORD).await);
        at.change(
            "INSERT INTO client (client_id, state, metadata, registered_by, created_at, updated_at) \
                   SELECT 'c', 'active', '{}', 'operator', created_at, created_at FROM account",
        )
        .await;
        at.change(
            "INSERT INTO grants (id, client_id, account_id, session_id, offline, authorized, created_at, expires_at) \
                   SELECT id, 'c', account_id, id, TRUE, '{}', created_at, expires_at FROM session",
        )
        .await;
        assert_eq!(lock(&at.provider, by_holder(account, &at)).await.unwrap(), LockChanged::Yes);
        assert!(again(&at, &own).await.is_none() && again(&at, &other).await.is_none());
        assert_eq!(at.count("SELECT count(*) FROM grants WHERE revoked_at IS NULL").await, 0, "offline ones too");
        let refused = sign_in(&at, NUMBER, PASSWORD).await;
        assert!(matches!(refused, SignedIn::NotPossible(Refusal::Locked(LockReason::Holder))), "{refused:?}");
        assert!(at.messages().await.pop().unwrap().1.contains("đã bị khóa"));
        assert_eq!(lock(&at.provider, by_holder(account, &at)).await.unwrap(), LockChanged::Already);
        assert_eq!(at.messages().await.len(), 1, "told once");

        assert_eq!(unlock(&at.provider, by_holder(account, &at)).await.unwrap(), LockChanged::Yes);
        assert!(matches!(sign_in(&at, NUMBER, PASSWORD).await, SignedIn::Yes { .. }));
        assert_eq!(unlock(&at.provider, by_holder(account, &at)).await.unwrap(), LockChanged::Already);
        for action in ["account.locked", "account.unlocked"] {
            assert_eq!(at.audited(action, "done").await, 1, "{action}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_set_and_lifted_by_its_own_party_and_one_reason_leaves_the_other() {
    let at = TestProvider::sqlite().await;
    let account = people::with_account(&at, person()).await;
    let by = |reason, party| LockChange { reason, party, ..by_holder(account, &at) };
    let not_theirs = lock(&at.provider, by(LockReason::Authority, Party::Holder)).await.unwrap();
    assert!(matches!(not_theirs, LockChanged::NotTheirs(_)));
    for (reason, party) in [(LockReason::Authority, Party::Authority), (LockReason::Holder, Party::Holder)] {
        assert_eq!(lock(&at.provider, by(reason, party)).await.unwrap(), LockChanged::Yes);
    }
    let not_theirs = unlock(&at.provider, by(LockReason::Authority, Party::Holder)).await.unwrap();
    assert!(matches!(not_theirs, LockChanged::NotTheirs(_)));
    assert_eq!(unlock(&at.provider, by_holder(account, &at)).await.unwrap(), LockChanged::Yes);
    let still = sign_in(&at, NUMBER, PASSWORD).await;
    assert!(matches!(still, SignedIn::NotPossible(Refusal::Locked(LockReason::Authority))), "{still:?}");
    let nobody = LockChange { account: AccountId(uuid::Uuid::nil()), ..by_holder(account, &at) };
    assert_eq!(lock(&at.provider, nobody).await.unwrap(), LockChanged::NoAccount);
}

fn at_desk(at: &TestProvider) -> AtDesk {
    AtDesk {
        number: PersonalNumber::parse(NUMBER).unwrap(),
        phone: PhoneNumber::parse(PHONE).unwrap(),
        actor: Actor::CommandLine,
        now: at.now(),
    }
}

/// What was handed over signs in, with both factors.
async fn works(at: &TestProvider, given: &Handover) {
    let session = signed_in(at, NUMBER, given.initial_password.reveal()).await;
    let code = totp::code_at(&given.totp_seed, at.now());
    let attempt =
        CodeAttempt { code: &code, kind: CodeKind::Totp, session: &session, interaction: None, now: at.now() };
    assert!(matches!(check_code(&at.provider, &attempt).await.unwrap(), CodeChecked::Right { .. }));
    assert!(given.totp_uri.reveal().starts_with("otpauth://totp/"));
    assert_eq!(given.recovery_codes.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_of_level_02_is_opened_at_the_desk_once() {
    for at in TestProvider::each().await {
        let id = people::add(&at, person()).await;
        let DeskOutcome::Done(given) = desk::open(&at.provider, &at_desk(&at), AccountLevel::Two).await.unwrap() else {
            panic!("not opened")
        };
        works(&at, &given).await;
        let stored = accounts::find_by_person(&mut at.conn().await, id).await.unwrap().unwrap();
        assert_eq!((stored.level, stored.id), (AccountLevel::Two, given.account));
        let again = desk::open(&at.provider, &at_desk(&at), AccountLevel::Two).await.unwrap();
        assert!(matches!(again, DeskOutcome::HasAccount));
        let raised = desk::raise(&at.provider, &at_desk(&at)).await.unwrap();
        assert!(matches!(raised, DeskOutcome::NoAccountOfLevel01));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_hold_an_account_gets_none_at_the_desk_either() {
    let at = TestProvider::sqlite().await;
    assert!(matches!(
        desk::open(&at.provider, &at_desk(&at), AccountLevel::Two).await.unwrap(),
        DeskOutcome::NobodyHasThisNumber
    ));
    let mut dead = person();
    dead.vital = Vital::Dead(None);
    people::add(&at, dead).await;
    let refused = desk::open(&at.provider, &at_desk(&at), AccountLevel::Two).await.unwrap();
    assert!(matches!(refused, DeskOutcome::Ineligible(Ineligible::NotAlive)), "{refused:?}");
}

/// The rise discards whatever proved the holder before: it may have been somebody else's (Decree 69/2024 Art 10(2)).
#[tokio::test(flavor = "multi_thread")]
async fn the_rise_to_level_02_leaves_nothing_of_the_earlier_means() {
    for at in TestProvider::each().await {
        let id = people::add(&at, person()).await;
        let DeskOutcome::Done(old) = desk::open(&at.provider, &at_desk(&at), AccountLevel::One).await.unwrap() else {
            panic!("not opened")
        };
        let session = signed_in(&at, NUMBER, old.initial_password.reveal()).await;
        let desk = AtDesk { phone: PhoneNumber::parse("0500000002").unwrap(), ..at_desk(&at) };
        let DeskOutcome::Done(given) = desk::raise(&at.provider, &desk).await.unwrap() else { panic!("not raised") };
        assert!(again(&at, &session).await.is_none());
        assert!(matches!(sign_in(&at, NUMBER, old.initial_password.reveal()).await, SignedIn::Wrong));
        works(&at, &given).await;
        let session = signed_in(&at, NUMBER, given.initial_password.reveal()).await;
        at.clock.advance(Span::secs(31));
        for (code, kind) in [
            (totp::code_at(&old.totp_seed, at.now()), CodeKind::Totp),
            (old.recovery_codes[0].clone(), CodeKind::Recovery),
        ] {
            let attempt = CodeAttempt { code: &code, kind, session: &session, interaction: None, now: at.now() };
            assert!(matches!(check_code(&at.provider, &attempt).await.unwrap(), CodeChecked::Wrong), "{kind:?}");
        }
        let told: Vec<_> = at.messages().await.into_iter().map(|(to, _)| to).collect();
        assert!(told.contains(&"+84500000001".to_owned()) && told.contains(&"+84500000002".to_owned()), "{told:?}");
        let stored = accounts::find_by_person(&mut at.conn().await, id).await.unwrap().unwrap();
        assert_eq!(stored.level, AccountLevel::Two);
        assert!(persons::find(&mut at.conn().await, id).await.unwrap().is_some());
        assert_eq!(at.audited("account.raised", "done").await, 1);
    }
}
