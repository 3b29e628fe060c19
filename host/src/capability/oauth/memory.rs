//! Connections in memory, for tests. It never refreshes anything.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;

use super::{Connection, ConnectionSource, OAuthError};
use crate::integration::{ProviderId, UserId};

/// Connections of all users, gone with the value.
#[derive(Debug, Default)]
pub struct MemoryConnections {
    connections: Mutex<HashMap<(UserId, ProviderId), Connection>>,
}

impl MemoryConnections {
    /// Adds the connection, or takes the place of the one that is there.
    pub fn insert(&self, user: UserId, connection: Connection) {
        let key = (user, connection.provider.clone());
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).insert(key, connection);
    }
}

#[async_trait]
impl ConnectionSource for MemoryConnections {
    async fn connection(&self, user: &UserId, provider: &ProviderId) -> Result<Connection, OAuthError> {
        let connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        connections.get(&(user.clone(), provider.clone())).cloned().ok_or(OAuthError::NotConnected)
    }

    async fn refresh(&self, user: &UserId, provider: &ProviderId, seen: u64) -> Result<Connection, OAuthError> {
        let connection = self.connection(user, provider).await?;
        if connection.version == seen {
            return Err(OAuthError::NeedsReconnect("this connection cannot be refreshed".into()));
        }
        Ok(connection)
    }
}
