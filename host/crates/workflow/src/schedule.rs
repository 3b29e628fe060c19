//! When a workflow starts by the clock: a cron pattern of five fields in a time zone. It computes times from a time that
//! it is given and never looks at a clock.

use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};

/// Fields of a pattern: minute, hour, day of the month, month, day of the week. With seconds it would have six, so that
/// nothing can start more often than once a minute.
const FIELDS: usize = 5;
/// The longest pattern, in characters.
const MAX_CRON_CHARS: usize = 100;

static PARSER: LazyLock<CronParser> =
    LazyLock::new(|| CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build());

/// A cron pattern in a time zone.
#[derive(Clone, Debug)]
pub struct Schedule {
    text: String,
    /// Shared: it is large beside the rest of a definition.
    cron: Arc<Cron>,
    timezone: Tz,
}

/// Why something is not a schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    #[error(
        "a cron pattern must have five fields (minute, hour, day, month, weekday) in at most {MAX_CRON_CHARS} ASCII characters, \
         for example `0 9 * * 1-5`; seconds and names such as @daily are not supported"
    )]
    Fields,
    #[error("invalid cron pattern: {0}")]
    Cron(String),
    #[error("the cron pattern never matches a date")]
    Never,
    #[error("unknown time zone {0:?}: use an IANA name such as Europe/Rome or UTC")]
    TimeZone(String),
}

impl Schedule {
    /// Reads a pattern.
    ///
    /// # Errors
    /// All but [`ScheduleError::TimeZone`].
    pub(super) fn read_cron(text: &str) -> Result<Cron, ScheduleError> {
        if !text.is_ascii() || text.len() > MAX_CRON_CHARS || text.split_ascii_whitespace().count() != FIELDS {
            return Err(ScheduleError::Fields);
        }
        let cron = PARSER.parse(text).map_err(|error| ScheduleError::Cron(error.to_string()))?;
        cron.find_next_occurrence(&DateTime::<Utc>::UNIX_EPOCH, false).map_err(|_| ScheduleError::Never)?;
        Ok(cron)
    }

    /// Reads the IANA name of a time zone.
    ///
    /// # Errors
    /// [`ScheduleError::TimeZone`].
    pub(super) fn read_timezone(name: &str) -> Result<Tz, ScheduleError> {
        name.parse().map_err(|_| ScheduleError::TimeZone(name.chars().take(MAX_CRON_CHARS).collect()))
    }

    pub(super) fn new(text: &str, cron: Cron, timezone: Tz) -> Self {
        Self { text: text.to_owned(), cron: Arc::new(cron), timezone }
    }

    /// Reads a pattern and the IANA name of a time zone.
    ///
    /// # Errors
    /// See [`ScheduleError`].
    pub fn parse(cron: &str, timezone: &str) -> Result<Self, ScheduleError> {
        Ok(Self::new(cron, Self::read_cron(cron)?, Self::read_timezone(timezone)?))
    }

    /// The pattern as it is written.
    pub fn cron(&self) -> &str {
        &self.text
    }

    pub fn timezone(&self) -> Tz {
        self.timezone
    }

    /// The first time after `time` that the pattern names in its time zone; none where there is none before the year 5000.
    pub fn next_after(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = time.with_timezone(&self.timezone);
        self.cron.find_next_occurrence(&local, false).ok().map(|next| next.with_timezone(&Utc))
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.timezone) == (&other.text, other.timezone)
    }
}

#[cfg(test)]
mod tests {
    use chrono::Datelike;

    use super::*;

    #[test]
    fn a_schedule_follows_the_clocks_of_its_time_zone() {
        let schedule = Schedule::parse("30 9 * * 1-5", "Europe/Rome").expect("is a schedule");
        let next = |time: &str| schedule.next_after(time.parse().expect("a time")).expect("comes").to_rfc3339();
        assert_eq!(next("2026-01-05T00:00:00Z"), "2026-01-05T08:30:00+00:00");
        assert_eq!(next("2026-07-03T07:30:00Z"), "2026-07-06T07:30:00+00:00", "Friday to Monday, in summer");
    }

    #[test]
    fn one_of_two_restricted_day_fields_is_enough() {
        // August 2026 begins on a Saturday.
        for (cron, days) in [
            ("0 0 13 * 5", vec![7, 13, 14, 21, 28]),
            ("0 0 13 * *", vec![13]),
            ("0 0 * * 5", vec![7, 14, 21, 28]),
            ("0 0 13 * ?", vec![13]),
            ("0 0 ? * 5", vec![7, 14, 21, 28]),
            // Only `*` itself does not restrict: in some other programs `*/10` does not either.
            ("0 0 */10 * 5", vec![1, 7, 11, 14, 21, 28, 31]),
            ("0 0 1-31 * 5", (1..=31).collect()),
            ("0 0 14 * +5", vec![14]),
            ("0 0 13 * +5", vec![]),
            ("0 0 * * 7", vec![2, 9, 16, 23, 30]),
            ("0 0 * * 0", vec![2, 9, 16, 23, 30]),
        ] {
            let schedule = Schedule::parse(cron, "UTC").expect(cron);
            let mut found = Vec::new();
            let mut time: DateTime<Utc> = "2026-07-31T23:59:00Z".parse().expect("a time");
            while let Some(next) = schedule.next_after(time).filter(|next| next.month() == 8 && next.year() == 2026) {
                found.push(next.day());
                time = next;
            }
            assert_eq!(found, days, "{cron}");
        }
    }

    #[test]
    fn what_is_no_schedule_is_refused_with_a_reason() {
        for (cron, part) in [
            ("* * * * * *", "five fields"),
            ("*/5 * * * * * *", "five fields"),
            ("@daily", "five fields"),
            ("", "five fields"),
            ("* * * *", "five fields"),
            ("61 * * * *", "invalid cron pattern"),
            ("a b c d e", "invalid cron pattern"),
            ("0 0 30 2 *", "never matches a date"),
            (&format!("{} * * * *", "1,".repeat(100)), "five fields"),
        ] {
            let error = Schedule::parse(cron, "UTC").expect_err(cron).to_string();
            assert!(error.contains(part), "{cron}: {error}");
        }
        for timezone in ["", "Europe/Atlantis", "+02:00", "europe/rome "] {
            let error = Schedule::parse("0 9 * * *", timezone).expect_err(timezone).to_string();
            assert!(error.contains("unknown time zone"), "{timezone}: {error}");
        }
    }
}
