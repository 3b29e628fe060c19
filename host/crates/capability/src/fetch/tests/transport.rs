//! Another transport in the place of the pool, and whoever watches: what is checked before stays checked.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;

use super::{builder, client, get, policy, request, server, token, upstream_map};
use crate::fetch::{
    FetchClient, FetchError, FetchLimits, FetchObserver, FetchRequest, ObservedRequest, PooledTransport, Transport,
};

/// Answers by path, and writes down what it was asked and what was observed.
#[derive(Default)]
struct Recorder {
    before: Option<PooledTransport>,
    asked: Mutex<Vec<String>>,
    observed: Mutex<Vec<String>>,
}

#[async_trait]
impl Transport for Recorder {
    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, FetchError> {
        let credential = request.headers().get("authorization").is_some();
        let line = format!("{} {} {credential}", request.method(), request.uri());
        self.asked.lock().expect("no test panicked").push(line);
        if let Some(pool) = &self.before {
            return pool.exchange(request).await;
        }
        let answer = |status: u16, location: &str, body: &'static str| {
            let builder = Response::builder().status(status).header("location", location);
            Ok(builder.body(Full::new(Bytes::from_static(body.as_bytes()))).expect("is an answer"))
        };
        match request.uri().path() {
            "/away" => answer(302, "https://b.example.org/", ""),
            "/down" => answer(302, "http://a.example.com/", ""),
            "/large" => answer(200, "", "0123456789 0123456789"),
            "/never" => std::future::pending().await,
            "/broken" => Err(FetchError::Connect("no".to_owned())),
            _ => answer(200, "", "made up"),
        }
    }
}

impl FetchObserver for Recorder {
    fn observe(&self, seen: &ObservedRequest<'_>) {
        let outcome = match seen.outcome {
            Ok(status) => status.to_string(),
            Err(FetchError::Denied(_)) => "denied".to_owned(),
            Err(error) => error.to_string(),
        };
        let line = format!("{} {} {outcome}", seen.method, seen.url);
        self.observed.lock().expect("no test panicked").push(line);
    }
}

fn recorded(recorder: &Arc<Recorder>) -> FetchClient {
    builder().transport(recorder.clone()).observer(recorder.clone()).build()
}

async fn fetch(client: &FetchClient, url: &str) -> Result<String, FetchError> {
    let policy = policy(&["a.example.com", "b.example.org"]);
    let limits = FetchLimits { max_body_bytes: 20, ..FetchLimits::default() };
    let answer = client.send(&policy, &limits, get(url), Some(&token("t"))).await?;
    Ok(String::from_utf8(answer.body).expect("is text"))
}

fn lines(list: &Mutex<Vec<String>>) -> Vec<String> {
    list.lock().expect("no test panicked").clone()
}

#[tokio::test]
async fn what_is_refused_never_gets_to_the_transport() {
    let recorder = Arc::new(Recorder::default());
    let client = recorded(&recorder);
    assert!(matches!(fetch(&client, "https://evil.example.com/?q=1").await, Err(FetchError::Denied(_))));
    let own = request("GET", "https://a.example.com/own", &[("cookie", "x")], None);
    let sent = client.send(&policy(&["a.example.com"]), &FetchLimits::default(), own, None).await;
    assert!(matches!(sent, Err(FetchError::Denied(_))));
    assert_eq!(lines(&recorder.asked), [""; 0]);
    assert_eq!(
        lines(&recorder.observed),
        ["GET https://evil.example.com/?q=1 denied", "GET https://a.example.com/own denied"]
    );
}

#[tokio::test]
async fn redirects_credentials_and_limits_hold_for_another_transport() {
    let recorder = Arc::new(Recorder::default());
    let client = recorded(&recorder);
    assert_eq!(fetch(&client, "https://a.example.com/away").await.as_deref(), Ok("made up"));
    assert!(matches!(fetch(&client, "https://a.example.com/down").await, Err(FetchError::Denied(_))));
    assert_eq!(fetch(&client, "https://a.example.com/large").await, Err(FetchError::TooLarge(20)));
    assert_eq!(fetch(&client, "https://a.example.com/broken").await, Err(FetchError::Connect("no".into())));
    assert_eq!(
        lines(&recorder.asked),
        [
            "GET https://a.example.com/away true",
            "GET https://b.example.org/ false",
            "GET https://a.example.com/down true",
            "GET https://a.example.com/large true",
            "GET https://a.example.com/broken true",
        ]
    );
    assert_eq!(
        lines(&recorder.observed),
        [
            "GET https://a.example.com/away 302",
            "GET https://b.example.org/ 200",
            "GET https://a.example.com/down 302",
            "GET http://a.example.com/ denied",
            "GET https://a.example.com/large 200",
            "GET https://a.example.com/broken connect: no",
        ]
    );
}

#[tokio::test]
async fn the_deadline_holds_for_another_transport_and_is_observed() {
    let recorder = Arc::new(Recorder::default());
    let never = FetchRequest::parse("GET", "https://a.example.com/never", &[], None, Some(1)).expect("is a request");
    let (policy, limits) = (policy(&["a.example.com"]), FetchLimits::default());
    let answer = recorded(&recorder).send(&policy, &limits, never, None).await;
    assert_eq!(answer, Err(FetchError::Timeout));
    assert_eq!(lines(&recorder.observed), ["GET https://a.example.com/never timed out"]);
}

#[tokio::test]
async fn a_client_with_another_transport_opens_no_connection() {
    let server = server::Server::start(|_| async { server::text("reached") }).await;
    let recorder = Arc::new(Recorder::default());
    let upstreams = upstream_map(&[("a.example.com", server.origin())]);
    let client = builder().upstreams(upstreams).transport(recorder.clone()).build();
    assert_eq!(fetch(&client, "https://a.example.com/").await.as_deref(), Ok("made up"));
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_transport_may_stand_in_front_of_the_pool() {
    let server = server::Server::start(|_| async { server::text("0123456789") }).await;
    let upstreams = [("a.example.com", server.origin())];
    for (most, expected) in [(10, Ok("0123456789".to_owned())), (9, Err(FetchError::TooLarge(9)))] {
        let pool = builder().upstreams(upstream_map(&upstreams)).build_transport(most);
        let recorder = Arc::new(Recorder { before: Some(pool), ..Recorder::default() });
        assert_eq!(fetch(&recorded(&recorder), "https://a.example.com/").await, expected);
        assert_eq!(lines(&recorder.asked).len(), 1);
    }
    // Without one the pool itself answers.
    assert_eq!(fetch(&client(&upstreams), "https://a.example.com/").await.as_deref(), Ok("0123456789"));
}
