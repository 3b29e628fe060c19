//! Checks a definition against the known actions and triggers without running it: names, references, fields and types.
//! What is only known during a run is not reported.

mod reference;
mod shape;
mod value;

use std::collections::{BTreeMap, BTreeSet};

use workway_model::{ActionId, ProviderId};

use super::{
    catalogue::{ActionCatalogue, CatalogueAction, CatalogueTrigger},
    credential::credential_problems,
    definition::{Trigger, WorkflowDefinition},
    problem::{Problem, Problems},
    step::{Step, StepId, StepKind, WaitFor},
};
use shape::{Kind, Shape, can_meet, names};

/// Everything that speaks against running or publishing a definition, at most
/// [`MAX_PROBLEMS`](super::bounds::MAX_PROBLEMS): actions and triggers that nobody offers, references that cannot hold,
/// fields and types that schemas rule out, text that looks like a credential. Pointers lead into
/// [`WorkflowDefinition::to_value`] and into the document that was read alike.
pub fn check(definition: &WorkflowDefinition, catalogue: &dyn ActionCatalogue) -> Vec<Problem> {
    let actions: BTreeMap<&ActionId, Option<CatalogueAction>> =
        definition.uses().map(|id| (id, catalogue.action(id))).collect();
    let trigger = known_trigger(definition, catalogue);
    let mut checker = Checker {
        definition,
        actions: &actions,
        trigger: trigger.as_ref(),
        all: definition.all_steps().into_iter().map(|(pointer, step)| (&step.id, pointer)).collect(),
        visible: Vec::new(),
        items: Vec::new(),
        place: Place::Step,
        problems: Problems::default(),
    };
    checker.check_trigger();
    checker.steps(&definition.steps, "/steps");
    checker.place = Place::Failure;
    let visible = checker.visible.len();
    checker.steps(&definition.on_failure, "/on-failure");
    checker.visible.truncate(visible);
    checker.place = Place::Output;
    if let Some(output) = &definition.output {
        checker.value(output, &Shape::Unknown, "/output");
    }
    let mut problems = checker.problems.into_list();
    problems.extend(credential_problems(&definition.to_value()));
    problems.truncate(super::bounds::MAX_PROBLEMS);
    problems
}

/// The providers whose connections a workflow needs: those of every integration that it uses or that starts it. What is
/// not known needs none.
pub fn required_providers(definition: &WorkflowDefinition, catalogue: &dyn ActionCatalogue) -> BTreeSet<ProviderId> {
    let of_actions = definition.uses().filter_map(|id| catalogue.action(id)).flat_map(|action| action.providers);
    let of_trigger = known_trigger(definition, catalogue).into_iter().flat_map(|trigger| trigger.providers);
    of_actions.chain(of_trigger).collect()
}

fn known_trigger(definition: &WorkflowDefinition, catalogue: &dyn ActionCatalogue) -> Option<CatalogueTrigger> {
    match &definition.trigger {
        Trigger::Integration { integration, trigger, .. } => catalogue.trigger(integration, trigger),
        Trigger::Webhook { .. } | Trigger::Schedule(_) | Trigger::Manual => None,
    }
}

/// Where an expression stands, which decides what it may read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The trigger's configuration: nothing has run, nobody has called.
    Config,
    Step,
    Failure,
    Output,
}

struct Checker<'a> {
    definition: &'a WorkflowDefinition,
    actions: &'a BTreeMap<&'a ActionId, Option<CatalogueAction>>,
    trigger: Option<&'a CatalogueTrigger>,
    /// Every step, with its pointer.
    all: BTreeMap<&'a StepId, String>,
    /// Steps that have ended where the check is at, with what is known of their outputs.
    visible: Vec<(&'a StepId, Shape<'a>)>,
    /// What `item` is, for each `for-each` that the check is in.
    items: Vec<Shape<'a>>,
    place: Place,
    problems: Problems,
}

impl<'a> Checker<'a> {
    fn check_trigger(&mut self) {
        let Trigger::Integration { integration, trigger, config } = &self.definition.trigger else { return };
        let schema = match self.trigger {
            Some(known) => Shape::whole(&known.config_schema),
            None => {
                let message =
                    format_args!("unknown trigger \"{integration}.{trigger}\": check which integrations are installed");
                self.problems.add("/trigger/trigger", message);
                Shape::Unknown
            }
        };
        self.place = Place::Config;
        self.members(config, &schema, "/trigger/config", "/trigger");
        self.place = Place::Step;
    }

    /// Steps, one after another; each sees those before it. What is known of the last one's output is returned.
    fn steps(&mut self, steps: &'a [Step], pointer: &str) -> Shape<'a> {
        let mut last = Shape::Of(Kind::Null);
        for (place, step) in steps.iter().enumerate() {
            last = self.step(step, &format!("{pointer}/{place}"));
            if step.condition.is_some() || step.continue_on_error {
                // It may have been left out, or have failed.
                last = Shape::Unknown;
            }
            self.visible.push((&step.id, last.clone()));
        }
        last
    }

    fn step(&mut self, step: &'a Step, pointer: &str) -> Shape<'a> {
        if let Some(condition) = &step.condition {
            self.expression(condition, &format!("{pointer}/if"));
        }
        match &step.kind {
            StepKind::Action { uses, with, .. } => {
                let actions = self.actions;
                let known = actions.get(uses).and_then(Option::as_ref);
                if known.is_none() {
                    let message = format_args!("unknown action \"{uses}\": check which integrations are installed");
                    self.problems.add(&format!("{pointer}/uses"), message);
                }
                let input = known.map_or(Shape::Unknown, |known| Shape::whole(&known.input_schema));
                self.members(with, &input, &format!("{pointer}/with"), pointer);
                known.map_or(Shape::Unknown, |known| Shape::whole(&known.output_schema))
            }
            StepKind::ForEach { items, steps, .. } => {
                let at = format!("{pointer}/for-each");
                let list = self.expression(items, &at);
                if let Some(kinds) = list.kinds().filter(|kinds| !can_meet(Some(kinds), Some(&[Kind::Array].into()))) {
                    self.problems.add(&at, format_args!("expected array, found {}", names(&kinds)));
                }
                self.items.push(list.item());
                let last = self.within(steps, &format!("{pointer}/steps"));
                self.items.pop();
                Shape::ListOf(Box::new(last))
            }
            StepKind::Switch { cases, .. } => {
                for (place, case) in cases.iter().enumerate() {
                    self.expression(&case.condition, &format!("{pointer}/switch/{place}/if"));
                }
                for (below, steps) in step.inner() {
                    self.within(steps, &format!("{pointer}{below}"));
                }
                Shape::Unknown
            }
            StepKind::Parallel(_) => {
                for (below, steps) in step.inner() {
                    self.within(steps, &format!("{pointer}{below}"));
                }
                Shape::ListOf(Box::new(Shape::Unknown))
            }
            StepKind::Sleep(_) => Shape::Of(Kind::Null),
            StepKind::WaitFor(wait) => {
                let (template, name) = match wait {
                    WaitFor::Event(template) => (template, "event"),
                    WaitFor::Approval(template) => (template, "approval"),
                };
                self.value(template, &Shape::Of(Kind::String), &format!("{pointer}/wait-for/{name}"));
                Shape::Unknown
            }
        }
    }

    /// Steps of a container: when it has ended they are not seen any more.
    fn within(&mut self, steps: &'a [Step], pointer: &str) -> Shape<'a> {
        let visible = self.visible.len();
        let last = self.steps(steps, pointer);
        self.visible.truncate(visible);
        last
    }
}
