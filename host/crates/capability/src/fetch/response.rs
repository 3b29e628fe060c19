//! An upstream's answer, read within bounds into the contract's plain shapes. Nothing here follows or retries.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use http::{
    HeaderMap, HeaderName,
    header::{CONNECTION, PROXY_AUTHENTICATE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE},
    response::Parts,
};
use http_body_util::BodyExt;
use hyper::body::Body;
use url::Url;
use workway_policy::fetch::{FetchError, FetchLimits};
use workway_resources::{HeldMemory, Share};

use super::transport::AnswerBody;

/// What is set aside at once for a body that says how long it is. Beyond that the bytes must come first.
const MAX_BODY_PREALLOCATION: u64 = 256 * 1024;

/// Headers that speak about the connection, which is the host's (RFC 9110, section 7.6.1).
const HOP_BY_HOP_HEADERS: [HeaderName; 8] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    PROXY_AUTHENTICATE,
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// A complete response.
#[derive(Clone, PartialEq, Eq)]
pub struct FetchResponse {
    pub status: u16,
    /// In the order received; a name may repeat. Values that are not UTF-8 have replacement characters.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The address that answered, after redirects.
    pub url: String,
    /// Whether this answers the very request that was asked for, and it carried the connection's credential.
    pub(super) authorized: bool,
}

impl fmt::Debug for FetchResponse {
    /// Neither header values nor the body nor the URL's query: an answer may hold tokens.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FetchResponse")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// The bytes of body that one guest call may still hold, shared by the requests that run side by side. They are part of the
/// host's memory, too.
#[derive(Debug)]
pub(super) struct BodyBudget {
    limit: u64,
    held: Mutex<HeldMemory>,
}

impl BodyBudget {
    pub(super) fn new(limit: u64, share: &Share) -> Self {
        Self { limit, held: Mutex::new(share.hold()) }
    }

    pub(super) fn take(&self, bytes: u64) -> Result<(), FetchError> {
        let mut held = self.held();
        self.check_left(&held, bytes)?;
        held.try_grow(bytes).map_err(|error| FetchError::Io(error.to_string()))
    }

    fn give_back(&self, bytes: u64) {
        self.held().shrink(bytes);
    }

    fn check(&self, bytes: u64) -> Result<(), FetchError> {
        self.check_left(&self.held(), bytes)
    }

    fn check_left(&self, held: &HeldMemory, bytes: u64) -> Result<(), FetchError> {
        if bytes > self.limit.saturating_sub(held.bytes()) { Err(FetchError::TooLarge(self.limit)) } else { Ok(()) }
    }

    fn held(&self) -> MutexGuard<'_, HeldMemory> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes taken for one body. Given back unless the body is kept, so that one failure does not starve its neighbours.
struct TakenBytes<'a> {
    budget: &'a BodyBudget,
    taken: u64,
}

impl TakenBytes<'_> {
    fn grow(&mut self, bytes: u64) -> Result<(), FetchError> {
        self.budget.take(bytes)?;
        self.taken += bytes;
        Ok(())
    }

    fn keep(mut self) {
        self.taken = 0;
    }
}

impl Drop for TakenBytes<'_> {
    fn drop(&mut self) {
        self.budget.give_back(self.taken);
    }
}

/// Reads the rest of an answer from `url`.
pub(super) async fn read(
    parts: Parts,
    body: AnswerBody,
    url: &Url,
    limits: &FetchLimits,
    budget: &BodyBudget,
) -> Result<FetchResponse, FetchError> {
    let headers = plain_headers(&parts.headers, limits)?;
    let body = read_body(body, budget).await?;
    Ok(FetchResponse { status: parts.status.as_u16(), headers, body, url: url.as_str().to_owned(), authorized: false })
}

async fn read_body(mut body: AnswerBody, budget: &BodyBudget) -> Result<Vec<u8>, FetchError> {
    // The length of what will really come: a `content-length` in answer to HEAD does not count.
    let expected = body.size_hint().lower();
    budget.check(expected)?;
    let mut share = TakenBytes { budget, taken: 0 };
    let mut bytes = Vec::with_capacity(usize::try_from(expected.min(MAX_BODY_PREALLOCATION)).unwrap_or_default());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| super::client::broken(&*error))?;
        // Trailers are read past: the contract has no place for them.
        if let Some(data) = frame.data_ref() {
            share.grow(u64::try_from(data.len()).unwrap_or(u64::MAX))?;
            bytes.extend_from_slice(data);
        }
    }
    share.keep();
    Ok(bytes)
}

fn plain_headers(headers: &HeaderMap, limits: &FetchLimits) -> Result<Vec<(String, String)>, FetchError> {
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if size > limits.max_response_headers_bytes {
        return Err(FetchError::Io(format!(
            "the response headers are larger than {} bytes",
            limits.max_response_headers_bytes
        )));
    }
    let named_by_connection: Vec<String> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    Ok(headers
        .iter()
        .filter(|(name, _)| {
            !HOP_BY_HOP_HEADERS.contains(name) && !named_by_connection.iter().any(|other| other == name.as_str())
        })
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use workway_resources::Resources;

    use super::*;

    #[test]
    fn headers_of_the_connection_are_dropped() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Hop"),
            ("keep-alive", "timeout=5"),
            ("x-hop", "1"),
            ("transfer-encoding", "chunked"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
            ("content-type", "text/plain"),
        ] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers.append("x-latin", HeaderValue::from_bytes(b"caf\xe9").expect("is a value"));
        let plain = plain_headers(&headers, &FetchLimits::default()).expect("within the limit");
        let names: Vec<_> = plain.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(names, ["set-cookie=a=1", "set-cookie=b=2", "content-type=text/plain", "x-latin=caf\u{fffd}"]);
    }

    #[test]
    fn too_many_header_bytes_are_an_error() {
        let limits = FetchLimits { max_response_headers_bytes: 10, ..FetchLimits::default() };
        let headers = HeaderMap::from_iter([(UPGRADE, HeaderValue::from_static("websocket"))]);
        assert!(matches!(plain_headers(&headers, &limits), Err(FetchError::Io(_))));
    }

    #[test]
    fn a_failed_body_gives_its_bytes_back_and_a_kept_one_does_not() {
        let budget = BodyBudget::new(10, &Resources::new(10).host_share());
        let mut failed = TakenBytes { budget: &budget, taken: 0 };
        failed.grow(8).expect("fits");
        assert_eq!(budget.take(3), Err(FetchError::TooLarge(10)));
        drop(failed);
        let mut kept = TakenBytes { budget: &budget, taken: 0 };
        kept.grow(8).expect("fits");
        kept.keep();
        assert_eq!(budget.take(3), Err(FetchError::TooLarge(10)));
        assert_eq!(budget.take(2), Ok(()));
    }

    #[test]
    fn bodies_take_their_bytes_from_the_hosts_memory() {
        let resources = Resources::new(10);
        let budget = BodyBudget::new(100, &resources.host_share());
        assert_eq!(budget.take(8), Ok(()));
        assert_eq!(resources.memory().0, 8);
        assert!(matches!(budget.take(3), Err(FetchError::Io(text)) if text.contains("limits.total_memory")));
        drop(budget);
        assert_eq!(resources.memory().0, 0);
    }
}
