//! Self-registration: what leads to an account, what does not, and that nothing tells the two apart from outside.

use dinhdanh::{
    assurance::AccountLevel,
    base::{Secret, SecretBytes, Span},
    crypto::{Digest, digest::sha256, password_policy::Unsuitable},
    flows::account::{
        NobodyToAsk, RegistryContacts, SubscriberCheck,
        register::{
            Begin, Begun, Confirmed, Details, Finish, Finished, Resent, Step, abandon, begin, confirm, finish, resend,
            step,
        },
    },
    registry::{
        BirthDate, Card, CardKind, CardStatus, Expiry, PersonName, PersonRecord, PersonalNumber, PhoneNumber, Vital,
    },
    store::accounts,
};
use time::{Date, macros::date};

use crate::support::{
    database::TestDb,
    people::{self, NAME, NUMBER, PASSWORD, PHONE, another, person},
    provider::TestProvider,
};

fn details() -> Details {
    Details {
        number: PersonalNumber::parse(NUMBER).unwrap(),
        name: PersonName::parse(NAME).unwrap(),
        birth: BirthDate::parse("1985-03-05").unwrap(),
        card_issued: date!(2021 - 05 - 10),
        phone: PhoneNumber::parse(PHONE).unwrap(),
    }
}

fn browser() -> Digest {
    sha256(b"one browser")
}

/// One person's way, with a browser of their own.
struct Walk<'a> {
    at: &'a TestProvider,
    browser: Digest,
}

impl<'a> Walk<'a> {
    fn new(at: &'a TestProvider) -> Self {
        Self { at, browser: browser() }
    }

    async fn begin(&self, details: &Details) -> Begun {
        self.begin_with(&NobodyToAsk, details).await
    }

    async fn begin_with(&self, subscribers: &dyn SubscriberCheck, details: &Details) -> Begun {
        let typed = SecretBytes::new(b"as typed".to_vec());
        let (browser, network, now) = (&self.browser, "192.0.2.1", self.at.now());
        let request = Begin { details, typed: &typed, browser, network, interaction: None, now };
        begin(&self.at.provider, subscribers, &request).await.unwrap()
    }

    async fn confirm(&self, code: &str) -> Confirmed {
        confirm(&self.at.provider, &self.browser, code, self.at.now()).await.unwrap()
    }

    async fn resend(&self) -> Resent {
        resend(&self.at.provider, &self.browser, self.at.now()).await.unwrap()
    }

    async fn finish(&self, password: &str) -> Finished {
        let request = Finish { browser: &self.browser, password: &Secret::new(password), now: self.at.now() };
        finish(&self.at.provider, &request).await.unwrap()
    }

    async fn step(&self) -> Step {
        step(&self.at.provider, &self.browser, self.at.now()).await.unwrap()
    }

    async fn whole(&self, details: &Details) -> Finished {
        assert_eq!(self.begin(details).await, Begun::Yes);
        assert_eq!(self.confirm(&self.at.newest_code().await).await, Confirmed::Yes);
        self.finish(PASSWORD).await
    }
}

async fn accounts_made(at: &TestProvider) -> i64 {
    at.count("SELECT count(*) FROM account").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_person_gets_an_account_of_level_01() {
    for at in TestProvider::each().await {
        let id = people::add(&at, person()).await;
        let walk = Walk::new(&at);
        assert!(matches!(walk.step().await, Step::Details));
        assert_eq!(walk.begin(&details()).await, Begun::Yes);
        let Step::Code { phone, good_until } = walk.step().await else { panic!("no code is asked for") };
        assert_eq!((phone.national().as_str(), good_until), (PHONE, at.now() + Span::minutes(5)));
        let sent = at.messages().await;
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].0, "+84500000001");
        assert!(sent[0].1.contains("mã xác nhận") && sent[0].1.contains("5 phút"), "{}", sent[0].1);
        assert_eq!(walk.confirm(&at.newest_code().await).await, Confirmed::Yes);
        assert!(matches!(walk.step().await, Step::Password { person } if person == id));
        at.clock.advance(Span::minutes(1));
        assert!(matches!(walk.finish(PASSWORD).await, Finished::Yes { interaction: None, .. }));
        assert!(matches!(walk.step().await, Step::Done { person, .. } if person == id));
        let account = accounts::find_by_person(&mut at.conn().await, id).await.unwrap().unwrap();
        assert_eq!(account.level, AccountLevel::One);
        assert!(account.password_hash.unwrap().starts_with("$argon2id$"));
        let messages = at.messages().await;
        assert!(messages[1].0 == "+84500000001" && messages[1].1.contains("12:01 22/11/2026"), "{}", messages[1].1);
        assert_eq!(at.audited("account.registered", "done").await, 1);
    }
}

/// What must hold of the registry's person for a code to go out: each broken by itself, and nothing else looks different.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_match_sees_the_same_and_no_phone_hears_of_it() {
    fn stated(change: impl Fn(&mut Details)) -> (PersonRecord, Details) {
        let mut said = details();
        change(&mut said);
        (person(), said)
    }
    fn recorded(change: impl Fn(&mut PersonRecord)) -> (PersonRecord, Details) {
        let mut record = person();
        change(&mut record);
        (record, details())
    }
    fn with_card(change: impl Fn(&mut Card)) -> (PersonRecord, Details) {
        recorded(|record| change(record.card.as_mut().unwrap()))
    }
    fn born(birth: &str, issued: Date) -> (PersonRecord, Details) {
        let mut record = person();
        let mut said = details();
        (record.birth, said.birth) = (BirthDate::parse(birth).unwrap(), BirthDate::parse(birth).unwrap());
        record.card.as_mut().unwrap().issued_on = issued;
        said.card_issued = issued;
        (record, said)
    }
    let cases = [
        ("number", stated(|said| said.number = PersonalNumber::parse("900085000002").unwrap())),
        ("name", stated(|said| said.name = PersonName::parse("Nguyễn Văn Thứ").unwrap())),
        ("birth", stated(|said| said.birth = BirthDate::parse("1985-03-06").unwrap())),
        ("year alone", stated(|said| said.birth = BirthDate::parse("1985").unwrap())),
        ("card date", stated(|said| said.card_issued = date!(2021 - 05 - 11))),
        ("phone", stated(|said| said.phone = PhoneNumber::parse("0500000002").unwrap())),
        ("dead", recorded(|record| record.vital = Vital::Dead(None))),
        ("missing", recorded(|record| record.vital = Vital::MissingDeclared(None))),
        ("no card", recorded(|record| record.card = None)),
        ("card expired", with_card(|card| card.expiry = Expiry::On(date!(2026 - 11 - 21)))),
        ("card held", with_card(|card| card.status = CardStatus::Held)),
        ("certificate", with_card(|card| card.kind = CardKind::OriginCertificate)),
        ("no phone", recorded(|record| record.phone = None)),
        ("thirteen", born("2012-11-23", date!(2024 - 01 - 05))),
    ];
    for at in TestProvider::each().await {
        for (serial, (what, (record, said))) in cases.iter().enumerate() {
            let at = if serial == 0 { &at } else { &TestProvider::sqlite().await };
            people::add(at, record.clone()).await;
            let walk = Walk::new(at);
            assert_eq!(walk.begin(said).await, Begun::Yes, "{what}");
            assert!(matches!(walk.step().await, Step::Code { .. }), "{what}");
            assert_eq!(at.messages().await.len(), 0, "{what}");
            for _ in 0..5 {
                assert_eq!(walk.confirm("123456").await, Confirmed::Wrong, "{what}");
            }
            assert_eq!(walk.confirm("123456").await, Confirmed::CodeOver, "{what}");
            // Which of two codes is the newer is told by their times.
            at.clock.advance(Span::secs(1));
            assert_eq!(walk.resend().await, Resent::Yes, "{what}");
            assert_eq!(walk.confirm("123456").await, Confirmed::Wrong, "{what}");
            assert_eq!(walk.finish(PASSWORD).await, Finished::Nothing, "{what}");
            assert_eq!((at.messages().await.len(), accounts_made(at).await), (0, 0), "{what}");
            assert_eq!(at.audited("registration.begun", "refused").await, 1, "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_day_of_a_card_and_the_fourteenth_birthday_are_enough() {
    let mut record = person();
    record.birth = BirthDate::parse("2012-11-22").unwrap();
    record.card.as_mut().unwrap().expiry = Expiry::On(date!(2026 - 11 - 22));
    let said = Details { birth: record.birth, ..details() };
    let at = TestProvider::sqlite().await;
    people::add(&at, record).await;
    assert!(matches!(Walk::new(&at).whole(&said).await, Finished::Yes { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_telephone_company_may_say_whose_a_phone_is() {
    struct Company(bool);
    impl SubscriberCheck for Company {
        fn is_own<'a>(
            &'a self,
            question: dinhdanh::flows::account::SubscriberQuestion<'a>,
        ) -> dinhdanh::flows::account::subscriber_check::SubscriberAnswer<'a> {
            assert_eq!(question.number.as_str(), NUMBER);
            Box::pin(async move { Ok(self.0) })
        }
    }
    let said = Details { phone: PhoneNumber::parse("0912345678").unwrap(), ..details() };
    for (says, messages) in [(true, 1), (false, 0)] {
        let at = TestProvider::sqlite().await;
        people::add(&at, person()).await;
        assert_eq!(Walk::new(&at).begin_with(&Company(says), &said).await, Begun::Yes);
        assert_eq!(at.messages().await.len(), messages);
    }
    // The demo's company knows the synthetic registry's contacts and no others.
    let at = TestProvider::sqlite().await;
    people::add(&at, person()).await;
    let company = RegistryContacts(at.provider.clone());
    let (number, own) = (details().number, details().phone);
    let question = |phone| dinhdanh::flows::account::SubscriberQuestion { number: &number, phone };
    assert!(company.is_own(question(&own)).await.unwrap());
    assert!(!company.is_own(question(&said.phone)).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_a_person_and_registering_again_tells_only_its_holder() {
    for at in TestProvider::each().await {
        people::add(&at, person()).await;
        assert!(matches!(Walk::new(&at).whole(&details()).await, Finished::Yes { .. }));
        let before = at.messages().await.len();
        let again = Walk { at: &at, browser: sha256(b"another browser") };
        at.clock.advance(Span::minutes(1));
        assert_eq!(again.begin(&details()).await, Begun::Yes);
        assert!(matches!(again.step().await, Step::Code { .. }));
        let messages = at.messages().await;
        assert_eq!(messages.len(), before + 1);
        assert!(messages[before].1.contains("đã có tài khoản"), "{}", messages[before].1);
        assert!(!messages[before].1.contains("mã xác nhận"));
        assert_eq!(again.confirm("000000").await, Confirmed::Wrong);
        assert_eq!(again.finish(PASSWORD).await, Finished::Nothing);
        assert_eq!(accounts_made(&at).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_registrations_confirmed_at_once_make_one_account() {
    for at in TestProvider::each().await {
        people::add(&at, person()).await;
        let walks = [Walk::new(&at), Walk { at: &at, browser: sha256(b"another browser") }];
        for walk in &walks {
            assert_eq!(walk.begin(&details()).await, Begun::Yes);
            assert_eq!(walk.confirm(&at.newest_code().await).await, Confirmed::Yes);
            at.clock.advance(Span::secs(11));
        }
        let (one, other) = tokio::join!(walks[0].finish(PASSWORD), walks[1].finish(PASSWORD));
        let made = [one, other].iter().filter(|made| matches!(made, Finished::Yes { .. })).count();
        assert_eq!((made, accounts_made(&at).await), (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_used_once_by_its_browser_within_five_minutes_and_five_tries() {
    for at in TestProvider::each().await {
        people::add(&at, person()).await;
        let walk = Walk::new(&at);
        walk.begin(&details()).await;
        let code = at.newest_code().await;
        let stranger = Walk { at: &at, browser: sha256(b"another browser") };
        assert_eq!(stranger.confirm(&code).await, Confirmed::Nothing);
        let wrong = if code == "000000" { "000001" } else { "000000" };
        for _ in 0..5 {
            assert_eq!(walk.confirm(wrong).await, Confirmed::Wrong);
        }
        assert_eq!(walk.confirm(&code).await, Confirmed::CodeOver, "the right one after five wrong ones");

        at.clock.advance(Span::secs(11));
        assert_eq!(walk.resend().await, Resent::Yes);
        let second = at.newest_code().await;
        if code != second {
            assert_eq!(walk.confirm(&code).await, Confirmed::Wrong, "the older code");
        }
        at.clock.advance(Span::minutes(5));
        assert_eq!(walk.confirm(&second).await, Confirmed::CodeOver, "five minutes later");

        assert_eq!(walk.resend().await, Resent::Yes);
        let third = at.newest_code().await;
        at.clock.advance(Span::micros(Span::minutes(5).as_micros() - 1));
        assert_eq!(walk.confirm(&third).await, Confirmed::Yes);
        assert_eq!(walk.confirm(&third).await, Confirmed::Nothing, "a second time");
        assert_eq!(walk.resend().await, Resent::Nothing);
        assert!(matches!(walk.finish(PASSWORD).await, Finished::Yes { .. }));
        assert_eq!(walk.finish(PASSWORD).await, Finished::Nothing, "a second account");
        assert_eq!(at.audited("registration.code_sent_again", "done").await, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_two_tries_at_once_are_five_tries() {
    for at in TestProvider::each().await {
        people::add(&at, person()).await;
        let walk = Walk::new(&at);
        walk.begin(&details()).await;
        let code = at.newest_code().await;
        let wrong = if code == "000000" { "000001" } else { "000000" };
        let answers = futures_util::future::join_all((0..32).map(|_| walk.confirm(wrong))).await;
        assert_eq!(answers.iter().filter(|answer| **answer == Confirmed::Wrong).count(), 5);
        assert!(answers.iter().all(|answer| matches!(answer, Confirmed::Wrong | Confirmed::CodeOver)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_ends_after_half_an_hour_and_when_it_is_abandoned() {
    for at in TestProvider::each().await {
        people::add(&at, person()).await;
        let walk = Walk::new(&at);
        walk.begin(&details()).await;
        walk.confirm(&at.newest_code().await).await;
        at.clock.advance(Span::minutes(30));
        assert!(matches!(walk.step().await, Step::Over));
        assert_eq!(walk.finish(PASSWORD).await, Finished::Nothing);

        walk.begin(&details()).await;
        let other = sha256(b"another browser");
        assert!(abandon(&at.provider, &other, at.now()).await.unwrap().is_none(), "nobody else's");
        let typed = abandon(&at.provider, &walk.browser, at.now()).await.unwrap();
        assert_eq!(typed.unwrap().reveal(), b"as typed");
        assert!(abandon(&at.provider, &walk.browser, at.now()).await.unwrap().is_none(), "once");
        assert_eq!(at.audited("registration.abandoned", "done").await, 1);
        assert_eq!(at.count("SELECT count(*) FROM registration WHERE details_sealed IS NOT NULL").await, 0);
        assert!(matches!(walk.step().await, Step::Over));
        assert_eq!(walk.confirm(&at.newest_code().await).await, Confirmed::Nothing);
        assert_eq!(accounts_made(&at).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_died_or_lost_the_card_meanwhile_gets_no_account() {
    for sql in ["UPDATE person SET vital = 'dead', version = version + 1", "UPDATE card SET state = 'lost'"] {
        for at in TestProvider::each().await {
            people::add(&at, person()).await;
            let walk = Walk::new(&at);
            walk.begin(&details()).await;
            assert_eq!(walk.confirm(&at.newest_code().await).await, Confirmed::Yes);
            at.change(sql).await;
            assert_eq!(walk.finish(PASSWORD).await, Finished::Nothing, "{sql}");
            assert_eq!(accounts_made(&at).await, 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsuitable_password_is_told_and_nothing_is_lost() {
    let at = TestProvider::sqlite().await;
    people::add(&at, person()).await;
    let walk = Walk::new(&at);
    walk.begin(&details()).await;
    walk.confirm(&at.newest_code().await).await;
    for (password, why) in [
        ("ngắn", Unsuitable::TooShort),
        ("Nguyễn Văn Thử 1985", Unsuitable::Personal),
        ("900085000001ab", Unsuitable::Personal),
        ("05031985 0500000001", Unsuitable::Personal),
        ("aaaaaaaaaaaaaa", Unsuitable::Repetitive),
    ] {
        assert_eq!(walk.finish(password).await, Finished::Unsuitable(why), "{password}");
    }
    assert!(matches!(walk.finish(PASSWORD).await, Finished::Yes { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_are_limited_alike_for_people_who_exist_and_who_do_not() {
    for at in TestProvider::each().await {
        people::add(&at, person()).await;
        let nobody = Details { number: PersonalNumber::parse("900085000099").unwrap(), ..details() };
        let mut answers = Vec::new();
        for said in [details(), nobody] {
            let walk = Walk::new(&at);
            let mut of_one = Vec::new();
            for _ in 0..7 {
                of_one.push(walk.begin(&said).await);
            }
            answers.push(of_one);
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0][4], Begun::Yes);
        assert_eq!(answers[0][5], Begun::Wait { until: at.now() + Span::minutes(1) });
        at.clock.advance(Span::minutes(1));
        assert_eq!(Walk::new(&at).begin(&details()).await, Begun::Yes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_gets_at_most_ten_messages_a_day_and_the_pages_do_not_tell() {
    for at in TestProvider::each().await {
        people::add(&at, person()).await;
        let walk = Walk::new(&at);
        for round in 0..4 {
            at.clock.advance(Span::minutes(40));
            assert_eq!(walk.begin(&details()).await, Begun::Yes, "{round}");
            for _ in 0..3 {
                at.clock.advance(Span::secs(11));
                assert_eq!(walk.resend().await, Resent::Yes);
            }
        }
        assert_eq!(at.messages().await.len(), 10);
        // What is shown as sent but was not has no code that fits, the older ones included.
        let last = at.newest_code().await;
        assert_eq!(walk.confirm(&last).await, Confirmed::Wrong);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn further_codes_are_rationed_alike_whether_they_go_out_or_not() {
    for at in TestProvider::each().await {
        people::add(&at, person()).await;
        let nobody = Details { number: PersonalNumber::parse("900085000099").unwrap(), ..details() };
        let mut answers = Vec::new();
        for said in [details(), nobody] {
            let walk = Walk::new(&at);
            walk.begin(&said).await;
            answers.push([walk.resend().await, walk.resend().await]);
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0][0], Resent::Yes);
        assert_eq!(answers[0][1], Resent::Wait { until: at.now() + Span::secs(10) });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_waits_until_every_answer_would_be_ready() {
    let least = std::time::Duration::from_millis(400);
    let set = |settings: &mut dinhdanh::flows::Settings| settings.lifetimes.registration_answer = Span::millis(400);
    let at = TestProvider::with(TestDb::sqlite().await, set).await;
    people::add(&at, person()).await;
    let nobody = Details { number: PersonalNumber::parse("900085000099").unwrap(), ..details() };
    for said in [details(), nobody] {
        let walk = Walk::new(&at);
        let started = std::time::Instant::now();
        walk.begin(&said).await;
        let begun = started.elapsed();
        walk.resend().await;
        assert!(begun >= least && started.elapsed().saturating_sub(begun) >= least, "{begun:?}");
    }
}

async fn codes_sent(at: &TestProvider) -> bool {
    at.messages().await.iter().any(|(_, text)| text.contains("mã xác nhận"))
}

/// Random walks over every move there is: an account exists at the end only if details matched and the code that was sent
/// was typed, in that order, in that browser.
#[tokio::test(flavor = "multi_thread")]
async fn no_order_of_moves_reaches_a_password_without_a_confirmed_code() {
    let at = TestProvider::sqlite().await;
    let dice = dinhdanh::base::Entropy::counted(2_026);
    for round in 0..60_u32 {
        let record = another(100 + round);
        let said = Details { number: record.number, phone: record.phone.clone().unwrap(), ..details() };
        let id = people::add(&at, record).await;
        let walk = Walk { at: &at, browser: sha256(&round.to_be_bytes()) };
        let (mut matched, mut confirmed) = (false, false);
        for _ in 0..12 {
            at.clock.advance(Span::secs(i64::from(dice.below(400))));
            let live = !matches!(walk.step().await, Step::Over | Step::Details | Step::Done { .. });
            match dice.below(8) {
                0 => {
                    let wrong = Details { birth: BirthDate::parse("1990-01-01").unwrap(), ..said.clone() };
                    if walk.begin(&wrong).await == Begun::Yes {
                        (matched, confirmed) = (false, false);
                    }
                }
                1 | 2 => {
                    if walk.begin(&said).await == Begun::Yes {
                        (matched, confirmed) = (true, false);
                    }
                }
                3 => drop(walk.confirm("000000").await),
                4 | 5 if codes_sent(&at).await => {
                    let right = walk.confirm(&at.newest_code().await).await == Confirmed::Yes;
                    assert!(!right || (matched && live && !confirmed));
                    confirmed |= right;
                }
                6 => {
                    abandon(&at.provider, &walk.browser, at.now()).await.unwrap();
                    (matched, confirmed) = (false, false);
                }
                _ => {
                    let made = matches!(walk.finish(PASSWORD).await, Finished::Yes { .. });
                    assert!(!made || (matched && confirmed && live), "round {round}");
                    if made {
                        break;
                    }
                }
            }
        }
        let account = accounts::find_by_person(&mut at.conn().await, id).await.unwrap();
        assert!(account.is_none() || (matched && confirmed), "round {round}");
    }
    let made = accounts_made(&at).await;
    assert!(made > 0 && made < 60, "the walk meets both ends: {made}");
}
