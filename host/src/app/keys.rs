//! `workway keys rotate`, beside hosts that run or without any.

use std::{
    fs::{File, TryLockError},
    io,
    path::PathBuf,
};

use cap_std::{
    ambient_authority,
    fs::{Dir, OpenOptions, OpenOptionsExt},
};
use workway_db::{DATABASE_FILE, Database, DatabaseError};
use workway_oauth::{KeyError, KeyRing, ProcessMark, RotateError, RotateOptions, Rotated, rotate};

use crate::settings::KeySettings;

/// Held by a rotation for as long as it takes: two at once would each have a new key, and one of them would be lost.
const LOCK_FILE: &str = "key-rotation.lock";

/// Why the keys were not rotated. Nothing is lost then.
#[derive(Debug, thiserror::Error)]
pub enum RotateKeysError {
    #[error("data folder {}: {source}: name the folder of a host that has run with --data", path.display())]
    Data { path: PathBuf, source: io::Error },
    #[error("data folder {}: there is no {DATABASE_FILE} in it, so nothing is sealed: name the folder of a host that has run with --data", path.display())]
    NoDatabase { path: PathBuf },
    #[error("data folder {}: another `keys rotate` is at work there", path.display())]
    Busy { path: PathBuf },
    #[error("data folder {}: a host runs on it: end it first, since nothing may be deleted that it can open", path.display())]
    HostsRun { path: PathBuf },
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Rotate(#[from] RotateError),
}

/// Seals everything in a data folder under a new key: one that is made, or the first of `WORKWAY_KEY`. What opens under none
/// stays, or is deleted with `drop_unreadable`.
///
/// # Errors
/// See [`RotateKeysError`].
pub async fn rotate_keys(settings: &KeySettings, drop_unreadable: bool) -> Result<Rotated, RotateKeysError> {
    let path = &settings.data;
    let data = Dir::open_ambient_dir(path, ambient_authority())
        .map_err(|source| RotateKeysError::Data { path: path.clone(), source })?;
    if !data.exists(DATABASE_FILE) {
        return Err(RotateKeysError::NoDatabase { path: path.clone() });
    }
    let _lock = lock(&data).map_err(|error| match error {
        TryLockError::WouldBlock => RotateKeysError::Busy { path: path.clone() },
        TryLockError::Error(source) => RotateKeysError::Data { path: path.clone(), source },
    })?;
    // A host that runs has the key, whatever this command was started with.
    let hosts_run = ProcessMark::any(&data).map_err(|source| RotateKeysError::Data { path: path.clone(), source })?;
    if drop_unreadable && hosts_run {
        return Err(RotateKeysError::HostsRun { path: path.clone() });
    }
    let key = settings.key.as_ref();
    // Whoever has lost the key needs another one.
    let ring = if drop_unreadable { KeyRing::load(key, &data) } else { KeyRing::existing(key, &data) }?;
    let file = settings.key.is_none().then_some(&data);
    let database = Database::open(&data, path).await?;
    let rotated = rotate(ring, RotateOptions { file, drop_unreadable }, &database.connections()).await;
    database.close().await;
    Ok(rotated?)
}

/// The system lets go of it when the process ends, however that is.
fn lock(data: &Dir) -> Result<File, TryLockError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).mode(0o600);
    let file = data.open_with(LOCK_FILE, &options).map_err(TryLockError::Error)?.into_std();
    file.try_lock()?;
    Ok(file)
}
