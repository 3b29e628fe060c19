//! A guest's standard output and standard error, as lines of its log.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::{
    async_trait,
    cli::{IsTerminal, StdoutStream},
    p2::{OutputStream, Pollable, StreamError, StreamResult},
};
use workway_capability::log::{Level, LogCtx};

/// What one write may carry, in bytes.
const MAX_WRITE: usize = 4_096;
/// The longest line; a longer one is broken.
const MAX_LINE: usize = 4_096;

/// How many lines are kept to be told with a crash. A panic's place and its message are two.
const LAST_LINES: usize = 3;
const RUST_BACKTRACE_NOTE: &str = "note: run with `RUST_BACKTRACE=";

/// One of a call's output streams. Clones write to the same line.
#[derive(Clone)]
pub(super) struct GuestOutput(Arc<Mutex<Lines>>);

struct Lines {
    log: LogCtx,
    level: Level,
    source: &'static str,
    pending: Vec<u8>,
    /// The last lines that had something on them: a panic's message, where a guest panicked.
    last: VecDeque<String>,
}

impl GuestOutput {
    pub(super) fn stdout(log: LogCtx) -> Self {
        Self::new(log, Level::Info, "stdout")
    }

    pub(super) fn stderr(log: LogCtx) -> Self {
        Self::new(log, Level::Warn, "stderr")
    }

    fn new(log: LogCtx, level: Level, source: &'static str) -> Self {
        Self(Arc::new(Mutex::new(Lines { log, level, source, pending: Vec::new(), last: VecDeque::new() })))
    }

    /// Writes what stands without a line end, and returns the last lines of all.
    pub(super) fn finish(&self) -> String {
        self.with(|lines| {
            lines.line();
            std::mem::take(&mut lines.last).make_contiguous().join(" ")
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Lines) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Lines {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if byte == b'\n' || self.pending.len() >= MAX_LINE {
                self.line();
            }
            if byte != b'\n' {
                self.pending.push(byte);
            }
        }
    }

    fn line(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        let line = String::from_utf8_lossy(&pending);
        if !line.trim().is_empty() {
            self.log.write(self.level, self.source, &line, &[]);
            // What Rust says after a panic's message helps nobody who cannot set the variable.
            if !line.starts_with(RUST_BACKTRACE_NOTE) {
                while self.last.len() >= LAST_LINES {
                    self.last.pop_front();
                }
                self.last.push_back(line.into_owned());
            }
        }
    }
}

impl IsTerminal for GuestOutput {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for GuestOutput {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for GuestOutput {
    async fn ready(&mut self) {}
}

impl OutputStream for GuestOutput {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        // Nobody else compares a write with what `check_write` has permitted.
        if bytes.len() > MAX_WRITE {
            return Err(StreamError::trap("a write is larger than was permitted"));
        }
        self.with(|lines| lines.write(&bytes));
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(MAX_WRITE)
    }
}

impl AsyncWrite for GuestOutput {
    fn poll_write(self: Pin<&mut Self>, _context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.with(|lines| lines.write(bytes));
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::{GuestOutput, LogCtx, MAX_LINE};

    #[test]
    fn the_last_lines_with_content_are_kept() {
        let output = GuestOutput::stderr(LogCtx::new(None, String::new(), 1 << 20));
        output.with(|lines| {
            lines.write(b"1\n2\n3\npanicked at \xff:\n\nno more\nnote: run with `RUST_BACKTRACE=1` ...\n")
        });
        assert_eq!(output.finish(), "3 panicked at \u{fffd}: no more");
    }

    #[test]
    fn a_line_without_end_is_broken() {
        let output = GuestOutput::stdout(LogCtx::new(None, String::new(), 1 << 20));
        output.with(|lines| {
            lines.write(&vec![b'x'; 10 * MAX_LINE]);
            assert!(lines.pending.len() <= MAX_LINE);
        });
    }
}
