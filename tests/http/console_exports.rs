//! A selection of people at the console: proposed by one, decided by another, written into a file, fetched once by who proposed it.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use dinhdanh::{
    base::{Span, Timestamp, hex},
    crypto::digest::sha256,
    flows::registry::export_proposals::{tidy, work_once},
    registry::{Address, PersonRecord, Residence, ResidenceKind, UnitRef, operator::Role},
};
use http::StatusCode;

use super::console_record::{given, link};
use crate::support::{
    app::{Answer, Browser, TestApp},
    operators::sign_in,
    people::{self, add, another, person},
};

const EXPORTS: &str = "/console/exports";
const REASON: &str = "Công văn 12/UBND ngày 20/11/2026";

async fn apps(folder: &Path) -> Vec<TestApp> {
    TestApp::each_with(|settings| settings.export_folder = Some(folder.to_owned())).await
}

/// At home in a ward of Hà Nội, in a line that a spreadsheet would run.
fn at_home(app: &TestApp, record: PersonRecord) -> PersonRecord {
    let unit = UnitRef::commune_on("00004", app.at.now().vietnam_date()).unwrap();
    let address = Address::new("=HYPERLINK(\"http://x\")", unit, None).unwrap();
    let home = Residence { kind: ResidenceKind::Permanent, address, from: None, to: None };
    PersonRecord { residences: vec![home], ..record }
}

async fn sends(clerk: &mut Browser<'_>, fields: &[(&str, &str)]) -> Answer {
    let list = clerk.get(EXPORTS).await;
    let form = given(&list, "form");
    let fields = [fields, &[("form", form.as_str()), ("action", "propose")]].concat();
    clerk.submit(EXPORTS, &list, &fields).await
}

/// What somebody says on the page of an export, and what is shown then.
async fn says(who: &mut Browser<'_>, to: &str, action: &str, reason: &str) -> Answer {
    let page = who.get(to).await;
    // Also of what stands there without a form any more.
    let version = if page.body.contains("name=\"version\"") { given(&page, "version") } else { "1".to_owned() };
    let fields = [("version", version.as_str()), ("action", action), ("reason", reason)];
    let sent = who.submit(to, &page, &fields).await;
    if sent.status == StatusCode::SEE_OTHER { who.get(sent.location()).await } else { sent }
}

/// The button of a page that one saw before.
async fn fetches(who: &mut Browser<'_>, to: &str) -> Answer {
    let desk = who.get("/console").await;
    who.submit(to, &desk, &[("action", "fetch")]).await
}

fn lies(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

async fn worked(app: &TestApp, folder: &Path) {
    while work_once(&app.at.provider, folder, &app.at.clock).await.unwrap() {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_selection_goes_out_by_two_peoples_word_and_is_fetched_once() {
    let folder = tempfile::tempdir().unwrap();
    for app in apps(folder.path()).await {
        let home = at_home(&app, person());
        add(&app.at, home).await;
        add(&app.at, another(2)).await;
        let mut clerk = app.at_desk("canbo.an", &[Role::Registrar, Role::Approver], None).await;
        let mut chief = app.at_desk("canbo.binh", &[Role::Approver], None).await;
        let mut other = app.at_desk("canbo.chi", &[Role::Registrar], None).await;
        assert!(link(&clerk.get("/console").await, "Trích xuất dữ liệu").ends_with("/exports"));
        assert!(!chief.get(EXPORTS).await.body.contains("<textarea"), "proposing is a registrar's");
        let wanted = [("unit", "Phường Ba Đình"), ("format", "csv"), ("sensitive", "yes"), ("reason", REASON)];
        let to = sends(&mut clerk, &wanted).await.location().to_owned();
        assert!(to.starts_with("/console/exports/"), "{to}");
        let page = chief.get(&to).await;
        for words in ["Chờ quyết định", "Phường Ba Đình", "Cả thông tin nhạy cảm", "12/UBND", "canbo.an"]
        {
            assert!(page.body.contains(words), "{words}: {}", page.body);
        }
        // Approver as well, and still not of one's own; and nothing is there to be fetched yet.
        assert!(says(&mut clerk, &to, "approve", "").await.body.contains("do chính bạn đề nghị"));
        assert!(fetches(&mut clerk, &to).await.location().ends_with("?said=gone"));
        assert!(!work_once(&app.at.provider, folder.path(), &app.at.clock).await.unwrap(), "nobody approved it");
        let page = says(&mut chief, &to, "approve", "").await;
        assert!(page.body.contains("đang ghi tệp") && page.headers["refresh"] == "3", "{}", page.body);
        worked(&app, folder.path()).await;
        let page = clerk.get(&to).await;
        assert!(page.body.contains("Chờ người đề nghị tải về"), "{}", page.body);
        assert!(page.body.contains("Số người trong tệp</dt><dd>1</dd>"), "{}", page.body);
        let digest = page.body.split("SHA-256</dt><dd><code>").nth(1).unwrap().split('<').next().unwrap().to_owned();
        let names = lies(folder.path());
        assert_eq!(names.len(), 1, "{names:?}");
        assert_eq!(fs::metadata(folder.path().join(&names[0])).unwrap().permissions().mode() & 0o777, 0o600);
        // Who proposed it, and nobody else, whatever their role.
        assert_eq!(fetches(&mut chief, &to).await.status, StatusCode::FORBIDDEN);
        assert!(fetches(&mut other, &to).await.location().ends_with("?said=gone"));
        assert_eq!(lies(folder.path()), names);
        let file = fetches(&mut clerk, &to).await;
        assert_eq!(file.status, StatusCode::OK, "{}", file.body);
        assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
        assert_eq!(file.headers["cache-control"], "no-store");
        assert_eq!(file.headers["content-length"], file.body.len().to_string());
        let disposition = file.headers["content-disposition"].to_str().unwrap();
        assert!(disposition.starts_with("attachment; filename=\"dinhdanh-") && disposition.ends_with(".csv\""));
        assert_eq!(hex::hex(sha256(file.body.as_bytes()).as_bytes()), digest);
        assert!(file.body.contains(people::NUMBER) && !file.body.contains(another(2).number.as_str()));
        assert!(file.body.contains("'=HYPERLINK"), "no cell that a spreadsheet runs: {}", file.body);
        assert!(file.body.contains(people::PHONE), "sensitive as it was decided");
        assert!(lies(folder.path()).is_empty(), "it is gone");
        let again = fetches(&mut clerk, &to).await;
        assert!(again.location().ends_with("?said=gone"), "once");
        let page = clerk.get(again.location()).await;
        assert!(page.body.contains("Đã tải về") && page.body.contains("Tệp không còn"), "{}", page.body);
        is_audited(&app).await;
    }
}

/// Each step once, and that one tried to decide on their own.
async fn is_audited(app: &TestApp) {
    for action in [
        "registry.export_proposed",
        "registry.export_decided",
        "registry.exported",
        "registry.export_ended",
        "registry.export_fetched",
    ] {
        assert_eq!(app.at.audited(action, "done").await, 1, "{action}");
    }
    assert_eq!(app.at.audited("registry.export_decided", "refused").await, 1);
    let told = "SELECT count(*) FROM audit_event WHERE action = 'registry.export_fetched' AND outcome = 'done' \
        AND actor = 'operator:canbo.an' AND detail LIKE '%\"people\":1%' AND detail LIKE '%\"sha256\":\"%'";
    assert_eq!(app.at.count(told).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_wrongly_is_told_and_stays_and_each_unit_has_its_own() {
    let folder = tempfile::tempdir().unwrap();
    for app in apps(folder.path()).await {
        let mut clerk = app.at_desk("canbo.an", &[Role::Registrar], Some("01")).await;
        let mut far = app.at_desk("canbo.xa", &[Role::Registrar, Role::Approver], Some("79")).await;
        let mut near = app.at_desk("canbo.binh", &[Role::Approver], Some("01")).await;
        let mut auditor = app.at_desk("kiemtra.an", &[Role::Auditor], None).await;
        for (fields, words) in [
            (&[("unit", "Không Đâu"), ("format", "xml"), ("reason", REASON)][..], "Không có xã, phường hay tỉnh nào"),
            (&[("unit", "79"), ("format", "xml"), ("reason", REASON)], "Nơi này không thuộc địa bàn của bạn"),
            (&[("unit", "01"), ("format", "xml"), ("reason", "vì")], "Hãy ghi lý do, ít nhất 8 ký tự"),
            (&[("unit", "01"), ("format", "pdf"), ("reason", REASON)], "Hãy chọn một dạng tệp"),
        ] {
            let sent = sends(&mut clerk, fields).await;
            let page = clerk.get(sent.location()).await;
            assert!(page.body.contains(words) && page.body.contains("summary-title"), "{words}: {}", page.body);
            assert!(page.body.contains(&format!("value=\"{}\"", fields[0].1)), "what was typed stays: {}", page.body);
            assert!(page.body.contains(&format!(">{}</textarea>", fields[2].1)), "{}", page.body);
        }
        assert_eq!(app.at.count("SELECT count(*) FROM export_proposal").await, 0);
        // Nothing named is one's own part of the country; the same form twice is one proposal.
        let list = clerk.get(EXPORTS).await;
        let form = given(&list, "form");
        let fields = [("form", form.as_str()), ("format", "ndjson"), ("reason", REASON), ("action", "propose")];
        let first = clerk.submit(EXPORTS, &list, &fields).await;
        let to = first.location().to_owned();
        assert_eq!(clerk.submit(EXPORTS, &list, &fields).await.location(), to);
        assert_eq!(app.at.count("SELECT count(*) FROM export_proposal WHERE unit_code = '01'").await, 1);
        assert!(
            !clerk.get(EXPORTS).await.body.contains(&format!(">{REASON}</textarea>")),
            "what was taken is not kept"
        );
        assert!(far.get(&to).await.status == StatusCode::NOT_FOUND && !far.get(EXPORTS).await.body.contains(&to));
        assert!(near.get(EXPORTS).await.body.contains(&to) && auditor.get(EXPORTS).await.body.contains(&to));
        let desk = far.get("/console").await;
        for action in ["approve", "withdraw", "fetch"] {
            let fields = [("version", "1"), ("action", action), ("reason", "Không")];
            let sent = far.submit(&to, &desk, &fields).await;
            assert!(sent.location().ends_with("said=late") || sent.location().ends_with("said=gone"), "{action}");
        }
        let desk = auditor.get("/console").await;
        assert_eq!(auditor.submit(&to, &desk, &[("action", "approve")]).await.status, StatusCode::FORBIDDEN);
        assert_eq!(auditor.submit(&to, &desk, &[("action", "keep")]).await.status, StatusCode::FORBIDDEN);
        assert!(says(&mut near, &to, "reject", "").await.body.contains("Hãy ghi lý do từ chối"));
        let page = says(&mut near, &to, "reject", "Không đúng thẩm quyền").await;
        assert!(page.body.contains("Đã từ chối") && page.body.contains("Không đúng thẩm quyền"), "{}", page.body);
        let to = sends(&mut clerk, &[("format", "xml"), ("reason", REASON)]).await.location().to_owned();
        assert!(says(&mut clerk, &to, "withdraw", "").await.body.contains("Đã rút"));
        assert!(says(&mut near, &to, "approve", "").await.body.contains("đã được quyết định, vừa thay đổi"));
        worked(&app, folder.path()).await;
        assert!(lies(folder.path()).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_fetches_in_its_time_goes_and_what_broke_off_is_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    for app in apps(folder.path()).await {
        add(&app.at, person()).await;
        let an = app.operator("canbo.an", &[Role::Registrar], None).await;
        let mut clerk = app.browser();
        sign_in(&app, &mut clerk, &an).await;
        let mut chief = app.at_desk("canbo.binh", &[Role::Approver], None).await;
        let to = sends(&mut clerk, &[("format", "ndjson"), ("reason", REASON)]).await.location().to_owned();
        says(&mut chief, &to, "approve", "").await;
        // A process took it on and was killed: it is left alone while it may live, and begun anew afterwards.
        app.at.change("UPDATE export_proposal SET worked_at = decided_at").await;
        fs::write(folder.path().join("export-broken-off.ndjson.part"), b"half").unwrap();
        fs::write(folder.path().join("cua-nguoi-khac.csv"), b"not ours").unwrap();
        assert!(!work_once(&app.at.provider, folder.path(), &app.at.clock).await.unwrap());
        app.at.clock.advance(Span::secs(16));
        worked(&app, folder.path()).await;
        assert_eq!(lies(folder.path()).len(), 3);
        tidy(&app.at.provider, folder.path(), app.at.now()).await.unwrap();
        assert_eq!(lies(folder.path()).len(), 3, "it waits, and what may be on its way stays an hour");
        app.at.clock.advance(Span::hours(24));
        sign_in(&app, &mut clerk, &an).await;
        let page = clerk.get(&to).await;
        assert!(page.body.contains("Quá hạn tải về") && !page.body.contains("value=\"fetch\""), "{}", page.body);
        assert!(fetches(&mut clerk, &to).await.location().ends_with("?said=gone"), "not a moment later");
        assert_eq!(app.at.audited("registry.export_fetched", "refused").await, 1);
        tidy(&app.at.provider, folder.path(), Timestamp::MAX).await.unwrap();
        assert_eq!(lies(folder.path()), ["cua-nguoi-khac.csv"], "the folder's other files are their owners'");
        fs::remove_file(folder.path().join("cua-nguoi-khac.csv")).unwrap();
    }
}

/// A folder that is not there, or a disk that is full: it ends and says so, instead of being tried for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_written_ends_as_failed() {
    let folder = tempfile::tempdir().unwrap();
    let gone = folder.path().join("gone");
    for app in apps(&gone).await {
        let mut clerk = app.at_desk("canbo.an", &[Role::Registrar], None).await;
        let mut chief = app.at_desk("canbo.binh", &[Role::Approver], None).await;
        let to = sends(&mut clerk, &[("format", "csv"), ("reason", REASON)]).await.location().to_owned();
        says(&mut chief, &to, "approve", "").await;
        worked(&app, &gone).await;
        assert!(clerk.get(&to).await.body.contains("Không ghi được tệp"));
        assert_eq!(app.at.count("SELECT count(*) FROM export_proposal WHERE state = 'failed'").await, 1);
        assert_eq!(app.at.audited("registry.exported", "done").await, 0, "nothing went out");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_folder_nothing_is_taken_out() {
    let app = TestApp::sqlite().await;
    let mut clerk = app.at_desk("canbo.an", &[Role::Registrar], None).await;
    let list = clerk.get(EXPORTS).await;
    assert!(list.status == StatusCode::OK && !list.body.contains("<textarea"), "{}", list.body);
    let form = "018f0000-0000-7000-8000-000000000000";
    let fields = [("form", form), ("format", "csv"), ("reason", REASON), ("action", "propose")];
    assert_eq!(clerk.submit(EXPORTS, &list, &fields).await.status, StatusCode::FORBIDDEN);
}
