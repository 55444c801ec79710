//! Work on files that two operators decided about: done by whichever process comes first, and taken over by another when that
//! one dies.

use std::time::Duration;

use crate::{
    base::{Clock, Fault, Span, Timestamp},
    store::audit::Actor,
};

/// Nobody works any more on what was not touched for so long.
pub(super) const QUIET: Span = Span::secs(15);
/// Who is at work says so as often.
pub(super) const BEAT_EVERY: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Files that are settled do not lie there longer.
const TIDY_EVERY: Span = Span::secs(60);

/// Runs for as long as the process lives: does `once` again and again while there is something to do, and looks through the
/// folder now and then.
pub(super) async fn always<T, W>(clock: &Clock, what: &'static str, tidy: impl Fn(Timestamp) -> T, once: impl Fn() -> W)
where
    T: Future<Output = Result<(), Fault>>,
    W: Future<Output = Result<bool, Fault>>,
{
    let mut tidied = clock.now() - TIDY_EVERY;
    loop {
        if clock.now() >= tidied + TIDY_EVERY {
            tidied = clock.now();
            if let Err(fault) = tidy(tidied).await {
                tracing::warn!(%fault, what, "the folder was not looked through");
            }
        }
        match once().await {
            Ok(true) => {}
            Ok(false) => tokio::time::sleep(LOOK_EVERY).await,
            Err(fault) => {
                tracing::warn!(%fault, what, "work was put off");
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    }
}

/// On whose word it is done: of who decided, and before that of who proposed.
pub(super) fn by_word_of(decided_by: Option<&str>, proposed_by: &str) -> Actor {
    let by = decided_by.unwrap_or(proposed_by);
    Actor::Operator(by.strip_prefix("operator:").unwrap_or(by).to_owned())
}
