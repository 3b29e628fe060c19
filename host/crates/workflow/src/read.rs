//! Reads a document into a definition, and finds everything that is wrong with its form on the way. Where something is
//! wrong, reading goes on with what stands beside it.

use std::{collections::BTreeSet, str::FromStr};

use serde_json::{Map, Value};
use workway_model::Schema;

use super::{
    Expression, ExpressionError, Template,
    bounds::{
        MAX_CONCURRENT_RUNS, MAX_DEPTH, MAX_DESCRIPTION_CHARS, MAX_EXPRESSION_CHARS, MAX_EXPRESSIONS, MAX_NAME_CHARS,
        MAX_STEPS,
    },
    concurrency::{Concurrency, OnLimit},
    definition::WorkflowDefinition,
    problem::{Problem, Problems, child, found},
    secret,
    step::StepId,
    suggest::Suggester,
};

/// Fields of a definition.
const FIELDS: [&str; 8] = ["name", "description", "inputs", "trigger", "concurrency", "steps", "on-failure", "output"];

pub(super) fn definition(value: &Value) -> Result<WorkflowDefinition, Vec<Problem>> {
    let mut reader = Reader::default();
    let read = reader.definition(value);
    if reader.expressions > MAX_EXPRESSIONS {
        reader.problems.add("", too_many_expressions(reader.expressions));
    }
    match read {
        Some(definition) if reader.problems.is_empty() => Ok(definition),
        _ => Err(reader.problems.into_list()),
    }
}

pub(super) fn too_many_expressions(count: usize) -> String {
    format!("a workflow must have at most {MAX_EXPRESSIONS} expressions (got {count}): split the workflow")
}

/// Whether a text has nothing but white space, U+FEFF included: JSON Schema's regular expressions count it as such.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(|character| character.is_whitespace() || character == '\u{feff}')
}

/// What has been read so far.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) problems: Problems,
    ids: BTreeSet<StepId>,
    steps: usize,
    expressions: usize,
}

impl Reader {
    fn definition(&mut self, value: &Value) -> Option<WorkflowDefinition> {
        let fields = self.object(value, "", "a workflow", &FIELDS)?;
        let name = self.required(fields, "", "name").and_then(|name| self.text(name, "/name", MAX_NAME_CHARS));
        let description = match fields.get("description") {
            Some(Value::String(text)) if text.chars().count() <= MAX_DESCRIPTION_CHARS => Some(text.clone()),
            None => None,
            Some(other) => {
                let found = found(other);
                let message = format!("must be a string of at most {MAX_DESCRIPTION_CHARS} characters (got {found})");
                self.problems.add("/description", message);
                None
            }
        };
        let inputs = fields.get("inputs").and_then(|inputs| self.inputs(inputs));
        let trigger = self.required(fields, "", "trigger").and_then(|trigger| self.trigger(trigger));
        let concurrency = fields.get("concurrency").and_then(|concurrency| self.concurrency(concurrency));
        let steps = self.required(fields, "", "steps").map(|steps| self.some_steps(steps, "/steps", 1));
        let on_failure = fields.get("on-failure").map(|steps| self.steps(steps, "/on-failure", 1)).unwrap_or_default();
        let output = fields.get("output").map(|output| self.template(output, "/output"));
        if self.steps > MAX_STEPS {
            let count = self.steps;
            let message = format!("a workflow must have at most {MAX_STEPS} steps (got {count}): split the workflow");
            self.problems.add("/steps", message);
        }
        Some(WorkflowDefinition {
            name: name?,
            description,
            inputs,
            trigger: trigger?,
            concurrency: concurrency.unwrap_or_default(),
            steps: steps?,
            on_failure,
            output,
        })
    }

    fn inputs(&mut self, value: &Value) -> Option<Schema> {
        if value.get("type").and_then(Value::as_str) != Some("object") {
            self.problems.add("/inputs", "must be a JSON Schema of an object: add `type: object`");
            return None;
        }
        if let Some(properties) = value.get("properties").filter(|properties| !properties.is_object()) {
            let message = format!("must be an object whose values are schemas (got {})", found(properties));
            self.problems.add("/inputs/properties", message);
            return None;
        }
        let schema = self.schema(value, "/inputs")?;
        secret::check_inputs(value, "/inputs", &mut self.problems);
        Some(schema)
    }

    pub(super) fn body(&mut self, value: &Value, at: &str) -> Option<Schema> {
        let schema = self.schema(value, at)?;
        secret::check_other(value, at, &mut self.problems);
        Some(schema)
    }

    fn concurrency(&mut self, value: &Value) -> Option<Concurrency> {
        let at = "/concurrency";
        let fields = self.object(value, at, "`concurrency`", &["limit", "on-limit"])?;
        let limit = fields.get("limit").map(|limit| self.number(limit, "/concurrency/limit", MAX_CONCURRENT_RUNS));
        let choices = OnLimit::ALL.map(|on_limit| (on_limit.as_str(), on_limit));
        let on_limit = fields.get("on-limit").map(|name| self.choice(name, "/concurrency/on-limit", choices));
        let default = Concurrency::default();
        Some(Concurrency {
            limit: limit.flatten().unwrap_or(default.limit),
            on_limit: on_limit.flatten().unwrap_or(default.on_limit),
        })
    }

    /// Counts a step, and tells where it may not be.
    pub(super) fn enter(&mut self, id: Option<&StepId>, at: &str) {
        self.steps += 1;
        if let Some(id) = id
            && !self.ids.insert(id.clone())
        {
            self.problems.add(&child(at, "id"), format_args!("another step has the id \"{id}\": choose another"));
        }
    }

    /// Whether steps at `at` lie too deep to be read.
    pub(super) fn is_too_deep(&mut self, at: &str, depth: usize) -> bool {
        if depth > MAX_DEPTH {
            self.problems.add(at, format_args!("steps may be nested at most {MAX_DEPTH} levels deep: move them out"));
        }
        depth > MAX_DEPTH
    }

    /// An object with no other than `allowed` members.
    pub(super) fn object<'v>(
        &mut self,
        value: &'v Value,
        at: &str,
        what: &str,
        allowed: &[&str],
    ) -> Option<&'v Map<String, Value>> {
        let Value::Object(fields) = value else {
            self.problems.add(at, format_args!("{what} must be an object (got {})", found(value)));
            return None;
        };
        for name in fields.keys().filter(|name| !allowed.contains(&name.as_str())) {
            let has = if allowed.is_empty() { "no fields".to_owned() } else { allowed.join(", ") };
            self.problems.add(&child(at, name), format_args!("unknown field: {what} has {has}"));
        }
        Some(fields)
    }

    pub(super) fn required<'v>(&mut self, fields: &'v Map<String, Value>, at: &str, name: &str) -> Option<&'v Value> {
        let value = fields.get(name);
        if value.is_none() {
            self.problems.add(at, format_args!("`{name}` is missing"));
        }
        value
    }

    /// A text that is not blank.
    pub(super) fn text(&mut self, value: &Value, at: &str, most: usize) -> Option<String> {
        match value {
            Value::String(text) if !is_blank(text) && text.chars().count() <= most => Some(text.clone()),
            other => {
                let message =
                    format!("must be a string of 1 to {most} characters that is not blank (got {})", found(other));
                self.problems.add(at, message);
                None
            }
        }
    }

    /// A text that `is_valid` takes; `rule` says which those are.
    pub(super) fn text_that(
        &mut self,
        value: &Value,
        at: &str,
        is_valid: impl FnOnce(&str) -> bool,
        rule: &str,
    ) -> Option<String> {
        let text = value.as_str().filter(|text| is_valid(text)).map(str::to_owned);
        if text.is_none() {
            self.problems.add(at, format_args!("{rule} (got {})", found(value)));
        }
        text
    }

    /// One of a few words.
    pub(super) fn choice<T, const N: usize>(
        &mut self,
        value: &Value,
        at: &str,
        choices: [(&'static str, T); N],
    ) -> Option<T> {
        let names = choices.each_ref().map(|(name, _)| *name);
        let word = value.as_str().unwrap_or_default();
        let chosen = choices.into_iter().find(|(name, _)| *name == word).map(|(_, choice)| choice);
        if chosen.is_none() {
            let near = Suggester::default().nearest(word, names);
            let near = near.map(|near| format!(": did you mean {near}?")).unwrap_or_default();
            let message = format!("must be one of {} (got {}){near}", names.join(", "), found(value));
            self.problems.add(at, message);
        }
        chosen
    }

    /// A boolean; false where it is not given.
    pub(super) fn flag(&mut self, fields: &Map<String, Value>, at: &str, name: &str) -> bool {
        match fields.get(name) {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(other) => {
                let message = format!("must be true or false (got {})", found(other));
                self.problems.add(&child(at, name), message);
                false
            }
        }
    }

    /// A whole number of at least 1.
    pub(super) fn number(&mut self, value: &Value, at: &str, most: u32) -> Option<u32> {
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        let number = number.filter(|number| (1..=most).contains(number));
        if number.is_none() {
            self.problems.add(at, format_args!("must be a whole number between 1 and {most} (got {})", found(value)));
        }
        number
    }

    pub(super) fn read<T, E: std::fmt::Display>(
        &mut self,
        value: &Value,
        at: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let Value::String(text) = value else {
            self.problems.add(at, format_args!("must be a string (got {})", found(value)));
            return None;
        };
        read(text).map_err(|error| self.problems.add(at, error)).ok()
    }

    /// A text that is parsed.
    pub(super) fn parsed<T: FromStr<Err: std::fmt::Display>>(&mut self, value: &Value, at: &str) -> Option<T> {
        self.read(value, at, T::from_str)
    }

    /// An expression, with or without braces.
    pub(super) fn expression(&mut self, value: &Value, at: &str) -> Option<Expression> {
        self.expressions += 1;
        self.read(value, at, |text| {
            // Braces and blanks count, as in the published schema.
            if text.chars().count() > MAX_EXPRESSION_CHARS {
                return Err(ExpressionError::TooLong.to_string());
            }
            let trimmed = text.trim();
            if !trimmed.starts_with("{{") {
                return Expression::parse(text).map_err(|error| error.to_string());
            }
            match Template::parse_text(trimmed) {
                Ok(Template::Exact(expression)) => Ok(expression),
                Ok(_) => Err("must be a single expression: remove the text outside the braces".to_owned()),
                Err(error) => Err(error.to_string()),
            }
        })
    }

    /// An expression that decides something; `true` and `false` may also be JSON's.
    pub(super) fn condition(&mut self, value: &Value, at: &str) -> Option<Expression> {
        match value {
            Value::Bool(flag) => self.expression(&flag.to_string().into(), at),
            Value::String(_) => self.expression(value, at),
            other => {
                self.problems.add(at, format_args!("must be an expression, true or false (got {})", found(other)));
                None
            }
        }
    }

    pub(super) fn template(&mut self, value: &Value, at: &str) -> Template {
        let template = Template::read(value, at, &mut |at, message| self.problems.add(at, message));
        self.expressions += template.expressions();
        template
    }

    /// An object whose members may hold expressions; an empty one where there is none.
    pub(super) fn values(&mut self, value: Option<&Value>, at: &str) -> std::collections::BTreeMap<String, Template> {
        let Some(value) = value else { return Default::default() };
        if let Template::Object(members) = self.template(value, at) {
            return members;
        }
        self.problems.add(at, format_args!("must be an object (got {})", found(value)));
        Default::default()
    }

    fn schema(&mut self, value: &Value, at: &str) -> Option<Schema> {
        if !value.is_object() {
            self.problems.add(at, format_args!("must be a JSON Schema object (got {})", found(value)));
            return None;
        }
        Schema::parse(&value.to_string()).map_err(|error| self.problems.add(at, error)).ok()
    }
}
