//! The table `grants`: what the operator granted each integration.

use async_trait::async_trait;
use workway_model::{Grant, GrantError, GrantStore, IntegrationId, Timestamp};

use super::{Database, pool::unavailable};

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
    async fn granted(&self, integration: &IntegrationId) -> Result<Option<Grant>, GrantError> {
        let row: Option<(String, String, Option<Vec<u8>>)> =
            sqlx::query_as("SELECT permissions, file, sha256 FROM grants WHERE integration = ?")
                .bind(integration.as_str())
                .fetch_optional(&self.database.reader)
                .await
                .map_err(|error| GrantError::Unavailable(unavailable(&error)))?;
        let Some((permissions, file, hash)) = row else { return Ok(None) };
        match (serde_json::from_str(&permissions), file.parse(), hash.map(TryInto::try_into).transpose()) {
            (Ok(permissions), Ok(file), Ok(hash)) => Ok(Some(Grant { permissions, file, hash })),
            _ => {
                tracing::error!(%integration, "a stored grant cannot be read");
                Err(GrantError::Unreadable(integration.clone()))
            }
        }
    }

    async fn grant(&self, integration: &IntegrationId, grant: &Grant) -> Result<(), GrantError> {
        let permissions =
            serde_json::to_string(&grant.permissions).map_err(|error| GrantError::Unavailable(error.to_string()))?;
        sqlx::query(
            "INSERT INTO grants (integration, permissions, file, sha256, granted_at) VALUES (?, ?, ?, ?, ?) \
             ON CONFLICT (integration) DO UPDATE SET permissions = excluded.permissions, file = excluded.file, \
             sha256 = excluded.sha256, granted_at = excluded.granted_at",
        )
        .bind(integration.as_str())
        .bind(permissions)
        .bind(grant.file.as_str())
        .bind(grant.hash.as_ref().map(<[u8; 32]>::as_slice))
        .bind(Timestamp::now().as_millis())
        .execute(&self.database.writer)
        .await
        .map_err(|error| GrantError::Unavailable(unavailable(&error)))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::pool::tests::{fresh, open};
    use workway_model::{ConnectionNeed, IntegrationId, Permissions};
    use workway_model::{Grant, GrantError, GrantStore};

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
        let everything = Grant { permissions: everything, file: "slack.wasm".parse().unwrap(), hash: Some([7; 32]) };
        let nothing = Grant { permissions: Permissions::default(), file: "other.wasm".parse().unwrap(), hash: None };
        for grant in [nothing, everything.clone()] {
            database.grants().grant(&slack, &grant).await.unwrap();
            assert_eq!(database.grants().granted(&slack).await, Ok(Some(grant)));
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
        let newer = "INSERT INTO grants VALUES ('slack', '{\"everything\": true}', 'slack.wasm', 1, NULL)";
        sqlx::query(newer).execute(&database.writer).await.unwrap();
        assert_eq!(database.grants().granted(&slack).await, Err(GrantError::Unreadable(slack.clone())));
        let grant = Grant { permissions: Permissions::default(), file: "slack.wasm".parse().unwrap(), hash: None };
        database.grants().grant(&slack, &grant).await.unwrap();
        assert_eq!(database.grants().granted(&slack).await, Ok(Some(grant)));
    }
}
