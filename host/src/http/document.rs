//! What `/openapi.json` says of every operation alike, said once: statuses that come from in front of the handlers, and
//! headers. It never changes what a handler documents itself, and never adds a route.

use utoipa::openapi::{
    self, Content, Header, Object, Ref, RefOr, Response, Schema, Type,
    path::{Operation, Parameter, ParameterBuilder, ParameterIn},
    schema::SchemaType,
};

const PROBLEM: &str = "application/problem+json";
const REQUEST_ID: &str = "x-request-id";
/// What a client that has an answer asks with.
const IF_NONE_MATCH: &str = "if-none-match";

/// Adds to every operation what it answers without its handler having a say.
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
    let (in_path, in_query) = (has(ParameterIn::Path), has(ParameterIn::Query));
    let (has_body, is_protected) = (operation.request_body.is_some(), operation.security.is_some());
    for (applies, status, description) in [
        (in_query || has_body, 400, "the request is malformed; `code` says how"),
        (is_protected, 401, "a bearer token is needed"),
        (is_protected, 403, "this caller may not; `code` says why"),
        (true, 403, "the host is in development mode, and the request is not from this machine"),
        (in_path, 404, "there is no such thing"),
        (has_body, 408, "the body took too long to arrive"),
        (has_body, 413, "the body is too large"),
        (has_body, 415, "the body is not JSON"),
        (true, 500, "this host failed; its log has more under the request's id"),
        (is_protected, 503, "what the answer needs is not there for now; `code` says what"),
    ] {
        if applies {
            add_problem(operation, status, description);
        }
    }
    // Only what has a tag is ever not modified.
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

/// Documents an error, unless the handler says what it means by that status.
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
    parameter.description(Some("tags of answers that the client has")).build()
}

fn add_headers(status: &str, response: &mut Response, is_tagged: bool) {
    let mut add = |name: &str, kind: Type, description: &str| {
        let mut header = Header::new(Object::with_type(kind));
        header.description = Some(description.to_owned());
        response.headers.entry(name.to_owned()).or_insert_with(|| header.into());
    };
    add(REQUEST_ID, Type::String, "the request's id, a UUID; the log has it too");
    match status {
        "200" | "304" if is_tagged => add("etag", Type::String, "for `If-None-Match` of the next request"),
        "401" => add("www-authenticate", Type::String, "`Bearer`, where the request itself has no valid token"),
        "303" => add("location", Type::String, "where to go on"),
        "429" | "503" | "4XX" | "5XX" => {
            add("retry-after", Type::Integer, "seconds after which it is worth another try")
        }
        _ => {}
    }
}

/// A parameter is there or it is not. That it is optional in Rust does not make a text `null` of it.
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
