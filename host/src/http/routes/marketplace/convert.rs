//! Converts the marketplace's types to those of the API, and back.

use axum::{http::HeaderMap, response::Response};
use serde_json::value::RawValue;
use workway_api::{
    error::ProblemDetail,
    installations::{self, Installation, InstallationDetail},
    listings::{self, ListingDetail, ListingDeveloper, ListingStatus, Screenshot, SourceFormat, WorkflowSource},
    marketplace::ListingPage,
    reviews::Review,
    validation::{DefinitionProblem, Severity, Validation},
    versions::Version,
};
use workway_marketplace as marketplace;
use workway_marketplace::{
    ListPage, Listing, ListingChange, Pricing, PricingModel, ScreenshotInfo, Status, Summary, VersionInfo, Visibility,
    Written,
};
use workway_workflow as workflow;

use crate::http::{
    error::ApiError,
    etag::{Audience, tagged},
};

/// The answer to a write, with the tag for the next one.
pub(super) fn written(listing: &Listing) -> Result<Response, ApiError> {
    let version = Some(listing.summary.version);
    tagged(&HeaderMap::new(), Audience::Caller, version, &listing_detail(listing)?)
}

/// As [`written`], for a write that checked the definition.
pub(super) fn written_with_warnings(written: Written) -> Result<Response, ApiError> {
    let warning = |problem: workflow::Problem| ProblemDetail {
        line: problem.position.map(|position| position.line),
        column: problem.position.map(|position| position.column),
        ..ProblemDetail::new(problem.pointer, problem.message)
    };
    let warnings = written.warnings.into_iter().map(warning).collect();
    let version = Some(written.listing.summary.version);
    let detail = ListingDetail { warnings, ..listing_detail(&written.listing)? };
    tagged(&HeaderMap::new(), Audience::Caller, version, &detail)
}

pub(super) fn validation(found: marketplace::Validation) -> Validation {
    let valid = found.errors.is_empty();
    let with = |severity: Severity| {
        move |problem: workflow::Problem| DefinitionProblem {
            pointer: problem.pointer,
            message: problem.message,
            severity,
            line: problem.position.map(|position| position.line),
            column: problem.position.map(|position| position.column),
        }
    };
    let errors = found.errors.into_iter().map(with(Severity::Error));
    let problems = errors.chain(found.warnings.into_iter().map(with(Severity::Warning))).collect();
    Validation { valid, problems, required_oauth_providers: found.required_providers }
}

pub(super) fn listing_page(page: &ListPage, limit: usize, offset: usize) -> ListingPage {
    let items = page.items.iter().map(listing).collect();
    ListingPage { items, total: page.total, total_is_lower_bound: page.total_is_lower_bound, limit, offset }
}

fn listing(summary: &Summary) -> listings::Listing {
    let counts = summary.counts;
    listings::Listing {
        id: summary.id.clone(),
        slug: summary.slug.clone(),
        name: summary.name.clone(),
        tagline: summary.tagline.clone(),
        category: summary.category.clone(),
        tags: summary.tags.clone(),
        pricing: api_pricing(summary.pricing),
        visibility: match summary.visibility {
            Visibility::Public => listings::Visibility::Public,
            Visibility::Private => listings::Visibility::Private,
        },
        status: match summary.status {
            Status::Draft => ListingStatus::Draft,
            Status::Published => ListingStatus::Published,
            Status::Unpublished => ListingStatus::Unpublished,
            Status::Deleted => ListingStatus::Deleted,
        },
        required_oauth_providers: summary.required_providers.clone(),
        developer: ListingDeveloper {
            id: summary.developer.id.clone(),
            slug: summary.developer.slug.clone(),
            name: summary.developer.name.clone(),
        },
        install_count: counts.installs,
        active_install_count: counts.active_installs,
        average_rating: counts.average_rating(),
        review_count: counts.reviews,
        featured: summary.featured.is_some(),
        workflow_version: summary.workflow_version,
        created_at: summary.created_at,
        updated_at: summary.updated_at,
        published_at: summary.published_at,
    }
}

pub(super) fn listing_detail(whole: &Listing) -> Result<ListingDetail, ApiError> {
    let screenshots = whole.screenshots.iter().map(|info| screenshot(&whole.summary.id, info)).collect();
    Ok(ListingDetail {
        summary: listing(&whole.summary),
        description: whole.description.clone(),
        workflow_definition: raw_json(whole.definition.clone())?,
        source: whole.source.as_ref().map(source),
        screenshots,
        warnings: Vec::new(),
    })
}

/// A stored definition. It is sent as it is, because its order and numbers must not change.
pub(super) fn raw_json(text: String) -> Result<Box<RawValue>, ApiError> {
    RawValue::from_string(text).map_err(ApiError::internal)
}

pub(super) fn source(source: &marketplace::Source) -> WorkflowSource {
    let format = match source.format {
        marketplace::SourceFormat::Json => SourceFormat::Json,
        marketplace::SourceFormat::Yaml => SourceFormat::Yaml,
    };
    WorkflowSource { format, text: source.text.clone() }
}

pub(super) fn screenshot(listing: &str, info: &ScreenshotInfo) -> Screenshot {
    Screenshot {
        id: info.id.clone(),
        url: format!("/marketplace/{listing}/screenshots/{}", info.id),
        media_type: info.media_type.clone(),
        width: info.width,
        height: info.height,
    }
}

pub(super) fn version(info: &VersionInfo) -> Version {
    Version {
        number: info.number,
        content_hash: info.content_hash.clone(),
        changelog: info.changelog.clone(),
        created_at: info.created_at,
    }
}

pub(in crate::http::routes) fn installation(installation: &marketplace::Installation) -> Installation {
    Installation {
        id: installation.id.clone(),
        workflow_id: installation.listing.clone(),
        workflow_name: installation.name.clone(),
        workflow_version: installation.number,
        newest_version: installation.newest,
        active: installation.uninstalled_at.is_none(),
        paused_at: installation.paused_at,
        connections: installation.connections.clone(),
        installed_at: installation.installed_at,
    }
}

pub(in crate::http::routes) fn installation_detail(
    found: marketplace::InstallationDetail,
) -> Result<InstallationDetail, ApiError> {
    Ok(InstallationDetail {
        installation: installation(&found.installation),
        source: found.definition.source.as_ref().map(source),
        workflow_definition: raw_json(found.definition.json)?,
        inputs: raw_json(found.inputs)?,
        secret_inputs: found.secret_inputs,
        webhook_token: found.webhook.map(Into::into),
    })
}

pub(in crate::http::routes) fn upgrade_preview(preview: marketplace::UpgradePreview) -> installations::UpgradePreview {
    let input = |input: marketplace::InputDifference| installations::InputDifference {
        name: input.name,
        change: match input.change {
            marketplace::InputChange::Added => installations::InputChange::Added,
            marketplace::InputChange::Removed => installations::InputChange::Removed,
            marketplace::InputChange::Changed => installations::InputChange::Changed,
        },
        secret: input.secret,
        required: input.required,
        newly_required: input.newly_required,
        schema: input.schema,
    };
    let problem = |problem: workflow::Problem| ProblemDetail::new(problem.pointer, problem.message);
    installations::UpgradePreview {
        from: preview.from,
        to: preview.to,
        providers_added: preview.providers_added,
        providers_removed: preview.providers_removed,
        scopes_added: preview.scopes_added,
        scopes_removed: preview.scopes_removed,
        inputs: preview.inputs.into_iter().map(input).collect(),
        trigger_changed: preview.trigger_changed,
        pricing: api_pricing(preview.pricing),
        problems: preview.problems.into_iter().map(problem).collect(),
    }
}

pub(super) fn review(review: &marketplace::Review) -> Review {
    Review {
        rating: review.rating,
        text: review.text.clone(),
        created_at: review.created_at,
        updated_at: review.updated_at,
    }
}

pub(super) fn listing_change(change: listings::ListingChange) -> ListingChange {
    ListingChange {
        name: change.name,
        slug: change.slug,
        tagline: change.tagline,
        description: change.description,
        category: change.category,
        tags: change.tags,
        pricing: change.pricing.map(pricing),
        visibility: change.visibility.map(|visibility| match visibility {
            listings::Visibility::Public => Visibility::Public,
            listings::Visibility::Private => Visibility::Private,
        }),
    }
}

fn api_pricing(pricing: Pricing) -> listings::Pricing {
    let model = match pricing.model {
        PricingModel::Free => listings::PricingModel::Free,
        PricingModel::OneTime => listings::PricingModel::OneTime,
        PricingModel::Monthly => listings::PricingModel::Monthly,
    };
    listings::Pricing { model, cents: pricing.cents }
}

fn pricing(pricing: listings::Pricing) -> Pricing {
    Pricing { model: pricing_model(pricing.model), cents: pricing.cents }
}

pub(super) fn pricing_model(model: listings::PricingModel) -> PricingModel {
    match model {
        listings::PricingModel::Free => PricingModel::Free,
        listings::PricingModel::OneTime => PricingModel::OneTime,
        listings::PricingModel::Monthly => PricingModel::Monthly,
    }
}
