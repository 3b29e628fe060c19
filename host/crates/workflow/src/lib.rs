//! What a workflow is: a definition that is read strictly, within bounds, into types, checked against what is known, and
//! whose expressions can be evaluated. Pure data: nothing here performs I/O, knows a database or runs a step.
//!
//! The format is in `docs/workflow-config.md`; [`SCHEMA`] is the same as a JSON Schema.

pub mod bounds;
mod catalogue;
mod check;
mod concurrency;
mod credential;
mod definition;
mod document;
mod duration;
mod problem;
mod read;
mod read_step;
mod read_trigger;
mod schedule;
mod schema;
mod secret;
mod step;
mod suggest;
mod webhook;
mod write;

pub use catalogue::{ActionCatalogue, CatalogueAction, CatalogueOffer, CatalogueTrigger};
pub use check::{CheckReport, check, required_providers, required_scopes};
pub use concurrency::{Concurrency, OnLimit};
pub use credential::{comment_credential_problems, credential_problems};
pub use definition::{DefinitionError, Trigger, WorkflowDefinition, parse};
pub use document::{SourceFormat, SourceFormatError};
pub use duration::{DurationError, WorkflowDuration};
pub use problem::{Problem, found};
pub use schedule::{MISFIRE_GRACE, Misfire, Schedule, ScheduleError, SchedulePlan};
pub use schema::SCHEMA;
pub use step::{Case, Retry, Step, StepId, StepIdError, StepKind, WaitFor};
pub use webhook::{HmacAlgorithm, HmacEncoding, HmacHeader, WebhookScheme, WebhookVerify};
pub use workway_document::{Document, Position};

pub use workway_expression::{
    EvaluateError, Evaluated, Expression, ExpressionError, Layer, Piece, Reference, Root, Scope, SecretText, Segment,
    Template, TemplateError,
};

#[cfg(test)]
mod tests;
