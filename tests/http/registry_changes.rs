//! Hearing of changes: in order, from where the subscriber left off, and only of its part.

use std::sync::Arc;

use dinhdanh::{
    base::{Fault, Span, Timestamp, ids::PersonId},
    flows::registry::{
        Import, Refusal, Watch,
        boundary_change::{Portions, carry_out},
        events::{self, Officer, Proposal, Proposed, Verdict, decide::Say},
        source_file::{Facts, Format},
    },
    registry::{
        Address, PersonRecord, Residence, ResidenceKind, UnitRef,
        civil_event::{Kind, Values},
        household::{Membership, Relation, ResidenceFile},
    },
    store::{LaneKey, Tx, Unit, audit::Actor, imports::Tally, subjects},
};
use http::StatusCode;
use serde_json::{Value, json};

use super::registry_api::{Caller, kind};
use crate::{
    http::account::sign_in,
    support::{
        app::{Answer, TestApp},
        people::{self, NUMBER, PASSWORD, another, person},
    },
};

const SCOPE: &str = "registry:changes";

fn hears(part: &Value) -> Value {
    json!({ "registry_changes": part })
}

/// Proposed by one, approved by another.
async fn recorded(app: &TestApp, kind: Kind, fields: &[(&str, &str)]) {
    let officer = |name: &str| Officer { actor: Actor::Operator(name.to_owned()), unit: None, duty: None };
    let papers = [("paper", kind.papers()[0].0), ("paper_no", "7"), ("paper_on", "2026-11-01"), ("paper_by", "UBND")];
    let values: Values =
        fields.iter().chain(&papers).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    app.at.clock.advance(Span::secs(1));
    let source_id = app.at.now().rfc3339();
    let proposal = Proposal { kind, values, source: "console".to_owned(), source_id, note: None, again: None };
    let proposed = events::propose(&app.at.provider, &officer("an"), &proposal, app.at.now()).await.unwrap();
    let Proposed::Yes { event, .. } = proposed else { panic!("{proposed:?}") };
    let say = Say { event, version: 1, verdict: Verdict::Approve, reason: None };
    let decided = events::decide(&app.at.provider, &officer("binh"), &say, app.at.now()).await.unwrap();
    assert!(matches!(decided, events::Decided::Recorded { .. }), "{decided:?}");
}

async fn moves(app: &TestApp, number: &str, unit: &str) {
    let fields =
        [("subject", number), ("on", "2026-11-20"), ("new_household", &format!("T/{number}/{unit}")), ("unit", unit)];
    recorded(app, Kind::PermanentResidence, &fields).await;
}

async fn dies(app: &TestApp, number: &str) {
    recorded(app, Kind::Death, &[("subject", number), ("on", "2026-11-20")]).await;
}

fn at_home(app: &TestApp, person: PersonRecord, unit: &str) -> PersonRecord {
    let unit = UnitRef::commune_on(unit, app.at.now().vietnam_date()).unwrap();
    let address = Address::new("Số 1", unit, None).unwrap();
    let home = Residence { kind: ResidenceKind::Permanent, address, from: None, to: None };
    PersonRecord { residences: vec![home], ..person }
}

/// The subscriber's sector meets a person.
struct Know {
    sector: String,
    person: PersonId,
    now: Timestamp,
}

impl Unit for Know {
    type Out = String;
    const KIND: &'static str = "test.know";

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.person.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<String, Fault> {
        subjects::ensure_sub(tx, &self.sector, self.person, "the-sub", self.now).await
    }
}

fn told(answer: &Answer) -> Vec<(i64, String, String)> {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let read = answer.json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let changes = read["changes"].as_array().unwrap();
    changes
        .iter()
        .map(|one| (one["position"].as_i64().unwrap(), text(&one["kind"]), text(&one["person"]["number"])))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_goes_on_from_where_it_left_off() {
    for app in TestApp::each().await {
        people::add(&app.at, person()).await;
        people::add(&app.at, another(2)).await;
        let part = json!({ "kinds": ["*"], "people": "number", "fields": ["permanent", "vital"] });
        let caller = Caller::of(&app, SCOPE, &hears(&part)).await;
        let empty = caller.get("/changes").await.json();
        assert_eq!(empty, json!({ "changes": [], "next": 0, "more": false }), "the first load is nobody's news");
        moves(&app, NUMBER, "00004").await;
        dies(&app, "900085000002").await;
        dies(&app, NUMBER).await;
        let first = caller.get("/changes?limit=2").await;
        let person = |position, kind: &str, number: &str| (position, kind.to_owned(), number.to_owned());
        let expected = [person(1, "permanent_residence", NUMBER), person(2, "death", "900085000002")];
        assert_eq!(told(&first), expected);
        let read = first.json();
        assert_eq!((&read["next"], &read["more"]), (&json!(2), &json!(true)));
        assert_eq!(read["changes"][0]["fields"], json!(["permanent"]), "only the fields it is registered for");
        assert_eq!(read["changes"][0]["version"], 2);
        assert_eq!(told(&caller.get("/changes?after=2").await), [person(3, "death", NUMBER)]);
        let end = caller.get("/changes?after=3").await.json();
        assert_eq!(end, json!({ "changes": [], "next": 3, "more": false }));
        assert_eq!(told(&caller.get("/changes?after=0").await).len(), 3, "as often as it likes");
        assert_eq!(app.at.count("SELECT count(*) FROM registry_use WHERE what = 'changes'").await, 2 + 1 + 1 + 1 + 2);
        assert_eq!(app.at.count("SELECT count(*) FROM registry_flag").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_hears_of_its_kinds_and_units_from_both_ends_of_a_move() {
    for app in TestApp::each().await {
        for (serial, unit) in [(1, "00004"), (2, "00004"), (3, "26368")] {
            people::add(&app.at, at_home(&app, another(serial), unit)).await;
        }
        let part = json!({ "kinds": ["permanent_residence"], "people": "number", "units": ["01"] });
        let caller = Caller::of(&app, SCOPE, &hears(&part)).await;
        moves(&app, "900085000001", "26368").await;
        moves(&app, "900085000003", "00008").await;
        dies(&app, "900085000002").await;
        moves(&app, "900085000001", "26374").await;
        let answer = caller.get("/changes").await;
        let numbers: Vec<_> = told(&answer).into_iter().map(|one| one.2).collect();
        assert_eq!(numbers, ["900085000001", "900085000003"], "who left, and who came");
        assert_eq!(answer.json()["next"], 4, "what is not its own is passed over");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_by_subjects_hears_of_those_it_knows() {
    for app in TestApp::each().await {
        let known = people::add(&app.at, person()).await;
        people::add(&app.at, another(2)).await;
        let caller = Caller::of(&app, SCOPE, &hears(&json!({ "kinds": ["death"] }))).await;
        let client = app.at.provider.clients.find(&app.at.provider.db, &super::registry_api::AGENCY.into()).await;
        let sector = client.unwrap().unwrap().sector.clone();
        let unit = Know { sector, person: known, now: app.at.now() };
        let sub = app.at.provider.writer.submit(unit).await.unwrap();
        dies(&app, "900085000002").await;
        dies(&app, NUMBER).await;
        let read = caller.get("/changes").await.json();
        assert_eq!(read["changes"].as_array().unwrap().len(), 1, "{read}");
        assert_eq!(read["changes"][0]["person"], json!({ "sub": sub }));
        assert_eq!((read["changes"][0]["fields"].clone(), read["next"].clone()), (json!([]), json!(2)));
        assert!(!read.to_string().contains("900085"), "no number: {read}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_hear_and_what_is_no_place() {
    let app = TestApp::sqlite().await;
    people::with_account(&app.at, person()).await;
    let bare = Caller::of(&app, SCOPE, &json!({})).await.get("/changes").await;
    assert_eq!((bare.status, kind(&bare).as_str()), (StatusCode::FORBIDDEN, "not-registered"));
    let app = TestApp::sqlite().await;
    people::with_account(&app.at, person()).await;
    let part = json!({ "kinds": ["*"], "people": "number" });
    let caller = Caller::of(&app, SCOPE, &hears(&part)).await;
    for query in
        ["after=x", "after=-1", "after=+1", "after=99999999999999999999", "limit=0", "limit=201", "after=1&after=2"]
    {
        let answer = caller.get(&format!("/changes?{query}")).await;
        assert_eq!((answer.status, kind(&answer).as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "body"), "{query}");
    }
    let ahead = caller.get("/changes?after=7").await;
    assert_eq!((ahead.status, kind(&ahead).as_str()), (StatusCode::CONFLICT, "feed-ahead"));
    let mut browser = app.browser();
    sign_in(&mut browser, PASSWORD).await;
    let fields = [("subject", NUMBER), ("phone", "0912345678"), ("on", "2026-11-20")];
    recorded(&app, Kind::ContactsChange, &fields).await;
    assert_eq!(told(&caller.get("/changes").await).len(), 1);
    let page = browser.get("/account/uses").await.body;
    assert!(page.contains("Cơ quan được báo rằng hồ sơ của bạn có thay đổi"), "{page}");
    // Half a year later what was first is not kept any more.
    app.at.clock.advance(Span::days(181));
    dinhdanh::flows::upkeep::sweep(&app.at.provider, app.at.now()).await.unwrap();
    let caller = caller.again(SCOPE).await;
    let gone = caller.get("/changes?after=0").await;
    assert_eq!((gone.status, kind(&gone).as_str()), (StatusCode::GONE, "feed-gone"));
    assert_eq!(caller.get("/changes").await.json(), json!({ "changes": [], "next": 1, "more": false }));
    assert_eq!(caller.get("/changes?after=1").await.status, StatusCode::OK);
}

/// What was not an event before is heard too: who comes by a decided import, a dwelling's new owner, a number that is cancelled,
/// and a change of boundaries, which is nobody's.
#[tokio::test(flavor = "multi_thread")]
async fn imports_owners_cancelled_numbers_and_boundaries_are_heard() {
    for app in TestApp::each().await {
        let mut head = at_home(&app, person(), "00004");
        head.household = Some(Membership { file: ResidenceFile::parse("T/1").unwrap(), relation: Relation::Head });
        people::add(&app.at, head).await;
        people::add(&app.at, another(2)).await;
        let part = json!({ "kinds": ["*"], "people": "number", "fields": ["*"] });
        let caller = Caller::of(&app, SCOPE, &hears(&part)).await;
        brings(
            &app,
            true,
            "number,full_name,birth_date,sex,permanent_unit\n900090000007,Lê Văn Mới,1990-01-01,male,00004\n",
        )
        .await;
        let heard = caller.get("/changes").await;
        assert_eq!(told(&heard), [(1, "import".to_owned(), "900090000007".to_owned())]);
        let fields = json!(["name", "numbers", "birth", "sex", "nationalities", "permanent"]);
        assert_eq!(
            (&heard.json()["changes"][0]["fields"], &heard.json()["changes"][0]["version"]),
            (&fields, &json!(1))
        );
        for owner in ["900085000002", NUMBER] {
            recorded(&app, Kind::HouseholdOwner, &[("household", "T/1"), ("owner", owner), ("on", "2026-11-20")]).await;
        }
        let heard = caller.get("/changes?after=1").await;
        let mut owners: Vec<_> = told(&heard).into_iter().map(|(_, kind, number)| (kind, number)).collect();
        owners.sort();
        let expected: Vec<_> = [NUMBER, NUMBER, "900085000002", "900085000002"]
            .map(|number| ("household_owner".to_owned(), number.to_owned()))
            .into();
        assert_eq!(owners, expected, "head and new owner; then head, who is the owner, and the owner of before");
        assert_eq!(heard.json()["changes"][0]["fields"], json!(["household"]));
        // The next event of theirs has the next version.
        dies(&app, "900085000002").await;
        let heard = caller.get("/changes?after=5").await;
        assert_eq!(heard.json()["changes"][0]["version"], 4);
        let fields = [("subject", NUMBER), ("ground", "fraud"), ("renews", "no"), ("on", "2026-11-20")];
        recorded(&app, Kind::NumberCancel, &fields).await;
        assert_eq!(told(&caller.get("/changes?after=6").await), [(7, "number_cancel".to_owned(), NUMBER.to_owned())]);
        app.at.change("UPDATE home_map SET day = '2025-06-30'").await;
        let with = (&app.at.provider.db, &app.at.provider.writer, &app.at.clock);
        let day = time::macros::date!(2025 - 07 - 01);
        carry_out(with, (day, &Actor::CommandLine), Portions::default()).await.unwrap().unwrap();
        let heard = caller.get("/changes?after=7").await.json();
        assert_eq!(heard["changes"].as_array().unwrap().len(), 1, "one for everybody: {heard}");
        assert_eq!(
            (&heard["changes"][0]["kind"], &heard["changes"][0]["day"]),
            (&json!("boundary_change"), &json!("2025-07-01"))
        );
        assert!(heard["changes"][0].get("person").is_none());
    }
}

/// The first load fills an empty registry: who subscribes reads anew what they hold.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_load_is_nobodys_news() {
    let app = TestApp::sqlite().await;
    brings(&app, false, "number,full_name,birth_date\n900090000007,Lê Văn Mới,1990-01-01\n").await;
    let caller = Caller::of(&app, SCOPE, &hears(&json!({ "kinds": ["*"], "people": "number" }))).await;
    assert_eq!(told(&caller.get("/changes").await), []);
}

/// However few a subscriber asks for at a time, it comes to what is its own, and to the end.
#[tokio::test(flavor = "multi_thread")]
async fn one_at_a_time_is_as_good_as_many() {
    for app in TestApp::each().await {
        for serial in 1..=4 {
            people::add(&app.at, another(serial)).await;
        }
        for serial in 1..=4 {
            let number = format!("900085{serial:06}");
            if serial == 3 {
                dies(&app, &number).await;
            } else {
                moves(&app, &number, "00004").await;
            }
        }
        let part = json!({ "kinds": ["death"], "people": "number" });
        let caller = Caller::of(&app, SCOPE, &hears(&part)).await;
        let first = caller.get("/changes?limit=1").await;
        assert_eq!(told(&first), [(3, "death".to_owned(), "900085000003".to_owned())]);
        assert_eq!((&first.json()["next"], &first.json()["more"]), (&json!(3), &json!(true)));
        let end = caller.get("/changes?limit=1&after=3").await.json();
        assert_eq!(end, json!({ "changes": [], "next": 4, "more": false }));
    }
}

async fn brings(app: &TestApp, decided: bool, rows: &str) {
    let provider = &app.at.provider;
    let import = Import {
        db: provider.db.clone(),
        writer: provider.writer.clone(),
        vault: Arc::clone(&provider.secrets.vault),
        clock: app.at.clock.clone(),
        entropy: provider.entropy.clone(),
        actor: Actor::Operator("binh".to_owned()),
        decided,
    };
    let file = tempfile::NamedTempFile::with_suffix(".csv").unwrap();
    std::fs::write(file.path(), rows).unwrap();
    let tally = import.run(file.path().to_owned(), Format::Csv, None, &mut Nobody).await.unwrap();
    assert_eq!((tally.added, tally.refused), (1, 0));
}

struct Nobody;

impl Watch for Nobody {
    fn surveyed(&mut self, _facts: &Facts) {}
    fn refused(&mut self, refusal: &Refusal) {
        panic!("{refusal:?}");
    }
    fn progressed(&mut self, _bytes: u64, _rows: Tally) {}
}
