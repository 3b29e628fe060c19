//! The marketplace: workflows that developers publish and users install. It holds the rules; it opens no database, knows no
//! HTTP, and runs no workflow.

pub mod bounds;
mod cache;
mod error;
mod fields;
mod inputs;
mod installation;
mod listing;
mod query;
mod registry;
mod screenshot;
mod settings;
mod store;
mod text;
mod typo;
mod webhook;

pub use error::MarketplaceError;
pub use fields::ListingChange;
pub use inputs::{INPUT_PURPOSE, NewInputs, Secrets, StoredInputs};
pub use installation::{
    Connections, Installation, InstallationDetail, InstallationFilter, InstallationPage, InstallationState,
    InstallationWrite, Installed, InstalledDefinition, RunnableInstallation,
};
pub use listing::{
    Category, Counts, DeveloperRef, Doc, Listing, NewVersion, Pricing, PricingModel, Review, Source, Stats, Status,
    Summary, UnknownValue, VersionInfo, Visibility,
};
pub use query::{ListFilter, ListPage, SearchText, SearchWord, Sort};
pub use registry::{
    Actor, Condition, InputChange, InputDifference, InstallationChange, NewWorkflow, RunnableDraft, UpgradePreview,
    UpgradeRequest, Validation, WorkflowRegistry, Written,
};
pub use screenshot::{Screenshot, ScreenshotInfo};
pub use settings::MarketplaceSettings;
pub use store::{ListingStore, Reviewed, Sight, StoreError, TakenField};
pub use text::{fold, indexed_words};
pub use webhook::WEBHOOK_PURPOSE;

/// What a marketplace asks of the host whose actions its workflows use.
pub use workway_workflow::{ActionCatalogue, CatalogueAction, CatalogueOffer, CatalogueTrigger, SourceFormat};
