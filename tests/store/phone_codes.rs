//! Codes sent to phones: the newest of its purpose, tried a few times, used once.

use dinhdanh::{
    base::Span,
    store::{
        Conn,
        phone_codes::{self, CodePurpose, StoredPhoneCode, Tried},
    },
};
use uuid::Uuid;

use super::case::{Case, MICRO, NOW, both};

impl Case {
    async fn phone_code(&self, purpose: CodePurpose, subject: Uuid, at: Span) -> StoredPhoneCode {
        let code = StoredPhoneCode {
            id: self.uuid(),
            digest: self.digest(),
            attempts: 0,
            expires_at: NOW + at + Span::minutes(5),
        };
        phone_codes::insert_code(&mut self.conn().await, &code, purpose, subject, NOW + at).await.unwrap();
        code
    }
}

async fn tried(conn: &mut Conn, code: &StoredPhoneCode, digest: &[u8]) -> Tried {
    phone_codes::try_code(conn, code.id, digest, NOW, 5).await.unwrap()
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
        assert_eq!(tried(&mut conn, &code, &code.digest).await, Tried::Over, "no sixth try");

        // Once, with tries left.
        let code = case.phone_code(CodePurpose::Register, case.uuid(), Span::ZERO).await;
        assert_eq!(tried(&mut conn, &code, &code.digest).await, Tried::Right);
        for digest in [code.digest.as_slice(), &[0; 32]] {
            assert_eq!(tried(&mut conn, &code, digest).await, Tried::Over);
        }

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
        let late = phone_codes::try_code(&mut conn, code.id, &code.digest, code.expires_at, 5).await.unwrap();
        assert_eq!(late, Tried::Over);
        let at = code.expires_at - MICRO;
        assert_eq!(phone_codes::try_code(&mut conn, code.id, &code.digest, at, 5).await.unwrap(), Tried::Right);
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
        let found = phone_codes::newest_code(&mut conn, CodePurpose::Register, subject, at).await.unwrap();
        assert_eq!(found.as_ref(), Some(&newest));
        assert_eq!(tried(&mut conn, &newest, &[0; 32]).await, Tried::Wrong);
        let found = phone_codes::newest_code(&mut conn, CodePurpose::Register, subject, at).await.unwrap();
        assert_eq!(found.unwrap().attempts, 1);
        let late = phone_codes::newest_code(&mut conn, CodePurpose::Register, subject, newest.expires_at).await;
        assert_eq!(late.unwrap(), None);
        assert_eq!(tried(&mut conn, &newest, &newest.digest).await, Tried::Right);
        let found = phone_codes::newest_code(&mut conn, CodePurpose::Register, subject, at).await.unwrap();
        assert_eq!(found, Some(first), "the flow drops what a used one leaves behind");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_code_stands_for_a_while() {
    both(async |case| {
        let subject = case.uuid();
        let code = case.phone_code(CodePurpose::EnrolTotp, subject, Span::ZERO).await;
        let mut conn = case.conn().await;
        assert_eq!(tried(&mut conn, &code, &[0; 32]).await, Tried::Wrong);
        let asked = [
            (CodePurpose::EnrolTotp, subject, NOW - MICRO, true),
            (CodePurpose::EnrolTotp, subject, NOW, false),
            (CodePurpose::Register, subject, NOW - MICRO, false),
            (CodePurpose::EnrolTotp, case.uuid(), NOW - MICRO, false),
        ];
        for right in [false, true] {
            for (purpose, subject, since, expected) in asked {
                let stands = phone_codes::confirmed_since(&mut conn, purpose, subject, since).await.unwrap();
                assert_eq!(stands, right && expected, "{purpose:?} {since}");
            }
            if !right {
                assert_eq!(tried(&mut conn, &code, &code.digest).await, Tried::Right);
            }
        }
    })
    .await;
}
