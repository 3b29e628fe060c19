//! Connections in memory, for tests. It never asks a provider for anything.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use workway_model::{ProviderId, UserId};

use super::{Connection, ConnectionSource, OAuthError, RenewalReason};

/// Connections of all users, gone with the value.
#[derive(Debug, Default)]
pub struct MemoryConnections {
    connections: Mutex<HashMap<(UserId, ProviderId), Arc<Connection>>>,
}

impl MemoryConnections {
    /// Adds the connection, or takes the place of the one that is there.
    pub fn insert(&self, user: UserId, connection: Connection) {
        let key = (user, connection.provider.clone());
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::new(connection));
    }
}

#[async_trait]
impl ConnectionSource for MemoryConnections {
    async fn connection(
        &self,
        user: &UserId,
        provider: &ProviderId,
        id: Option<&str>,
    ) -> Result<Arc<Connection>, OAuthError> {
        let connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = connections.get(&(user.clone(), provider.clone())).ok_or(OAuthError::NotConnected)?;
        let chosen = id.is_none_or(|id| id == &*connection.id);
        chosen.then(|| connection.clone()).ok_or(OAuthError::NotConnected)
    }

    async fn renew(
        &self,
        user: &UserId,
        stale: &Connection,
        _: RenewalReason,
    ) -> Result<Option<Arc<Connection>>, OAuthError> {
        let connection = self.connection(user, &stale.provider, None).await?;
        Ok(Some(connection).filter(|connection| connection.version != stale.version))
    }
}
