//! A pair of likely duplicates goes with its people: who moves takes it to the list of the new home, who is merged off every list.

use dinhdanh::{
    flows::registry::duplicates::walk,
    registry::{Address, PersonRecord, Residence, ResidenceKind, UnitRef, civil_event::Kind},
    store::{audit::Actor, duplicates},
};

use super::events::{proposal, recorded};
use crate::support::{
    people::{add, another},
    provider::TestProvider,
};

/// How many pairs stand on the lists of two communes, their provinces and the country.
async fn lists(at: &TestProvider) -> [usize; 5] {
    let mut conn = at.conn().await;
    let mut found = [0; 5];
    for (found, unit) in found.iter_mut().zip([Some("00004"), Some("01"), Some("26368"), Some("75"), None]) {
        *found = duplicates::open_within(&mut conn, unit, 10).await.unwrap().len();
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn who_moves_takes_the_pair_along() {
    for at in TestProvider::each().await {
        for serial in [1, 2] {
            let unit = UnitRef::commune_on("00004", at.now().vietnam_date()).unwrap();
            let address = Address::new("Số 1", unit, None).unwrap();
            let home = Residence { kind: ResidenceKind::Permanent, address, from: None, to: None };
            add(&at, PersonRecord { residences: vec![home], card: None, phone: None, ..another(serial) }).await;
        }
        walk((&at.provider.db, &at.provider.writer, &at.clock), &Actor::CommandLine, |_| {}).await.unwrap();
        assert_eq!(lists(&at).await, [1, 1, 0, 0, 1]);
        let moves = async |number: &str, file: &str| {
            let form = [("subject", number), ("on", "2026-11-20"), ("new_household", file), ("unit", "26368")];
            recorded(&at, &proposal(Kind::PermanentResidence, file, &form)).await;
        };
        moves("900085000001", "T/1").await;
        assert_eq!(lists(&at).await, [1, 1, 1, 1, 1], "of both homes");
        moves("900085000002", "T/2").await;
        assert_eq!(lists(&at).await, [0, 0, 1, 1, 1]);
        let form = [("keep", "900085000001"), ("merged", "900085000002"), ("on", "2026-11-20")];
        recorded(&at, &proposal(Kind::RecordMerge, "1", &form)).await;
        assert_eq!(lists(&at).await, [0; 5]);
        assert_eq!(at.count("SELECT count(*) FROM duplicate_place").await, 0);
    }
}
