//! The connections that one call has opened.

use std::sync::Arc;

use super::{Connection, OAuthError};

/// How many different connections a call may open.
pub const MAX_OPEN_CONNECTIONS: usize = 64;

/// The connections that a call has opened, each at the place that the guest's handle names. Opening a connection again
/// finds its place, so it takes no room.
#[derive(Debug, Default)]
pub struct OpenConnections(Vec<Arc<Connection>>);

impl OpenConnections {
    /// Returns the place of a connection, opening it if this call has not yet.
    ///
    /// # Errors
    /// The call has [`MAX_OPEN_CONNECTIONS`] open already.
    pub fn open(&mut self, connection: Arc<Connection>) -> Result<usize, OAuthError> {
        let same = |open: &Arc<Connection>| open.id == connection.id && open.version == connection.version;
        if let Some(place) = self.0.iter().position(same) {
            return Ok(place);
        }
        if self.0.len() >= MAX_OPEN_CONNECTIONS {
            return Err(OAuthError::Denied(format!(
                "a call can open at most {MAX_OPEN_CONNECTIONS} different connections: reuse the ones that are open"
            )));
        }
        self.0.push(connection);
        Ok(self.0.len() - 1)
    }

    /// Returns the connection at a place.
    pub fn get(&self, place: usize) -> Option<&Arc<Connection>> {
        self.0.get(place)
    }

    /// Puts a newer connection at a place. Does nothing if the place is not open.
    pub fn replace(&mut self, place: usize, connection: Arc<Connection>) {
        if let Some(open) = self.0.get_mut(place) {
            *open = connection;
        }
    }
}
