//! Filters of lists and objects.

use std::{borrow::Cow, collections::BTreeSet};

use serde_json::{Map, Value};

use super::{Filter, Given};
use crate::{
    Segment,
    evaluate::{
        Computed, EvaluateError, Outcome,
        compare::{Key, kind, rounds},
        number::Num,
        operate::follow,
        work::Work,
    },
    expression::{Arithmetic, segments},
};

pub(super) const ALL: &[Filter] = &[
    Filter::new("length", &[], 0, |work, of, _| length(work, &of)),
    Filter::new("count", &[], 0, |work, of, _| length(work, &of)),
    Filter::new("list", &[], 0, |work, of, _| {
        let items = work.items(of.value()?, "`list` makes a list of")?;
        work.list(items).map(Computed::Value)
    }),
    Filter::new("first", &[], 0, |work, of, _| end(work, of, "first", 0)),
    Filter::new("last", &[], 0, |work, of, _| end(work, of, "last", -1)),
    Filter::new("reverse", &[], 0, reverse),
    Filter::new("join", &["d", "attribute"], 0, join),
    Filter::new("sum", &["attribute", "start"], 0, sum),
    Filter::new("min", &["case_sensitive", "attribute"], 0, |work, of, given| extreme(work, of, given, "min")),
    Filter::new("max", &["case_sensitive", "attribute"], 0, |work, of, given| extreme(work, of, given, "max")),
    Filter::new("sort", &["reverse", "case_sensitive", "attribute"], 0, sort),
    Filter::new("unique", &["case_sensitive", "attribute"], 0, unique),
    Filter::new("groupby", &["attribute", "default", "case_sensitive"], 1, groupby),
    Filter::new("items", &[], 0, |work, of, _| {
        let pairs = pairs(work, of, "items")?;
        pair_list(work, pairs)
    }),
    Filter::new("dictsort", &["case_sensitive", "by", "reverse"], 0, dictsort),
    Filter::new("batch", &["linecount", "fill_with"], 1, batch),
    Filter::new("slice", &["slices", "fill_with"], 1, slice),
];

fn length<'a>(work: &mut Work<'a>, of: &Computed<'a>) -> Outcome<'a> {
    Ok(match of.seen()? {
        Value::String(text) => {
            work.read(text)?;
            text.chars().count()
        }
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        other => {
            return Err(EvaluateError::Failed(format!(
                "`length` counts a string, a list or an object (got {})",
                kind(other)
            )));
        }
    }
    .into())
}

fn end<'a>(work: &mut Work<'a>, of: Computed<'a>, filter: &str, place: i64) -> Outcome<'a> {
    let of = of.value()?;
    if let Value::String(text) = &*of {
        work.read(text)?;
    } else if !of.is_array() {
        return Err(EvaluateError::Failed(format!("`{filter}` is of a list or a string (got {})", kind(&of))));
    }
    let missing = || Computed::Missing(format!("the {filter} item of what is empty"));
    Ok(follow(of, &[Segment::Index(place)]).map_or_else(missing, Computed::Value))
}

fn reverse<'a>(work: &mut Work<'a>, of: Computed<'a>, _: Given<'a>) -> Outcome<'a> {
    let of = of.value()?;
    let is_text = of.is_string();
    let mut items = work.items(of, "`reverse` turns round")?;
    items.reverse();
    if is_text {
        return work.text(items.iter().filter_map(|item| item.as_str()).collect()).map(Computed::Value);
    }
    work.list(items).map(Computed::Value)
}

fn join<'a>(work: &mut Work<'a>, of: Computed<'a>, mut given: Given<'a>) -> Outcome<'a> {
    let between = given.text(work, 0, "join")?.unwrap_or_default();
    let attribute = attribute(work, &mut given, 1, "join")?;
    let items = work.items(of.value()?, "`join` joins")?;
    let mut made = String::new();
    for (place, item) in items.into_iter().enumerate() {
        let item = attribute.of(item)?;
        let text = work.as_text(&item)?;
        work.charge(1)?;
        work.make(text.len() + between.len())?;
        if place > 0 {
            made.push_str(&between);
        }
        made.push_str(&text);
    }
    Ok(made.into())
}

fn sum<'a>(work: &mut Work<'a>, of: Computed<'a>, mut given: Given<'a>) -> Outcome<'a> {
    let attribute = attribute(work, &mut given, 0, "sum")?;
    let number = |value: &Value| {
        let wrong = || {
            EvaluateError::Failed(format!(
                "`sum` adds numbers (got {}): convert with `map('int')` or `map('float')`",
                kind(value)
            ))
        };
        Num::in_value(value).ok_or_else(wrong)
    };
    let start = given.value(1)?.map_or(Ok(Num::Whole(0)), |start| number(&start))?;
    let items = work.items(of.value()?, "`sum` adds")?;
    let mut sum = start;
    for item in items {
        sum = sum.computed(Arithmetic::Add, number(&*attribute.of(item)?)?)?;
    }
    sum.into_value().map(Computed::from)
}

fn extreme<'a>(work: &mut Work<'a>, of: Computed<'a>, mut given: Given<'a>, filter: &str) -> Outcome<'a> {
    let case_sensitive = given.flag(0)?;
    let attribute = attribute(work, &mut given, 1, filter)?;
    let items = work.items(of.value()?, "an extreme is taken of")?;
    let sorted = keyed(work, items, &attribute, case_sensitive, filter)?;
    // The first of those that are equal, as in Python.
    let found = if filter == "min" {
        sorted.into_iter().next()
    } else {
        sorted.into_iter().reduce(|most, next| if next.0 > most.0 { next } else { most })
    };
    let missing = || Computed::Missing(format!("the {filter} of what is empty"));
    Ok(found.map_or_else(missing, |(_, item)| Computed::Value(item)))
}

fn sort<'a>(work: &mut Work<'a>, of: Computed<'a>, mut given: Given<'a>) -> Outcome<'a> {
    let (reversed, case_sensitive) = (given.flag(0)?, given.flag(1)?);
    let attribute = attribute(work, &mut given, 2, "sort")?;
    let items = work.items(of.value()?, "`sort` sorts")?;
    let sorted = keyed(work, items, &attribute, case_sensitive, "sort")?;
    let sorted = if reversed { turned(sorted) } else { sorted };
    work.list(sorted.into_iter().map(|(_, item)| item)).map(Computed::Value)
}

/// The other way round, while those that are equal stay in their order, as in Python.
fn turned<T>(sorted: Vec<(Key, T)>) -> Vec<(Key, T)> {
    let mut turned = sorted;
    turned.sort_by(|(one, _), (other, _)| other.cmp(one));
    turned
}

fn keyed<'a>(
    work: &mut Work<'a>,
    items: Vec<Cow<'a, Value>>,
    attribute: &Attribute,
    case_sensitive: bool,
    filter: &str,
) -> Result<Vec<(Key, Cow<'a, Value>)>, EvaluateError> {
    let mut keyed = Vec::new();
    for item in items {
        let key = {
            let key = attribute.of(Cow::Borrowed(&*item))?;
            work.key(&key, case_sensitive, filter)?
        };
        work.make(64)?;
        keyed.push((key, item));
    }
    work.sort(&mut keyed, filter)?;
    Ok(keyed)
}

fn unique<'a>(work: &mut Work<'a>, of: Computed<'a>, mut given: Given<'a>) -> Outcome<'a> {
    let case_sensitive = given.flag(0)?;
    let attribute = attribute(work, &mut given, 1, "unique")?;
    let items = work.items(of.value()?, "`unique` goes through")?;
    let mut seen = BTreeSet::new();
    let mut kept = Vec::new();
    let rounds = rounds(items.len());
    for item in items {
        let key = {
            let key = attribute.of(Cow::Borrowed(&*item))?;
            work.key(&key, case_sensitive, "unique")?
        };
        work.charge(rounds.saturating_mul(1 + key.length() / 64))?;
        work.make(64)?;
        if seen.insert(key) {
            kept.push(item);
        }
    }
    work.list(kept).map(Computed::Value)
}

/// A list of objects with `grouper` and `list`, by the value of a member.
fn groupby<'a>(work: &mut Work<'a>, of: Computed<'a>, mut given: Given<'a>) -> Outcome<'a> {
    let mut attribute = attribute(work, &mut given, 0, "groupby")?;
    if let Some(default) = given.value(1)? {
        attribute.default = Some(work.owned(default)?);
    }
    let case_sensitive = given.flag(2)?;
    let items = work.items(of.value()?, "`groupby` goes through")?;
    let mut groups: Vec<(Key, Value, Vec<Value>)> = Vec::new();
    for (key, item) in keyed(work, items, &attribute, case_sensitive, "groupby")? {
        let grouper = work.owned_copy(&*attribute.of(Cow::Borrowed(&*item))?)?;
        let item = work.owned(item)?;
        match groups.last_mut().filter(|(last, _, _)| *last == key) {
            Some((_, _, list)) => list.push(item),
            None => groups.push((key, grouper, vec![item])),
        }
    }
    let mut made = Vec::new();
    for (_, grouper, list) in groups {
        let mut group = Map::new();
        work.put(&mut group, "grouper", Cow::Owned(grouper))?;
        work.put(&mut group, "list", Cow::Owned(Value::Array(list)))?;
        made.push(Cow::Owned(Value::Object(group)));
    }
    work.list(made).map(Computed::Value)
}

fn pairs<'a>(work: &mut Work<'a>, of: Computed<'a>, filter: &str) -> Result<Vec<(String, Value)>, EvaluateError> {
    let of = work.owned(of.value()?)?;
    let Value::Object(members) = of else {
        return Err(EvaluateError::Failed(format!("`{filter}` is of an object (got {})", kind(&of))));
    };
    work.charge(members.len())?;
    Ok(members.into_iter().collect())
}

fn pair_list<'a>(work: &mut Work<'a>, pairs: Vec<(String, Value)>) -> Outcome<'a> {
    work.make(pairs.len().saturating_mul(64))?;
    work.list(pairs.into_iter().map(|(name, member)| Cow::Owned(Value::Array(vec![name.into(), member]))))
        .map(Computed::Value)
}

fn dictsort<'a>(work: &mut Work<'a>, of: Computed<'a>, mut given: Given<'a>) -> Outcome<'a> {
    let case_sensitive = given.flag(0)?;
    let by = given.text(work, 1, "dictsort")?;
    let reversed = given.flag(2)?;
    let place = match by.as_deref().unwrap_or("key") {
        "key" => 0,
        "value" => 1,
        _ => return Err(EvaluateError::Failed("`dictsort` sorts by key or by value".to_owned())),
    };
    let pairs = pairs(work, of, "dictsort")?;
    let pairs = pairs.into_iter().map(|(name, member)| Cow::Owned(Value::Array(vec![name.into(), member])));
    let attribute = Attribute { path: vec![Segment::Index(place)], default: None };
    let sorted = keyed(work, pairs.collect(), &attribute, case_sensitive, "dictsort")?;
    let sorted = if reversed { turned(sorted) } else { sorted };
    work.list(sorted.into_iter().map(|(_, pair)| pair)).map(Computed::Value)
}

fn batch<'a>(work: &mut Work<'a>, of: Computed<'a>, mut given: Given<'a>) -> Outcome<'a> {
    let size = given.count(0, "batch")?.filter(|size| *size > 0);
    let size = size.ok_or_else(|| EvaluateError::Failed("`batch` takes a whole number of at least 1".to_owned()))?;
    let fill = given.value(1)?;
    let items = work.items(of.value()?, "`batch` divides")?;
    let mut made = Vec::new();
    let mut items = items.into_iter().peekable();
    while items.peek().is_some() {
        let mut part: Vec<_> = items.by_ref().take(size).collect();
        if let Some(fill) = &fill {
            pad(work, &mut part, size, fill)?;
        }
        made.push(work.list(part)?);
    }
    work.list(made).map(Computed::Value)
}

/// Into so many lists, the first ones longer by one where it does not come out even. As in Jinja2 each of the others gets one
/// `fill_with`, and so does every list where it comes out even.
fn slice<'a>(work: &mut Work<'a>, of: Computed<'a>, mut given: Given<'a>) -> Outcome<'a> {
    let count = given.count(0, "slice")?.filter(|count| *count > 0);
    let count = count.ok_or_else(|| EvaluateError::Failed("`slice` takes a whole number of at least 1".to_owned()))?;
    let fill = given.value(1)?;
    let items = work.items(of.value()?, "`slice` divides")?;
    let (size, longer) = (items.len() / count, items.len() % count);
    let mut made = Vec::new();
    let mut items = items.into_iter();
    for place in 0..count {
        work.charge(1)?;
        work.make(64)?;
        let mut part: Vec<_> = items.by_ref().take(size + usize::from(place < longer)).collect();
        if let Some(fill) = fill.as_ref().filter(|_| place >= longer) {
            pad(work, &mut part, size + 1, fill)?;
        }
        made.push(work.list(part)?);
    }
    work.list(made).map(Computed::Value)
}

fn pad<'a>(
    work: &mut Work<'a>,
    part: &mut Vec<Cow<'a, Value>>,
    size: usize,
    fill: &Value,
) -> Result<(), EvaluateError> {
    while part.len() < size {
        work.charge(1)?;
        part.push(Cow::Owned(work.owned_copy(fill)?));
    }
    Ok(())
}

/// What a filter looks at in each item: a member by its path, or the item itself.
struct Attribute {
    path: Vec<Segment>,
    default: Option<Value>,
}

impl Attribute {
    fn of<'v>(&'v self, item: Cow<'v, Value>) -> Result<Cow<'v, Value>, EvaluateError> {
        match (follow(item, &self.path), &self.default) {
            (Some(found), _) => Ok(found),
            (None, Some(default)) => Ok(Cow::Borrowed(default)),
            (None, None) => {
                let path: String = self.path.iter().map(ToString::to_string).collect();
                Err(EvaluateError::Undefined(format!("`{}` of an item", path.trim_start_matches('.'))))
            }
        }
    }
}

fn attribute<'a>(
    work: &mut Work<'a>,
    given: &mut Given<'a>,
    place: usize,
    filter: &str,
) -> Result<Attribute, EvaluateError> {
    let path = match given.value(place)? {
        None => Vec::new(),
        Some(value) => match (&*value, value.as_i64()) {
            (_, Some(index)) => vec![Segment::Index(index)],
            (Value::String(path), _) => {
                work.read(path)?;
                let wrong = || {
                    EvaluateError::Failed(format!("`{filter}` takes names and places with dots, for example user.name"))
                };
                segments(path).ok_or_else(wrong)?
            }
            (other, _) => {
                return Err(EvaluateError::Failed(format!(
                    "`{filter}` takes the name of a member (got {})",
                    kind(other)
                )));
            }
        },
    };
    Ok(Attribute { path, default: None })
}
