//! Values of columns as our own types.

/// A number as SQLite has it, signed.
///
/// # Errors
/// [`sqlx::Error::Encode`] beyond `i64::MAX`.
pub fn to_stored(number: u64) -> Result<i64, sqlx::Error> {
    i64::try_from(number).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// A stored number as it was before [`to_stored`].
///
/// # Errors
/// [`sqlx::Error::Decode`] below 0.
pub fn from_stored(number: i64) -> Result<u64, sqlx::Error> {
    u64::try_from(number).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// A column's text as one of our own types.
///
/// # Errors
/// [`sqlx::Error::Decode`] for a text that the type refuses.
pub fn parsed<T>(text: &str) -> Result<T, sqlx::Error>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    text.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

#[cfg(test)]
mod tests {
    use super::{from_stored, to_stored};

    #[test]
    fn numbers_that_sqlite_cannot_hold_are_refused() {
        let largest = u64::try_from(i64::MAX).unwrap();
        assert_eq!(from_stored(to_stored(largest).unwrap()).unwrap(), largest);
        assert!(matches!(to_stored(largest + 1), Err(sqlx::Error::Encode(_))));
        assert!(matches!(from_stored(-1), Err(sqlx::Error::Decode(_))));
    }
}
