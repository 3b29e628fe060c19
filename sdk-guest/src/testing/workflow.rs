//! Steps of actions run in order, each with what the ones before it answered. It retries nothing and keeps nothing: that
//! is the host's.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Index;

use serde::Serialize;
use serde_json::Value;

use super::context::MockContext;
use crate::{Failure, Integration};

/// What makes an input of the outputs so far.
type Mapping = Box<dyn Fn(&Outputs) -> Value + Send + Sync>;

/// A workflow that has no steps yet.
///
/// ```
/// use serde_json::json;
/// use workway_sdk::prelude::*;
/// use workway_sdk::testing::{MockContext, create_test_workflow};
///
/// # mod weather {
/// # use workway_sdk::prelude::*;
/// integration! {
///     id: "lists",
///     name: "Lists",
///     description: "Makes lists.",
///     categories: ["data"],
///     actions: [split, count],
/// }
///
/// #[derive(Deserialize, JsonSchema)]
/// struct Text {
///     /// What is split.
///     text: String,
/// }
///
/// #[derive(Serialize, Deserialize, JsonSchema)]
/// struct Words {
///     /// The words of the text.
///     words: Vec<String>,
/// }
///
/// /// Splits a text.
/// #[action(idempotent)]
/// fn split(_: &Context, input: Text) -> Result<Words> {
///     Ok(Words { words: input.text.split(' ').map(str::to_owned).collect() })
/// }
///
/// /// Counts words.
/// #[action(idempotent)]
/// fn count(_: &Context, input: Words) -> Result<usize> {
///     Ok(input.words.len())
/// }
/// # }
/// # use weather::INTEGRATION;
///
/// # fn main() {
/// let workflow = create_test_workflow()
///     .step("split", "split", json!({ "text": "one two" }))
///     .step_with("count", "count", |outputs| json!({ "words": outputs["split"]["words"] }));
/// let run = workflow.run(&MockContext::builder().integration(&INTEGRATION).build()).unwrap();
/// assert_eq!(run.output("count"), &json!(2));
/// # }
/// ```
pub fn create_test_workflow() -> TestWorkflow {
    TestWorkflow::default()
}

/// Steps to run in order, from [`create_test_workflow`].
#[derive(Default)]
#[must_use = "a workflow does nothing until `run`"]
pub struct TestWorkflow {
    integration: Option<&'static Integration>,
    steps: Vec<Step>,
}

struct Step {
    name: String,
    /// Whose action it is; the context's integration's where it is nothing.
    integration: Option<&'static Integration>,
    action: String,
    input: Mapping,
}

impl TestWorkflow {
    /// The steps that follow are actions of this integration, rather than of the context's. Each
    /// integration has its own permissions and storage.
    pub fn using(self, integration: &'static Integration) -> Self {
        Self { integration: Some(integration), ..self }
    }

    /// Adds a step with an input that is known.
    ///
    /// # Panics
    ///
    /// There is a step of this name already, or the input cannot be written as JSON.
    #[track_caller]
    pub fn step(self, name: impl Into<String>, action: impl Into<String>, input: impl Serialize) -> Self {
        let input = match serde_json::to_value(input) {
            Ok(input) => input,
            Err(error) => panic!("the input cannot be written as JSON: {error}"),
        };
        self.step_with(name, action, move |_| input.clone())
    }

    /// Adds a step with an input that is made of what the steps before it answered.
    ///
    /// # Panics
    ///
    /// There is a step of this name already.
    #[track_caller]
    pub fn step_with(
        mut self,
        name: impl Into<String>,
        action: impl Into<String>,
        input: impl Fn(&Outputs) -> Value + Send + Sync + 'static,
    ) -> Self {
        let name = name.into();
        assert!(self.steps.iter().all(|step| step.name != name), "two steps have the name `{name}`");
        let (integration, action, input) = (self.integration, action.into(), Box::new(input));
        self.steps.push(Step { name, integration, action, input });
        self
    }

    /// Runs the steps. A step is told its name as the step's id, and `<run>/<step>` as its idempotency
    /// key. A [`Failure::Halt`] ends the run early and well.
    ///
    /// # Errors
    ///
    /// [`StepFailed`] for the first step that fails; later ones do not run.
    ///
    /// # Panics
    ///
    /// A step names an action that there is not.
    #[track_caller]
    pub fn run(&self, context: &MockContext) -> Result<WorkflowRun, StepFailed> {
        let mut run = WorkflowRun { outputs: Outputs::default(), order: Vec::new(), halted: None };
        for step in &self.steps {
            let own = step.integration.map(|integration| context.for_integration(integration));
            let context = own.as_ref().unwrap_or(context).for_step(&step.name);
            match context.execute(&step.action, (step.input)(&run.outputs)) {
                Ok(output) => {
                    run.outputs.0.insert(step.name.clone(), output);
                    run.order.push(step.name.clone());
                }
                Err(Failure::Halt(message)) => {
                    run.halted = Some((step.name.clone(), message));
                    break;
                }
                Err(failure) => {
                    return Err(StepFailed { step: step.name.clone(), action: step.action.clone(), failure });
                }
            }
        }
        Ok(run)
    }
}

impl fmt::Debug for TestWorkflow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.steps.iter().map(|step| (&step.name, &step.action));
        formatter.debug_map().entries(names).finish()
    }
}

/// What steps answered, by the step's name: `outputs["find"]["channels"][0]`. A step that did not run
/// is a panic; within an output, what is not there is `null`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outputs(BTreeMap<String, Value>);

impl Outputs {
    /// What a step answered, if it ran.
    #[must_use]
    pub fn get(&self, step: &str) -> Option<&Value> {
        self.0.get(step)
    }
}

impl Index<&str> for Outputs {
    type Output = Value;

    #[track_caller]
    fn index(&self, step: &str) -> &Value {
        let Some(output) = self.get(step) else {
            let ran: Vec<&str> = self.0.keys().map(String::as_str).collect();
            panic!("no step `{step}` has run, but [{}]", ran.join(", "));
        };
        output
    }
}

/// A workflow's run that did not fail.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkflowRun {
    outputs: Outputs,
    order: Vec<String>,
    halted: Option<(String, String)>,
}

impl WorkflowRun {
    /// What a step answered.
    ///
    /// # Panics
    ///
    /// The step did not run.
    #[must_use]
    #[track_caller]
    pub fn output(&self, step: &str) -> &Value {
        &self.outputs[step]
    }

    /// What all steps answered.
    #[must_use]
    pub fn outputs(&self) -> &Outputs {
        &self.outputs
    }

    /// The steps that ran to their end, in order.
    #[must_use]
    pub fn steps(&self) -> &[String] {
        &self.order
    }

    /// The step that ended the run early, and why.
    #[must_use]
    pub fn halted(&self) -> Option<(&str, &str)> {
        self.halted.as_ref().map(|(step, message)| (step.as_str(), message.as_str()))
    }
}

/// A step that failed, and with it the workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepFailed {
    /// The step's name.
    pub step: String,
    /// The action's id.
    pub action: String,
    /// What the action failed with.
    pub failure: Failure,
}

impl fmt::Display for StepFailed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "step `{}` (`{}`) failed: {}", self.step, self.action, self.failure)
    }
}

impl std::error::Error for StepFailed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.failure)
    }
}

impl From<StepFailed> for Failure {
    fn from(failed: StepFailed) -> Self {
        failed.failure
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::FailureKind;
    use crate::testing::expect_error;
    use crate::testing::fixture::{CHAT, NOTES, chat};

    #[test]
    fn steps_run_in_order_with_their_own_name_and_key() {
        let workflow = create_test_workflow().step("first", "whoami", json!({})).step_with(
            "second",
            "whoami",
            |outputs| json!({ "said": outputs["first"]["step"] }),
        );
        let run = workflow.run(&chat().build()).expect("runs");
        assert_eq!(run.steps(), ["first", "second"]);
        assert_eq!(run.output("first")["key"], "run-1/first");
        assert_eq!(run.output("second"), &json!({ "step": "second", "key": "run-1/second", "said": "first" }));
    }

    #[test]
    fn a_step_that_fails_is_named_and_the_rest_does_not_run() {
        let workflow = create_test_workflow().step("fails", "fail", json!({ "kind": "not-found" })).step(
            "never",
            "whoami",
            json!({}),
        );
        let failed = workflow.run(&chat().build()).expect_err("a failure");
        assert_eq!(failed.to_string(), "step `fails` (`fail`) failed: not-found: as asked");
        expect_error(Err::<(), _>(failed), FailureKind::NotFound);
    }

    #[test]
    fn a_halt_ends_the_run_well() {
        let workflow = create_test_workflow()
            .step("one", "whoami", json!({}))
            .step("enough", "fail", json!({ "kind": "halt" }))
            .step("never", "whoami", json!({}));
        let run = workflow.run(&chat().build()).expect("is no failure");
        assert_eq!(run.halted(), Some(("enough", "as asked")));
        assert_eq!(run.steps(), ["one"]);
        assert_eq!(run.outputs().get("never"), None);
    }

    #[test]
    fn each_integration_has_its_own_permissions_and_storage() {
        let workflow = create_test_workflow()
            .using(&NOTES)
            .step("one", "count", json!({}))
            .step("two", "count", json!({}))
            .using(&CHAT)
            .step("denied", "count", json!({}));
        let context = chat().build();
        let failed = workflow.run(&context).expect_err("no storage was asked for");
        assert_eq!((failed.step.as_str(), failed.failure.kind()), ("denied", FailureKind::PermissionDenied));
        assert_eq!(context.storage_mock().get::<u32>("count"), Ok(None));
        assert_eq!(context.for_integration(&NOTES).storage_mock().get::<u32>("count"), Ok(Some(2)));
    }
}
