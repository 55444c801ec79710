//! One of everything. The people, portals and numbers are nobody's.

mod audit;
mod citizen;
mod exports;
mod operator;
mod record;

use serde_json::json;
use url::Url;

use super::Sample;
use crate::{
    base::{Timestamp, ids::ClientId},
    http::{
        authorize::view::{ConsentPage, Elsewhere, FormPostPage, LeftOut, Needs, SharedItem, ViaProvider},
        device::view::{Answered, AnsweredPage, EnterPage},
        errors::{
            sent::Sent,
            view::{BrokenRule, ErrorPage, WentWrong},
        },
        frame::{AskedLevel, FormTarget, Frame, Html, LevelReason, Phrase, Portal, Problem, Problems},
        lang::{Choice, Lang},
        sign_in::view::{
            Blocked, BlockedPage, Expired, ExpiredPage, MatchNumberPage, NumberPage, PasswordPage, RecoveryCodePage,
            SelectAccountPage, TotpPage, UnreachablePage, WayUp,
        },
    },
    oidc::{authorization_details::parse, params::Params},
};

pub const NOON: Timestamp = Timestamp::from_secs(1_795_323_900); // 2026-11-22T05:05:00Z: 12:05 in Việt Nam
pub const NUMBER: &str = "900085000001";

pub fn portal() -> Phrase {
    Phrase::vi("Cổng Dịch vụ công quốc gia")
}

/// A page of the console.
pub fn desk(lang: Lang) -> Frame {
    Frame { desk: Some(Phrase::vi("Trần Thị Thử")), here: "/console".to_owned(), ..alone(lang) }
}

/// Opened by the person themselves.
pub fn alone(lang: Lang) -> Frame {
    Frame {
        choice: Choice { lang, portal_wished: false },
        address: "dinhdanh.example.vn".to_owned(),
        demo: false,
        csrf: "k2h4Jv9c".to_owned(),
        here: "/sign-in".to_owned(),
        portal: None,
        desk: None,
        deadline: None,
        form_targets: Vec::new(),
        framed: Vec::new(),
        no_registration: false,
    }
}

/// Asked by a portal, in a demonstration.
pub fn asked(lang: Lang) -> Frame {
    let redirect_uri = Url::parse("https://dvcqg.example.vn/cb").unwrap();
    Frame {
        demo: true,
        choice: Choice { lang, portal_wished: true },
        portal: Some(Portal {
            name: portal(),
            agency: Some(Phrase::vi("Bộ Công an")),
            verified: true,
            address: "dvcqg.example.vn".to_owned(),
            level: Some(AskedLevel { level: 2, why: LevelReason::Request }),
            purpose: Some(Phrase::vi("Nộp và theo dõi hồ sơ thủ tục hành chính")),
            receives: ["name", "birthdate", "id_number", "address"].map(str::to_owned).to_vec(),
        }),
        deadline: Some(NOON),
        form_targets: FormTarget::of(&redirect_uri).into_iter().collect(),
        ..alone(lang)
    }
}

fn asked_by(lang: Lang, verified: bool, why: LevelReason) -> Frame {
    let mut frame = asked(lang);
    if let Some(portal) = &mut frame.portal {
        portal.verified = verified;
        portal.agency = portal.agency.take().filter(|_| verified);
        portal.level = Some(AskedLevel { level: 1, why });
    }
    frame
}

pub fn sample(name: &str, html: Html) -> Sample {
    Sample { name: name.to_owned(), html }
}

pub fn all(lang: Lang) -> Vec<Sample> {
    let mut samples = sign_in(lang);
    samples.extend(ends(lang));
    samples.extend(authorize(lang));
    samples.extend(device(lang));
    samples.extend(errors(lang));
    samples.extend(citizen::all(lang));
    samples.extend(audit::all(lang));
    samples.extend(exports::all(lang));
    samples.extend(operator::all(lang));
    samples.extend(record::all(lang));
    samples
}

fn sign_in(lang: Lang) -> Vec<Sample> {
    let (asked, alone) = (asked(lang), alone(lang));
    let number = |problem| NumberPage {
        number: "9000 85".to_owned(),
        problems: Problems::one(problem),
        ..NumberPage::default()
    };
    let password = |problem| PasswordPage { number: NUMBER.to_owned(), again: false, problems: Problems::one(problem) };
    let totp = |problem| TotpPage { problems: Problems::one(problem), ..TotpPage::default() };
    let recovery = |problem| RecoveryCodePage { problems: Problems::one(problem) };
    let unverified = asked_by(lang, false, LevelReason::Portal);
    let informed = asked_by(lang, true, LevelReason::Information);
    let again = PasswordPage { number: NUMBER.to_owned(), again: true, problems: Problems::none() };
    let step_up = TotpPage { step_up: Some(2), recovery_codes: true, ..TotpPage::default() };
    let select =
        SelectAccountPage { name: Phrase::vi("NGUYỄN VĂN THỬ"), number_end: "001".to_owned(), signed_in_at: NOON };
    vec![
        sample("sign_in-number", NumberPage::default().render(&asked)),
        sample("sign_in-number-alone", NumberPage::default().render(&alone)),
        sample("sign_in-number-ended", NumberPage { ended: true, ..NumberPage::default() }.render(&alone)),
        sample("sign_in-number-unverified", NumberPage::default().render(&unverified)),
        sample("sign_in-number-informed", NumberPage::default().render(&informed)),
        sample("sign_in-number-missing", number(Problem::NumberMissing).render(&asked)),
        sample("sign_in-number-form", number(Problem::NumberForm).render(&asked)),
        sample(
            "sign_in-password",
            PasswordPage { number: NUMBER.to_owned(), ..PasswordPage::default() }.render(&asked),
        ),
        sample("sign_in-password-again", again.render(&asked)),
        sample("sign_in-password-missing", password(Problem::PasswordMissing).render(&asked)),
        sample("sign_in-password-wrong", password(Problem::SignInWrong).render(&asked)),
        sample("sign_in-password-many", password(Problem::TooManyTries { minutes: 15 }).render(&asked)),
        sample("sign_in-password-busy", password(Problem::Busy).render(&asked)),
        sample("sign_in-totp-many", totp(Problem::TooManyCodes { minutes: 10 }).render(&alone)),
        sample("sign_in-totp", step_up.render(&asked)),
        sample("sign_in-totp-changing", TotpPage { changing: true, ..TotpPage::default() }.render(&alone)),
        sample("sign_in-totp-missing", totp(Problem::CodeMissing).render(&alone)),
        sample("sign_in-totp-form", totp(Problem::CodeForm).render(&alone)),
        sample("sign_in-totp-wrong", totp(Problem::CodeWrong).render(&alone)),
        sample("sign_in-recovery", RecoveryCodePage::default().render(&asked)),
        sample("sign_in-recovery-missing", recovery(Problem::RecoveryCodeMissing).render(&asked)),
        sample("sign_in-recovery-wrong", recovery(Problem::RecoveryCodeWrong).render(&asked)),
        sample("sign_in-select", select.render(&asked)),
    ]
}

fn ends(lang: Lang) -> Vec<Sample> {
    let (asked, alone) = (asked(lang), alone(lang));
    let unreachable = |level, how| UnreachablePage { level, how, portal: portal() };
    let mut samples = vec![
        sample("sign_in-unreachable-totp", unreachable(2, WayUp::AddTotp).render(&asked)),
        sample("sign_in-unreachable-account", unreachable(2, WayUp::AccountLevel02).render(&asked)),
        sample("sign_in-unreachable-biometric", unreachable(3, WayUp::NotOffered).render(&asked)),
        sample("sign_in-blocked-alone", BlockedPage { why: Blocked::Locked }.render(&alone)),
    ];
    for (name, why) in [
        ("sign_in-blocked-locked", Blocked::Locked),
        ("sign_in-blocked-card", Blocked::CardExpired),
        ("sign_in-blocked-codes", Blocked::TooManyCodes),
        ("sign_in-blocked-other", Blocked::NotPossible),
    ] {
        samples.push(sample(name, BlockedPage { why }.render(&asked)));
    }
    for (name, why, again) in [
        ("sign_in-expired-time", Expired::Time, Some("https://dvcqg.example.vn/".to_owned())),
        ("sign_in-expired-ended", Expired::Ended, Some("https://dvcqg.example.vn/".to_owned())),
        ("sign_in-expired-browser", Expired::OtherBrowser, None),
    ] {
        samples.push(sample(name, ExpiredPage { why, again, portal: Some(portal()) }.render(&alone)));
    }
    samples
}

const DETAILS: &str = r#"[
    {"type": "identity_check", "procedure": "1.004222", "dossier": "H29.17-261122-0001",
     "fields": {"name": "Nguyễn Văn Thử", "birthdate": "1985-03-05", "gender": "male", "id_number": "900085000001"}},
    {"type": "delegation", "procedure": "1.004222",
     "actions": ["submit", "supplement", "withdraw", "receive_result"]},
    {"type": "delegation", "procedure": "1.004222", "delegate": "mot-cua", "actions": ["receive_result"]}
]"#;

#[expect(clippy::too_many_lines, reason = "a list of samples")]
fn authorize(lang: Lang) -> Vec<Sample> {
    let frame = asked(lang);
    let item = |claim: &str, value| SharedItem { claim: claim.to_owned(), value };
    let out = |claim: &str, needs| LeftOut { claim: claim.to_owned(), needs };
    let consent = ConsentPage {
        portal: portal(),
        purpose: Some(Phrase::vi("Nộp và theo dõi hồ sơ thủ tục hành chính")),
        legal_basis: Some(Phrase::vi("Nghị định 69/2024/NĐ-CP, Điều 19")),
        items: vec![
            item("name", json!("NGUYỄN VĂN THỬ")),
            item("birthdate", json!("1985-03-05")),
            item("gender", json!("male")),
            item("id_number", json!(NUMBER)),
            item("life_status", json!("alive")),
            item("card", json!({"number": NUMBER, "expires_at": "2035-03-05", "status": "valid"})),
            item("address", json!({"formatted": "Số 12, đường Thử Nghiệm\nphường Ba Đình, thành phố Hà Nội"})),
        ],
        details: parse(DETAILS).unwrap_or_default(),
        delegates: vec![(ClientId::from("mot-cua"), Phrase::vi("Bộ phận Một cửa"))],
        calls: vec![Phrase::vi("Bộ Y tế")],
        left_out: vec![
            out("household", Needs::AuthenticationLevel(3)),
            out("card", Needs::AccountLevel02),
            out("identity_check", Needs::AuthenticationLevel(2)),
            out("delegation", Needs::AuthenticationLevel(2)),
        ],
        via_provider: ViaProvider::No,
        offline_until: Some(NOON),
        elsewhere: None,
    };
    let everything = claims().into_iter().map(|(claim, value)| item(claim, value)).collect();
    let provider = ViaProvider::Yes { provider: Phrase::vi("Công ty Xác thực Thử") };
    let through = ConsentPage {
        items: everything,
        left_out: Vec::new(),
        via_provider: provider,
        offline_until: None,
        ..consent.clone()
    };
    let bare = ConsentPage {
        items: Vec::new(),
        details: Vec::new(),
        calls: Vec::new(),
        left_out: Vec::new(),
        purpose: None,
        legal_basis: None,
        offline_until: None,
        ..consent.clone()
    };
    let beside =
        ConsentPage { elsewhere: Some(Elsewhere::Device { user_code: "WDJB-MJHT".to_owned() }), ..bare.clone() };
    let counter = |message: Option<&str>| ConsentPage {
        elsewhere: Some(Elsewhere::Client { message: message.map(str::to_owned) }),
        ..bare.clone()
    };
    let matching = |problem: Option<Problem>| MatchNumberPage {
        message: "Hồ sơ ••••".to_owned(),
        problems: problem.map_or_else(Problems::none, Problems::one),
    };
    let mut elsewhere = asked(lang);
    elsewhere.portal.as_mut().unwrap().address.clear();
    let form_post = FormPostPage {
        redirect_uri: Url::parse("https://dvcqg.example.vn/cb").unwrap(),
        fields: vec![("code".to_owned(), "ddc_x".to_owned()), ("state".to_owned(), "\"><script>".to_owned())],
        portal: portal(),
    };
    vec![
        sample("consent", consent.render(&frame)),
        sample("consent-everything", through.render(&asked_by(lang, true, LevelReason::Portal))),
        sample("consent-nothing", bare.render(&frame)),
        sample("consent-device", beside.render(&elsewhere)),
        sample("consent-counter", counter(Some("Hồ sơ 4711")).render(&elsewhere)),
        sample("consent-counter-bare", counter(None).render(&elsewhere)),
        sample("match-number", matching(None).render(&elsewhere)),
        sample("match-number-missing", matching(Some(Problem::MatchMissing)).render(&elsewhere)),
        sample("match-number-wrong", matching(Some(Problem::MatchWrong)).render(&elsewhere)),
        sample("form_post", form_post.render(&frame)),
    ]
}

fn device(lang: Lang) -> Vec<Sample> {
    let frame = alone(lang);
    let enter = |problem| EnterPage { user_code: "WDJB".to_owned(), problems: Problems::one(problem) };
    let answered = |what| AnsweredPage { what }.render(&frame);
    vec![
        sample("device", EnterPage::default().render(&frame)),
        sample("device-missing", enter(Problem::UserCodeMissing).render(&frame)),
        sample("device-form", enter(Problem::UserCodeForm).render(&frame)),
        sample("device-unknown", enter(Problem::UserCodeUnknown).render(&frame)),
        sample("device-many", enter(Problem::UserCodeTooMany { minutes: 5 }).render(&frame)),
        sample("device-approved", answered(Answered::Approved)),
        sample("device-denied", answered(Answered::Denied)),
        sample("device-late", answered(Answered::TooLate)),
    ]
}

fn claims() -> Vec<(&'static str, serde_json::Value)> {
    let text = json!("Thử");
    let mut claims: Vec<_> = [
        "family_name",
        "middle_name",
        "given_name",
        "cmnd9",
        "place_of_birth",
        "birth_registration_place",
        "que_quan",
        "parents",
        "spouse",
        "children",
        "representative",
        "household",
        "marital_status",
        "life_status",
        "ethnicity",
        "religion",
        "blood_group",
        "email",
    ]
    .map(|claim| (claim, text.clone()))
    .to_vec();
    claims.extend([
        ("gender", json!("female")),
        ("nationalities", json!(["VNM"])),
        ("previous_id_numbers", json!(["900085000002"])),
        ("card", json!({"number": "900085000001", "issued_at": "2022-04-20", "issuer": "Cục C06", "expires_at": "2032-04-20"})),
        ("residence", json!({"thuong_tru": "Hà Nội", "tam_tru": "Huế", "hien_tai": "Huế"})),
        ("phone_number", json!("+84900000001")),
        ("phone_number_verified", json!(true)),
        ("email_verified", json!(false)),
        ("age_over_14", json!(true)),
        ("age_over_16", json!(true)),
        ("age_over_18", json!(true)),
        ("age_over_60", json!({"result": false})),
        ("alive", json!({"result": true})),
        ("resident_in:01", json!({"result": true})),
        ("same_person_as", json!({"result": true})),
        ("updated_at", json!(1_795_323_600)),
        ("birthdate_precision", json!(["month", "year"])),
    ]);
    claims
}

fn errors(lang: Lang) -> Vec<Sample> {
    let frame = alone(lang);
    let error = |what| ErrorPage { what, reference: "7F3A-9C21".to_owned(), rule: None };
    let rule = BrokenRule {
        code: "invalid_request".to_owned(),
        description: "redirect_uri is not registered for this client".to_owned(),
        section: "RFC 6749 section 3.1.2.3",
        client_id: "demo-dvcqg".to_owned(),
        registered: vec!["https://dvcqg.example.vn/cb".to_owned()],
        sent: Sent::of(&Params::from_pairs([
            ("client_id", "demo-dvcqg"),
            ("redirect_uri", "https://dvcqg.example.vn/cb/"),
            ("state", "af0ifjsldkj"),
        ])),
    };
    vec![
        sample("error-unknown-portal", error(WentWrong::UnknownPortal).render(&frame)),
        sample("error-way-back", ErrorPage { rule: Some(rule), ..error(WentWrong::WrongWayBack) }.render(&frame)),
        sample("error-portal-request", error(WentWrong::PortalRequest).render(&frame)),
        sample("error-form", error(WentWrong::ForeignForm).render(&frame)),
        sample("error-request", error(WentWrong::TooLarge).render(&frame)),
        sample("error-not-allowed", error(WentWrong::NotAllowed).render(&frame)),
        sample("error-read-enough", error(WentWrong::ReadEnough).render(&frame)),
        sample("error-not-found", error(WentWrong::NotFound).render(&frame)),
        sample("error-busy", error(WentWrong::Overloaded { retry_after: 5 }).render(&frame)),
        sample("error-ours", error(WentWrong::Ours).render(&frame)),
    ]
}
