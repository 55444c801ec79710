//! Auditors: what operators did, what looks like snooping, and who looked into it. Nobody judges themselves.

use dinhdanh::{
    base::{Fault, Span, Timestamp},
    registry::operator::Role,
    store::{
        Class, LaneKey, Tx, Unit,
        flags::{self, FlagKey, Of},
        operator_reading,
    },
};
use http::StatusCode;

use super::console_record::{link, person_page};
use crate::support::{
    app::{Answer, Browser, TestApp},
    people::{self, add, person},
};

/// Thirty-five operators who opened many records, and an auditor who searched often.
struct Flag {
    now: Timestamp,
}

impl Unit for Flag {
    type Out = ();
    const KIND: &'static str = "test.flag";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(b"test")
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        for serial in 0..35 {
            operator_reading::flag(tx, &format!("canbo.{serial:02}"), "many_people", self.now).await?;
        }
        operator_reading::flag(tx, "kiemtra.an", "many_searches", self.now).await.map(|_| ())
    }
}

async fn asked(browser: &mut Browser<'_>, fields: &[(&str, &str)]) -> Answer {
    let page = browser.get("/console/trail").await;
    let sent = browser.submit("/console/trail", &page, fields).await;
    let to = sent.location().to_owned();
    assert!(fields.iter().all(|(_, typed)| typed.len() < 4 || !to.contains(typed)), "{to}");
    browser.get(&to).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_did_and_what_happened_to_a_person_is_read_page_by_page() {
    for app in TestApp::each().await {
        add(&app.at, person()).await;
        let mut clerk = app.at_desk("canbo.an", &[Role::Registrar], None).await;
        for _ in 0..40 {
            person_page(&mut clerk, people::NUMBER, people::NAME).await;
        }
        let mut auditor = app.at_desk("kiemtra.an", &[Role::Auditor], None).await;
        let mut page = asked(&mut auditor, &[("operator", "CanBo.An"), ("since", "22/11/2026")]).await;
        for words in ["Mở hồ sơ", "Tìm người", "canbo.an", "/console/person/"] {
            assert!(page.body.contains(words), "{words}: {}", page.body);
        }
        // A search, the hits and the record that was opened share a moment; every one of them is on one page, and once.
        let (mut opened, mut pages) = (0, 0);
        loop {
            opened += page.body.matches("registry.person_read").count();
            pages += 1;
            if !page.body.contains("rel=\"next\"") {
                break;
            }
            let next = page.body.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
            let next = next.split('#').next().unwrap().to_owned();
            page = auditor.get(&next).await;
        }
        let all =
            "SELECT count(*) FROM audit_event WHERE action = 'registry.person_read' AND actor = 'operator:canbo.an'";
        assert_eq!(u64::try_from(opened).unwrap(), u64::try_from(app.at.count(all).await).unwrap());
        assert!(pages > 2, "{pages}");
        assert!(!page.body.contains("tên gần giống"), "the log has no near names");
        let page = asked(&mut auditor, &[("person", "900 085 000 001")]).await;
        assert!(page.body.contains("registry.person_read") && page.body.contains("canbo.an"), "{}", page.body);
        let page = asked(&mut auditor, &[("operator", "canbo.an"), ("until", "21/11/2026")]).await;
        assert!(page.body.contains("Không có gì trong khoảng thời gian này"), "{}", page.body);
        let read = "SELECT count(*) FROM audit_event WHERE action = 'audit.read' AND actor = 'operator:kiemtra.an'";
        assert!(app.at.count(read).await >= 3, "reading the log is on record");
        for (fields, words) in [
            (&[("operator", "")][..], "Hãy nhập tên đăng nhập của cán bộ hoặc"),
            (&[("operator", "canbo.khac")], "Không có cán bộ nào"),
            (&[("operator", "không phải tên")], "Không có cán bộ nào"),
            (&[("person", "900085000009")], "Không có ai mang số định danh này"),
            (&[("person", "12")], "Số định danh có 12 chữ số"),
            (&[("operator", "canbo.an"), ("person", people::NUMBER)], "Mỗi lần chỉ xem một"),
            (&[("operator", "canbo.an"), ("since", "hôm qua")], "Hãy ghi ngày, tháng, năm"),
            (&[("operator", "canbo.an"), ("since", "22/11/2026"), ("until", "21/11/2026")], "trước ngày bắt đầu"),
        ] {
            let page = asked(&mut auditor, fields).await;
            assert!(page.body.contains(words) && page.body.contains("summary-title"), "{words}: {}", page.body);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flag_is_looked_at_once_by_somebody_else_with_a_finding() {
    for app in TestApp::each().await {
        let mut auditor = app.at_desk("kiemtra.an", &[Role::Auditor], None).await;
        let mut other = app.at_desk("kiemtra.binh", &[Role::Auditor], None).await;
        // More than a page of them, all at one moment; and one about the auditor.
        app.at.provider.writer.submit(Flag { now: app.at.now() }).await.unwrap();
        let list = auditor.get("/console/flags").await;
        assert_eq!(list.body.matches("/console/flag/").count(), 30, "{}", list.body);
        let next = list.body.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
        let next = next.split('#').next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
        let rest = auditor.get(&next).await;
        assert_eq!(rest.body.matches("/console/flag/").count(), 6, "none twice and none left out");
        let own = link(&list, "Tìm rất nhiều lần trong một ngày");
        let page = auditor.get(&own).await;
        assert!(page.body.contains("Dấu hiệu này về chính bạn") && !page.body.contains("<textarea"), "{}", page.body);
        let desk = auditor.get("/console").await;
        let fields = [("action", "see"), ("finding", "Không sao")];
        let forged = auditor.submit(&own, &desk, &fields).await;
        assert!(auditor.get(forged.location()).await.body.contains("hoặc là về chính bạn"));
        assert_eq!(other.get(&own).await.status, StatusCode::NOT_FOUND, "another's address opens nothing");
        let list = other.get("/console/flags").await;
        let at = link(&list, "Tìm rất nhiều lần trong một ngày");
        let page = other.get(&at).await;
        let none = other.submit(&at, &page, &[("action", "see"), ("finding", " ")]).await;
        assert!(other.get(none.location()).await.body.contains("Hãy ghi đã hỏi ai"));
        let fields = [("action", "see"), ("finding", "Đã hỏi: kiểm tra định kỳ")];
        let seen = other.submit(&at, &page, &fields).await;
        let page = other.get(seen.location()).await;
        for words in ["Đã ghi kết luận", "Đã hỏi: kiểm tra định kỳ", "kiemtra.binh"] {
            assert!(page.body.contains(words), "{words}: {}", page.body);
        }
        assert!(!page.body.contains("<textarea"));
        let desk = other.get("/console").await;
        let again = other.submit(&at, &desk, &fields).await;
        assert!(other.get(again.location()).await.body.contains("đã có người xem xét"));
        assert_eq!(app.at.audited("registry.flag_seen", "done").await, 1);
        assert_eq!(app.at.audited("registry.flag_seen", "refused").await, 2);
        assert!(other.get("/console/flags?seen=1").await.body.contains("/console/flag/"));
        let open = flags::list(&mut app.at.conn().await, (Of::Operators(None), true), None, 100).await.unwrap();
        assert_eq!(open.len(), 35);
        assert!(
            open.iter().all(|flag| matches!(&flag.key, FlagKey::Operator { operator, .. } if operator != "kiemtra.an"))
        );
        // From the flag to what the operator did that day.
        let trail = other.get(&link(&page, "Xem nhật ký của cán bộ này trong ngày đó")).await;
        assert!(trail.body.contains("value=\"kiemtra.an\"") && trail.body.contains("operator.code"), "{}", trail.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_for_auditors() {
    let app = TestApp::sqlite().await;
    let mut clerk = app.at_desk("canbo.an", &[Role::Registrar, Role::Approver], None).await;
    let desk = clerk.get("/console").await;
    assert!(!desk.body.contains("/console/trail") && !desk.body.contains("/console/flags"), "{}", desk.body);
    for path in ["/console/trail", "/console/flags", "/console/system-flags", "/console/flag/x", "/console/trail/x"] {
        assert_eq!(clerk.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    for path in ["/console/trail", "/console/flag/x"] {
        let fields = [("operator", "canbo.an"), ("action", "see"), ("finding", "x")];
        assert_eq!(clerk.submit(path, &desk, &fields).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let mut auditor = app.at_desk("kiemtra.an", &[Role::Auditor], None).await;
    let desk = auditor.get("/console").await;
    assert!(desk.body.contains("/console/trail") && desk.body.contains("/console/flags"));
    assert!(auditor.get("/console/flags").await.body.contains("Không có dấu hiệu nào"));
    assert!(auditor.get("/console/system-flags").await.body.contains("Không có dấu hiệu nào"));
    // What was sealed for another day, or by nobody, leads to the beginning.
    app.at.clock.advance(Span::secs(1));
    assert_eq!(auditor.get("/console/trail/x").await.location(), "/console/trail");
    assert_eq!(auditor.get("/console/flag/x").await.status, StatusCode::NOT_FOUND);
    assert_eq!(auditor.get("/console/flags?after=x").await.status, StatusCode::OK);
}

struct FlagThree {
    now: Timestamp,
}

impl Unit for FlagThree {
    type Out = ();
    const KIND: &'static str = "test.flag_three";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(b"test")
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        for name in ["canbo.ha", "canbo.xa", "canbo.nuoc"] {
            operator_reading::flag(tx, name, "many_people", self.now).await?;
        }
        Ok(())
    }
}

/// A unit's auditor looks after the operators of the unit and of what lies within it: what those did, and nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn a_units_auditor_reads_what_its_operators_did() {
    for app in TestApp::each().await {
        add(&app.at, person()).await;
        for (name, unit) in [("canbo.ha", Some("00004")), ("canbo.xa", Some("79")), ("canbo.nuoc", None)] {
            let mut clerk = app.at_desk(name, &[Role::Registrar], unit).await;
            person_page(&mut clerk, people::NUMBER, people::NAME).await;
        }
        let mut auditor = app.at_desk("kiemtra.ha", &[Role::Auditor], Some("01")).await;
        let desk = auditor.get("/console").await;
        assert!(desk.body.contains("/console/trail") && desk.body.contains("/console/flags"), "{}", desk.body);
        let form = auditor.get("/console/trail").await;
        assert!(form.body.contains("cán bộ thuộc địa bàn của bạn"), "it says whose log this is: {}", form.body);
        let page = asked(&mut auditor, &[("operator", "canbo.ha")]).await;
        assert!(page.body.contains("registry.person_read"), "{}", page.body);
        for name in ["canbo.xa", "canbo.nuoc"] {
            let page = asked(&mut auditor, &[("operator", name)]).await;
            assert!(page.body.contains("Không có cán bộ nào") && !page.body.contains("registry."), "{}", page.body);
        }
        let page = asked(&mut auditor, &[("person", people::NUMBER)]).await;
        assert!(page.body.contains("registry.person_read") && page.body.contains("canbo.ha"), "{}", page.body);
        assert!(!page.body.contains("canbo.xa") && !page.body.contains("canbo.nuoc"), "{}", page.body);
        app.at.provider.writer.submit(FlagThree { now: app.at.now() }).await.unwrap();
        let list = auditor.get("/console/flags").await;
        assert_eq!(list.body.matches("/console/flag/").count(), 1, "{}", list.body);
        assert!(list.body.contains("canbo.ha") && !list.body.contains("/console/system-flags"), "{}", list.body);
        assert_eq!(auditor.get("/console/system-flags").await.status, StatusCode::FORBIDDEN);
        let at = link(&list, "Mở rất nhiều hồ sơ trong một ngày");
        assert_eq!(auditor.get(&at).await.status, StatusCode::OK);
        // Moved to another unit, they are another's to look after.
        app.at.change("UPDATE operator SET unit_code = '79' WHERE name = 'canbo.ha'").await;
        assert_eq!(auditor.get(&at).await.status, StatusCode::NOT_FOUND);
        let fields = [("action", "see"), ("finding", "Đã hỏi")];
        assert_eq!(auditor.submit(&at, &desk, &fields).await.status, StatusCode::NOT_FOUND);
        assert_eq!(app.at.audited("registry.flag_seen", "done").await, 0);
    }
}
