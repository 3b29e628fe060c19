//! Checks a definition against the known actions and triggers without running it: names, references, fields and types.
//! What is only known during a run is not reported.

mod document;
mod evaluated;
mod given;
mod judge;
mod kinds;
mod reference;
mod secret;
mod shape;
mod unknown;
mod value;
mod verify;

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
};

use workway_model::{ActionId, IntegrationId, Pointer, ProviderId};

use super::{
    catalogue::{ActionCatalogue, CatalogueAction, CatalogueOffer, CatalogueTrigger},
    credential::credential_problems,
    definition::{Trigger, WorkflowDefinition},
    problem::{Problem, Problems},
    step::{Step, StepId, StepKind, WaitFor},
    suggest::Suggester,
};
use document::{Document, Steps};
use judge::Judge;
use kinds::Kinds;
use secret::Taker;
use shape::Shape;
use unknown::Sought;
pub(super) use verify::VERIFY_SECRET;

/// What a check found, each list with at most [`MAX_PROBLEMS`](super::bounds::MAX_PROBLEMS) entries. Pointers lead into
/// [`WorkflowDefinition::to_value`] and into the document that was read alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// What speaks against running or publishing the definition.
    pub errors: Vec<Problem>,
    /// What is allowed, but was probably not meant.
    pub warnings: Vec<Problem>,
}

/// Checks a definition without running it. Errors are actions and triggers that nobody offers, references that cannot hold,
/// values that can never fit the schema of what takes them, and text that looks like a credential.
pub fn check(definition: &WorkflowDefinition, catalogue: &dyn ActionCatalogue) -> CheckReport {
    let actions: BTreeMap<&ActionId, Option<CatalogueAction>> =
        definition.uses().map(|id| (id, catalogue.action(id))).collect();
    let trigger = known_trigger(definition, catalogue);
    let steps = Steps::default();
    let mut checker = Checker {
        definition,
        catalogue,
        offers: OnceCell::new(),
        actions: &actions,
        trigger: trigger.as_ref(),
        all: definition.all_steps().into_iter().map(|(pointer, step)| (&step.id, pointer)).collect(),
        visible: Vec::new(),
        items: Vec::new(),
        place: Place::Step,
        secrets: definition.secret_inputs(),
        taker: Taker::default(),
        steps: &steps,
        judge: Judge::default(),
        suggester: Suggester::default(),
        problems: Problems::default(),
        warnings: Problems::default(),
    };
    checker.check_trigger();
    checker.check_steps(&definition.steps, "/steps");
    checker.place = Place::Failure;
    let visible = checker.visible.len();
    checker.check_steps(&definition.on_failure, "/on-failure");
    checker.visible.truncate(visible);
    checker.place = Place::Output;
    if let Some(output) = &definition.output {
        checker.given(output, Pointer::At("/output"));
    }
    let mut errors = checker.problems.into_list();
    errors.extend(credential_problems(&definition.to_value()));
    errors.truncate(super::bounds::MAX_PROBLEMS);
    CheckReport { errors, warnings: checker.warnings.into_list() }
}

/// The providers whose connections a workflow needs: those of every integration that it uses or that starts it. What is
/// not known needs none.
pub fn required_providers(definition: &WorkflowDefinition, catalogue: &dyn ActionCatalogue) -> BTreeSet<ProviderId> {
    let of_actions = definition.uses().filter_map(|id| catalogue.action(id)).flat_map(|action| action.providers);
    let of_trigger = known_trigger(definition, catalogue).into_iter().flat_map(|trigger| trigger.providers);
    of_actions.chain(of_trigger).collect()
}

/// The scopes that the actions of a workflow need, by provider. A provider without scopes is left out.
pub fn required_scopes(
    definition: &WorkflowDefinition,
    catalogue: &dyn ActionCatalogue,
) -> BTreeMap<ProviderId, BTreeSet<String>> {
    let mut required = BTreeMap::<_, BTreeSet<_>>::new();
    for id in definition.uses() {
        let scopes = catalogue.scopes(id);
        if scopes.is_empty() {
            continue;
        }
        for provider in catalogue.action(id).into_iter().flat_map(|action| action.providers) {
            required.entry(provider).or_default().extend(scopes.iter().cloned());
        }
    }
    required
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
    catalogue: &'a dyn ActionCatalogue,
    /// What the catalogue offers, once it is needed.
    offers: OnceCell<BTreeMap<IntegrationId, CatalogueOffer>>,
    actions: &'a BTreeMap<&'a ActionId, Option<CatalogueAction>>,
    trigger: Option<&'a CatalogueTrigger>,
    /// Every step, with its pointer.
    all: BTreeMap<&'a StepId, String>,
    /// Steps that have ended where the check is at, with what is known of their outputs.
    visible: Vec<(&'a StepId, Shape<'a>)>,
    /// What `item` is, for each `for-each` that the check is in.
    items: Vec<Shape<'a>>,
    place: Place,
    /// Inputs that are secret.
    secrets: BTreeSet<&'a str>,
    /// What takes the value that is checked.
    taker: Taker<'a>,
    /// The work that is left for schemas.
    steps: &'a Steps,
    judge: Judge,
    suggester: Suggester,
    problems: Problems,
    warnings: Problems,
}

impl<'a> Checker<'a> {
    fn check_trigger(&mut self) {
        if let Trigger::Webhook { verify: Some(verify), .. } = &self.definition.trigger {
            self.check_verify(verify);
        }
        let Trigger::Integration { integration, trigger, config } = &self.definition.trigger else { return };
        if self.trigger.is_none() {
            let message = self.unknown(Sought::Trigger, integration, trigger);
            self.problems.add("/trigger/trigger", message);
        }
        self.place = Place::Config;
        self.input(self.trigger.map(|known| &known.config_schema), config, "/trigger/config", "/trigger");
        self.place = Place::Step;
    }

    /// Steps, one after another; each sees those before it. What is known of the last one's output is returned.
    fn check_steps(&mut self, steps: &'a [Step], pointer: &str) -> Shape<'a> {
        let mut last = Shape::of(Kinds::NULL);
        for (place, step) in steps.iter().enumerate() {
            last = self.step(step, &format!("{pointer}/{place}"));
            if step.condition.is_some() || step.continue_on_error {
                // It may have been left out, or have failed.
                last = Shape::unknown();
            }
            self.visible.push((&step.id, last.clone()));
        }
        last
    }

    /// What a schema describes.
    fn described(&self, schema: &'a workway_model::Schema) -> Shape<'a> {
        Shape::whole(Document::new(schema.document(), self.steps))
    }

    fn step(&mut self, step: &'a Step, pointer: &str) -> Shape<'a> {
        if let Some(condition) = &step.condition {
            self.expression(condition, Pointer::At(&format!("{pointer}/if")));
        }
        match &step.kind {
            StepKind::Action { uses, with, .. } => {
                let actions = self.actions;
                let known = actions.get(uses).and_then(Option::as_ref);
                if known.is_none() {
                    let message = self.unknown(Sought::Action, &uses.integration, &uses.action);
                    self.problems.add(&format!("{pointer}/uses"), message);
                }
                self.input(known.map(|known| &known.input_schema), with, &format!("{pointer}/with"), pointer);
                known.map_or(Shape::unknown(), |known| self.described(&known.output_schema))
            }
            StepKind::ForEach { items, steps, .. } => {
                let at = format!("{pointer}/for-each");
                let list = self.expression(items, Pointer::At(&at));
                self.expect(Kinds::ARRAY, list.kinds(), &at);
                self.items.push(list.item());
                let last = self.within(steps, &format!("{pointer}/steps"));
                self.items.pop();
                Shape::list_of(last)
            }
            StepKind::Switch { cases, .. } => {
                for (place, case) in cases.iter().enumerate() {
                    self.expression(&case.condition, Pointer::At(&format!("{pointer}/switch/{place}/if")));
                }
                for (below, steps) in step.inner() {
                    self.within(steps, &format!("{pointer}{below}"));
                }
                Shape::unknown()
            }
            StepKind::Parallel(_) => {
                for (below, steps) in step.inner() {
                    self.within(steps, &format!("{pointer}{below}"));
                }
                Shape::list_of(Shape::unknown())
            }
            StepKind::Sleep(_) => Shape::of(Kinds::NULL),
            StepKind::WaitFor(wait) => {
                let (template, name) = match wait {
                    WaitFor::Event(template) => (template, "event"),
                    WaitFor::Approval(template) => (template, "approval"),
                };
                self.value_of(template, Kinds::STRING, &format!("{pointer}/wait-for/{name}"));
                Shape::unknown()
            }
        }
    }

    /// Steps of a container: when it has ended they are not seen any more.
    fn within(&mut self, steps: &'a [Step], pointer: &str) -> Shape<'a> {
        let visible = self.visible.len();
        let last = self.check_steps(steps, pointer);
        self.visible.truncate(visible);
        last
    }
}
