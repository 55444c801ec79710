//! Keys follow each other by the clock, and nothing that a portal may still hold is ever without its key.

use dinhdanh::{
    base::Span,
    crypto::{Alg, Schedule},
    flows::key_schedule::{KeyPlan, turn},
};

use crate::support::app::TestApp;

fn plan(rotate_after: Option<Span>) -> KeyPlan {
    KeyPlan { schedule: Schedule::default(), rotate_after }
}

async fn states(app: &TestApp) -> Vec<(String, i64)> {
    let mut all = Vec::new();
    for (state, sql) in [
        ("pending", "SELECT count(*) FROM signing_key WHERE alg = 'ES256' AND state = 'pending'"),
        ("active", "SELECT count(*) FROM signing_key WHERE alg = 'ES256' AND state = 'active'"),
        ("retiring", "SELECT count(*) FROM signing_key WHERE alg = 'ES256' AND state = 'retiring'"),
        ("retired", "SELECT count(*) FROM signing_key WHERE alg = 'ES256' AND state = 'retired'"),
    ] {
        all.push((state.to_owned(), app.at.count(sql).await));
    }
    all
}

fn expected(pending: i64, active: i64, retiring: i64, retired: i64) -> Vec<(String, i64)> {
    [("pending", pending), ("active", active), ("retiring", retiring), ("retired", retired)]
        .map(|(state, count)| (state.to_owned(), count))
        .to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_announced_takes_over_and_leaves_when_it_is_of_no_more_use() {
    for app in TestApp::each().await {
        let plan = plan(Some(Span::days(90)));
        let provider = &app.at.provider;
        let signing = async || {
            provider.keys.reload(&mut app.at.conn().await, &provider.secrets.sealer).await.unwrap();
            provider.keys.ring().signer(Alg::Es256).unwrap().kid().to_owned()
        };
        let first = signing().await;
        // The successor is announced at once, for it must be known everywhere long before its turn.
        assert!(turn(provider, &plan, app.at.now()).await.unwrap() >= 1);
        assert_eq!(states(&app).await, expected(1, 1, 0, 0));
        assert_eq!(turn(provider, &plan, app.at.now()).await.unwrap(), 0, "nothing more is due");
        app.at.clock.advance(Span::days(90));
        // Two processes at the same moment: one rotates, the other finds it done.
        let (one, other) = tokio::join!(turn(provider, &plan, app.at.now()), turn(provider, &plan, app.at.now()));
        assert!(one.unwrap() + other.unwrap() >= 1);
        assert_eq!(states(&app).await, expected(1, 1, 1, 0));
        assert_ne!(signing().await, first);
        app.at.clock.advance(Span::minutes(25));
        turn(provider, &plan, app.at.now()).await.unwrap();
        assert_eq!(states(&app).await, expected(1, 1, 1, 0), "what it signed may still be held");
        app.at.clock.advance(Span::minutes(1));
        turn(provider, &plan, app.at.now()).await.unwrap();
        assert_eq!(states(&app).await, expected(1, 1, 0, 1));
        let rotated = app.at.count("SELECT count(*) FROM audit_event WHERE action = 'key.rotated'").await;
        let by = "SELECT count(*) FROM audit_event WHERE action = 'key.rotated' AND actor = 'service'";
        assert!(rotated > 0);
        assert_eq!(app.at.count(by).await, rotated, "nobody was at the command line");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_schedule_only_what_is_over_leaves() {
    let app = TestApp::sqlite().await;
    app.at.clock.advance(Span::days(900));
    assert_eq!(turn(&app.at.provider, &plan(None), app.at.now()).await.unwrap(), 0);
    assert_eq!(states(&app).await, expected(0, 1, 0, 0));
}
