//! The steps of a request, as the host takes them: parse, check, add the credential, follow redirects, bound the bodies, and
//! send once more after a 401. [`MockFetch`](super::MockFetch) answers in place of the upstreams.

use workway_policy::fetch::credential::{AUTHORIZATION, bearer, check_scheme, check_unset};
use workway_policy::fetch::{FetchLimits, FetchRequest, Hop};

use super::contract::{fetch_error, unusable_connection};
use super::host::{MockHandle, MockHost};
use crate::fetch::RequestParts;
use crate::{FetchError, Response};

const LIMITS: FetchLimits = FetchLimits::DEFAULT;

/// The largest request body and the largest response body, in bytes; for `send_all` all request
/// bodies together and all response bodies together: the host's `max_body_bytes`.
pub const MAX_BODY_BYTES: u64 = LIMITS.max_body_bytes;
/// Redirects that one request follows before it fails: the host's `max_redirects`.
pub const MAX_REDIRECTS: u32 = LIMITS.max_redirects;
/// The requests of one `send_all`: the host's `max_requests_per_send_all`.
pub const MAX_REQUESTS_PER_SEND_ALL: usize = LIMITS.max_requests_per_send_all;

/// A response, and whether it answers a request that carried the connection's credential.
struct Answered {
    response: Response,
    authorized: bool,
}

impl Answered {
    fn is_refused(&self) -> bool {
        self.authorized && self.response.status() == 401
    }
}

#[track_caller]
pub(super) fn send(host: &MockHost, parts: RequestParts, auth: Option<&MockHandle>) -> Result<Response, FetchError> {
    let request = parse(parts)?;
    let token = auth.map(fresh_token).transpose()?;
    let answered = send_once(host, &request, token.as_deref())?;
    let Some(handle) = auth.filter(|_| answered.is_refused()) else { return Ok(answered.response) };
    match renewed_token(handle)? {
        Some(token) => Ok(send_once(host, &request, Some(&token))?.response),
        // Without another token the upstream's own response is the most useful answer.
        None => Ok(answered.response),
    }
}

#[track_caller]
fn send_once(host: &MockHost, request: &FetchRequest, token: Option<&str>) -> Result<Answered, FetchError> {
    let (mut outgoing, mut incoming) = (MAX_BODY_BYTES, MAX_BODY_BYTES);
    take(&mut outgoing, request.body())?;
    exchange(host, request.clone(), token, &mut incoming)
}

/// Sends several requests. Those that are refused are sent once more, with one renewed credential for all.
#[track_caller]
pub(super) fn send_all(
    host: &MockHost,
    requests: Vec<RequestParts>,
    auth: Option<&MockHandle>,
) -> Vec<Result<Response, FetchError>> {
    if let Err(error) = LIMITS.check_batch(requests.len()).map_err(fetch_error) {
        return requests.iter().map(|_| Err(error.clone())).collect();
    }
    let requests: Vec<_> = requests.into_iter().map(parse).collect();
    let token = match auth.map(fresh_token).transpose() {
        Ok(token) => token,
        Err(error) => return requests.iter().map(|_| Err(error.clone())).collect(),
    };
    let batch = requests.iter().collect();
    let mut answers = exchange_all(host, batch, token.as_deref(), MAX_BODY_BYTES);
    let is_refused = |answer: &Result<Answered, FetchError>| answer.as_ref().is_ok_and(Answered::is_refused);
    let places: Vec<usize> = (0..answers.len()).filter(|place| is_refused(&answers[*place])).collect();
    if let Some(handle) = auth.filter(|_| !places.is_empty()) {
        let again = match renewed_token(handle) {
            Ok(None) => Vec::new(),
            Ok(Some(token)) => {
                let kept = answers.iter().filter(|answer| !is_refused(answer)).flatten();
                let kept: usize = kept.map(|answer| answer.response.bytes().len()).sum();
                let room = MAX_BODY_BYTES.saturating_sub(u64::try_from(kept).unwrap_or(u64::MAX));
                let batch = places.iter().map(|place| &requests[*place]).collect();
                exchange_all(host, batch, Some(&token), room)
            }
            Err(error) => places.iter().map(|_| Err(error.clone())).collect(),
        };
        for (place, answer) in places.into_iter().zip(again) {
            answers[place] = answer;
        }
    }
    answers.into_iter().map(|answer| answer.map(|answer| answer.response)).collect()
}

#[track_caller]
fn exchange_all(
    host: &MockHost,
    requests: Vec<&Result<FetchRequest, FetchError>>,
    token: Option<&str>,
    mut room: u64,
) -> Vec<Result<Answered, FetchError>> {
    let mut outgoing = MAX_BODY_BYTES;
    let admitted: Vec<_> = requests
        .into_iter()
        .map(|request| {
            let request = request.clone()?;
            take(&mut outgoing, request.body())?;
            Ok(request)
        })
        .collect();
    let mut answers = Vec::with_capacity(admitted.len());
    // A loop, because a closure would hide the caller from the panic about a request that no rule matches.
    for request in admitted {
        answers.push(match request {
            Ok(request) => exchange(host, request, token, &mut room),
            Err(error) => Err(error),
        });
    }
    answers
}

/// One request and the redirects that it leads to.
#[track_caller]
fn exchange(
    host: &MockHost,
    request: FetchRequest,
    token: Option<&str>,
    room: &mut u64,
) -> Result<Answered, FetchError> {
    host.grants.check_headers(&request)?;
    if token.is_some() {
        check_unset(request.headers(), &AUTHORIZATION).map_err(fetch_error)?;
    }
    let mut hop = Hop::first(request, host.grants.egress());
    let mut redirects = 0;
    loop {
        host.grants.check_url(&hop.url)?;
        let authorization = token.filter(|_| hop.carries_credential).map(|token| bearer_for(token, &hop));
        let authorized = authorization.is_some() && redirects == 0;
        let answer = host.fetch.exchange(&hop, authorization.transpose()?)?;
        let locations = answer.headers.iter().filter(|(name, _)| name == "location").map(|(_, value)| value.as_bytes());
        if !hop.redirect(answer.status, locations).map_err(fetch_error)? {
            take(room, &answer.body)?;
            let response = Response::from_parts(answer.status, answer.headers, answer.body, hop.url.into());
            return Ok(Answered { response, authorized });
        }
        LIMITS.check_redirects(redirects).map_err(fetch_error)?;
        redirects += 1;
    }
}

fn bearer_for(token: &str, hop: &Hop) -> Result<String, FetchError> {
    bearer(token).and_then(|value| check_scheme(&hop.url).map(|()| value)).map_err(fetch_error)
}

fn parse(parts: RequestParts) -> Result<FetchRequest, FetchError> {
    let RequestParts { method, url, headers, body, timeout_ms } = parts;
    FetchRequest::parse(&method, &url, &headers, body, timeout_ms).map_err(fetch_error)
}

fn fresh_token(handle: &MockHandle) -> Result<String, FetchError> {
    handle.keep_fresh().map_err(unusable_connection)
}

fn renewed_token(handle: &MockHandle) -> Result<Option<String>, FetchError> {
    handle.replace_refused().map_err(unusable_connection)
}

fn take(room: &mut u64, body: &[u8]) -> Result<(), FetchError> {
    let bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
    *room = room.checked_sub(bytes).ok_or(FetchError::TooLarge(MAX_BODY_BYTES))?;
    Ok(())
}
