//! Every route on one screen.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state},
    routing::get,
};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self,
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};
use workway_marketplace::bounds::MAX_SCREENSHOT_BYTES;
use workway_model::Mode;
use workway_runs::webhook::MAX_BODY_BYTES;

use super::{
    clients::Clients,
    docs, document,
    middleware::{
        admission::{self, Admission},
        authority, browser, fallback, local_only, request_id, trace, unread,
    },
    routes::{auth, developers, installations, marketplace, oauth, operation, registry, runs, schemas},
};
use crate::app::App;

/// The size of an execute request without its input, in bytes.
const ENVELOPE_BYTES: u64 = 64 << 10;
/// The largest body of a request about users and tokens, in bytes. Anonymous callers send some of them.
const USER_BODY_BYTES: usize = 64 << 10;
/// The largest body that describes a workflow, in bytes: its definition and its texts, every character escaped.
const WORKFLOW_BODY_BYTES: usize = 1 << 20;

#[derive(OpenApi)]
#[openapi(
    info(title = "WORKWAY", description = "Runs integrations in a sandbox and serves their actions."),
    modifiers(&Bearer),
    tags(
        (name = "registry", description = "Integrations and their actions"),
        (name = "marketplace", description = "Workflows that developers publish"),
        (name = "installations", description = "Workflows that the calling user has"),
        (name = "runs", description = "Runs of workflows, and the addresses of webhooks"),
        (name = "oauth", description = "Accounts of the calling user at providers"),
        (name = "auth", description = "Users and their tokens"),
        (name = "developers", description = "Users who publish"),
        (name = "operation", description = "Health checks and metrics for operators"),
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
pub fn router(app: App, clients: Clients) -> Router {
    let body_limit = app.settings().registry.largest_body_bytes().saturating_add(ENVELOPE_BYTES);
    let mode = app.settings().mode;
    let (router, mut document) = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(operation::get_health))
        .routes(routes!(operation::get_readiness))
        .routes(routes!(operation::get_metrics))
        .routes(routes!(registry::stats::get_stats))
        .routes(routes!(registry::integrations::list_integrations))
        .routes(routes!(registry::integrations::get_integration))
        .routes(routes!(registry::activation::approve_integration))
        .routes(routes!(registry::activation::reload_integration))
        .routes(routes!(registry::events::follow_events))
        .routes(routes!(registry::actions::list_actions))
        .routes(routes!(registry::actions::get_action))
        .routes(routes!(registry::actions::execute_action))
        .routes(routes!(oauth::providers::list_providers))
        .routes(routes!(oauth::flow::authorize_connection))
        .routes(routes!(oauth::flow::complete_connection))
        .routes(routes!(oauth::connections::list_connections, oauth::create_connection::create_connection))
        .routes(routes!(
            oauth::connections::get_connection,
            oauth::connections::update_connection,
            oauth::connections::delete_connection
        ))
        .merge(users())
        .merge(marketplace())
        .merge(run_routes())
        .merge(webhooks())
        .routes(routes!(schemas::get_workflow_schema))
        .split_for_parts();
    document::complete(&mut document);
    let router = router
        .merge(docs::docs(&document))
        .fallback(fallback::not_found)
        .method_not_allowed_fallback(fallback::method_not_allowed)
        .layer(DefaultBodyLimit::max(usize::try_from(body_limit).unwrap_or(usize::MAX)))
        .layer(CatchPanicLayer::custom(fallback::panicked));
    let router = match mode {
        Mode::Development => router.layer(from_fn(local_only::local_only)),
        Mode::Production => router,
    };
    let allowed = &app.settings().server.allowed_origins;
    let router = if allowed.is_empty() { router } else { router.layer(browser::cors(allowed)) };
    let router = router.layer(from_fn_with_state(app.clone(), browser::guard));
    // Before everything that relies on `Host`.
    let router = router.layer(from_fn(authority::check));
    let admission = Admission { app: app.clone(), clients };
    let router = router.layer(from_fn_with_state(admission, admission::admit));
    let router = router.layer(from_fn(unread::drain));
    let router = router.layer(from_fn(browser::set_policies));
    router.layer(from_fn(trace::trace)).layer(from_fn(request_id::set_request_id)).with_state(app)
}

/// Routes with small bodies.
fn users() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(auth::registration::register_user))
        .routes(routes!(auth::tokens::list_tokens, auth::tokens::create_token))
        .routes(routes!(auth::tokens::revoke_token))
        .routes(routes!(auth::caller::get_caller))
        .routes(routes!(developers::create_developer))
        .routes(routes!(developers::get_developer))
        .routes(routes!(developers::update_developer))
        .layer(DefaultBodyLimit::max(USER_BODY_BYTES))
}

/// Runs. Bodies hold what a run starts with, or what a step gave: they may be as large as the input of an action.
fn run_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(runs::start::run_installation))
        .routes(routes!(runs::start::execute_draft))
        .routes(routes!(runs::read::list_runs))
        .routes(routes!(runs::read::get_run))
        .routes(routes!(runs::read::get_run_body))
        .routes(routes!(runs::events::follow_run))
        .routes(routes!(runs::control::cancel_run))
        .routes(routes!(runs::control::retry_run))
        .routes(routes!(runs::control::resolve_run))
}

/// The addresses of webhooks, with every method that senders use. HEAD starts nothing: it is what looks at links.
fn webhooks() -> OpenApiRouter<App> {
    let others = get(runs::webhooks::receive_webhook)
        .head(fallback::method_not_allowed)
        .put(runs::webhooks::receive_webhook)
        .patch(runs::webhooks::receive_webhook)
        .delete(runs::webhooks::receive_webhook);
    OpenApiRouter::new()
        .routes(routes!(runs::webhooks::receive_webhook))
        .route("/hooks/{token}", others)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
}

/// Routes whose bodies have a workflow's size, and screenshots.
fn marketplace() -> OpenApiRouter<App> {
    let screenshots = OpenApiRouter::new()
        .routes(routes!(marketplace::screenshots::add_screenshot))
        .layer(DefaultBodyLimit::max(MAX_SCREENSHOT_BYTES));
    OpenApiRouter::new()
        .routes(routes!(marketplace::search::search_workflows, marketplace::workflows::create_workflow))
        .routes(routes!(marketplace::validation::validate_definition))
        .routes(routes!(marketplace::lists::list_featured_workflows))
        .routes(routes!(marketplace::lists::list_popular_workflows))
        .routes(routes!(marketplace::lists::list_recent_workflows))
        .routes(routes!(marketplace::stats::get_marketplace_stats))
        .routes(routes!(marketplace::lists::list_category_workflows))
        .routes(routes!(marketplace::lists::list_developer_workflows))
        .routes(routes!(marketplace::lists::list_own_workflows))
        .routes(routes!(
            marketplace::workflows::get_workflow,
            marketplace::workflows::update_workflow,
            marketplace::workflows::delete_workflow
        ))
        .routes(routes!(marketplace::publication::publish_workflow))
        .routes(routes!(marketplace::publication::unpublish_workflow))
        .routes(routes!(marketplace::versions::list_versions, marketplace::versions::create_version))
        .routes(routes!(marketplace::publication::feature_workflow, marketplace::publication::unfeature_workflow))
        .routes(routes!(
            marketplace::installations::get_installation,
            marketplace::installations::install_workflow,
            marketplace::installations::uninstall_workflow
        ))
        .routes(routes!(installations::list_installations))
        .routes(routes!(
            installations::read_installation,
            installations::update_installation,
            installations::uninstall_installation
        ))
        .routes(routes!(installations::pause_installation))
        .routes(routes!(installations::resume_installation))
        .routes(routes!(installations::rotate_webhook))
        .routes(routes!(installations::preview_upgrade, installations::upgrade_installation))
        .routes(routes!(marketplace::reviews::list_reviews, marketplace::reviews::review_workflow))
        .routes(routes!(marketplace::screenshots::get_screenshot, marketplace::screenshots::delete_screenshot))
        .layer(DefaultBodyLimit::max(WORKFLOW_BODY_BYTES))
        .merge(screenshots)
}
