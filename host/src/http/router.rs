//! Every route on one screen.

use axum::{Router, extract::DefaultBodyLimit, middleware::from_fn};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self,
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};
use utoipa_swagger_ui::SwaggerUi;
use workway_marketplace::bounds::MAX_SCREENSHOT_BYTES;
use workway_model::Mode;

use super::{
    document,
    middleware::{fallback, local_only, request_id, trace},
    routes::{auth, developers, marketplace, oauth, operation, registry, schemas},
};
use crate::app::App;

/// What an execute request holds besides its input, in bytes.
const ENVELOPE_BYTES: u64 = 64 << 10;
/// The largest body of a request about accounts, in bytes. Strangers send some of them.
const ACCOUNT_BODY_BYTES: usize = 64 << 10;
/// The largest body that says something of a workflow, in bytes: its definition and its texts, every character escaped.
const WORKFLOW_BODY_BYTES: usize = 1 << 20;

#[derive(OpenApi)]
#[openapi(
    info(title = "WORKWAY", description = "Runs integrations in a sandbox and serves their actions."),
    modifiers(&Bearer),
    tags(
        (name = "registry", description = "Integrations and their actions"),
        (name = "marketplace", description = "Workflows that developers publish"),
        (name = "oauth", description = "Connected accounts of the calling user"),
        (name = "auth", description = "Accounts of users and their tokens"),
        (name = "developers", description = "Users who publish"),
        (name = "operation", description = "For whoever runs this host"),
    )
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        document.components.get_or_insert_default().add_security_scheme("bearer", bearer);
    }
}

/// The host's routes with everything around them.
pub fn router(app: App) -> Router {
    let body_limit = app.settings().registry.largest_body_bytes().saturating_add(ENVELOPE_BYTES);
    let mode = app.settings().mode;
    let (router, mut document) = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(operation::health::get_health))
        .routes(routes!(operation::health::get_readiness))
        .routes(routes!(operation::metrics::get_metrics))
        .routes(routes!(registry::get_stats::get_stats))
        .routes(routes!(registry::list_integrations::list_integrations))
        .routes(routes!(registry::get_integration::get_integration))
        .routes(routes!(registry::approve_integration::approve_integration))
        .routes(routes!(registry::reload_integration::reload_integration))
        .routes(routes!(registry::follow_events::follow_events))
        .routes(routes!(registry::list_actions::list_actions))
        .routes(routes!(registry::get_action::get_action))
        .routes(routes!(registry::execute_action::execute_action))
        .routes(routes!(oauth::list_providers::list_providers))
        .routes(routes!(oauth::authorize::authorize))
        .routes(routes!(oauth::callback::callback))
        .routes(routes!(oauth::list_connections::list_connections, oauth::create_connection::create_connection))
        .routes(routes!(
            oauth::get_connection::get_connection,
            oauth::update_connection::update_connection,
            oauth::delete_connection::delete_connection
        ))
        .merge(accounts())
        .merge(marketplace())
        .routes(routes!(schemas::get_workflow_schema::get_workflow_schema))
        .split_for_parts();
    document::complete(&mut document);
    let router = router
        .merge(SwaggerUi::new("/docs").url("/openapi.json", document))
        .fallback(fallback::not_found)
        .method_not_allowed_fallback(fallback::method_not_allowed)
        .layer(DefaultBodyLimit::max(usize::try_from(body_limit).unwrap_or(usize::MAX)))
        .layer(CatchPanicLayer::custom(fallback::panicked));
    let router = match mode {
        Mode::Development => router.layer(from_fn(local_only::local_only)),
        Mode::Production => router,
    };
    router.layer(from_fn(trace::trace)).layer(from_fn(request_id::set_request_id)).with_state(app)
}

/// Small bodies alone.
fn accounts() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(auth::register::register))
        .routes(routes!(auth::list_tokens::list_tokens, auth::create_token::create_token))
        .routes(routes!(auth::revoke_token::revoke_token))
        .routes(routes!(auth::who_am_i::who_am_i))
        .routes(routes!(developers::create_developer::create_developer))
        .routes(routes!(developers::get_developer::get_developer))
        .routes(routes!(developers::update_developer::update_developer))
        .layer(DefaultBodyLimit::max(ACCOUNT_BODY_BYTES))
}

/// Bodies of a workflow's size, but for screenshots.
fn marketplace() -> OpenApiRouter<App> {
    let screenshots = OpenApiRouter::new()
        .routes(routes!(marketplace::add_screenshot::add_screenshot))
        .layer(DefaultBodyLimit::max(MAX_SCREENSHOT_BYTES));
    OpenApiRouter::new()
        .routes(routes!(marketplace::search_workflows::search_workflows, marketplace::create_workflow::create_workflow))
        .routes(routes!(marketplace::list_featured::list_featured))
        .routes(routes!(marketplace::list_popular::list_popular))
        .routes(routes!(marketplace::list_recent::list_recent))
        .routes(routes!(marketplace::get_marketplace_stats::get_marketplace_stats))
        .routes(routes!(marketplace::list_category::list_category))
        .routes(routes!(marketplace::list_developer::list_developer))
        .routes(routes!(marketplace::list_own::list_own))
        .routes(routes!(
            marketplace::get_workflow::get_workflow,
            marketplace::update_workflow::update_workflow,
            marketplace::delete_workflow::delete_workflow
        ))
        .routes(routes!(marketplace::publish_workflow::publish_workflow))
        .routes(routes!(marketplace::unpublish_workflow::unpublish_workflow))
        .routes(routes!(marketplace::list_versions::list_versions, marketplace::create_version::create_version))
        .routes(routes!(
            marketplace::feature_workflow::feature_workflow,
            marketplace::feature_workflow::unfeature_workflow
        ))
        .routes(routes!(
            marketplace::get_installation::get_installation,
            marketplace::install_workflow::install_workflow,
            marketplace::uninstall_workflow::uninstall_workflow
        ))
        .routes(routes!(marketplace::list_reviews::list_reviews, marketplace::review_workflow::review_workflow))
        .routes(routes!(marketplace::get_screenshot::get_screenshot, marketplace::delete_screenshot::delete_screenshot))
        .layer(DefaultBodyLimit::max(WORKFLOW_BODY_BYTES))
        .merge(screenshots)
}
