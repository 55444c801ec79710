//! What a person does: sign in once, be known at the next portal, rise a level, be refused a third, refuse, sign out.

use std::time::Duration;

use dinhdanh::{
    base::{Clock, SecretBytes, Timestamp},
    crypto::totp,
};
use serde_json::Value;

use super::{browser::Browser, demo::Demo};
use crate::support::watched::quick;

/// What the pages say in one language.
struct Words {
    lang: &'static str,
    greeting: &'static str,
    known_level_two: &'static str,
    one_step_more: &'static str,
    wrong: &'static str,
    cannot_reach_three: &'static str,
    explained_three: &'static str,
    signed_out: &'static str,
    signed_out_elsewhere: &'static str,
    refused: &'static str,
}

const VIETNAMESE: Words = Words {
    lang: "vi",
    greeting: "Xin chào, ",
    known_level_two: "Mức độ xác thực 2 · Mức độ tài khoản 02",
    one_step_more: "Bạn chỉ cần xác nhận thêm một bước.",
    wrong: "Số định danh hoặc mật khẩu chưa đúng",
    cannot_reach_three: "Bạn chưa có phương thức để đạt mức độ xác thực 3.",
    explained_three: "unmet_authentication_requirements",
    signed_out: "Bạn đã đăng xuất",
    signed_out_elsewhere: "Bạn đã được đăng xuất",
    refused: "access_denied",
};

const ENGLISH: Words = Words {
    lang: "en",
    greeting: "Welcome, ",
    known_level_two: "Authentication level 2 · Account level 02",
    one_step_more: "One more step is enough.",
    wrong: "The number or the password is not right",
    cannot_reach_three: "You have no method yet for authentication level 3.",
    explained_three: "unmet_authentication_requirements",
    signed_out: "You are signed out",
    signed_out_elsewhere: "You have been signed out",
    refused: "You did not agree to share your information",
};

const CONTINUE: &str = "button[value=continue]";
const AGREE: &str = "button[value=agree]";

#[tokio::test(flavor = "multi_thread")]
async fn one_sign_in_serves_three_portals_in_vietnamese() {
    whole_walk(&VIETNAMESE, "level-02").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sign_in_serves_three_portals_in_english() {
    whole_walk(&ENGLISH, "level-02-another").await;
}

async fn whole_walk(words: &Words, part: &str) {
    let folder = tempfile::tempdir_in(quick()).unwrap();
    let demo = Demo::start(folder.path());
    let citizen = demo.citizen(part).clone();
    let browser = Browser::start(words.lang).await;
    refuse_consent(&browser, &demo, words, &citizen).await;
    sign_in_once(&browser, &demo, words, &citizen).await;
    rise_to_level_two(&browser, &demo, words, &citizen).await;
    be_refused_level_three(&browser, &demo, words).await;
    sign_out_everywhere(&browser, &demo, words).await;
    browser.end().await;
}

/// The session stays, the portal gets nothing.
async fn refuse_consent(browser: &Browser, demo: &Demo, words: &Words, citizen: &Value) {
    browser.open(&demo.portal(0)).await;
    browser.press("button[value=asked]").await;
    browser.write("#username", text(citizen, "number")).await;
    browser.press(CONTINUE).await;
    browser.write("#password", "không phải mật khẩu").await;
    browser.press(CONTINUE).await;
    browser.sees(words.wrong).await;
    browser.write("#password", text(citizen, "password")).await;
    browser.press(CONTINUE).await;
    browser.sees(text(citizen, "name")).await;
    browser.press("button[value=refuse]").await;
    browser.is_at(&demo.portal(0)).await;
    browser.sees(words.refused).await;
    browser.sees_not(text(citizen, "name")).await;
}

/// Nothing is typed any more: only what each portal receives is asked once.
async fn sign_in_once(browser: &Browser, demo: &Demo, words: &Words, citizen: &Value) {
    for at in [0, 1] {
        browser.open(&demo.portal(at)).await;
        browser.press("button[value=asked]").await;
        browser.press(AGREE).await;
        browser.is_at(&demo.portal(at)).await;
        browser.sees(&format!("{}{}", words.greeting, text(citizen, "name"))).await;
    }
}

async fn rise_to_level_two(browser: &Browser, demo: &Demo, words: &Words, citizen: &Value) {
    browser.open(&demo.portal(2)).await;
    browser.press("form[action='/services/submit'] button").await;
    browser.sees(words.one_step_more).await;
    browser.write("#code", &one_time_code(text(citizen, "totp_secret"))).await;
    browser.press(CONTINUE).await;
    browser.press(AGREE).await;
    browser.is_at(&format!("{}/services/submit", demo.portal(2))).await;
    browser.open(&demo.portal(2)).await;
    browser.sees(words.known_level_two).await;
}

async fn be_refused_level_three(browser: &Browser, demo: &Demo, words: &Words) {
    browser.press("form[action='/services/household'] button").await;
    browser.sees(words.cannot_reach_three).await;
    browser.press("button[value=return]").await;
    browser.is_at(&demo.portal(2)).await;
    browser.sees(words.explained_three).await;
    browser.sees(words.known_level_two).await;
}

async fn sign_out_everywhere(browser: &Browser, demo: &Demo, words: &Words) {
    browser.open(&demo.portal(0)).await;
    browser.press("form[action='/sign-out'] button").await;
    browser.is_at(&demo.portal(0)).await;
    browser.sees(words.signed_out).await;
    for at in [1, 2] {
        // The other portals hear of it from the provider, each in its own time and soon.
        for _ in 0..300 {
            browser.open(&demo.portal(at)).await;
            if !browser.text().await.contains(words.greeting) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        browser.sees(words.signed_out_elsewhere).await;
        browser.sees_not(words.greeting).await;
    }
    // And the provider's own session is over too.
    browser.press("button[value=asked]").await;
    browser.is_at(text(&demo.file, "issuer")).await;
    browser.write("#username", text(&demo.citizen("level-01").clone(), "number")).await;
}

/// A locked account, an expired card, a death: the right password leads no further.
#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_sign_in_gets_nothing() {
    let folder = tempfile::tempdir_in(quick()).unwrap();
    let demo = Demo::start(folder.path());
    let browser = Browser::start("vi").await;
    for part in ["locked", "card-expired", "dead"] {
        let citizen = demo.citizen(part);
        browser.open(&demo.portal(1)).await;
        browser.press("button[value=asked]").await;
        browser.write("#username", text(citizen, "number")).await;
        browser.press(CONTINUE).await;
        browser.write("#password", text(citizen, "password")).await;
        browser.press(CONTINUE).await;
        browser.sees("Bạn chưa thể đăng nhập").await;
        browser.sees_not(text(citizen, "name")).await;
        browser.press("button[value=return]").await;
        browser.is_at(&demo.portal(1)).await;
        browser.sees_not(VIETNAMESE.greeting).await;
        // The next person sits down at another browser.
        browser.open(text(&demo.file, "issuer")).await;
        browser.forget_cookies().await;
    }
    browser.end().await;
}

/// The helper page stands in for telephones, under its own address alone.
#[tokio::test(flavor = "multi_thread")]
async fn the_helper_page_has_everybodys_code() {
    let folder = tempfile::tempdir_in(quick()).unwrap();
    let demo = Demo::start(folder.path());
    let browser = Browser::start("en").await;
    let helper = text(&demo.file, "helper").to_owned();
    let citizen = demo.citizen("level-02");
    browser.open(&helper).await;
    browser.sees("A tour in three steps").await;
    // The page shows the code of the moment it was made, which is one of these two.
    let before = code_at(text(citizen, "totp_secret"), Clock::System.now());
    browser.open(&helper).await;
    let shown = browser.text().await;
    let after = code_at(text(citizen, "totp_secret"), Clock::System.now());
    assert!(shown.contains(&before) || shown.contains(&after), "{shown}");
    // Under another name of this machine the same page leads to the issuer's.
    browser.open(&helper.replace("127.0.0.1", "localhost")).await;
    browser.is_at(&helper).await;
    let last = if helper.ends_with('A') { 'B' } else { 'A' };
    let guessed = format!("{}{last}", &helper[..helper.len() - 1]);
    browser.open(&guessed).await;
    browser.sees_not(text(citizen, "password")).await;
    browser.end().await;
}

pub fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("no {member} in {value}"))
}

/// The code of this moment; it is taken for half a minute after its own time too.
pub fn one_time_code(base32: &str) -> String {
    code_at(base32, Clock::System.now())
}

fn code_at(base32: &str, at: Timestamp) -> String {
    totp::code_at(&SecretBytes::new(unbase32(base32)), at).reveal().to_owned()
}

/// RFC 4648 §6.
pub(super) fn unbase32(text: &str) -> Vec<u8> {
    let value = |letter| "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter).unwrap();
    let bits = text.chars().fold(String::new(), |bits, letter| bits + &format!("{:05b}", value(letter)));
    bits.as_bytes()
        .chunks_exact(8)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect()
}
