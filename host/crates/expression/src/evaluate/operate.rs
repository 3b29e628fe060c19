//! What the parts of an expression do: reading members, operators, calls.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{
    Computed, EvaluateError, Outcome, Scope,
    compare::{is_true, kind},
    number::Num,
    work::{VALUE_BYTES, Work},
};
use crate::{
    Reference, Root, Segment,
    expression::{Arithmetic, Comparison, Function, Mapping, Node, Selection},
};

impl<'a> Work<'a> {
    pub(super) fn node(&mut self, node: &'a Node) -> Outcome<'a> {
        self.charge(1)?;
        match node {
            Node::Literal(value) => Ok(Computed::Value(Cow::Borrowed(value))),
            Node::Root(root) => self.root(*root),
            Node::Member(of, segment) => self.member(of, segment, node),
            Node::Item(of, place) => {
                let segment = match &*self.value(place)? {
                    Value::String(name) => Segment::Name(name.clone()),
                    // No list is longer.
                    Value::Number(place) if place.is_i64() || place.is_u64() => {
                        Segment::Index(place.as_i64().unwrap_or(i64::MAX))
                    }
                    other => {
                        return Err(EvaluateError::Failed(format!(
                            "a member is named by a string or a whole number (got {}): convert it with the filter `string` or \
                             `int`",
                            kind(other)
                        )));
                    }
                };
                self.member(of, &segment, node)
            }
            Node::Slice(parts) => self.slice(parts),
            Node::Not(of) => Ok((!self.is_true(of)?).into()),
            Node::Negate(of) => {
                let value = self.value(of)?;
                let number = Num::in_value(&value).ok_or_else(|| {
                    EvaluateError::Failed(format!(
                        "`-` negates a number (got {}): convert it with the filter `int` or `float`",
                        kind(&value)
                    ))
                })?;
                number.negated().into_value().map(Computed::from)
            }
            Node::And(pair) => {
                let first = self.value(&pair.0)?;
                if is_true(&first) { self.node(&pair.1) } else { Ok(Computed::Value(first)) }
            }
            Node::Or(pair) => {
                let first = self.value(&pair.0)?;
                if is_true(&first) { Ok(Computed::Value(first)) } else { self.node(&pair.1) }
            }
            Node::Arithmetic(sign, pair) => {
                let (one, other) = (self.value(&pair.0)?, self.value(&pair.1)?);
                self.arithmetic(*sign, one, other)
            }
            Node::Concat(pair) => {
                let (one, other) = (self.value(&pair.0)?, self.value(&pair.1)?);
                let (one, other) = (self.as_text(&one)?, self.as_text(&other)?);
                self.make(one.len() + other.len())?;
                Ok(format!("{one}{other}").into())
            }
            Node::Compare(first, others) => self.comparisons(first, others),
            Node::If { test, then, otherwise } => {
                if self.is_true(test)? {
                    return self.node(then);
                }
                let missing = || Ok(Computed::Missing("the value of an `if` without `else`".to_owned()));
                otherwise.as_deref().map_or_else(missing, |otherwise| self.node(otherwise))
            }
            Node::Filter(filter, of, arguments) => {
                let of = self.node(of)?;
                let arguments = self.optional(arguments)?;
                filter.run(self, of, arguments)
            }
            Node::Test(test, of, arguments) => {
                let of = self.node(of)?;
                let arguments = self.values(arguments)?;
                Ok((test.holds)(self, &of, &arguments)?.into())
            }
            Node::Map(of, mapping) => self.map(of, mapping),
            Node::Select(of, selection) => self.select(of, selection),
            Node::Call(function, arguments) => self.call(function, arguments),
            Node::List(items) => {
                let items = self.values(items)?;
                self.list(items).map(Computed::Value)
            }
            Node::Object(members) => {
                let mut made = Map::new();
                for (name, member) in members {
                    let name = self.value(name)?;
                    let member = self.value(member)?;
                    let name =
                        name.as_str().ok_or(EvaluateError::NotJson("an object with a key that is not a string"))?;
                    self.put(&mut made, name, member)?;
                }
                Ok(Value::Object(made).into())
            }
        }
    }

    pub(super) fn value(&mut self, node: &'a Node) -> Result<Cow<'a, Value>, EvaluateError> {
        self.node(node)?.value()
    }

    fn values(&mut self, nodes: &'a [Node]) -> Result<Vec<Cow<'a, Value>>, EvaluateError> {
        nodes.iter().map(|node| self.value(node)).collect()
    }

    fn optional(&mut self, nodes: &'a [Option<Node>]) -> Result<Vec<Option<Computed<'a>>>, EvaluateError> {
        nodes.iter().map(|node| node.as_ref().map(|node| self.node(node)).transpose()).collect()
    }

    pub(super) fn is_true(&mut self, node: &'a Node) -> Result<bool, EvaluateError> {
        self.value(node).map(|value| is_true(&value))
    }

    fn root(&mut self, root: Root) -> Outcome<'a> {
        let Scope { data, layers, .. } = *self.scope;
        if root == Root::Steps && !layers.is_empty() {
            let mut steps = Map::new();
            for (name, step) in layers.iter().flat_map(|layer| layer.steps) {
                self.put(&mut steps, name, Cow::Borrowed(step))?;
            }
            return Ok(Value::Object(steps).into());
        }
        let name = root.as_str();
        let item = layers.iter().rev().find_map(|layer| layer.item).filter(|_| root == Root::Item);
        let value = item.or_else(|| data.get(name));
        Ok(value.map_or_else(|| Computed::Missing(format!("`{name}`")), |value| Computed::Value(Cow::Borrowed(value))))
    }

    /// A member of a value. Below what is missing everything is missing, and the first of it is named.
    fn member(&mut self, of: &'a Node, segment: &Segment, node: &Node) -> Outcome<'a> {
        if let (Node::Root(Root::Inputs), Segment::Name(name)) = (of, segment)
            && let Some((name, _)) = self.scope.secrets.get_key_value(name)
        {
            return Ok(Computed::Secret(name));
        }
        let missing = || {
            let name = Reference::of(node).map(|reference| format!("`{reference}`"));
            Computed::Missing(name.unwrap_or_else(|| "a member of what is computed".to_owned()))
        };
        if let (Node::Root(Root::Steps), Segment::Name(name), [_, ..]) = (of, segment, self.scope.layers) {
            self.charge(1)?;
            let step = self.scope.layers.iter().rev().find_map(|layer| layer.steps.get(name));
            return Ok(step.map_or_else(missing, |step| Computed::Value(Cow::Borrowed(step))));
        }
        let of = match self.node(of)? {
            Computed::Missing(name) => return Ok(Computed::Missing(name)),
            other => other.value()?,
        };
        Ok(at(of, segment).map_or_else(missing, Computed::Value))
    }

    fn slice(&mut self, parts: &'a [Option<Node>; 4]) -> Outcome<'a> {
        let [Some(of), bounds @ ..] = parts else { return Err(EvaluateError::Failed("nothing to cut".to_owned())) };
        let of = self.value(of)?;
        let mut numbers = [None; 3];
        for (number, bound) in numbers.iter_mut().zip(bounds) {
            let Some(bound) = bound else { continue };
            let bound = self.value(bound)?;
            if !bound.is_null() {
                let whole = bound.as_i64().ok_or_else(|| {
                    EvaluateError::Failed(format!("a part is cut out by whole numbers (got {})", kind(&bound)))
                })?;
                *number = Some(whole);
            }
        }
        let [start, stop, step] = numbers;
        let is_text = of.is_string();
        if !is_text && !of.is_array() {
            let message = format!("a part can be cut out of a string or a list (got {})", kind(&of));
            return Err(EvaluateError::Failed(message));
        }
        let mut items: Vec<_> = self.items(of, "")?.into_iter().map(Some).collect();
        let places = places(items.len(), start, stop, step.unwrap_or(1))?;
        self.charge(places.len())?;
        // No place comes twice.
        let taken: Vec<_> =
            places.into_iter().filter_map(|place| items.get_mut(place).and_then(Option::take)).collect();
        if is_text {
            return self.text(taken.iter().filter_map(|item| item.as_str()).collect()).map(Computed::Value);
        }
        self.list(taken).map(Computed::Value)
    }

    fn arithmetic(&mut self, sign: Arithmetic, one: Cow<'a, Value>, other: Cow<'a, Value>) -> Outcome<'a> {
        if let (Some(one), Some(other)) = (Num::in_value(&one), Num::in_value(&other)) {
            return one.computed(sign, other)?.into_value().map(Computed::from);
        }
        match (sign, &*one, &*other) {
            (Arithmetic::Add, Value::String(one), Value::String(other)) => {
                self.make(one.len() + other.len())?;
                Ok(format!("{one}{other}").into())
            }
            (Arithmetic::Add, Value::Array(_), Value::Array(_)) => {
                let (one, other) = (self.items(one, "")?, self.items(other, "")?);
                self.list(one.into_iter().chain(other)).map(Computed::Value)
            }
            (Arithmetic::Add, one, other) => Err(EvaluateError::Failed(format!(
                "`+` adds numbers, strings or lists (got {} and {}): join texts with `~`, or convert with the filter `int`, `float` or `string`",
                kind(one),
                kind(other)
            ))),
            (_, one, other) => Err(EvaluateError::Failed(format!(
                "`{}` is of numbers (got {} and {}): convert with the filter `int` or `float`",
                sign.sign(),
                kind(one),
                kind(other)
            ))),
        }
    }

    fn comparisons(&mut self, first: &'a Node, others: &'a [(Comparison, Node)]) -> Outcome<'a> {
        let mut one = self.value(first)?;
        for (sign, other) in others {
            let other = self.value(other)?;
            let holds = match sign {
                Comparison::Equal => self.is_equal(&one, &other)?,
                Comparison::Unequal => !self.is_equal(&one, &other)?,
                Comparison::In => self.holds(&other, &one)?,
                Comparison::NotIn => !self.holds(&other, &one)?,
                Comparison::Less => self.compare(&one, sign.sign(), &other)?.is_lt(),
                Comparison::LessOrEqual => self.compare(&one, sign.sign(), &other)?.is_le(),
                Comparison::Greater => self.compare(&one, sign.sign(), &other)?.is_gt(),
                Comparison::GreaterOrEqual => self.compare(&one, sign.sign(), &other)?.is_ge(),
            };
            if !holds {
                return Ok(false.into());
            }
            one = other;
        }
        Ok(true.into())
    }

    fn map(&mut self, of: &'a Node, mapping: &'a Mapping) -> Outcome<'a> {
        let of = self.value(of)?;
        let items = self.items(of, "`map` goes through")?;
        let mut made = Vec::new();
        match mapping {
            Mapping::Attribute(path, default) => {
                for item in items {
                    self.charge(path.len())?;
                    made.push(match (follow(item, path), default) {
                        (Some(found), _) => found,
                        (None, Some(default)) => self.value(default)?,
                        (None, None) => {
                            return Err(EvaluateError::Undefined(format!("`{}` of an item", written(path))));
                        }
                    });
                }
            }
            Mapping::Filter(filter, arguments) => {
                for item in items {
                    let arguments = self.optional(arguments)?;
                    made.push(filter.run(self, Computed::Value(item), arguments)?.value()?);
                }
            }
        }
        self.list(made).map(Computed::Value)
    }

    fn select(&mut self, of: &'a Node, selection: &'a Selection) -> Outcome<'a> {
        let of = self.value(of)?;
        let items = self.items(of, "`select` goes through")?;
        let mut kept = Vec::new();
        for item in items {
            self.charge(1 + selection.attribute.len())?;
            let found = follow(Cow::Borrowed(&*item), &selection.attribute).map_or_else(
                || Computed::Missing(format!("`{}` of an item", written(&selection.attribute))),
                Computed::Value,
            );
            let holds = match &selection.test {
                Some((test, arguments)) => {
                    let arguments = self.values(arguments)?;
                    (test.holds)(self, &found, &arguments)?
                }
                None => match found {
                    Computed::Missing(_) => false,
                    found => is_true(&*found.value()?),
                },
            };
            if holds == selection.keeps {
                kept.push(item);
            }
        }
        self.list(kept).map(Computed::Value)
    }

    fn call(&mut self, function: &'a Function, arguments: &'a [Node]) -> Outcome<'a> {
        let given = self.values(arguments)?;
        match function {
            Function::Now => Ok(self.scope.now.to_string().into()),
            Function::Dict(names) => {
                let mut made = Map::new();
                for (name, member) in names.iter().zip(given) {
                    self.put(&mut made, name, member)?;
                }
                Ok(Value::Object(made).into())
            }
            Function::Range => {
                let mut numbers = Vec::new();
                for value in &given {
                    numbers.push(value.as_i64().ok_or_else(|| {
                        EvaluateError::Failed(format!("`range` takes whole numbers (got {})", kind(value)))
                    })?);
                }
                let (start, stop, step) = match numbers[..] {
                    [stop] => (0, stop, 1),
                    [start, stop] => (start, stop, 1),
                    [start, stop, step, ..] => (start, stop, step),
                    [] => (0, 0, 1),
                };
                if step == 0 {
                    return Err(EvaluateError::Failed("`range` needs a step that is not 0".to_owned()));
                }
                let mut made = Vec::new();
                let mut at = start;
                while if step > 0 { at < stop } else { at > stop } {
                    self.charge(1)?;
                    self.make(VALUE_BYTES)?;
                    made.push(Value::from(at));
                    let Some(next) = at.checked_add(step) else { break };
                    at = next;
                }
                Ok(Value::Array(made).into())
            }
        }
    }

    /// The items of a list, the characters of a text, or the names of an object's members.
    pub(super) fn items(&mut self, value: Cow<'a, Value>, what: &str) -> Result<Vec<Cow<'a, Value>>, EvaluateError> {
        let count = match &*value {
            Value::Array(items) => items.len(),
            Value::String(text) => text.len(),
            Value::Object(members) => members.len(),
            other => return Err(EvaluateError::Failed(format!("{what} a list (got {})", kind(other)))),
        };
        self.charge(count)?;
        self.make(count.saturating_mul(VALUE_BYTES))?;
        Ok(match value {
            Cow::Borrowed(Value::Array(items)) => items.iter().map(Cow::Borrowed).collect(),
            Cow::Owned(Value::Array(items)) => items.into_iter().map(Cow::Owned).collect(),
            value => match &*value {
                Value::String(text) => text.chars().map(|character| Cow::Owned(character.to_string().into())).collect(),
                Value::Object(members) => {
                    let names: Vec<&String> = members.keys().collect();
                    names.iter().try_for_each(|name| self.make(name.len()))?;
                    names.into_iter().map(|name| Cow::Owned(name.as_str().into())).collect()
                }
                _ => Vec::new(),
            },
        })
    }
}

/// A member of a value, if it has it.
pub(super) fn at<'a>(value: Cow<'a, Value>, segment: &Segment) -> Option<Cow<'a, Value>> {
    let place = |length: usize, index: i64| {
        let index = if index < 0 { index.checked_add(i64::try_from(length).ok()?)? } else { index };
        usize::try_from(index).ok().filter(|index| *index < length)
    };
    match (value, segment) {
        (Cow::Borrowed(Value::Object(members)), Segment::Name(name)) => members.get(name).map(Cow::Borrowed),
        (Cow::Owned(Value::Object(mut members)), Segment::Name(name)) => members.remove(name).map(Cow::Owned),
        (Cow::Borrowed(Value::Array(items)), Segment::Index(index)) => {
            items.get(place(items.len(), *index)?).map(Cow::Borrowed)
        }
        (Cow::Owned(Value::Array(mut items)), Segment::Index(index)) => {
            Some(Cow::Owned(items.swap_remove(place(items.len(), *index)?)))
        }
        (value, Segment::Index(index)) => {
            let text = value.as_str()?;
            let length = if *index < 0 { text.chars().count() } else { text.len() };
            let character = text.chars().nth(place(length, *index)?)?;
            Some(Cow::Owned(character.to_string().into()))
        }
        _ => None,
    }
}

pub(super) fn follow<'a>(value: Cow<'a, Value>, path: &[Segment]) -> Option<Cow<'a, Value>> {
    path.iter().try_fold(value, at)
}

fn written(path: &[Segment]) -> String {
    path.iter().map(ToString::to_string).collect::<String>().trim_start_matches('.').to_owned()
}

/// The places that `[start:stop:step]` takes of `length` items, as Python takes them.
fn places(length: usize, start: Option<i64>, stop: Option<i64>, step: i64) -> Result<Vec<usize>, EvaluateError> {
    if step == 0 {
        return Err(EvaluateError::Failed("the step of a part must not be 0".to_owned()));
    }
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let (first, last) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let bound = |bound: Option<i64>, default: i64| {
        bound.map_or(default, |bound| (if bound < 0 { bound.saturating_add(length) } else { bound }).clamp(first, last))
    };
    let (mut at, stop) =
        if step > 0 { (bound(start, first), bound(stop, last)) } else { (bound(start, last), bound(stop, first)) };
    let mut taken = Vec::new();
    while if step > 0 { at < stop } else { at > stop } {
        taken.extend(usize::try_from(at));
        let Some(next) = at.checked_add(step) else { break };
        at = next;
    }
    Ok(taken)
}
