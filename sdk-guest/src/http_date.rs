//! HTTP dates of the one form that servers send today (IMF-fixdate, RFC 9110 section 5.6.7). The two
//! obsolete forms are not read: a `Retry-After` in one of them counts as absent.

/// `Sun, 06 Nov 1994 08:49:37 GMT`: each part has its place.
const LENGTH: usize = 29;

/// Unix seconds of a date such as `Sun, 06 Nov 1994 08:49:37 GMT`; nothing before 1970.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    let part = |start: usize, length: usize| text.get(start..start + length);
    let number = |start, length| part(start, length)?.parse::<u64>().ok();
    let is_plain = text.len() == LENGTH
        && part(3, 2) == Some(", ")
        && [part(7, 1), part(11, 1), part(16, 1)].iter().all(|gap| *gap == Some(" "))
        && [part(19, 1), part(22, 1)].iter().all(|colon| *colon == Some(":"))
        && part(25, 4) == Some(" GMT");
    if !is_plain {
        return None;
    }
    let (day, month, year) = (number(5, 2)?, month(part(8, 3)?)?, number(12, 4)?);
    let (hour, minute, second) = (number(17, 2)?, number(20, 2)?, number(23, 2)?);
    let in_range = (1970..=9999).contains(&year) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    in_range.then(|| days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second)
}

fn month(name: &str) -> Option<u64> {
    const NAMES: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let index = NAMES.iter().position(|known| *known == name)?;
    u64::try_from(index + 1).ok()
}

/// Howard Hinnant's `days_from_civil`, for years from 1970.
fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    // Years begin in March here, so that the leap day is the last of its year.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year / 400;
    let year_of_era = year % 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn known_dates_are_read() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199),
            ("Mon, 23 Nov 2026 00:00:00 GMT", 1_795_392_000),
        ] {
            assert_eq!(parse(text), Some(seconds), "{text}");
        }
    }

    #[test]
    fn anything_else_is_absent() {
        for text in [
            "",
            "120",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun, 06 anF 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 1994 25:49:37 GMT",
            "Sun, 06 Nov 1914 08:49:37 GMT",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
