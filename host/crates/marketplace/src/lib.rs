//! The marketplace: workflows that developers publish, and what users install of them. The rules of it, and the index that
//! searches; it opens no database, knows no HTTP, and runs no workflow.

pub mod bounds;
mod cache;
mod error;
mod fields;
mod index;
mod listing;
mod query;
mod registry;
mod screenshot;
mod settings;
mod store;
mod text;

pub use cache::{CACHE_TIME, ListPage};
pub use error::MarketplaceError;
pub use fields::ListingChange;
pub use index::{Doc, Entry, MAX_WORDS, Sort, Stats};
pub use listing::{
    Category, Counts, DeveloperRef, Installation, Listing, NewVersion, Pricing, PricingModel, Review, Status, Summary,
    UnknownValue, VersionInfo, Visibility,
};
pub use query::ListFilter;
pub use registry::{Actor, Condition, NewWorkflow, WorkflowRegistry};
pub use screenshot::{Screenshot, ScreenshotInfo};
pub use settings::MarketplaceSettings;
pub use store::{Changed, ListingStore, Reviewed, Sight, StoreError, TakenField};
pub use text::fold;

/// What a marketplace asks of the host whose actions its workflows use.
pub use workway_workflow::{ActionCatalogue, CatalogueAction, CatalogueTrigger};
