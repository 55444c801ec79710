//! One read instead of several: what it says is what they said.

use dinhdanh::{
    base::{Span, ids::GrantId},
    store::{
        behind::{self, Unchanged},
        grants, sessions, standing,
    },
};

use super::case::{MICRO, NOW, both, run};

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_leads_to_the_session_and_to_the_account_as_it_stands() {
    both(async |case| {
        let (session, digest) = case.session(case.account().await).await;
        let mut conn = case.conn().await;
        for change in [None, Some("UPDATE person SET vital = 'dead', version = version + 1")] {
            if let Some(sql) = change {
                run(&mut conn, sql).await;
            }
            let (found, account) = behind::cookie(&mut conn, &digest, NOW).await.unwrap().unwrap();
            assert_eq!(found, session);
            let by_id = behind::session(&mut conn, session.id, NOW).await.unwrap().unwrap();
            assert_eq!((by_id.0, format!("{:?}", by_id.1)), (found, format!("{account:?}")));
            let alone = standing::find(&mut conn, session.account_id, NOW).await.unwrap().unwrap();
            assert_eq!(format!("{account:?}"), format!("{alone:?}"));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_is_read_with_its_grant_its_session_and_its_account() {
    both(async |case| {
        let client = case.client("rp").await;
        let (session, _) = case.session(case.account().await).await;
        let grant = case.grant(&client, &session, false).await;
        let mut conn = case.conn().await;
        assert!(behind::family(&mut conn, grant, NOW).await.unwrap().is_none(), "a grant without a family");
        let (access, end) = (NOW + Span::minutes(10), NOW + Span::minutes(50));
        grants::insert_family(&mut conn, grant, &client, NOW, access, end).await.unwrap();
        grants::rotate(&mut conn, grant, &client, 1, NOW + MICRO, access).await.unwrap().unwrap();
        let found = behind::family(&mut conn, grant, NOW).await.unwrap().unwrap();
        assert_eq!(Some(found.grant), grants::find(&mut conn, grant).await.unwrap());
        assert_eq!(Some(found.family), grants::find_family(&mut conn, grant).await.unwrap());
        assert_eq!(found.account.account_id, session.account_id);
        assert!(found.session_lives);
        for (at, lives) in [(session.expires_at - MICRO, true), (session.expires_at, false)] {
            assert_eq!(behind::family(&mut conn, grant, at).await.unwrap().unwrap().session_lives, lives);
        }
        assert!(sessions::end(&mut conn, session.id, "signed out", NOW).await.unwrap());
        assert!(!behind::family(&mut conn, grant, NOW).await.unwrap().unwrap().session_lives);
        assert!(grants::revoke(&mut conn, grant, "reuse", NOW).await.unwrap());
        let revoked = behind::family(&mut conn, grant, NOW).await.unwrap().unwrap();
        assert_eq!(revoked.grant.revoked_at, Some(NOW), "revoked is for the caller to see");
        assert!(behind::family(&mut conn, GrantId(case.uuid()), NOW).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_revoked_alone_opens_nothing() {
    both(async |case| {
        let client = case.client("rp").await;
        let (session, _) = case.session(case.account().await).await;
        let grant = case.grant(&client, &session, false).await;
        let mut conn = case.conn().await;
        grants::revoke_token(&mut conn, "one", &client, NOW, NOW + Span::hours(1)).await.unwrap();
        assert!(behind::token(&mut conn, grant, "one", NOW).await.unwrap().is_none());
        let (found, account) = behind::token(&mut conn, grant, "another", NOW).await.unwrap().unwrap();
        assert_eq!((found.id, account.account_id), (grant, session.account_id));
    })
    .await;
}

/// Each guard by itself: a change of one is not taken for a change of another.
#[tokio::test(flavor = "multi_thread")]
async fn every_guard_notices_its_own_change() {
    both(async |case| {
        let client = case.client("rp").await;
        let (session, _) = case.session(case.account().await).await;
        let grant = case.grant(&client, &session, false).await;
        let mut conn = case.conn().await;
        let account = standing::find(&mut conn, session.account_id, NOW).await.unwrap().unwrap();
        let all = Unchanged { client: true, account: true, grant: true };
        assert_eq!(behind::unchanged(&mut conn, (&client, 1), &account, grant, NOW).await.unwrap(), all);
        let other = behind::unchanged(&mut conn, (&client, 2), &account, grant, NOW).await.unwrap();
        assert_eq!(other, Unchanged { client: false, ..all });
        let over = behind::unchanged(&mut conn, (&client, 1), &account, grant, NOW + Span::hours(1)).await.unwrap();
        assert_eq!(over, Unchanged { grant: false, ..all });
        for (change, undo, expected) in [
            (
                "UPDATE client SET state = 'disabled'",
                "UPDATE client SET state = 'active'",
                Unchanged { client: false, ..all },
            ),
            (
                "UPDATE account SET version = version + 1",
                "UPDATE account SET version = version - 1",
                Unchanged { account: false, ..all },
            ),
            (
                "UPDATE person SET version = version + 1",
                "UPDATE person SET version = version - 1",
                Unchanged { account: false, ..all },
            ),
            (
                "UPDATE session SET ended_at = created_at",
                "UPDATE session SET ended_at = NULL",
                Unchanged { grant: false, ..all },
            ),
        ] {
            run(&mut conn, change).await;
            let found = behind::unchanged(&mut conn, (&client, 1), &account, grant, NOW).await.unwrap();
            assert_eq!(found, expected, "{change}");
            run(&mut conn, undo).await;
        }
        assert!(grants::revoke(&mut conn, grant, "reuse", NOW).await.unwrap());
        let revoked = behind::unchanged(&mut conn, (&client, 1), &account, grant, NOW).await.unwrap();
        assert_eq!(revoked, Unchanged { grant: false, ..all });
    })
    .await;
}
