"""Checks of a running host that Schemathesis cannot know. It never changes a request."""

import json
import re

import schemathesis

# Why a request that fits the document may be refused with a 400, by operation and `code`.
REASONS = {
    # The input's schema is the action's own, which GET /registry/actions/{id} has.
    "execute_action": {"invalid-input"},
    # Which names and forms of a `variables` entry there are is the provider's own.
    "create_connection": {"invalid-provider", "invalid-variables"},
    # Which origins the browser may go on to is the operator's setting; scopes have each provider's own form.
    "authorize": {"return-to-not-allowed", "invalid-scopes", "invalid-variables", "api-key-provider"},
    # Only the provider's answer to a flow that this very browser began is taken.
    "callback": {"invalid-state", "invalid-callback"},
}
CODE_OF_PAGE = re.compile(r"<code>([a-z-]+)</code>")


def code_of(response):
    if "html" in "".join(response.headers.get("content-type", [])):
        found = CODE_OF_PAGE.search(response.text)
        return found.group(1) if found else None
    return json.loads(response.text).get("code")


@schemathesis.check
def refusals_have_a_reason(ctx, response, case):
    """A valid request is refused with a 400 only where, and only for what, the document cannot know."""
    if response.status_code != 400 or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    code = code_of(response)
    reasons = REASONS.get(case.operation.definition.raw.get("operationId"), set())
    assert code in reasons, f"a valid request was refused as {code!r}, which is not among {sorted(reasons)}"


@schemathesis.check
def problems_name_their_request(ctx, response, case):
    """Every answer has an id, and a problem repeats it with its own status."""
    assert response.headers.get("x-request-id"), "the answer has no x-request-id"
    if "application/problem+json" not in response.headers.get("content-type", [""])[0]:
        return
    problem = json.loads(response.text)
    assert problem["status"] == response.status_code, f"status {problem['status']} in a {response.status_code}"
    assert problem["requestId"] == response.headers["x-request-id"][0], "the request's id is another one"
