//! When a workflow starts by the clock: a cron pattern of five fields in a time zone. It computes times from a time that
//! it is given and never looks at a clock.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};
use workway_model::Timestamp;

/// Fields of a pattern: minute, hour, day of the month, month, day of the week. With seconds it would have six, so that
/// nothing can start more often than once a minute.
const FIELDS: usize = 5;
/// The longest pattern, in characters.
const MAX_CRON_CHARS: usize = 100;
/// How late a planned time may be before it is missed. A busy host is late by seconds, and nothing is planned more often than
/// once a minute.
pub const MISFIRE_GRACE: Duration = Duration::from_secs(60);

static PARSER: LazyLock<CronParser> =
    LazyLock::new(|| CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build());

/// A cron pattern in a time zone.
#[derive(Clone, Debug)]
pub struct Schedule {
    text: String,
    /// Shared: it is large beside the rest of a definition.
    cron: Arc<Cron>,
    timezone: Tz,
    misfire: Misfire,
}

/// What becomes of times that passed while nothing could start, because the host was down or the clock was set forward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Misfire {
    /// Nothing starts.
    Skip,
    /// One run starts late, however many times have passed.
    #[default]
    Once,
}

/// What to do about a planned time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchedulePlan {
    /// Whether a run starts now.
    pub fire: bool,
    /// The time that the run was planned for.
    pub scheduled_at: Timestamp,
    /// The next time to plan. None if there is none.
    pub next_at: Option<Timestamp>,
}

impl Misfire {
    pub(super) const ALL: [Self; 2] = [Self::Skip, Self::Once];

    /// Its name in a definition.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Once => "once",
        }
    }
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
        Self { text: text.to_owned(), cron: Arc::new(cron), timezone, misfire: Misfire::default() }
    }

    /// The same schedule with another rule for missed times.
    #[must_use]
    pub fn with_misfire(self, misfire: Misfire) -> Self {
        Self { misfire, ..self }
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

    pub fn misfire(&self) -> Misfire {
        self.misfire
    }

    /// The first time after `time` that the pattern names in its time zone; none where there is none before the year 5000.
    pub fn next_after(&self, time: Timestamp) -> Option<Timestamp> {
        let local = DateTime::<Utc>::from_timestamp_millis(time.as_millis())?.with_timezone(&self.timezone);
        let next = self.cron.find_next_occurrence(&local, false).ok()?;
        Some(Timestamp::from_millis(next.timestamp_millis()))
    }

    /// What to do about the time that is planned, at `now`. As long as the next time replaces the planned one before anything
    /// else is planned, no time is fired twice, wherever the clock goes: the next time is always later than the planned one. A
    /// time that has not come yet stays planned.
    pub fn plan(&self, planned: Timestamp, now: Timestamp) -> SchedulePlan {
        if now < planned {
            return SchedulePlan { fire: false, scheduled_at: planned, next_at: Some(planned) };
        }
        let is_missed = now.saturating_since(planned) > MISFIRE_GRACE;
        SchedulePlan {
            fire: !is_missed || self.misfire == Misfire::Once,
            scheduled_at: planned,
            next_at: self.next_after(now),
        }
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.timezone, self.misfire) == (&other.text, other.timezone, other.misfire)
    }
}
