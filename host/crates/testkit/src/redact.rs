//! Removes secrets from recorded exchanges, because recordings are committed to repositories: it drops headers that a
//! case does not need, values with names of secrets, and texts that repeat the account's token.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, Response,
    header::{ACCEPT, CONTENT_TYPE, ETAG, LINK, RETRY_AFTER},
};
use secrecy::ExposeSecret;
use serde_json::Value;
use url::{Url, form_urlencoded};
use workway_capability::{fetch::FetchError, oauth::Connection};
use workway_policy::SecretName;

use super::{
    fixture::{Fixture, FixtureError, FixtureResponse, MAX_FIXTURE_BODY_BYTES},
    json::REDACTED,
    pattern::{RequestPattern, SentRequest, Texts, UrlPattern},
    world::Exchange,
};

/// The shortest value under a secret's name that is looked for in other places too, and the shortest beginning of a
/// secret that is taken for it, in bytes.
const MIN_SECRET_BYTES: usize = 8;

/// Knows what must not be kept.
#[derive(Default)]
pub(super) struct Redactor {
    connections: Vec<Arc<Connection>>,
    /// What stood somewhere under the name of a secret, the longest first.
    secrets: Vec<String>,
}

impl Redactor {
    /// Knows these accounts, and what the exchanges of a case themselves name as secrets: an upload's token may be the
    /// next request's path.
    pub(super) fn new(connections: Vec<Arc<Connection>>, exchanges: &[Exchange]) -> Self {
        let mut secrets = Vec::new();
        for Exchange { request, answer, .. } in exchanges {
            let in_query = request.url.query_pairs().filter(|(name, _)| SecretName::of(name).is_some());
            secrets.extend(in_query.map(|(_, value)| value.into_owned()));
            let answered = answer.as_ref().ok().and_then(|answer| serde_json::from_slice(answer.body()).ok());
            for json in request.json.iter().chain(&answered) {
                gather(json, false, &mut secrets);
            }
        }
        secrets.retain(|secret| secret.len() >= MIN_SECRET_BYTES);
        secrets.sort_unstable_by(|one, another| another.len().cmp(&one.len()).then_with(|| one.cmp(another)));
        secrets.dedup();
        Self { connections, secrets }
    }

    /// Whether a text repeats a token or a credential, as it is or as addresses have it.
    pub(super) fn is_told_in(&self, text: &str) -> bool {
        let repeats = |secret: &str| {
            let encoded: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            !secret.is_empty() && (text.contains(secret) || text.contains(&encoded))
        };
        self.secrets.iter().any(|secret| repeats(secret))
            || self.connections.iter().any(|connection| {
                repeats(connection.access_token.expose_secret()) || connection.credential.is_repeated_in(text)
            })
    }

    /// A text for people.
    pub(super) fn problem(&self, text: String) -> String {
        let tokens = self.connections.iter().map(|connection| connection.access_token.expose_secret());
        let redacted = tokens.chain(self.secrets.iter().map(String::as_str)).fold(text, without);
        if self.is_told_in(&redacted) {
            "(a message that contains the account's credential)".to_owned()
        } else {
            redacted
        }
    }

    /// One exchange as a fixture.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn fixture(&self, exchange: &Exchange) -> Result<Fixture, String> {
        let request = self.request(&exchange.request)?;
        let title = request.title();
        let response = match &exchange.answer {
            Ok(answer) => self.response(answer).map_err(|problem| format!("{title}: the response {problem}"))?,
            Err(FetchError::Timeout) => failed(FixtureError::Timeout),
            Err(FetchError::Dns(_) | FetchError::Connect(_) | FetchError::Tls(_)) => failed(FixtureError::Connect),
            Err(_) => failed(FixtureError::Io),
        };
        let fixture = Fixture { request, response, times: None };
        // Whatever the rules above overlooked.
        let text = serde_json::to_string(&fixture).map_err(|error| format!("{title}: {error}"))?;
        if self.is_told_in(&text) {
            return Err(format!("{title}: contains the account's token where it cannot be redacted"));
        }
        Ok(fixture)
    }

    fn request(&self, request: &SentRequest) -> Result<RequestPattern, String> {
        let mut query: BTreeMap<String, Texts> = BTreeMap::new();
        for (name, value) in request.url.query_pairs().filter(|(name, _)| !self.is_told_in(name)) {
            let value = if SecretName::of(&name).is_some() { REDACTED.to_owned() } else { self.text(&value) };
            query.entry(name.into_owned()).or_insert_with(|| Texts(Vec::new())).0.push(value);
        }
        let mut address = request.url.clone();
        address.set_query(None);
        let (start, path) = address.as_str().split_at(address.as_str().len() - address.path().len());
        let segments = path.split('/').map(|segment| if self.is_told_in(segment) { "*" } else { segment });
        let path = segments.collect::<Vec<_>>().join("/");
        let path = if self.is_told_in(&path) { "/**" } else { &path };
        let url = UrlPattern::try_from(format!("{start}{path}"))?;
        Ok(RequestPattern {
            method: request.method.clone(),
            url,
            query: (!query.is_empty()).then_some(query),
            headers: self.headers(&request.headers, |name| name == ACCEPT || name == CONTENT_TYPE),
            json: request.json.clone().map(|json| self.json(json, None)),
        })
    }

    fn response(&self, answer: &Response<Bytes>) -> Result<FixtureResponse, String> {
        let body = answer.body();
        if body.len() > MAX_FIXTURE_BODY_BYTES {
            return Err(format!(
                "must have at most {MAX_FIXTURE_BODY_BYTES} bytes to be recorded (got {})",
                body.len()
            ));
        }
        let kept = |name: &HeaderName| {
            [CONTENT_TYPE, LINK, RETRY_AFTER, ETAG].contains(name) || name.as_str().starts_with("x-ratelimit-")
        };
        let mut response = FixtureResponse {
            status: Some(answer.status().as_u16()),
            headers: self.headers(answer.headers(), kept),
            ..FixtureResponse::default()
        };
        if body.is_empty() {
            return Ok(response);
        }
        if let Ok(json) = serde_json::from_slice::<Value>(body) {
            response.json = Some(self.json(json, None));
            return Ok(response);
        }
        let text = std::str::from_utf8(body).map_err(|_| "is not UTF-8 text and cannot be recorded".to_owned())?;
        let is_form = answer
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
        response.text = Some(if is_form { self.query(text) } else { self.text(text) });
        Ok(response)
    }

    fn headers(&self, headers: &HeaderMap, kept: impl Fn(&HeaderName) -> bool) -> BTreeMap<String, Texts> {
        let mut found = BTreeMap::new();
        for name in headers.keys().filter(|name| kept(name)) {
            let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
            let values: Vec<String> =
                values.map(|value| if *name == LINK { self.link(value) } else { self.text(value) }).collect();
            found.insert(name.as_str().to_owned(), Texts(values));
        }
        found
    }

    /// A header of links: each address without its secrets.
    fn link(&self, value: &str) -> String {
        let mut parts = value.split('<');
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (address, rest) = part.split_once('>').unwrap_or((part, ""));
            text.push_str(&format!("<{}>{rest}", self.text(address)));
        }
        if self.is_told_in(&text) { REDACTED.to_owned() } else { text }
    }

    /// A text; of an address only what is secret in its query goes.
    fn text(&self, text: &str) -> String {
        let is_address = text.starts_with("https://") || text.starts_with("http://");
        if let (true, Ok(mut url)) = (is_address && text.contains('?'), Url::parse(text)) {
            let holds = |(name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
                SecretName::of(&name).is_some() || self.is_told_in(&value)
            };
            if url.query_pairs().any(holds) {
                let query = self.query(url.query().unwrap_or_default());
                url.set_query(Some(&query));
                return if self.is_told_in(url.as_str()) { REDACTED.to_owned() } else { url.into() };
            }
        }
        if self.is_told_in(text) { REDACTED.to_owned() } else { text.to_owned() }
    }

    /// Parameters as a form or a query has them.
    fn query(&self, text: &str) -> String {
        let mut kept = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            let is_secret = SecretName::of(&name).is_some() || self.is_told_in(&value);
            kept.append_pair(&name, if is_secret { REDACTED } else { &value });
        }
        let kept = kept.finish();
        if self.is_told_in(&kept) { REDACTED.to_owned() } else { kept }
    }

    fn json(&self, value: Value, under: Option<SecretName>) -> Value {
        match (value, under) {
            (Value::Object(members), under) => {
                let members = members.into_iter().map(|(name, value)| {
                    let under =
                        if under == Some(SecretName::Certain) { under } else { SecretName::of(&name).or(under) };
                    (self.text(&name), self.json(value, under))
                });
                Value::Object(members.collect())
            }
            (Value::Array(items), under) => items.into_iter().map(|item| self.json(item, under)).collect(),
            (Value::String(text), Some(_)) if !text.is_empty() => REDACTED.into(),
            (Value::Number(_), Some(SecretName::Certain)) => REDACTED.into(),
            (Value::String(text), None) => self.text(&text).into(),
            (Value::Number(number), _) if self.is_told_in(&number.to_string()) => REDACTED.into(),
            (value, _) => value,
        }
    }
}

/// Every text of a value that stands under the name of a secret.
fn gather(value: &Value, is_secret: bool, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| gather(value, is_secret || SecretName::of(name).is_some(), found));
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, is_secret, found)),
        Value::String(text) if is_secret => found.push(text.clone()),
        _ => {}
    }
}

/// A text without a secret, and without the beginnings of it that are left where a text was cut.
fn without(text: String, secret: &str) -> String {
    let start = secret.get(..MIN_SECRET_BYTES).unwrap_or(secret);
    if start.is_empty() || !text.contains(start) {
        return text;
    }
    let (mut kept, mut rest) = (String::with_capacity(text.len()), text.as_str());
    while let Some(place) = rest.find(start) {
        kept.push_str(&rest[..place]);
        kept.push_str(REDACTED);
        let found = &rest[place..];
        let same = found.bytes().zip(secret.bytes()).take_while(|(one, another)| one == another).count();
        let end = (same..=found.len()).find(|end| found.is_char_boundary(*end)).unwrap_or(found.len());
        rest = &found[end..];
    }
    kept.push_str(rest);
    kept
}

fn failed(error: FixtureError) -> FixtureResponse {
    FixtureResponse { error: Some(error), ..FixtureResponse::default() }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use serde_json::json;

    use super::*;
    use workway_capability::fetch::Credential;

    use crate::fixture::Fixtures;

    const TOKEN: &str = "xoxb-s3cr3t/t0ken+1";

    fn redactor() -> Redactor {
        let connection = Connection {
            id: "one".into(),
            provider: "slack".parse().unwrap(),
            account: "acme".into(),
            scopes: None,
            variables: Default::default(),
            expires_at: None,
            renew_at: None,
            access_token: TOKEN.into(),
            credential: Credential::header(ACCEPT, "Basic cmVjb3JkLW1l".into(), []).unwrap(),
            version: 1,
        };
        Redactor::new(vec![Arc::new(connection)], &[])
    }

    fn exchange(url: &str, body: Value, answer: Response<Bytes>) -> Exchange {
        let headers = HeaderMap::from_iter([
            (ACCEPT, HeaderValue::from_static("application/json")),
            (http::header::AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {TOKEN}")).unwrap()),
            (http::header::COOKIE, HeaderValue::from_static("session=1")),
        ]);
        let url = Url::parse(url).unwrap();
        let request = SentRequest { method: "POST".into(), url, headers, json: Some(body) };
        Exchange { place: 0, request, answer: Ok(answer) }
    }

    fn json_of(fixture: &Fixture) -> Value {
        serde_json::to_value(fixture).unwrap()
    }

    #[test]
    fn a_secret_that_one_answer_gives_is_gone_from_the_next_request_too() {
        let given = Response::new(Bytes::from(json!({"upload_token": "up-1234567890", "pin": "short"}).to_string()));
        let first = exchange("https://a.example/start", json!({}), given);
        let done = Response::new(Bytes::from(json!({"said": "got up-1234567890"}).to_string()));
        let second = exchange("https://a.example/up/up-1234567890", json!({"ticket": "up-1234567890"}), done);
        let exchanges = [first, second];
        let redactor = Redactor::new(Vec::new(), &exchanges);
        let json = json_of(&redactor.fixture(&exchanges[1]).expect("is recorded"));
        assert!(!json.to_string().contains("1234567890"), "{json}");
        assert_eq!(json["request"]["url"], json!("https://a.example/up/*"));
        assert_eq!(json["request"]["json"]["ticket"], json!(REDACTED));
    }

    #[test]
    fn what_is_said_of_a_failed_case_has_no_secret_nor_the_beginning_of_one() {
        let cut = &TOKEN[..TOKEN.len() - 3];
        for text in [format!("got {TOKEN} and"), format!("got {cut}…"), format!("{TOKEN}{TOKEN}")] {
            let said = redactor().problem(text);
            assert!(said.contains(REDACTED) && !said.contains(&TOKEN[..10]), "{said}");
        }
        assert_eq!(redactor().problem("nothing of note".to_owned()), "nothing of note");
    }

    #[test]
    fn a_token_is_never_in_what_is_kept() {
        let encoded: String = form_urlencoded::byte_serialize(TOKEN.as_bytes()).collect();
        let answer = Response::builder()
            .header("content-type", "application/json")
            .header("etag", format!("\"{TOKEN}\""))
            .header("link", format!("<https://a.example/n?page=2&access_token={encoded}>; rel=\"next\""))
            .header("x-ratelimit-left", "7")
            .header("set-cookie", "a=b")
            .header("x-request-id", "1")
            .body(Bytes::from(
                json!({
                    "echo": format!("you sent Bearer {TOKEN}"), "basic": "cmVjb3JkLW1l", "refreshToken": "r-1", "pin": 1234, "password": 1234,
                    "usage": {"max_tokens": 5}, "next": format!("https://a.example/n?token={encoded}&page=3"),
                    "nested": {"cookies": ["c-1"], TOKEN: 1}, "empty": {"token": ""}, "flag": {"has_password": true},
                })
                .to_string(),
            ))
            .unwrap();
        let url = format!("https://a.example/bot{encoded}/send?api_key=k-1&page=1&q={encoded}");
        let sent = exchange(&url, json!({"text": format!("-{TOKEN}-"), "token": "t-1", "n": 1}), answer);
        let fixture = redactor().fixture(&sent).expect("is recorded");
        let json = json_of(&fixture);
        assert_eq!(
            json["request"],
            json!({
                "method": "POST", "url": "https://a.example/*/send",
                "query": {"api_key": REDACTED, "page": "1", "q": REDACTED},
                "headers": {"accept": "application/json"},
                "json": {"text": REDACTED, "token": REDACTED, "n": 1},
            })
        );
        let headers = &json["response"]["headers"];
        assert_eq!(headers["etag"], REDACTED);
        assert_eq!(headers["link"], "<https://a.example/n?page=2&access_token=%5Bredacted%5D>; rel=\"next\"");
        assert_eq!(headers.as_object().map(serde_json::Map::len), Some(4), "{headers}");
        assert_eq!(
            json["response"]["json"],
            json!({
                "echo": REDACTED, "basic": REDACTED, "refreshToken": REDACTED, "pin": 1234, "password": REDACTED,
                "usage": {"max_tokens": 5}, "next": "https://a.example/n?token=%5Bredacted%5D&page=3",
                "nested": {"cookies": [REDACTED], REDACTED: 1}, "empty": {"token": ""}, "flag": {"has_password": true},
            })
        );
        let text = json.to_string();
        for secret in [TOKEN, &encoded, "cmVjb3JkLW1l", "k-1", "t-1", "r-1", "c-1"] {
            assert!(!text.contains(secret), "{secret}");
        }
        assert!(Fixtures::new(vec![fixture]).take(&sent.request).is_ok(), "what was recorded answers the same request");
    }

    #[test]
    fn texts_and_forms_are_kept_without_their_secrets() {
        for (kind, body, kept) in [
            ("text/plain", "well received".to_owned(), "well received"),
            ("text/plain", format!("hello {TOKEN}"), REDACTED),
            (
                "application/x-www-form-urlencoded",
                "access_token=gho_1&scope=repo".into(),
                "access_token=%5Bredacted%5D&scope=repo",
            ),
        ] {
            let answer = Response::builder().header("content-type", kind).body(Bytes::from(body)).unwrap();
            let fixture = redactor().fixture(&exchange("https://a.example/", json!({}), answer)).expect("is recorded");
            assert_eq!(fixture.response.text.as_deref(), Some(kept));
        }
    }

    #[test]
    fn what_cannot_be_kept_says_why_without_the_token() {
        let large = Response::new(Bytes::from(vec![b'x'; MAX_FIXTURE_BODY_BYTES + 1]));
        let binary = Response::new(Bytes::from_static(b"\xff\xfe"));
        for (answer, part) in [(large, "must have at most"), (binary, "is not UTF-8 text")] {
            let url = format!("https://a.example/{TOKEN}");
            let problem = redactor().fixture(&exchange(&url, json!({}), answer)).expect_err("is refused");
            assert!(problem.contains(part), "{problem}");
        }
        let host = redactor().fixture(&exchange("https://cmVjb3JkLW1l.example/", json!({}), Response::default()));
        assert!(host.is_ok(), "a host is lower case, and no credential");
    }

    #[test]
    fn a_problem_is_told_without_the_token() {
        assert_eq!(redactor().problem(format!("got {TOKEN}")), "got [redacted]");
        assert!(!redactor().problem("got cmVjb3JkLW1l".into()).contains("cmVj"));
        assert_eq!(redactor().problem("plain".into()), "plain");
    }
}
