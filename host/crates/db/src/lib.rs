//! The host's main SQLite database: its pools, and a file or folder per table, which implements the trait of the crate that
//! uses the table. Runs have a database of their own (`run-db`). All other SQL of the host is here. It never decides what may
//! be stored, and never sees a secret that is not sealed. Times are milliseconds since the epoch.

mod api_tokens;
mod authorizations;
mod connections;
mod data_keys;
mod developers;
mod grants;
mod keyed_records;
mod marketplace;
#[cfg(test)]
mod milliseconds_tests;
mod pool;
mod storage;
mod users;

pub use api_tokens::SqliteApiTokens;
pub use authorizations::SqliteAuthorizations;
pub use connections::SqliteConnections;
pub use data_keys::SqliteDataKeys;
pub use developers::SqliteDevelopers;
pub use grants::SqliteGrants;
pub use keyed_records::SqliteKeyedRecords;
pub use marketplace::SqliteListings;
pub use pool::{DATABASE_FILE, Database};
pub use storage::SqliteStorage;
pub use users::SqliteUsers;
pub use workway_sqlite::DatabaseError;

impl Database {
    pub fn storage(&self) -> SqliteStorage {
        SqliteStorage::new(self.clone())
    }

    pub fn connections(&self) -> SqliteConnections {
        SqliteConnections::new(self.clone())
    }

    pub fn keyed_records(&self) -> SqliteKeyedRecords {
        SqliteKeyedRecords::new(self.clone())
    }

    pub fn data_keys(&self) -> SqliteDataKeys {
        SqliteDataKeys::new(self.clone())
    }

    pub fn authorizations(&self) -> SqliteAuthorizations {
        SqliteAuthorizations::new(self.clone())
    }

    pub fn listings(&self) -> SqliteListings {
        SqliteListings::new(self.clone())
    }

    pub fn users(&self) -> SqliteUsers {
        SqliteUsers::new(self.clone())
    }

    pub fn api_tokens(&self) -> SqliteApiTokens {
        SqliteApiTokens::new(self.clone())
    }

    pub fn developers(&self) -> SqliteDevelopers {
        SqliteDevelopers::new(self.clone())
    }

    pub fn grants(&self) -> SqliteGrants {
        SqliteGrants::new(self.clone())
    }
}
