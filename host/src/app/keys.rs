//! `workway keys rotate`: opens the data folder and rotates its keys, with or without running hosts.

use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use cap_std::{
    ambient_authority,
    fs::{Dir, OpenOptions, OpenOptionsExt},
};
use secrecy::SecretString;
use workway_db::{DATABASE_FILE, Database, DatabaseError};
use workway_oauth::ProcessMark;
use workway_vault::{KeyError, KeyFile, KeyRing, RotateError, RotateOptions, Rotated, rotate};

use crate::settings::KeySettings;

/// Locked during a rotation: two at once would each generate a key, and one of the keys would be lost.
const LOCK_FILE: &str = "key-rotation.lock";

/// Why the keys were not rotated. Nothing is lost.
#[derive(Debug, thiserror::Error)]
pub enum RotateKeysError {
    #[error("data folder {}: {source}: pass the data folder of a host with --data", path.display())]
    Data { path: PathBuf, source: io::Error },
    #[error("data folder {}: it has no {DATABASE_FILE}, so nothing is encrypted: pass the data folder of a host with --data", path.display())]
    NoDatabase { path: PathBuf },
    #[error("data folder {}: another `keys rotate` is running: wait until it has finished", path.display())]
    Busy { path: PathBuf },
    #[error("data folder {}: a host is using it: stop the host first, since records that it can open must not be deleted", path.display())]
    HostsRun { path: PathBuf },
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Rotate(#[from] RotateError),
}

/// Reseals every record of a data folder under a new key: a generated one, or the first of `WORKWAY_KEY`. Adds a data key, if
/// there are any. Records that open
/// under no key stay, or are deleted with `drop_unreadable`.
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
    // A running host may have the key, whatever this command was started with.
    let hosts_run = ProcessMark::any(&data).map_err(|source| RotateKeysError::Data { path: path.clone(), source })?;
    if drop_unreadable && hosts_run {
        return Err(RotateKeysError::HostsRun { path: path.clone() });
    }
    let key = settings.key.as_ref();
    let file = key_file(key, settings.key_file.as_deref(), &data)?;
    // Without the old key a new one is needed.
    let ring = if drop_unreadable { KeyRing::load(key, &file) } else { KeyRing::existing(key, &file) }?;
    let file = settings.key.is_none().then_some(&file);
    let database = Database::open(&data, path).await?;
    let data_keys = database.data_keys();
    let options = RotateOptions { file, drop_unreadable, data_keys: Some(&data_keys) };
    let rotated = rotate(ring, options, Arc::new(database.keyed_records())).await;
    database.close().await;
    Ok(rotated?)
}

/// Returns the key file: in the data folder, unless the operator keeps it elsewhere. If the operator gives the keys, a file
/// elsewhere is not looked at.
///
/// # Errors
/// The folder of a key file elsewhere cannot be opened, or the key is still in the data folder.
pub(super) fn key_file(key: Option<&SecretString>, path: Option<&Path>, data: &Dir) -> Result<KeyFile, KeyError> {
    let inside = KeyFile::in_data(data)?;
    let Some(path) = path.filter(|_| key.is_none()) else { return Ok(inside) };
    let file = KeyFile::open(path)?;
    match (inside.exists(), file.exists()) {
        // With a new key nobody could open what is sealed.
        (true, false) => Err(KeyError::NotMoved { file: file.to_string() }),
        (true, true) => {
            tracing::warn!("{inside} is not used, because key_file is set: delete it, so that no backup has it");
            Ok(file)
        }
        (false, _) => Ok(file),
    }
}

/// The system releases it however the process ends.
fn lock(data: &Dir) -> Result<File, TryLockError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).mode(0o600);
    let file = data.open_with(LOCK_FILE, &options).map_err(TryLockError::Error)?.into_std();
    file.try_lock()?;
    Ok(file)
}
