//! A guest that uses every capability while it is being described, and tells in its description what
//! came back. Nothing is granted yet, so each has to be denied.

use workway_test_guests::raw::bindings::workway::integration::{
    definition::ConnectionNeed, fetch, oauth, storage, types::Failure,
};
use workway_test_guests::raw::{Definition, Raw, action, definition};

struct DescribeFetches;

impl Raw for DescribeFetches {
    fn describe() -> Definition {
        let request = fetch::Request {
            method: "GET".to_owned(),
            url: "https://api.example.com/".to_owned(),
            headers: Vec::new(),
            body: None,
            timeout_ms: None,
        };
        let fetched = match fetch::send(&request, None) {
            Ok(response) => format!("status {}", response.status),
            Err(error) => format!("{error:?}"),
        };
        let connected = match oauth::connect("example") {
            Ok(connection) => format!("account {}", connection.account()),
            Err(error) => format!("{error:?}"),
        };
        let stored = match storage::put("key", b"value") {
            Ok(version) => format!("version {version}"),
            Err(error) => format!("{error:?}"),
        };
        let mut described = definition("describe-fetches", vec![action("run")]);
        described.description = format!("fetch: {fetched}; oauth: {connected}; storage: {stored}");
        described.permissions.hosts = vec!["api.example.com".to_owned()];
        described.permissions.storage = true;
        described.permissions.connections =
            vec![ConnectionNeed { provider: "example".to_owned(), scopes: Vec::new(), required: false }];
        described
    }

    fn execute(_action: &str, _input: &str) -> Result<String, Failure> {
        Ok("{}".to_owned())
    }
}

workway_test_guests::export_raw_integration!(DescribeFetches);
