//! A request's body has a size and a time, and the edge remembers which of them it broke, whatever the handler makes of it.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{body::Body, extract::Request};
use bytes::{Buf, Bytes};
use http::header::CONTENT_LENGTH;
use http_body::{Body as _, Frame};
use tokio::time::{Sleep, sleep};

use super::FailureKind;

const COMING: u8 = 0;
const WHOLE: u8 = 1;
const TOO_LARGE: u8 = 2;
const TOO_SLOW: u8 = 3;

/// What became of the body. Shared between the body, which the handler owns, and the edge.
pub(super) struct Verdict(Option<Arc<AtomicU8>>);

impl Verdict {
    fn get(&self) -> u8 {
        self.0.as_ref().map_or(WHOLE, |state| state.load(Ordering::Relaxed))
    }

    pub(super) fn failure(&self) -> Option<FailureKind> {
        match self.get() {
            TOO_LARGE => Some(FailureKind::TooLarge),
            TOO_SLOW => Some(FailureKind::SlowBody),
            _ => None,
        }
    }

    pub(super) fn is_unfinished(&self) -> bool {
        self.get() == COMING
    }
}

/// A file that says beforehand that it has more bytes than it may. It is read away by the handler that knows who sent it, and
/// answered then: to answer and close while bytes are under way is to reset, and a reset may overtake the answer (RFC 9112 §9.6).
#[derive(Clone, Copy, Debug)]
pub struct Oversize {
    pub most: u64,
}

/// So many times the limit is read away; more is broken off.
const READ_AWAY: u64 = 4;

/// The bytes that the body of an upload may have: more than its limit, where it is known that nothing of it is used.
pub(super) fn of_upload(request: &mut Request, most: u64) -> u64 {
    if declared(request).is_none_or(|length| length <= most) {
        return most;
    }
    request.extensions_mut().insert(Oversize { most });
    most.saturating_mul(READ_AWAY)
}

fn declared(request: &Request) -> Option<u64> {
    request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok())
}

/// Replaces the request's body with a guarded one; a request without a body passes untouched.
pub(super) fn guard(request: Request, most: u64, time: Duration) -> Result<(Request, Verdict), FailureKind> {
    if request.body().is_end_stream() {
        return Ok((request, Verdict(None)));
    }
    if declared(&request).is_some_and(|length| length > most) {
        return Err(FailureKind::TooLarge);
    }
    let state = Arc::new(AtomicU8::new(COMING));
    let verdict = Verdict(Some(state.clone()));
    let (parts, body) = request.into_parts();
    let guarded = Guarded { body, left: most, deadline: Box::pin(sleep(time)), state };
    Ok((Request::from_parts(parts, Body::new(guarded)), verdict))
}

struct Guarded {
    body: Body,
    left: u64,
    deadline: Pin<Box<Sleep>>,
    state: Arc<AtomicU8>,
}

impl Guarded {
    fn broken(&self, state: u8) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        self.state.store(state, Ordering::Relaxed);
        Poll::Ready(Some(Err("the body broke a limit of the edge".into())))
    }
}

impl http_body::Body for Guarded {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) else {
            return if self.deadline.as_mut().poll(cx).is_ready() { self.broken(TOO_SLOW) } else { Poll::Pending };
        };
        let Some(frame) = frame.transpose()? else {
            self.state.store(WHOLE, Ordering::Relaxed);
            return Poll::Ready(None);
        };
        let length = frame.data_ref().map_or(0, |data| u64::try_from(data.remaining()).unwrap_or(u64::MAX));
        let Some(left) = self.left.checked_sub(length) else { return self.broken(TOO_LARGE) };
        self.left = left;
        Poll::Ready(Some(Ok(frame)))
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}
