//! Opens a database file of the data folder, and says in plain words what is wrong when it cannot. It holds no query of a table.

use std::{
    fs::File,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    time::Duration,
};

use cap_std::fs::{Dir, MetadataExt, OpenOptions, OpenOptionsExt, Permissions, PermissionsExt};
use sqlx::{
    ConnectOptions, Connection, SqliteConnection, SqlitePool,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::Fault;

/// How long SQLite waits for another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a query waits for a connection of this process; longer than one `BUSY_TIMEOUT`.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// What the write-ahead log shrinks to when it can.
const JOURNAL_BYTES: &str = "67108864";
/// Prepared statements that a connection keeps. The runs' writer has a statement for each number of events that are appended
/// together.
const CACHED_STATEMENTS: usize = 200;

/// A file in the data folder, and what is in it.
pub struct DatabaseFile {
    pub name: &'static str,
    /// Marks the file as this one of ours.
    pub application_id: i32,
    pub migrations: &'static Migrator,
    /// Whether pages that became free can be returned to the file system. It cannot be changed later.
    pub gives_space_back: bool,
}

/// A database that was migrated, with its only connection that writes.
pub struct OpenFile {
    pub writer: SqlitePool,
    path: PathBuf,
    reading: SqliteConnectOptions,
}

/// Why the database does not open. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    #[error(
        "{path} cannot be opened or written: {reason}: give the user that runs workway write access to the folder, or choose \
         another data folder"
    )]
    Access { path: PathBuf, reason: String },
    #[error(
        "{path} is damaged or not a SQLite database: restore a backup, or move it and its companion files \
         ({path}-*) away to start empty"
    )]
    Damaged { path: PathBuf },
    #[error("{path} belongs to another program: choose another data folder")]
    Foreign { path: PathBuf },
    #[error(
        "{path} was written by a newer or modified workway (unknown migration {migration}): start that version, or restore a \
         backup made by this one"
    )]
    Newer { path: PathBuf, migration: i64 },
    #[error("the disk of {path} is full: free some space and start again")]
    Full { path: PathBuf },
    #[error("{path} is locked by another process: stop it and start again")]
    Busy { path: PathBuf },
    #[error("{path} cannot be used: {source}")]
    Other { path: PathBuf, source: sqlx::Error },
}

impl DatabaseFile {
    /// Opens the file of a data folder, and makes or migrates it first where needed. `folder` is the path that `data` was
    /// opened from: SQLite knows files by name only.
    ///
    /// # Errors
    /// See [`DatabaseError`].
    pub async fn open(&self, data: &Dir, folder: &Path) -> Result<OpenFile, DatabaseError> {
        let path = folder.join(self.name);
        let access = |error: &dyn ToString| DatabaseError::Access { path: path.clone(), reason: error.to_string() };
        let data = data.try_clone().map_err(|error| access(&error))?;
        let name = self.name;
        let _lock = tokio::task::spawn_blocking(move || prepare(&data, name))
            .await
            .map_err(|error| access(&error))?
            .map_err(|error| access(&error))?;

        self.claim(&path).await?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(false)
            .busy_timeout(BUSY_TIMEOUT)
            .statement_cache_capacity(CACHED_STATEMENTS);
        let writing = options
            .clone()
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            .pragma("journal_size_limit", JOURNAL_BYTES)
            // What is deleted is overwritten: a token must not linger in a free page, even sealed.
            .pragma("secure_delete", "ON");
        let writer = pool(1).connect_with(writing).await.map_err(|error| classify(&path, error))?;
        if let Err(error) = self.migrations.run(&writer).await {
            writer.close().await;
            return Err(migration_failed(&path, error));
        }
        Ok(OpenFile { writer, path, reading: options.read_only(true) })
    }

    /// Marks an empty database as ours, and refuses another program's before anything in it is changed.
    ///
    /// # Errors
    /// See [`DatabaseError`].
    pub async fn claim(&self, path: &Path) -> Result<(), DatabaseError> {
        let failed = |error| classify(path, error);
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(false).busy_timeout(BUSY_TIMEOUT);
        let mut connection = options.connect().await.map_err(failed)?;
        let claimed = self.claim_with(&mut connection).await.map_err(failed);
        connection.close().await.map_err(failed)?;
        if claimed? { Ok(()) } else { Err(DatabaseError::Foreign { path: path.into() }) }
    }

    async fn claim_with(&self, connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
        let owner: i32 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *connection).await?;
        let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(&mut *connection).await?;
        if owner == 0 && tables == 0 {
            if self.gives_space_back {
                // Has an effect only before the first page is written.
                sqlx::query("PRAGMA auto_vacuum = INCREMENTAL").execute(&mut *connection).await?;
            }
            // A pragma takes no parameters.
            sqlx::query(sqlx::AssertSqlSafe(format!("PRAGMA application_id = {}", self.application_id)))
                .execute(connection)
                .await?;
            return Ok(true);
        }
        Ok(owner == self.application_id)
    }
}

impl OpenFile {
    /// A pool of connections that only read.
    ///
    /// # Errors
    /// See [`DatabaseError`].
    pub async fn readers(&self, connections: u32) -> Result<SqlitePool, DatabaseError> {
        let connecting = pool(connections).connect_with(self.reading.clone()).await;
        connecting.map_err(|error| classify(&self.path, error))
    }
}

/// Connections stay open: the log would be folded in whenever the last one closed.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_release(|connection, _| {
            Box::pin(async move {
                // On a full disk or a failed read SQLite ends the transaction by itself; sqlx still counts it as open, and
                // the connection could never begin another. The ping waits for a rollback that is on its way.
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        })
}

/// Makes the file for its owner alone (SQLite gives its other files the same mode), and waits for whoever opens it too. The lock
/// is held while a process opens the database: SQLite's migrations have no lock of their own.
fn prepare(data: &Dir, name: &str) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).mode(0o600);
    let lock = data.open_with(format!("{name}-lock"), &options)?.into_std();
    lock.lock()?;
    let metadata = data.open_with(name, &options)?.metadata()?;
    if !metadata.is_file() {
        return Err(ErrorKind::IsADirectory.into());
    }
    for companion in ["", "-wal", "-shm"] {
        close_to_others(data, &format!("{name}{companion}"))?;
    }
    Ok(lock)
}

/// A restored or copied file may have any mode.
fn close_to_others(data: &Dir, name: &str) -> io::Result<()> {
    let mode = match data.metadata(name) {
        Ok(metadata) => metadata.mode() & 0o777,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if mode & 0o077 == 0 {
        return Ok(());
    }
    match data.set_permissions(name, Permissions::from_mode(0o600)) {
        Ok(()) => {
            tracing::warn!("{name} in the data folder was open to other users (mode {mode:04o}): its mode is 0600 now")
        }
        // The file belongs to somebody else.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => tracing::warn!(
            "{name} in the data folder is open to other users (mode {mode:04o}): give it to the user that runs workway, and \
             run `chmod 600` on it"
        ),
        Err(error) => return Err(error),
    }
    Ok(())
}

fn migration_failed(path: &Path, error: MigrateError) -> DatabaseError {
    match error {
        MigrateError::VersionMissing(migration) | MigrateError::VersionMismatch(migration) => {
            DatabaseError::Newer { path: path.into(), migration }
        }
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => classify(path, error),
        other => DatabaseError::Other { path: path.into(), source: sqlx::Error::Migrate(Box::new(other)) },
    }
}

fn classify(path: &Path, error: sqlx::Error) -> DatabaseError {
    let path = path.to_path_buf();
    match Fault::of(&error) {
        Fault::Damaged => DatabaseError::Damaged { path },
        Fault::Full => DatabaseError::Full { path },
        Fault::Busy => DatabaseError::Busy { path },
        Fault::Access => DatabaseError::Access { path, reason: error.to_string() },
        Fault::Statement | Fault::Other => DatabaseError::Other { path, source: error },
    }
}
