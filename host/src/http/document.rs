//! Documents in `/openapi.json` what all operations have in common: headers, and statuses that middleware and extractors
//! return. It never changes what a handler documents itself, and never adds a route.

use utoipa::openapi::{
    self, Content, Header, Object, Ref, RefOr, Response, Schema, Type,
    path::{Operation, Parameter, ParameterBuilder, ParameterIn},
    schema::SchemaType,
};

const PROBLEM: &str = "application/problem+json";
const REQUEST_ID: &str = "x-request-id";
/// The header of a client that has an earlier answer.
const IF_NONE_MATCH: &str = "if-none-match";

/// Adds to every operation the answers that do not come from its handler.
pub(super) fn complete(document: &mut openapi::OpenApi) {
    for item in document.paths.paths.values_mut() {
        let methods = [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete];
        methods.into_iter().flatten().for_each(complete_operation);
    }
}

fn complete_operation(operation: &mut Operation) {
    let mut parameters: Vec<&mut Parameter> =
        operation.parameters.iter_mut().flatten().filter_map(|parameter| as_value(parameter)).collect();
    parameters.iter_mut().for_each(|parameter| forget_null(parameter));
    let has = |place: ParameterIn| parameters.iter().any(|parameter| parameter.parameter_in == place);
    let in_path = has(ParameterIn::Path);
    let (has_body, is_protected) = (operation.request_body.is_some(), operation.security.is_some());
    for (applies, status, description) in [
        (true, 400, "the request is malformed; `code` says how"),
        (is_protected, 401, "the request needs a valid bearer token"),
        (is_protected, 403, "the caller may not do this; `code` says why"),
        (true, 403, "a host in development mode only accepts requests from its own machine"),
        (in_path, 404, "it does not exist; `code` says what"),
        (has_body, 408, "the body took too long to arrive"),
        (has_body, 413, "the body is too large"),
        (has_body, 415, "the body is not JSON"),
        (true, 500, "this host failed; its log says more under the request's id"),
        (is_protected, 503, "something is busy or unavailable; `code` says what"),
    ] {
        if applies {
            add_problem(operation, status, description);
        }
    }
    // Only an answer with a tag can be "not modified".
    let is_tagged = operation.responses.responses.contains_key("304");
    if is_tagged {
        operation.parameters.get_or_insert_default().push(RefOr::T(if_none_match()));
    }
    for (status, response) in &mut operation.responses.responses {
        if let Some(response) = as_value(response) {
            add_headers(status, response, is_tagged);
        }
    }
}

/// Documents an error, unless the handler documents that status.
fn add_problem(operation: &mut Operation, status: u16, description: &str) {
    let responses = &mut operation.responses.responses;
    let range = format!("{}XX", status / 100);
    if !responses.contains_key(&range) {
        let problem = Content::new(Some(Ref::from_schema_name("Problem")));
        let response = || openapi::ResponseBuilder::new().description(description).content(PROBLEM, problem).build();
        responses.entry(status.to_string()).or_insert_with(|| response().into());
    }
}

fn if_none_match() -> Parameter {
    let text = Object::with_type(Type::String);
    let parameter = ParameterBuilder::new().name(IF_NONE_MATCH).parameter_in(ParameterIn::Header).schema(Some(text));
    parameter.description(Some("tags of answers that the client already has")).build()
}

fn add_headers(status: &str, response: &mut Response, is_tagged: bool) {
    let mut add = |name: &str, kind: Type, description: &str| {
        let mut header = Header::new(Object::with_type(kind));
        header.description = Some(description.to_owned());
        response.headers.entry(name.to_owned()).or_insert_with(|| header.into());
    };
    add(REQUEST_ID, Type::String, "the request's id, a UUID; the log contains it, too");
    match status {
        "200" | "304" if is_tagged => add("etag", Type::String, "for `If-None-Match` of the next request"),
        "401" => add("www-authenticate", Type::String, "`Bearer`, if the request has no valid token"),
        "303" => add("location", Type::String, "the redirect's target"),
        "429" | "503" | "4XX" | "5XX" => add("retry-after", Type::Integer, "seconds to wait before trying again"),
        _ => {}
    }
}

/// A parameter is present or absent, never `null`, even if it is optional in Rust.
fn forget_null(parameter: &mut Parameter) {
    let Some(RefOr::T(Schema::Object(Object { schema_type, .. }))) = &mut parameter.schema else { return };
    if let SchemaType::Array(types) = schema_type {
        types.retain(|kind| *kind != Type::Null);
        if let [only] = types.as_slice() {
            *schema_type = SchemaType::Type(only.clone());
        }
    }
}

fn as_value<T>(value: &mut RefOr<T>) -> Option<&mut T> {
    match value {
        RefOr::T(value) => Some(value),
        RefOr::Ref(_) => None,
    }
}
