//! The check of a number that an operator chose.

use std::fmt::Display;

/// Checks that a setting lies between two bounds, both included.
///
/// # Errors
/// The setting, its bounds and the value received, in words.
///
/// ```
/// assert_eq!(
///     workway_model::check_range("calls", 0, 1, 2_000),
///     Err("calls must be between 1 and 2000 (got 0)".to_owned())
/// );
/// ```
pub fn check_range<T: PartialOrd + Display>(name: &str, value: T, least: T, most: T) -> Result<(), String> {
    if value < least || value > most {
        return Err(format!("{name} must be between {least} and {most} (got {value})"));
    }
    Ok(())
}
