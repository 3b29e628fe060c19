//! Lengths of time as workflows write them: `30s`, `5m`, `2h`, `1d`. It never looks at a clock.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest time that a workflow may name, in days.
pub const MAX_DAYS: u64 = 366;
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// At least a second and at most 366 days, in whole seconds. It is written with the largest unit that is exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkflowDuration {
    seconds: u64,
}

/// Why a text is not a length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a duration is a whole number and a unit, like 30s, 5m, 2h or 1d, at least 1s and at most {MAX_DAYS}d")]
pub struct DurationError;

impl From<WorkflowDuration> for Duration {
    fn from(duration: WorkflowDuration) -> Self {
        Self::from_secs(duration.seconds)
    }
}

impl FromStr for WorkflowDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let unit = text.chars().last().ok_or(DurationError)?;
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit).ok_or(DurationError)?;
        let number = text.strip_suffix(unit).ok_or(DurationError)?;
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(DurationError);
        }
        let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*factor)).ok_or(DurationError)?;
        if seconds == 0 || seconds > MAX_DAYS * 86_400 { Err(DurationError) } else { Ok(Self { seconds }) }
    }
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
            assert_eq!(bad.parse::<WorkflowDuration>(), Err(DurationError), "{bad:?} was taken");
        }
    }
}
