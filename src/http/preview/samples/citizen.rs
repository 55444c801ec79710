//! The pages that a person opens by themselves: welcome, registration, account, leaving.

use super::{NOON, NUMBER, Sample, alone, asked, portal, sample};
use crate::{
    assurance::AccountLevel,
    base::Secret,
    http::{
        account::view::{
            AccountPage, AddTotpPage, AgreementRow, AgreementsPage, Before, ChangePasswordPage, ConfirmPasswordPage,
            ConfirmPhonePage, Done, EndAllPage, LockPage, Means, PortalRow, RecoveryCodesPage, RequestRow, SessionRow,
            Told, ToldPage, UseRow, UsesPage,
        },
        frame::{Html, Phrase, Problem, Problems, typed::TypedDate},
        home::view::{Registration, WelcomePage},
        lang::Lang,
        logout::view::{ConfirmPage, SignedOutPage, WayBack},
        register::view::{DetailsPage, DonePage, PasswordPage, PhoneCodePage, Stopped, StoppedPage},
    },
};

pub fn all(lang: Lang) -> Vec<Sample> {
    let mut samples = welcome(lang);
    samples.extend(register_details(lang));
    samples.extend(register_rest(lang));
    samples.extend(account(lang));
    samples.extend(means(lang));
    samples.extend(uses(lang));
    samples.extend(agreements(lang));
    samples.extend(logout(lang));
    samples
}

fn person() -> Phrase {
    Phrase::vi("NGUYỄN VĂN THỬ")
}

fn welcome(lang: Lang) -> Vec<Sample> {
    let page = |signed_in, registration| WelcomePage { signed_in, registration }.render(&alone(lang));
    vec![
        sample("welcome", page(None, Registration::Open)),
        sample("welcome-closed", page(None, Registration::Closed)),
        sample("welcome-signed-in", page(Some(person()), Registration::Open)),
    ]
}

fn register_details(lang: Lang) -> Vec<Sample> {
    let filled = DetailsPage {
        number: "9000 8500".to_owned(),
        name: "Nguyễn Văn <Thử>".to_owned(),
        birth: TypedDate { year: "1985".to_owned(), ..TypedDate::default() },
        card_issued: TypedDate { day: "31".to_owned(), month: "2".to_owned(), year: "2022".to_owned() },
        phone: "0900 000".to_owned(),
        problems: Problems::none(),
    };
    let with = |problems: &[Problem]| DetailsPage { problems: Problems(problems.to_vec()), ..filled.clone() };
    let missing = [
        Problem::NumberMissing,
        Problem::NameMissing,
        Problem::BirthDateMissing,
        Problem::CardDateMissing,
        Problem::PhoneMissing,
    ];
    let form = [Problem::NumberForm, Problem::BirthDateForm, Problem::CardDateForm, Problem::PhoneForm];
    let frame = asked(lang);
    vec![
        sample("register-details", DetailsPage::default().render(&alone(lang))),
        sample("register-details-missing", with(&missing).render(&frame)),
        sample("register-details-form", with(&form).render(&frame)),
    ]
}

fn register_rest(lang: Lang) -> Vec<Sample> {
    let (alone, asked) = (alone(lang), asked(lang));
    let code = |sent_again, problems| {
        PhoneCodePage { phone_end: "678".to_owned(), good_until: NOON, sent_again, problems }.render(&alone)
    };
    let password = |problems| PasswordPage { number: NUMBER.to_owned(), min_length: 12, problems }.render(&alone);
    let done = DonePage { name: person(), level: AccountLevel::One };
    let mut samples = vec![
        sample("register-code", code(false, Problems::none())),
        sample("register-code-again", code(true, Problems::none())),
        sample("register-code-expired", code(false, Problems::one(Problem::CodeExpired))),
        sample("register-code-many", code(false, Problems::one(Problem::CodeTooMany { minutes: 1 }))),
        sample("register-password", password(Problems::none())),
        sample("register-done", done.render(&alone)),
        sample("register-done-portal", done.render(&asked)),
    ];
    for (name, problem) in [
        ("register-password-missing", Problem::NewPasswordMissing),
        ("register-password-short", Problem::NewPasswordShort { min: 12 }),
        ("register-password-long", Problem::NewPasswordLong { max: 128 }),
        ("register-password-common", Problem::NewPasswordCommon),
        ("register-password-repetitive", Problem::NewPasswordRepetitive),
        ("register-password-personal", Problem::NewPasswordPersonal),
    ] {
        samples.push(sample(name, password(Problems::one(problem))));
    }
    for (name, why) in [
        ("register-stopped-time", Stopped::Time),
        ("register-stopped-codes", Stopped::TooManyCodes),
        ("register-stopped-closed", Stopped::Closed),
    ] {
        samples.push(sample(name, StoppedPage { why }.render(&alone)));
    }
    samples
}

fn account(lang: Lang) -> Vec<Sample> {
    let entered = |name: &str| PortalRow {
        name: Phrase::vi(name),
        entered: NOON,
        open: Some("https://portal.example/start?iss=https%3A%2F%2Fdinhdanh.example".to_owned()),
    };
    let session = |id: &str, current, user_agent: &str, portals| SessionRow {
        id: id.to_owned(),
        current,
        user_agent: user_agent.to_owned(),
        started: NOON,
        last_used: NOON,
        level: if current { 2 } else { 1 },
        portals,
    };
    let page = AccountPage {
        name: person(),
        number_end: "001".to_owned(),
        level: AccountLevel::One,
        renewal: None,
        requests: vec![
            RequestRow {
                id: "0195".to_owned(),
                portal: portal(),
                begun: NOON,
                expires_at: NOON,
                message: Some("Hồ sơ ••••".to_owned()),
            },
            RequestRow { id: "0196".to_owned(), portal: portal(), begun: NOON, expires_at: NOON, message: None },
        ],
        sessions: vec![
            session(
                "s1",
                true,
                "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
                vec![entered("Cổng Dịch vụ công quốc gia"), entered("Cổng Bộ Y tế")],
            ),
            session("s2", false, "Mozilla/5.0 (Windows NT 10.0; rv:127.0) Gecko/20100101 Firefox/127.0", Vec::new()),
            session("s3", false, "curl/8.5", vec![entered("Một cửa điện tử")]),
        ],
        means: Means { password_changed: NOON, totp_added: None, recovery_codes_left: 0 },
        done: None,
    };
    let means = Means { password_changed: NOON, totp_added: Some(NOON), recovery_codes_left: 1 };
    let safer = AccountPage { level: AccountLevel::Two, means, ..page.clone() };
    let mut samples =
        vec![sample("account", page.render(&alone(lang))), sample("account-02", safer.render(&alone(lang)))];
    for (name, done) in [
        ("account-session-ended", Done::SessionEnded),
        ("account-password-changed", Done::PasswordChanged),
        ("account-totp-added", Done::TotpAdded),
        ("account-recovery-made", Done::RecoveryCodesMade),
        ("account-renewal-refused", Done::RenewalRefused),
    ] {
        samples.push(sample(name, AccountPage { done: Some(done), ..safer.clone() }.render(&alone(lang))));
    }
    samples.push(sample("account-renewal", AccountPage { renewal: Some(NOON), ..safer }.render(&alone(lang))));
    samples.extend(endings(lang));
    samples
}

/// What ends sessions, or the account's use.
fn endings(lang: Lang) -> Vec<Sample> {
    let mut samples = vec![sample("account-lock", LockPage { sessions: 2, portals: 1 }.render(&alone(lang)))];
    for (name, what) in [("account-locked", Told::Locked), ("account-no-phone", Told::NoPhone)] {
        samples.push(sample(name, ToldPage { what }.render(&alone(lang))));
    }
    samples.push(sample("account-end-all", EndAllPage { sessions: 2, portals: 3 }.render(&alone(lang))));
    samples
}

fn means(lang: Lang) -> Vec<Sample> {
    let frame = alone(lang);
    let confirm = |before, problems| -> Html {
        ConfirmPasswordPage { number: NUMBER.to_owned(), before, problems }.render(&frame)
    };
    let phone = ConfirmPhonePage { phone_end: "678".to_owned(), good_until: NOON, problems: Problems::none() };
    let secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
    let uri = format!("otpauth://totp/%C4%90%E1%BB%8Bnh%20Danh:001?secret={secret}&issuer=%C4%90%E1%BB%8Bnh%20Danh");
    let totp = AddTotpPage { uri: Secret::new(uri), secret: Secret::new(secret), problems: Problems::none() };
    let codes = RecoveryCodesPage {
        codes: (0..10).map(|n| Secret::new(format!("7K4Q-{n}X2P-9WTR-HM3D"))).collect(),
        made: NOON,
        number_end: "001".to_owned(),
    };
    let change = |given, problems| {
        ChangePasswordPage { number: NUMBER.to_owned(), min_length: 12, given, problems }.render(&frame)
    };
    vec![
        sample("account-confirm-password", confirm(Before::AddTotp, Problems::none())),
        sample(
            "account-confirm-password-wrong",
            confirm(Before::NewRecoveryCodes, Problems::one(Problem::PasswordWrong)),
        ),
        sample("account-confirm-phone", phone.render(&frame)),
        sample("account-add-totp", totp.render(&frame)),
        sample("account-recovery-codes", codes.render(&frame)),
        sample("account-change-password", change(false, Problems::none())),
        sample("account-change-password-same", change(false, Problems::one(Problem::NewPasswordSame))),
        sample("account-change-password-given", change(true, Problems::none())),
    ]
}

fn uses(lang: Lang) -> Vec<Sample> {
    let row = |what: &str, matched| UseRow {
        name: Phrase::vi("Sở Xây dựng <thử>"),
        agency: "H05.12".to_owned(),
        at: NOON,
        purpose: Phrase::vi("Cấp giấy phép lái xe"),
        procedure: "1.002835".to_owned(),
        dossier: "H05-0001".to_owned(),
        what: what.to_owned(),
        matched,
    };
    let all = [
        ("verify", true),
        ("look_up", true),
        ("predicates", true),
        ("household", true),
        ("event", true),
        ("changes", true),
        ("verify", false),
    ];
    let page = |uses| UsesPage { uses }.render(&alone(lang));
    vec![
        sample("account-uses", page(all.map(|(what, matched)| row(what, matched)).to_vec())),
        sample("account-uses-nobody", page(Vec::new())),
    ]
}

fn agreements(lang: Lang) -> Vec<Sample> {
    let row = |claims: &[&str], while_away| AgreementRow {
        client: "dvcqg".to_owned(),
        portal: portal(),
        given_at: NOON,
        claims: claims.iter().map(|claim| (*claim).to_owned()).collect(),
        while_away,
    };
    let rows = vec![row(&["name", "birthdate", "id_number", "address"], true), row(&[], false)];
    let page = |rows, withdrawn| AgreementsPage { rows, withdrawn }.render(&alone(lang));
    vec![sample("account-agreements", page(rows, true)), sample("account-agreements-none", page(Vec::new(), false))]
}

fn logout(lang: Lang) -> Vec<Sample> {
    let frame = alone(lang);
    let portals = vec![portal(), Phrase::vi("Cổng Bộ Y tế")];
    let back = WayBack { portal: portal(), href: "https://dvcqg.example.vn/?state=1&x=2".to_owned() };
    let out = |portals, unconfirmed, back, frames| SignedOutPage { portals, unconfirmed, back, frames }.render(&frame);
    let framed = vec!["https://moh.example.vn/out?iss=https%3A%2F%2Fdinhdanh.example&sid=1".to_owned()];
    vec![
        sample("logout", ConfirmPage { portals, asked_by: Some(portal()) }.render(&frame)),
        sample("logout-alone", ConfirmPage { portals: Vec::new(), asked_by: None }.render(&frame)),
        sample("signed_out", out(2, Vec::new(), Some(back), framed)),
        sample("signed_out-one", out(1, Vec::new(), None, Vec::new())),
        sample("signed_out-none", out(0, Vec::new(), None, Vec::new())),
        sample("signed_out-unsure", out(3, vec![Phrase::vi("Cổng Bộ Y tế")], None, Vec::new())),
    ]
}
