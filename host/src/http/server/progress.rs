//! Closes connections whose client stops reading. An answer that nobody reads would hold its memory forever.

use std::{
    io::{self, ErrorKind, IoSlice},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// How long a client may take to read [`MIN_READ_BYTES`] of a waiting answer.
const READ_WINDOW: Duration = Duration::from_secs(10);
/// The least that a client must read in [`READ_WINDOW`], in bytes, unless the answer is shorter. Slow mobile networks carry more.
const MIN_READ_BYTES: usize = 32 << 10;

/// A stream whose writes must make progress. It does not bound reads: the server and the handlers know what they wait for.
pub(super) struct ProgressStream<S> {
    stream: S,
    /// Set while a write has to wait.
    waiting: Option<Waiting>,
}

struct Waiting {
    deadline: Pin<Box<Sleep>>,
    written: usize,
}

impl<S> ProgressStream<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, waiting: None }
    }

    /// Records the result of a write. A write that waits too long becomes an error.
    fn note(&mut self, context: &mut Context<'_>, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match result {
            Poll::Ready(Ok(written)) => {
                if let Some(waiting) = &mut self.waiting {
                    waiting.written = waiting.written.saturating_add(written);
                    if waiting.written >= MIN_READ_BYTES {
                        self.waiting = None;
                    }
                }
                result
            }
            Poll::Pending => {
                let new = || Waiting { deadline: Box::pin(sleep(READ_WINDOW)), written: 0 };
                let waiting = self.waiting.get_or_insert_with(new);
                match waiting.deadline.as_mut().poll(context) {
                    Poll::Ready(()) => {
                        Poll::Ready(Err(io::Error::new(ErrorKind::TimedOut, "the client reads too slowly")))
                    }
                    Poll::Pending => Poll::Pending,
                }
            }
            Poll::Ready(Err(_)) => result,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ProgressStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ProgressStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note(context, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.note(context, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if flushed.is_ready() {
            // Everything is written. The next answer gets its own window.
            self.waiting = None;
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, duplex},
        time::sleep,
    };

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_reads_is_given_up() {
        let (near, _far) = duplex(16);
        let error = ProgressStream::new(near).write_all(&[0; 64]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_a_byte_now_and_then_is_given_up() {
        let (near, mut far) = duplex(16);
        let reader = tokio::spawn(async move {
            while far.read_u8().await.is_ok() {
                sleep(READ_WINDOW / 10).await;
            }
        });
        let error = ProgressStream::new(near).write_all(&[0; 4 * MIN_READ_BYTES]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        reader.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_client_gets_its_whole_answer() {
        let (near, mut far) = duplex(MIN_READ_BYTES);
        let reader = tokio::spawn(async move {
            let (mut read, mut part) = (0, vec![0; MIN_READ_BYTES]);
            while let Ok(length @ 1..) = far.read(&mut part).await {
                read += length;
                sleep(READ_WINDOW / 3).await;
            }
            read
        });
        let mut stream = ProgressStream::new(near);
        stream.write_all(&[0; 20 * MIN_READ_BYTES]).await.unwrap();
        stream.flush().await.unwrap();
        // The next answer does not pay for the one before.
        sleep(READ_WINDOW * 2).await;
        stream.write_all(&[0; 2 * MIN_READ_BYTES]).await.unwrap();
        drop(stream);
        assert_eq!(reader.await.unwrap(), 22 * MIN_READ_BYTES);
    }
}
