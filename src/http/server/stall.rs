//! The two manners of a socket that hyper leaves to others: a peer that asks and then does not read is given up, and a
//! peer that is refused while it still sends gets to read why.

use std::{
    io,
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

/// To close with bytes unread is to reset, and a reset overtakes the answer that was written (RFC 9112 §9.6). So much,
/// for so long, is read and thrown away first.
const LINGER_BYTES: usize = 1024 * 1024;
const LINGER_TIME: Duration = Duration::from_secs(1);

/// Passes everything through; a write that makes no progress for `limit` is an error.
pub(super) struct Stall<S> {
    stream: S,
    limit: Duration,
    /// Made at the first write that waits; most connections never do.
    timer: Option<Pin<Box<Sleep>>>,
    waiting: bool,
    /// While closing: how many more bytes are thrown away.
    linger: Option<usize>,
}

impl<S> Stall<S> {
    pub(super) fn new(stream: S, limit: Duration) -> Self {
        Self { stream, limit, timer: None, waiting: false, linger: None }
    }

    fn watch<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = false;
            return written;
        }
        let limit = self.limit;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
        if !self.waiting {
            timer.as_mut().reset(Instant::now() + limit);
            self.waiting = true;
        }
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer does not read")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stall<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stall<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.watch(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        }
        self.poll_linger(cx)
    }
}

impl<S: AsyncRead + Unpin> Stall<S> {
    /// A peer with nothing under way is left at once.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut scratch = [MaybeUninit::uninit(); 8 * 1024];
        loop {
            let mut read = ReadBuf::uninit(&mut scratch);
            match Pin::new(&mut self.stream).poll_read(cx, &mut read) {
                Poll::Ready(Ok(())) if !read.filled().is_empty() => {
                    let left = self.linger.unwrap_or(LINGER_BYTES).saturating_sub(read.filled().len());
                    if self.linger.replace(left).is_none() {
                        self.timer = Some(Box::pin(sleep(LINGER_TIME)));
                    }
                    if left == 0 {
                        return Poll::Ready(Ok(()));
                    }
                }
                Poll::Pending if self.linger.is_some() => {
                    let Some(timer) = self.timer.as_mut() else { return Poll::Ready(Ok(())) };
                    return timer.as_mut().poll(cx).map(Ok);
                }
                _ => return Poll::Ready(Ok(())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_does_not_read_is_given_up_and_one_that_reads_slowly_is_not() {
        let (ours, mut theirs) = tokio::io::duplex(8);
        let mut guarded = Stall::new(ours, Duration::from_secs(5));
        let reader = tokio::spawn(async move {
            let mut read = [0; 8];
            for _ in 0..4 {
                sleep(Duration::from_secs(4)).await;
                theirs.read_exact(&mut read).await.unwrap();
            }
            theirs
        });
        guarded.write_all(&[7; 32]).await.unwrap();
        let _unread = reader.await.unwrap();
        let started = Instant::now();
        let refused = guarded.write_all(&[7; 32]).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::TimedOut);
        assert_eq!(started.elapsed().as_secs(), 5);
    }
    #[tokio::test(start_paused = true)]
    async fn a_peer_that_still_sends_is_read_out_before_the_close_but_not_for_ever() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let mut guarded = Stall::new(ours, Duration::from_secs(5));
        theirs.write_all(b"first").await.unwrap();
        let sender = tokio::spawn(async move {
            let mut sent = 0;
            while theirs.write_all(&[0; 32]).await.is_ok() && sent < 100 {
                sent += 1;
                sleep(Duration::from_millis(100)).await;
            }
            sent
        });
        let started = Instant::now();
        guarded.shutdown().await.unwrap();
        assert_eq!(started.elapsed().as_secs(), 1);
        drop(guarded);
        assert!((8..=12).contains(&sender.await.unwrap()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_with_nothing_under_way_is_left_at_once() {
        let (ours, _theirs) = tokio::io::duplex(64);
        let started = Instant::now();
        Stall::new(ours, Duration::from_secs(5)).shutdown().await.unwrap();
        assert_eq!(started.elapsed(), Duration::ZERO);
    }
}
