//! F28: a process that brings a file of people in is killed in the middle, and another one goes on with it: nobody is lost and
//! nobody comes twice.

use std::{fs, path::Path, time::Duration};

use dinhdanh::{
    base::Clock,
    flows::registry::{
        events::Officer,
        import_proposals::{Word, propose, say},
    },
    store::{
        audit::Actor,
        import_proposals::{self, ImportState, StoredImport},
    },
};
use uuid::Uuid;

use super::nation::Nation;
use crate::support::binary::Binary;

const PEOPLE: i64 = 6_000;
const FILE: &str = "people.csv";

fn officer(name: &str) -> Officer {
    Officer { actor: Actor::Operator(name.to_owned()), unit: None, duty: None }
}

async fn stored(nation: &Nation, id: Uuid) -> StoredImport {
    import_proposals::find(&mut nation.app.at.conn().await, id).await.unwrap().unwrap()
}

async fn until(nation: &Nation, id: Uuid, state: ImportState) -> StoredImport {
    for _ in 0..1_200 {
        let found = stored(nation, id).await;
        if found.state == state {
            return found;
        }
        assert_ne!(found.state, ImportState::Failed, "{found:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it never is {state:?}: {:?}", stored(nation, id).await);
}

async fn people(nation: &Nation) -> i64 {
    nation.app.at.count("SELECT count(*) FROM person").await
}

/// Proposed by one and approved by another; the process that works on it is killed between its batches.
async fn begun_and_killed(nation: &Nation, folder: &Path) -> Uuid {
    let serving = nation.serve();
    let (provider, id) = (&nation.app.at.provider, Uuid::from_u128(7));
    let proposed = propose(provider, (folder, FILE), (id, &officer("canbo.an")), Clock::System.now()).await.unwrap();
    assert_eq!(proposed, Some(id));
    let rehearsed = until(nation, id, ImportState::Proposed).await;
    let said = say(provider, (id, rehearsed.version), Word::Approve, &officer("canbo.binh"), Clock::System.now()).await;
    assert!(said.unwrap());
    while people(nation).await == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    serving.signal("-KILL");
    tokio::task::block_in_place(|| serving.ended());
    let there = people(nation).await;
    assert!(there > 0 && there < PEOPLE, "killed too late: {there}");
    assert_eq!(stored(nation, id).await.state, ImportState::Approved, "and nobody has taken note of it");
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_import_is_gone_on_with_by_another_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let generated = tokio::task::block_in_place(|| {
        let out = path.display().to_string();
        Binary::new().run(&["registry", "generate", &PEOPLE.to_string(), "--seed", "9", "--out", &out])
    });
    assert_eq!(generated.status(), 0, "{}", generated.err());
    assert!(fs::metadata(&path).unwrap().len() > 100_000);
    let named = folder.path().display().to_string();
    let mut killed = Vec::new();
    for nation in Nation::each().await {
        let nation = nation.with("DINHDANH_REGISTRY_IMPORT_FOLDER", &named);
        let id = begun_and_killed(&nation, folder.path()).await;
        killed.push((nation, id));
    }
    // Others wait until it has been quiet for a while; here for both at once.
    let others: Vec<_> = killed.iter().map(|(nation, _)| (nation.serve(), nation.serve())).collect();
    for (nation, id) in &killed {
        let done = until(nation, *id, ImportState::Done).await;
        assert_eq!(people(nation).await, PEOPLE);
        assert_eq!(done.failure, None);
        let at = &nation.app.at;
        assert_eq!(at.count("SELECT count(DISTINCT number) FROM person").await, PEOPLE);
        assert_eq!(at.audited("registry.import_ended", "done").await, 1, "once, by one of the two");
        assert_eq!(at.count("SELECT count(*) FROM registry_case").await, 0, "nobody meets themselves");
        nation.assert_audit_whole().await;
    }
    drop(others);
}
