//! Why the marketplace refuses a request.

use workway_vault::VaultError;
use workway_workflow::Problem;

use super::store::{StoreError, TakenField};

/// Why a request was refused. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MarketplaceError {
    /// It does not exist, or the caller may not see it.
    #[error("unknown workflow {0:?}")]
    UnknownListing(String),
    #[error("unknown category {0:?}: GET /marketplace/stats lists all categories")]
    UnknownCategory(String),
    #[error("unknown screenshot {0:?}")]
    UnknownScreenshot(String),
    /// It does not exist, or is another user's.
    #[error("unknown installation {0:?}")]
    UnknownInstallation(String),
    #[error("this workflow is not installed: install it first")]
    NotInstalled,
    #[error("this workflow belongs to another developer")]
    NotOwner,
    #[error("only developers can publish workflows: become one with POST /developers")]
    NotDeveloper,
    #[error("you can review only workflows that you installed: install it first")]
    ReviewWithoutInstallation,
    #[error("you cannot review your own workflow")]
    OwnListing,
    /// Everything that is wrong with what the caller sent.
    #[error("{} must be fixed: see `errors`", counted(.0.len()))]
    Invalid(Vec<Problem>),
    /// Everything that is wrong with the inputs and the connections that the caller sent.
    #[error("the inputs or connections do not fit the workflow: see `errors`")]
    InvalidInputs(Vec<Problem>),
    #[error("a secret of the installation cannot be used: {0}")]
    Vault(#[from] VaultError),
    #[error("the workflow has changed since you read it: read it again and repeat the change")]
    Stale,
    #[error("the installation has changed since you read it: read it again and repeat the change")]
    StaleInstallation,
    #[error("the newest version of the workflow is {0}: look at its preview and upgrade to that")]
    OtherVersion(u32),
    #[error(
        "the workflow is not listed any more, so there is no version to upgrade to: the installation keeps its version"
    )]
    NotListed,
    #[error("this version of the workflow has no webhook, so it has no address")]
    NoWebhook,
    #[error("the workflow is {0}: publish it first")]
    NotPublished(super::Status),
    #[error("the workflow costs {cents} cents, and this host does not take payments yet: ask its developer")]
    PaymentRequired { cents: u32 },
    #[error("the image was rejected: {0}")]
    Image(String),
    #[error("the host is busy with other workflows: try again in a moment")]
    Busy,
    #[error("the marketplace is being indexed: try again in a moment")]
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

/// The problem that another listing has this name or slug.
pub(super) fn taken(field: TakenField) -> Problem {
    let pointer = match field {
        TakenField::Name => "/name",
        TakenField::Slug => "/slug",
    };
    Problem::new(pointer, StoreError::Taken(field))
}

/// A definition's problem with a pointer that begins at `place`.
pub(super) fn placed(place: &str, problem: Problem) -> Problem {
    Problem { pointer: format!("{place}{}", problem.pointer), ..problem }
}

fn counted(problems: usize) -> String {
    if problems == 1 { "1 problem".to_owned() } else { format!("{problems} problems") }
}
