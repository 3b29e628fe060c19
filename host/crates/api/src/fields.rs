//! How single fields are read where serde's own way would take too much or too little. It never rounds a number.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, Visitor},
};
use serde_json::{Map, Value};

/// Reads a whole number from 0 up, as far as `T` goes. JSON Schema counts `7.0` as an integer (draft 2020-12, core, section
/// 4.2.3), and some clients have no other numbers.
pub(crate) fn whole<'de, T: TryFrom<u64>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let number = deserializer.deserialize_any(Whole)?;
    T::try_from(number).map_err(|_| D::Error::custom("the number is out of range"))
}

/// As [`whole`], or `null`.
pub(crate) fn optional_whole<'de, T: TryFrom<u64>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    #[derive(Deserialize)]
    struct Number(#[serde(deserialize_with = "whole")] u64);

    let number = Option::<Number>::deserialize(deserializer)?;
    let number = number.map(|Number(number)| T::try_from(number)).transpose();
    number.map_err(|_| D::Error::custom("the number is out of range"))
}

/// Reads an object or `null`. Serde would take an array for a struct, too.
pub(crate) fn optional_object<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    let object = Option::<Map<String, Value>>::deserialize(deserializer)?;
    object.map(|object| serde_json::from_value(Value::Object(object))).transpose().map_err(D::Error::custom)
}

/// Reads a field that is there: `null` is `Some(None)`. With `#[serde(default)]` an absent one is `None`.
pub(crate) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

struct Whole;

impl Visitor<'_> for Whole {
    type Value = u64;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a whole number from 0 up")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<u64, E> {
        Ok(number)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<u64, E> {
        // A whole number is written with digits only, and one that is too large does not fit.
        let digits = if number == 0.0 { "0".to_owned() } else { number.to_string() };
        digits.parse().map_err(|_| E::custom("the number is not whole, or out of range"))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{optional_object, present, whole};

    #[derive(Deserialize)]
    struct Wide {
        #[serde(deserialize_with = "whole")]
        number: u64,
    }

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    struct Small {
        #[serde(deserialize_with = "whole")]
        number: u8,
    }

    #[derive(Deserialize)]
    struct Outer {
        #[serde(default, deserialize_with = "optional_object")]
        small: Option<Small>,
        #[serde(default, deserialize_with = "present")]
        text: Option<Option<String>>,
    }

    fn outer(text: &str) -> Option<Outer> {
        serde_json::from_str(text).ok()
    }

    #[test]
    fn a_whole_number_may_end_in_a_zero_fraction() {
        let read = |text: &str| serde_json::from_str::<Wide>(&format!("{{\"number\":{text}}}")).map(|body| body.number);
        for (text, number) in
            [("7", 7), ("7.0", 7), ("7e2", 700), ("0", 0), ("-0.0", 0), ("253402300799.0", 253_402_300_799)]
        {
            assert_eq!(read(text).unwrap(), number, "{text}");
        }
        for text in ["7.5", "-1", "-1.0", "1e300", "\"7\"", "true", "[]", "{}", "null"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_number_fits_its_type() {
        let read = |text: &str| serde_json::from_str::<Small>(text).ok().map(|body| body.number);
        assert_eq!((read(r#"{"number":5.0}"#), read(r#"{"number":255}"#)), (Some(5), Some(255)));
        for text in [r#"{"number":256}"#, r#"{"number":256.0}"#, "{}"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn an_array_is_not_an_object() {
        let small = |text: &str| outer(text).map(|outer| outer.small);
        assert_eq!(small(r#"{"small":{"number":7}}"#), Some(Some(Small { number: 7 })));
        assert_eq!((small("{}"), small(r#"{"small":null}"#)), (Some(None), Some(None)));
        for text in [r#"{"small":[7]}"#, r#"{"small":{"number":256}}"#] {
            assert_eq!(small(text), None, "{text}");
        }
    }

    #[test]
    fn absent_null_and_a_value_are_three_things() {
        let text = |body: &str| outer(body).unwrap().text;
        assert_eq!((text("{}"), text(r#"{"text":null}"#)), (None, Some(None)));
        assert_eq!(text(r#"{"text":"x"}"#), Some(Some("x".to_owned())));
    }
}
