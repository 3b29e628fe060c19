//! The table `users`: e-mail addresses and hashes of passwords. No password ever gets here.

use async_trait::async_trait;
use workway_model::{Timestamp, UserId};
use workway_users::{EmailAddress, PasswordHash, StoreError, StoredUser, UserStore};

use super::{
    Database,
    pool::{parsed, unavailable},
};

/// Users in the database.
#[derive(Clone, Debug)]
pub struct SqliteUsers {
    database: Database,
}

impl SqliteUsers {
    pub(super) fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl UserStore for SqliteUsers {
    async fn add(
        &self,
        id: &UserId,
        email: &EmailAddress,
        password: &PasswordHash,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // A page is written in either case: that it was not would show in the time that the answer takes.
        sqlx::query(
            "INSERT INTO users (id, email, password_hash, created_at) VALUES (?, ?, ?, ?) \
             ON CONFLICT (email) DO UPDATE SET email = excluded.email",
        )
        .bind(id.as_str())
        .bind(email.as_str())
        .bind(password.expose())
        .bind(now.as_millis())
        .execute(&self.database.writer)
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn by_email(&self, email: &EmailAddress) -> Result<Option<StoredUser>, StoreError> {
        let row: Option<(String, String)> = sqlx::query_as("SELECT id, password_hash FROM users WHERE email = ?")
            .bind(email.as_str())
            .fetch_optional(&self.database.reader)
            .await
            .map_err(failed)?;
        let user = row.map(|(id, hash)| Ok(StoredUser { id: parsed(&id)?, password: PasswordHash::stored(hash) }));
        user.transpose().map_err(failed)
    }

    async fn email(&self, id: &UserId) -> Result<Option<EmailAddress>, StoreError> {
        let row: Option<String> = sqlx::query_scalar("SELECT email FROM users WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(&self.database.reader)
            .await
            .map_err(failed)?;
        row.map(|email| parsed(&email)).transpose().map_err(failed)
    }
}

fn failed(error: sqlx::Error) -> StoreError {
    StoreError::Unavailable(unavailable(&error))
}

#[cfg(test)]
mod tests {
    use super::super::pool::tests::{fresh, open};
    use workway_model::Timestamp;
    use workway_users::{EmailAddress, PasswordHash, StoreError, UserStore};

    fn hash(text: &str) -> PasswordHash {
        PasswordHash::stored(text.into())
    }

    #[tokio::test]
    async fn the_first_of_an_address_stays_as_it_is() {
        let (database, folder) = fresh().await;
        let users = database.users();
        let ann: EmailAddress = "ann@example.com".parse().unwrap();
        for (id, text) in [("usr_1", "first"), ("usr_2", "second")] {
            users.add(&id.parse().unwrap(), &ann, &hash(text), Timestamp::now()).await.unwrap();
        }
        database.close().await;
        let users = open(folder.path()).await.unwrap().users();
        let stored = users.by_email(&ann).await.unwrap().unwrap();
        assert_eq!((stored.id.as_str(), stored.password), ("usr_1", hash("first")));
        assert_eq!(users.email(&stored.id).await, Ok(Some(ann)));
        assert_eq!(users.email(&"usr_2".parse().unwrap()).await, Ok(None));
        assert!(users.by_email(&"bob@example.com".parse().unwrap()).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_closed_database_is_unavailable_and_tells_no_detail() {
        let (database, _guard) = fresh().await;
        database.close().await;
        let failed = Err(StoreError::Unavailable("the host's database failed".into()));
        let ann = "ann@example.com".parse().unwrap();
        assert_eq!(database.users().add(&"usr_1".parse().unwrap(), &ann, &hash("x"), Timestamp::now()).await, failed);
    }
}
