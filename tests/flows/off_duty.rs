//! Who was disabled, moved or left between the beginning of a request and its commit changes nothing any more.

use dinhdanh::{
    base::ids::{CaseId, PersonId},
    flows::{
        operators::{
            self, SignedOperator,
            enrol::{self, Turn},
            session::Seen,
        },
        registry::{
            cases::{self, CaseOutcome},
            duplicates::DecideDifferent,
            events::{self, Decided, Incoming, Officer, Proposal, Proposed, Received, Verdict, propose, receive},
            export_proposals::{self, Wanted, work_once},
            flags::{Finding, see},
            import_proposals::{self, Word},
            source_file::Format,
        },
    },
    registry::{
        civil_event::Kind,
        operator::{OperatorName, Role},
    },
    store::{audit::Actor, flags::FlagKey},
};
use time::macros::date;
use uuid::Uuid;

use super::{
    events::{proposal, say},
    operators::signed_in,
};
use crate::support::{
    operators::operator,
    people::{NUMBER, add, person},
    provider::TestProvider,
};

/// How somebody may be gone.
#[derive(Clone, Copy, Debug)]
enum Gone {
    Disabled,
    /// As a hand on the table does it: there is no command for it.
    Moved,
    WithoutRole,
    Left,
    Expired,
}

const WAYS: [Gone; 5] = [Gone::Disabled, Gone::Moved, Gone::WithoutRole, Gone::Left, Gone::Expired];

fn officer(signed: &SignedOperator) -> Officer {
    Officer { actor: signed.actor(), unit: None, duty: Some(signed.duty()) }
}

async fn desk(at: &TestProvider, name: &str) -> SignedOperator {
    let clerk = operator(at, name, &[Role::Registrar, Role::Approver], None).await;
    let Seen::Signed(signed) = signed_in(at, &clerk).await else { panic!("not signed in") };
    signed
}

async fn go(at: &TestProvider, signed: &SignedOperator, how: Gone) {
    match how {
        Gone::Disabled => {
            let name = OperatorName::parse(&signed.operator().name).unwrap();
            enrol::turn(&at.provider, &name, Turn::Disable, Actor::CommandLine, at.now()).await.unwrap();
        }
        Gone::Moved => at.change("UPDATE operator SET unit_code = '79'").await,
        Gone::WithoutRole => at.change("UPDATE operator SET roles = '[\"registrar\"]'").await,
        Gone::Left => operators::sign_out(&at.provider, signed.desk(), at.now()).await.unwrap(),
        Gone::Expired => at.change("UPDATE operator_session SET expires_at = password_at").await,
    }
}

/// A court told of a divorce of people whom nobody knows.
async fn open_case(at: &TestProvider) -> CaseId {
    let fields = [("husband", NUMBER), ("wife", "900085000009"), ("on", "2026-11-20")];
    let told = Proposal { source: "courts".into(), ..proposal(Kind::Divorce, "1", &fields) };
    let court = Officer { actor: Actor::Operator("toa.an".to_owned()), unit: None, duty: None };
    let received = receive(&at.provider, &court, &Incoming { proposal: told, unit: None }, at.now()).await.unwrap();
    let Received::Case { case, .. } = received else { panic!("{received:?}") };
    case
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_gone_when_it_is_written_wrote_nothing() {
    for how in WAYS {
        for at in TestProvider::each().await {
            add(&at, person()).await;
            let (an, binh) = (desk(&at, "canbo.an").await, desk(&at, "canbo.binh").await);
            let (an_says, binh_says) = (officer(&an), officer(&binh));
            let name =
                |id, name| proposal(Kind::NameChange, id, &[("subject", NUMBER), ("name", name), ("on", "2026-11-20")]);
            let proposed = propose(&at.provider, &an_says, &name("1", "Trần Văn Một"), at.now()).await.unwrap();
            let Proposed::Yes { event, .. } = proposed else { panic!("{how:?}: {proposed:?}") };
            go(&at, &an, how).await;
            go(&at, &binh, how).await;
            for verdict in [Verdict::Approve, Verdict::Return, Verdict::Reject] {
                let decided =
                    events::decide(&at.provider, &binh_says, &say(event, 1, verdict), at.now()).await.unwrap();
                assert!(matches!(decided, Decided::OffDuty), "{how:?}: {decided:?}");
            }
            assert!(!events::withdraw(&at.provider, &an_says, (event, 1), at.now()).await.unwrap(), "{how:?}");
            let again = propose(&at.provider, &an_says, &name("2", "Trần Văn Hai"), at.now()).await.unwrap();
            assert!(matches!(again, Proposed::OffDuty), "{how:?}: {again:?}");
            assert_eq!(at.count("SELECT count(*) FROM civil_event").await, 1, "{how:?}");
            assert_eq!(at.count("SELECT count(*) FROM civil_event WHERE state = 'proposed'").await, 1, "{how:?}");
            assert_eq!(at.count("SELECT count(*) FROM facet_version").await, 0, "{how:?}");
            assert_eq!(at.audited("operator.off_duty", "refused").await, 5, "{how:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_and_a_case_wait_for_somebody_who_is_there() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("xa.csv"), "number\n").unwrap();
    for at in TestProvider::each().await {
        let (an, binh) = (desk(&at, "canbo.an").await, desk(&at, "canbo.binh").await);
        let (an_says, binh_says) = (officer(&an), officer(&binh));
        let form = Uuid::from_u128(1);
        import_proposals::propose(&at.provider, (folder.path(), "xa.csv"), (form, &an_says), at.now()).await.unwrap();
        at.change("UPDATE import_proposal SET state = 'proposed'").await;
        let case = open_case(&at).await;
        for signed in [&an, &binh] {
            go(&at, signed, Gone::Disabled).await;
        }
        for word in [Word::Approve, Word::Reject("không".to_owned()), Word::Withdraw] {
            let by = if matches!(word, Word::Withdraw) { &an_says } else { &binh_says };
            let version = at.count("SELECT version FROM import_proposal").await;
            assert!(!import_proposals::say(&at.provider, (form, version), word, by, at.now()).await.unwrap());
        }
        let other = Uuid::from_u128(2);
        import_proposals::propose(&at.provider, (folder.path(), "xa.csv"), (other, &an_says), at.now()).await.unwrap();
        assert_eq!(at.count("SELECT count(*) FROM import_proposal WHERE state = 'proposed'").await, 1);
        assert_eq!(at.count("SELECT count(*) FROM import_proposal").await, 1);
        for what in [CaseOutcome::Assign, CaseOutcome::Resolve("record_stands", "không".to_owned())] {
            assert!(!cases::act(&at.provider, &binh_says, (case, 1), what, at.now()).await.unwrap());
        }
        assert_eq!(at.count("SELECT count(*) FROM registry_case WHERE state = 'open'").await, 1);
    }
}

/// A file of everybody goes to nobody who is gone, though it was decided while they were there.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_neither_asked_for_nor_decided_nor_fetched() {
    for at in TestProvider::each().await {
        let folder = tempfile::tempdir().unwrap();
        add(&at, person()).await;
        let (an, binh) = (desk(&at, "canbo.an").await, desk(&at, "canbo.binh").await);
        let (an_says, binh_says) = (officer(&an), officer(&binh));
        let reason = "Công văn 12/UBND".to_owned();
        let wanted = Wanted { unit: None, format: Format::Csv, sensitive: false, reason };
        let propose = async |form| {
            let of = (Uuid::from_u128(form), &wanted);
            export_proposals::propose(&at.provider, &an_says, of, at.now()).await.unwrap()
        };
        let say = async |by: &Officer, form, word| {
            let of = (Uuid::from_u128(form), 1, word);
            export_proposals::say(&at.provider, by, of, at.now()).await.unwrap()
        };
        assert!(propose(1).await && propose(2).await);
        assert!(say(&binh_says, 1, Word::Approve).await);
        while work_once(&at.provider, folder.path(), &at.clock).await.unwrap() {}
        assert_eq!(at.count("SELECT count(*) FROM export_proposal WHERE state = 'ready'").await, 1);
        for signed in [&an, &binh] {
            go(&at, signed, Gone::Disabled).await;
        }
        let of = (&an_says, Uuid::from_u128(1));
        assert!(export_proposals::fetch(&at.provider, folder.path(), of, at.now()).await.unwrap().is_none());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "it lies where it lay");
        for (by, word) in
            [(&binh_says, Word::Approve), (&binh_says, Word::Reject("không".to_owned())), (&an_says, Word::Withdraw)]
        {
            assert!(!say(by, 2, word.clone()).await, "{word:?}");
        }
        assert!(!propose(3).await);
        assert_eq!(at.count("SELECT count(*) FROM export_proposal").await, 2);
        assert_eq!(at.count("SELECT count(*) FROM export_proposal WHERE state IN ('ready', 'proposed')").await, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flag_and_a_pair_wait_for_somebody_who_is_there() {
    for at in TestProvider::each().await {
        let (an, binh) = (desk(&at, "canbo.an").await, desk(&at, "canbo.binh").await);
        at.change(
            "INSERT INTO operator_flag (operator, pattern, day, flagged_at) \
             SELECT name, 'many_people', '2026-11-22', created_at FROM operator WHERE name = 'canbo.an'",
        )
        .await;
        let finding = || Finding {
            flag: FlagKey::Operator {
                operator: "canbo.an".to_owned(),
                pattern: "many_people".to_owned(),
                day: date!(2026 - 11 - 22),
            },
            by: "canbo.binh".to_owned(),
            words: "Đã hỏi".to_owned(),
        };
        let two = [1, 2].map(|serial| PersonId(Uuid::from_u128(serial)));
        let different = || DecideDifferent {
            pair: (two[0], two[1]),
            note: "Hai người".to_owned(),
            actor: binh.actor(),
            now: at.now(),
        };
        let binh_says = officer(&binh);
        go(&at, &an, Gone::Disabled).await;
        assert_eq!(binh_says.submit(&at.provider, different(), at.now()).await.unwrap(), Some(false), "no such pair");
        go(&at, &binh, Gone::Disabled).await;
        assert_eq!(binh_says.submit(&at.provider, different(), at.now()).await.unwrap(), None);
        assert!(!see(&at.provider, &binh_says, finding(), at.now()).await.unwrap());
        assert_eq!(at.count("SELECT count(*) FROM operator_flag WHERE seen_at IS NULL").await, 1);
        // And would have been looked at by somebody who is.
        let chi = desk(&at, "canbo.chi").await;
        assert!(see(&at.provider, &officer(&chi), finding(), at.now()).await.unwrap());
    }
}
