//! Operators: one a name, listed by name.

use dinhdanh::{
    base::ids::OperatorId,
    store::operators::{self, StoredOperator},
};

use super::case::{NOW, both};

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_is_added_once_and_listed_by_name() {
    both(async |case| {
        let mut conn = case.conn().await;
        let operator = |name: &str, unit: Option<&str>| StoredOperator {
            id: OperatorId(case.uuid()),
            name: name.to_owned(),
            disabled: false,
            roles: vec!["registrar".to_owned(), "auditor".to_owned()],
            unit_code: unit.map(str::to_owned),
            password_hash: "$argon2id$".to_owned(),
            totp_sealed: vec![3, 1],
            created_at: NOW,
        };
        let all = [operator("an", Some("00001")), operator("bình", None), operator("chi", None)];
        for operator in all.iter().rev() {
            assert!(operators::insert(&mut conn, operator).await.unwrap());
        }
        assert!(!operators::insert(&mut conn, &operator("an", None)).await.unwrap());
        assert_eq!(operators::list(&mut conn, "", 2).await.unwrap(), all[..2]);
        assert_eq!(operators::list(&mut conn, "bình", 2).await.unwrap(), all[2..]);
    })
    .await;
}
