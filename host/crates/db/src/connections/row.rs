//! From a row of the table to what it stands for.

use serde::Serialize;
use sqlx::{Row, sqlite::SqliteRow};
use workway_oauth::{Account, ConnectionSummary, SealedConnection};
use workway_vault::{KeyId, Sealed};

use super::super::pool::{self, from_stored, optional_time};

/// A statement with all columns that [`sealed`] reads between two texts.
macro_rules! statement {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            "id, user_id, provider, account_id, account, is_default, scopes, variables, expires_at, renew_at, \
             reconnect, sealed, key_id, version",
            $after
        )
    };
}
pub(super) use statement;

pub(super) fn sealed(row: &SqliteRow) -> Result<SealedConnection, sqlx::Error> {
    let key: &str = row.try_get("key_id")?;
    let key = key.parse::<KeyId>().map_err(|error| sqlx::Error::Decode(error.into()))?;
    Ok(SealedConnection { summary: summary(row)?, sealed: Sealed { key, record: row.try_get("sealed")? } })
}

pub(super) fn summary(row: &SqliteRow) -> Result<ConnectionSummary, sqlx::Error> {
    let scopes: Option<&str> = row.try_get("scopes")?;
    Ok(ConnectionSummary {
        id: row.try_get("id")?,
        provider: parsed(row, "provider")?,
        account: Account { label: row.try_get("account")?, id: row.try_get("account_id")? },
        scopes: scopes.map(from_json).transpose()?,
        values: from_json(row.try_get("variables")?)?,
        is_default: row.try_get("is_default")?,
        reconnect: row.try_get("reconnect")?,
        expires_at: optional_time(row, "expires_at")?,
        renew_at: optional_time(row, "renew_at")?,
        version: from_stored(row.try_get("version")?)?,
    })
}

/// A column whose text is one of our ids.
pub(super) fn parsed<T>(row: &SqliteRow, column: &str) -> Result<T, sqlx::Error>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    pool::parsed(row.try_get(column)?)
}

pub(super) fn to_json(value: &impl Serialize) -> Result<String, sqlx::Error> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()))
}

fn from_json<'a, T: serde::Deserialize<'a>>(text: &'a str) -> Result<T, sqlx::Error> {
    serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(error.into()))
}
