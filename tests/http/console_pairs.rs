//! Likely duplicates at the console: found, compared, told apart or merged by two officers; and asked about at entry.

use dinhdanh::{
    flows::registry::duplicates::walk,
    registry::{
        Address, PersonName, PersonRecord, Residence, ResidenceKind, Sex, UnitRef,
        household::{Membership, Relation, ResidenceFile},
        operator::Role,
        person::Relatives,
    },
    store::audit::Actor,
};
use http::StatusCode;

use super::console_record;
use crate::support::{
    app::{Answer, TestApp},
    people::{add, another},
};

fn at_home(app: &TestApp, serial: u32, unit: &str) -> PersonRecord {
    let unit = UnitRef::commune_on(unit, app.at.now().vietnam_date()).unwrap();
    let address = Address::new("Số 1", unit, None).unwrap();
    let home = Residence { kind: ResidenceKind::Permanent, address, from: None, to: None };
    PersonRecord { residences: vec![home], ..another(serial) }
}

async fn looked_for(app: &TestApp) -> u64 {
    let provider = &app.at.provider;
    walk((&provider.db, &provider.writer, &app.at.clock), &Actor::CommandLine, |_| {}).await.unwrap().pairs
}

fn first_link(page: &Answer, to: &str) -> String {
    let rest = page.body.split(&format!("href=\"{to}/")).nth(1).unwrap_or_else(|| panic!("no {to} on {}", page.body));
    format!("{to}/{}", rest.split('"').next().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_compares_two_records_and_says_that_they_are_two_people() {
    for app in TestApp::each().await {
        for serial in [1, 2] {
            add(&app.at, at_home(&app, serial, "00004")).await;
        }
        add(&app.at, at_home(&app, 3, "26368")).await;
        assert_eq!(looked_for(&app).await, 1);
        let mut far = app.at_desk("o-xa", &[Role::Registrar], Some("79")).await;
        assert!(far.get("/console/pairs").await.body.contains("Không có cặp hồ sơ nào"), "not of this province");
        let mut auditor = app.at_desk("kiem", &[Role::Auditor], None).await;
        assert_eq!(auditor.get("/console/pairs").await.status, StatusCode::FORBIDDEN);
        let mut browser = app.at_desk("thu", &[Role::Registrar], Some("01")).await;
        let seen = app.at.audited("registry.person_read", "done").await;
        let list = browser.get("/console/pairs").await;
        assert!(list.body.contains("Trùng họ tên +40") && list.body.contains(">86<"), "{}", list.body);
        assert_eq!(app.at.audited("registry.person_read", "done").await, seen + 2, "both are on record as read");
        let at = first_link(&list, "/console/pairs");
        assert!(!at.contains("900085"), "nothing personal in an address");
        let page = browser.get(&at).await;
        for words in ["Trùng ngày sinh", "Ở cùng xã, phường", "+8", "Tổng điểm", "Số điện thoại", "Khác", "Giống"]
        {
            assert!(page.body.contains(words), "{words}: {}", page.body);
        }
        assert_eq!(far.get(&at).await.status, StatusCode::NOT_FOUND, "another's address opens nothing");
        let again = browser.submit(&at, &page, &[("action", "different"), ("reason", "")]).await;
        assert_eq!(again.location(), format!("{at}?said=reason"), "a word without a reason is none");
        assert!(browser.get(again.location()).await.body.contains("Hãy ghi đã kiểm tra những gì"));
        assert_eq!(app.at.count("SELECT count(*) FROM duplicate_candidate WHERE state = 'open'").await, 1);
        let fields = [("action", "different"), ("reason", "Đã gặp cả hai người")];
        assert_eq!(browser.submit(&at, &page, &fields).await.location(), "/console/pairs");
        assert!(browser.get("/console/pairs").await.body.contains("Không có cặp hồ sơ nào"));
        let decided = browser.get(&at).await.body;
        assert!(decided.contains("Cặp này đã có kết luận. Đã gặp cả hai người") && !decided.contains("<textarea"));
        assert_eq!(app.at.audited("registry.duplicate_decided", "done").await, 2);
        assert_eq!(looked_for(&app).await, 1, "found again");
        assert_eq!(
            app.at.count("SELECT count(*) FROM duplicate_candidate WHERE state = 'open'").await,
            0,
            "and decided"
        );
        let english = browser.get(&format!("{at}?lang=en")).await;
        assert_eq!(english.status, StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_is_proposed_from_the_comparison_and_decided_by_another() {
    for app in TestApp::each().await {
        for serial in [1, 2] {
            add(&app.at, at_home(&app, serial, "00004")).await;
        }
        looked_for(&app).await;
        let mut registrar = app.at_desk("thu", &[Role::Registrar], None).await;
        let list = registrar.get("/console/pairs").await;
        let at = first_link(&list, "/console/pairs");
        let page = registrar.get(&at).await;
        let to = registrar.submit(&at, &page, &[("action", "keep_one")]).await.location().to_owned();
        assert!(to.starts_with("/console/propose/record_merge?draft="), "{to}");
        let form = registrar.get(&to).await;
        let given = |name: &str| {
            let tag = form.body.split('<').find(|tag| tag.contains(&format!("name=\"{name}\""))).unwrap();
            tag.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
        };
        let (keep, merged, id) = (given("keep"), given("merged"), given("form"));
        let fields = [
            ("form", id.as_str()),
            ("keep", &keep),
            ("merged", &merged),
            ("on", "20/11/2026"),
            ("paper", "verification_minutes"),
            ("paper_no", "3/BB"),
            ("paper_on", "20/11/2026"),
            ("paper_by", "Công an phường"),
        ];
        let path = "/console/propose/record_merge";
        let checked = registrar.submit(path, &form, &[&fields[..], &[("action", "check")]].concat()).await;
        let shown = registrar.get(checked.location()).await;
        assert!(
            shown.body.contains("Đã gộp vào hồ sơ") && shown.body.contains("Số định danh cá nhân"),
            "{}",
            shown.body
        );
        let seen = console_record::given(&shown, "seen");
        let sending = [("seen", seen.as_str()), ("action", "propose")];
        let sent = registrar.submit(path, &shown, &[&fields[..], &sending].concat()).await;
        let event = sent.location().to_owned();
        assert!(event.starts_with("/console/events/"), "{event}");
        let mut approver = app.at_desk("duyet", &[Role::Approver], None).await;
        let proposal = approver.get(&event).await;
        let done = approver.submit(&event, &proposal, &[("version", "1"), ("action", "approve")]).await;
        assert!(approver.get(done.location()).await.body.contains("Đã ghi vào sổ."));
        assert_eq!(app.at.count("SELECT count(*) FROM person WHERE merged_into IS NOT NULL").await, 1);
        assert_eq!(app.at.count("SELECT count(*) FROM duplicate_candidate WHERE state = 'same'").await, 1);
        assert_eq!(looked_for(&app).await, 0, "one person is nobody's likeness");
        for number in ["900085000001", "900085000002"] {
            let page = registrar.get("/console/find").await;
            let found = registrar.submit("/console/find", &page, &[("who", number)]).await;
            let found = registrar.get(found.location()).await;
            assert_eq!(
                found.body.matches("/console/person/").count(),
                1,
                "one person by either number: {}",
                found.body
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_who_may_be_recorded_needs_a_word_of_the_officer() {
    for app in TestApp::each().await {
        let mut mother = at_home(&app, 1, "00004");
        mother.sex = Sex::Female;
        mother.name = PersonName::parse("Trần Thị Mẹ").unwrap();
        mother.household = Some(Membership { file: ResidenceFile::parse("T/1").unwrap(), relation: Relation::Head });
        let number = mother.number;
        add(&app.at, mother).await;
        // A collection brought the child before the birth was registered: written without marks.
        let mut child = at_home(&app, 2, "00004");
        child.name = PersonName::parse("Nguyen Thi Be").unwrap();
        child.birth = dinhdanh::registry::BirthDate::parse("2026-10-11").unwrap();
        child.sex = Sex::Female;
        child.relatives = Relatives { mother: Some(number), ..Relatives::default() };
        add(&app.at, child).await;
        let mut browser = app.at_desk("thu", &[Role::Registrar], None).await;
        let form = browser.get("/console/propose/birth").await;
        let id = form.body.split("name=\"form\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let fields = [
            ("form", id.as_str()),
            ("name", "Nguyễn Thị Bé"),
            ("on", "11/10/2026"),
            ("sex", "female"),
            ("mother", number.as_str()),
            ("registered_on", "20/11/2026"),
            ("registered_at", "00004"),
            ("household", "T/1"),
            ("paper", "birth_note"),
            ("paper_no", "1"),
            ("paper_on", "20/11/2026"),
            ("paper_by", "Bệnh viện"),
        ];
        let path = "/console/propose/birth";
        let sent = browser.submit(path, &form, &[&fields[..], &[("action", "propose")]].concat()).await;
        let page = browser.get(sent.location()).await;
        for words in ["Có thể đã có hồ sơ của trẻ", "Nguyen Thi Be", "Cùng cha hoặc mẹ", "hãy so sánh"]
        {
            assert!(page.body.contains(words), "{words}: {}", page.body);
        }
        assert_eq!(app.at.count("SELECT count(*) FROM civil_event").await, 0);
        let fields = [&fields[..], &[("distinct", "yes")]].concat();
        let checked = browser.submit(path, &page, &[&fields[..], &[("action", "check")]].concat()).await;
        let shown = browser.get(checked.location()).await;
        let seen = console_record::given(&shown, "seen");
        let sending = [("seen", seen.as_str()), ("action", "propose")];
        let sent = browser.submit(path, &shown, &[&fields[..], &sending].concat()).await;
        let event = sent.location().to_owned();
        assert!(event.starts_with("/console/events/"), "{event}");
        let shown = browser.get(&event).await.body;
        assert!(shown.contains("người đăng ký xác nhận không trùng"), "the decider reads it: {shown}");
    }
}
