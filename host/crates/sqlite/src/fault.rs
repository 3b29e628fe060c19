//! What a failed query means for somebody who can act on it, and what others may know of it.

/// What went wrong in terms that somebody can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Damaged,
    Full,
    Busy,
    Access,
    /// One statement failed, by a constraint or by its text. The database is well.
    Statement,
    Other,
}

impl Fault {
    pub fn of(error: &sqlx::Error) -> Self {
        let code = match error {
            sqlx::Error::PoolTimedOut => return Self::Busy,
            sqlx::Error::Database(error) => error.code().and_then(|code| code.parse::<i32>().ok()),
            _ => None,
        };
        // The low byte is SQLite's primary result code: https://www.sqlite.org/rescode.html
        match code.map(|code| code & 0xff) {
            Some(5 | 6) => Self::Busy,
            Some(3 | 8 | 14 | 23) => Self::Access,
            Some(13) => Self::Full,
            Some(11 | 26) => Self::Damaged,
            Some(1 | 18 | 19 | 20 | 25) => Self::Statement,
            _ => Self::Other,
        }
    }
}

/// What a guest or client may know of a failed query. The rest goes into the log.
pub fn unavailable(error: &sqlx::Error) -> String {
    tracing::error!(%error, "a database query failed");
    let text = match Fault::of(error) {
        Fault::Busy => "the host's database is busy",
        Fault::Full => "the host's disk is full",
        Fault::Damaged | Fault::Access | Fault::Statement | Fault::Other => "the host's database failed",
    };
    text.into()
}
