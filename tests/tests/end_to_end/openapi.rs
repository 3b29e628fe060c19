//! `/openapi.json` against the rules of OpenAPI 3.1 and against the host that it describes. What it documents has to be
//! there, and what is there has to be documented.

mod routes;

use std::collections::BTreeSet;

use reqwest::Method;
use routes::{EVENTS, PROTECTED, ROUTES};
use serde_json::{Value, json};
use workway_tests::{TestHost, schema_errors};

use crate::support::{bytes_of, rebuilt, register};

async fn host() -> TestHost {
    TestHost::builder().guest("hello").client("GITHUB", "workway", "s3cr3t-of-the-client").start().await
}

async fn document(host: &TestHost) -> Value {
    let answer = host.send(host.anonymous(Method::GET, "/openapi.json")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    answer.body
}

/// Every operation as `("get /healthz", operation)`.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let of_path = |(path, item): (&String, &'_ Value)| -> Vec<String> {
        item.as_object().expect("a path item").keys().map(|method| format!("{method} {path}")).collect()
    };
    let names = paths.iter().flat_map(of_path);
    names
        .map(|name| {
            let operation = operation(document, &name);
            (name, operation)
        })
        .collect()
}

fn operation<'a>(document: &'a Value, name: &str) -> &'a Value {
    let (method, path) = name.split_once(' ').expect("a method and a path");
    &document["paths"][path][method]
}

#[tokio::test]
async fn every_route_is_documented_and_nothing_else() {
    let host = host().await;
    let document = document(&host).await;
    let documented: BTreeSet<String> = operations(&document).into_iter().map(|(name, _)| name).collect();
    let routes: BTreeSet<String> = ROUTES.iter().map(|(method, path, ..)| format!("{method} {path}")).collect();
    assert_eq!(documented, routes);
    host.finish().await;
}

#[tokio::test]
async fn the_document_is_openapi_3_1() {
    let host = host().await;
    let document = document(&host).await;
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1.")), "{}", document["openapi"]);
    for field in ["title", "version"] {
        assert!(document["info"][field].as_str().is_some_and(|text| !text.is_empty()), "{}", document["info"]);
    }
    let tags: BTreeSet<_> = document["tags"].as_array().expect("tags").iter().map(|tag| tag["name"].as_str()).collect();
    let (mut ids, mut problems) = (BTreeSet::new(), Vec::new());
    for (name, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap_or_default();
        if id.is_empty() || !ids.insert(id) {
            problems.push(format!("{name}: operationId {id:?} is empty or not unique"));
        }
        if operation["summary"].as_str().is_none_or(str::is_empty) {
            problems.push(format!("{name}: no summary"));
        }
        if !tags.contains(&operation["tags"][0].as_str()) {
            problems.push(format!("{name}: tag {} is not declared", operation["tags"][0]));
        }
        problems.extend(parameter_problems(&name, operation));
        problems.extend(response_problems(&name, operation));
    }
    assert_eq!(problems, [""; 0]);
    host.finish().await;
}

/// Each `{name}` of the path is a required parameter, and each parameter has a schema.
fn parameter_problems(name: &str, operation: &Value) -> Vec<String> {
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let in_path = |wanted: &str| {
        parameters.iter().any(|given| given["name"] == wanted && given["in"] == "path" && given["required"] == true)
    };
    let placeholders = name.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let missing =
        placeholders.filter(|wanted| !in_path(wanted)).map(|wanted| format!("{name}: {wanted} is no parameter"));
    let bare = parameters
        .iter()
        .filter(|given| given["schema"].is_null())
        .map(|given| format!("{name}: {given} has no schema"));
    missing.chain(bare).collect()
}

/// A response has a status and a description (OpenAPI 3.1, "Response Object"), and problems have their media type.
fn response_problems(name: &str, operation: &Value) -> Vec<String> {
    let Some(responses) = operation["responses"].as_object().filter(|responses| !responses.is_empty()) else {
        return vec![format!("{name}: no responses")];
    };
    let mut problems = Vec::new();
    for (status, response) in responses {
        if !response["description"].is_string() {
            problems.push(format!("{name} {status}: no description"));
        }
        let is_error = status.starts_with(['4', '5']);
        let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
        if is_error && schema != "#/components/schemas/Problem" {
            problems.push(format!("{name} {status}: an error is a Problem"));
        }
    }
    problems
}

#[tokio::test]
async fn what_comes_from_in_front_of_a_handler_is_documented_everywhere() {
    let host = host().await;
    let document = document(&host).await;
    let mut problems = Vec::new();
    for (name, operation) in operations(&document) {
        let responses = operation["responses"].as_object().expect("responses");
        let has_body = operation["requestBody"].is_object();
        for (applies, status) in [
            (has_body, "400"),
            (has_body, "408"),
            (has_body, "413"),
            (has_body, "415"),
            (operation["security"].is_array(), "401"),
            (name.contains('{'), "404"),
            (true, "403"),
            (true, "500"),
        ] {
            if applies && !responses.contains_key(status) && !responses.contains_key(&format!("{}XX", &status[..1])) {
                problems.push(format!("{name}: no {status}"));
            }
        }
        for (status, response) in responses {
            if !response["headers"]["x-request-id"].is_object() {
                problems.push(format!("{name} {status}: no x-request-id"));
            }
        }
        let parameters = || operation["parameters"].as_array().into_iter().flatten();
        let is_conditional = parameters().any(|parameter| parameter["name"] == "if-none-match");
        let has_tag =
            ["200", "304"].iter().all(|status| operation["responses"][*status]["headers"]["etag"].is_object());
        if responses.contains_key("304") && !(is_conditional && has_tag) {
            problems.push(format!("{name}: no if-none-match, or no etag"));
        }
        for parameter in parameters() {
            if parameter["schema"]["type"].is_array() {
                problems.push(format!("{name}: a parameter is there or not, and never null: {parameter}"));
            }
        }
    }
    assert_eq!(problems, [""; 0]);
    host.finish().await;
}

#[tokio::test]
async fn every_reference_resolves_and_every_schema_is_one() {
    let host = host().await;
    let document = document(&host).await;
    let mut references = Vec::new();
    collect(&document, &mut |name, value| {
        if let ("$ref", Some(reference)) = (name, value.as_str()) {
            references.push(reference.to_owned());
        }
    });
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("references stay within the document");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        assert!(jsonschema::draft202012::meta::is_valid(schema), "{name} is no JSON schema: {schema:#}");
    }
    host.finish().await;
}

#[tokio::test]
async fn every_property_is_in_camel_case() {
    let host = host().await;
    let document = document(&host).await;
    let mut names = BTreeSet::new();
    collect(&document["components"]["schemas"], &mut |name, value| {
        if name == "properties" {
            names.extend(value.as_object().expect("properties").keys().cloned());
        }
    });
    for (_, operation) in operations(&document) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let queried = parameters.filter(|parameter| parameter["in"] == "query");
        names.extend(queried.map(|parameter| parameter["name"].as_str().expect("a name").to_owned()));
    }
    let is_camel = |name: &&String| {
        name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    assert_eq!(names.iter().filter(|name| !is_camel(name)).collect::<Vec<_>>(), [""; 0]);
    assert!(names.contains("inputSchema") && names.contains("durationMs"), "{names:?}");
    host.finish().await;
}

#[tokio::test]
async fn schemas_have_the_names_that_a_client_would_choose() {
    let host = host().await;
    let document = document(&host).await;
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    let is_plain = |name: &&String| !name.starts_with("Wire") && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    assert_eq!(schemas.keys().filter(|name| !is_plain(name)).collect::<Vec<_>>(), [""; 0]);
    for name in ["Listing", "ListingPage", "ReviewPage", "IntegrationPage", "Connection", "ApiToken", "Problem"] {
        assert!(schemas.contains_key(name), "there is no schema {name}: {:?}", schemas.keys());
    }
    let codes = schemas["ErrorCode"]["enum"].as_array().expect("codes");
    assert!(codes.contains(&json!("action-not-found")) && codes.contains(&json!("internal")), "{codes:?}");
    assert_eq!(schemas["Timestamp"]["format"], "date-time");
    host.finish().await;
}

fn collect<'a>(value: &'a Value, see: &mut impl FnMut(&'a str, &'a Value)) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            see(name, value);
            collect(value, see);
        }),
        Value::Array(items) => items.iter().for_each(|item| collect(item, see)),
        _ => {}
    }
}

#[tokio::test]
async fn every_operation_answers_as_documented() {
    let host = host().await;
    let document = document(&host).await;
    let mut made = String::new();
    for &(method, documented, path, body, status) in ROUTES {
        if documented == EVENTS {
            continue;
        }
        let path = path.replace("{id}", &made);
        let mut request = host.request(method.to_uppercase().parse().expect("a method"), &path);
        // Some answers are pages to whoever wants none of this.
        request = request.header("accept", "application/json");
        if !body.is_empty() {
            request = request.header("content-type", "application/json").body(body);
        }
        let answer = host.send(request).await;
        assert_eq!(answer.status, status, "{method} {path}: {:#}", answer.body);
        if status == 201 {
            made = answer.body["id"].as_str().expect("what was made has an id").to_owned();
        }
        let responses = &operation(&document, &format!("{method} {documented}"))["responses"];
        let response = match &responses[status.to_string()] {
            Value::Null => &responses[format!("{}XX", status / 100)],
            response => response,
        };
        assert!(
            response.is_object() || documented.ends_with("/execute"),
            "{method} {documented}: {status} is not documented"
        );
        if status == 204 {
            continue;
        }
        let media_type = answer.header("content-type").split(';').next().expect("a media type");
        let mut schema = response["content"][media_type]["schema"].clone();
        assert!(schema.is_object(), "{method} {documented}: {media_type} is not documented");
        // References lead into the document's components.
        schema["components"] = document["components"].clone();
        assert_eq!(schema_errors(&schema, &answer.body), [""; 0], "{method} {path}: {:#}", answer.body);
    }
    host.finish().await;
}

#[tokio::test]
async fn every_event_is_as_documented() {
    let host = host().await;
    let document = document(&host).await;
    let operation = operation(&document, &format!("get {EVENTS}"));
    let mut schema = operation["responses"]["200"]["content"]["text/event-stream"]["schema"].clone();
    schema["components"] = document["components"].clone();
    let mut events = host.events().await;
    for (content, kind) in
        [(rebuilt("hello"), "reloaded"), (b"oops".to_vec(), "failed"), (bytes_of("counter"), "loaded")]
    {
        std::fs::write(host.plugins().join("hello.wasm"), content).expect("the file is written");
        // That the second one fails is what is wanted of it.
        let _ = register(&host, "hello.wasm").await;
        let mut event = events.next().await;
        if event["type"] == "removed" {
            assert_eq!(schema_errors(&schema, &event), [""; 0], "{event:#}");
            event = events.next().await;
        }
        assert_eq!((event["type"].as_str(), schema_errors(&schema, &event)), (Some(kind), vec![]), "{event:#}");
    }
    host.finish().await;
}

#[tokio::test]
async fn what_is_documented_as_protected_asks_for_a_token_and_nothing_else_does() {
    let host = TestHost::builder().production().guest("hello").start().await;
    let document = document(&host).await;
    assert_eq!(document["components"]["securitySchemes"]["bearer"], json!({ "type": "http", "scheme": "bearer" }));
    for &(method, documented, path, ..) in ROUTES {
        let name = format!("{method} {documented}");
        let security = &operation(&document, &name)["security"];
        let protected = PROTECTED.iter().any(|part| name.contains(part));
        assert_eq!(security == &json!([{ "bearer": [] }]), protected, "{method} {documented}: {security}");
        let request = host.anonymous(method.to_uppercase().parse().expect("a method"), path);
        let answer = host.send(request.header("content-type", "application/json").body("{}")).await;
        assert_eq!(answer.status == 401, protected, "{method} {path}: {:#}", answer.body);
    }
    host.finish().await;
}

#[tokio::test]
async fn the_documentation_page_needs_nothing_from_elsewhere() {
    let host = host().await;
    let page = host.send(host.anonymous(Method::GET, "/docs/")).await;
    let html = page.body.as_str().expect("a page");
    assert!(page.status == 200 && page.header("content-type").starts_with("text/html"), "{page:?}");
    assert!(!html.contains("//cdn") && !html.contains("https://"), "{html}");
    for file in ["swagger-ui.css", "swagger-ui-bundle.js", "start.js"] {
        assert!(html.contains(&format!("\"{file}\"")), "{html}");
        let plain = host.send(host.anonymous(Method::GET, &format!("/docs/{file}"))).await;
        let packed = host.anonymous(Method::GET, &format!("/docs/{file}")).header("accept-encoding", "br, gzip");
        let packed = packed.send().await.expect("an answer");
        assert_eq!((plain.status, packed.status().as_u16()), (200, 200), "{file}");
        if file != "start.js" {
            assert_eq!(packed.headers()["content-encoding"], "gzip", "{file}");
        }
    }
    host.finish().await;
}
