//! The table `developers`: public profiles, and payout details sealed. Nothing here could open them.

use async_trait::async_trait;
use sqlx::{
    Row, Sqlite,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};
use workway_model::{Timestamp, UserId};
use workway_users::{
    Change, Developer, DeveloperChange, DeveloperId, DeveloperSlug, DeveloperStore, NewDeveloper, StoreError,
};
use workway_vault::Sealed;

use super::{
    Database,
    pool::{is_stale_key, parsed, time, unavailable},
};

/// A statement with all columns that [`developer`] reads between two texts.
macro_rules! statement {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            "id, user_id, slug, name, bio, website, payout IS NOT NULL AS has_payout, created_at, updated_at",
            $after
        )
    };
}

/// Developers in the database.
#[derive(Clone, Debug)]
pub struct SqliteDevelopers {
    database: Database,
}

impl SqliteDevelopers {
    pub(super) fn new(database: Database) -> Self {
        Self { database }
    }

    async fn one(&self, query: Query<'_, Sqlite, SqliteArguments>) -> Result<Option<Developer>, StoreError> {
        let row = query.fetch_optional(&self.database.reader).await.map_err(failed)?;
        row.as_ref().map(developer).transpose().map_err(failed)
    }
}

#[async_trait]
impl DeveloperStore for SqliteDevelopers {
    async fn add(&self, new: NewDeveloper, now: Timestamp) -> Result<Developer, StoreError> {
        let now = now.as_millis();
        let (record, key) = new.payout.map(in_columns).unzip();
        let statement = statement!(
            "INSERT INTO developers (id, user_id, slug, name, bio, website, payout, payout_key_id, created_at, updated_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING ",
            ""
        );
        let row = sqlx::query(statement)
            .bind(new.id.as_str())
            .bind(new.user.as_str())
            .bind(new.slug.as_str())
            .bind(new.name)
            .bind(new.bio)
            .bind(new.website)
            .bind(record)
            .bind(key)
            .bind(now)
            .bind(now)
            // All rows of one, to the statement's end: only then is it known to be stored.
            .fetch_all(&self.database.writer)
            .await
            .map_err(failed)?;
        let row = row.first().ok_or_else(|| failed(sqlx::Error::RowNotFound))?;
        developer(row).map_err(failed)
    }

    async fn by_id(&self, id: &DeveloperId) -> Result<Option<Developer>, StoreError> {
        self.one(sqlx::query(statement!("SELECT ", " FROM developers WHERE id = ?")).bind(id.as_str())).await
    }

    async fn by_slug(&self, slug: &DeveloperSlug) -> Result<Option<Developer>, StoreError> {
        self.one(sqlx::query(statement!("SELECT ", " FROM developers WHERE slug = ?")).bind(slug.as_str())).await
    }

    async fn by_user(&self, user: &UserId) -> Result<Option<Developer>, StoreError> {
        self.one(sqlx::query(statement!("SELECT ", " FROM developers WHERE user_id = ?")).bind(user.as_str())).await
    }

    async fn update(
        &self,
        user: &UserId,
        change: DeveloperChange,
        now: Timestamp,
    ) -> Result<Option<Developer>, StoreError> {
        let DeveloperChange { name, bio, website, payout } = change;
        let (sets_bio, bio) = parts(bio);
        let (sets_website, website) = parts(website);
        let (sets_payout, payout) = parts(payout);
        let (record, key) = payout.map(in_columns).unzip();
        // One statement: of two changes at once neither undoes the other's fields.
        let profile = statement!(
            "UPDATE developers SET name = coalesce(?2, name), bio = iif(?3, ?4, bio), website = iif(?5, ?6, website), \
             updated_at = ?7 WHERE user_id = ?1 RETURNING ",
            ""
        );
        let with_payout = statement!(
            "UPDATE developers SET name = coalesce(?2, name), bio = iif(?3, ?4, bio), website = iif(?5, ?6, website), \
             updated_at = ?7, payout = ?8, payout_key_id = ?9 WHERE user_id = ?1 RETURNING ",
            ""
        );
        // The triggers look at every update that names the payout details, whether it changes them or not.
        let query = sqlx::query(if sets_payout { with_payout } else { profile })
            .bind(user.as_str())
            .bind(name)
            .bind(sets_bio)
            .bind(bio)
            .bind(sets_website)
            .bind(website)
            .bind(now.as_millis());
        let query = if sets_payout { query.bind(record).bind(key) } else { query };
        // All, although there is one at most: the change counts when the statement has run to its end.
        let rows = query.fetch_all(&self.database.writer).await.map_err(failed)?;
        rows.first().map(developer).transpose().map_err(failed)
    }

    async fn payout(&self, user: &UserId) -> Result<Option<(DeveloperId, Vec<u8>)>, StoreError> {
        let row: Option<(String, Vec<u8>)> =
            sqlx::query_as("SELECT id, payout FROM developers WHERE user_id = ? AND payout IS NOT NULL")
                .bind(user.as_str())
                .fetch_optional(&self.database.reader)
                .await
                .map_err(failed)?;
        row.map(|(id, record)| Ok((parsed(&id)?, record))).transpose().map_err(failed)
    }
}

/// The columns `payout` and `payout_key_id`.
fn in_columns(payout: Sealed) -> (Vec<u8>, String) {
    (payout.record, payout.key.to_string())
}

/// Whether a field is written, and what.
fn parts<T>(change: Change<T>) -> (bool, Option<T>) {
    match change {
        Change::Keep => (false, None),
        Change::Remove => (true, None),
        Change::Set(value) => (true, Some(value)),
    }
}

fn developer(row: &SqliteRow) -> Result<Developer, sqlx::Error> {
    let slug: String = row.try_get("slug")?;
    Ok(Developer {
        id: parsed(row.try_get("id")?)?,
        user: parsed(row.try_get("user_id")?)?,
        slug: parsed(&slug)?,
        name: row.try_get("name")?,
        bio: row.try_get("bio")?,
        website: row.try_get("website")?,
        has_payout: row.try_get("has_payout")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
    })
}

fn failed(error: sqlx::Error) -> StoreError {
    if is_stale_key(&error) {
        return StoreError::StaleKey;
    }
    // SQLite names the columns of a unique constraint, not the constraint.
    match error.as_database_error().map(|error| error.message()) {
        Some(message) if message.contains("developers.slug") => StoreError::SlugTaken,
        Some(message) if message.contains("developers.user_id") => StoreError::AlreadyDeveloper,
        _ => StoreError::Unavailable(unavailable(&error)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cap_std::{ambient_authority, fs::Dir};
    use workway_vault::{Binding, KeyFile, KeyRing, KeyedRecords, RotateOptions, Sealed, Vault, rotate};

    use super::super::pool::tests::fresh;
    use workway_model::{Timestamp, UserId};
    use workway_users::{
        Change, DeveloperChange, DeveloperId, DeveloperStore, NewDeveloper, PAYOUT_PURPOSE, StoreError,
    };

    use crate::Database;

    const PAYOUT: &[u8] = b"DE89 3704 0044 0532 0130 00";
    /// 32 bytes in base64.
    const OTHER_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    fn at(second: u64) -> Timestamp {
        Timestamp::from_seconds(second)
    }

    fn user(name: &str) -> UserId {
        name.parse().unwrap()
    }

    fn id(number: u32) -> DeveloperId {
        format!("dev_0192e4a0-7d3c-7c1e-b7a4-{number:012x}").parse().unwrap()
    }

    fn new(number: u32, of: &str, slug: &str) -> NewDeveloper {
        let (name, bio, website) = (slug.to_uppercase(), Some("bio".into()), None);
        NewDeveloper { id: id(number), user: user(of), slug: slug.parse().unwrap(), name, bio, website, payout: None }
    }

    fn binding(user: &UserId, id: &DeveloperId) -> Binding {
        Binding::new(PAYOUT_PURPOSE, &[user.as_str(), id.as_str()])
    }

    fn sealed(vault: &Vault, of: &NewDeveloper) -> Sealed {
        vault.seal(&binding(&of.user, &of.id), PAYOUT).unwrap()
    }

    #[tokio::test]
    async fn a_slug_and_a_user_are_taken_once_and_the_error_says_which() {
        let (database, _guard) = fresh().await;
        let developers = database.developers();
        let ann = developers.add(new(1, "ann", "ann"), at(7)).await.unwrap();
        assert_eq!(developers.add(new(2, "bob", "ann"), at(7)).await, Err(StoreError::SlugTaken));
        assert_eq!(developers.add(new(2, "ann", "other"), at(7)).await, Err(StoreError::AlreadyDeveloper));
        assert_eq!((ann.created_at, ann.updated_at, ann.has_payout), (at(7), at(7), false));
        assert_eq!(developers.by_id(&id(1)).await, Ok(Some(ann.clone())));
        assert_eq!(developers.by_slug(&ann.slug).await, Ok(Some(ann.clone())));
        assert_eq!(developers.by_user(&ann.user).await, Ok(Some(ann)));
        assert_eq!(developers.by_user(&user("bob")).await, Ok(None));
    }

    #[tokio::test]
    async fn a_change_changes_what_it_names_and_nothing_else() {
        let (database, folder) = fresh().await;
        let developers = database.developers();
        let vault = verified(&database, &folder).await;
        let mut ann = new(1, "ann", "ann");
        ann.payout = Some(sealed(&vault, &ann));
        let before = developers.add(ann.clone(), at(7)).await.unwrap();
        let change = DeveloperChange { website: Change::Set("https://a.example/".into()), ..Default::default() };
        let after = developers.update(&ann.user, change, at(8)).await.unwrap().unwrap();
        assert_eq!((after.website.as_deref(), after.updated_at), (Some("https://a.example/"), at(8)));
        assert_eq!((&after.name, &after.bio, after.has_payout), (&before.name, &before.bio, true));
        let change = DeveloperChange { bio: Change::Remove, payout: Change::Remove, ..Default::default() };
        let after = developers.update(&ann.user, change, at(9)).await.unwrap().unwrap();
        assert_eq!((after.bio, after.has_payout, after.website.is_some()), (None, false, true));
        assert_eq!(developers.payout(&ann.user).await, Ok(None));
        assert_eq!(developers.update(&user("bob"), DeveloperChange::default(), at(9)).await, Ok(None));
    }

    fn data(folder: &tempfile::TempDir) -> Dir {
        Dir::open_ambient_dir(folder.path(), ambient_authority()).unwrap()
    }

    fn keys(data: &Dir) -> KeyFile {
        KeyFile::in_data(data).unwrap()
    }

    fn vault(database: &Database, ring: &KeyRing) -> Vault {
        Vault::new(ring, None, Arc::new(database.keyed_records()))
    }

    /// A vault that seals under the key that the database asks for.
    async fn verified(database: &Database, folder: &tempfile::TempDir) -> Vault {
        let vault = vault(database, &KeyRing::load(None, &keys(&data(folder))).unwrap());
        vault.verify_keys().await.unwrap();
        vault
    }

    #[tokio::test]
    async fn a_rotation_of_keys_takes_payout_details_along() {
        let (database, folder) = fresh().await;
        let (developers, records, data) = (database.developers(), Arc::new(database.keyed_records()), data(&folder));
        let old = verified(&database, &folder).await;
        // More than a rotation reads at once.
        for number in 0..150 {
            let name = format!("ann-{number}");
            let mut one = new(number, &name, &name);
            one.payout = Some(sealed(&old, &one));
            developers.add(one, at(7)).await.unwrap();
        }
        let options = RotateOptions { file: Some(&keys(&data)), ..RotateOptions::default() };
        let rotated = rotate(KeyRing::load(None, &keys(&data)).unwrap(), options, records).await.unwrap();
        assert_eq!((rotated.resealed, rotated.unreadable.len()), (150, 0));
        let vault = vault(&database, &KeyRing::load(None, &keys(&data)).unwrap());
        assert_ne!(vault.active(), old.active());
        for number in 0..150 {
            let user = user(&format!("ann-{number}"));
            let (id, record) = developers.payout(&user).await.unwrap().unwrap();
            let binding = binding(&user, &id);
            assert_eq!(vault.open(&binding, &record).unwrap().as_slice(), PAYOUT);
            assert!(old.open(&binding, &record).is_err(), "it is under the old key");
        }
        let mut late = new(500, "late", "late");
        late.payout = Some(sealed(&old, &late));
        assert_eq!(
            developers.add(late.clone(), at(7)).await,
            Err(StoreError::StaleKey),
            "a host that missed it is told"
        );
        late.payout = None;
        developers.add(late.clone(), at(7)).await.unwrap();
        let change = DeveloperChange { payout: Change::Set(sealed(&old, &late)), ..Default::default() };
        assert_eq!(developers.update(&late.user, change, at(8)).await, Err(StoreError::StaleKey));
        let harmless = DeveloperChange { name: Some("Late".into()), ..Default::default() };
        assert!(developers.update(&late.user, harmless, at(8)).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn payout_details_that_nobody_can_open_go_and_the_profile_stays() {
        let (database, folder) = fresh().await;
        let (developers, records, data) = (database.developers(), Arc::new(database.keyed_records()), data(&folder));
        let lost = verified(&database, &folder).await;
        let mut ann = new(1, "ann", "ann");
        ann.payout = Some(sealed(&lost, &ann));
        developers.add(ann.clone(), at(7)).await.unwrap();
        data.remove_file("key").unwrap();
        let other = vault(&database, &KeyRing::load(None, &keys(&data)).unwrap());
        assert!(other.verify_keys().await.is_err(), "a host without the key of what is sealed does not start");
        let options = RotateOptions { file: Some(&keys(&data)), drop_unreadable: true, data_keys: None };
        let rotated = rotate(KeyRing::load(None, &keys(&data)).unwrap(), options, records).await.unwrap();
        assert_eq!((rotated.dropped, rotated.resealed), (1, 0));
        assert_eq!(developers.payout(&ann.user).await, Ok(None));
        assert!(developers.by_user(&ann.user).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn details_that_were_changed_meanwhile_are_not_overwritten_by_a_rotation() {
        let (database, folder) = fresh().await;
        let (developers, records, data) = (database.developers(), Arc::new(database.keyed_records()), data(&folder));
        let old = verified(&database, &folder).await;
        let mut ann = new(1, "ann", "ann");
        ann.payout = Some(sealed(&old, &ann));
        developers.add(ann.clone(), at(7)).await.unwrap();
        let new = vault(&database, &KeyRing::load(Some(&OTHER_KEY.into()), &keys(&data)).unwrap());
        let read = records.outdated(new.active(), "", 10).await.unwrap().remove(0);
        let change = DeveloperChange { payout: Change::Set(sealed(&old, &ann)), ..Default::default() };
        developers.update(&ann.user, change, at(8)).await.unwrap();
        assert!(records.set_active_key(Some(old.active()), new.active()).await.unwrap());
        let resealed = new.seal(&read.binding, b"stale").unwrap();
        assert_eq!(records.reseal(&read, &resealed).await, Ok(false));
    }
}
