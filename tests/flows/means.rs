//! An authenticator app and recovery codes: only after proofs of a moment ago, told to the holder, shown to one session.

use dinhdanh::{
    assurance::Method,
    base::{Secret, SecretBytes, Span},
    crypto::totp,
    flows::{
        account::{
            confirm_phone::{self, PhoneConfirmed},
            enrol_totp::{Enrolled, enrol},
            means::{Advanced, Goal, Step, advance, step},
            recovery_codes::put_away,
        },
        sessions::Recognised,
        sign_in::second_factor::{CodeAttempt, CodeChecked, CodeKind, check_code},
    },
    store::authenticators,
};

use crate::support::{
    people::{self, NUMBER, PASSWORD, PHONE, again, person, signed_in},
    provider::TestProvider,
};

/// One signed-in session of a person without an authenticator app.
struct Page<'a> {
    at: &'a TestProvider,
    session: Recognised,
}

impl<'a> Page<'a> {
    async fn open(at: &'a TestProvider) -> Self {
        people::with_account(at, person()).await;
        Self::of(at).await
    }

    async fn of(at: &'a TestProvider) -> Self {
        Self { at, session: signed_in(at, NUMBER, PASSWORD).await }
    }

    async fn step(&self, goal: Goal) -> Step {
        step(&self.at.provider, &self.session, goal, self.at.now()).await.unwrap()
    }

    async fn advance(&self, goal: Goal) -> Advanced {
        advance(&self.at.provider, &self.session, goal, self.at.now()).await.unwrap()
    }

    async fn confirm(&self, code: &str) -> PhoneConfirmed {
        confirm_phone::confirm(&self.at.provider, &self.session, code, self.at.now()).await.unwrap()
    }

    async fn enrol(&self, code: &str) -> Enrolled {
        enrol(&self.at.provider, &self.session, &Secret::new(code), self.at.now()).await.unwrap()
    }

    /// Through the phone's code to the goal.
    async fn reach(&self, goal: Goal) {
        assert_eq!(self.advance(goal).await, Advanced::Yes);
        assert_eq!(self.confirm(&self.at.newest_code().await).await, PhoneConfirmed::Yes);
        assert_eq!(self.advance(goal).await, Advanced::Yes);
    }

    async fn enrol_wholly(&self) -> (SecretBytes, Vec<Secret>) {
        self.reach(Goal::Totp).await;
        let Step::Seed(seed) = self.step(Goal::Totp).await else { panic!("no seed") };
        let code = totp::code_at(&seed, self.at.now());
        assert_eq!(self.enrol(code.reveal()).await, Enrolled::Yes);
        let Step::Codes { codes, .. } = self.step(Goal::Totp).await else { panic!("no codes") };
        (seed, codes)
    }

    /// With the second factor, from now on a proof of this session.
    async fn prove(&mut self, code: &Secret) {
        assert!(matches!(self.sign_in_code(CodeKind::Totp, code).await, CodeChecked::Right { .. }));
        self.session = again(self.at, &self.session).await.unwrap();
    }

    async fn sign_in_code(&self, kind: CodeKind, code: &Secret) -> CodeChecked {
        let session = again(self.at, &self.session).await.unwrap();
        let attempt = CodeAttempt { code, kind, session: &session, interaction: None, now: self.at.now() };
        check_code(&self.at.provider, &attempt).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn password_then_phone_then_the_first_code_and_the_holder_is_told() {
    for at in TestProvider::each().await {
        let page = Page::open(&at).await;
        assert!(matches!(page.step(Goal::Totp).await, Step::Password));
        assert_eq!(page.advance(Goal::Totp).await, Advanced::Yes);
        let Step::Phone { phone, good_until } = page.step(Goal::Totp).await else { panic!("no phone code is asked") };
        assert_eq!((phone.national().as_str(), good_until), (PHONE, at.now() + Span::minutes(5)));
        assert_eq!(page.enrol("000000").await, Enrolled::Nothing, "before the phone's code");
        assert_eq!(page.confirm(&at.newest_code().await).await, PhoneConfirmed::Yes);
        assert_eq!(page.advance(Goal::Totp).await, Advanced::Yes);
        let Step::Seed(seed) = page.step(Goal::Totp).await else { panic!("no seed is shown") };
        let right = totp::code_at(&seed, at.now());
        let wrong = if right.reveal() == "000000" { "000001" } else { "000000" };
        assert_eq!(page.enrol(wrong).await, Enrolled::Wrong);
        at.clock.advance(Span::secs(1));
        assert_eq!(page.enrol(right.reveal()).await, Enrolled::Yes);
        let told = at.messages().await.pop().unwrap();
        assert!(told.0 == "+84500000001" && told.1.contains("ứng dụng xác thực mới"), "{}", told.1);
        for action in ["account.phone_code_sent", "account.phone_confirmed", "account.totp_begun", "account.totp_added"]
        {
            assert_eq!(at.audited(action, "done").await, 1, "{action}");
        }
        // The first code was of this step: it does not sign in with it again.
        assert!(matches!(page.sign_in_code(CodeKind::Totp, &right).await, CodeChecked::Wrong));
        at.clock.advance(Span::secs(30));
        let next = totp::code_at(&seed, at.now());
        assert!(matches!(page.sign_in_code(CodeKind::Totp, &next).await, CodeChecked::Right { .. }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_fresh_proofs_nothing_is_enrolled_or_made() {
    for at in TestProvider::each().await {
        let page = Page::open(&at).await;
        // The password is too old.
        at.clock.advance(Span::micros(Span::minutes(10).as_micros() + 1));
        for goal in [Goal::Totp, Goal::RecoveryCodes] {
            assert_eq!(page.advance(goal).await, Advanced::No);
        }
        assert_eq!(at.messages().await.len(), 0);
        // The phone's code is too old when the app's first code comes.
        let page = Page::of(&at).await;
        page.reach(Goal::Totp).await;
        let Step::Seed(seed) = page.step(Goal::Totp).await else { panic!("no seed") };
        at.clock.advance(Span::minutes(11));
        assert!(matches!(page.step(Goal::Totp).await, Step::Password), "the seed is shown no more");
        let late = totp::code_at(&seed, at.now());
        assert_eq!(page.enrol(late.reveal()).await, Enrolled::Nothing);
        assert_eq!(at.count("SELECT count(*) FROM totp WHERE state = 'active'").await, 0);
        assert_eq!(at.count("SELECT count(*) FROM recovery_code").await, 0);
        // Another session's phone code is not this one's.
        let (one, other) = (Page::of(&at).await, Page::of(&at).await);
        one.reach(Goal::Totp).await;
        assert!(matches!(other.step(Goal::Totp).await, Step::Password));
        assert_eq!(other.enrol(totp::code_at(&seed, at.now()).reveal()).await, Enrolled::Nothing);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_code_raises_no_level_and_ends_with_its_session() {
    for at in TestProvider::each().await {
        let page = Page::open(&at).await;
        page.reach(Goal::Totp).await;
        let session = again(&at, &page.session).await.unwrap();
        assert!(session.session.proofs.iter().all(|proof| proof.method == Method::Password));
        at.change("UPDATE session SET ended_at = created_at").await;
        assert_eq!(page.confirm(&at.newest_code().await).await, PhoneConfirmed::CodeOver);
        assert_eq!(page.advance(Goal::Totp).await, Advanced::No);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_codes_are_shown_to_their_session_until_put_away() {
    for at in TestProvider::each().await {
        let page = Page::open(&at).await;
        let (_, codes) = page.enrol_wholly().await;
        assert_eq!(codes.len(), 10);
        let Step::Codes { codes: shown_again, made } = page.step(Goal::RecoveryCodes).await else { panic!("gone") };
        assert!(made == at.now() && shown_again.iter().zip(&codes).all(|(a, b)| a.reveal() == b.reveal()));
        let other = Page::of(&at).await;
        assert!(matches!(other.step(Goal::RecoveryCodes).await, Step::SecondFactor));
        put_away(&at.provider, &page.session).await.unwrap();
        assert!(matches!(page.step(Goal::RecoveryCodes).await, Step::SecondFactor));
        assert_eq!(at.count("SELECT count(*) FROM recovery_sheet").await, 0);
        assert!(matches!(page.sign_in_code(CodeKind::Recovery, &codes[3]).await, CodeChecked::Right { .. }));
        assert!(matches!(page.sign_in_code(CodeKind::Recovery, &codes[3]).await, CodeChecked::Wrong));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sheet_is_gone_after_ten_minutes() {
    let at = TestProvider::sqlite().await;
    let page = Page::open(&at).await;
    page.enrol_wholly().await;
    at.clock.advance(Span::minutes(10));
    assert!(matches!(page.step(Goal::RecoveryCodes).await, Step::SecondFactor));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_app_takes_the_earlier_ones_place_and_its_proofs() {
    for at in TestProvider::each().await {
        let page = Page::open(&at).await;
        let (old_seed, old_codes) = page.enrol_wholly().await;
        put_away(&at.provider, &page.session).await.unwrap();
        // Somebody with the old device is at level 2 in another session.
        let thief = Page::of(&at).await;
        at.clock.advance(Span::secs(31));
        let code = totp::code_at(&old_seed, at.now());
        assert!(matches!(thief.sign_in_code(CodeKind::Totp, &code).await, CodeChecked::Right { .. }));
        assert_eq!(again(&at, &thief.session).await.unwrap().session.proofs.len(), 2);

        // A password alone does not put another app in its place.
        let mut page = Page::of(&at).await;
        let sent = at.messages().await.len();
        assert_eq!(page.advance(Goal::Totp).await, Advanced::Yes);
        assert!(matches!(page.step(Goal::Totp).await, Step::SecondFactor) && at.messages().await.len() == sent);
        at.clock.advance(Span::secs(31));
        page.prove(&totp::code_at(&old_seed, at.now())).await;
        let (new_seed, _) = page.enrol_wholly().await;
        let left = again(&at, &thief.session).await.unwrap();
        assert!(left.session.proofs.iter().all(|proof| proof.method == Method::Password), "the old app's proof");
        at.clock.advance(Span::secs(31));
        let (old, new) = (totp::code_at(&old_seed, at.now()), totp::code_at(&new_seed, at.now()));
        assert!(matches!(page.sign_in_code(CodeKind::Totp, &old).await, CodeChecked::Wrong));
        assert!(matches!(page.sign_in_code(CodeKind::Recovery, &old_codes[0]).await, CodeChecked::Wrong));
        assert!(matches!(page.sign_in_code(CodeKind::Totp, &new).await, CodeChecked::Right { .. }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn new_recovery_codes_need_an_app_and_replace_the_earlier_ones() {
    for at in TestProvider::each().await {
        let mut page = Page::open(&at).await;
        assert!(matches!(page.step(Goal::RecoveryCodes).await, Step::NeedsTotp));
        page.advance(Goal::RecoveryCodes).await;
        page.confirm(&at.newest_code().await).await;
        assert_eq!(page.advance(Goal::RecoveryCodes).await, Advanced::No, "no app, no codes");
        let (seed, old) = {
            page.advance(Goal::Totp).await;
            let Step::Seed(seed) = page.step(Goal::Totp).await else { panic!("no seed") };
            assert_eq!(page.enrol(totp::code_at(&seed, at.now()).reveal()).await, Enrolled::Yes);
            let Step::Codes { codes, .. } = page.step(Goal::Totp).await else { panic!("no codes") };
            (seed, codes)
        };
        // Within the moment the proofs of before still hold; the app that there is now is one more.
        at.clock.advance(Span::secs(31));
        page.prove(&totp::code_at(&seed, at.now())).await;
        assert_eq!(page.advance(Goal::RecoveryCodes).await, Advanced::Yes);
        let Step::Codes { codes: new, .. } = page.step(Goal::RecoveryCodes).await else { panic!("no codes") };
        assert!(new.iter().all(|code| old.iter().all(|old| old.reveal() != code.reveal())));
        assert!(matches!(page.sign_in_code(CodeKind::Recovery, &old[0]).await, CodeChecked::Wrong));
        assert!(matches!(page.sign_in_code(CodeKind::Recovery, &new[0]).await, CodeChecked::Right { .. }));
        let left = authenticators::recovery_left(&mut at.conn().await, page.session.account.account_id).await.unwrap();
        assert_eq!(left, 9);
        assert_eq!(at.audited("account.recovery_codes_made", "done").await, 1, "those of the app are told of with it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_that_was_locked_meanwhile_is_not_changed() {
    for at in TestProvider::each().await {
        let page = Page::open(&at).await;
        page.reach(Goal::Totp).await;
        let Step::Seed(seed) = page.step(Goal::Totp).await else { panic!("no seed") };
        at.change("UPDATE account SET version = version + 1").await;
        assert_eq!(page.enrol(totp::code_at(&seed, at.now()).reveal()).await, Enrolled::Nothing);
        assert_eq!(at.audited("account.totp_added", "refused").await, 1);
        assert_eq!(at.count("SELECT count(*) FROM recovery_code").await, 0);
    }
}
