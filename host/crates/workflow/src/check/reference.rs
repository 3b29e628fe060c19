//! What expressions read: whether it can be there, and what is known of it.

use serde_json::Value;
use workway_model::Pointer;

use super::{
    Checker, Place,
    document::Document,
    evaluated::may_evaluate,
    kinds::Kinds,
    shape::{NoMember, Shape, Type},
};
use crate::{Expression, Reference, Root, Segment, Trigger};

/// What a request to a webhook brings; what its body is, the definition says.
const WEBHOOK: [(&str, Kinds); 4] =
    [("body", Kinds::ANY), ("headers", Kinds::OBJECT), ("query", Kinds::OBJECT), ("method", Kinds::STRING)];
/// What a schedule tells: RFC 3339.
const SCHEDULE: [(&str, Kinds); 1] = [("scheduled_at", Kinds::STRING)];
/// What a run tells of itself.
const RUN: [(&str, Kinds); 2] = [("id", Kinds::STRING), ("started_at", Kinds::STRING)];
/// The same where a step has failed.
const FAILED_RUN: [(&str, Kinds); 3] =
    [("id", Kinds::STRING), ("started_at", Kinds::STRING), ("failure", Kinds::OBJECT)];
/// What is told of a failure.
const FAILURE: [(&str, Kinds); 3] = [("step", Kinds::STRING), ("code", Kinds::STRING), ("message", Kinds::STRING)];

impl<'a> Checker<'a> {
    /// Everything that an expression reads. What is known of its value is returned.
    pub(super) fn expression(&mut self, expression: &'a Expression, at: Pointer<'_>) -> Shape<'a> {
        self.secrets_in(expression, at);
        let mut read = Shape::unknown();
        for reference in expression.reads() {
            read = match self.reference(reference) {
                Ok(shape) => shape,
                Err(message) => {
                    self.problems.add(&at.to_text(), message);
                    Shape::unknown()
                }
            };
        }
        match (expression.as_reference(), expression.as_literal()) {
            (Some(_), _) => read,
            (None, Some(literal)) => Shape::of(Kinds::of(literal)),
            (None, None) => Shape::unknown(),
        }
    }

    fn reference(&self, reference: &Reference) -> Result<Shape<'a>, String> {
        if self.place == Place::Config && reference.root != Root::Inputs {
            let root = reference.root.as_str();
            return Err(format!(
                "a trigger's configuration can only read inputs, not `{root}`: it is set up before a run starts"
            ));
        }
        let path = reference.path.as_slice();
        match reference.root {
            Root::Inputs => self.filled_in(path),
            Root::Trigger => {
                let (start, path) = self.event(path);
                self.follow("trigger".to_owned(), start, path)
            }
            Root::Steps => self.output(path),
            Root::Item => match self.items.last() {
                Some(item) => self.follow("item".to_owned(), item.clone(), path),
                None => Err("`item` is only available in the steps of a for-each".to_owned()),
            },
            Root::Run => match path {
                [Segment::Name(name), rest @ ..] if name == "failure" && self.place == Place::Failure => {
                    self.follow("run.failure".to_owned(), Shape::fields(&FAILURE), rest)
                }
                [Segment::Name(name), ..] if name == "failure" => {
                    Err("`run.failure` is only available in the steps of on-failure".to_owned())
                }
                _ if self.place == Place::Failure => self.follow("run".to_owned(), Shape::fields(&FAILED_RUN), path),
                _ => self.follow("run".to_owned(), Shape::fields(&RUN), path),
            },
        }
    }

    fn filled_in(&self, path: &[Segment]) -> Result<Shape<'a>, String> {
        let Some(inputs) = &self.definition.inputs else {
            return match path.first() {
                Some(segment) => Err(format!("`inputs{segment}` is not declared: add it to the workflow's inputs")),
                None => Ok(Shape::fields(&[])),
            };
        };
        let shape = self.described(inputs);
        if let Some(Segment::Name(name)) = path.first() {
            let document = Document::new(inputs.document(), self.steps);
            let is_open = document.root.get("unevaluatedProperties").is_some_and(|more| *more != Value::Bool(false));
            // A schema that says nothing of other members allows them, but nobody can know that they are to be filled in.
            if !is_open && !may_evaluate(document, document.root, name) {
                let mut known: Vec<&str> = shape.0.iter().flat_map(Type::known_members).collect();
                known.sort_unstable();
                known.dedup();
                let why = NoMember::Unknown { name: name.clone(), known }.describe(&self.suggester);
                return Err(format!("`inputs` {why}"));
            }
        }
        self.follow("inputs".to_owned(), shape, path)
    }

    /// What starts a run, and what of a path is left to follow in it.
    fn event<'p>(&self, path: &'p [Segment]) -> (Shape<'a>, &'p [Segment]) {
        let definition = self.definition;
        match (&definition.trigger, path) {
            (Trigger::Integration { .. }, _) => {
                (self.trigger.map_or(Shape::unknown(), |known| self.described(&known.event_schema)), path)
            }
            (Trigger::Webhook { body: Some(body), .. }, [Segment::Name(name), rest @ ..]) if name == "body" => {
                (self.described(body), rest)
            }
            (Trigger::Webhook { .. }, _) => (Shape::fields(&WEBHOOK), path),
            (Trigger::Schedule(_), _) => (Shape::fields(&SCHEDULE), path),
            (Trigger::Manual, _) => (Shape::fields(&[]), path),
        }
    }

    fn output(&self, path: &[Segment]) -> Result<Shape<'a>, String> {
        let [Segment::Name(id), rest @ ..] = path else {
            return Err("`steps` must be followed by the id of a step, for example steps.find.output".to_owned());
        };
        let Some((_, output)) = self.visible.iter().rev().find(|(step, _)| step.as_str() == id) else {
            return Err(self.not_visible(id));
        };
        let written = Segment::Name(id.clone());
        match rest {
            [Segment::Name(name), rest @ ..] if name == "output" => {
                self.follow(format!("steps{written}.output"), output.clone(), rest)
            }
            _ => Err(format!("only a step's output can be read: write steps{written}.output")),
        }
    }

    fn not_visible(&self, id: &str) -> String {
        let Some((_, pointer)) = self.all.iter().find(|(step, _)| step.as_str() == id) else {
            let hyphenated = self.all.keys().find(|step| step.as_str().starts_with(&format!("{id}-")));
            let near = self.suggester.nearest(id, self.all.keys().map(|step| step.as_str()));
            return match (hyphenated, near) {
                (Some(step), _) => format!("unknown step \"{id}\": write steps['{step}'] for an id with hyphens"),
                (None, Some(near)) => format!("unknown step \"{id}\": did you mean \"{near}\"?"),
                (None, None) => format!("unknown step \"{id}\": use the id of a step of this workflow"),
            };
        };
        // The container whose output can be read in its stead.
        let container = self
            .visible
            .iter()
            .rev()
            .find(|(step, _)| self.all.get(step).is_some_and(|outer| pointer.starts_with(&format!("{outer}/"))));
        match container {
            Some((container, _)) => {
                let container = Segment::Name(container.to_string());
                format!("step \"{id}\" is not visible outside its container: read steps{container}.output")
            }
            None => format!(
                "step \"{id}\" has not finished at this point: it comes later, contains this step, or is in another branch"
            ),
        }
    }

    /// Goes from a value to a member of it.
    fn follow(&self, mut so_far: String, start: Shape<'a>, path: &[Segment]) -> Result<Shape<'a>, String> {
        let mut at = start;
        for segment in path {
            at = at.member(segment).map_err(|why| format!("`{so_far}` {}", why.describe(&self.suggester)))?;
            so_far.push_str(&segment.to_string());
        }
        Ok(at)
    }
}
