//! Why the marketplace refuses, and who can do something about it.

use workway_model::InputProblem;
use workway_workflow as workflow;
use workway_workflow::DefinitionError;

use super::store::{StoreError, TakenField};

/// Why something was not done. Nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MarketplaceError {
    /// There is none, or the caller may not know of it.
    #[error("there is no workflow {0:?}")]
    UnknownListing(String),
    #[error("there is no category {0:?}")]
    UnknownCategory(String),
    #[error("there is no screenshot {0:?}")]
    UnknownScreenshot(String),
    #[error("this is not installed: install it first")]
    NotInstalled,
    #[error("the workflow is another developer's")]
    NotOwner,
    #[error("only developers publish workflows: become one with POST /developers")]
    NotDeveloper,
    #[error("only those who installed a workflow review it: install it first")]
    ReviewWithoutInstallation,
    #[error("nobody reviews a workflow of their own")]
    OwnListing,
    /// Everything that is wrong with what the caller sent.
    #[error("the workflow has {} to mend: see `errors`", counted(.0.len()))]
    Invalid(Vec<InputProblem>),
    #[error("the workflow was changed since: get it again and make the change on what it is now")]
    Stale,
    #[error("the workflow is {0}: publish it first")]
    NotPublished(super::Status),
    #[error("the workflow costs {cents} cents, and this host takes no payments yet: ask its developer")]
    PaymentRequired { cents: u32 },
    #[error("the image cannot be taken: {0}")]
    Image(String),
    #[error("the host takes no more images at the moment: try again")]
    Busy,
    #[error("the marketplace is being read: try again in a moment")]
    Starting,
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for MarketplaceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Taken(field) => Self::Invalid(vec![taken(field)]),
            error => Self::Store(error),
        }
    }
}

impl MarketplaceError {
    /// A definition in YAML that cannot be read.
    pub fn invalid_definition(error: DefinitionError) -> Self {
        Self::Invalid(error.problems.into_iter().map(|problem| placed("/workflowYaml", problem)).collect())
    }
}

/// That another listing has it, as a problem of the one that wants it.
pub(super) fn taken(field: TakenField) -> InputProblem {
    let pointer = match field {
        TakenField::Name => "/name",
        TakenField::Slug => "/slug",
    };
    InputProblem { pointer: pointer.to_owned(), message: StoreError::Taken(field).to_string() }
}

/// A definition's problem as one of what has the definition at `place`.
pub(super) fn placed(place: &str, problem: workflow::Problem) -> InputProblem {
    InputProblem { pointer: format!("{place}{}", problem.pointer), message: problem.message }
}

fn counted(problems: usize) -> String {
    if problems == 1 { "one problem".to_owned() } else { format!("{problems} problems") }
}
