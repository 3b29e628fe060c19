//! Lengths of time as workflows write them: `30s`, `5m`, `2h`, `1d`. It never looks at a clock.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::problem::clipped;

/// The longest time that a workflow may name, in days.
pub const MAX_DAYS: u64 = 366;
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// At least a second and at most 366 days, in whole seconds. It is written with the largest unit that is exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkflowDuration {
    seconds: u64,
}

/// Why a text is not a length of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a duration must be a whole number and a unit, for example 30s, 5m, 2h or 1d, from 1s to {MAX_DAYS}d (got {0:?})"
)]
pub struct DurationError(String);

impl From<WorkflowDuration> for Duration {
    fn from(duration: WorkflowDuration) -> Self {
        Self::from_secs(duration.seconds)
    }
}

impl FromStr for WorkflowDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let seconds = seconds(text).filter(|seconds| (1..=MAX_DAYS * 86_400).contains(seconds));
        seconds.map(|seconds| Self { seconds }).ok_or_else(|| DurationError(clipped(text)))
    }
}

fn seconds(text: &str) -> Option<u64> {
    let (number, factor) = UNITS.iter().find_map(|(unit, factor)| Some((text.strip_suffix(*unit)?, factor)))?;
    // `parse` takes a sign as well.
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse::<u64>().ok().filter(|_| is_number)?.checked_mul(*factor)
}

impl fmt::Display for WorkflowDuration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = UNITS.iter().find(|(_, factor)| self.seconds.is_multiple_of(*factor));
        let (unit, factor) = exact.copied().unwrap_or(('s', 1));
        write!(formatter, "{}{unit}", self.seconds / factor)
    }
}

impl Serialize for WorkflowDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WorkflowDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_a_unit() {
        for (text, seconds, written) in
            [("30s", 30, "30s"), ("5m", 300, "5m"), ("120m", 7_200, "2h"), ("366d", 31_622_400, "366d")]
        {
            let duration: WorkflowDuration = text.parse().expect("is a duration");
            assert_eq!((Duration::from(duration).as_secs(), duration.to_string().as_str()), (seconds, written));
        }
        for bad in ["", "s", "0s", "5", "-1s", "+1s", "1.5h", "1w", "1 h", "367d", "99999999999999999999s", "1ä"] {
            let error = bad.parse::<WorkflowDuration>().expect_err(bad).to_string();
            assert!(error.ends_with(&format!("(got {bad:?})")), "{error}");
        }
    }
}
