//! The one clock type: a point in time in milliseconds since the epoch, RFC 3339 as text.

use std::{
    fmt,
    ops::{Add, Sub},
    str::FromStr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use chrono::{DateTime, SecondsFormat};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Unexpected, Visitor},
};

/// 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z in milliseconds since the epoch. RFC 3339 has no other years.
const RANGE: (i64, i64) = (-62_167_219_200_000, 253_402_300_799_999);
const MILLISECONDS_PER_SECOND: i64 = 1_000;

/// A point in time: an RFC 3339 string in UTC with milliseconds.
///
/// The database stores [`Timestamp::as_millis`]; guests and OAuth providers speak [`Timestamp::as_seconds`]. Arithmetic
/// stops at the first and last representable time. Measure durations with [`std::time::Instant`] instead.
///
/// Deserializing accepts any offset and any precision; digits after the millisecond are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime, example = "2026-11-29T00:19:05.123Z"))]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00.000Z.
    pub const UNIX_EPOCH: Self = Self(0);
    /// The last representable time, at the end of the year 9999.
    pub const MAX: Self = Self(RANGE.1);

    /// The current time.
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// From milliseconds since the epoch. Years before 0 and after 9999 become the closest representable time.
    pub fn from_millis(milliseconds: i64) -> Self {
        Self(milliseconds.clamp(RANGE.0, RANGE.1))
    }

    /// From seconds since the epoch, as [`Timestamp::from_millis`].
    pub fn from_seconds(seconds: u64) -> Self {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        Self::from_millis(seconds.saturating_mul(MILLISECONDS_PER_SECOND))
    }

    /// Milliseconds since the epoch.
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch; 0 for any time before it.
    pub fn as_seconds(self) -> u64 {
        u64::try_from(self.0.div_euclid(MILLISECONDS_PER_SECOND)).unwrap_or(0)
    }

    /// The time that passed since `earlier`; zero if it is later.
    pub fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self::from_millis(self.0.saturating_add(milliseconds(duration)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self::from_millis(self.0.saturating_sub(milliseconds(duration)))
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl From<SystemTime> for Timestamp {
    /// A time before 1970 means that the clock was never set, and becomes 1970.
    fn from(time: SystemTime) -> Self {
        Self::from_millis(milliseconds(time.duration_since(UNIX_EPOCH).unwrap_or_default()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = DateTime::from_timestamp_millis(self.0).unwrap_or(DateTime::UNIX_EPOCH);
        formatter.write_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// The text is not an RFC 3339 time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidTimestamp;

impl fmt::Display for InvalidTimestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an RFC 3339 time such as \"2026-11-29T00:19:05.123Z\"")
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        let time = DateTime::parse_from_rfc3339(text).map_err(|_| InvalidTimestamp)?;
        Ok(Self::from_millis(time.timestamp_millis()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TimestampVisitor)
    }
}

struct TimestampVisitor;

impl Visitor<'_> for TimestampVisitor {
    type Value = Timestamp;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&InvalidTimestamp, formatter)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Timestamp, E> {
        text.parse().map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::{RANGE, Timestamp};

    fn read(json: &str) -> Result<i64, String> {
        serde_json::from_str(json).map(Timestamp::as_millis).map_err(|error| error.to_string())
    }

    #[test]
    fn writes_utc_with_milliseconds() {
        let time = Timestamp::from(UNIX_EPOCH + Duration::from_micros(1_795_911_545_123_999));
        assert_eq!(time.to_string(), "2026-11-29T00:19:05.123Z");
        assert_eq!(serde_json::to_string(&Timestamp::from_seconds(1)).unwrap(), r#""1970-01-01T00:00:01.000Z""#);
    }

    #[test]
    fn reads_what_it_writes_and_other_offsets() {
        for time in [0, 1, -1, 1_795_911_545_123, RANGE.0, RANGE.1].map(Timestamp::from_millis) {
            assert_eq!(time.to_string().parse(), Ok(time));
        }
        for same in ["2026-11-29T00:19:05.123Z", "2026-11-29T01:19:05.1239999+01:00", "2026-11-29t00:19:05.123z"] {
            assert_eq!(read(&format!("\"{same}\"")), Ok(1_795_911_545_123), "{same}");
        }
    }

    #[test]
    fn a_time_out_of_range_becomes_the_closest_one() {
        assert_eq!(Timestamp::from_seconds(u64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::from_millis(i64::MIN).to_string(), "0000-01-01T00:00:00.000Z");
        assert_eq!(read(r#""9999-12-31T23:59:59-01:00""#), Ok(RANGE.1));
        assert_eq!(Timestamp::from_millis(-1).as_seconds(), 0);
    }

    #[test]
    fn arithmetic_stops_at_the_range() {
        let (time, second) = (Timestamp::from_millis(1_500), Duration::from_secs(1));
        assert_eq!([time + second, time - second].map(Timestamp::as_millis), [2_500, 500]);
        assert_eq!((time + second).saturating_since(time), second);
        assert_eq!(time.saturating_since(time + second), Duration::ZERO);
        assert_eq!(time + Duration::MAX, Timestamp::MAX);
        assert_eq!((time - Duration::MAX).as_millis(), RANGE.0);
    }

    #[test]
    fn refuses_numbers_and_other_texts() {
        for text in
            ["1795911545", "null", "[]", r#""soon""#, r#""1795911545""#, r#""2026-11-29""#, r#""2026-11-29T00:19:05""#]
        {
            let error = read(text).unwrap_err();
            assert!(error.contains("expected an RFC 3339 time such as"), "{text}: {error}");
        }
    }
}
