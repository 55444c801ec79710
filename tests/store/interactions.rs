//! Interactions: finished once, closed at their microsecond, swept by portions.

use dinhdanh::{
    base::{Span, ids::InteractionId},
    store::interactions::{self, StoredInteraction},
};
use serde_json::json;

use super::case::{Case, MICRO, NOW, both};

impl Case {
    async fn interaction(&self, life: Span) -> StoredInteraction {
        let client = format!("rp-{}", self.uuid());
        let interaction = StoredInteraction {
            id: InteractionId(self.uuid()),
            browser_digest: self.digest(),
            client_id: self.client(&client).await,
            request: json!({ "state": "tình trạng", "max_age": 0, "claims": null }),
            progress: json!({}),
            wrong_codes: 0,
            created_at: NOW,
            expires_at: NOW + life,
            finished_at: None,
        };
        interactions::insert(&mut self.conn().await, &interaction).await.unwrap();
        interaction
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interaction_keeps_its_request_and_its_progress() {
    both(async |case| {
        let mut expected = case.interaction(Span::minutes(10)).await;
        let id = expected.id;
        let mut conn = case.conn().await;
        assert_eq!(interactions::find(&mut conn, id).await.unwrap(), Some(expected.clone()));
        assert_eq!(interactions::find(&mut conn, InteractionId(case.uuid())).await.unwrap(), None);

        expected.progress = json!({ "number": "900000000001", "consent": ["openid"] });
        assert!(interactions::set_progress(&mut conn, id, &expected.progress, NOW).await.unwrap());
        for count in 1..=3 {
            assert_eq!(interactions::wrong_code(&mut conn, id).await.unwrap(), count);
        }
        expected.wrong_codes = 3;
        assert_eq!(interactions::find(&mut conn, id).await.unwrap(), Some(expected.clone()));
        assert!(!interactions::set_progress(&mut conn, id, &json!({}), expected.expires_at).await.unwrap());
        assert_eq!(interactions::find(&mut conn, id).await.unwrap(), Some(expected));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interaction_is_finished_once_and_in_time() {
    both(async |case| {
        let late = case.interaction(Span::minutes(10)).await;
        let mut conn = case.conn().await;
        assert!(!interactions::finish(&mut conn, late.id, late.expires_at).await.unwrap());
        assert!(interactions::finish(&mut conn, late.id, late.expires_at - MICRO).await.unwrap());
        assert!(!interactions::finish(&mut conn, late.id, NOW).await.unwrap());
        assert!(!interactions::set_progress(&mut conn, late.id, &json!({ "x": 1 }), NOW).await.unwrap());
        let finished = interactions::find(&mut conn, late.id).await.unwrap().unwrap();
        assert_eq!(finished, StoredInteraction { finished_at: Some(late.expires_at - MICRO), ..late });
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_over_is_swept() {
    both(async |case| {
        for life in [10, 20, 30, 40] {
            case.interaction(Span::secs(life)).await;
        }
        let mut conn = case.conn().await;
        assert_eq!(interactions::sweep(&mut conn, NOW + Span::secs(30), 1).await.unwrap(), 1);
        assert_eq!(interactions::sweep(&mut conn, NOW + Span::secs(30), 9).await.unwrap(), 1, "10 and 20, not 30");
        assert_eq!(interactions::sweep(&mut conn, NOW + Span::secs(30) + MICRO, 9).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interaction_nobody_opened_is_tied_to_the_first_browser() {
    both(async |case| {
        let interaction = case.interaction(Span::minutes(10)).await;
        let (id, unclaimed) = (interaction.id, interaction.browser_digest.clone());
        let mut conn = case.conn().await;
        let (first, second) = (case.digest(), case.digest());
        let end = interaction.expires_at;
        assert!(!interactions::claim(&mut conn, id, &second, &first, NOW).await.unwrap(), "not with a wrong word");
        assert!(!interactions::claim(&mut conn, id, &unclaimed, &first, end).await.unwrap());
        assert!(interactions::claim(&mut conn, id, &unclaimed, &first, end - MICRO).await.unwrap());
        assert!(!interactions::claim(&mut conn, id, &unclaimed, &second, NOW).await.unwrap());
        let claimed = interactions::find(&mut conn, id).await.unwrap().unwrap();
        assert_eq!(claimed, StoredInteraction { browser_digest: first, ..interaction });
        let over = case.interaction(Span::minutes(10)).await;
        assert!(interactions::finish(&mut conn, over.id, NOW).await.unwrap());
        let claimed = interactions::claim(&mut conn, over.id, &over.browser_digest, &second, NOW).await.unwrap();
        assert!(!claimed, "what was answered is nobody's to open");
    })
    .await;
}
