//! Housekeeping deletes what is over and nothing else.

use dinhdanh::{base::Span, flows::upkeep::sweep};
use http::StatusCode;

use crate::support::app::{TestApp, authorize};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_goes_and_what_counts_stays() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let provider = &app.at.provider;
        let code = app.code(&holder, "openid").await;
        let tokens = app.redeem(&code).await;
        let unused = app.code(&holder, "openid").await;
        app.post_as_portal("/revoke", &[("token", &tokens.text("access_token"))]).await;
        // A wrong password, and a sign-in that nobody finished.
        let mut browser = app.browser();
        let path = browser.get(&authorize(&[])).await.location().to_owned();
        for fields in [[("username", "900085000099")], [("password", "wrong")]] {
            let page = browser.get(&path).await;
            browser.submit(&path, &page, &fields).await;
        }
        let rows = async || {
            [
                app.at.count("SELECT count(*) FROM authorization_code").await,
                app.at.count("SELECT count(*) FROM interaction").await,
                app.at.count("SELECT count(*) FROM revoked_token").await,
                app.at.count("SELECT count(*) FROM failure_counter").await,
            ]
        };
        let [codes, interactions, revoked, counters] = rows().await;
        assert_eq!((codes, interactions, revoked), (2, 3, 1));
        assert_eq!(app.at.audited("authorize.begun", "done").await, interactions);
        assert!(counters > 0);
        sweep(provider, app.at.now()).await.unwrap();
        assert_eq!(rows().await, [codes, interactions, revoked, counters], "nothing is over yet");

        app.at.clock.advance(Span::hours(2));
        sweep(provider, app.at.now()).await.unwrap();
        // The spent code stays as long as its family, so that a replay still takes everything back.
        assert_eq!(rows().await, [1, 0, 0, counters]);
        assert_eq!(app.redeem(&unused).await.status, StatusCode::BAD_REQUEST);
        assert_eq!(app.redeem(&code).await.status, StatusCode::BAD_REQUEST);
        assert_eq!(app.at.audited("token.code_replayed", "refused").await, 1);

        app.at.clock.advance(Span::hours(23));
        sweep(provider, app.at.now()).await.unwrap();
        assert_eq!(rows().await[3], 0);
        assert_eq!(sweep(provider, app.at.now()).await.unwrap(), 0);
    }
}
