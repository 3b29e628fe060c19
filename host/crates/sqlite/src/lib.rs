//! What the host's SQLite databases share: opening and migrating a file of the data folder, what a failure means, and values of
//! columns. It knows no table and holds no query of one. The databases test how files open: `db/pool.rs`.

mod fault;
mod file;
mod value;

pub use fault::{Fault, unavailable};
pub use file::{DatabaseError, DatabaseFile, OpenFile};
pub use value::{from_stored, parsed, to_stored};
