//! Makes the tree of an expression from minijinja's. Refuses every name that is not known, and arguments that nothing takes.

use std::cell::Cell;

use minijinja::{
    Value as Constant,
    machinery::{
        Span,
        ast::{BinOpKind, CallArg, CompareOpKind, Expr, UnaryOpKind},
    },
    value::ValueKind,
};
use serde_json::{Number, Value};

use super::{Arithmetic, Comparison, ExpressionError, Function, Mapping, Node, Root, Segment, Selection};
use crate::{
    bounds::MAX_EXPRESSION_DEPTH,
    evaluate::{
        filters::{Filter, Parameters},
        tests::Test,
    },
    text::clipped,
};

/// The filters that name another filter, a test or an attribute.
const OVER_ITEMS: [&str; 5] = ["map", "select", "reject", "selectattr", "rejectattr"];

type Built<T = Node> = Result<T, ExpressionError>;

/// The tree of an expression that was parsed from `source`.
pub(super) fn tree(source: &str, expression: &Expr<'_>) -> Built {
    Builder { source, depth: Cell::new(0) }.node(expression)
}

/// Arguments as they are written: those without a name, and those with one.
#[derive(Default)]
struct Arguments<'e> {
    unnamed: Vec<&'e Expr<'e>>,
    named: Vec<(&'e str, &'e Expr<'e>)>,
}

struct Builder<'s> {
    source: &'s str,
    /// How deep in the tree it is.
    depth: Cell<usize>,
}

impl Builder<'_> {
    fn boxed(&self, expression: &Expr<'_>) -> Built<Box<Node>> {
        self.node(expression).map(Box::new)
    }

    fn pair(&self, left: &Expr<'_>, right: &Expr<'_>) -> Built<Box<(Node, Node)>> {
        Ok(Box::new((self.node(left)?, self.node(right)?)))
    }

    fn list(&self, expressions: &[Expr<'_>]) -> Built<Vec<Node>> {
        expressions.iter().map(|expression| self.node(expression)).collect()
    }

    fn node(&self, expression: &Expr<'_>) -> Built {
        self.depth.set(self.depth.get() + 1);
        if self.depth.get() > MAX_EXPRESSION_DEPTH {
            return Err(ExpressionError::TooComplex);
        }
        let built = self.part(expression);
        self.depth.set(self.depth.get() - 1);
        built
    }

    fn part(&self, expression: &Expr<'_>) -> Built {
        Ok(match expression {
            Expr::Const(constant) => Node::Literal(literal(&constant.value)?),
            Expr::Var(name) => Node::Root(self.root(name.id, name.span())?),
            Expr::GetAttr(member) => Node::Member(self.boxed(&member.expr)?, Segment::Name(member.name.to_owned())),
            Expr::GetItem(item) => {
                let of = self.boxed(&item.expr)?;
                let place = self.node(&item.subscript_expr)?;
                match written_place(&place) {
                    Some(segment) => Node::Member(of, segment),
                    None => Node::Item(of, Box::new(place)),
                }
            }
            Expr::Slice(slice) => {
                let part = |part: &Option<Expr<'_>>| part.as_ref().map(|part| self.node(part)).transpose();
                let of = Some(self.node(&slice.expr)?);
                Node::Slice(Box::new([of, part(&slice.start)?, part(&slice.stop)?, part(&slice.step)?]))
            }
            Expr::UnaryOp(unary) => match unary.op {
                UnaryOpKind::Not => Node::Not(self.boxed(&unary.expr)?),
                UnaryOpKind::Neg => Node::Negate(self.boxed(&unary.expr)?),
            },
            Expr::BinOp(operation) => self.operation(operation.op, &operation.left, &operation.right)?,
            Expr::Compare(compare) => {
                let others = compare.ops.iter().map(|other| Ok((comparison(other.op), self.node(&other.expr)?)));
                Node::Compare(self.boxed(&compare.expr)?, others.collect::<Built<_>>()?)
            }
            Expr::IfExpr(choice) => Node::If {
                test: self.boxed(&choice.test_expr)?,
                then: self.boxed(&choice.true_expr)?,
                otherwise: choice.false_expr.as_ref().map(|expression| self.boxed(expression)).transpose()?,
            },
            Expr::Filter(filter) => {
                // Only a block of a template can leave it out.
                let Some(of) = &filter.expr else { return Err(ExpressionError::UnknownFilter(clipped(filter.name))) };
                self.filter(filter.name, self.boxed(of)?, &filter.args)?
            }
            Expr::Test(test) => {
                let found = known_test(test.name)?;
                Node::Test(found, self.boxed(&test.expr)?, self.test_arguments(found, arguments(&test.args)?)?)
            }
            Expr::Call(call) => self.call(&call.expr, arguments(&call.args)?)?,
            Expr::List(list) => Node::List(self.list(&list.items)?),
            Expr::Tuple(tuple) => Node::List(self.list(&tuple.items)?),
            Expr::Map(map) => {
                let members = map.keys.iter().zip(&map.values);
                Node::Object(
                    members.map(|(name, member)| Ok((self.node(name)?, self.node(member)?))).collect::<Built<_>>()?,
                )
            }
        })
    }

    fn operation(&self, kind: BinOpKind, left: &Expr<'_>, right: &Expr<'_>) -> Built {
        let arithmetic = |sign| Ok(Node::Arithmetic(sign, self.pair(left, right)?));
        let compare = |sign| Ok(Node::Compare(self.boxed(left)?, vec![(sign, self.node(right)?)]));
        match kind {
            BinOpKind::ScAnd => Ok(Node::And(self.pair(left, right)?)),
            BinOpKind::ScOr => Ok(Node::Or(self.pair(left, right)?)),
            BinOpKind::Concat => Ok(Node::Concat(self.pair(left, right)?)),
            BinOpKind::Add => arithmetic(Arithmetic::Add),
            BinOpKind::Sub => arithmetic(Arithmetic::Subtract),
            BinOpKind::Mul => arithmetic(Arithmetic::Multiply),
            BinOpKind::Div => arithmetic(Arithmetic::Divide),
            BinOpKind::FloorDiv => arithmetic(Arithmetic::DivideWhole),
            BinOpKind::Rem => arithmetic(Arithmetic::Remainder),
            BinOpKind::Pow => arithmetic(Arithmetic::Power),
            BinOpKind::Eq => compare(Comparison::Equal),
            BinOpKind::Ne => compare(Comparison::Unequal),
            BinOpKind::Lt => compare(Comparison::Less),
            BinOpKind::Lte => compare(Comparison::LessOrEqual),
            BinOpKind::Gt => compare(Comparison::Greater),
            BinOpKind::Gte => compare(Comparison::GreaterOrEqual),
            BinOpKind::In => compare(Comparison::In),
        }
    }

    fn filter(&self, name: &str, of: Box<Node>, written: &[CallArg<'_>]) -> Built {
        let arguments = arguments(written)?;
        if let Some(name) = OVER_ITEMS.into_iter().find(|known| *known == name) {
            return self.over_items(name, of, arguments);
        }
        let filter = known_filter(name)?;
        Ok(Node::Filter(filter, of, self.filter_arguments(filter, arguments)?))
    }

    /// `map('upper')`, `map(attribute='a.b', default=0)`, `select`, `select('gt', 3)`, `rejectattr('a', 'eq', 1)`.
    fn over_items(&self, name: &'static str, of: Box<Node>, mut arguments: Arguments<'_>) -> Built {
        if name == "map" {
            let mapping = if arguments.unnamed.is_empty() {
                let mut take = |wanted: &str| {
                    let place = arguments.named.iter().position(|(name, _)| *name == wanted)?;
                    Some(arguments.named.remove(place).1)
                };
                let (attribute, default) = (take("attribute"), take("default"));
                let attribute = self.attribute(name, attribute)?;
                Mapping::Attribute(attribute, default.map(|default| self.node(default)).transpose()?)
            } else {
                let filter = known_filter(&self.name(name, Some(arguments.unnamed.remove(0)))?)?;
                Mapping::Filter(filter, self.filter_arguments(filter, std::mem::take(&mut arguments))?)
            };
            none_left(name, &arguments)?;
            return Ok(Node::Map(of, Box::new(mapping)));
        }
        let mut take = || (!arguments.unnamed.is_empty()).then(|| arguments.unnamed.remove(0));
        let attribute = if name.ends_with("attr") { self.attribute(name, take())? } else { Vec::new() };
        let test = take().map(|test| known_test(&self.name(name, Some(test))?)).transpose()?;
        let test = match test {
            Some(test) => Some((test, self.test_arguments(test, arguments)?)),
            None => {
                none_left(name, &arguments)?;
                None
            }
        };
        Ok(Node::Select(of, Box::new(Selection { attribute, test, keeps: name.starts_with("select") })))
    }

    fn name(&self, of: &'static str, written: Option<&Expr<'_>>) -> Built<String> {
        match written.map(|written| self.node(written)).transpose()? {
            Some(Node::Literal(Value::String(name))) => Ok(name),
            _ => Err(ExpressionError::Unnamed(of)),
        }
    }

    fn attribute(&self, of: &'static str, written: Option<&Expr<'_>>) -> Built<Vec<Segment>> {
        match written.map(|written| self.node(written)).transpose()? {
            Some(Node::Literal(Value::String(path))) => {
                segments(&path).ok_or(ExpressionError::Attribute(clipped(&path)))
            }
            Some(Node::Literal(Value::Number(place))) if place.as_i64().is_some() => {
                Ok(vec![Segment::Index(place.as_i64().unwrap_or_default())])
            }
            _ => Err(ExpressionError::Unnamed(of)),
        }
    }

    /// The arguments by the place of their parameters.
    fn filter_arguments(&self, filter: &'static Filter, given: Arguments<'_>) -> Built<Vec<Option<Node>>> {
        let wrong =
            |got: String| ExpressionError::Arguments { name: filter.name, rule: filter.parameters.to_string(), got };
        let Parameters::Named { names, required } = filter.parameters else {
            return match given.named.first() {
                Some((name, _)) => Err(wrong(format!("`{}`", clipped(name)))),
                None => given.unnamed.into_iter().map(|argument| self.node(argument).map(Some)).collect(),
            };
        };
        if given.unnamed.len() > names.len() {
            return Err(wrong(given.unnamed.len().to_string()));
        }
        let mut placed: Vec<Option<Node>> =
            given.unnamed.into_iter().map(|argument| self.node(argument).map(Some)).collect::<Built<_>>()?;
        placed.resize_with(names.len(), || None);
        for (name, argument) in given.named {
            let place = names.iter().position(|known| *known == name).filter(|place| placed[*place].is_none());
            let place = place.ok_or_else(|| wrong(format!("`{}`", clipped(name))))?;
            placed[place] = Some(self.node(argument)?);
        }
        match placed.iter().take(required).position(Option::is_none) {
            Some(missing) => Err(wrong(format!("no `{}`", names[missing]))),
            None => Ok(placed),
        }
    }

    fn test_arguments(&self, test: &'static Test, given: Arguments<'_>) -> Built<Vec<Node>> {
        if !given.named.is_empty() || given.unnamed.len() != test.arguments {
            let got = (given.unnamed.len() + given.named.len()).to_string();
            let rule = format!("{} values without names", test.arguments);
            return Err(ExpressionError::Arguments { name: test.name, rule, got });
        }
        given.unnamed.into_iter().map(|argument| self.node(argument)).collect()
    }

    fn call(&self, called: &Expr<'_>, given: Arguments<'_>) -> Built {
        let name = match called {
            Expr::Var(name) => name.id,
            Expr::GetAttr(member) => return Err(ExpressionError::Method(clipped(member.name))),
            _ => return Err(ExpressionError::Method("this".to_owned())),
        };
        let wrong = |name, rule: &str| ExpressionError::Arguments {
            name,
            rule: rule.to_owned(),
            got: format!("{} values, {} with names", given.unnamed.len(), given.named.len()),
        };
        let unnamed =
            |given: &Arguments<'_>| given.unnamed.iter().map(|argument| self.node(argument)).collect::<Built<Vec<_>>>();
        match name {
            "range" if given.named.is_empty() && (1..=3).contains(&given.unnamed.len()) => {
                Ok(Node::Call(Function::Range, unnamed(&given)?))
            }
            "range" => Err(wrong("range", "a stop, or a start, a stop and a step")),
            "dict" if given.unnamed.is_empty() => {
                let names = given.named.iter().map(|(name, _)| (*name).to_owned()).collect();
                let members = given.named.iter().map(|(_, member)| self.node(member)).collect::<Built<_>>()?;
                Ok(Node::Call(Function::Dict(names), members))
            }
            "dict" => Err(wrong("dict", "values with names")),
            "now" if given.unnamed.is_empty() && given.named.is_empty() => Ok(Node::Call(Function::Now, Vec::new())),
            "now" => Err(wrong("now", "nothing")),
            _ => Err(ExpressionError::UnknownFunction(clipped(name))),
        }
    }

    fn root(&self, name: &str, span: Span) -> Built<Root> {
        if let Some(root) = Root::ALL.into_iter().find(|root| root.as_str() == name) {
            return Ok(root);
        }
        if let Some(hyphen) = self.hyphenated(span) {
            return Err(hyphen);
        }
        Err(match name {
            "null" | "nil" | "undefined" | "Null" | "NULL" => ExpressionError::Null(name.to_owned()),
            _ => ExpressionError::UnknownRoot(clipped(name)),
        })
    }

    /// `steps.post-message` subtracts: a member's name that goes on after a hyphen is told apart from a slip of the pen.
    fn hyphenated(&self, span: Span) -> Option<ExpressionError> {
        let place = usize::try_from(span.start_offset).ok()?;
        let before = self.source.get(..place)?;
        let belongs = |character: char| character.is_alphanumeric() || character == '_' || character == '-';
        let start = before.trim_end_matches(belongs).len();
        let end = self
            .source
            .get(place..)?
            .find(|character| !belongs(character))
            .map_or(self.source.len(), |end| place + end);
        let owner = before.get(..start)?.strip_suffix('.')?;
        let owner =
            &owner[owner.trim_end_matches(|character: char| character.is_alphanumeric() || character == '_').len()..];
        let name = self.source.get(start..end)?;
        (before.ends_with('-') && !owner.is_empty())
            .then(|| ExpressionError::Hyphen { before: owner.to_owned(), name: clipped(name) })
    }
}

/// A name or a place that is not computed. `-1` is a minus and a number.
fn written_place(place: &Node) -> Option<Segment> {
    match place {
        Node::Literal(Value::String(name)) => Some(Segment::Name(name.clone())),
        Node::Literal(place) => place.as_i64().map(Segment::Index),
        Node::Negate(place) => match &**place {
            Node::Literal(place) => Some(Segment::Index(place.as_i64()?.checked_neg()?)),
            _ => None,
        },
        _ => None,
    }
}

fn arguments<'e>(written: &'e [CallArg<'e>]) -> Built<Arguments<'e>> {
    let mut arguments = Arguments::default();
    for argument in written {
        match argument {
            CallArg::Pos(value) => arguments.unnamed.push(value),
            CallArg::Kwarg(name, value) => arguments.named.push((name, value)),
            CallArg::PosSplat(_) | CallArg::KwargSplat(_) => return Err(ExpressionError::Unpacked),
        }
    }
    Ok(arguments)
}

fn none_left(name: &'static str, given: &Arguments<'_>) -> Built<()> {
    match (given.unnamed.is_empty(), given.named.first()) {
        (true, None) => Ok(()),
        (_, named) => {
            let got = named.map_or_else(|| "a value".to_owned(), |(name, _)| format!("`{}`", clipped(name)));
            let rule =
                if name == "map" { "the name of a filter, or attribute and default" } else { "the name of a test" };
            Err(ExpressionError::Arguments { name, rule: rule.to_owned(), got })
        }
    }
}

fn known_filter(name: &str) -> Built<&'static Filter> {
    Filter::named(name).ok_or_else(|| ExpressionError::UnknownFilter(clipped(name)))
}

fn known_test(name: &str) -> Built<&'static Test> {
    Test::named(name).ok_or_else(|| ExpressionError::UnknownTest(clipped(name)))
}

fn comparison(kind: CompareOpKind) -> Comparison {
    match kind {
        CompareOpKind::Eq => Comparison::Equal,
        CompareOpKind::Ne => Comparison::Unequal,
        CompareOpKind::Lt => Comparison::Less,
        CompareOpKind::Lte => Comparison::LessOrEqual,
        CompareOpKind::Gt => Comparison::Greater,
        CompareOpKind::Gte => Comparison::GreaterOrEqual,
        CompareOpKind::In => Comparison::In,
        CompareOpKind::NotIn => Comparison::NotIn,
    }
}

/// `user.names.0`: names, and places in lists.
pub(crate) fn segments(path: &str) -> Option<Vec<Segment>> {
    let segment = |part: &str| match part.parse() {
        _ if part.is_empty() => None,
        Ok(place) => Some(Segment::Index(place)),
        Err(_) => Some(Segment::Name(part.to_owned())),
    };
    path.split('.').map(segment).collect()
}

/// A constant of the parser, which folds nothing.
fn literal(constant: &Constant) -> Built<Value> {
    Ok(match constant.kind() {
        ValueKind::Bool => Value::Bool(constant.is_true()),
        ValueKind::String => Value::String(constant.as_str().unwrap_or_default().to_owned()),
        ValueKind::Number if constant.is_integer() => {
            let number = u64::try_from(constant.clone());
            Value::from(
                number.map_err(|_| {
                    ExpressionError::LargeInteger(u128::try_from(constant.clone()).unwrap_or(u128::MAX))
                })?,
            )
        }
        ValueKind::Number => {
            let number = f64::try_from(constant.clone()).ok().and_then(Number::from_f64);
            let infinite = || ExpressionError::Syntax("a number must be finite: write a smaller one".to_owned());
            Value::Number(number.ok_or_else(infinite)?)
        }
        _ => Value::Null,
    })
}
