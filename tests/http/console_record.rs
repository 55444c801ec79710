//! A new operator with only the console registers a birth, a move, a death and a correction; another decides.

use dinhdanh::registry::{
    Address, Residence, ResidenceKind, Sex, UnitRef,
    household::{Membership, Relation, ResidenceFile},
    operator::Role,
};
use http::StatusCode;

use crate::support::{
    app::{Answer, Browser, TestApp},
    people::{self, add, another, person},
};

const PAPER: [(&str, &str); 3] =
    [("paper_no", "12/2026"), ("paper_on", "20/11/2026"), ("paper_by", "UBND phường Ba Đình")];

/// Where a link with these words leads.
pub fn link(page: &Answer, words: &str) -> String {
    let before = page.body.split(&format!(">{words}</a>")).next().filter(|before| before.len() < page.body.len());
    let before = before.unwrap_or_else(|| panic!("no link {words:?} on {}", page.body));
    let href = before.rsplit("href=\"").next().unwrap();
    href.split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&")
}

/// The value that a field of the page has.
pub fn given(page: &Answer, name: &str) -> String {
    let at = format!("name=\"{name}\"");
    let tag =
        page.body.split('<').find(|tag| tag.contains(&at)).unwrap_or_else(|| panic!("no {name} on {}", page.body));
    tag.split("value=\"").nth(1).map(|rest| rest.split('"').next().unwrap().to_owned()).unwrap_or_default()
}

pub async fn find(browser: &mut Browser<'_>, who: &str) -> Answer {
    let page = browser.get("/console/find").await;
    let sent = browser.submit("/console/find", &page, &[("who", who)]).await;
    let to = sent.location().to_owned();
    assert!(!to.contains(who) && !to.contains("900085"), "nothing personal in an address: {to}");
    browser.get(&to).await
}

pub async fn person_page(browser: &mut Browser<'_>, who: &str, name: &str) -> Answer {
    let found = find(browser, who).await;
    let to = link(&found, name);
    let page = browser.get(&to).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    page
}

/// Fills the form of a kind from somebody's page, and answers the page after sending it.
async fn propose(
    browser: &mut Browser<'_>,
    from: &Answer,
    label: &str,
    fields: &[(&str, &str)],
    paper: &str,
) -> Answer {
    let to = link(from, label);
    let form = browser.get(&to).await;
    let first = ["subject", "mother"].into_iter().find(|name| form.body.contains(&format!("name=\"{name}\""))).unwrap();
    let (subject, id) = (given(&form, first), given(&form, "form"));
    let mut all = vec![("form", id.as_str()), (first, subject.as_str()), ("paper", paper)];
    all.extend(PAPER);
    all.extend(fields);
    let path = to.split('?').next().unwrap().to_owned();
    let checked = browser.submit(&path, &form, &[all.as_slice(), &[("action", "check")]].concat()).await;
    let shown = browser.get(checked.location()).await;
    assert!(shown.body.contains("Sự kiện này sẽ thay đổi"), "{}", shown.body);
    let seen = given(&shown, "seen");
    all.extend([("seen", seen.as_str()), ("action", "propose")]);
    let sent = browser.submit(&path, &shown, &all).await;
    let to = sent.location().to_owned();
    assert!(to.starts_with("/console/events/"), "{to}");
    browser.get(&to).await
}

/// The one proposal that waits, approved.
async fn approve(browser: &mut Browser<'_>, label: &str) {
    let queue = browser.get("/console/queue").await;
    let to = link(&queue, label);
    let proposal = browser.get(&to).await;
    assert!(proposal.body.contains("Phê duyệt"), "{}", proposal.body);
    let version = given(&proposal, "version");
    let sent = browser.submit(&to, &proposal, &[("version", &version), ("action", "approve")]).await;
    let done = browser.get(sent.location()).await;
    assert!(done.body.contains("Đã ghi vào sổ."), "{}", done.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_birth_a_move_a_death_and_a_correction() {
    for app in TestApp::each().await {
        let mut mother = person();
        mother.sex = Sex::Female;
        let unit = UnitRef::commune_on("00004", app.at.now().vietnam_date()).unwrap();
        let address = Address::new("Số 1", unit, None).unwrap();
        mother.residences = vec![Residence { kind: ResidenceKind::Permanent, address, from: None, to: None }];
        mother.household = Some(Membership { file: ResidenceFile::parse("T/1").unwrap(), relation: Relation::Head });
        add(&app.at, mother).await;
        add(&app.at, another(2)).await;
        let mut clerk = app.at_desk("canbo.an", &[Role::Registrar], Some("01")).await;
        let mut chief = app.at_desk("canbo.binh", &[Role::Approver], Some("01")).await;

        // From a man's page the child has a father, and from a mother's her home.
        let man = person_page(&mut clerk, &another(2).number.grouped(), people::NAME).await;
        let form = clerk.get(&link(&man, "Khai sinh")).await;
        assert!(given(&form, "mother").is_empty() && !given(&form, "father").is_empty(), "{}", form.body);
        let page = person_page(&mut clerk, people::NUMBER, people::NAME).await;
        assert_eq!(given(&clerk.get(&link(&page, "Khai sinh")).await, "household"), "T/1");
        let birth = [
            ("name", "Nguyễn Thị Bé"),
            ("on", "10/11/2026"),
            ("sex", "female"),
            ("registered_on", "20/11/2026"),
            ("registered_at", "Ba Đình, Hà Nội"),
            ("household", "T/1"),
        ];
        let sent = propose(&mut clerk, &page, "Khai sinh", &birth, "birth_note").await;
        assert!(sent.body.contains("Chờ quyết định") && !sent.body.contains("Phê duyệt"), "{}", sent.body);
        approve(&mut chief, "Khai sinh").await;
        let child = person_page(&mut clerk, "Nguyễn Thị Bé", "Nguyễn Thị Bé").await;
        assert!(child.body.contains("T/1 (con)") && child.body.contains("Đã ghi vào sổ"), "{}", child.body);

        let page = person_page(&mut clerk, &another(2).number.grouped(), people::NAME).await;
        let home = [("on", "20/11/2026"), ("new_household", "T/2"), ("unit", "00008"), ("line", "Số 2")];
        propose(&mut clerk, &page, "Đăng ký thường trú", &home, "residence_form").await;
        approve(&mut chief, "Đăng ký thường trú").await;
        let page = person_page(&mut clerk, another(2).number.as_str(), people::NAME).await;
        assert!(page.body.contains("T/2 (chủ hộ)"), "{}", page.body);

        let name = [("name", "Nguyễn Văn Đúng"), ("corrects", "yes"), ("on", "20/11/2026")];
        propose(&mut clerk, &page, "Thay đổi, cải chính họ tên", &name, "change_extract").await;
        approve(&mut chief, "Thay đổi, cải chính họ tên").await;
        let page = person_page(&mut clerk, "nguyen van dung", "Nguyễn Văn Đúng").await;

        propose(&mut clerk, &page, "Khai tử", &[("on", "21/11/2026")], "death_note").await;
        approve(&mut chief, "Khai tử").await;
        let page = person_page(&mut clerk, "Nguyễn Văn Đúng", "Nguyễn Văn Đúng").await;
        assert!(page.body.contains("Đã chết 21/11/2026"), "{}", page.body);
        assert_eq!(app.at.audited("registry.event_recorded", "done").await, 4);
        assert!(app.at.audited("registry.person_read", "done").await >= 8, "who looked at whom is on record");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn problems_stand_at_their_fields_and_nothing_typed_is_lost() {
    let app = TestApp::sqlite().await;
    add(&app.at, person()).await;
    let mut clerk = app.at_desk("canbo.an", &[Role::Registrar, Role::Approver], None).await;
    let page = person_page(&mut clerk, people::NUMBER, people::NAME).await;
    let to = link(&page, "Khai tử");
    let form = clerk.get(&to).await;
    let (subject, id) = (given(&form, "subject"), given(&form, "form"));
    let typed = [("form", id.as_str()), ("subject", &subject), ("on", "31/02/2026"), ("paper_by", "UBND Ba Đình")];
    let sent = clerk.submit("/console/propose/death", &form, &[&typed[..], &[("action", "propose")]].concat()).await;
    let back = clerk.get(sent.location()).await;
    for words in ["Không có ngày này trong lịch.", "Hãy điền mục này.", "UBND Ba Đình", "31/02/2026", people::NAME]
    {
        assert!(back.body.contains(words), "{words}: {}", back.body);
    }
    assert_eq!(app.at.count("SELECT count(*) FROM civil_event").await, 0);
    // Approver or not, nobody decides their own: the buttons are not there, and a forged post is told so.
    let death = [("on", "21/11/2026")];
    let sent = propose(&mut clerk, &page, "Khai tử", &death, "death_note").await;
    assert!(!sent.body.contains("value=\"approve\""));
    let own = link(&clerk.get("/console/mine").await, "Khai tử");
    let forged = clerk.submit(&own, &sent, &[("version", "1"), ("action", "approve")]).await;
    let told = clerk.get(forged.location()).await;
    assert!(told.body.contains("Bạn không quyết định đề nghị của chính mình"), "{}", told.body);
    let mut stranger = app.browser();
    assert_eq!(stranger.get(&own).await.status, StatusCode::SEE_OTHER);
    // Another session's handle opens nothing.
    let mut other = app.at_desk("canbo.chi", &[Role::Registrar], None).await;
    assert_eq!(
        other.get(to.split("for=").nth(1).map(|h| format!("/console/person/{h}")).unwrap().as_str()).await.status,
        StatusCode::NOT_FOUND
    );
}
