//! `workway keys rotate`, beside hosts that run or without any.

use std::{io, path::PathBuf};

use cap_std::{ambient_authority, fs::Dir};

use crate::{
    db::{DATABASE_FILE, Database, DatabaseError},
    oauth::{KeyError, KeyRing, RotateError, Rotated, rotate},
    settings::KeySettings,
};

/// Why the keys were not rotated. Nothing is lost then.
#[derive(Debug, thiserror::Error)]
pub enum RotateKeysError {
    #[error("data folder {}: {source}: name the folder of a host that has run with --data", path.display())]
    Data { path: PathBuf, source: io::Error },
    #[error("data folder {}: there is no {DATABASE_FILE} in it, so nothing is sealed: name the folder of a host that has run with --data", path.display())]
    NoDatabase { path: PathBuf },
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Rotate(#[from] RotateError),
}

/// Seals everything in a data folder under a new key: one that is made, or the first of `WORKWAY_KEY`.
///
/// # Errors
/// See [`RotateKeysError`].
pub async fn rotate_keys(settings: &KeySettings) -> Result<Rotated, RotateKeysError> {
    let path = &settings.data;
    let data = Dir::open_ambient_dir(path, ambient_authority())
        .map_err(|source| RotateKeysError::Data { path: path.clone(), source })?;
    if !data.exists(DATABASE_FILE) {
        return Err(RotateKeysError::NoDatabase { path: path.clone() });
    }
    let ring = KeyRing::load(settings.key.as_ref(), &data)?;
    let file = settings.key.is_none().then_some(&data);
    let database = Database::open(&data, path).await?;
    let rotated = rotate(ring, file, &database.connections()).await;
    database.close().await;
    Ok(rotated?)
}
