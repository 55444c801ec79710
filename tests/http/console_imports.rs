//! A file of people at the console: rehearsed, proposed by one, decided as a whole by another, brought in, seen on its way.

use std::{fs, path::Path};

use dinhdanh::{
    base::Span,
    flows::registry::import_proposals::{self, work_once},
    registry::operator::Role,
};
use http::StatusCode;

use crate::{
    http::console_record::{given, link},
    support::{
        app::{Answer, Browser, TestApp},
        database::TestDb,
        operators::sign_in,
        people::{add, person},
    },
};

const ROWS: &str = "number,full_name,birth_date,sex\n\
    900085000011,Trần Thị Mới,1990-01-01,female\n\
    900085000012,Lê Văn Mới,1991-01-01,male\n\
    900085000001,Nguyễn Văn Khác,1985-03-05,male\n\
    90008500001,Phạm Văn Ngắn,1985-03-05,male\n";

pub async fn apps(folder: &Path) -> Vec<TestApp> {
    TestApp::each_with(|settings| settings.import_folder = Some(folder.to_owned())).await
}

/// Everything that waits is worked off.
async fn worked(app: &TestApp, folder: &Path) {
    while work_once(&app.at.provider, folder, &app.at.clock).await.unwrap() {}
}

async fn proposed(clerk: &mut Browser<'_>, file: &str) -> (String, Answer) {
    let list = clerk.get("/console/imports").await;
    assert!(list.body.contains(file), "{}", list.body);
    let form = given(&list, "form");
    let fields = [("form", form.as_str()), ("file", file), ("action", "propose")];
    let sent = clerk.submit("/console/imports", &list, &fields).await;
    let to = sent.location().to_owned();
    let page = clerk.get(&to).await;
    (to, page)
}

pub async fn says(chief: &mut Browser<'_>, to: &str, action: &str) -> Answer {
    let page = chief.get(to).await;
    let version = given(&page, "version");
    let sent = chief.submit(to, &page, &[("version", version.as_str()), ("action", action)]).await;
    chief.get(sent.location()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_comes_in_by_two_peoples_word() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("xa.csv"), ROWS).unwrap();
    fs::write(folder.path().join("ghi-chu.txt"), "no file of people").unwrap();
    for app in apps(folder.path()).await {
        add(&app.at, person()).await;
        let (an, binh) = (
            app.operator("canbo.an", &[Role::Registrar, Role::Approver], None).await,
            app.operator("canbo.binh", &[Role::Approver], None).await,
        );
        let (mut clerk, mut chief) = (app.browser(), app.browser());
        sign_in(&app, &mut clerk, &an).await;
        sign_in(&app, &mut chief, &binh).await;
        assert!(!clerk.get("/console/imports").await.body.contains("ghi-chu.txt"));
        let (to, page) = proposed(&mut clerk, "xa.csv").await;
        assert!(page.body.contains("Đang kiểm tra thử"), "{}", page.body);
        assert_eq!(page.headers["refresh"], "3", "it looks again by itself");
        worked(&app, folder.path()).await;
        let page = clerk.get(&to).await;
        assert!(!page.headers.contains_key("refresh"));
        for words in ["Chờ quyết định", "Sẽ thêm", "SHA-256", "number"] {
            assert!(page.body.contains(words), "{words}: {}", page.body);
        }
        assert!(!page.body.contains("Phạm Văn Ngắn") && !page.body.contains("90008500001,"), "no values in the report");
        assert_eq!(app.at.count("SELECT count(*) FROM person").await, 1, "nothing is written by a rehearsal");
        // Approver as well, and still not of one's own.
        assert!(says(&mut clerk, &to, "approve").await.body.contains("do chính bạn đề nghị"));
        let seen = chief.get(&to).await;
        let page = says(&mut chief, &to, "approve").await;
        assert!(page.body.contains("đang ghi vào sổ") && page.headers.contains_key("refresh"), "{}", page.body);
        worked(&app, folder.path()).await;
        let page = chief.get(&to).await;
        assert!(page.body.contains("Đã ghi xong") && page.body.contains("Đã thêm"), "{}", page.body);
        assert_eq!(app.at.count("SELECT count(*) FROM person").await, 3);
        let stays = "SELECT count(*) FROM person WHERE number = '900085000001' AND full_name = 'Nguyễn Văn Thử'";
        assert_eq!(app.at.count(stays).await, 1, "who is known stays as they are");
        assert_eq!(app.at.count("SELECT count(*) FROM registry_case WHERE kind = 'import_differs'").await, 1);
        for action in ["registry.import_rehearsed", "registry.import_cases_opened", "registry.people_imported"] {
            assert_eq!(app.at.audited(action, "done").await, 1, "{action}");
        }
        let by = "SELECT count(*) FROM audit_event WHERE action = 'registry.people_imported' AND actor = 'operator:canbo.binh'";
        assert_eq!(app.at.count(by).await, 1);
        assert_eq!(app.at.audited("registry.import_decided", "done").await, 1);
        let again = chief.submit(&to, &seen, &[("version", "2"), ("action", "approve")]).await;
        assert!(chief.get(again.location()).await.body.contains("đã được quyết định"), "once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_bytes_that_were_approved_come_in_and_quiet_work_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    for app in apps(folder.path()).await {
        let path = folder.path().join("xa.csv");
        fs::write(&path, ROWS).unwrap();
        let mut clerk = app.at_desk("canbo.an", &[Role::Registrar], None).await;
        let mut chief = app.at_desk("canbo.binh", &[Role::Approver], None).await;
        let (to, _) = proposed(&mut clerk, "xa.csv").await;
        worked(&app, folder.path()).await;
        says(&mut chief, &to, "approve").await;
        fs::write(&path, ROWS.replace("Mới", "Tráo")).unwrap();
        worked(&app, folder.path()).await;
        let page = chief.get(&to).await;
        assert!(page.body.contains("Tệp đã thay đổi từ khi kiểm tra"), "{}", page.body);
        assert_eq!(app.at.count("SELECT count(*) FROM person").await, 0);
        // A process took the next one and was killed: it is left alone while it may live, and gone on with afterwards.
        let (to, _) = proposed(&mut clerk, "xa.csv").await;
        app.at.change("UPDATE import_proposal SET worked_at = proposed_at WHERE state = 'rehearsing'").await;
        assert!(!work_once(&app.at.provider, folder.path(), &app.at.clock).await.unwrap());
        app.at.clock.advance(Span::secs(16));
        worked(&app, folder.path()).await;
        says(&mut chief, &to, "approve").await;
        worked(&app, folder.path()).await;
        assert!(chief.get(&to).await.body.contains("Đã ghi xong"));
        assert_eq!(app.at.count("SELECT count(*) FROM person").await, 3);
        fs::remove_file(&path).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_the_countrys_and_names_only_what_lies_there() {
    let folder = tempfile::tempdir().unwrap();
    let beside = tempfile::NamedTempFile::with_suffix(".csv").unwrap();
    fs::write(beside.path(), ROWS).unwrap();
    std::os::unix::fs::symlink(beside.path(), folder.path().join("link.csv")).unwrap();
    fs::write(folder.path().join("xa.csv"), ROWS).unwrap();
    let app = TestApp::with(TestDb::sqlite().await, |settings| {
        settings.import_folder = Some(folder.path().to_owned());
    })
    .await;
    add(&app.at, person()).await;
    let mut clerk = app.at_desk("canbo.an", &[Role::Registrar], None).await;
    let mut far = app.at_desk("canbo.binh", &[Role::Registrar, Role::Approver], Some("01")).await;
    assert_eq!(far.get("/console/imports").await.status, StatusCode::FORBIDDEN);
    let list = clerk.get("/console/imports").await;
    assert!(!list.body.contains("link.csv"), "nothing that leads out of the folder");
    let form = given(&list, "form");
    let out = beside.path().display().to_string();
    for name in ["../xa.csv", "/etc/passwd", "link.csv", out.as_str(), ""] {
        let fields = [("form", form.as_str()), ("file", name), ("action", "propose")];
        assert_eq!(clerk.submit("/console/imports", &list, &fields).await.location(), "/console/imports", "{name}");
    }
    assert_eq!(app.at.count("SELECT count(*) FROM import_proposal").await, 0);
    let (to, _) = proposed(&mut clerk, "xa.csv").await;
    // The same form twice is one proposal; and what its proposer takes back is decided by nobody.
    let fields = [("form", to.rsplit('/').next().unwrap()), ("file", "xa.csv"), ("action", "propose")];
    clerk.submit("/console/imports", &list, &fields).await;
    assert_eq!(app.at.count("SELECT count(*) FROM import_proposal").await, 1);
    worked(&app, folder.path()).await;
    assert!(says(&mut clerk, &to, "withdraw").await.body.contains("Đã rút"));
    assert!(link(&clerk.get("/console").await, "Nhập dữ liệu từ tệp").ends_with("/imports"));
}

/// What no other try mends ends as failed and says so; it would otherwise be tried for ever.
#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_fails_on_our_side_ends() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("xa.csv"), ROWS).unwrap();
    for app in apps(folder.path()).await {
        add(&app.at, person()).await;
        let mut clerk = app.at_desk("canbo.an", &[Role::Registrar], None).await;
        let mut chief = app.at_desk("canbo.binh", &[Role::Approver], None).await;
        let (to, _) = proposed(&mut clerk, "xa.csv").await;
        worked(&app, folder.path()).await;
        says(&mut chief, &to, "approve").await;
        app.at.change("ALTER TABLE duplicate_candidate RENAME TO away").await;
        app.at.change("ALTER TABLE registry_change RENAME TO gone").await;
        worked(&app, folder.path()).await;
        assert_eq!(
            app.at.count("SELECT count(*) FROM import_proposal WHERE state = 'failed' AND failure = 'ours'").await,
            1
        );
        assert_eq!(app.at.count("SELECT count(*) FROM person").await, 1, "nothing half-written");
        assert!(chief.get(&to).await.body.contains("Hệ thống gặp lỗi"));
    }
}

/// More files may lie in the folder than a list shows, and each can be proposed and found again.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_found_by_its_name_among_many() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..250 {
        fs::write(folder.path().join(format!("xa-{number:03}.csv")), ROWS).unwrap();
    }
    let at = TestApp::sqlite().await;
    let actor = dinhdanh::store::audit::Actor::Operator("an".to_owned());
    let officer = dinhdanh::flows::registry::events::Officer { actor, unit: None, duty: None };
    let form = std::cell::Cell::new(0);
    let propose = async |name: &str| {
        // Each from a form of its own: the same form once more is the same proposal.
        form.set(form.get() + 1);
        let of = (uuid::Uuid::from_u128(form.get()), &officer);
        import_proposals::propose(&at.at.provider, (folder.path(), name), of, at.at.now()).await.unwrap().is_some()
    };
    assert_eq!(import_proposals::lying(folder.path()).len(), 200);
    assert!(propose("xa-249.csv").await);
    for way_out in
        ["../xa-001.csv", "./xa-001.csv", "/etc/passwd", "xa-001.csv/", "", ".", "xa-001.csv\0", "xa-999.csv"]
    {
        assert!(!propose(way_out).await, "{way_out:?}");
    }
    std::os::unix::fs::symlink(folder.path().join("xa-001.csv"), folder.path().join("link.csv")).unwrap();
    assert!(!propose("link.csv").await, "a link leads elsewhere");
}
