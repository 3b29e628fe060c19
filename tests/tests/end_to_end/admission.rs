//! How many calls run at once, and what becomes of them when the host ends. Calls are held at an upstream, so that a test
//! knows that they run.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use workway_host::registry::Activated;
use workway_tests::{Answer, TestHost};

use crate::{
    support::{assert_alive, rebuilt, register},
    upstream::{Held, Upstream},
};

const PATIENCE: Duration = Duration::from_secs(60);

async fn host_with(calls: u32, per_integration: u32) -> (TestHost, Upstream, Held) {
    let (upstream, held) = Upstream::held().await;
    let host = TestHost::builder()
        .guest("fetch-probe")
        .guest("hello")
        .upstream("api.example.com", upstream.origin())
        .config(&format!("[admission]\ncalls = {calls}\ncalls_per_integration = {per_integration}"))
        .start()
        .await;
    (host, upstream, held)
}

async fn fetch(host: &TestHost) -> Answer {
    host.execute("fetch-probe.fetch", json!({ "url": "https://api.example.com/" })).await
}

fn assert_released(answer: &Answer) {
    assert_eq!(answer.output()["ok"]["body"], "released");
}

fn assert_busy(answer: &Answer) {
    assert_eq!((answer.status, answer.code(), answer.header("retry-after")), (503, "busy", "1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_integration_leaves_room_for_another() {
    let (host, _upstream, held) = host_with(2, 1).await;
    let meanwhile = async {
        held.arrived(1).await;
        assert_eq!(host.app().registry().calls_in_flight(), (1, 2));
        let stats = host.get("/registry/stats").await;
        assert_eq!(stats.body["calls"], json!({ "inFlight": 1, "limit": 2 }));
        let refused = fetch(&host).await;
        assert_busy(&refused);
        assert!(refused.detail().contains("this integration"), "{}", refused.detail());
        assert_alive(&host).await;
        held.release();
    };
    let (answer, ()) = tokio::join!(fetch(&host), meanwhile);
    assert_released(&answer);
    assert_released(&fetch(&host).await);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_host_refuses_everybody_and_stays_readable() {
    let (host, _upstream, held) = host_with(1, 1).await;
    let meanwhile = async {
        held.arrived(1).await;
        let refused = host.execute("hello.echo", json!({ "message": "hello" })).await;
        assert_busy(&refused);
        assert!(refused.detail().contains("the host"), "{}", refused.detail());
        for path in ["/healthz", "/readyz", "/metrics", "/registry/stats", "/registry/actions"] {
            assert_eq!(host.get(path).await.status, 200, "{path}");
        }
        // An input is checked before the call waits for a place, so that a slow check keeps none.
        assert_eq!(host.execute("hello.echo", json!({ "message": 5 })).await.code(), "invalid-input");
        assert_eq!(host.execute("hello.nothing", json!({})).await.code(), "action-not-found");
        held.release();
    };
    let (answer, ()) = tokio::join!(fetch(&host), meanwhile);
    assert_released(&answer);
    assert_alive(&host).await;
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_share_is_kept_across_a_reload() {
    let (host, _upstream, held) = host_with(3, 1).await;
    let meanwhile = async {
        held.arrived(1).await;
        std::fs::write(host.plugins().join("fetch-probe.wasm"), rebuilt("fetch-probe")).expect("the file is written");
        let loaded = register(&host, "fetch-probe.wasm").await;
        assert!(matches!(loaded, Ok(Activated::Serving(_))), "{loaded:?}");
        assert_busy(&fetch(&host).await);
        held.release();
    };
    let (answer, ()) = tokio::join!(fetch(&host), meanwhile);
    assert_released(&answer);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_goes_away_gives_the_place_back() {
    let (host, _upstream, held) = host_with(1, 1).await;
    {
        let call = fetch(&host);
        tokio::pin!(call);
        tokio::select! {
            answer = &mut call => panic!("nobody released it: {answer:?}"),
            () = held.arrived(1) => {}
        }
        // Dropped here: the connection closes.
    }
    let empty = async {
        while host.app().registry().calls_in_flight().0 > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, empty).await.expect("the call ends with its caller");
    assert_alive(&host).await;
    held.release();
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_waits_for_the_calls_that_run() {
    let (host, _upstream, held) = host_with(4, 4).await;
    let meanwhile = async {
        held.arrived(2).await;
        host.begin_shutdown();
        let refused = async {
            while TcpStream::connect(host.address()).await.is_ok() {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, refused).await.expect("a host that ends takes no more connections");
        assert_eq!(host.app().registry().calls_in_flight().0, 2, "a call was cut off");
        held.release();
    };
    let (one, two, ()) = tokio::join!(fetch(&host), fetch(&host), meanwhile);
    assert_released(&one);
    assert_released(&two);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_calls_at_once_are_all_answered() {
    let host = TestHost::builder().guest("hello").start().await;
    // Not over the share of 48, or some would rightly be refused.
    let calls = (0..40).map(|number| {
        let request = host
            .request(reqwest::Method::POST, "/registry/actions/hello.echo/execute")
            .json(&json!({ "input": { "message": number.to_string() } }));
        tokio::spawn(request.send())
    });
    for (number, call) in calls.collect::<Vec<_>>().into_iter().enumerate() {
        let response = call.await.expect("the call does not panic").expect("the host answers");
        assert_eq!(response.status(), 200);
        let body: Value = response.json().await.expect("JSON");
        assert_eq!(body["output"]["message"], number.to_string(), "answers were mixed up");
    }
    host.finish().await;
}
