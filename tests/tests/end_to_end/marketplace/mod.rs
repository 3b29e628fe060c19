//! The marketplace as developers, users and passers-by meet it: every route, over HTTP. Hosts are in production mode, where
//! a caller without a token is nobody.

mod caching;
mod conditions;
mod guide;
mod hidden;
mod installing;
mod lifecycle;
mod listing;
mod model;
mod publishing;
mod reviewing;
mod screenshots;
mod searching;
mod validating;

use reqwest::Method;
use serde_json::{Value, json};
use workway_api::time::Timestamp;
use workway_tests::{Answer, TestHost, TestUser};

/// A host whose workflows can use `hello.echo` and `hello.greet`.
pub(crate) async fn market() -> TestHost {
    TestHost::builder().production().guest("hello").start().await
}

/// A whole workflow that says a message.
fn definition(message: &str) -> Value {
    json!({
        "name": "Echo",
        "trigger": { "manual": {} },
        "steps": [{ "id": "say", "uses": "hello.echo", "with": { "message": message } }],
    })
}

/// All that it takes to be published.
pub(crate) fn whole(name: &str) -> Value {
    json!({
        "name": name,
        "tagline": "Says what it is told",
        "description": "Takes a message and says it.",
        "category": "productivity",
        "workflowDefinition": definition("hi"),
    })
}

/// An object with other members in it, or in the place of its own.
pub(crate) fn with(mut object: Value, members: Value) -> Value {
    let members = members.as_object().expect("an object").clone();
    object.as_object_mut().expect("an object").extend(members);
    object
}

/// Makes a draft and answers its id.
pub(crate) async fn draft(developer: &TestUser<'_>, body: Value) -> String {
    let made = developer.post("/marketplace", &body).await;
    assert_eq!(made.status, 201, "{:#}", made.body);
    made.body["id"].as_str().expect("a workflow has an id").to_owned()
}

/// Makes a workflow, publishes it and answers its id.
pub(crate) async fn published(developer: &TestUser<'_>, body: Value) -> String {
    let id = draft(developer, body).await;
    done(developer, &id, "publish").await;
    id
}

/// Publishes or unpublishes.
async fn done(developer: &TestUser<'_>, id: &str, what: &str) {
    let answer = developer.post(&format!("/marketplace/{id}/{what}"), &json!({})).await;
    assert_eq!(answer.status, 200, "{what}: {:#}", answer.body);
}

pub(crate) async fn install(user: &TestUser<'_>, id: &str) -> Answer {
    user.post(&format!("/marketplace/{id}/install"), &json!({})).await
}

/// What anybody gets.
async fn public(host: &TestHost, path: &str) -> Answer {
    host.send(host.anonymous(Method::GET, path)).await
}

/// A list as anybody gets it: the ids, and the total.
async fn listed(host: &TestHost, path: &str) -> (Vec<String>, u64) {
    let answer = public(host, path).await;
    assert_eq!(answer.status, 200, "{path}: {:#}", answer.body);
    (texts(&answer, "id"), answer.body["total"].as_u64().expect("a total"))
}

/// A field of every item.
fn texts(answer: &Answer, field: &str) -> Vec<String> {
    let items = answer.body["items"].as_array().unwrap_or_else(|| panic!("no list: {:#}", answer.body));
    items.iter().map(|item| item[field].as_str().expect("a text").to_owned()).collect()
}

/// Returns in another millisecond: what came in one is in no order that a test knows.
async fn next_millisecond() {
    let before = Timestamp::now();
    while Timestamp::now() == before {
        tokio::task::yield_now().await;
    }
}

/// Where a refused workflow has problems, in order.
#[track_caller]
fn pointers(answer: &Answer) -> Vec<&str> {
    assert_eq!((answer.status, answer.code()), (422, "invalid-workflow"), "{:#}", answer.body);
    let errors = answer.body["errors"].as_array().expect("a list of problems");
    let mut pointers: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().expect("a pointer")).collect();
    pointers.sort_unstable();
    pointers
}
