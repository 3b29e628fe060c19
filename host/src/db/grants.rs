//! The table `grants`: what the operator granted each integration.

use async_trait::async_trait;

use super::{Database, pool::unavailable, unix_now};
use crate::{
    integration::{IntegrationId, Permissions},
    registry::{GrantError, GrantStore},
};

/// Grants in the database.
#[derive(Clone, Debug)]
pub struct SqliteGrants {
    database: Database,
}

impl SqliteGrants {
    pub(super) fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl GrantStore for SqliteGrants {
    async fn granted(&self, integration: &IntegrationId) -> Result<Option<Permissions>, GrantError> {
        let permissions: Option<String> = sqlx::query_scalar("SELECT permissions FROM grants WHERE integration = ?")
            .bind(integration.as_str())
            .fetch_optional(&self.database.reader)
            .await
            .map_err(|error| GrantError::Unavailable(unavailable(&error)))?;
        permissions.map(|text| serde_json::from_str(&text)).transpose().map_err(|error| {
            tracing::error!(%integration, %error, "a stored grant cannot be read");
            GrantError::Unreadable(integration.clone())
        })
    }

    async fn grant(&self, integration: &IntegrationId, permissions: &Permissions) -> Result<(), GrantError> {
        let text = serde_json::to_string(permissions).map_err(|error| GrantError::Unavailable(error.to_string()))?;
        sqlx::query(
            "INSERT INTO grants (integration, permissions, granted_at) VALUES (?, ?, ?) \
             ON CONFLICT (integration) DO UPDATE SET permissions = excluded.permissions, granted_at = excluded.granted_at",
        )
        .bind(integration.as_str())
        .bind(text)
        .bind(unix_now())
        .execute(&self.database.writer)
        .await
        .map_err(|error| GrantError::Unavailable(unavailable(&error)))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::pool::tests::{fresh, open};
    use crate::{
        integration::{ConnectionNeed, IntegrationId, Permissions},
        registry::{GrantError, GrantStore},
    };

    #[tokio::test]
    async fn a_grant_replaces_the_one_before_and_outlives_the_process() {
        let (database, folder) = fresh().await;
        let slack: IntegrationId = "slack".parse().unwrap();
        assert_eq!(database.grants().granted(&slack).await, Ok(None));
        let everything = Permissions {
            hosts: ["*.slack.com", "https://files.slack.com:8443"].map(|host| host.parse().unwrap()).into(),
            connections: vec![ConnectionNeed {
                provider: "slack".parse().unwrap(),
                scopes: ["chat:write".to_owned()].into(),
                required: true,
            }],
            storage: true,
            reveal_token: true,
        };
        for permissions in [Permissions::default(), everything.clone()] {
            database.grants().grant(&slack, &permissions).await.unwrap();
            assert_eq!(database.grants().granted(&slack).await, Ok(Some(permissions)));
        }
        database.close().await;
        let again = open(folder.path()).await.unwrap();
        assert_eq!(again.grants().granted(&slack).await, Ok(Some(everything)));
        assert_eq!(again.grants().granted(&"gmail".parse().unwrap()).await, Ok(None));
    }

    #[tokio::test]
    async fn an_unreadable_grant_is_an_error_until_it_is_granted_anew() {
        let (database, _guard) = fresh().await;
        let slack: IntegrationId = "slack".parse().unwrap();
        let newer = "INSERT INTO grants VALUES ('slack', '{\"everything\": true}', 1)";
        sqlx::query(newer).execute(&database.writer).await.unwrap();
        assert_eq!(database.grants().granted(&slack).await, Err(GrantError::Unreadable(slack.clone())));
        database.grants().grant(&slack, &Permissions::default()).await.unwrap();
        assert_eq!(database.grants().granted(&slack).await, Ok(Some(Permissions::default())));
    }
}
