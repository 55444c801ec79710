//! A newcomer's day: a portal leads to signing in, signing in to registering; then the account that was made opens the portal.

use serde_json::Value;

use super::{browser::Browser, demo::Demo, walk::text};
use crate::support::{people::PASSWORD, watched::quick};

/// What the pages say in one language.
struct Words {
    lang: &'static str,
    number_form: &'static str,
    name_missing: &'static str,
    code_title: &'static str,
    code_wrong: &'static str,
    password_title: &'static str,
    password_common: &'static str,
    password_personal: &'static str,
    ready: &'static str,
    sign_in_wrong: &'static str,
    greeting: &'static str,
    known: &'static str,
}

const VIETNAMESE: Words = Words {
    lang: "vi",
    number_form: "Số định danh cá nhân có đúng 12 chữ số.",
    name_missing: "Hãy nhập họ, chữ đệm và tên như trên thẻ căn cước.",
    code_title: "Nhập mã gửi đến điện thoại",
    code_wrong: "Mã chưa đúng.",
    password_title: "Tạo mật khẩu",
    password_common: "Mật khẩu này nhiều người dùng nên dễ bị đoán.",
    password_personal: "Mật khẩu không nên chứa tên, ngày sinh",
    ready: "Tài khoản đã sẵn sàng",
    sign_in_wrong: "Số định danh hoặc mật khẩu chưa đúng.",
    greeting: "Xin chào, ",
    known: "Mức độ xác thực 1 · Mức độ tài khoản 01",
};

const ENGLISH: Words = Words {
    lang: "en",
    number_form: "A personal identification number has exactly 12 digits.",
    name_missing: "Enter your full name as on your ID card.",
    code_title: "Enter the code sent to your phone",
    code_wrong: "The code is not right.",
    password_title: "Create a password",
    password_common: "Many people use this password",
    password_personal: "The password should not contain your name",
    ready: "Your account is ready",
    sign_in_wrong: "The number or the password is not right.",
    greeting: "Welcome, ",
    known: "Authentication level 1 · Account level 01",
};

const CONTINUE: &str = "button[value=continue]";

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_registers_and_signs_in_in_vietnamese() {
    newcomer(&VIETNAMESE, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_registers_and_signs_in_in_english() {
    newcomer(&ENGLISH, 1).await;
}

async fn newcomer(words: &Words, which: usize) {
    let folder = tempfile::tempdir_in(quick()).unwrap();
    let demo = Demo::start(folder.path());
    let person = demo.file["registrable"][which].clone();
    let browser = Browser::start(words.lang).await;
    // There is no account yet, and nobody is told so.
    browser.open(&demo.portal(0)).await;
    browser.press("button[value=asked]").await;
    browser.write("#username", text(&person, "number")).await;
    browser.press(CONTINUE).await;
    browser.write("#password", PASSWORD).await;
    browser.press(CONTINUE).await;
    browser.sees(words.sign_in_wrong).await;
    browser.press("button[value=change_number]").await;
    browser.press("a[href^='/register']").await;
    tell_who(&browser, &demo, words, &person).await;
    prove_the_phone(&browser, &demo, words).await;
    choose_a_password(&browser, words, &person).await;
    // Back where the person was going: at the portal's sign-in.
    browser.press(CONTINUE).await;
    browser.write("#password", PASSWORD).await;
    browser.press(CONTINUE).await;
    browser.press("button[value=agree]").await;
    browser.is_at(&demo.portal(0)).await;
    browser.sees(&format!("{}{}", words.greeting, text(&person, "name"))).await;
    browser.sees(words.known).await;
    browser.end().await;
    // Another day, another browser: number and password are all there is to it.
    let browser = Browser::start(words.lang).await;
    browser.open(&demo.portal(1)).await;
    browser.press("button[value=asked]").await;
    browser.write("#username", text(&person, "number")).await;
    browser.press(CONTINUE).await;
    browser.write("#password", PASSWORD).await;
    browser.press(CONTINUE).await;
    browser.press("button[value=agree]").await;
    browser.is_at(&demo.portal(1)).await;
    browser.sees(&format!("{}{}", words.greeting, text(&person, "name"))).await;
    browser.end().await;
}

/// First with faults of form, which the page names; then with a wrong year, which nobody names; then as it is.
async fn tell_who(browser: &Browser, demo: &Demo, words: &Words, person: &Value) {
    let number = text(person, "number");
    browser.rewrite("#username", &number[..11]).await;
    let [year, ..] = parts(text(person, "birth_date"));
    fill(browser, person, &wrong(&year)).await;
    browser.press(CONTINUE).await;
    browser.sees(words.number_form).await;
    browser.sees(words.name_missing).await;
    // What was typed is still there.
    assert_eq!(browser.value("[name=birth_year]").await, wrong(&year));
    assert_eq!(browser.value("[name=phone]").await.replace(' ', ""), text(person, "phone"));
    browser.rewrite("#username", &spaced(number)).await;
    browser.write("[name=name]", text(person, "name")).await;
    browser.press(CONTINUE).await;
    browser.sees(words.code_title).await;
    assert!(codes(demo).await.is_empty(), "nothing was sent to anybody");
    browser.write("#code", "000000").await;
    browser.press(CONTINUE).await;
    browser.sees(words.code_wrong).await;
    browser.press("button[value=edit]").await;
    // Who only mends the year need not type the rest again.
    assert_eq!(browser.value("[name=name]").await, text(person, "name"));
    browser.rewrite("[name=birth_year]", &year).await;
    browser.press(CONTINUE).await;
    browser.sees(words.code_title).await;
}

/// The two dates and the phone.
async fn fill(browser: &Browser, person: &Value, year: &str) {
    let [_, month, day] = parts(text(person, "birth_date"));
    let [card_year, card_month, card_day] = parts(text(person, "card_issued_on"));
    for (field, value) in [
        ("birth_day", day.as_str()),
        ("birth_month", &month),
        ("birth_year", year),
        ("card_day", &card_day),
        ("card_month", &card_month),
        ("card_year", &card_year),
        ("phone", text(person, "phone")),
    ] {
        browser.write(&format!("[name={field}]"), value).await;
    }
}

async fn prove_the_phone(browser: &Browser, demo: &Demo, words: &Words) {
    let mut sent = Vec::new();
    // The message leaves by the outbox.
    for _ in 0..150 {
        sent = codes(demo).await;
        if !sent.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    // What the wrong year had sent would have left before it.
    let [code] = sent.as_slice() else { panic!("{sent:?}") };
    browser.write("#code", &wrong(code)).await;
    browser.press(CONTINUE).await;
    browser.sees(words.code_wrong).await;
    browser.rewrite("#code", code).await;
    browser.press(CONTINUE).await;
    browser.sees(words.password_title).await;
}

async fn choose_a_password(browser: &Browser, words: &Words, person: &Value) {
    let [year, month, day] = parts(text(person, "birth_date"));
    let of_the_person = format!("tôi sinh ngày {day}/{month}/{year}");
    for (refused, why) in [("password1234", words.password_common), (of_the_person.as_str(), words.password_personal)] {
        browser.write("#new_password", refused).await;
        browser.press(CONTINUE).await;
        browser.sees(why).await;
        assert_eq!(browser.value("#new_password").await, "", "secrets are not sent back");
    }
    browser.write("#new_password", PASSWORD).await;
    browser.press(CONTINUE).await;
    browser.sees(words.ready).await;
    browser.sees(text(person, "name")).await;
}

/// The codes in the messages so far, the newest first, as the helper page shows them in a telephone's place.
async fn codes(demo: &Demo) -> Vec<String> {
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let page = client.get(text(&demo.file, "helper")).send().await.unwrap().text().await.unwrap();
    let messages = page.split("<span class=\"text\" lang=\"vi\">").skip(1);
    let six =
        |text: &str| text.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 6).map(str::to_owned);
    messages.filter_map(|message| six(message.split('<').next()?)).collect()
}

/// `2021-05-10` as its parts.
fn parts(date: &str) -> [String; 3] {
    let parts: Vec<String> = date.split('-').map(str::to_owned).collect();
    parts.try_into().unwrap()
}

/// Another last digit.
fn wrong(digits: &str) -> String {
    let last = if digits.ends_with('7') { '8' } else { '7' };
    format!("{}{last}", &digits[..digits.len() - 1])
}

/// As it is printed on the card.
fn spaced(number: &str) -> String {
    format!("{} {} {} {}", &number[..3], &number[3..6], &number[6..9], &number[9..])
}
