//! Sessions: found by their cookie, raised from the version that was read, ended once.

use dinhdanh::{
    assurance::{Method, Proof},
    base::{
        Span,
        ids::{AuthenticatorId, SessionId},
    },
    store::{
        Conn, behind,
        sessions::{self, StoredSession},
    },
};

use super::case::{MICRO, NOW, both};

async fn by_cookie(conn: &mut Conn, digest: &[u8]) -> Option<StoredSession> {
    behind::cookie(conn, digest, NOW).await.unwrap().map(|(session, _)| session)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_found_by_its_cookie_and_by_its_id() {
    both(async |case| {
        let (session, digest) = case.session(case.account().await).await;
        let mut conn = case.conn().await;
        assert_eq!(by_cookie(&mut conn, &digest).await, Some(session.clone()));
        assert_eq!(sessions::find(&mut conn, session.id).await.unwrap(), Some(session));
        assert_eq!(by_cookie(&mut conn, &[0; 32]).await, None);
        assert_eq!(sessions::find(&mut conn, SessionId(case.uuid())).await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rise_changes_the_cookie_and_is_from_the_version_read() {
    both(async |case| {
        let (session, old) = case.session(case.account().await).await;
        let mut conn = case.conn().await;
        let totp = Proof::by(Method::Totp, NOW + MICRO, AuthenticatorId(case.uuid()));
        let proofs = [session.proofs[0], totp];
        let (new, at) = (case.digest(), NOW + Span::secs(1));
        assert!(sessions::rise(&mut conn, &session, &proofs, &new, at).await.unwrap());
        assert!(by_cookie(&mut conn, &old).await.is_none(), "the old cookie opens nothing");
        let raised = by_cookie(&mut conn, &new).await.unwrap();
        let expected = StoredSession { version: 2, proofs: proofs.to_vec(), seen_at: at, ..session.clone() };
        assert_eq!(raised, expected);

        // Another tab read version 1 and comes late.
        assert!(!sessions::rise(&mut conn, &session, &proofs, &case.digest(), at).await.unwrap());
        assert!(!sessions::rise(&mut conn, &raised, &proofs, &case.digest(), raised.expires_at).await.unwrap());
        assert!(sessions::rise(&mut conn, &raised, &proofs, &case.digest(), raised.expires_at - MICRO).await.unwrap());
        let again = sessions::find(&mut conn, session.id).await.unwrap().unwrap();
        assert!(sessions::end(&mut conn, session.id, "signed out", at).await.unwrap());
        assert!(!sessions::rise(&mut conn, &again, &proofs, &case.digest(), at).await.unwrap());
        let ended = sessions::find(&mut conn, session.id).await.unwrap().unwrap();
        let current = StoredSession { ended_at: None, ..ended };
        assert!(!sessions::rise(&mut conn, &current, &proofs, &case.digest(), at).await.unwrap(), "ended stays ended");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn proofs_are_taken_away_from_the_session_that_was_read_while_it_lives() {
    both(async |case| {
        let (session, digest) = case.session(case.account().await).await;
        let mut conn = case.conn().await;
        sessions::set_proofs(&mut conn, &session, &[]).await.unwrap();
        let without = by_cookie(&mut conn, &digest).await.unwrap();
        assert_eq!(without, StoredSession { version: 2, proofs: Vec::new(), ..session.clone() });
        // Read before that, and brought late.
        sessions::set_proofs(&mut conn, &session, &session.proofs).await.unwrap();
        assert_eq!(by_cookie(&mut conn, &digest).await.as_ref(), Some(&without));
        assert!(sessions::end(&mut conn, session.id, "signed out", NOW + MICRO).await.unwrap());
        let ended = by_cookie(&mut conn, &digest).await.unwrap();
        sessions::set_proofs(&mut conn, &ended, &session.proofs).await.unwrap();
        assert_eq!(by_cookie(&mut conn, &digest).await, Some(ended));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_is_once_and_bumps_the_version() {
    both(async |case| {
        let (session, digest) = case.session(case.account().await).await;
        let mut conn = case.conn().await;
        assert!(sessions::end(&mut conn, session.id, "signed out", NOW + MICRO).await.unwrap());
        assert!(!sessions::end(&mut conn, session.id, "locked", NOW + Span::secs(9)).await.unwrap());
        assert!(!sessions::end(&mut conn, SessionId(case.uuid()), "locked", NOW).await.unwrap());
        let ended = by_cookie(&mut conn, &digest).await.unwrap();
        assert_eq!(ended, StoredSession { version: 2, ended_at: Some(NOW + MICRO), ..session });
        sessions::touch(&mut conn, session.id, NOW + Span::secs(9)).await.unwrap();
        assert_eq!(sessions::find(&mut conn, session.id).await.unwrap().unwrap().seen_at, NOW);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_touch_only_moves_forward_and_changes_no_version() {
    both(async |case| {
        let (session, _) = case.session(case.account().await).await;
        let mut conn = case.conn().await;
        for (at, seen) in [(5, 5), (3, 5), (6, 6)] {
            sessions::touch(&mut conn, session.id, NOW + Span::secs(at)).await.unwrap();
            let now = sessions::find(&mut conn, session.id).await.unwrap().unwrap();
            assert_eq!(now, StoredSession { seen_at: NOW + Span::secs(seen), ..session.clone() });
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accounts_sessions_are_listed_by_whether_they_live() {
    both(async |case| {
        let account = case.account().await;
        let mut conn = case.conn().await;
        let mut ids = Vec::new();
        for (created, seen, expires) in [(1, 1_800, 3_600), (2, 1_801, 3_600), (3, 1_801, 1_900), (4, 1_801, 3_600)] {
            let session = StoredSession {
                id: SessionId(case.uuid()),
                created_at: NOW + Span::secs(created),
                seen_at: NOW + Span::secs(seen),
                expires_at: NOW + Span::secs(expires),
                ..case.session(case.account().await).await.0
            };
            let session = StoredSession { account_id: account, ..session };
            sessions::insert(&mut conn, &session, &case.digest()).await.unwrap();
            ids.push(session.id);
        }
        // The third is over at the moment of asking.
        let (idle, lives, lives_too) = (ids[0], ids[1], ids[3]);
        let (now, idle_since) = (NOW + Span::secs(1_900), NOW + Span::secs(1_800));
        let listed = sessions::live_of_account(&mut conn, account, now, idle_since).await.unwrap();
        assert_eq!(listed.iter().map(|session| session.id).collect::<Vec<_>>(), [lives_too, lives], "newest first");
        let unended = sessions::unended_of_account(&mut conn, account, now).await.unwrap();
        assert_eq!(unended, [idle, lives, lives_too], "an idle one must be ended too");
        assert!(sessions::end(&mut conn, lives, "by the person", now).await.unwrap());
        let listed = sessions::live_of_account(&mut conn, account, now, idle_since).await.unwrap();
        assert_eq!(listed.iter().map(|session| session.id).collect::<Vec<_>>(), [lives_too]);
        assert_eq!(sessions::unended_of_account(&mut conn, account, now).await.unwrap(), [idle, lives_too]);
    })
    .await;
}
