//! Filters of points in time: texts as RFC 3339 has them, and seconds since 1970.

use chrono::{
    DateTime, FixedOffset, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, TimeZone, Utc,
    format::{Item, StrftimeItems},
};
use chrono_tz::Tz;
use serde_json::Value;

use super::{Filter, Given};
use crate::evaluate::{Computed, EvaluateError, Outcome, compare::kind, work::Work};

pub(super) const ALL: &[Filter] = &[
    Filter::new("parsedate", &["format", "timezone"], 0, parsedate),
    Filter::new("formatdate", &["format", "timezone"], 0, formatdate),
    Filter::new("timestamp", &[], 0, |work, of, _| Ok(instant(work, of, "timestamp")?.timestamp().into())),
];

/// A text in another form, as RFC 3339. What says no offset is a time in `timezone`, or UTC.
fn parsedate<'a>(work: &mut Work<'a>, of: Computed<'a>, mut given: Given<'a>) -> Outcome<'a> {
    let format = given.text(work, 0, "parsedate")?;
    let zone = zone(work, &mut given, 1, "parsedate")?.unwrap_or(Tz::UTC);
    let of = of.value()?;
    let Some(format) = format else {
        return Ok(written(instant(work, Computed::Value(of), "parsedate")?.with_timezone(&zone).fixed_offset()).into());
    };
    let Value::String(text) = &*of else {
        return Err(EvaluateError::Failed(format!("`parsedate` with a format reads a string (got {})", kind(&of))));
    };
    work.charge(16 + text.len() / 8 + format.len())?;
    let wrong = |_| EvaluateError::Failed("`parsedate` cannot read the string by this format".to_owned());
    if let Ok(time) = DateTime::parse_from_str(text, &format) {
        return Ok(written(time).into());
    }
    let local = NaiveDateTime::parse_from_str(text, &format);
    let local = local
        .or_else(|_| NaiveDate::parse_from_str(text, &format).map(|day| day.and_time(NaiveTime::MIN)))
        .map_err(wrong)?;
    match zone.from_local_datetime(&local) {
        // Clocks that are set back show a time twice; the first one is meant.
        LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => Ok(written(time.fixed_offset()).into()),
        LocalResult::None => Err(EvaluateError::Failed(format!(
            "`parsedate` read a time that {zone} skips: clocks are set forward then"
        ))),
    }
}

/// By a format with `%`, in a time zone; without one, in the offset that the time has.
fn formatdate<'a>(work: &mut Work<'a>, of: Computed<'a>, mut given: Given<'a>) -> Outcome<'a> {
    let format = given.text(work, 0, "formatdate")?;
    let zone = zone(work, &mut given, 1, "formatdate")?;
    let time = instant(work, of, "formatdate")?;
    let format = format.as_deref().unwrap_or("%Y-%m-%d");
    // The longest part, `%c`, is made of two characters.
    work.charge(16 + format.len() * 4)?;
    work.make(format.len() * 16)?;
    let items: Vec<Item<'_>> = StrftimeItems::new(format).collect();
    if items.contains(&Item::Error) {
        return Err(EvaluateError::Failed(
            "`formatdate` takes a format such as %Y-%m-%d %H:%M: an unknown part stands in it".to_owned(),
        ));
    }
    Ok(match zone {
        Some(zone) => time.with_timezone(&zone).format_with_items(items.iter()).to_string(),
        None => time.format_with_items(items.iter()).to_string(),
    }
    .into())
}

fn zone<'a>(
    work: &mut Work<'a>,
    given: &mut Given<'a>,
    place: usize,
    filter: &str,
) -> Result<Option<Tz>, EvaluateError> {
    let Some(name) = given.text(work, place, filter)? else { return Ok(None) };
    let unknown = |_| {
        EvaluateError::Failed(format!(
            "`{filter}` does not know the time zone {:?}: write one such as Europe/Rome",
            crate::text::clipped(&name)
        ))
    };
    name.parse().map(Some).map_err(unknown)
}

/// A point in time: RFC 3339, a day (its first moment in UTC), or seconds since 1970-01-01T00:00:00Z.
fn instant<'a>(work: &mut Work<'a>, of: Computed<'a>, filter: &str) -> Result<DateTime<FixedOffset>, EvaluateError> {
    work.charge(16)?;
    let of = of.value()?;
    let time = match &*of {
        Value::String(text) if text.len() <= 64 => DateTime::parse_from_rfc3339(text).ok().or_else(|| {
            Some(NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_time(NaiveTime::MIN).and_utc().fixed_offset())
        }),
        Value::Number(number) => {
            let seconds = number.as_i64().and_then(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0));
            let fraction = || {
                let seconds = number.as_f64().filter(|seconds| seconds.abs() < 1e12)?;
                #[expect(clippy::cast_possible_truncation, reason = "its range was looked at")]
                DateTime::<Utc>::from_timestamp_millis((seconds * 1_000.0) as i64)
            };
            seconds.or_else(fraction).map(|time| time.fixed_offset())
        }
        _ => None,
    };
    time.ok_or_else(|| {
        EvaluateError::Failed(format!(
            "`{filter}` takes a time such as 2026-11-29T08:30:00Z or 1764405000 (got {}): read other forms with the filter `parsedate`",
            kind(&of)
        ))
    })
}

fn written(time: DateTime<FixedOffset>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
