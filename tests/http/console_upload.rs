//! A file of people from an operator's own machine: streamed into the folder of imports, proposed with it, and taken away when
//! what became of it is settled.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use dinhdanh::{
    base::Timestamp,
    flows::registry::{import_proposals::work_once, uploads::tidy},
    registry::operator::Role,
};
use http::StatusCode;

use super::{
    console_imports::{apps, says},
    console_record::given,
};
use crate::support::{
    app::{Answer, Browser, TestApp},
    database::TestDb,
    operators::sign_in,
};

const UPLOAD: &str = "/console/upload";
const ROWS: &[u8] = "number,full_name,birth_date,sex\n\
    900085000011,Trần Thị Mới,1990-01-01,female\n\
    900085000012,Lê Văn Mới,1991-01-01,male\n"
    .as_bytes();
const SHA256: &str = "SHA-256</dt><dd><code>";

fn lies(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

async fn upload(clerk: &mut Browser<'_>, page: &Answer, file: (&str, &[u8])) -> Answer {
    let (csrf, form) = (given(page, "csrf"), given(page, "form"));
    clerk.post_file(UPLOAD, &[("csrf", &csrf), ("form", &form)], file).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_sent_checked_decided_brought_in_and_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    for app in apps(folder.path()).await {
        let (an, binh) = (
            app.operator("canbo.an", &[Role::Registrar], None).await,
            app.operator("canbo.binh", &[Role::Approver], None).await,
        );
        let (mut clerk, mut chief) = (app.browser(), app.browser());
        sign_in(&app, &mut clerk, &an).await;
        sign_in(&app, &mut chief, &binh).await;
        assert!(!chief.get("/console/imports").await.body.contains("type=\"file\""));
        let list = clerk.get("/console/imports").await;
        let sent = upload(&mut clerk, &list, ("danh sach Nguyen Van A.csv", ROWS)).await;
        let to = sent.location().to_owned();
        let names = lies(folder.path());
        assert!(names.len() == 1 && names[0].starts_with("upload-2026-11-22-"), "{names:?}");
        assert_eq!(fs::metadata(folder.path().join(&names[0])).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read(folder.path().join(&names[0])).unwrap(), ROWS);
        let page = clerk.get(&to).await;
        let digest = page.body.split(SHA256).nth(1).unwrap().split('<').next().unwrap().to_owned();
        assert_eq!(digest.len(), 64);
        assert!(page.body.contains("Đang kiểm tra thử") && !page.body.contains("Nguyen Van A"), "{}", page.body);
        // The same form once more, by the back button: one proposal, and no second copy of the bytes.
        assert_eq!(upload(&mut clerk, &list, ("xa.csv", ROWS)).await.location(), to);
        assert_eq!(lies(folder.path()), names);
        assert_eq!(app.at.count("SELECT count(*) FROM import_proposal").await, 1);
        let named = "SELECT count(*) FROM audit_event WHERE action = 'registry.import_proposed' \
            AND detail LIKE '%\"sha256\":\"%' AND detail NOT LIKE '%Nguyen%'";
        assert_eq!(app.at.count(named).await, 1);
        while work_once(&app.at.provider, folder.path(), &app.at.clock).await.unwrap() {}
        let page = clerk.get(&to).await;
        assert!(page.body.contains("Chờ quyết định") && page.body.contains(&digest), "{}", page.body);
        tidy(&app.at.provider, folder.path(), app.at.now()).await.unwrap();
        assert_eq!(lies(folder.path()), names, "it waits");
        says(&mut chief, &to, "approve").await;
        while work_once(&app.at.provider, folder.path(), &app.at.clock).await.unwrap() {}
        assert!(clerk.get(&to).await.body.contains("Đã ghi xong"));
        assert_eq!(app.at.count("SELECT count(*) FROM person").await, 2);
        let other = folder.path().join("cua-nguoi-khac.csv");
        fs::write(&other, ROWS).unwrap();
        fs::write(folder.path().join("upload-2026-11-22-x.csv.part"), b"broken off").unwrap();
        tidy(&app.at.provider, folder.path(), app.at.now()).await.unwrap();
        let mut left = lies(folder.path());
        left.sort();
        assert_eq!(
            left,
            ["cua-nguoi-khac.csv", "upload-2026-11-22-x.csv.part"],
            "what may be on its way stays an hour"
        );
        tidy(&app.at.provider, folder.path(), Timestamp::MAX).await.unwrap();
        assert_eq!(lies(folder.path()), ["cua-nguoi-khac.csv"], "the folder's other files are their owners'");
        fs::remove_file(other).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_bytes_under_its_name_are_not_rehearsed() {
    let folder = tempfile::tempdir().unwrap();
    for app in apps(folder.path()).await {
        let mut clerk = app.at_desk("canbo.an", &[Role::Registrar], None).await;
        let list = clerk.get("/console/imports").await;
        let to = upload(&mut clerk, &list, ("xa.csv", ROWS)).await.location().to_owned();
        let name = lies(folder.path()).remove(0);
        fs::write(folder.path().join(&name), [ROWS, b"900085000013,X Y,1990-01-01,male\n"].concat()).unwrap();
        while work_once(&app.at.provider, folder.path(), &app.at.clock).await.unwrap() {}
        let page = clerk.get(&to).await;
        assert!(page.body.contains("Tệp đã thay đổi từ khi kiểm tra"), "{}", page.body);
        tidy(&app.at.provider, folder.path(), app.at.now()).await.unwrap();
        assert!(lies(folder.path()).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_taken_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::with(TestDb::sqlite().await, |settings| {
        settings.import_folder = Some(folder.path().to_owned());
    })
    .await;
    let (an, far, chief) = (
        app.operator("canbo.an", &[Role::Registrar], None).await,
        app.operator("canbo.xa", &[Role::Registrar], Some("01")).await,
        app.operator("canbo.binh", &[Role::Approver, Role::Auditor], None).await,
    );
    let mut clerk = app.browser();
    sign_in(&app, &mut clerk, &an).await;
    let list = clerk.get("/console/imports").await;
    for (file, says) in [
        (("people.xlsx", ROWS), "Chỉ nhận tệp .csv, .ndjson hoặc .xml"),
        (("noextension", ROWS), "Chỉ nhận tệp .csv, .ndjson hoặc .xml"),
        (("", ROWS), "Chưa nhận được tệp"),
        (("empty.csv", &b""[..]), "Chưa nhận được tệp"),
    ] {
        let sent = upload(&mut clerk, &list, file).await;
        assert!(clerk.get(sent.location()).await.body.contains(says), "{}", file.0);
    }
    // A name with a way out of the folder names nothing but a kind.
    let (csrf, form) = (given(&list, "csrf"), given(&list, "form"));
    for fields in
        [&[("csrf", "x"), ("form", form.as_str())][..], &[("form", &form), ("csrf", &csrf)], &[("csrf", &csrf)]]
    {
        let answer = clerk.post_file(UPLOAD, fields, ("xa.csv", ROWS)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{fields:?}");
    }
    // A little too large, which is read away first, and so large that it is broken off.
    for large in [600 * 1024, 3 * 1024 * 1024] {
        let answer = upload(&mut clerk, &list, ("xa.csv", &vec![b'a'; large])).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", answer.body);
        for words in ["Tệp quá lớn", "tối đa 524,2 kB", "chia thành nhiều tệp nhỏ hơn", "href=\"/console\""]
        {
            assert!(answer.body.contains(words), "{words}: {}", answer.body);
        }
    }
    assert_eq!(clerk.post(UPLOAD, &[("csrf", &csrf), ("form", &form)]).await.status, StatusCode::FORBIDDEN);
    for who in [&far, &chief] {
        let mut other = app.browser();
        sign_in(&app, &mut other, who).await;
        let desk = other.get("/console").await;
        let csrf = given(&desk, "csrf");
        let answer = other.post_file(UPLOAD, &[("csrf", &csrf), ("form", &form)], ("xa.csv", ROWS)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", who.name);
    }
    let answer = app.browser().post_file(UPLOAD, &[("csrf", &csrf), ("form", &form)], ("xa.csv", ROWS)).await;
    assert_eq!(answer.location(), "/console/sign-in");
    assert_eq!(lies(folder.path()), Vec::<String>::new());
    assert_eq!(app.at.count("SELECT count(*) FROM import_proposal").await, 0);
    let out = upload(&mut clerk, &list, ("../../xa.csv", ROWS)).await;
    assert!(out.location().starts_with("/console/imports/"), "{}", out.location());
    let names = lies(folder.path());
    assert!(names.len() == 1 && names[0].starts_with("upload-"), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_fills_the_disk_with_files_that_wait() {
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::with(TestDb::sqlite().await, |settings| {
        settings.import_folder = Some(folder.path().to_owned());
    })
    .await;
    let mut clerk = app.at_desk("canbo.an", &[Role::Registrar], None).await;
    for _ in 0..20 {
        let list = clerk.get("/console/imports").await;
        assert!(upload(&mut clerk, &list, ("xa.csv", ROWS)).await.location().starts_with("/console/imports/"));
    }
    let list = clerk.get("/console/imports").await;
    let sent = upload(&mut clerk, &list, ("xa.csv", ROWS)).await;
    assert!(clerk.get(sent.location()).await.body.contains("Đang có nhiều tệp chờ quyết định"));
    assert_eq!(lies(folder.path()).len(), 20);
}

/// What lies in the folder for others, and what is on its way, does not hide how many wait; nor is another's upload proposed again.
#[tokio::test(flavor = "multi_thread")]
async fn files_that_wait_are_counted_whatever_else_lies_there() {
    let folder = tempfile::tempdir().unwrap();
    let set = |settings: &mut dinhdanh::flows::Settings| settings.import_folder = Some(folder.path().to_owned());
    let app = TestApp::with(TestDb::sqlite().await, set).await;
    for number in 0..250 {
        fs::write(folder.path().join(format!("a-{number:03}.csv")), ROWS).unwrap();
    }
    for number in 0..10 {
        fs::write(folder.path().join(format!("upload-{number:03}.csv")), ROWS).unwrap();
        fs::write(folder.path().join(format!("upload-{number:03}.csv.part")), ROWS).unwrap();
    }
    let mut clerk = app.at_desk("canbo.an", &[Role::Registrar], None).await;
    let list = clerk.get("/console/imports").await;
    let sent = upload(&mut clerk, &list, ("xa.csv", ROWS)).await;
    assert!(clerk.get(sent.location()).await.body.contains("Đang có nhiều tệp chờ quyết định"));
    let form = given(&list, "form");
    let fields = [("form", form.as_str()), ("file", "upload-001.csv"), ("action", "propose")];
    assert_eq!(clerk.submit("/console/imports", &list, &fields).await.location(), "/console/imports");
    assert_eq!(app.at.count("SELECT count(*) FROM import_proposal").await, 0);
}
