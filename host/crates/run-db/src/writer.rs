//! The one task that writes runs. It takes the requests that wait, executes them in one transaction, commits once and answers
//! them all, so that many callers share the cost of a commit.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use sqlx::{Connection, Sqlite, SqliteConnection, SqlitePool, pool::PoolConnection};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use workway_runs::{AppendError, Durability, RunStoreError};
use workway_sqlite::{Fault, unavailable};

/// Requests that wait for the writer. Whoever has one more waits for a place here.
const QUEUED_REQUESTS: usize = 1_024;
/// Requests of one transaction: bounds how long the first of them waits for the last.
const REQUESTS_PER_COMMIT: usize = 256;
/// How long emptying the write-ahead log waits for readers, in milliseconds: nothing is written meanwhile.
const TRUNCATE_WAIT_MILLIS: u32 = 100;

/// A request to the writer.
#[async_trait]
pub(super) trait Write: Send + 'static {
    type Output: Send + 'static;
    type Error: From<RunStoreError> + Send + 'static;

    /// What its commit has to survive before it is answered.
    fn durability(&self) -> Durability {
        Durability::Process
    }

    /// Whether it can be refused after it has written something, which then has to be undone. That costs two more turns of the
    /// database's thread.
    fn needs_undo(&self) -> bool {
        true
    }

    async fn execute(&mut self, connection: &mut SqliteConnection) -> Result<Self::Output, Failure<Self::Error>>;
}

/// A failure of a query, or a refusal by the rules.
pub(super) enum Failure<E> {
    Query(sqlx::Error),
    Refused(E),
}

impl<E> From<sqlx::Error> for Failure<E> {
    fn from(error: sqlx::Error) -> Self {
        Self::Query(error)
    }
}

/// Sends requests to the writer. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    messages: mpsc::Sender<Message>,
    /// Taken by the one that closes it.
    task: Arc<Mutex<Option<JoinHandle<()>>>>,
}

enum Message {
    Write(Box<dyn Job>),
    Truncate(oneshot::Sender<Result<(), RunStoreError>>),
    Close,
}

impl Writer {
    /// Starts the task, which ends when the last handle is dropped.
    pub(super) fn spawn(pool: SqlitePool) -> Self {
        let (messages, inbox) = mpsc::channel(QUEUED_REQUESTS);
        let task = tokio::spawn(WriterTask { pool, inbox, connection: None }.run());
        Self { messages, task: Arc::new(Mutex::new(Some(task))) }
    }

    /// Waits until the request is committed.
    pub(super) async fn write<W: Write>(&self, write: W) -> Result<W::Output, W::Error> {
        let (reply, answer) = oneshot::channel();
        let request = Request { write, outcome: None, reply };
        match self.messages.send(Message::Write(Box::new(request))).await {
            Ok(()) => answer.await.unwrap_or_else(|_| Err(closed().into())),
            Err(_) => Err(closed().into()),
        }
    }

    /// Writes everything into the file and empties the write-ahead log, unless readers are in the way for too long.
    pub(super) async fn truncate_log(&self) -> Result<(), RunStoreError> {
        let (reply, answer) = oneshot::channel();
        self.messages.send(Message::Truncate(reply)).await.map_err(|_| closed())?;
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Commits what waits, refuses what comes later, and waits for the end of the task.
    pub(super) async fn close(&self) {
        // The task may have ended with the runtime.
        let _ = self.messages.send(Message::Close).await;
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Err(error)) = match task {
            Some(task) => Some(task.await),
            None => None,
        } {
            tracing::error!(%error, "the task that writes runs failed");
        }
    }
}

fn closed() -> RunStoreError {
    RunStoreError::Unavailable("the host's database of runs is closed".into())
}

/// A request of any type, with the caller that waits for it.
#[async_trait]
trait Job: Send {
    fn durability(&self) -> Durability;

    /// Whether nobody waits for the answer any more.
    fn is_abandoned(&self) -> bool;

    /// An error spoils the transaction. What concerns only this request is its outcome.
    async fn execute(&mut self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error>;

    fn answer(self: Box<Self>, committed: &Result<(), RunStoreError>);
}

struct Request<W: Write> {
    write: W,
    outcome: Option<Result<W::Output, W::Error>>,
    reply: oneshot::Sender<Result<W::Output, W::Error>>,
}

#[async_trait]
impl<W: Write> Job for Request<W> {
    fn durability(&self) -> Durability {
        self.write.durability()
    }

    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    async fn execute(&mut self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let result = if self.write.needs_undo() {
            let mut savepoint = connection.begin().await?;
            let result = self.write.execute(&mut savepoint).await;
            match &result {
                Ok(_) => savepoint.commit().await?,
                Err(Failure::Query(error)) if !is_own(error) => drop(savepoint),
                Err(_) => savepoint.rollback().await?,
            }
            result
        } else {
            self.write.execute(connection).await
        };
        self.outcome = Some(match result {
            Ok(output) => Ok(output),
            Err(Failure::Refused(refusal)) => Err(refusal),
            Err(Failure::Query(error)) if is_own(&error) => Err(failed(error).into()),
            Err(Failure::Query(error)) => return Err(error),
        });
        Ok(())
    }

    fn answer(self: Box<Self>, committed: &Result<(), RunStoreError>) {
        let answer = match (committed, self.outcome) {
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(closed().into()),
            (Err(error), _) => Err(error.clone().into()),
        };
        // The caller may have gone.
        let _ = self.reply.send(answer);
    }
}

struct WriterTask {
    pool: SqlitePool,
    inbox: mpsc::Receiver<Message>,
    connection: Option<WritingConnection>,
}

struct WritingConnection {
    connection: PoolConnection<Sqlite>,
    /// Whether commits wait for the disk.
    durability: Durability,
}

impl WriterTask {
    async fn run(mut self) {
        let mut next = None;
        loop {
            let message = match next.take() {
                Some(message) => message,
                None => match self.inbox.recv().await {
                    Some(message) => message,
                    None => return,
                },
            };
            match message {
                Message::Write(job) => {
                    let mut jobs = vec![job];
                    while jobs.len() < REQUESTS_PER_COMMIT {
                        match self.inbox.try_recv() {
                            Ok(Message::Write(job)) => jobs.push(job),
                            Ok(other) => {
                                next = Some(other);
                                break;
                            }
                            Err(_) => break,
                        }
                    }
                    self.commit(jobs).await;
                }
                Message::Truncate(reply) => {
                    let truncated = self.truncate_log().await;
                    // The caller may have gone.
                    let _ = reply.send(truncated.map_err(|error| self.give_up(&error)));
                }
                Message::Close => self.inbox.close(),
            }
        }
    }

    async fn commit(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        jobs.retain(|job| !job.is_abandoned());
        if jobs.is_empty() {
            return;
        }
        let committed = self.execute(&mut jobs).await.map_err(|error| self.give_up(&error));
        for job in jobs {
            job.answer(&committed);
        }
    }

    async fn execute(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<(), sqlx::Error> {
        let durability = jobs.iter().map(|job| job.durability()).max().unwrap_or(Durability::Process);
        let connection = self.connection(durability).await?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        for job in jobs {
            job.execute(&mut transaction).await?;
        }
        transaction.commit().await
    }

    /// The connection, with commits that are as durable as that.
    async fn connection(&mut self, durability: Durability) -> Result<&mut SqliteConnection, sqlx::Error> {
        let mut writing = match self.connection.take() {
            Some(writing) => writing,
            // A new connection is set to NORMAL, see `file`; one that was given back may not be.
            None => {
                let mut connection = self.pool.acquire().await?;
                set_durability(&mut connection, durability).await?;
                WritingConnection { connection, durability }
            }
        };
        if writing.durability != durability {
            set_durability(&mut writing.connection, durability).await?;
            writing.durability = durability;
        }
        Ok(&mut self.connection.insert(writing).connection)
    }

    async fn truncate_log(&mut self) -> Result<(), sqlx::Error> {
        let connection = self.connection(Durability::Process).await?;
        let before: i64 = sqlx::query_scalar("PRAGMA busy_timeout").fetch_one(&mut *connection).await?;
        set_busy_timeout(connection, TRUNCATE_WAIT_MILLIS.into()).await?;
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut *connection).await?;
        set_busy_timeout(connection, before).await
    }

    /// After an error that spoiled a transaction. The pool rolls back, and opens another connection where that fails.
    fn give_up(&mut self, error: &sqlx::Error) -> RunStoreError {
        self.connection = None;
        RunStoreError::Unavailable(unavailable(error))
    }
}

async fn set_durability(connection: &mut SqliteConnection, durability: Durability) -> Result<(), sqlx::Error> {
    let statement = match durability {
        Durability::Process => "PRAGMA synchronous = NORMAL",
        Durability::Power => "PRAGMA synchronous = FULL",
    };
    sqlx::query(statement).execute(connection).await.map(|_| ())
}

async fn set_busy_timeout(connection: &mut SqliteConnection, milliseconds: i64) -> Result<(), sqlx::Error> {
    // A pragma takes no parameters.
    let statement = sqlx::AssertSqlSafe(format!("PRAGMA busy_timeout = {milliseconds}"));
    sqlx::query(statement).execute(connection).await.map(|_| ())
}

/// Whether an error concerns one request only: SQLite undid the statement, and the transaction can go on.
fn is_own(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(_) => matches!(Fault::of(error), Fault::Statement),
        sqlx::Error::Encode(_)
        | sqlx::Error::Decode(_)
        | sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::ColumnIndexOutOfBounds { .. }
        | sqlx::Error::RowNotFound => true,
        _ => false,
    }
}

/// What a caller may know of a failed query.
pub(super) fn failed(error: sqlx::Error) -> RunStoreError {
    match &error {
        sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } | sqlx::Error::RowNotFound => {
            RunStoreError::Damaged(error.to_string())
        }
        sqlx::Error::Database(refused) if !matches!(refused.kind(), sqlx::error::ErrorKind::Other) => {
            RunStoreError::Damaged(refused.message().to_owned())
        }
        _ => RunStoreError::Unavailable(unavailable(&error)),
    }
}

/// As [`failed`], where a lease is needed.
pub(super) fn append_failed(error: sqlx::Error) -> AppendError {
    AppendError::Store(failed(error))
}
