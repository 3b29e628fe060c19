//! Follows the events that a host reports about its integrations. An unreachable host is no error: it may start later, so
//! connecting is retried.

use std::{io, time::Duration};

use futures_util::{Stream, StreamExt};
use http_body_util::{BodyExt, Limited};
use reqwest::{Client, Response, StatusCode, Url, header::CONTENT_TYPE, redirect::Policy};
use sse_stream::{Sse, SseStream};
use tokio::sync::mpsc;
use workway_api::events::{LoadedVersion, RegistryEvent};

use crate::event_line::{EventLine, Loading};

/// Between two attempts.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a host may take to begin its answer. Between events it may be silent for ever.
const LONGEST_WAIT: Duration = Duration::from_secs(3);
/// News that may wait; while more do, the host waits.
const MAX_WAITING: usize = 64;
/// After so many bytes the host is connected to again. The parser buffers an event of any size, so this bounds its memory.
const MAX_STREAM_BYTES: usize = 16 * 1024 * 1024;

/// What there is to know of the host.
#[derive(Debug)]
pub enum News {
    /// From here on everything is heard.
    Connected,
    /// Nothing is heard. Said once, until the host was reached in between or something else is wrong.
    Trouble(Trouble),
    Event(RegistryEvent),
}

/// Why nothing is heard of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    NoAnswer,
    /// It wants a token, as in production, where no folder is watched.
    NotInDevelopment,
    Refused(StatusCode),
    /// Something answers that is no host of this kind.
    NoEvents,
}

/// The line for an event, if it concerns the file `ours`.
pub fn line_for<'a>(event: &'a RegistryEvent, ours: &str) -> Option<EventLine<'a>> {
    let (line, file) = match event {
        RegistryEvent::Loaded(loaded) => (EventLine::Loaded(loading(loaded)), &loaded.file),
        RegistryEvent::Reloaded(loaded) => (EventLine::Reloaded(loading(loaded)), &loaded.file),
        RegistryEvent::Failed { file, serving, message, .. } => {
            (EventLine::Failed { file, message, serving: *serving }, file)
        }
        RegistryEvent::Removed { integration_id, file, .. } => {
            (EventLine::Removed { integration: integration_id, file }, file)
        }
        RegistryEvent::Missed { .. } => return Some(EventLine::Missed),
    };
    (file == ours).then_some(line)
}

fn loading(loaded: &LoadedVersion) -> Loading<'_> {
    Loading {
        integration: &loaded.integration_id,
        version: &loaded.version,
        file: &loaded.file,
        actions: loaded.actions_count,
        triggers: loaded.triggers_count,
        total: Duration::from_millis(loaded.duration_ms),
        compile: Duration::from_millis(loaded.phases.compile_ms),
    }
}

/// Follows a host for as long as somebody listens.
pub fn follow(host: &Url) -> anyhow::Result<mpsc::Receiver<News>> {
    // The host is this machine's: no proxy knows it, and none should hear of it.
    let client = Client::builder().no_proxy().redirect(Policy::none()).build()?;
    let mut events = host.clone();
    events.set_path(&format!("{}/registry/events", host.path().trim_end_matches('/')));
    let (sender, receiver) = mpsc::channel(MAX_WAITING);
    tokio::spawn(async move {
        let mut said = None;
        while !sender.is_closed() {
            let trouble = match connect(&client, &events).await {
                Ok(stream) => {
                    said = None;
                    if forward(&sender, stream).await.is_none() {
                        return;
                    }
                    None
                }
                Err(trouble) => Some(trouble),
            };
            if let Some(trouble) = trouble.filter(|trouble| said != Some(*trouble)) {
                said = Some(trouble);
                if sender.send(News::Trouble(trouble)).await.is_err() {
                    return;
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    });
    Ok(receiver)
}

async fn connect(client: &Client, events: &Url) -> Result<Response, Trouble> {
    let asked = client.get(events.clone()).header("accept", "text/event-stream").send();
    let answer = tokio::time::timeout(LONGEST_WAIT, asked).await;
    let answer = answer.map_err(|_| Trouble::NoAnswer)?.map_err(|_| Trouble::NoAnswer)?;
    let content = answer.headers().get(CONTENT_TYPE).and_then(|content| content.to_str().ok()).unwrap_or_default();
    match answer.status() {
        StatusCode::OK if content.starts_with("text/event-stream") => Ok(answer),
        StatusCode::OK | StatusCode::NOT_FOUND => Err(Trouble::NoEvents),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Trouble::NotInDevelopment),
        other => Err(Trouble::Refused(other)),
    }
}

/// Passes events on until the stream ends. `None` when nobody listens any more.
async fn forward(listener: &mpsc::Sender<News>, stream: Response) -> Option<()> {
    listener.send(News::Connected).await.ok()?;
    let mut blocks = blocks(stream);
    // After an error the stream has ended.
    while let Some(Ok(block)) = blocks.next().await {
        // Comments carry no data. Data that is no event is skipped like an event of an unknown type.
        if let Some(Ok(event)) = block.data.as_deref().map(serde_json::from_str) {
            listener.send(News::Event(event)).await.ok()?;
        }
    }
    Some(())
}

fn blocks(stream: Response) -> impl Stream<Item = Result<Sse, sse_stream::Error>> + Send + Unpin {
    SseStream::new(Limited::new(reqwest::Body::from(stream), MAX_STREAM_BYTES).map_err(io::Error::other))
}

impl Trouble {
    /// What is wrong with a host, and what can be done.
    pub fn line(self, host: &Url) -> String {
        // No credentials: an origin has none.
        let origin = host.origin().ascii_serialization();
        match self {
            Self::NoAnswer => format!("no host answers at {origin}: start one with `workway dev`"),
            Self::NotInDevelopment => format!(
                "the host at {origin} is not in development mode, so it does not load components itself: start one with \
                  `workway dev`"
            ),
            Self::Refused(status) => format!("the host at {origin} does not report events: it answered {status}"),
            Self::NoEvents => {
                format!("the server at {origin} is not a WORKWAY host: pass the host's URL with --host")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, time::Duration};

    use reqwest::{StatusCode, Url};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        sync::mpsc,
    };

    use super::{MAX_STREAM_BYTES, News, RegistryEvent, Trouble, follow, line_for};

    /// How long anything may take before it counts as hung.
    const PATIENCE: Duration = Duration::from_secs(60);
    const STREAM: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\r\n";
    const FAILED: &str = r#"data: {"type":"failed","file":"slack.wasm","serving":true,"message":"no","timestamp":"2026-11-29T00:19:05.123Z"}"#;

    async fn host() -> (TcpListener, Url) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        (listener, url.parse().expect("a URL"))
    }

    /// Takes one request and begins to answer it.
    async fn answer(host: &TcpListener, text: &str) -> TcpStream {
        let (mut stream, _) = tokio::time::timeout(PATIENCE, host.accept()).await.expect("in time").expect("a request");
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await.expect("a request"));
        }
        assert!(request.starts_with(b"GET /registry/events HTTP/1.1\r\n"));
        stream.write_all(text.as_bytes()).await.expect("it is read");
        stream
    }

    async fn next(news: &mut mpsc::Receiver<News>) -> News {
        tokio::time::timeout(PATIENCE, news.recv()).await.expect("in time").expect("news")
    }

    fn line(data: &str) -> Option<String> {
        let event = serde_json::from_str(data).expect("an event");
        line_for(&event, "slack.wasm").map(|line| line.to_string())
    }

    #[test]
    fn every_event_about_the_file_has_its_line() {
        let loaded = |kind: &str, file: &str| {
            format!(
                r#"{{"type":"{kind}","integrationId":"slack","file":"{file}","version":"0.2.0","actionsCount":5,
                "triggersCount":0,"timestamp":"2026-11-29T00:19:05.123Z","durationMs":61,"code":"cranelift",
                "phases":{{"readMs":1,"compileMs":48,"linkMs":0,"describeMs":1,"swapMs":0}}}}"#
            )
        };
        let said = "slack 0.2.0: 5 actions, in 61 ms (compile 48 ms)";
        assert_eq!(line(&loaded("loaded", "slack.wasm")), Some(format!("loaded {said}")));
        assert_eq!(line(&loaded("reloaded", "slack.wasm")), Some(format!("reloaded {said}")));
        assert_eq!(line(&loaded("loaded", "github.wasm")), None);
        let failed = FAILED.strip_prefix("data: ").expect("data");
        assert_eq!(line(failed).as_deref(), Some("failed slack.wasm (the previous version stays active): no"));
        let removed =
            r#"{"type":"removed","integrationId":"slack","file":"slack.wasm","timestamp":"2026-11-29T00:19:05.123Z"}"#;
        assert_eq!(line(removed).as_deref(), Some("removed slack: slack.wasm was deleted"));
        assert_eq!(line(r#"{"type":"missed","count":3}"#).as_deref(), Some("some events were missed"));
    }

    #[tokio::test]
    async fn events_are_heard_and_what_is_none_is_left_out() {
        let (listener, url) = host().await;
        let mut news = follow(&url).expect("a client");
        let mut stream = answer(&listener, STREAM).await;
        assert!(matches!(next(&mut news).await, News::Connected));
        stream
            .write_all(
                format!(": hello\n\ndata: no JSON\n\ndata: {{}}\n\ndata: {{\"type\":\"promoted\"}}\n\n{FAILED}\n\n")
                    .as_bytes(),
            )
            .await
            .expect("sent");
        let heard = next(&mut news).await;
        assert!(matches!(&heard, News::Event(RegistryEvent::Failed { file, .. }) if file == "slack.wasm"), "{heard:?}");
    }

    #[tokio::test]
    async fn a_host_that_comes_back_is_heard_again() {
        let (listener, url) = host().await;
        let mut news = follow(&url).expect("a client");
        drop(answer(&listener, STREAM).await);
        assert!(matches!(next(&mut news).await, News::Connected));
        let _stream = answer(&listener, &format!("{STREAM}{FAILED}\n\n")).await;
        assert!(matches!(next(&mut news).await, News::Connected));
        assert!(matches!(next(&mut news).await, News::Event(_)));
    }

    #[tokio::test]
    async fn reconnects_when_an_event_does_not_end() {
        let (listener, url) = host().await;
        let mut news = follow(&url).expect("a client");
        let mut endless = answer(&listener, STREAM).await;
        assert!(matches!(next(&mut news).await, News::Connected));
        // The client hangs up within the last of it.
        let _ = endless.write_all(&vec![b'a'; MAX_STREAM_BYTES + 1]).await;
        let _stream = answer(&listener, &format!("{STREAM}{FAILED}\n\n")).await;
        assert!(matches!(next(&mut news).await, News::Connected));
        assert!(matches!(next(&mut news).await, News::Event(_)));
    }

    #[tokio::test]
    async fn a_host_that_says_nothing_is_not_waited_for() {
        let (listener, url) = host().await;
        let mut news = follow(&url).expect("a client");
        let _silent = answer(&listener, "").await;
        let heard = next(&mut news).await;
        assert!(matches!(heard, News::Trouble(Trouble::NoAnswer)), "{heard:?}");
    }

    #[tokio::test]
    async fn what_is_wrong_is_said_once() {
        let (listener, url) = host().await;
        let mut news = follow(&url).expect("a client");
        let none = "content-length: 0\r\nconnection: close\r\n\r\n";
        for status in ["401 Unauthorized", "403 Forbidden", "404 Not Found", "503 Service Unavailable"] {
            drop(answer(&listener, &format!("HTTP/1.1 {status}\r\n{none}")).await);
        }
        drop(answer(&listener, &format!("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n{none}")).await);
        drop(listener);
        let mut said = Vec::new();
        while said.last() != Some(&Trouble::NoAnswer) {
            let heard = next(&mut news).await;
            let News::Trouble(trouble) = heard else { panic!("{heard:?}") };
            said.push(trouble);
        }
        let refused = Trouble::Refused(StatusCode::SERVICE_UNAVAILABLE);
        let expected = [Trouble::NotInDevelopment, Trouble::NoEvents, refused, Trouble::NoEvents, Trouble::NoAnswer];
        assert_eq!(said, expected);
        for trouble in expected {
            assert!(trouble.line(&url).contains(url.as_str().trim_end_matches('/')));
        }
    }
}
