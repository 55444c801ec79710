//! Registrations in order: confirmed, then finished, once; and the codes sent to phones.

use dinhdanh::{
    base::{
        Span,
        ids::{InteractionId, RegistrationId},
    },
    store::{
        Conn,
        registrations::{self, CodePurpose, StoredPhoneCode, StoredRegistration, Tried},
    },
};
use uuid::Uuid;

use super::case::{Case, MICRO, NOW, both};

impl Case {
    async fn registration(&self) -> StoredRegistration {
        let registration = StoredRegistration {
            id: RegistrationId(self.uuid()),
            browser_digest: self.digest(),
            person_id: Some(self.person(None).await),
            phone_sealed: Some(vec![4, 5]),
            interaction_id: Some(InteractionId(self.uuid())),
            created_at: NOW,
            expires_at: NOW + Span::minutes(30),
            confirmed_at: None,
            finished_at: None,
        };
        registrations::insert(&mut self.conn().await, &registration).await.unwrap();
        registration
    }

    async fn phone_code(&self, purpose: CodePurpose, subject: Uuid, at: Span) -> StoredPhoneCode {
        let code = StoredPhoneCode {
            id: self.uuid(),
            digest: self.digest(),
            attempts: 0,
            expires_at: NOW + at + Span::minutes(5),
        };
        registrations::insert_code(&mut self.conn().await, &code, purpose, subject, NOW + at).await.unwrap();
        code
    }
}

async fn tried(conn: &mut Conn, code: &StoredPhoneCode, digest: &[u8]) -> Tried {
    registrations::try_code(conn, code.id, digest, NOW, 5).await.unwrap()
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
        let finished =
            StoredRegistration { confirmed_at: Some(NOW + MICRO), finished_at: Some(end - MICRO), ..expected };
        assert_eq!(registrations::find(&mut conn, id).await.unwrap(), Some(finished));
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
            interaction_id: None,
            ..case.registration().await
        };
        let mut conn = case.conn().await;
        registrations::insert(&mut conn, &nobody).await.unwrap();
        assert_eq!(registrations::find(&mut conn, nobody.id).await.unwrap(), Some(nobody));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_code_is_used_up_and_wrong_ones_are_counted() {
    both(async |case| {
        let code = case.phone_code(CodePurpose::Register, case.uuid(), Span::ZERO).await;
        let mut conn = case.conn().await;
        for _ in 0..4 {
            assert_eq!(tried(&mut conn, &code, &[0; 32]).await, Tried::Wrong);
        }
        assert_eq!(tried(&mut conn, &code, &code.digest).await, Tried::Right, "the fifth may still be right");
        assert_eq!(tried(&mut conn, &code, &code.digest).await, Tried::Over, "once");

        let code = case.phone_code(CodePurpose::Register, case.uuid(), Span::ZERO).await;
        for _ in 0..5 {
            assert_eq!(tried(&mut conn, &code, &[0; 32]).await, Tried::Wrong);
        }
        assert_eq!(tried(&mut conn, &code, &code.digest).await, Tried::Over, "tried too often, even when right");
        let unknown = StoredPhoneCode { id: case.uuid(), ..code };
        assert_eq!(tried(&mut conn, &unknown, &unknown.digest).await, Tried::Over);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_sent_to_a_phone_ends_at_its_microsecond() {
    both(async |case| {
        let code = case.phone_code(CodePurpose::EnrolTotp, case.uuid(), Span::ZERO).await;
        let mut conn = case.conn().await;
        let late = registrations::try_code(&mut conn, code.id, &code.digest, code.expires_at, 5).await.unwrap();
        assert_eq!(late, Tried::Over);
        let at = code.expires_at - MICRO;
        assert_eq!(registrations::try_code(&mut conn, code.id, &code.digest, at, 5).await.unwrap(), Tried::Right);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_newest_code_of_its_purpose_and_subject_counts() {
    both(async |case| {
        let (subject, other) = (case.uuid(), case.uuid());
        let first = case.phone_code(CodePurpose::Register, subject, Span::ZERO).await;
        let newest = case.phone_code(CodePurpose::Register, subject, Span::secs(2)).await;
        case.phone_code(CodePurpose::EnrolTotp, subject, Span::secs(3)).await;
        case.phone_code(CodePurpose::Register, other, Span::secs(4)).await;
        let mut conn = case.conn().await;
        let at = NOW + Span::secs(5);
        let found = registrations::newest_code(&mut conn, CodePurpose::Register, subject, at).await.unwrap();
        assert_eq!(found.as_ref(), Some(&newest));
        assert_eq!(tried(&mut conn, &newest, &[0; 32]).await, Tried::Wrong);
        let found = registrations::newest_code(&mut conn, CodePurpose::Register, subject, at).await.unwrap();
        assert_eq!(found.unwrap().attempts, 1);
        let late = registrations::newest_code(&mut conn, CodePurpose::Register, subject, newest.expires_at).await;
        assert_eq!(late.unwrap(), None);
        assert_eq!(tried(&mut conn, &newest, &newest.digest).await, Tried::Right);
        let found = registrations::newest_code(&mut conn, CodePurpose::Register, subject, at).await.unwrap();
        assert_eq!(found, Some(first), "the flow drops what a used one leaves behind");
    })
    .await;
}
