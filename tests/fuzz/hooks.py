"""Checks of a running host that Schemathesis cannot know, and images for it to send. It never changes a request."""

import json
import re
import sys
from pathlib import Path

import schemathesis
from hypothesis import strategies

sys.path.insert(0, str(Path(__file__).parent))
from seed import png  # noqa: E402

# Random bytes are no image. The host looks at the bytes alone, not at which kind of image they are said to be.
IMAGES = strategies.builds(png, strategies.integers(1, 8), strategies.integers(1, 8))
for kind in ("image/png", "image/jpeg", "image/webp"):
    schemathesis.openapi.media_type(kind, IMAGES)

# Statuses that say that a request was refused, where the request itself fits the document. 401 and 403 without a code of
# their own, 404 of an operation that has an id in its path, and 429 need no reason.
REFUSALS = {400, 402, 404, 409, 412, 422}
EVERYTHING = ""


def says(code, text=EVERYTHING, when=lambda case: True):
    """A refusal with `code` whose every problem (its pointer and text, else the detail) begins with the pattern `text`."""
    return code, re.compile(text), when


def has_condition(case):
    return any(name.lower() == "if-match" for name in case.headers or {})


def field(case, name):
    return case.body.get(name) if isinstance(case.body, dict) else None


def has_both_definitions(case):
    return None not in (field(case, "workflowDefinition"), field(case, "workflowYaml"))


def has_no_definition(case):
    return field(case, "workflowDefinition") is None and field(case, "workflowYaml") is None


def has_long_local_part(case):
    return len((field(case, "email") or "").rpartition("@")[0]) > 64


# If-Match names versions of what there is now.
STALE = says("stale", when=has_condition)
# No pattern of JSON Schema that all readers know says that a text has a letter or digit of any script.
NO_LETTER = says("invalid-workflow", "/name name must have at least one letter|/tags/[0-9] a tag must have at least one letter")
# Which categories there are is in a table, and the price depends on the model.
LISTING = says("invalid-workflow", "/category category must be one of|/pricing/cents cents must be")
# Some words are pages of the marketplace.
RESERVED = says("invalid-workflow", "/slug this slug is reserved for a page")
# YAML has a schema only once it is read. A draft has to be a workflow in YAML alone.
YAML = says("invalid-workflow", "/workflowYaml", when=lambda case: field(case, "workflowYaml") is not None)
TWICE = says("invalid-body", "send workflowDefinition or workflowYaml, not both", when=has_both_definitions)
# No two workflows that all may see have the same name or slug.
TAKEN = says("invalid-workflow", "/(name|slug) this (name|slug) is already taken")
# What everybody sees has to be whole, with a name and a slug of its own.
NOT_WHOLE = says("invalid-workflow", "/(tagline|description) must not be empty when|/workflowDefinition")
# No pattern bounds the part of an address before the `@` without looking ahead.
LONG_LOCAL_PART = says("invalid-body", "/email ", when=has_long_local_part)
# Whether a text is an address that a browser goes to is the URL standard's to say.
NO_WEBSITE = says("invalid-body", "/website must be a web address")

# Why a request that fits the document may be refused, by operation. All problems of an answer have to be among them.
REASONS = {
    "validate_definition": [says("invalid-body", "send workflowDefinition or workflowYaml", when=has_no_definition), TWICE],
    # The input's schema is the action's own, which GET /registry/actions/{id} has.
    # What the action has to do may not be possible, by what the integration says.
    "execute_action": [says("invalid-input"), says("conflict"), says("permanent")],
    # There may be nothing to approve, or something else than what the request names.
    "approve_integration": [says("nothing-pending"), says("other-version")],
    # Which names and forms of a `variables` entry there are is the provider's own.
    "create_connection": [says("invalid-provider"), says("invalid-variables")],
    # Which origins the browser may go on to is the operator's setting; scopes have each provider's own form.
    "authorize_connection": [
        says("return-to-not-allowed"),
        says("invalid-scopes"),
        says("invalid-variables"),
        says("api-key-provider"),
    ],
    # Only the provider's answer to a flow that this very browser began is taken.
    "complete_connection": [says("invalid-state"), says("invalid-callback")],
    "register_user": [LONG_LOCAL_PART],
    # Address and password come together or not at all; when a token may end depends on the day.
    "create_token": [says("invalid-body", "send `email` and `password`|/expiresAt must be in the future"), LONG_LOCAL_PART],
    # The operator has a profile already, and others have theirs. Some words are the host's own.
    "create_developer": [says("already-developer"), says("slug-taken"), says("invalid-body", "/slug must not be the reserved word"), NO_WEBSITE],
    "update_developer": [NO_WEBSITE],
    # Of a name without a slug one is made, which can be too short or a page, too.
    "create_workflow": [
        TWICE,
        YAML,
        NO_LETTER,
        LISTING,
        RESERVED,
        TAKEN,
        says("invalid-workflow", "/slug slug must be", when=lambda case: field(case, "slug") is None),
        says("too-many"),
    ],
    "update_workflow": [STALE, NO_LETTER, LISTING, RESERVED, TAKEN, NOT_WHOLE],
    "create_version": [
        STALE,
        TWICE,
        says("invalid-body", "send workflowDefinition or workflowYaml", when=has_no_definition),
        YAML,
        TAKEN,
        NOT_WHOLE,
        says("too-many"),
    ],
    "publish_workflow": [STALE, TAKEN, NOT_WHOLE],
    # A draft is not published.
    "unpublish_workflow": [STALE, says("not-published")],
    "delete_workflow": [STALE],
    # There are eight at most.
    "add_screenshot": [says("too-many")],
    "feature_workflow": [says("not-published")],
    # Which inputs and connections there are is the workflow's own.
    "install_workflow": [says("payment-required"), says("not-published"), says("invalid-input")],
    "update_installation": [STALE, says("invalid-input")],
    "uninstall_installation": [STALE],
    "pause_installation": [STALE],
    "resume_installation": [STALE],
    # Whether there is a webhook is the workflow's own.
    "rotate_webhook": [STALE, says("no-webhook")],
    # What is not listed any more has no version to upgrade to, and the newest one may not be the one of the request.
    "preview_upgrade": [says("not-published")],
    "upgrade_installation": [
        STALE,
        says("invalid-input"),
        says("payment-required"),
        says("not-published"),
        says("other-version"),
    ],
    # A cursor comes from an answer, and the number of an event from the run's own stream.
    "list_runs": [says("invalid-query", "cursor must be nextCursor")],
    "follow_run": [says("invalid-query", "Last-Event-ID must be at most")],
    # The seed's runs have ended, and no outcome of theirs is unknown.
    "cancel_run": [says("run-ended")],
    "resolve_run": [says("outcome-known"), says("run-ended")],
    "retry_run": [says("run-not-ended")],
    "run_installation": [says("installation-paused"), says("concurrency-limit")],
    # Which inputs and connections there are is the workflow's own, and a draft may be half of one.
    "execute_draft": [says("invalid-input"), says("invalid-workflow")],
}
# What this caller may not, whatever the request says: what is another developer's or the caller's own.
FORBIDDEN = {
    # The integration itself says so: the seed's accounts have no scopes.
    "execute_action": {"permission-denied"},
    "create_token": {"no-account", "insufficient-scope"},
    "reload_integration": {"not-in-development"},
    "update_workflow": {"not-owner"},
    "create_version": {"not-owner"},
    "execute_draft": {"not-owner"},
    "publish_workflow": {"not-owner"},
    "add_screenshot": {"not-owner"},
    "delete_screenshot": {"not-owner"},
    "review_workflow": {"own-workflow", "review-without-installation"},
}
CODE_OF_PAGE = re.compile(r"<code>([a-z-]+)</code>")


def problem_of(response):
    if "html" in "".join(response.headers.get("content-type", [])):
        found = CODE_OF_PAGE.search(response.text)
        return {"code": found.group(1) if found else None, "detail": ""}
    return json.loads(response.text)


def texts_of(problem):
    errors = problem.get("errors")
    return [f"{error['pointer']} {error['detail']}" for error in errors] if errors else [problem["detail"]]


@schemathesis.check
def refusals_have_a_reason(ctx, response, case):
    """A valid request is refused only where, and only for what, the document cannot know."""
    status = response.status_code
    if status not in REFUSALS | {403} or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    problem, operation = problem_of(response), case.operation.definition.raw.get("operationId")
    code = problem.get("code")
    if status == 403:
        assert code in FORBIDDEN.get(operation, set()), f"a valid request is forbidden as {code!r}"
        return
    if status == 404 and case.path_parameters:
        return
    reasons = [(text, when) for known, text, when in REASONS.get(operation, []) if known == code]
    for said in texts_of(problem):
        fits = any(text.match(said) and when(case) for text, when in reasons)
        assert fits, f"a valid request was refused with {status} {code!r}, which hooks.py has no reason for: {said}"


@schemathesis.check
def problems_name_their_request(ctx, response, case):
    """Every answer has an id, and a problem repeats it with its own status."""
    assert response.headers.get("x-request-id"), "the answer has no x-request-id"
    if "application/problem+json" not in response.headers.get("content-type", [""])[0]:
        return
    problem = json.loads(response.text)
    assert problem["status"] == response.status_code, f"status {problem['status']} in a {response.status_code}"
    assert problem["requestId"] == response.headers["x-request-id"][0], "the request's id is another one"
