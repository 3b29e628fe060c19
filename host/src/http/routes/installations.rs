//! The calling user's installations by their ids: `/installations` and what can be done with each. Installing a workflow is in
//! `marketplace`.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use utoipa::IntoResponses;
use workway_api::{
    error::{ErrorCode, Problem},
    installations::{
        InstallationChange, InstallationDetail, InstallationPage, InstallationQuery, InstallationState,
        InstallationUpgrade, UpgradePreview,
    },
};
use workway_marketplace as marketplace;
use workway_marketplace::{InstallationFilter, UpgradeRequest};
use workway_users::Scope;

use super::marketplace::{
    actor::actor,
    convert::{installation, installation_detail, upgrade_preview},
};
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::ApiError,
        etag::{Audience, IfMatch, tagged},
        extract::{self, Path, Query, clipped},
        page::limit,
    },
};

/// How every cursor begins: it is an installation's id.
const CURSOR_PREFIX: &str = "ins_";

/// The longest id in a query, in characters. Those of the host have 36.
const MAX_ID_CHARS: usize = 64;

/// Problems of every write to an installation.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only the documentation reads this type")]
pub(in crate::http) enum InstallationProblems {
    #[response(status = PRECONDITION_FAILED, description = "the installation changed: its revision is not in `If-Match`", content_type = "application/problem+json")]
    Stale(Problem),
}

/// Lists the calling user's installations, the newest first.
#[utoipa::path(get, path = "/installations", tag = "installations",
    params(InstallationQuery),
    security(("bearer" = [])),
    responses((status = OK, description = "a part of the list", body = InstallationPage)))]
pub(in crate::http) async fn list_installations(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<InstallationQuery>,
) -> Result<Json<InstallationPage>, ApiError> {
    caller.require(Scope::Marketplace)?;
    let limit = limit(query.limit)?;
    check(&query)?;
    let actor = actor(&app, &caller).await?;
    let state = query.state.map(|state| match state {
        InstallationState::Active => marketplace::InstallationState::Active,
        InstallationState::Paused => marketplace::InstallationState::Paused,
        InstallationState::Uninstalled => marketplace::InstallationState::Uninstalled,
    });
    let filter = InstallationFilter { listing: query.workflow, state };
    let page = app.marketplace().list_installations(&actor, &filter, query.cursor.as_deref(), limit).await?;
    let installations = page.installations.iter().map(installation).collect();
    Ok(Json(InstallationPage { installations, next_cursor: page.next }))
}

/// Returns one of the calling user's installations, even if it is uninstalled. Of secret inputs only the names are returned.
#[utoipa::path(get, path = "/installations/{id}", tag = "installations",
    params(("id" = String, Path, description = "the installation's id")),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "the installation", body = InstallationDetail,
            headers(("etag", description = "for `If-None-Match`, and for `If-Match` of a write"))),
        (status = NOT_MODIFIED, description = "the client has the answer: its tag is in `If-None-Match`"),
    ))]
pub(in crate::http) async fn read_installation(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    caller.require(Scope::Marketplace)?;
    let actor = actor(&app, &caller).await?;
    answer(&headers, app.marketplace().read_installation(&actor, &id).await?)
}

/// Replaces the inputs of an installation, its connections or both. A secret input that is left out keeps its value.
#[utoipa::path(patch, path = "/installations/{id}", tag = "installations",
    params(
        ("id" = String, Path, description = "the installation's id"),
        ("if-match" = Option<String>, Header, description = "tags from `GET /installations/{id}`: only change one of these revisions"),
    ),
    request_body = InstallationChange,
    security(("bearer" = [])),
    responses(
        (status = OK, description = "the changed installation", body = InstallationDetail,
            headers(("etag", description = "for `If-Match` of the next write"))),
        (status = BAD_REQUEST, description = "the request is malformed, or the inputs or connections do not fit the workflow; `errors` lists every problem", body = Problem, content_type = "application/problem+json"),
        InstallationProblems,
    ))]
pub(in crate::http) async fn update_installation(
    State(app): State<App>,
    caller: Caller,
    IfMatch(condition): IfMatch,
    Path(id): Path<String>,
    extract::Json(body): extract::Json<InstallationChange>,
) -> Result<Response, ApiError> {
    caller.require(Scope::Marketplace)?;
    let actor = actor(&app, &caller).await?;
    let change = marketplace::InstallationChange { inputs: body.inputs, connections: body.connections };
    written(&app, app.marketplace().change_installation(&actor, &id, &condition, change).await?).await
}

/// Uninstalls. The inputs, the connections and the webhook's address are deleted. Uninstalling twice changes nothing.
#[utoipa::path(delete, path = "/installations/{id}", tag = "installations",
    params(
        ("id" = String, Path, description = "the installation's id"),
        ("if-match" = Option<String>, Header, description = "tags from `GET /installations/{id}`: only uninstall one of these revisions"),
    ),
    security(("bearer" = [])),
    responses((status = NO_CONTENT, description = "the workflow is not installed"), InstallationProblems))]
pub(in crate::http) async fn uninstall_installation(
    State(app): State<App>,
    caller: Caller,
    IfMatch(condition): IfMatch,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    caller.require(Scope::Marketplace)?;
    let actor = actor(&app, &caller).await?;
    app.marketplace().uninstall_installation(&actor, &id, &condition).await?;
    app.follow_installation(&id).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Pauses an installation: nothing starts runs of it until it is resumed. Runs that have started continue.
#[utoipa::path(post, path = "/installations/{id}/pause", tag = "installations",
    params(
        ("id" = String, Path, description = "the installation's id"),
        ("if-match" = Option<String>, Header, description = "tags from `GET /installations/{id}`: only pause one of these revisions"),
    ),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "the paused installation", body = InstallationDetail,
            headers(("etag", description = "for `If-Match` of the next write"))),
        InstallationProblems,
    ))]
pub(in crate::http) async fn pause_installation(
    State(app): State<App>,
    caller: Caller,
    IfMatch(condition): IfMatch,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    caller.require(Scope::Marketplace)?;
    let actor = actor(&app, &caller).await?;
    written(&app, app.marketplace().pause_installation(&actor, &id, &condition).await?).await
}

/// Resumes a paused installation.
#[utoipa::path(post, path = "/installations/{id}/resume", tag = "installations",
    params(
        ("id" = String, Path, description = "the installation's id"),
        ("if-match" = Option<String>, Header, description = "tags from `GET /installations/{id}`: only resume one of these revisions"),
    ),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "the resumed installation", body = InstallationDetail,
            headers(("etag", description = "for `If-Match` of the next write"))),
        InstallationProblems,
    ))]
pub(in crate::http) async fn resume_installation(
    State(app): State<App>,
    caller: Caller,
    IfMatch(condition): IfMatch,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    caller.require(Scope::Marketplace)?;
    let actor = actor(&app, &caller).await?;
    written(&app, app.marketplace().resume_installation(&actor, &id, &condition).await?).await
}

/// Replaces the secret part of the webhook's address. The address of before is unknown from then on.
#[utoipa::path(post, path = "/installations/{id}/rotate-webhook", tag = "installations",
    params(
        ("id" = String, Path, description = "the installation's id"),
        ("if-match" = Option<String>, Header, description = "tags from `GET /installations/{id}`: only change one of these revisions"),
    ),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "the installation with its new address", body = InstallationDetail,
            headers(("etag", description = "for `If-Match` of the next write"))),
        (status = CONFLICT, description = "the workflow has no webhook", body = Problem, content_type = "application/problem+json"),
        InstallationProblems,
    ))]
pub(in crate::http) async fn rotate_webhook(
    State(app): State<App>,
    caller: Caller,
    IfMatch(condition): IfMatch,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    caller.require(Scope::Marketplace)?;
    let actor = actor(&app, &caller).await?;
    written(&app, app.marketplace().rotate_webhook(&actor, &id, &condition).await?).await
}

/// Returns what an upgrade to the workflow's newest version would change.
#[utoipa::path(get, path = "/installations/{id}/upgrade", tag = "installations",
    params(("id" = String, Path, description = "the installation's id")),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "the preview", body = UpgradePreview),
        (status = CONFLICT, description = "the workflow is not listed any more", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn preview_upgrade(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<UpgradePreview>, ApiError> {
    caller.require(Scope::Marketplace)?;
    let actor = actor(&app, &caller).await?;
    Ok(Json(upgrade_preview(app.marketplace().preview_upgrade(&actor, &id).await?)))
}

/// Upgrades an installation to the workflow's newest version. Runs that have started stay on the version that they began with.
#[utoipa::path(post, path = "/installations/{id}/upgrade", tag = "installations",
    params(
        ("id" = String, Path, description = "the installation's id"),
        ("if-match" = Option<String>, Header, description = "tags from `GET /installations/{id}`: only upgrade one of these revisions"),
    ),
    request_body = Option<InstallationUpgrade>,
    security(("bearer" = [])),
    responses(
        (status = OK, description = "the upgraded installation", body = InstallationDetail,
            headers(("etag", description = "for `If-Match` of the next write"))),
        (status = BAD_REQUEST, description = "the request is malformed, or the inputs or connections do not fit the newest version; `errors` lists every problem", body = Problem, content_type = "application/problem+json"),
        (status = PAYMENT_REQUIRED, description = "the newest version is not free, and this host takes no payments yet", body = Problem, content_type = "application/problem+json"),
        (status = CONFLICT, description = "the workflow is not listed any more, or `version` is not the newest version", body = Problem, content_type = "application/problem+json"),
        InstallationProblems,
    ))]
pub(in crate::http) async fn upgrade_installation(
    State(app): State<App>,
    caller: Caller,
    IfMatch(condition): IfMatch,
    Path(id): Path<String>,
    body: Option<extract::Json<InstallationUpgrade>>,
) -> Result<Response, ApiError> {
    caller.require(Scope::Marketplace)?;
    let actor = actor(&app, &caller).await?;
    let body = body.map(|extract::Json(body)| body).unwrap_or_default();
    let change = marketplace::InstallationChange { inputs: body.inputs, connections: body.connections };
    let request = UpgradeRequest { version: body.version, change };
    written(&app, app.marketplace().upgrade_installation(&actor, &id, &condition, request).await?).await
}

/// Checks everything but `limit`.
///
/// # Errors
/// 400 `invalid-query`.
fn check(query: &InstallationQuery) -> Result<(), ApiError> {
    let refused = |detail: String| Err(ApiError::bad_request(ErrorCode::InvalidQuery, detail));
    let is_long = |text: &String| text.chars().count() > MAX_ID_CHARS;
    if let Some(wrong) = query.workflow.as_ref().filter(|workflow| is_long(workflow)) {
        return refused(format!(
            "workflow must have at most {MAX_ID_CHARS} characters (got {})",
            wrong.chars().count()
        ));
    }
    let wrong = query.cursor.as_ref().filter(|cursor| !cursor.starts_with(CURSOR_PREFIX) || is_long(cursor));
    if let Some(wrong) = wrong {
        return refused(format!("cursor must be `nextCursor` of an earlier answer (got {:?})", clipped(wrong)));
    }
    Ok(())
}

/// The answer to a write, with the tag for the next one. What starts runs follows the installation from then on.
async fn written(app: &App, detail: marketplace::InstallationDetail) -> Result<Response, ApiError> {
    app.follow_installation(&detail.installation.id).await;
    answer(&HeaderMap::new(), detail)
}

fn answer(headers: &HeaderMap, detail: marketplace::InstallationDetail) -> Result<Response, ApiError> {
    let revision = Some(detail.installation.revision);
    tagged(headers, Audience::Caller, revision, &installation_detail(detail)?)
}
