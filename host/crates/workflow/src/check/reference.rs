//! What expressions read: whether it can be there, and what is known of it.

use super::{
    Checker, Place,
    shape::{Kind, Shape, known_members, says_more},
};
use crate::{Expression, Reference, Root, Segment, Trigger};

/// What a request to a webhook brings; what its body is, the definition says.
const WEBHOOK: [(&str, Kind); 4] =
    [("body", Kind::Object), ("headers", Kind::Object), ("query", Kind::Object), ("method", Kind::String)];
/// What a schedule tells: RFC 3339.
const SCHEDULE: [(&str, Kind); 1] = [("scheduled_at", Kind::String)];
/// What a run tells of itself.
const RUN: [(&str, Kind); 2] = [("id", Kind::String), ("started_at", Kind::String)];
/// The same where a step has failed.
const FAILED_RUN: [(&str, Kind); 3] = [("id", Kind::String), ("started_at", Kind::String), ("failure", Kind::Object)];
/// What is told of a failure.
const FAILURE: [(&str, Kind); 3] = [("step", Kind::String), ("code", Kind::String), ("message", Kind::String)];

impl<'a> Checker<'a> {
    /// Everything that an expression reads. What is known of its value is returned.
    pub(super) fn expression(&mut self, expression: &'a Expression, pointer: &str) -> Shape<'a> {
        let mut read = Shape::Unknown;
        for reference in expression.reads() {
            read = match self.reference(reference) {
                Ok(shape) => shape,
                Err(message) => {
                    self.problems.add(pointer, message);
                    Shape::Unknown
                }
            };
        }
        match (expression.as_reference(), expression.as_literal()) {
            (Some(_), _) => read,
            (None, Some(literal)) => Shape::Of(Kind::of(literal)),
            (None, None) => Shape::Unknown,
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
            Root::Inputs => self.input(path),
            Root::Trigger => {
                let (start, path) = self.event(path);
                follow("trigger".to_owned(), start, path)
            }
            Root::Steps => self.output(path),
            Root::Item => match self.items.last() {
                Some(item) => follow("item".to_owned(), item.clone(), path),
                None => Err("`item` is only available in the steps of a for-each".to_owned()),
            },
            Root::Run => match path {
                [Segment::Name(name), rest @ ..] if name == "failure" && self.place == Place::Failure => {
                    follow("run.failure".to_owned(), Shape::Fields(&FAILURE), rest)
                }
                [Segment::Name(name), ..] if name == "failure" => {
                    Err("`run.failure` is only available in the steps of on-failure".to_owned())
                }
                _ if self.place == Place::Failure => follow("run".to_owned(), Shape::Fields(&FAILED_RUN), path),
                _ => follow("run".to_owned(), Shape::Fields(&RUN), path),
            },
        }
    }

    fn input(&self, path: &[Segment]) -> Result<Shape<'a>, String> {
        let Some(inputs) = &self.definition.inputs else {
            return match path.first() {
                Some(segment) => Err(format!("`inputs{segment}` is not declared: add it to the workflow's inputs")),
                None => Ok(Shape::Fields(&[])),
            };
        };
        let document = inputs.document();
        if let Some(Segment::Name(name)) = path.first() {
            let declared = document.get("properties").is_some_and(|properties| properties.get(name).is_some());
            if !declared && !says_more(document) {
                return Err(format!("`inputs` has no `{name}`{}", known_members(document)));
            }
        }
        follow("inputs".to_owned(), Shape::whole(document), path)
    }

    /// What starts a run, and what of a path is left to follow in it.
    fn event<'p>(&self, path: &'p [Segment]) -> (Shape<'a>, &'p [Segment]) {
        let definition = self.definition;
        match (&definition.trigger, path) {
            (Trigger::Integration { .. }, _) => {
                (self.trigger.map_or(Shape::Unknown, |known| Shape::whole(&known.event_schema)), path)
            }
            (Trigger::Webhook { body: Some(body) }, [Segment::Name(name), rest @ ..]) if name == "body" => {
                (Shape::whole(body.document()), rest)
            }
            (Trigger::Webhook { .. }, _) => (Shape::Fields(&WEBHOOK), path),
            (Trigger::Schedule(_), _) => (Shape::Fields(&SCHEDULE), path),
            (Trigger::Manual, _) => (Shape::Fields(&[]), path),
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
                follow(format!("steps{written}.output"), output.clone(), rest)
            }
            _ => Err(format!("only a step's output can be read: write steps{written}.output")),
        }
    }

    fn not_visible(&self, id: &str) -> String {
        let Some((_, pointer)) = self.all.iter().find(|(step, _)| step.as_str() == id) else {
            let hyphenated = self.all.keys().find(|step| step.as_str().starts_with(&format!("{id}-")));
            return match hyphenated {
                Some(step) => format!("unknown step \"{id}\": write steps['{step}'] for an id with hyphens"),
                None => format!("unknown step \"{id}\": use the id of a step of this workflow"),
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
}

/// Goes from a value to a member of it.
fn follow<'a>(mut so_far: String, start: Shape<'a>, path: &[Segment]) -> Result<Shape<'a>, String> {
    let mut at = start;
    for segment in path {
        at = at.member(segment).map_err(|why| format!("`{so_far}` {why}"))?;
        so_far.push_str(&segment.to_string());
    }
    Ok(at)
}
