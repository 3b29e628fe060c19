//! Numbers in bodies as JSON Schema counts them: `7.0` is an integer there (draft 2020-12, core, section 4.2.3), and some
//! clients have no other numbers. It never rounds.

use std::fmt;

use serde::{
    Deserializer,
    de::{Error, Visitor},
};

/// For a field that is a whole number from 0 on, as far as `T` goes.
pub(super) fn whole<'de, T: TryFrom<u64>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let number = deserializer.deserialize_any(OptionalWhole)?.and_then(|number| T::try_from(number).ok());
    number.ok_or_else(|| D::Error::custom("the number is missing, or out of range"))
}

/// For a field that is a whole number from 0 on, or `null`, or missing where it has `#[serde(default)]` too.
pub(super) fn optional_whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    deserializer.deserialize_any(OptionalWhole)
}

struct OptionalWhole;

impl Visitor<'_> for OptionalWhole {
    type Value = Option<u64>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a whole number from 0 on")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        // Written out, a whole number has digits alone, and one that is too large does not fit.
        let whole = if number == 0.0 { "0".to_owned() } else { number.to_string() };
        whole.parse().map(Some).map_err(|_| E::custom("the number is not whole, or out of range"))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{optional_whole, whole};

    #[derive(Deserialize)]
    struct Body {
        #[serde(default, deserialize_with = "optional_whole")]
        number: Option<u64>,
    }

    #[derive(Deserialize)]
    struct Small {
        #[serde(deserialize_with = "whole")]
        number: u8,
    }

    fn read(text: &str) -> Result<Option<u64>, serde_json::Error> {
        serde_json::from_str::<Body>(text).map(|body| body.number)
    }

    #[test]
    fn a_whole_number_may_be_written_with_a_fraction_of_nothing() {
        for (text, number) in
            [("7", 7), ("7.0", 7), ("7e2", 700), ("0", 0), ("-0.0", 0), ("253402300799.0", 253_402_300_799)]
        {
            assert_eq!(read(&format!("{{\"number\":{text}}}")).unwrap(), Some(number), "{text}");
        }
        assert_eq!((read("{}").unwrap(), read(r#"{"number":null}"#).unwrap()), (None, None));
        for text in ["7.5", "-1", "-1.0", "1e300", "\"7\"", "true", "[]", "{}"] {
            assert!(read(&format!("{{\"number\":{text}}}")).is_err(), "{text}");
        }
    }

    #[test]
    fn a_number_that_has_to_be_there_fits_its_type() {
        let read = |text: &str| serde_json::from_str::<Small>(text).ok().map(|body| body.number);
        assert_eq!((read(r#"{"number":5.0}"#), read(r#"{"number":255}"#)), (Some(5), Some(255)));
        for text in [r#"{"number":256}"#, r#"{"number":256.0}"#, r#"{"number":null}"#, r#"{"number":-1}"#, "{}"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
