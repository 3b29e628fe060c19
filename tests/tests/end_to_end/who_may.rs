//! Who may do what, in production: every route of the host, asked by everybody.
//!
//! A row says what each of [`WHO`] gets. Its path and body may name things of the owner's, which are made anew for every
//! request, so that what one may delete is there for the next: see [`Cast::fill`]. A route without a row fails the test.

mod cast;

use std::collections::BTreeSet;

use cast::Cast;
use workway_tests::TestHost;

/// The columns: nobody in particular, a user, a user with a developer profile, the user whose things the row is about (who
/// has a developer profile, too), and the operator.
const WHO: [&str; 5] = ["anonymous", "user", "developer", "owner", "admin"];

/// Method, documented path, real path, body, and the status for each of [`WHO`].
type Row = (&'static str, &'static str, &'static str, &'static str, [u16; 5]);

const PUBLIC: [u16; 5] = [200; 5];
/// The operator alone.
const OPERATOR: [u16; 5] = [401, 403, 403, 403, 200];
/// The users, each with things of their own.
const EVERYBODY_KNOWN: [u16; 5] = [401, 200, 200, 200, 200];
/// The owner alone: the operator has no business with a user's own things either.
const OWNER: [u16; 5] = [401, 404, 404, 200, 404];

const OPERATION: &[Row] = &[
    ("get", "/healthz", "/healthz", "", PUBLIC),
    ("get", "/readyz", "/readyz", "", PUBLIC),
    ("get", "/metrics", "/metrics", "", OPERATOR),
];

const REGISTRY: &[Row] = &[
    ("get", "/registry/stats", "/registry/stats", "", PUBLIC),
    ("get", "/registry/integrations", "/registry/integrations", "", PUBLIC),
    ("get", "/registry/integrations/{id}", "/registry/integrations/hello", "", PUBLIC),
    ("get", "/registry/actions", "/registry/actions", "", PUBLIC),
    ("get", "/registry/actions/{id}", "/registry/actions/hello.echo", "", PUBLIC),
    (
        "post",
        "/registry/actions/{id}/execute",
        "/registry/actions/hello.echo/execute",
        r#"{"input":{"message":"hi"}}"#,
        EVERYBODY_KNOWN,
    ),
    ("get", "/registry/events", "/registry/events", "", OPERATOR),
    // Nothing waits for it.
    (
        "post",
        "/registry/integrations/{id}/approve",
        "/registry/integrations/hello/approve",
        "{}",
        [401, 403, 403, 403, 409],
    ),
    ("post", "/registry/reload/{integrationId}", "/registry/reload/hello", "", [403; 5]),
];

const CONNECTIONS: &[Row] = &[
    ("get", "/oauth/providers", "/oauth/providers", "", EVERYBODY_KNOWN),
    // The test's host has no public address.
    ("get", "/oauth/{provider}/authorize", "/oauth/github/authorize", "", [401, 503, 503, 503, 503]),
    ("get", "/oauth/{provider}/callback", "/oauth/github/callback?state=s&code=c", "", [503; 5]),
    ("get", "/oauth/connections", "/oauth/connections", "", EVERYBODY_KNOWN),
    (
        "post",
        "/oauth/connections",
        "/oauth/connections",
        r#"{"provider":"example","accessToken":"xoxb-0123456789","account":"<new>"}"#,
        [401, 201, 201, 201, 201],
    ),
    ("get", "/oauth/connections/{id}", "/oauth/connections/<connection>", "", OWNER),
    ("patch", "/oauth/connections/{id}", "/oauth/connections/<connection>", r#"{"default":true}"#, OWNER),
    ("delete", "/oauth/connections/{id}", "/oauth/connections/<connection>", "", OWNER),
];

const USERS: &[Row] = &[
    (
        "post",
        "/auth/register",
        "/auth/register",
        r#"{"email":"<new>@example.com","password":"correct horse battery staple"}"#,
        [202; 5],
    ),
    // Without a password: a token from a token. The operator is not a user.
    ("post", "/auth/tokens", "/auth/tokens", "{}", [400, 201, 201, 201, 403]),
    ("get", "/auth/tokens", "/auth/tokens", "", EVERYBODY_KNOWN),
    ("delete", "/auth/tokens/{id}", "/auth/tokens/<token>", "", [401, 404, 404, 204, 404]),
    ("get", "/auth/whoami", "/auth/whoami", "", EVERYBODY_KNOWN),
];

/// The last row makes developers of all.
const DEVELOPERS: &[Row] = &[
    ("get", "/developers/{idOrSlug}", "/developers/owner", "", PUBLIC),
    ("patch", "/developers/me", "/developers/me", r#"{"bio":"I write."}"#, [401, 404, 200, 200, 404]),
    ("post", "/developers", "/developers", r#"{"slug":"a<new>","name":"New"}"#, [401, 201, 409, 409, 201]),
];

/// What is public is the owner's, and so are drafts and their pictures. To others those are not there, and to the operator
/// they are another's.
const MARKETPLACE: &[Row] = &[
    ("get", "/marketplace", "/marketplace?q=hello", "", PUBLIC),
    ("get", "/marketplace/featured", "/marketplace/featured", "", PUBLIC),
    ("get", "/marketplace/popular", "/marketplace/popular", "", PUBLIC),
    ("get", "/marketplace/recent", "/marketplace/recent", "", PUBLIC),
    ("get", "/marketplace/stats", "/marketplace/stats", "", PUBLIC),
    ("get", "/marketplace/category/{categoryId}", "/marketplace/category/other", "", PUBLIC),
    ("get", "/marketplace/developer/{developerId}", "/marketplace/developer/owner", "", PUBLIC),
    ("get", "/schemas/workflow-1.json", "/schemas/workflow-1.json", "", PUBLIC),
    ("get", "/developers/me/workflows", "/developers/me/workflows", "", [401, 403, 200, 200, 403]),
    ("get", "/marketplace/{id}", "/marketplace/<draft>", "", [404, 404, 404, 200, 200]),
    ("get", "/marketplace/{id}", "/marketplace/<published>", "", PUBLIC),
    ("get", "/marketplace/{id}/versions", "/marketplace/<draft>/versions", "", [404, 404, 404, 200, 200]),
    ("get", "/marketplace/{id}/reviews", "/marketplace/<draft>/reviews", "", [404, 404, 404, 200, 200]),
    (
        "get",
        "/marketplace/{id}/screenshots/{screenshotId}",
        "/marketplace/<draft>/screenshots/<screenshot>",
        "",
        [404, 404, 404, 200, 200],
    ),
    ("post", "/marketplace", "/marketplace", r#"{"name":"<new>"}"#, [401, 403, 201, 201, 403]),
    (
        "post",
        "/marketplace/validate",
        "/marketplace/validate",
        r#"{"workflowDefinition":{}}"#,
        [401, 403, 200, 200, 403],
    ),
    ("patch", "/marketplace/{id}", "/marketplace/<draft>", r#"{"tagline":"x"}"#, [401, 404, 404, 200, 403]),
    ("patch", "/marketplace/{id}", "/marketplace/<published>", r#"{"tagline":"x"}"#, [401, 403, 403, 200, 403]),
    ("post", "/marketplace/{id}/publish", "/marketplace/<draft>/publish", "", [401, 404, 404, 200, 403]),
    ("post", "/marketplace/{id}/unpublish", "/marketplace/<published>/unpublish", "", [401, 403, 403, 200, 200]),
    (
        "post",
        "/marketplace/{id}/versions",
        "/marketplace/<draft>/versions",
        r#"{"workflowDefinition":{}}"#,
        [401, 404, 404, 201, 403],
    ),
    ("delete", "/marketplace/{id}", "/marketplace/<draft>", "", [401, 404, 404, 204, 204]),
    ("delete", "/marketplace/{id}", "/marketplace/<published>", "", [401, 403, 403, 204, 204]),
    ("post", "/marketplace/{id}/screenshots", "/marketplace/<draft>/screenshots", "<png>", [401, 404, 404, 201, 403]),
    (
        "delete",
        "/marketplace/{id}/screenshots/{screenshotId}",
        "/marketplace/<draft>/screenshots/<screenshot>",
        "",
        [401, 404, 404, 204, 403],
    ),
    ("post", "/marketplace/{id}/install", "/marketplace/<published>/install", "", [401, 201, 201, 201, 201]),
    ("post", "/marketplace/{id}/install", "/marketplace/<draft>/install", "", [401, 404, 404, 409, 409]),
    ("get", "/marketplace/{id}/install", "/marketplace/<installed>/install", "", [401, 404, 404, 200, 404]),
    ("delete", "/marketplace/{id}/install", "/marketplace/<installed>/install", "", [401, 204, 204, 204, 204]),
    ("get", "/installations", "/installations", "", EVERYBODY_KNOWN),
    ("get", "/installations/{id}", "/installations/<installation>", "", OWNER),
    ("patch", "/installations/{id}", "/installations/<installation>", "{}", OWNER),
    ("post", "/installations/{id}/pause", "/installations/<installation>/pause", "", OWNER),
    ("post", "/installations/{id}/resume", "/installations/<installation>/resume", "", OWNER),
    // The workflow has no webhook.
    (
        "post",
        "/installations/{id}/rotate-webhook",
        "/installations/<installation>/rotate-webhook",
        "",
        [401, 404, 404, 409, 404],
    ),
    ("get", "/installations/{id}/upgrade", "/installations/<installation>/upgrade", "", OWNER),
    ("post", "/installations/{id}/upgrade", "/installations/<installation>/upgrade", "", OWNER),
    ("delete", "/installations/{id}", "/installations/<installation>", "", [401, 404, 404, 204, 404]),
    // Nobody of these has installed it, and the owner never may.
    (
        "post",
        "/marketplace/{id}/reviews",
        "/marketplace/<published>/reviews",
        r#"{"rating":5}"#,
        [401, 403, 403, 403, 403],
    ),
    ("put", "/marketplace/{id}/featured", "/marketplace/<published>/featured", r#"{"position":1}"#, OPERATOR),
    ("delete", "/marketplace/{id}/featured", "/marketplace/<published>/featured", "", [401, 403, 403, 403, 204]),
];

/// The run of these has ended, and the operator has no business with it. Whoever knows an address may use it.
const RUNS: &[Row] = &[
    ("post", "/installations/{id}/run", "/installations/<installation>/run", "", [401, 404, 404, 202, 404]),
    ("post", "/workflows/{id}/execute", "/workflows/<draft>/execute", "", [401, 404, 404, 202, 403]),
    ("get", "/runs", "/runs", "", EVERYBODY_KNOWN),
    ("get", "/runs/{id}", "/runs/<run>", "", OWNER),
    ("get", "/runs/{id}/body", "/runs/<run>/body?part=input", "", OWNER),
    ("get", "/runs/{id}/events", "/runs/<run>/events", "", OWNER),
    ("post", "/runs/{id}/cancel", "/runs/<run>/cancel", "", [401, 404, 404, 409, 404]),
    ("post", "/runs/{id}/retry", "/runs/<run>/retry", r#"{"from":"greet"}"#, [401, 404, 404, 202, 404]),
    (
        "post",
        "/runs/{id}/resolve",
        "/runs/<run>/resolve",
        r#"{"path":"greet","outcome":"repeat"}"#,
        [401, 404, 404, 409, 404],
    ),
    ("post", "/hooks/{token}", "/hooks/unknown", "{}", [404; 5]),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_may_do_what_the_table_says() {
    let host = TestHost::builder().production().guest("hello").start().await;
    let cast = Cast::new(&host).await;
    let rows: Vec<&Row> =
        [OPERATION, REGISTRY, CONNECTIONS, USERS, MARKETPLACE, RUNS, DEVELOPERS].into_iter().flatten().collect();
    let named: BTreeSet<String> =
        rows.iter().map(|(method, documented, ..)| format!("{method} {documented}")).collect();
    assert_eq!(cast.routes().await, named, "every route has a row, and every row a route");
    let mut wrong = Vec::new();
    for (method, documented, path, body, expected) in rows {
        for (who, expected) in WHO.iter().zip(expected) {
            let status = cast.ask(who, method, path, body).await;
            if status != *expected {
                wrong.push(format!("{method} {documented} as {who}: {status}, the table says {expected}"));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
    drop(cast);
    host.finish().await;
}
