//! JSON Schemas of the texts and tables in a providers file. Together with the shapes in [`entry`](super::entry) they make
//! `providers.schema.json`, which editors read. They never judge a file: [`check`](super::check) does.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::{
    account::{MAX_BODY_BYTES, MAX_HEADER_BYTES},
    check::{MAX_TEXT_BYTES, RESERVED_IN_CALLBACK},
    placement::MAX_NAME_BYTES,
    template::MAX_BYTES as MAX_TEMPLATE_BYTES,
    variables::{MAX_PATTERN_BYTES, MAX_VALUE_BYTES},
};

/// The name of a parameter or an error code.
pub(super) const PARAMETER_NAME: &str = "^[A-Za-z][A-Za-z0-9_.-]*$";
/// The name of a variable.
pub(super) const VARIABLE_NAME: &str = "^[a-z][a-z0-9_]*$";

/// The pattern of a `{variable}`.
macro_rules! variable {
    () => {
        r"\{[a-z][a-z0-9_]*\}"
    };
}

/// The pattern of a label of a host name, which may hold variables.
macro_rules! label {
    () => {
        concat!("(?:[a-z0-9]|", variable!(), ")(?:[a-z0-9-]|", variable!(), ")*")
    };
}

/// The pattern of the start of a URL, up to the end of its path.
macro_rules! url {
    () => {
        concat!(
            "^https://(?:",
            variable!(),
            "|",
            label!(),
            r"(?:\.",
            label!(),
            ")+)(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2}|",
            variable!(),
            ")*"
        )
    };
}

/// Texts by name; the doc comment is the description that an editor shows.
macro_rules! texts {
    ($($(#[doc = $line:literal])+ $name:ident { $($rule:tt)+ })+) => {$(
        $(#[doc = $line])+
        pub(super) enum $name {}

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "description": concat!($($line),+).trim(), $($rule)+ })
            }
        }
    )+};
}

texts! {
    /// A name for people, without space around it.
    Name { "minLength": 1, "maxLength": 80, "pattern": r"^\S(?:.*\S)?$" }
    /// A short text for people.
    Words { "minLength": 1, "maxLength": MAX_TEXT_BYTES }
    /// An https URL of a page.
    PageUrl { "pattern": r"^https://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[^\s{}]*)?$" }
    /// A host in lower case, without scheme, port or path. `*.` in front stands for any subdomain. It may hold {variable}s.
    HostPattern {
        "maxLength": 253,
        "pattern": concat!("^(?:", variable!(), r"|(?:\*\.)?", label!(), r"(?:\.", label!(), ")+)$"),
    }
    /// An https URL without user, port and fragment. It may hold {variable}s.
    Url {
        "maxLength": MAX_TEMPLATE_BYTES,
        "pattern": concat!(url!(), r"(?:\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2}|", variable!(), ")*)?)?$"),
    }
    /// An https URL without query and fragment. It may hold {variable}s.
    Issuer { "maxLength": MAX_TEMPLATE_BYTES, "pattern": concat!(url!(), ")?$") }
    /// The name of a parameter.
    ParameterName { "maxLength": MAX_TEXT_BYTES, "pattern": PARAMETER_NAME }
    /// The name of a query parameter of the redirect back.
    CallbackParameter {
        "maxLength": MAX_TEXT_BYTES,
        "pattern": PARAMETER_NAME,
        "not": { "enum": RESERVED_IN_CALLBACK },
    }
    /// The value of a parameter, which is sent unchanged.
    ParameterValue { "maxLength": MAX_TEXT_BYTES, "pattern": "^[ -~]*$" }
    /// The name of a query parameter that holds a token.
    QueryName { "maxLength": MAX_NAME_BYTES, "pattern": r"^[A-Za-z][A-Za-z0-9_.\[\]-]*$" }
    /// The name of a header in lower case.
    HeaderName { "maxLength": MAX_NAME_BYTES, "pattern": "^[a-z0-9][a-z0-9_-]*$" }
    /// The value of a header.
    HeaderValue { "maxLength": MAX_HEADER_BYTES, "pattern": "^[ -~]+$" }
    /// The template of a header's value. It may hold {variable}s.
    HeaderTemplate { "maxLength": MAX_TEMPLATE_BYTES, "pattern": "^[ -~]+$" }
    /// A JSON text.
    JsonText { "minLength": 1, "maxLength": MAX_BODY_BYTES, "contentMediaType": "application/json" }
    /// A JSON pointer (RFC 6901), but not the empty one.
    JsonPointer { "maxLength": MAX_TEXT_BYTES, "pattern": "^(?:/(?:[^/~]|~[01])*)+$" }
    /// One scope (RFC 6749, section 3.3).
    Scope { "maxLength": MAX_TEXT_BYTES, "pattern": r"^[!#-\[\]-~]+$" }
    /// The one character between scopes.
    ScopeSeparator { "pattern": "^[ ,;:|+]$" }
    /// A further error code that means `invalid_grant`.
    ErrorCode { "maxLength": MAX_TEXT_BYTES, "pattern": "^[A-Za-z0-9_.-]+$", "not": { "const": "invalid_grant" } }
    /// A value that `pattern` accepts.
    VariableValue { "minLength": 1, "maxLength": MAX_VALUE_BYTES }
    /// A regular expression (RE2, Rust's `regex`) that the whole value must match: without ^ and $ around it, look-around and
    /// back-references.
    Pattern {
        "minLength": 1,
        "maxLength": MAX_PATTERN_BYTES,
        "format": "regex",
        "not": { "pattern": r"^\^|\$$|\(\?[=!<]|\\[1-9]" },
    }
}

/// Names by a pattern, except some.
pub(super) fn names(pattern: &str, reserved: &[&str]) -> Value {
    json!({ "pattern": pattern, "not": { "enum": reserved } })
}

/// Names of headers of an account request, except credentials and what the host sets.
pub(super) fn account_header_names() -> Value {
    let reserved = ["authorization", "cookie", "host", "content-length", "transfer-encoding", "connection"];
    json!({ "allOf": [{ "$ref": "#/$defs/HeaderName" }, { "not": { "enum": reserved } }] })
}

/// `url` of a revocation names the client where the style is `github`, and nowhere else.
pub(super) fn revocation_forms() -> Value {
    let client_id = json!({ "pattern": r"\{client_id\}" });
    json!([
        { "if": is("style", "github"), "then": { "properties": { "url": client_id } },
          "else": { "properties": { "url": { "not": client_id } } } },
    ])
}

/// A token goes into a header, as it is or in base64, or into the query.
pub(super) fn placement_forms() -> Value {
    let (token, base64) = (json!({ "pattern": r"\{token\}" }), json!({ "pattern": r"\{base64\}" }));
    let form = |needed: &[&str], unused: &[&str], texts: Value| json!({ "allOf": [form(needed, unused), { "properties": texts }] });
    json!([
        form(&["header", "value"], &["base64", "query"], json!({ "value": { "allOf": [token, { "not": base64 }] } })),
        form(
            &["header", "value", "base64"],
            &["query"],
            json!({ "value": { "allOf": [base64, { "not": token }] }, "base64": { "allOf": [token, { "not": base64 }] } }),
        ),
        form(&["query"], &["header", "value", "base64"], json!({})),
    ])
}

/// Which fields of an account go with which `from`.
pub(super) fn account_forms() -> Value {
    const REQUEST: [&str; 4] = ["url", "method", "body", "headers"];
    const POINTERS: [&str; 2] = ["label", "id"];
    json!([
        { "if": is("from", "none"), "then": form(&[], &[&REQUEST[..], &POINTERS].concat()) },
        { "if": is("from", "token"), "then": form(&POINTERS, &REQUEST) },
        { "if": is("from", "id-token"), "then": form(&POINTERS, &REQUEST) },
        { "if": is("from", "url"), "then": form(&["url", "label", "id"], &[]) },
        { "if": { "required": ["body"] }, "then": is("method", "POST") },
    ])
}

/// Which fields of a variable go with which `from`.
pub(super) fn variable_forms() -> Value {
    const OF_USER: [&str; 3] = ["description", "example", "default"];
    json!([
        { "if": is("from", "user"), "then": form(&OF_USER[..2], &["pointer", "url_host", "parameter"]) },
        { "if": is("from", "token"), "then": form(&["pointer"], &[&OF_USER[..], &["parameter"]].concat()) },
        { "if": is("from", "callback"), "then": form(&["parameter"], &[&OF_USER[..], &["pointer", "url_host"]].concat()) },
    ])
}

fn is(field: &str, value: &str) -> Value {
    json!({ "required": [field], "properties": { field: { "const": value } } })
}

fn form(needed: &[&str], unused: &[&str]) -> Value {
    let unused: serde_json::Map<_, _> = unused.iter().map(|field| ((*field).to_owned(), Value::Bool(false))).collect();
    json!({ "required": needed, "properties": unused })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use schemars::{generate::SchemaSettings, transform::RecursiveTransform};

    use super::{
        super::{
            check::RESERVED_IDS,
            entry::{ApiKeyEntry, OAuthEntry},
            tests::{ACME, KEY, with},
        },
        *,
    };

    const COMMITTED: &str = include_str!("providers.schema.json");

    /// The schema of a providers file.
    fn document() -> Value {
        let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(without_null));
        let mut generator = settings.into_generator();
        let entries = [generator.subschema_for::<OAuthEntry>(), generator.subschema_for::<ApiKeyEntry>()];
        json!({
            "$schema": generator.settings().meta_schema,
            "title": "Provider catalogue",
            "description": "A map from a provider's id to its entry. The host checks what a schema cannot say: an account URL's \
                            host is one of `hosts`, every {variable} is declared, every declared one is used, and `default` and \
                            `example` match `pattern`.",
            "type": "object",
            "minProperties": 1,
            "propertyNames": { "maxLength": 64, "pattern": "^[a-z][a-z0-9-]*$", "not": { "enum": RESERVED_IDS } },
            "additionalProperties": { "type": "object", "required": ["type"], "oneOf": entries },
            "$defs": generator.take_definitions(true),
        })
    }

    /// TOML has no null: a field that may be left out is of its own type where it is there.
    fn without_null(schema: &mut Schema) {
        let is_null = |value: &Value| [json!(null), json!("null"), json!({ "type": "null" })].contains(value);
        if let Some(Value::Array(values)) = schema.get_mut("enum") {
            values.retain(|one| !is_null(one));
        }
        if schema.get("default").is_some_and(|value| *value == json!({}) || *value == json!([])) {
            schema.remove("default");
        }
        if let Some(Value::Array(types)) = schema.get_mut("type") {
            types.retain(|one| !is_null(one));
            if let [one] = types.as_slice() {
                let one = one.clone();
                schema.insert("type".to_owned(), one);
            }
        }
        if let Some(Value::Array(forms)) = schema.get("anyOf")
            && let [Value::Object(one), null] = forms.as_slice()
            && is_null(null)
        {
            let one = one.clone();
            schema.remove("anyOf");
            for (name, value) in one {
                schema.insert(name, value);
            }
        }
    }

    #[test]
    fn the_committed_schema_is_that_of_the_types() {
        let generated = format!("{:#}\n", document());
        if generated != COMMITTED {
            let committed = Path::new(file!()).with_file_name("providers.schema.json");
            let new = std::env::temp_dir().join("providers.schema.json");
            std::fs::write(&new, generated).expect("the temporary folder takes it");
            panic!("the types of `entry.rs` changed; run: cp {} {}", new.display(), committed.display());
        }
    }

    fn problems(file: &str) -> Vec<String> {
        let schema: Value = serde_json::from_str(COMMITTED).expect("is JSON");
        let file: Value = toml::from_str(file).expect("is TOML");
        let validator = jsonschema::options().should_validate_formats(true).build(&schema).expect("is a schema");
        validator.iter_errors(&file).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    /// An entry that says where it is documented, as the schema wants it.
    fn documented(entry: &str) -> String {
        with(entry, "documentation = \"https://acme.example/docs\"")
    }

    #[test]
    fn the_built_in_file_fits_its_schema() {
        assert_eq!(problems(super::super::BUILT_IN), [""; 0]);
        assert_eq!(problems(&documented(ACME)), [""; 0]);
        assert_eq!(problems(&documented(KEY)), [""; 0]);
    }

    #[test]
    fn an_editor_marks_what_the_host_refuses() {
        for line in [
            "type = \"saml\"",
            "name = \"\"",
            "name = \" Acme\"",
            "documentation = \"http://acme.example\"",
            "hosts = []",
            "hosts = [\"*.example.com\", \"*.example.com\"]",
            "hosts = [\"https://acme.example\"]",
            "hosts = [\"*.{Shop}.example\"]",
            "authorization_url = \"http://acme.example\"",
            "authorization_url = \"https://user@acme.example/\"",
            "token_url = \"https://acme.example/#x\"",
            "refresh_url = \"https://acme.example:8443/\"",
            "issuer = \"https://acme.example/?x\"",
            "sends_issuer = \"yes\"",
            "sends_issuer = true",
            "revocation = { url = \"https://acme.example/{client_id}\", style = \"rfc7009\" }",
            "revocation = { url = \"https://acme.example/\", style = \"github\" }",
            "revocation = { url = \"https://acme.example/\", style = \"post\" }",
            "scope_parameter = \"a b\"",
            "scope_separator = \", \"",
            "default_scopes = [\"a b\"]",
            "default_scopes = [\"a\", \"a\"]",
            "scope_aliases = { \"a b\" = \"c\" }",
            "scope_aliases = {}",
            "pkce = 1",
            "client_authentication = \"header\"",
            "token_request = \"xml\"",
            "authorization_parameters = { state = \"x\" }",
            "authorization_parameters = { a = \"\\n\" }",
            "token_parameters = { grant_type = \"x\" }",
            "refresh = \"sometimes\"",
            "expires_in_seconds = 0",
            "expires_in_seconds = 315360001",
            "token = { access = \"access_token\" }",
            "token = { id = \"/id\" }",
            "token = {}",
            "invalid_grant = [\"invalid_grant\"]",
            "invalid_grant = []",
            "placement = { header = \"X-Key\", value = \"{token}\" }",
            "placement = { header = \"x-key\", value = \"key\" }",
            "placement = { header = \"x-key\", value = \"{base64}\" }",
            "placement = { header = \"x-key\", value = \"{token}\", base64 = \"{token}\" }",
            "placement = { header = \"x-key\", value = \"{base64}\", base64 = \"x\" }",
            "placement = { header = \"x-key\", value = \"{token}\", query = \"key\" }",
            "placement = { query = \"a b\" }",
            "placement = {}",
            "account = { from = \"somewhere\" }",
            "account = { from = \"none\", id = [\"/id\"] }",
            "account = { from = \"token\", label = [\"/a\"] }",
            "account = { from = \"token\", label = [\"/a\"], id = [\"b\"] }",
            "account = { from = \"token\", label = [\"/a\"], id = [] }",
            "account = { from = \"id-token\", label = [\"/a\"], id = [\"/b\"], url = \"https://acme.example\" }",
            "account = { from = \"url\", label = [\"/a\"], id = [\"/b\"] }",
            "account = { from = \"url\", url = \"https://a.example\", label = [\"/a\"], id = [\"/b\"], body = \"{}\" }",
            "account = { from = \"url\", url = \"https://a.example\", label = [\"/a\"], id = [\"/b\"], headers = { cookie = \"x\" } }",
            "variables.shop = { from = \"user\", pattern = \"a\", description = \"The shop\" }",
            "variables.shop = { from = \"user\", pattern = \"a\", description = \"x\", example = \"a\", pointer = \"/a\" }",
            "variables.shop = { from = \"user\", pattern = \"^a$\", description = \"x\", example = \"a\" }",
            "variables.shop = { from = \"user\", pattern = \"[\", description = \"x\", example = \"a\" }",
            "variables.host = { from = \"token\", pattern = \"a\" }",
            "variables.host = { from = \"token\", pointer = \"/a\", pattern = \"a\", default = \"a\" }",
            "variables.realm = { from = \"callback\", pattern = \"a\" }",
            "variables.realm = { from = \"callback\", parameter = \"state\", pattern = \"a\" }",
            "variables.token = { from = \"callback\", parameter = \"a\", pattern = \"a\" }",
            "variables.Shop = { from = \"callback\", parameter = \"a\", pattern = \"a\" }",
            "scopes = []",
        ] {
            assert_ne!(problems(&with(&documented(ACME), line)), [""; 0], "{line}");
        }
        for line in [
            "token_url = \"https://acme.example\"",
            "account = { from = \"token\", label = [\"/a\"], id = [\"/b\"] }",
            "variables.a = { from = \"token\", pointer = \"/a\", pattern = \"a\" }",
        ] {
            assert_ne!(problems(&with(&documented(KEY), line)), [""; 0], "{line}");
        }
        for id in RESERVED_IDS.into_iter().chain(["Acme", "1"]) {
            assert_ne!(problems(&documented(KEY).replace("[acme]", &format!("[{id}]"))), [""; 0], "{id}");
        }
        assert_ne!(problems(KEY), [""; 0], "it says nowhere how its keys work");
    }
}
