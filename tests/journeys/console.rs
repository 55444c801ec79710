//! A new operator's first day, with only the console: a birth, a move, a correction and a death, each proposed by one and decided
//! by another, by the keyboard.

use std::{fs, path::Path, process::Command};

use dinhdanh::base::Clock;
use serde_json::Value;
use time::{Date, Duration};

use super::{
    browser::{Browser, Settings},
    demo::Demo,
    walk::{one_time_code, text},
};
use crate::support::{operators::OPERATOR_PASSWORD, watched::quick};

/// The Enter key (WebDriver §17.4.2).
const ENTER: &str = "\u{e007}";

/// What the pages say in one language.
struct Words {
    lang: &'static str,
    desk: &'static str,
    would_change: &'static str,
    sent: &'static str,
    recorded: &'static str,
    problems: &'static str,
    bad_day: &'static str,
    none_waits: &'static str,
    birth: &'static str,
    move_in: &'static str,
    correction: &'static str,
    death: &'static str,
    dead: &'static str,
}

const VIETNAMESE: Words = Words {
    lang: "vi",
    desk: "Bàn làm việc",
    would_change: "Sự kiện này sẽ thay đổi",
    sent: "Đã gửi đề nghị. Một người khác sẽ quyết định",
    recorded: "Đã ghi vào sổ.",
    problems: "Hãy xem lại",
    bad_day: "Không có ngày này trong lịch.",
    none_waits: "Không có đề nghị nào chờ bạn quyết định.",
    birth: "Khai sinh",
    move_in: "Đăng ký thường trú",
    correction: "Thay đổi, cải chính họ tên",
    death: "Khai tử",
    dead: "Đã chết",
};

const ENGLISH: Words = Words {
    lang: "en",
    desk: "Your desk",
    would_change: "This event would change",
    sent: "The proposal is sent. Somebody else decides",
    recorded: "Recorded.",
    problems: "Please check",
    bad_day: "There is no such day in the calendar.",
    none_waits: "No proposal waits for your decision.",
    birth: "Birth",
    move_in: "Registration of permanent residence",
    correction: "Change or correction of a name",
    death: "Death",
    dead: "Dead",
};

#[tokio::test(flavor = "multi_thread")]
async fn four_events_by_two_operators_in_vietnamese() {
    first_day(&VIETNAMESE, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_events_by_two_operators_in_english() {
    first_day(&ENGLISH, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_events_by_two_operators_with_scripts() {
    first_day(&VIETNAMESE, true).await;
}

/// An operator at their own browser.
struct Clerk<'a> {
    browser: Browser,
    words: &'a Words,
    console: String,
}

async fn first_day(words: &Words, javascript: bool) {
    let folder = tempfile::tempdir_in(quick()).unwrap();
    let demo = Demo::start(folder.path());
    let settings = Settings { javascript, ..Settings::plain(words.lang) };
    let clerk = sits_down(&demo, folder.path(), (words, settings), ("canbo.moi", "registrar")).await;
    let chief = sits_down(&demo, folder.path(), (words, settings), ("truong.phong", "approver")).await;
    let today = Clock::System.now().vietnam_date();
    let (parent, other) = (demo.citizen("level-02"), demo.citizen("level-01"));

    clerk.opens(text(parent, "number"), text(parent, "name")).await;
    clerk.begins(words.birth).await;
    let born = day(today - Duration::days(9));
    let registered = day(today);
    let birth = [("name", "Nguyễn Thị Mới Sinh"), ("on", &born), ("registered_on", &registered)];
    clerk.writes(&birth).await;
    clerk.chooses("sex", "female").await;
    clerk.writes(&[("registered_at", "Phường Ba Đình, Hà Nội"), ("birth_place", "Bệnh viện Phụ sản")]).await;
    clerk.proposes("birth_note", today).await;
    chief.approves(words.birth).await;
    clerk.opens("nguyen thi moi sinh", "Nguyễn Thị Mới Sinh").await;
    clerk.browser.sees(&born).await;

    let (number, name) = (text(other, "number"), text(other, "name"));
    clerk.opens(number, name).await;
    clerk.begins(words.move_in).await;
    let home = [("on", registered.as_str()), ("new_household", "BD/2026/17"), ("unit", "Ngọc Hà, Hà Nội")];
    clerk.writes(&home).await;
    clerk.writes(&[("line", "Số 2 phố Đội Cấn")]).await;
    clerk.proposes("residence_form", today).await;
    chief.approves(words.move_in).await;
    clerk.opens(number, name).await;
    clerk.browser.sees("Số 2 phố Đội Cấn").await;

    clerk.begins(words.correction).await;
    clerk.writes(&[("name", "Trần Văn Viết Đúng"), ("on", &registered)]).await;
    clerk.chooses("corrects", "yes").await;
    clerk.proposes("change_extract", today).await;
    chief.approves(words.correction).await;

    clerk.opens("tran van viet dung", "Trần Văn Viết Đúng").await;
    clerk.begins(words.death).await;
    // A slip first: the day is named, and nothing that was typed is lost.
    clerk.writes(&[("on", "31/02/2026"), ("paper_by", "UBND phường Ngọc Hà"), ("paper_no", "7")]).await;
    clerk.key("[name=paper_no]", ENTER).await;
    clerk.browser.sees(words.problems).await;
    clerk.browser.sees(words.bad_day).await;
    assert_eq!(clerk.browser.value("[name=paper_by]").await, "UBND phường Ngọc Hà");
    assert_eq!(clerk.browser.value("[name=on]").await, "31/02/2026");
    clerk.writes(&[("on", &registered)]).await;
    clerk.proposes("death_note", today).await;
    chief.approves(words.death).await;
    clerk.opens("tran van viet dung", "Trần Văn Viết Đúng").await;
    clerk.browser.sees(words.dead).await;
    chief.follows_to("/console/queue").await;
    chief.browser.sees(words.none_waits).await;
    clerk.browser.end().await;
    chief.browser.end().await;
}

/// `05/03/2026`.
fn day(date: Date) -> String {
    format!("{:02}/{:02}/{}", date.day(), u8::from(date.month()), date.year())
}

/// Made by the command line while the service runs, then signed in with both factors.
async fn sits_down<'a>(
    demo: &Demo,
    data: &Path,
    (words, settings): (&'a Words, Settings<'_>),
    (name, role): (&str, &str),
) -> Clerk<'a> {
    let password = data.join("password");
    fs::write(&password, OPERATOR_PASSWORD).unwrap();
    let mut add = Command::new(env!("CARGO_BIN_EXE_dinhdanh"));
    add.env_clear().args(["operator", "add", name, "--display", "Nguyễn Thị Cán Bộ", "--role", role, "--json"]);
    add.arg("--password-file").arg(&password).arg("--data").arg(data);
    let added = add.output().unwrap();
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let added: Value = serde_json::from_slice(&added.stdout).unwrap();
    let clerk = Clerk {
        browser: Browser::with(settings).await,
        words,
        console: format!("{}/console", text(&demo.file, "issuer").trim_end_matches('/')),
    };
    clerk.browser.open(&clerk.console).await;
    clerk.browser.write("#username", name).await;
    clerk.browser.write("#password", OPERATOR_PASSWORD).await;
    clerk.key("#password", ENTER).await;
    clerk.browser.write("#code", &one_time_code(text(&added, "totp_secret"))).await;
    clerk.key("#code", ENTER).await;
    clerk.browser.sees(words.desk).await;
    clerk
}

impl Clerk<'_> {
    async fn key(&self, css: &str, key: &str) {
        self.browser.write(css, key).await;
    }

    /// By a link of the page, as the keyboard follows it.
    async fn follows_to(&self, path: &str) {
        self.key(&format!("a[href='{path}']"), ENTER).await;
        self.browser.is_exactly_at(&self.console.replace("/console", path)).await;
    }

    /// From wherever they are: the desk's way to the search, then the one hit.
    async fn opens(&self, who: &str, name: &str) {
        self.follows_to("/console/find").await;
        self.browser.write("#who", who).await;
        self.key("#who", ENTER).await;
        self.browser.sees(name).await;
        self.key("tbody th a", ENTER).await;
        self.browser.is_at(&format!("{}/person/", self.console)).await;
        self.browser.sees(name).await;
    }

    /// The form of an event, from the page of the person that it is about.
    async fn begins(&self, label: &str) {
        self.key("details summary", ENTER).await;
        self.browser.follow(label, ENTER).await;
        self.browser.is_at(&format!("{}/propose/", self.console)).await;
    }

    async fn writes(&self, fields: &[(&str, &str)]) {
        for (name, value) in fields {
            self.browser.rewrite(&format!("[name={name}]"), value).await;
        }
    }

    async fn chooses(&self, name: &str, value: &str) {
        self.browser.choose(&format!("[name={name}]"), value).await;
    }

    /// The paper, then what would change, then the proposal.
    async fn proposes(&self, paper: &str, today: Date) {
        self.chooses("paper", paper).await;
        let today = day(today);
        self.writes(&[("paper_no", "12/2026"), ("paper_on", &today), ("paper_by", "UBND phường")]).await;
        self.key("[name=paper_by]", ENTER).await;
        self.browser.sees(self.words.would_change).await;
        self.key("button[value=propose]", ENTER).await;
        self.browser.sees(self.words.sent).await;
    }

    /// What waits, opened from the desk and approved.
    async fn approves(&self, label: &str) {
        self.follows_to("/console").await;
        self.follows_to("/console/queue").await;
        self.browser.follow(label, ENTER).await;
        // Who decides sees the paper.
        self.browser.sees("12/2026").await;
        self.key("button[value=approve]", ENTER).await;
        self.browser.sees(self.words.recorded).await;
    }
}
