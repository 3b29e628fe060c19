//! Filters of texts.

use std::borrow::Cow;

use serde_json::Value;

use super::{Filter, Given, Parameters, text_of};
use crate::evaluate::{Computed, EvaluateError, Outcome, compare::kind, number::Num, work::Work};

/// The widest field and the most digits of `format`.
const MAX_WIDTH: usize = 1_000;
/// The deepest indentation of `indent`, in blanks.
const MAX_INDENT: usize = 100;

pub(super) const ALL: &[Filter] = &[
    Filter::new("upper", &[], 0, |work, of, _| changed(work, of, "upper", str::to_uppercase)),
    Filter::new("lower", &[], 0, |work, of, _| changed(work, of, "lower", str::to_lowercase)),
    Filter::new("capitalize", &[], 0, |work, of, _| changed(work, of, "capitalize", capitalized)),
    Filter::new("title", &[], 0, |work, of, _| changed(work, of, "title", titled)),
    Filter::new("trim", &["chars"], 0, trim),
    Filter::new("replace", &["old", "new", "count"], 2, replace),
    Filter::new("split", &["separator", "maxsplit"], 0, split),
    Filter::new("lines", &[], 0, |work, of, _| {
        let text = text_of(work, of, "lines")?;
        parts(work, text.lines())
    }),
    Filter::new("indent", &["width", "first", "blank"], 0, indent),
    Filter::new("escape", &[], 0, |work, of, _| changed(work, of, "escape", escaped)),
    Filter::new("e", &[], 0, |work, of, _| changed(work, of, "e", escaped)),
    Filter { name: "format", parameters: Parameters::Any, apply: format_text },
];

/// A text that is at most six times as long as the one before.
fn changed<'a>(work: &mut Work<'a>, of: Computed<'a>, filter: &str, change: fn(&str) -> String) -> Outcome<'a> {
    let text = text_of(work, of, filter)?;
    // Before it is made, as much as it is at least.
    work.make(text.len())?;
    work.text(change(&text)).map(Computed::Value)
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    first + &characters.as_str().to_lowercase()
}

/// Every word begins with a capital: words begin after blanks, hyphens and opening brackets, as in Jinja2.
fn titled(text: &str) -> String {
    let is_between = |character: char| character.is_whitespace() || "-({[<".contains(character);
    text.split_inclusive(is_between).map(capitalized).collect()
}

fn escaped(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => made.push_str("&amp;"),
            '<' => made.push_str("&lt;"),
            '>' => made.push_str("&gt;"),
            '"' => made.push_str("&#34;"),
            '\'' => made.push_str("&#39;"),
            other => made.push(other),
        }
    }
    made
}

fn trim<'a>(work: &mut Work<'a>, of: Computed<'a>, mut given: Given<'a>) -> Outcome<'a> {
    let text = text_of(work, of, "trim")?;
    let trimmed = match given.text(work, 0, "trim")? {
        None => text.trim(),
        Some(characters) => {
            // Every character is looked for in those that go.
            work.charge(text.len().saturating_mul(1 + characters.len() / 8))?;
            text.trim_matches(|character| characters.contains(character))
        }
    };
    work.text(trimmed.to_owned()).map(Computed::Value)
}

fn replace<'a>(work: &mut Work<'a>, of: Computed<'a>, mut given: Given<'a>) -> Outcome<'a> {
    let text = text_of(work, of, "replace")?;
    let old = given.text(work, 0, "replace")?.unwrap_or_default();
    let new = given.text(work, 1, "replace")?.unwrap_or_default();
    let count = given.count(2, "replace")?.unwrap_or(usize::MAX);
    let found = text.matches(&*old).take(count).count();
    work.charge(found)?;
    work.make(found.saturating_mul(new.len()).saturating_add(text.len()))?;
    Ok(text.replacen(&*old, &new, count).into())
}

fn split<'a>(work: &mut Work<'a>, of: Computed<'a>, mut given: Given<'a>) -> Outcome<'a> {
    let text = text_of(work, of, "split")?;
    let separator = given.text(work, 0, "split")?;
    let most = given.count(1, "split")?.map_or(usize::MAX, |count| count.saturating_add(1));
    match separator {
        None if most == usize::MAX => parts(work, text.split_whitespace()),
        None => parts(work, text.trim_start().splitn(most, char::is_whitespace).map(str::trim_start)),
        Some(separator) if separator.is_empty() => {
            Err(EvaluateError::Failed("`split` takes a separator that is not empty".to_owned()))
        }
        Some(separator) => parts(work, text.splitn(most, &*separator)),
    }
}

fn parts<'a, 't>(work: &mut Work<'a>, parts: impl Iterator<Item = &'t str>) -> Outcome<'a> {
    let mut made = Vec::new();
    for part in parts {
        work.make(part.len() + 32)?;
        work.charge(1)?;
        made.push(Cow::Owned(part.into()));
    }
    work.list(made).map(Computed::Value)
}

fn indent<'a>(work: &mut Work<'a>, of: Computed<'a>, mut given: Given<'a>) -> Outcome<'a> {
    let text = text_of(work, of, "indent")?;
    let width = given.count(0, "indent")?.unwrap_or(4);
    if width > MAX_INDENT {
        return Err(EvaluateError::Failed(format!("`indent` takes at most {MAX_INDENT} blanks (got {width})")));
    }
    let (first, blank) = (given.flag(1)?, given.flag(2)?);
    work.make(text.len() + text.matches('\n').count().saturating_add(1).saturating_mul(width))?;
    let mut made = String::new();
    for (place, line) in text.split('\n').enumerate() {
        if place > 0 {
            made.push('\n');
        }
        if (place > 0 || first) && (blank || !line.is_empty()) {
            made.extend(std::iter::repeat_n(' ', width));
        }
        made.push_str(line);
    }
    Ok(made.into())
}

/// `%s`, `%d`, `%f`, `%x` and `%%`, with a width, zeros, `-` and digits after the point, as Python has them.
fn format_text<'a>(work: &mut Work<'a>, of: Computed<'a>, given: Given<'a>) -> Outcome<'a> {
    let pattern = text_of(work, of, "format")?;
    let mut values = given.0.into_iter();
    let mut made = String::new();
    let mut rest = &*pattern;
    while let Some(place) = rest.find('%') {
        made.push_str(&rest[..place]);
        rest = &rest[place + 1..];
        let end = rest.find(|character: char| character.is_ascii_alphabetic() || character == '%');
        let (flags, conversion) = end.map_or(("", ' '), |end| (&rest[..end], char::from(rest.as_bytes()[end])));
        rest = rest.get(flags.len() + 1..).unwrap_or_default();
        if conversion == '%' {
            made.push('%');
            continue;
        }
        let value = values.next().flatten().map(Computed::value).transpose()?;
        let value = value
            .ok_or_else(|| EvaluateError::Failed("`format` has fewer values than its text asks for".to_owned()))?;
        let field = Field::parse(flags)?;
        work.make(field.width + field.digits.unwrap_or(0) + 32)?;
        let text = field.text(work, conversion, &value)?;
        made.push_str(&text);
    }
    if values.next().is_some() {
        return Err(EvaluateError::Failed("`format` has more values than its text asks for".to_owned()));
    }
    made.push_str(rest);
    work.text(made).map(Computed::Value)
}

#[derive(Default)]
struct Field {
    left: bool,
    zeros: bool,
    width: usize,
    digits: Option<usize>,
}

impl Field {
    fn parse(flags: &str) -> Result<Self, EvaluateError> {
        let wrong = || EvaluateError::Failed(format!("`format` does not know `%{}`", crate::text::clipped(flags)));
        let left = flags.starts_with('-');
        let rest = flags.trim_start_matches('-');
        let zeros = rest.starts_with('0');
        let (width, digits) = rest.split_once('.').map_or((rest, None), |(width, digits)| (width, Some(digits)));
        let number = |text: &str| if text.is_empty() { Ok(0) } else { text.parse().map_err(|_| wrong()) };
        let field = Self { left, zeros, width: number(width)?, digits: digits.map(number).transpose()? };
        if field.width > MAX_WIDTH || field.digits.is_some_and(|digits| digits > MAX_WIDTH) {
            return Err(EvaluateError::Failed(format!(
                "`format` takes at most {MAX_WIDTH} characters and digits a field"
            )));
        }
        Ok(field)
    }

    fn text(&self, work: &mut Work<'_>, conversion: char, value: &Value) -> Result<String, EvaluateError> {
        let number = || {
            Num::in_value(value).ok_or_else(|| {
                EvaluateError::Failed(format!("`format` takes a number for `%{conversion}` (got {})", kind(value)))
            })
        };
        let text = match conversion {
            's' => {
                let text = work.as_text(value)?;
                work.make(text.len())?;
                self.digits.map_or_else(|| text.to_string(), |digits| text.chars().take(digits).collect())
            }
            'd' | 'i' => match number()? {
                Num::Whole(whole) => whole.to_string(),
                Num::Float(float) => format!("{:.0}", float.trunc()),
            },
            'f' | 'F' => format!("{:.*}", self.digits.unwrap_or(6), number()?.float()),
            'x' | 'X' => match number()? {
                Num::Whole(whole) if whole >= 0 && conversion == 'x' => format!("{whole:x}"),
                Num::Whole(whole) if whole >= 0 => format!("{whole:X}"),
                _ => {
                    return Err(EvaluateError::Failed(
                        "`format` takes a whole number of at least 0 for `%x`".to_owned(),
                    ));
                }
            },
            other => {
                return Err(EvaluateError::Failed(format!(
                    "`format` does not know `%{other}`: it knows s, d, f, x and %"
                )));
            }
        };
        let missing = self.width.saturating_sub(text.chars().count());
        let blanks = " ".repeat(missing);
        Ok(match (self.left, self.zeros && conversion != 's') {
            (true, _) => text + &blanks,
            (false, true) => {
                let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
                format!("{sign}{}{digits}", "0".repeat(missing))
            }
            (false, false) => blanks + &text,
        })
    }
}
