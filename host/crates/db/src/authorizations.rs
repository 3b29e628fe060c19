//! The table `authorizations`: flows that wait for their browser. It holds no secret of them, only digests.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::{Row, sqlite::SqliteRow};
use workway_model::{ProviderId, Timestamp};
use workway_oauth::{Digest32, MAX_PENDING_PER_USER, PendingAuthorization, PendingAuthorizations, SealedError};

use super::{
    Database,
    pool::{time, unavailable},
};

/// How long a flow that is over is kept, so that a late answer is told what it is.
const KEPT: Duration = Duration::from_secs(3_600);

/// Waiting flows in the database.
#[derive(Clone, Debug)]
pub struct SqliteAuthorizations {
    database: Database,
}

impl SqliteAuthorizations {
    pub(super) fn new(database: Database) -> Self {
        Self { database }
    }

    async fn write(&self, pending: PendingAuthorization) -> Result<(), sqlx::Error> {
        let scopes = serde_json::to_string(&pending.scopes).map_err(|error| sqlx::Error::Encode(error.into()))?;
        let variables = serde_json::to_string(&pending.values).map_err(|error| sqlx::Error::Encode(error.into()))?;
        let mut transaction = self.database.writer.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("DELETE FROM authorizations WHERE expires_at <= ?")
            .bind((Timestamp::now() - KEPT).as_millis())
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "INSERT INTO authorizations \
             (state, session, user_id, provider, scopes, return_to, redirect_uri, variables, expires_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(pending.state.as_bytes().as_slice())
        .bind(pending.session.as_bytes().as_slice())
        .bind(pending.user.as_str())
        .bind(pending.provider.as_str())
        .bind(scopes)
        .bind(pending.return_to.as_ref().map(|url| url.as_str()))
        .bind(pending.redirect_uri.as_str())
        .bind(variables)
        .bind(pending.expires_at.as_millis())
        .execute(&mut *transaction)
        .await?;
        // Those of one millisecond are told apart by the order in which they came.
        sqlx::query(
            "DELETE FROM authorizations WHERE rowid IN \
             (SELECT rowid FROM authorizations WHERE user_id = ? ORDER BY expires_at DESC, rowid DESC LIMIT -1 OFFSET ?)",
        )
        .bind(pending.user.as_str())
        .bind(i64::from(MAX_PENDING_PER_USER))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }
}

#[async_trait]
impl PendingAuthorizations for SqliteAuthorizations {
    async fn add(&self, pending: PendingAuthorization) -> Result<(), SealedError> {
        self.write(pending).await.map_err(failed)
    }

    async fn take(
        &self,
        state: &Digest32,
        session: &Digest32,
        provider: &ProviderId,
    ) -> Result<Option<PendingAuthorization>, SealedError> {
        let taken = sqlx::query(
            "DELETE FROM authorizations WHERE state = ? AND session = ? AND provider = ? \
             RETURNING user_id, scopes, return_to, redirect_uri, variables, expires_at",
        )
        .bind(state.as_bytes().as_slice())
        .bind(session.as_bytes().as_slice())
        .bind(provider.as_str())
        // All, although there is one at most: the delete counts when the statement has run to its end.
        .fetch_all(&self.database.writer)
        .await
        .map_err(failed)?;
        let pending = |row: &SqliteRow| read(row, *state, *session, provider.clone());
        taken.first().map(pending).transpose().map_err(failed)
    }
}

fn read(
    row: &SqliteRow,
    state: Digest32,
    session: Digest32,
    provider: ProviderId,
) -> Result<PendingAuthorization, sqlx::Error> {
    let user: &str = row.try_get("user_id")?;
    let scopes: &str = row.try_get("scopes")?;
    let return_to: Option<&str> = row.try_get("return_to")?;
    let redirect_uri: &str = row.try_get("redirect_uri")?;
    let variables: &str = row.try_get("variables")?;
    Ok(PendingAuthorization {
        state,
        session,
        user: user.parse().map_err(|error| sqlx::Error::Decode(Box::new(error) as _))?,
        provider,
        scopes: serde_json::from_str(scopes).map_err(|error| sqlx::Error::Decode(error.into()))?,
        return_to: return_to
            .map(str::parse)
            .transpose()
            .map_err(|error: url::ParseError| sqlx::Error::Decode(error.into()))?,
        redirect_uri: redirect_uri.parse().map_err(|error: url::ParseError| sqlx::Error::Decode(error.into()))?,
        values: serde_json::from_str(variables).map_err(|error| sqlx::Error::Decode(error.into()))?,
        expires_at: time(row, "expires_at")?,
    })
}

fn failed(error: sqlx::Error) -> SealedError {
    SealedError::Unavailable(unavailable(&error))
}

#[cfg(test)]
mod tests {
    use super::{
        super::pool::tests::{fresh, open},
        Duration, KEPT, Timestamp,
    };
    use workway_model::ProviderId;
    use workway_oauth::{
        MAX_PENDING_PER_USER, PendingAuthorization, PendingAuthorizations, SealedError, Session, State,
    };
    use workway_providers::Values;

    use crate::Database;

    fn provider(id: &str) -> ProviderId {
        id.parse().unwrap()
    }

    const MINUTE: Duration = Duration::from_secs(60);

    /// One that ends in a minute.
    fn pending(user: &str) -> PendingAuthorization {
        PendingAuthorization {
            state: State::generate().unwrap().digest(),
            session: Session::generate().unwrap().digest(),
            user: user.parse().unwrap(),
            provider: provider("slack"),
            scopes: ["a", "b"].map(String::from).into(),
            return_to: Some("https://app.example.com/done?a=b#c".parse().unwrap()),
            redirect_uri: "https://workway.example.com/oauth/slack/callback".parse().unwrap(),
            values: Values::from([("shop".into(), "good".into())]),
            expires_at: Timestamp::now() + MINUTE,
        }
    }

    async fn take(database: &Database, of: &PendingAuthorization) -> Result<Option<PendingAuthorization>, SealedError> {
        database.authorizations().take(&of.state, &of.session, &of.provider).await
    }

    async fn count(database: &Database) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM authorizations").fetch_one(&database.reader).await.unwrap()
    }

    #[tokio::test]
    async fn a_flow_outlives_the_process_and_is_taken_once() {
        let (database, folder) = fresh().await;
        let bare = PendingAuthorization { return_to: None, values: Values::new(), ..pending("bob") };
        let all = [pending("ann"), bare];
        for one in &all {
            database.authorizations().add(one.clone()).await.unwrap();
        }
        database.close().await;
        let database = open(folder.path()).await.unwrap();
        for one in all {
            assert_eq!(take(&database, &one).await, Ok(Some(one.clone())));
            assert_eq!(take(&database, &one).await, Ok(None));
        }
        assert_eq!(count(&database).await, 0);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn of_many_who_ask_at_once_one_gets_it() {
        let (database, _guard) = fresh().await;
        let one = pending("ann");
        database.authorizations().add(one.clone()).await.unwrap();
        let takes = (0..10).map(|_| take(&database, &one));
        let taken = futures_util::future::join_all(takes).await;
        assert_eq!(taken.into_iter().filter(|taken| matches!(taken, Ok(Some(_)))).count(), 1);
    }

    #[tokio::test]
    async fn all_of_state_session_and_provider_have_to_fit() {
        let (database, _guard) = fresh().await;
        let (one, other) = (pending("ann"), pending("ann"));
        database.authorizations().add(one.clone()).await.unwrap();
        database.authorizations().add(other.clone()).await.unwrap();
        for wrong in [
            PendingAuthorization { state: other.state, ..one.clone() },
            PendingAuthorization { session: other.session, ..one.clone() },
            PendingAuthorization { provider: provider("google"), ..one.clone() },
        ] {
            assert_eq!(take(&database, &wrong).await, Ok(None));
        }
        assert_eq!(take(&database, &one).await, Ok(Some(one)), "a wrong guess ends no flow");
    }

    #[tokio::test]
    async fn what_has_expired_is_there_for_a_while() {
        let (database, _guard) = fresh().await;
        let late = PendingAuthorization { expires_at: Timestamp::now() - MINUTE, ..pending("ann") };
        let later = PendingAuthorization { expires_at: late.expires_at - KEPT, ..pending("ann") };
        for one in [&late, &later, &pending("bob")] {
            database.authorizations().add(one.clone()).await.unwrap();
        }
        assert_eq!(count(&database).await, 2);
        assert_eq!(take(&database, &late).await, Ok(Some(late)), "its expiry is not the table's to judge");
        assert_eq!(take(&database, &later).await, Ok(None));
    }

    #[tokio::test]
    async fn a_user_s_oldest_flow_makes_room() {
        let (database, _guard) = fresh().await;
        let others = PendingAuthorization { expires_at: Timestamp::now(), ..pending("bob") };
        database.authorizations().add(others.clone()).await.unwrap();
        let mut all = Vec::new();
        for _ in 0..=MAX_PENDING_PER_USER {
            let one = pending("ann");
            database.authorizations().add(one.clone()).await.unwrap();
            all.push(one);
        }
        assert_eq!(count(&database).await, i64::from(MAX_PENDING_PER_USER) + 1);
        assert_eq!(take(&database, &all[0]).await, Ok(None));
        assert!(take(&database, &all[1]).await.unwrap().is_some());
        assert!(take(&database, all.last().unwrap()).await.unwrap().is_some());
        assert!(take(&database, &others).await.unwrap().is_some(), "another user's made room");
    }

    #[tokio::test]
    async fn a_closed_database_is_unavailable_and_tells_no_detail() {
        let (database, _guard) = fresh().await;
        database.close().await;
        let failed = Err(SealedError::Unavailable("the host's database failed".into()));
        assert_eq!(database.authorizations().add(pending("ann")).await, failed);
        assert!(take(&database, &pending("ann")).await.is_err());
    }
}
