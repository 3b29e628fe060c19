//! The way of a request from an integration to the rules, past the host's gates: read, granted, credential, redirects,
//! bounds, and once more after a 401. The answers themselves are the rules'.

use url::Url;

use super::fetch::Answer;
use super::host::{MockHandle, MockHost};
use super::request::{Outgoing, normalise};
use crate::fetch::RequestParts;
use crate::{FetchError, OAuthError, Response};

/// One request's body and one response's, in bytes; for `send_all` all requests' together and all
/// responses' together: the host's `max_body_bytes`.
pub const MAX_BODY_BYTES: u64 = 10 * 1024 * 1024;
/// Redirects that are followed before the request is given up: the host's `max_redirects`.
pub const MAX_REDIRECTS: u32 = 10;
/// The requests of one `send_all`: the host's `max_requests_per_send_all`.
pub const MAX_REQUESTS_PER_SEND_ALL: usize = 100;

/// Headers that are credentials and do not follow a request to another origin.
const CREDENTIAL_HEADERS: [&str; 6] =
    ["authorization", "cookie", "x-api-key", "api-key", "x-auth-token", "x-access-token"];
/// Headers that speak of a body, which a redirect may take away.
const BODY_HEADERS: [&str; 4] = ["content-type", "content-encoding", "content-language", "content-location"];

/// An answer, and whether it was the credential's to refuse.
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
    let request = Outgoing::parse(parts)?;
    let token = auth.map(fresh_token).transpose()?;
    let answered = send_once(host, &request, token.as_deref())?;
    let Some(handle) = auth.filter(|_| answered.is_refused()) else { return Ok(answered.response) };
    match renewed_token(handle)? {
        Some(token) => Ok(send_once(host, &request, Some(&token))?.response),
        // Without another one the upstream's own answer says most.
        None => Ok(answered.response),
    }
}

#[track_caller]
fn send_once(host: &MockHost, request: &Outgoing, token: Option<&str>) -> Result<Answered, FetchError> {
    let (mut outgoing, mut incoming) = (MAX_BODY_BYTES, MAX_BODY_BYTES);
    take(&mut outgoing, &request.body)?;
    exchange(host, request.clone(), token, &mut incoming)
}

/// The same for several, of which the refused ones are sent once more with one renewed credential.
#[track_caller]
pub(super) fn send_all(
    host: &MockHost,
    requests: Vec<RequestParts>,
    auth: Option<&MockHandle>,
) -> Vec<Result<Response, FetchError>> {
    if requests.len() > MAX_REQUESTS_PER_SEND_ALL {
        let error = FetchError::InvalidRequest(format!("more than {MAX_REQUESTS_PER_SEND_ALL} requests at once"));
        return requests.iter().map(|_| Err(error.clone())).collect();
    }
    let requests: Vec<_> = requests.into_iter().map(Outgoing::parse).collect();
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
    requests: Vec<&Result<Outgoing, FetchError>>,
    token: Option<&str>,
    mut room: u64,
) -> Vec<Result<Answered, FetchError>> {
    let mut outgoing = MAX_BODY_BYTES;
    let admitted: Vec<_> = requests
        .into_iter()
        .map(|request| {
            let request = request.clone()?;
            take(&mut outgoing, &request.body)?;
            Ok(request)
        })
        .collect();
    let mut answers = Vec::with_capacity(admitted.len());
    // Not an iterator's closure: a request that no rule matches is to be told with its caller.
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
    mut request: Outgoing,
    token: Option<&str>,
    room: &mut u64,
) -> Result<Answered, FetchError> {
    host.grants.check_headers(&request)?;
    if token.is_some() && request.header("authorization").is_some() {
        return Err(FetchError::InvalidRequest("both `auth` and a header `authorization` are given".to_owned()));
    }
    let mut token = token;
    let mut redirects = 0;
    loop {
        host.grants.check_url(&request.url)?;
        let mut sent = request.clone();
        if let Some(token) = token {
            sent.headers.push(("authorization".to_owned(), credential(token, &request.url)?));
        }
        let answer = host.fetch.exchange(&sent)?;
        let Some(target) = target(&request.url, &answer) else {
            take(room, &answer.body)?;
            let authorized = token.is_some() && redirects == 0;
            let response = Response::from_parts(answer.status, answer.headers, answer.body, request.url.into());
            return Ok(Answered { response, authorized });
        };
        if !redirect(&mut request, target)? {
            token = None;
        }
        if !keeps_method(answer.status, &request.method) {
            "GET".clone_into(&mut request.method);
            request.body.clear();
            request.headers.retain(|(name, _)| !BODY_HEADERS.contains(&name.as_str()));
        }
        if redirects == MAX_REDIRECTS {
            return Err(FetchError::Io(format!("more than {MAX_REDIRECTS} redirects")));
        }
        redirects += 1;
    }
}

/// Where an answer sends the request on to, if it does.
fn target(url: &Url, answer: &Answer) -> Option<Url> {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let mut locations = answer.headers.iter().filter(|(name, _)| name == "location");
    let (_, location) = locations.next()?;
    if locations.next().is_some() {
        return None;
    }
    url.join(location).ok()
}

/// Points the request at its new address; whether the credential still goes along.
fn redirect(request: &mut Outgoing, target: Url) -> Result<bool, FetchError> {
    let target = normalise(target).map_err(|error| match error {
        FetchError::InvalidRequest(reason) => FetchError::Denied(format!("redirect: {reason}")),
        other => other,
    })?;
    if request.url.scheme() == "https" && target.scheme() == "http" {
        return Err(FetchError::Denied("redirect from https to http".to_owned()));
    }
    let is_same = request.url.origin() == target.origin();
    if !is_same {
        request.headers.retain(|(name, _)| !CREDENTIAL_HEADERS.contains(&name.as_str()));
    }
    request.url = target;
    Ok(is_same)
}

fn keeps_method(status: u16, method: &str) -> bool {
    match status {
        301 | 302 => method != "POST",
        303 => matches!(method, "GET" | "HEAD"),
        _ => true,
    }
}

fn credential(token: &str, url: &Url) -> Result<String, FetchError> {
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(FetchError::Auth("the stored token does not fit into a request".to_owned()));
    }
    if url.scheme() != "https" {
        return Err(FetchError::Denied("a connection's credential is sent over https alone".to_owned()));
    }
    Ok(format!("Bearer {token}"))
}

fn fresh_token(handle: &MockHandle) -> Result<String, FetchError> {
    handle.keep_fresh().map_err(unusable)
}

fn renewed_token(handle: &MockHandle) -> Result<Option<String>, FetchError> {
    handle.replace_refused().map_err(unusable)
}

/// What an integration is told whose connection cannot be used.
fn unusable(error: OAuthError) -> FetchError {
    match error {
        OAuthError::Transient { reason, .. } => FetchError::Io(reason),
        OAuthError::NotConnected { .. } => FetchError::Auth("the user has not connected this provider".to_owned()),
        OAuthError::NeedsReconnect { reason, .. } => {
            FetchError::Auth(format!("the account must be connected again: {reason}"))
        }
        OAuthError::MissingScopes { scopes, .. } => {
            FetchError::Auth(format!("the connection lacks scopes: {}", scopes.join(", ")))
        }
        OAuthError::Denied { reason, .. } => FetchError::Auth(reason),
    }
}

fn take(room: &mut u64, body: &[u8]) -> Result<(), FetchError> {
    let bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
    *room = room.checked_sub(bytes).ok_or(FetchError::TooLarge(MAX_BODY_BYTES))?;
    Ok(())
}
