//! The filters: by name, with what each takes.

mod encoding;
mod lists;
mod numbers;
mod pattern;
mod texts;
mod times;

use std::{borrow::Cow, fmt};

use serde_json::Value;

use super::{
    Computed, EvaluateError, Outcome,
    compare::{is_true, kind},
    work::Work,
};

type Apply = for<'a> fn(&mut Work<'a>, Computed<'a>, Given<'a>) -> Outcome<'a>;

/// A filter: `x|upper`, `x|join(', ')`.
pub(crate) struct Filter {
    pub(crate) name: &'static str,
    pub(crate) parameters: Parameters,
    pub(super) apply: Apply,
}

/// What a filter takes beside the value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Parameters {
    /// Any number of values without names.
    Any,
    /// Values with these names, of which the first `required` have to be given.
    Named { names: &'static [&'static str], required: usize },
}

/// What a filter was given, by the place of its parameters.
pub(crate) struct Given<'a>(Vec<Option<Computed<'a>>>);

impl fmt::Debug for Filter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

impl fmt::Display for Parameters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => formatter.write_str("values without names"),
            Self::Named { names: [], .. } => formatter.write_str("nothing"),
            Self::Named { names, required } => {
                for (place, name) in names.iter().enumerate() {
                    let comma = if place == 0 { "" } else { ", " };
                    let optional = if place < *required { "" } else { "?" };
                    write!(formatter, "{comma}{name}{optional}")?;
                }
                Ok(())
            }
        }
    }
}

impl Filter {
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        TABLES.iter().copied().flatten().find(|filter| filter.name == name)
    }

    /// Of a value that is there.
    const fn new(name: &'static str, names: &'static [&'static str], required: usize, apply: Apply) -> Self {
        Self { name, parameters: Parameters::Named { names, required }, apply }
    }

    pub(super) fn run<'a>(
        &self,
        work: &mut Work<'a>,
        of: Computed<'a>,
        given: Vec<Option<Computed<'a>>>,
    ) -> Outcome<'a> {
        (self.apply)(work, of, Given(given))
    }
}

const TABLES: [&[Filter]; 7] = [BASIC, encoding::ALL, lists::ALL, numbers::ALL, pattern::ALL, texts::ALL, times::ALL];

const BASIC: &[Filter] = &[
    Filter::new("default", &["default_value", "boolean"], 0, default),
    Filter::new("d", &["default_value", "boolean"], 0, default),
    Filter::new("string", &[], 0, |work, of, _| {
        let value = of.value()?;
        if value.is_string() {
            return Ok(Computed::Value(value));
        }
        let text = work.as_text(&value)?.into_owned();
        Ok(text.into())
    }),
    Filter::new("safe", &[], 0, |_, of, _| of.value().map(Computed::Value)),
    Filter::new("bool", &[], 0, |_, of, _| Ok(is_true(of.seen()?).into())),
    Filter::new("attr", &["name"], 1, |work, of, mut given| {
        let name = given.text(work, 0, "attr")?.unwrap_or_default();
        let name = crate::Segment::Name(name.into_owned());
        let missing = Computed::Missing(format!("`{name}`"));
        Ok(super::operate::at(of.value()?, &name).map_or(missing, Computed::Value))
    }),
];

/// What stands for a value that is missing; with `boolean`, for any that counts as false.
fn default<'a>(_: &mut Work<'a>, of: Computed<'a>, mut given: Given<'a>) -> Outcome<'a> {
    let default = given.take(0).unwrap_or_else(|| String::new().into());
    let also_false = given.flag(1)?;
    match of {
        Computed::Missing(_) => Ok(default),
        Computed::Value(value) if also_false && !is_true(&value) => Ok(default),
        present => Ok(present),
    }
}

impl<'a> Given<'a> {
    fn take(&mut self, place: usize) -> Option<Computed<'a>> {
        self.0.get_mut(place).and_then(Option::take)
    }

    /// The value at a place. Null counts as not given.
    fn value(&mut self, place: usize) -> Result<Option<Cow<'a, Value>>, EvaluateError> {
        let value = self.take(place).map(Computed::value).transpose()?;
        Ok(value.filter(|value| !value.is_null()))
    }

    fn text(&mut self, work: &mut Work<'a>, place: usize, filter: &str) -> Result<Option<Cow<'a, str>>, EvaluateError> {
        match self.value(place)? {
            None => Ok(None),
            Some(Cow::Borrowed(Value::String(text))) => Ok(Some(Cow::Borrowed(text))),
            Some(Cow::Owned(Value::String(text))) => Ok(Some(Cow::Owned(text))),
            Some(other) => {
                work.charge(1)?;
                Err(EvaluateError::Failed(format!("`{filter}` takes a string (got {})", kind(&other))))
            }
        }
    }

    fn whole(&mut self, place: usize, filter: &str) -> Result<Option<i64>, EvaluateError> {
        let Some(value) = self.value(place)? else { return Ok(None) };
        let whole = value.as_i64();
        whole
            .map(Some)
            .ok_or_else(|| EvaluateError::Failed(format!("`{filter}` takes a whole number (got {})", kind(&value))))
    }

    /// A number of things.
    fn count(&mut self, place: usize, filter: &str) -> Result<Option<usize>, EvaluateError> {
        let whole = self.whole(place, filter)?;
        let count = whole.map(usize::try_from).transpose();
        count.map_err(|_| {
            EvaluateError::Failed(format!(
                "`{filter}` takes a whole number of at least 0 (got {})",
                whole.unwrap_or_default()
            ))
        })
    }

    fn flag(&mut self, place: usize) -> Result<bool, EvaluateError> {
        Ok(self.value(place)?.is_some_and(|value| is_true(&value)))
    }
}

/// The text that a filter is applied to; a number or a boolean is taken as its text.
fn text_of<'a>(work: &mut Work<'a>, of: Computed<'a>, filter: &str) -> Result<Cow<'a, str>, EvaluateError> {
    let value = of.value()?;
    match value {
        Cow::Borrowed(Value::String(text)) => {
            work.read(text)?;
            Ok(Cow::Borrowed(text))
        }
        Cow::Owned(Value::String(text)) => {
            work.read(&text)?;
            Ok(Cow::Owned(text))
        }
        value => match &*value {
            Value::Array(_) | Value::Object(_) => Err(EvaluateError::Failed(format!(
                "`{filter}` is of strings (got {}): take a member, or convert with the filter `tojson` or `join`",
                kind(&value)
            ))),
            value => work.as_text(value).map(|text| Cow::Owned(text.into_owned())),
        },
    }
}
