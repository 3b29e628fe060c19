//! The table `api_tokens`: digests of tokens, never a token.

use async_trait::async_trait;
use sqlx::{Row, sqlite::SqliteRow};
use workway_model::{Timestamp, UserId};
use workway_users::{
    AtTokenLimit, MAX_TOKENS_PER_USER, NewToken, StoreError, StoredToken, TokenDigest, TokenId, TokenOwner, TokenStore,
    TokenSummary,
};

use super::{
    Database,
    pool::{optional_time, parsed, time, unavailable},
};

/// Expired and revoked tokens of a user that are kept; the oldest go. One that was revoked can so be revoked again.
const KEPT_PER_USER: u32 = 100;

/// API tokens in the database.
#[derive(Clone, Debug)]
pub struct SqliteApiTokens {
    database: Database,
}

impl SqliteApiTokens {
    pub(super) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Whether there was room.
    async fn write(&self, token: NewToken, at_limit: AtTokenLimit, now: Timestamp) -> Result<bool, sqlx::Error> {
        let NewToken { user, digest, summary } = token;
        let now = now.as_millis();
        let mut transaction = self.database.writer.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(
            "DELETE FROM api_tokens WHERE id IN (SELECT id FROM api_tokens \
             WHERE user_id = ? AND (revoked_at IS NOT NULL OR expires_at <= ?) ORDER BY id DESC LIMIT -1 OFFSET ?)",
        )
        .bind(user.as_str())
        .bind(now)
        .bind(KEPT_PER_USER)
        .execute(&mut *transaction)
        .await?;
        let of_use: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM api_tokens WHERE user_id = ? AND revoked_at IS NULL AND expires_at > ?",
        )
        .bind(user.as_str())
        .bind(now)
        .fetch_one(&mut *transaction)
        .await?;
        if of_use >= i64::from(MAX_TOKENS_PER_USER) {
            if at_limit == AtTokenLimit::Refuse {
                return Ok(false);
            }
            sqlx::query(
                "UPDATE api_tokens SET revoked_at = ?2 WHERE id = (SELECT id FROM api_tokens \
                 WHERE user_id = ?1 AND revoked_at IS NULL AND expires_at > ?2 \
                 ORDER BY coalesce(last_used_at, created_at), id LIMIT 1)",
            )
            .bind(user.as_str())
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        }
        sqlx::query(
            "INSERT INTO api_tokens (id, user_id, digest, prefix, name, scopes, created_at, expires_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(summary.id.as_str())
        .bind(user.as_str())
        .bind(digest.as_bytes().as_slice())
        .bind(summary.prefix)
        .bind(summary.name)
        .bind(summary.scopes.to_string())
        .bind(summary.created_at.as_millis())
        .bind(summary.expires_at.as_millis())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(true)
    }
}

#[async_trait]
impl TokenStore for SqliteApiTokens {
    async fn add(&self, token: NewToken, at_limit: AtTokenLimit, now: Timestamp) -> Result<(), StoreError> {
        match self.write(token, at_limit, now).await.map_err(failed)? {
            true => Ok(()),
            false => Err(StoreError::TooManyTokens(MAX_TOKENS_PER_USER)),
        }
    }

    async fn find(&self, digest: &TokenDigest) -> Result<Option<StoredToken>, StoreError> {
        let row = sqlx::query(
            "SELECT id, user_id, scopes, expires_at, revoked_at IS NOT NULL AS is_revoked, last_used_at \
             FROM api_tokens WHERE digest = ?",
        )
        .bind(digest.as_bytes().as_slice())
        .fetch_optional(&self.database.reader)
        .await
        .map_err(failed)?;
        row.as_ref().map(stored).transpose().map_err(failed)
    }

    async fn list(&self, user: &UserId, now: Timestamp) -> Result<Vec<TokenSummary>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, name, prefix, scopes, created_at, expires_at, last_used_at FROM api_tokens \
             WHERE user_id = ? AND revoked_at IS NULL AND expires_at > ? ORDER BY id DESC LIMIT ?",
        )
        .bind(user.as_str())
        .bind(now.as_millis())
        .bind(MAX_TOKENS_PER_USER)
        .fetch_all(&self.database.reader)
        .await
        .map_err(failed)?;
        rows.iter().map(summary).collect::<Result<_, _>>().map_err(failed)
    }

    async fn revoke(&self, user: &UserId, id: &TokenId, now: Timestamp) -> Result<bool, StoreError> {
        let revoked =
            sqlx::query("UPDATE api_tokens SET revoked_at = coalesce(revoked_at, ?) WHERE user_id = ? AND id = ?")
                .bind(now.as_millis())
                .bind(user.as_str())
                .bind(id.as_str())
                .execute(&self.database.writer)
                .await
                .map_err(failed)?;
        Ok(revoked.rows_affected() > 0)
    }

    async fn used(&self, id: &TokenId, before: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE api_tokens SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at <= ?)",
        )
        .bind(now.as_millis())
        .bind(id.as_str())
        .bind(before.as_millis())
        .execute(&self.database.writer)
        .await
        .map_err(failed)?;
        Ok(())
    }
}

fn stored(row: &SqliteRow) -> Result<StoredToken, sqlx::Error> {
    let owner = TokenOwner {
        user: parsed(row.try_get("user_id")?)?,
        id: parsed(row.try_get("id")?)?,
        scopes: parsed(row.try_get("scopes")?)?,
    };
    Ok(StoredToken {
        owner,
        expires_at: time(row, "expires_at")?,
        is_revoked: row.try_get("is_revoked")?,
        last_used_at: optional_time(row, "last_used_at")?,
    })
}

fn summary(row: &SqliteRow) -> Result<TokenSummary, sqlx::Error> {
    Ok(TokenSummary {
        id: parsed(row.try_get("id")?)?,
        name: row.try_get("name")?,
        prefix: row.try_get("prefix")?,
        scopes: parsed(row.try_get("scopes")?)?,
        created_at: time(row, "created_at")?,
        expires_at: time(row, "expires_at")?,
        last_used_at: optional_time(row, "last_used_at")?,
    })
}

fn failed(error: sqlx::Error) -> StoreError {
    StoreError::Unavailable(unavailable(&error))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{super::pool::tests::fresh, KEPT_PER_USER, SqliteApiTokens};
    use workway_model::{Timestamp, UserId};
    use workway_users::{
        ApiToken, AtTokenLimit, EmailAddress, MAX_TOKENS_PER_USER, NewToken, PasswordHash, Scopes, StoreError, TokenId,
        TokenStore, TokenSummary, UserStore,
    };

    use crate::Database;

    const MILLISECOND: Duration = Duration::from_millis(1);
    const MINUTE: Duration = Duration::from_secs(60);

    fn now() -> Timestamp {
        Timestamp::from_millis(1_000_123)
    }

    fn end() -> Timestamp {
        now() + 9 * MINUTE
    }

    fn ann() -> UserId {
        "usr_1".parse().unwrap()
    }

    async fn tokens(database: &Database) -> SqliteApiTokens {
        let (email, hash): (EmailAddress, _) = ("ann@example.com".parse().unwrap(), PasswordHash::stored("x".into()));
        database.users().add(&ann(), &email, &hash, now()).await.unwrap();
        database.api_tokens()
    }

    /// The token of a number: numbers are in the order of their ids.
    fn token(number: u32, expires_at: Timestamp) -> NewToken {
        let id: TokenId = format!("tok_0192e4a0-7d3c-7c1e-b7a4-{number:012x}").parse().unwrap();
        let text = ApiToken::generate().unwrap();
        let scopes = Scopes::all();
        let (name, prefix) = (Some("laptop".into()), "wway_x".into());
        let summary = TokenSummary { id, name, prefix, scopes, created_at: now(), expires_at, last_used_at: None };
        NewToken { user: ann(), digest: text.digest(), summary }
    }

    #[tokio::test]
    async fn a_token_is_found_by_its_digest_and_its_use_is_kept_to_the_minute() {
        let (database, _guard) = fresh().await;
        let tokens = tokens(&database).await;
        let new = token(1, end());
        let (id, digest) = (new.summary.id.clone(), new.digest);
        tokens.add(new.clone(), AtTokenLimit::Refuse, now()).await.unwrap();
        assert_eq!(tokens.list(&ann(), now()).await, Ok(vec![new.summary]));
        assert_eq!(tokens.list(&ann(), end()).await, Ok(vec![]), "it has expired");
        let second_use = now() + MINUTE;
        for (at, noted) in [(now(), now()), (second_use - MILLISECOND, now()), (second_use, second_use)] {
            tokens.used(&id, at - MINUTE, at).await.unwrap();
            assert_eq!(tokens.find(&digest).await.unwrap().unwrap().last_used_at, Some(noted));
        }
        assert_eq!(tokens.find(&token(2, end()).digest).await, Ok(None));
        let bob = "usr_2".parse().unwrap();
        assert_eq!(tokens.revoke(&bob, &id, now()).await, Ok(false), "somebody else's");
        assert!(!tokens.find(&digest).await.unwrap().unwrap().is_revoked);
        assert_eq!(tokens.revoke(&ann(), &id, now()).await, Ok(true));
        assert_eq!(tokens.revoke(&ann(), &id, now() + MILLISECOND).await, Ok(true));
        assert!(tokens.find(&digest).await.unwrap().unwrap().is_revoked);
    }

    #[tokio::test]
    async fn the_token_that_was_not_used_for_longest_makes_room() {
        let (database, _guard) = fresh().await;
        let tokens = tokens(&database).await;
        let all: Vec<_> = (0..MAX_TOKENS_PER_USER).map(|number| token(number, end())).collect();
        for new in &all {
            tokens.add(new.clone(), AtTokenLimit::Refuse, now()).await.unwrap();
        }
        // The oldest one is in use.
        tokens.used(&all[0].summary.id, now(), now() + MILLISECOND).await.unwrap();
        let one_more = token(MAX_TOKENS_PER_USER, end());
        let refused = tokens.add(one_more.clone(), AtTokenLimit::Refuse, now()).await;
        assert_eq!(refused, Err(StoreError::TooManyTokens(MAX_TOKENS_PER_USER)));
        tokens.add(one_more, AtTokenLimit::RevokeOldest, now()).await.unwrap();
        let revoked = async |number: usize| tokens.find(&all[number].digest).await.unwrap().unwrap().is_revoked;
        assert_eq!((revoked(0).await, revoked(1).await, revoked(2).await), (false, true, false));
        assert_eq!(
            tokens.add(token(500, end() + MILLISECOND), AtTokenLimit::Refuse, end()).await,
            Ok(()),
            "what has expired is none"
        );
    }

    #[tokio::test]
    async fn tokens_that_are_over_are_kept_in_bounds() {
        let (database, _guard) = fresh().await;
        let tokens = tokens(&database).await;
        for number in 0..KEPT_PER_USER + 5 {
            let new = token(number, end());
            let id = new.summary.id.clone();
            tokens.add(new, AtTokenLimit::Refuse, now()).await.unwrap();
            tokens.revoke(&ann(), &id, now()).await.unwrap();
        }
        tokens.add(token(1_000, end()), AtTokenLimit::Refuse, now()).await.unwrap();
        let kept: i64 =
            sqlx::query_scalar("SELECT count(*) FROM api_tokens").fetch_one(&database.reader).await.unwrap();
        assert_eq!(kept, i64::from(KEPT_PER_USER) + 1);
    }
}
