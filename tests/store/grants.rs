//! Grants and refresh families: ended in every way, rotated from exactly the current generation.

use dinhdanh::{
    base::{
        Span, Timestamp,
        ids::{ClientId, GrantId},
    },
    store::{
        Conn, behind,
        grants::{self, Family, StoredGrant},
        sessions,
    },
};
use serde_json::json;

use super::case::{Case, MICRO, NOW, both};

/// As one of its access tokens opens it.
async fn of_token(conn: &mut Conn, id: GrantId, now: Timestamp) -> Option<StoredGrant> {
    behind::token(conn, id, "a jti", now).await.unwrap().map(|(grant, _)| grant)
}

async fn live(conn: &mut Conn, grants: &[GrantId]) -> Vec<bool> {
    let mut found = Vec::new();
    for id in grants {
        let is_live = grants::is_live(conn, *id, NOW).await.unwrap();
        let read = of_token(conn, *id, NOW).await;
        assert_eq!(read, grants::find(conn, *id).await.unwrap().filter(|_| is_live), "both judge alike");
        found.push(is_live);
    }
    found
}

impl Case {
    async fn family(&self, client: &ClientId) -> GrantId {
        let (session, _) = self.session(self.account().await).await;
        let grant = self.grant(client, &session, false).await;
        let (access, end) = (NOW + Span::minutes(10), NOW + Span::hours(1));
        grants::insert_family(&mut self.conn().await, grant, client, NOW, access, end).await.unwrap();
        grant
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_is_read_back_and_lives_until_its_microsecond() {
    both(async |case| {
        let (session, _) = case.session(case.account().await).await;
        let mut grant = StoredGrant {
            id: GrantId(case.uuid()),
            client_id: "rp".into(),
            account_id: session.account_id,
            session_id: session.id,
            offline: true,
            authorized: json!({ "scope": ["openid"], "claims": { "userinfo": { "địa_chỉ": null } } }),
            expires_at: NOW + Span::secs(5),
            revoked_at: None,
        };
        let mut conn = case.conn().await;
        grants::insert(&mut conn, &grant, NOW).await.unwrap();
        assert_eq!(grants::find(&mut conn, grant.id).await.unwrap().unwrap(), grant);
        assert!(grants::find(&mut conn, GrantId(case.uuid())).await.unwrap().is_none());

        assert!(grants::is_live(&mut conn, grant.id, grant.expires_at - MICRO).await.unwrap());
        assert!(!grants::is_live(&mut conn, grant.id, grant.expires_at).await.unwrap());
        assert_eq!(of_token(&mut conn, grant.id, grant.expires_at - MICRO).await.as_ref(), Some(&grant));
        assert_eq!(of_token(&mut conn, grant.id, grant.expires_at).await, None);

        assert!(grants::revoke(&mut conn, grant.id, "reuse", NOW + MICRO).await.unwrap());
        assert!(!grants::revoke(&mut conn, grant.id, "other", NOW + Span::secs(1)).await.unwrap());
        grant.revoked_at = Some(NOW + MICRO);
        assert_eq!(grants::find(&mut conn, grant.id).await.unwrap().unwrap(), grant);
        assert!(!grants::is_live(&mut conn, grant.id, NOW).await.unwrap());
        let reason =
            by_hand!(&mut conn, |c| sqlx::query_scalar::<_, String>("SELECT revoke_reason FROM grants WHERE id = $1")
                .bind(grant.id)
                .fetch_one(c)
                .await)
            .unwrap();
        assert_eq!(reason, "reuse", "the first reason stays");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_revocation_ends_what_it_names_and_nothing_else() {
    both(async |case| {
        let mut conn = case.conn().await;
        let (rp, other) = (case.client("rp").await, case.client("other").await);
        let account = case.account().await;
        let (one, _) = case.session(account).await;
        let (two, _) = case.session(account).await;
        let (stranger, _) = case.session(case.account().await).await;
        let all = [
            case.grant(&rp, &one, false).await,
            case.grant(&rp, &one, true).await,
            case.grant(&other, &one, false).await,
            case.grant(&rp, &two, false).await,
            case.grant(&rp, &stranger, false).await,
        ];
        assert_eq!(live(&mut conn, &all).await, [true; 5]);

        assert_eq!(grants::revoke_of_session(&mut conn, one.id, "ended", NOW).await.unwrap(), 2);
        assert_eq!(grants::revoke_of_session(&mut conn, one.id, "ended", NOW).await.unwrap(), 0);
        assert_eq!(live(&mut conn, &all).await, [false, true, false, true, true]);

        assert_eq!(grants::revoke_of_client(&mut conn, account, &other, "withdrawn", NOW).await.unwrap(), 0);
        assert_eq!(grants::revoke_of_client(&mut conn, account, &rp, "withdrawn", NOW).await.unwrap(), 2);
        assert_eq!(live(&mut conn, &all).await, [false, false, false, false, true]);

        let more = [case.grant(&other, &two, true).await, case.grant(&rp, &two, false).await];
        assert_eq!(grants::revoke_of_account(&mut conn, account, "locked", NOW).await.unwrap(), 2);
        assert_eq!(live(&mut conn, &more).await, [false, false]);
        assert!(grants::is_live(&mut conn, all[4], NOW).await.unwrap());
        // The whole client: of whomever, but nothing that ended before, whose reason stays.
        assert_eq!(grants::revoke_all_of_client(&mut conn, &rp, "deleted", NOW).await.unwrap(), 1);
        assert!(!grants::is_live(&mut conn, all[4], NOW).await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_offline_grant_outlives_its_session() {
    both(async |case| {
        let mut conn = case.conn().await;
        let rp = case.client("rp").await;
        let (session, _) = case.session(case.account().await).await;
        let all = [case.grant(&rp, &session, false).await, case.grant(&rp, &session, true).await];
        // Ended by whoever forgot to revoke: the grant is dead all the same.
        assert!(sessions::end(&mut conn, session.id, "signed out", NOW).await.unwrap());
        assert_eq!(live(&mut conn, &all).await, [false, true]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_rotates_from_exactly_its_generation() {
    both(async |case| {
        let rp = case.client("rp").await;
        let grant = case.family(&rp).await;
        let mut conn = case.conn().await;
        let access = NOW + Span::minutes(20);
        // Five within one microsecond: the counter decides, not the clock.
        for generation in 1..=5 {
            let rotated = grants::rotate(&mut conn, grant, &rp, generation, NOW, access).await.unwrap();
            assert_eq!(rotated, Some(generation + 1));
        }
        for presented in [-1, 0, 1, 5, 7] {
            assert_eq!(grants::rotate(&mut conn, grant, &rp, presented, NOW, access).await.unwrap(), None);
        }
        assert_eq!(grants::rotate(&mut conn, grant, &"other".into(), 6, NOW, access).await.unwrap(), None);
        assert_eq!(grants::rotate(&mut conn, GrantId(case.uuid()), &rp, 6, NOW, access).await.unwrap(), None);
        let expected =
            Family { generation: 6, rotated_at: NOW, access_expires_at: access, expires_at: NOW + Span::hours(1) };
        assert_eq!(grants::find_family(&mut conn, grant).await.unwrap(), Some(expected));
        assert_eq!(grants::find_family(&mut conn, GrantId(case.uuid())).await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_ends_at_its_microsecond() {
    both(async |case| {
        let rp = case.client("rp").await;
        let grant = case.family(&rp).await;
        let mut conn = case.conn().await;
        let end = NOW + Span::hours(1);
        assert_eq!(grants::rotate(&mut conn, grant, &rp, 1, end, end).await.unwrap(), None);
        assert_eq!(grants::rotate(&mut conn, grant, &rp, 1, end - MICRO, end).await.unwrap(), Some(2));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_access_token_is_revoked_alone_and_again_without_harm() {
    both(async |case| {
        let mut conn = case.conn().await;
        let ends = NOW + Span::minutes(10);
        for _ in 0..2 {
            grants::revoke_token(&mut conn, "jti-A", &"rp".into(), NOW, ends).await.unwrap();
        }
        assert!(grants::is_token_revoked(&mut conn, "jti-A").await.unwrap());
        assert!(!grants::is_token_revoked(&mut conn, "jti-a").await.unwrap(), "case counts");
        assert!(!grants::is_token_revoked(&mut conn, "jti-").await.unwrap());
    })
    .await;
}
