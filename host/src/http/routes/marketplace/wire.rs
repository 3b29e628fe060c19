//! Shapes that several handlers of this folder take and answer with.

use axum::{http::HeaderMap, response::Response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use workway_marketplace::{
    Actor, DeveloperRef, Installation, ListPage, Listing, Pricing, PricingModel, Review, ScreenshotInfo, Status,
    Summary, VersionInfo, Visibility,
};
use workway_users::Scope;

use crate::{
    app::App,
    http::{
        auth::Caller,
        error::ApiError,
        etag::{Audience, tagged},
        number::whole,
        page,
    },
};

const DEFAULT_LIMIT: usize = 20;

/// Unix seconds of Unix milliseconds.
pub(super) fn seconds(milliseconds: i64) -> i64 {
    milliseconds.div_euclid(1_000)
}

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct PageQuery {
    /// Items in the answer, 1 to 100; 20 unless said.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub(super) limit: Option<usize>,
    /// Items to leave out first, at most 1,000,000.
    #[param(minimum = 0, maximum = 1_000_000, default = 0)]
    pub(super) offset: Option<usize>,
}

impl PageQuery {
    pub(super) fn bounds(&self) -> Result<(usize, usize), ApiError> {
        page::bounds(self.limit.unwrap_or(DEFAULT_LIMIT), self.offset.unwrap_or(0))
    }
}

/// A part of a list of workflows.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct WorkflowPage<'a> {
    items: Vec<WorkflowSummary<'a>>,
    /// Items in the whole list: exact up to 1,000. A longer list has 1000 here, and true in `totalIsLowerBound`.
    total: u64,
    /// Whether the list has more items than `total`.
    total_is_lower_bound: bool,
    limit: usize,
    offset: usize,
}

impl<'a> WorkflowPage<'a> {
    pub(super) fn new(page: &'a ListPage, limit: usize, offset: usize) -> Self {
        let items = page.items.iter().map(Into::into).collect();
        Self { items, total: page.total, total_is_lower_bound: page.total_is_lower_bound, limit, offset }
    }
}

/// A workflow as lists show it. Times are Unix seconds.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct WorkflowSummary<'a> {
    #[schema(example = "wf_01939b1e6f5c7d0e8a9b0c1d2e3f4a5b")]
    id: &'a str,
    #[schema(example = "daily-standup")]
    slug: &'a str,
    name: &'a str,
    tagline: &'a str,
    #[schema(example = "productivity")]
    category: &'a str,
    tags: &'a [String],
    pricing: WirePricing,
    visibility: WireVisibility,
    status: WireStatus,
    /// Providers at which an installer needs an account, computed from the definition.
    required_oauth_providers: &'a [String],
    developer: WireDeveloper<'a>,
    /// Users who ever installed it.
    install_count: u32,
    /// Users who have it now.
    active_install_count: u32,
    /// 1 to 5, exact; null without a review.
    average_rating: Option<f64>,
    review_count: u32,
    featured: bool,
    /// The workflow version that new installations get.
    workflow_version: u32,
    created_at: i64,
    updated_at: i64,
    published_at: Option<i64>,
}

impl<'a> From<&'a Summary> for WorkflowSummary<'a> {
    fn from(summary: &'a Summary) -> Self {
        let counts = summary.counts;
        Self {
            id: &summary.id,
            slug: &summary.slug,
            name: &summary.name,
            tagline: &summary.tagline,
            category: &summary.category,
            tags: &summary.tags,
            pricing: summary.pricing.into(),
            visibility: summary.visibility.into(),
            status: summary.status.into(),
            required_oauth_providers: &summary.required_providers,
            developer: (&summary.developer).into(),
            install_count: counts.installs,
            active_install_count: counts.active_installs,
            average_rating: counts.average_rating(),
            review_count: counts.reviews,
            featured: summary.featured.is_some(),
            workflow_version: summary.workflow_version,
            created_at: seconds(summary.created_at),
            updated_at: seconds(summary.updated_at),
            published_at: summary.published_at.map(seconds),
        }
    }
}

/// A workflow whole.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct WorkflowDetail<'a> {
    #[serde(flatten)]
    summary: WorkflowSummary<'a>,
    description: &'a str,
    /// The definition; `/schemas/workflow-1.json` describes a published one.
    #[schema(value_type = Object)]
    workflow_definition: &'a RawValue,
    screenshots: Vec<WireScreenshot<'a>>,
}

impl<'a> WorkflowDetail<'a> {
    pub(super) fn new(listing: &'a Listing) -> Result<Self, ApiError> {
        let (summary, id) = (&listing.summary, &listing.summary.id);
        Ok(Self {
            summary: summary.into(),
            description: &listing.description,
            workflow_definition: serde_json::from_str(&listing.definition).map_err(ApiError::internal)?,
            screenshots: listing.screenshots.iter().map(|info| WireScreenshot::new(id, info)).collect(),
        })
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct WireScreenshot<'a> {
    id: &'a str,
    /// Where the image is, on this host.
    url: String,
    media_type: &'a str,
    /// In pixels.
    width: u32,
    height: u32,
}

impl<'a> WireScreenshot<'a> {
    pub(super) fn new(listing: &str, info: &'a ScreenshotInfo) -> Self {
        let url = format!("/marketplace/{listing}/screenshots/{}", info.id);
        Self { id: &info.id, url, media_type: &info.media_type, width: info.width, height: info.height }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WorkflowDeveloper)]
pub(in crate::http) struct WireDeveloper<'a> {
    id: &'a str,
    slug: &'a str,
    name: &'a str,
}

impl<'a> From<&'a DeveloperRef> for WireDeveloper<'a> {
    fn from(developer: &'a DeveloperRef) -> Self {
        Self { id: &developer.id, slug: &developer.slug, name: &developer.name }
    }
}

/// What an installation costs.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Pricing)]
pub(in crate::http) struct WirePricing {
    model: WirePricingModel,
    /// Whole cents of US dollars: 0 if and only if it is free, else 100 to 99900.
    #[serde(default, deserialize_with = "whole")]
    #[schema(minimum = 0, maximum = 99_900, default = 0)]
    cents: u32,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = PricingModel)]
pub(in crate::http) enum WirePricingModel {
    Free,
    OneTime,
    Monthly,
}

impl From<WirePricingModel> for PricingModel {
    fn from(model: WirePricingModel) -> Self {
        match model {
            WirePricingModel::Free => Self::Free,
            WirePricingModel::OneTime => Self::OneTime,
            WirePricingModel::Monthly => Self::Monthly,
        }
    }
}

impl From<WirePricing> for Pricing {
    fn from(pricing: WirePricing) -> Self {
        Self { model: pricing.model.into(), cents: pricing.cents }
    }
}

impl From<Pricing> for WirePricing {
    fn from(pricing: Pricing) -> Self {
        let model = match pricing.model {
            PricingModel::Free => WirePricingModel::Free,
            PricingModel::OneTime => WirePricingModel::OneTime,
            PricingModel::Monthly => WirePricingModel::Monthly,
        };
        Self { model, cents: pricing.cents }
    }
}

#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = Visibility)]
pub(in crate::http) enum WireVisibility {
    Public,
    Private,
}

impl From<Visibility> for WireVisibility {
    fn from(visibility: Visibility) -> Self {
        match visibility {
            Visibility::Public => Self::Public,
            Visibility::Private => Self::Private,
        }
    }
}

impl From<WireVisibility> for Visibility {
    fn from(visibility: WireVisibility) -> Self {
        match visibility {
            WireVisibility::Public => Self::Public,
            WireVisibility::Private => Self::Private,
        }
    }
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = WorkflowStatus)]
pub(in crate::http) enum WireStatus {
    Draft,
    Published,
    Unpublished,
    Deleted,
}

impl From<Status> for WireStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Draft => Self::Draft,
            Status::Published => Self::Published,
            Status::Unpublished => Self::Unpublished,
            Status::Deleted => Self::Deleted,
        }
    }
}

/// A version of a workflow. It never changes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct WorkflowVersion<'a> {
    number: u32,
    /// SHA-256 of the definition's text, in hexadecimal.
    content_hash: &'a str,
    changelog: &'a str,
    created_at: i64,
}

impl<'a> From<&'a VersionInfo> for WorkflowVersion<'a> {
    fn from(version: &'a VersionInfo) -> Self {
        let VersionInfo { number, content_hash, changelog, created_at } = version;
        Self { number: *number, content_hash, changelog, created_at: seconds(*created_at) }
    }
}

/// What a user has installed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Installation)]
pub(in crate::http) struct WireInstallation<'a> {
    id: &'a str,
    /// The workflow's id.
    workflow_id: &'a str,
    /// The version that it runs, whatever came after.
    workflow_version: u32,
    /// False once it is uninstalled.
    active: bool,
    installed_at: i64,
}

impl<'a> From<&'a Installation> for WireInstallation<'a> {
    fn from(installation: &'a Installation) -> Self {
        Self {
            id: &installation.id,
            workflow_id: &installation.listing,
            workflow_version: installation.number,
            active: installation.uninstalled_at.is_none(),
            installed_at: seconds(installation.installed_at),
        }
    }
}

/// What a user thinks of a workflow. Nothing in it says who the user is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Review)]
pub(in crate::http) struct WireReview<'a> {
    /// 1 to 5.
    rating: u8,
    text: &'a str,
    created_at: i64,
    updated_at: i64,
}

impl<'a> From<&'a Review> for WireReview<'a> {
    fn from(review: &'a Review) -> Self {
        let (created_at, updated_at) = (seconds(review.created_at), seconds(review.updated_at));
        Self { rating: review.rating, text: &review.text, created_at, updated_at }
    }
}

/// The caller with the profile that the marketplace goes by.
pub(in crate::http) async fn actor(app: &App, caller: &Caller) -> Result<Actor, ApiError> {
    let developer = app.accounts().developer_of(&caller.user).await?;
    let developer = developer.map(|found| DeveloperRef {
        id: found.id.to_string(),
        slug: found.slug.to_string(),
        name: found.name,
    });
    Ok(Actor { user: caller.user.clone(), developer, is_admin: caller.is_admin() })
}

/// The same for a route that everybody may ask.
pub(in crate::http) async fn optional_actor(app: &App, caller: Option<&Caller>) -> Result<Option<Actor>, ApiError> {
    match caller {
        // A token that is not for publishing sees what everybody sees.
        Some(caller) if caller.scopes().contains(Scope::Publish) => actor(app, caller).await.map(Some),
        Some(caller) => Ok(Some(Actor { user: caller.user.clone(), developer: None, is_admin: caller.is_admin() })),
        None => Ok(None),
    }
}

/// A workflow after a write, with the tag for the next one.
pub(in crate::http) fn written(listing: &Listing) -> Result<Response, ApiError> {
    tagged(&HeaderMap::new(), Audience::Caller, Some(listing.summary.version), &WorkflowDetail::new(listing)?)
}
