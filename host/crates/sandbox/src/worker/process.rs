//! One worker process, as the host sees it. It sends what it is given and reports what came back; what that means is decided
//! elsewhere. A process is killed when this is dropped.

use std::{
    io,
    os::fd::AsRawFd,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::AsyncReadExt,
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    task::JoinHandle,
};

use super::{
    CompileWorker,
    protocol::{Answer, MAX_MESSAGE_BYTES, Request, receive_frame, send_frame},
};
use crate::cache::FunctionFolder;

/// The most threads that compile one component. Each has a stack of 2 MiB and a compiler's working memory, which the memory
/// limit does not grow with.
const MOST_THREADS: usize = 4;
/// What is kept of the end of a worker's standard error, in bytes: a panic and where it happened.
const MAX_LAST_WORDS: usize = 2 << 10;
/// How long a worker that has been told to end, or has broken off, has to end by itself.
const ENDING: Duration = Duration::from_secs(2);

/// A worker that runs.
pub(super) struct Process {
    child: Child,
    /// `None` once it has been told to end.
    input: Option<ChildStdin>,
    output: ChildStdout,
    last_words: Arc<Mutex<Vec<u8>>>,
    listening: JoinHandle<()>,
}

/// How a process ended.
#[derive(Debug)]
pub(super) struct End {
    pub(super) status: io::Result<ExitStatus>,
    /// The end of what it wrote to standard error.
    pub(super) last_words: String,
}

impl Process {
    /// Starts a worker. It has no environment but what it needs, a process group of its own, so that Ctrl-C at a terminal
    /// does not reach it, and the folder of the function cache as its working directory: an open folder needs no path.
    pub(super) fn start(worker: &CompileWorker, functions: &FunctionFolder) -> io::Result<Self> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
        let mut child = Command::new(&worker.program)
            .arg0("workway")
            .args(&worker.arguments)
            .env_clear()
            .env("RAYON_NUM_THREADS", threads.to_string())
            .current_dir(format!("/proc/self/fd/{}", functions.as_fd().as_raw_fd()))
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let missing = || io::Error::other("a stream of the worker is missing");
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or_else(missing)?;
        let errors = child.stderr.take().ok_or_else(missing)?;
        let last_words = Arc::default();
        let listening = tokio::spawn(listen(errors, Arc::clone(&last_words)));
        tracing::debug!(pid = child.id(), "started a compile worker");
        Ok(Self { child, input, output, last_words, listening })
    }

    /// Sends a component and receives the answer, with the machine code if there is any. At the same time: a program that
    /// is no worker may answer before it has read.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] for what is no answer; otherwise the worker has broken off.
    pub(super) async fn compile(&mut self, request: &Request, component: &[u8]) -> io::Result<(Answer, Vec<u8>)> {
        let message = serde_json::to_vec(request)?;
        let input = self.input.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        let send = async {
            send_frame(input, &message).await?;
            send_frame(input, component).await
        };
        let output = &mut self.output;
        let receive = async {
            let answer = receive_frame(output, MAX_MESSAGE_BYTES).await?;
            let answer = serde_json::from_slice(&answer)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
            let code = match answer {
                Answer::Compiled { .. } => receive_frame(output, request.code_bytes).await?,
                _ => Vec::new(),
            };
            Ok((answer, code))
        };
        let ((), answered) = tokio::try_join!(send, receive)?;
        Ok(answered)
    }

    /// Waits until it can take another request.
    pub(super) async fn finish_request(&mut self) -> io::Result<()> {
        receive_frame(&mut self.output, 0).await.map(drop)
    }

    /// Whether it has not ended.
    pub(super) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Lets it end by itself, or kills it if it does not.
    pub(super) async fn end(mut self) -> End {
        self.input = None;
        let status = match tokio::time::timeout(ENDING, self.child.wait()).await {
            Ok(status) => status,
            Err(_elapsed) => self.kill_and_wait().await,
        };
        self.ended(status).await
    }

    /// Kills it, and waits until it is gone.
    pub(super) async fn kill(mut self) -> End {
        let status = self.kill_and_wait().await;
        self.ended(status).await
    }

    async fn kill_and_wait(&mut self) -> io::Result<ExitStatus> {
        // It may have ended by itself.
        let _ = self.child.start_kill();
        self.child.wait().await
    }

    async fn ended(mut self, status: io::Result<ExitStatus>) -> End {
        // Another process may have inherited the stream, and keep it open.
        if tokio::time::timeout(ENDING, &mut self.listening).await.is_err() {
            self.listening.abort();
        }
        let last_words = self.last_words.lock().unwrap_or_else(PoisonError::into_inner);
        End { status, last_words: String::from_utf8_lossy(&last_words).trim().to_owned() }
    }
}

/// Reads standard error to its end, so that the worker never waits for a reader, and keeps the last of it.
async fn listen(mut errors: ChildStderr, last_words: Arc<Mutex<Vec<u8>>>) {
    let mut buffer = [0; 1 << 10];
    while let Ok(length @ 1..) = errors.read(&mut buffer).await {
        let mut last_words = last_words.lock().unwrap_or_else(PoisonError::into_inner);
        last_words.extend_from_slice(&buffer[..length]);
        let excess = last_words.len().saturating_sub(MAX_LAST_WORDS);
        last_words.drain(..excess);
    }
}
