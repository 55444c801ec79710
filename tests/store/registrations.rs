//! Registrations in order: confirmed, then finished, once.

use dinhdanh::{
    base::{
        Span,
        ids::{InteractionId, RegistrationId},
    },
    store::registrations::{self, StoredRegistration},
};

use super::case::{Case, MICRO, NOW, both};

impl Case {
    async fn registration(&self) -> StoredRegistration {
        let registration = StoredRegistration {
            id: RegistrationId(self.uuid()),
            browser_digest: self.digest(),
            person_id: Some(self.person(None).await),
            phone_sealed: Some(vec![4, 5]),
            details_sealed: Some(vec![6, 7]),
            interaction_id: Some(InteractionId(self.uuid())),
            created_at: NOW,
            expires_at: NOW + Span::minutes(30),
            confirmed_at: None,
            finished_at: None,
        };
        registrations::insert(&mut self.conn().await, &registration).await.unwrap();
        registration
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_is_confirmed_and_then_finished_once() {
    both(async |case| {
        let expected = case.registration().await;
        let (id, end) = (expected.id, expected.expires_at);
        let mut conn = case.conn().await;
        assert_eq!(registrations::find(&mut conn, id).await.unwrap().as_ref(), Some(&expected));
        assert!(!registrations::finish(&mut conn, id, NOW).await.unwrap(), "not before the phone is confirmed");
        assert!(!registrations::confirm(&mut conn, id, end).await.unwrap());
        assert!(registrations::confirm(&mut conn, id, NOW + MICRO).await.unwrap());
        assert!(!registrations::confirm(&mut conn, id, NOW).await.unwrap());
        assert!(!registrations::finish(&mut conn, id, end).await.unwrap());
        assert!(registrations::finish(&mut conn, id, end - MICRO).await.unwrap());
        assert!(!registrations::finish(&mut conn, id, NOW).await.unwrap());
        let finished = StoredRegistration {
            confirmed_at: Some(NOW + MICRO),
            finished_at: Some(end - MICRO),
            details_sealed: None,
            ..expected
        };
        registrations::abandon(&mut conn, id, NOW + MICRO).await.unwrap();
        assert_eq!(registrations::find(&mut conn, id).await.unwrap(), Some(finished), "it is done");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_of_nobody_is_stored_alike() {
    both(async |case| {
        let nobody = StoredRegistration {
            id: RegistrationId(case.uuid()),
            person_id: None,
            phone_sealed: None,
            details_sealed: None,
            interaction_id: None,
            ..case.registration().await
        };
        let mut conn = case.conn().await;
        registrations::insert(&mut conn, &nobody).await.unwrap();
        assert_eq!(registrations::find(&mut conn, nobody.id).await.unwrap().as_ref(), Some(&nobody));
        assert!(!registrations::confirm(&mut conn, nobody.id, NOW).await.unwrap(), "whatever code was typed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_finds_what_it_began_last_and_may_begin_anew() {
    both(async |case| {
        let first = case.registration().await;
        let mut conn = case.conn().await;
        let second = StoredRegistration {
            id: RegistrationId(case.uuid()),
            created_at: NOW + MICRO,
            browser_digest: first.browser_digest.clone(),
            ..case.registration().await
        };
        registrations::insert(&mut conn, &second).await.unwrap();
        let found = registrations::newest_of_browser(&mut conn, &first.browser_digest).await.unwrap();
        assert_eq!(found.as_ref(), Some(&second));
        assert_eq!(registrations::newest_of_browser(&mut conn, &[0; 32]).await.unwrap(), None);

        let at = NOW + Span::secs(3);
        registrations::abandon(&mut conn, second.id, at).await.unwrap();
        registrations::abandon(&mut conn, second.id, at + Span::hours(9)).await.unwrap();
        let over = StoredRegistration { expires_at: at, details_sealed: None, ..second };
        assert_eq!(registrations::find(&mut conn, over.id).await.unwrap().as_ref(), Some(&over));
        assert!(!registrations::confirm(&mut conn, over.id, at).await.unwrap());
    })
    .await;
}
