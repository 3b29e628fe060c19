//! A user's installations, by their ids and over HTTP: listed, read, changed, paused, resumed, upgraded and uninstalled.

use reqwest::Method;
use serde_json::{Value, json};
use workway_tests::{Answer, TestHost, TestUser, keep_secret};

use crate::marketplace::{install, market, published, whole, with};

/// A value of a secret input, which no answer and no log may hold.
const SECRET: &str = "correct horse, and once more correct horse";

/// A workflow with a webhook, which needs a channel and a token.
fn hooked() -> Value {
    json!({
        "name": "Hooked",
        "inputs": {
            "type": "object",
            "required": ["channel", "token"],
            "additionalProperties": false,
            "properties": { "channel": { "type": "string" }, "token": { "type": "string", "format": "secret" } },
        },
        "trigger": { "webhook": {} },
        "steps": [{ "id": "say", "uses": "hello.echo", "with": { "message": "{{ inputs.channel|hmac(inputs.token) }}" } }],
    })
}

/// Its next version: started by hand, and with a count.
fn counted() -> Value {
    let mut next = with(hooked(), json!({ "trigger": { "manual": {} } }));
    next["inputs"]["required"] = json!(["channel", "token", "count"]);
    next["inputs"]["properties"]["count"] = json!({ "type": "integer" });
    next
}

/// Publishes [`hooked`] and installs it for a user; the ids of the workflow and of the installation.
async fn installed(developer: &TestUser<'_>, user: &TestUser<'_>) -> (String, String) {
    keep_secret(SECRET);
    let workflow = published(developer, with(whole("Hooked"), json!({ "workflowDefinition": hooked() }))).await;
    let body = json!({ "inputs": { "channel": "#a", "token": SECRET } });
    let made = user.post(&format!("/marketplace/{workflow}/install"), &body).await;
    assert_eq!(made.status, 201, "{:#}", made.body);
    (workflow, made.body["id"].as_str().expect("an installation has an id").to_owned())
}

async fn send(user: &TestUser<'_>, method: Method, path: &str, condition: &str, body: &Value) -> Answer {
    let mut request = user.request(method, path);
    if !condition.is_empty() {
        request = request.header("if-match", condition);
    }
    if !body.is_null() {
        request = request.json(body);
    }
    user.send(request).await
}

async fn people(host: &TestHost) -> (TestUser<'_>, TestUser<'_>) {
    (host.developer("ann@example.com", "ann").await, host.user("eve@example.com").await)
}

fn ids(page: &Answer) -> Vec<&str> {
    let installations = page.body["installations"].as_array().unwrap_or_else(|| panic!("no list: {:#}", page.body));
    installations.iter().map(|one| one["id"].as_str().expect("an id")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_lists_own_installations_by_workflow_and_state() {
    let host = market().await;
    let (ann, eve) = people(&host).await;
    let mut made = Vec::new();
    for name in ["One", "Two", "Three"] {
        let workflow = published(&ann, whole(name)).await;
        let installation = install(&eve, &workflow).await.body["id"].as_str().expect("an id").to_owned();
        assert_eq!(install(&ann, &workflow).await.status, 201);
        made.push((workflow, installation));
    }
    let first = eve.get("/installations?limit=2").await;
    assert_eq!(ids(&first), [&made[2].1, &made[1].1], "the newest first, and nobody else's");
    let cursor = first.body["nextCursor"].as_str().expect("there is more");
    let last = eve.get(&format!("/installations?limit=2&cursor={cursor}")).await;
    assert_eq!((ids(&last), last.body.get("nextCursor")), (vec![made[0].1.as_str()], None));
    let of_two = eve.get(&format!("/installations?workflow={}", made[1].0)).await;
    assert_eq!(ids(&of_two), [&made[1].1]);
    let shown = &of_two.body["installations"][0];
    assert_eq!(
        (&shown["workflowId"], &shown["workflowName"], &shown["workflowVersion"], &shown["newestVersion"]),
        (&json!(made[1].0), &json!("Two"), &json!(1), &json!(1))
    );
    let pause = format!("/installations/{}/pause", made[1].1);
    assert_eq!(send(&eve, Method::POST, &pause, "", &Value::Null).await.status, 200);
    assert_eq!(eve.delete(&format!("/installations/{}", made[2].1)).await.status, 204);
    for (query, expected) in [
        ("", vec![&made[1].1, &made[0].1]),
        ("?state=active", vec![&made[0].1]),
        ("?state=paused", vec![&made[1].1]),
        ("?state=uninstalled", vec![&made[2].1]),
    ] {
        assert_eq!(ids(&eve.get(&format!("/installations{query}")).await), expected, "{query}");
    }
    for query in ["limit=0", "limit=101", "state=gone", "cursor=2", "offset=1"] {
        let refused = eve.get(&format!("/installations?{query}")).await;
        assert_eq!((refused.status, refused.code()), (400, "invalid-query"), "{query}");
    }
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_installation_is_changed_under_a_condition_and_shows_no_secret() {
    let host = market().await;
    let (ann, eve) = people(&host).await;
    let (_, id) = installed(&ann, &eve).await;
    let place = format!("/installations/{id}");
    let read = eve.get(&place).await;
    let shown = (&read.body["inputs"], &read.body["secretInputs"], &read.body["connections"]);
    assert_eq!(shown, (&json!({ "channel": "#a" }), &json!(["token"]), &json!({})));
    assert_eq!((&read.body["active"], read.body.get("pausedAt")), (&json!(true), None));
    let first = read.header("etag").to_owned();
    let known = eve.send(eve.request(Method::GET, &place).header("if-none-match", &first)).await;
    assert_eq!(known.status, 304);
    let body = json!({ "inputs": { "channel": "#b" } });
    let changed = send(&eve, Method::PATCH, &place, &first, &body).await;
    assert_eq!((changed.status, &changed.body["inputs"]), (200, &json!({ "channel": "#b" })), "{:#}", changed.body);
    assert_eq!(changed.body["secretInputs"], json!(["token"]), "a secret that is left out stays");
    for (method, path, body) in [
        (Method::PATCH, "", body),
        (Method::POST, "/pause", Value::Null),
        (Method::POST, "/resume", Value::Null),
        (Method::POST, "/rotate-webhook", Value::Null),
        (Method::POST, "/upgrade", Value::Null),
        (Method::DELETE, "", Value::Null),
    ] {
        let refused = send(&eve, method.clone(), &format!("{place}{path}"), &first, &body).await;
        assert_eq!((refused.status, refused.code()), (412, "stale"), "{method} {path}");
    }
    let tag = changed.header("etag").to_owned();
    let paused = send(&eve, Method::POST, &format!("{place}/pause"), &tag, &Value::Null).await;
    assert!(paused.status == 200 && paused.body["pausedAt"].is_string(), "{:#}", paused.body);
    assert_eq!(paused.body["active"], true, "it stays installed");
    let again = send(&eve, Method::POST, &format!("{place}/pause"), "", &Value::Null).await;
    assert_eq!(again.body["pausedAt"], paused.body["pausedAt"]);
    let resumed = send(&eve, Method::POST, &format!("{place}/resume"), again.header("etag"), &Value::Null).await;
    assert_eq!((resumed.status, resumed.body.get("pausedAt")), (200, None));
    assert_eq!(send(&eve, Method::DELETE, &place, resumed.header("etag"), &Value::Null).await.status, 204);
    let ended = eve.get(&place).await;
    assert_eq!(
        (&ended.body["active"], &ended.body["inputs"], &ended.body["secretInputs"]),
        (&json!(false), &json!({}), &json!([]))
    );
    assert_eq!(ended.body.get("webhookToken"), None);
    let refused = send(&eve, Method::POST, &format!("{place}/pause"), "", &Value::Null).await;
    assert_eq!((refused.status, refused.code()), (404, "not-installed"));
    assert_eq!(eve.delete(&place).await.status, 204, "uninstalling twice changes nothing");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_is_refused_with_pointers() {
    let host = market().await;
    let (ann, eve) = people(&host).await;
    let (workflow, id) = installed(&ann, &eve).await;
    for (method, path) in [
        (Method::PATCH, format!("/installations/{id}")),
        (Method::POST, format!("/installations/{id}/upgrade")),
        (Method::POST, format!("/marketplace/{workflow}/install")),
    ] {
        for (body, pointer) in [
            (json!({ "inputs": { "channel": 7, "token": SECRET } }), "/inputs/channel"),
            (json!({ "inputs": {} }), "/inputs"),
            (json!({ "connections": { "github": "c1" } }), "/connections/github"),
        ] {
            let refused = send(&eve, method.clone(), &path, "", &body).await;
            assert_eq!((refused.status, refused.code()), (400, "invalid-input"), "{method} {path}: {:#}", refused.body);
            assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{method} {path}: {:#}", refused.body);
        }
        for rubbish in [json!({ "rubbish": true }), json!({ "inputs": [] }), json!({ "connections": { "a": 1 } })] {
            let refused = send(&eve, method.clone(), &path, "", &rubbish).await;
            assert_eq!((refused.status, refused.code()), (400, "invalid-body"), "{method} {path} {rubbish}");
        }
    }
    assert_eq!(eve.get(&format!("/installations/{id}")).await.body["inputs"], json!({ "channel": "#a" }));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_is_previewed_and_made_on_request_only() {
    let host = market().await;
    let (ann, eve) = people(&host).await;
    let (workflow, id) = installed(&ann, &eve).await;
    let (place, upgrade) = (format!("/installations/{id}"), format!("/installations/{id}/upgrade"));
    let token = eve.get(&place).await.body["webhookToken"].as_str().expect("a webhook has a token").to_owned();
    let rotated = send(&eve, Method::POST, &format!("{place}/rotate-webhook"), "", &Value::Null).await;
    assert!(rotated.status == 200 && rotated.body["webhookToken"] != token.as_str(), "{:#}", rotated.body);
    let version = json!({ "workflowDefinition": counted() });
    assert_eq!(ann.post(&format!("/marketplace/{workflow}/versions"), &version).await.status, 201);
    let read = eve.get(&place).await;
    assert_eq!((&read.body["workflowVersion"], &read.body["newestVersion"]), (&json!(1), &json!(2)));
    let preview = eve.get(&upgrade).await;
    assert_eq!(
        (
            &preview.body["from"],
            &preview.body["to"],
            &preview.body["triggerChanged"],
            &preview.body["pricing"]["model"]
        ),
        (&json!(1), &json!(2), &json!(true), &json!("free")),
        "{:#}",
        preview.body
    );
    let expected = json!([{
        "name": "count", "change": "added", "secret": false, "required": true, "newlyRequired": true,
        "schema": { "type": "integer" },
    }]);
    assert_eq!(preview.body["inputs"], expected);
    assert_eq!(preview.body["problems"][0]["pointer"], "/inputs");
    let missing = send(&eve, Method::POST, &upgrade, "", &Value::Null).await;
    assert_eq!((missing.status, missing.code()), (400, "invalid-input"));
    let inputs = json!({ "channel": "#b", "count": 3 });
    let other = send(&eve, Method::POST, &upgrade, "", &json!({ "version": 1, "inputs": inputs })).await;
    assert_eq!((other.status, other.code()), (409, "other-version"));
    let tag = eve.get(&place).await.header("etag").to_owned();
    let upgraded = send(&eve, Method::POST, &upgrade, &tag, &json!({ "version": 2, "inputs": inputs })).await;
    assert_eq!((upgraded.status, &upgraded.body["workflowVersion"]), (200, &json!(2)), "{:#}", upgraded.body);
    assert_eq!((&upgraded.body["inputs"], &upgraded.body["secretInputs"]), (&inputs, &json!(["token"])));
    assert_eq!(upgraded.body.get("webhookToken"), None, "it has no webhook any more");
    let refused = send(&eve, Method::POST, &format!("{place}/rotate-webhook"), "", &Value::Null).await;
    assert_eq!((refused.status, refused.code()), (409, "no-webhook"));
    assert_eq!(ann.post(&format!("/marketplace/{workflow}/unpublish"), &json!({})).await.status, 200);
    assert_eq!(eve.get(&upgrade).await.code(), "not-published");
    assert_eq!(eve.get(&place).await.body.get("newestVersion"), None);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_users_installation_is_unknown() {
    let host = market().await;
    let (ann, eve) = people(&host).await;
    let (_, id) = installed(&ann, &eve).await;
    let limited = host.user_for("eve@example.com", &["publish"]).await;
    for (method, path) in [
        (Method::GET, ""),
        (Method::PATCH, ""),
        (Method::DELETE, ""),
        (Method::POST, "/pause"),
        (Method::POST, "/resume"),
        (Method::POST, "/rotate-webhook"),
        (Method::GET, "/upgrade"),
        (Method::POST, "/upgrade"),
    ] {
        let body = if method == Method::PATCH { json!({}) } else { Value::Null };
        for (user, id) in [(&ann, id.as_str()), (&eve, "ins_0")] {
            let refused = send(user, method.clone(), &format!("/installations/{id}{path}"), "", &body).await;
            assert_eq!((refused.status, refused.code()), (404, "installation-not-found"), "{method} {path}");
        }
        let refused = send(&limited, method.clone(), &format!("/installations/{id}{path}"), "", &body).await;
        assert_eq!((refused.status, refused.code()), (403, "insufficient-scope"), "{method} {path}");
    }
    assert_eq!(ids(&ann.get("/installations").await), [""; 0]);
    host.finish().await;
}
