//! Runs that repeat another one from one of its steps on: the steps before keep what they gave, those in other items and
//! branches included.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;
use workway_model::Timestamp;
use workway_reducer::{Event, EventKind, StepPath};
use workway_workflow::{Step, StepId, WorkflowDefinition};

/// Why a run cannot be repeated from a step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RepeatError {
    #[error("no step of the run failed: say from which step to repeat it")]
    NothingFailed,
    #[error("the run never came to the step \"{0}\": choose one that began")]
    NotReached(StepPath),
}

/// The step from which a run is repeated if nobody says: the one that failed first.
pub(crate) fn failed_step(events: &[Event]) -> Result<StepPath, RepeatError> {
    let end = events.iter().rev().find_map(|event| match &event.kind {
        EventKind::RunEnded { failure: Some(failure), .. } => Some(failure.step.clone()),
        _ => None,
    });
    end.filter(|step| !step.is_run()).ok_or(RepeatError::NothingFailed)
}

/// The events of a run that stay if it is repeated from a step: its start, and how steps ended that are not done again. Containers
/// open at `now`: their timeouts count from there.
pub(crate) fn kept(
    definition: &WorkflowDefinition,
    events: Vec<Event>,
    from: &StepPath,
    now: Timestamp,
) -> Result<Vec<Event>, RepeatError> {
    if from.is_run() || !events.iter().any(|event| event.path == *from) {
        return Err(RepeatError::NotReached(from.clone()));
    }
    let steps = Steps::of(definition);
    if !from.segments().iter().all(|segment| steps.0.contains_key(&segment.id)) {
        // `on-failure` runs again by itself, if a step fails again.
        return Err(RepeatError::NotReached(from.clone()));
    }
    // Containers that failed, and the run went on without them: what is in them does not count.
    let given_up: BTreeSet<StepPath> = events
        .iter()
        .filter(|event| is_failed(&event.kind) && !event.path.is_run())
        .filter(|event| !holds(&event.path, from) && steps.continues(&event.path))
        .map(|event| event.path.clone())
        .collect();
    let given_up = outermost(given_up);
    // A step comes directly before what is in it.
    let is_in_given_up = |path: &StepPath| given_up.range(..path).next_back().is_some_and(|step| holds(step, path));
    let kept = events.into_iter().filter_map(|event| {
        if is_in_given_up(&event.path) {
            return None;
        }
        if event.path.is_run() {
            return matches!(event.kind, EventKind::RunStarted { .. }).then_some(event);
        }
        if steps.is_done_again(&event.path, from) {
            return None;
        }
        match event.kind {
            EventKind::Opened(_) if given_up.contains(&event.path) => None,
            EventKind::Opened(_) => Some(Event { at: now, ..event }),
            EventKind::Ended { .. } | EventKind::Skipped if !holds(&event.path, from) => {
                Some(Event { attempt: 0, ..event })
            }
            // The run went on without it.
            _ if is_failed(&event.kind) && given_up.contains(&event.path) => {
                Some(Event { attempt: 0, kind: EventKind::Ended { output: Value::Null }, ..event })
            }
            _ => None,
        }
    });
    Ok(kept.collect())
}

/// Without what is in others.
fn outermost(paths: BTreeSet<StepPath>) -> BTreeSet<StepPath> {
    let mut outermost: BTreeSet<StepPath> = BTreeSet::new();
    for path in paths {
        if !outermost.last().is_some_and(|last| holds(last, &path)) {
            outermost.insert(path);
        }
    }
    outermost
}

/// Whether a step failed for good.
fn is_failed(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Failed { retry_at: None, .. } | EventKind::TimedOut)
}

/// Whether a path is that of a container of the other.
fn holds(container: &StepPath, path: &StepPath) -> bool {
    let (outer, inner) = (container.segments(), path.segments());
    let Some((last, before)) = outer.split_last() else { return false };
    inner.len() > outer.len() && inner.starts_with(before) && inner[before.len()].id == last.id
}

/// Every step with its place in its list.
struct Steps<'d>(HashMap<&'d StepId, (usize, &'d Step)>);

impl<'d> Steps<'d> {
    fn of(definition: &'d WorkflowDefinition) -> Self {
        let own = definition.all_steps().into_iter().filter(|(pointer, _)| pointer.starts_with("/steps/"));
        let placed = own.filter_map(|(pointer, step)| {
            let place = pointer.rsplit('/').next()?.parse().ok()?;
            Some((&step.id, (place, step)))
        });
        Self(placed.collect())
    }

    /// Whether a step comes after the other one in a list that holds both, or is that one, or in it. What is in other items and
    /// branches does not. Steps of `on-failure` are done again if it comes to that.
    fn is_done_again(&self, path: &StepPath, from: &StepPath) -> bool {
        let (path, from) = (path.segments(), from.segments());
        for (level, (one, other)) in path.iter().zip(from).enumerate() {
            let places = (self.0.get(&one.id).map(|step| step.0), self.0.get(&other.id).map(|step| step.0));
            let (Some(place), Some(from_place)) = places else { return true };
            if one.id != other.id {
                return place > from_place;
            }
            if level + 1 == from.len() {
                return true;
            }
            if one.index != other.index {
                return false;
            }
        }
        false
    }

    fn continues(&self, path: &StepPath) -> bool {
        path.id().and_then(|id| self.0.get(id)).is_some_and(|(_, step)| step.continue_on_error)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use workway_reducer::{Failure, Opening};

    use super::*;

    fn definition() -> WorkflowDefinition {
        let action = |id: &str| json!({ "id": id, "uses": "a.b" });
        WorkflowDefinition::from_value(&json!({
            "name": "x", "trigger": { "manual": {} },
            "steps": [
                action("first"),
                { "id": "each", "for-each": "[1, 2, 3]", "steps": [action("a"), action("b"), action("c")] },
                action("last")
            ],
            "on-failure": [action("sorry")]
        }))
        .expect("a definition")
    }

    fn event(path: &str, kind: EventKind) -> Event {
        Event { path: path.parse().expect("a path"), attempt: 1, at: Timestamp::UNIX_EPOCH, kind }
    }

    fn ended(path: &str) -> Event {
        event(path, EventKind::Ended { output: json!(path) })
    }

    fn failed(path: &str) -> Event {
        event(path, EventKind::Failed { failure: Failure::permanent("x", String::new()), retry_at: None })
    }

    #[test]
    fn what_comes_before_and_what_is_in_other_items_stays() {
        let opened = event("each", EventKind::Opened(Opening::ForEach { items: vec![json!(1), json!(2), json!(3)] }));
        let events = vec![
            event("", EventKind::RunStarted { inputs: json!({}), trigger: json!(null) }),
            ended("first"),
            opened,
            ended("each[0]/a"),
            ended("each[0]/b"),
            ended("each[0]/c"),
            ended("each[1]/a"),
            failed("each[1]/b"),
            ended("each[2]/a"),
            failed("each"),
            ended("on-failure/sorry"),
            event("", EventKind::CancelRequested),
        ];
        let kept = |from: &str| {
            let kept = kept(&definition(), events.clone(), &from.parse().expect("a path"), Timestamp::UNIX_EPOCH);
            kept.map(|kept| kept.iter().map(|event| event.path.to_string()).collect::<Vec<_>>())
        };
        let all = ["", "first", "each", "each[0]/a", "each[0]/b", "each[0]/c", "each[1]/a", "each[2]/a"];
        assert_eq!(kept("each[1]/b").expect("is kept"), all);
        let before_a = ["", "first", "each", "each[0]/a", "each[0]/b", "each[0]/c", "each[2]/a"];
        assert_eq!(kept("each[1]/a").expect("is kept"), before_a);
        assert_eq!(kept("each").expect("is kept"), ["", "first"]);
        assert_eq!(kept("first").expect("is kept"), [""]);
        for other in ["last", "", "on-failure/sorry", "each[1]/c"] {
            assert!(kept(other).is_err(), "{other}");
        }
    }
}
