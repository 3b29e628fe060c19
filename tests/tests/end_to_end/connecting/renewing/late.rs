//! Calls that learn of a refused token after somebody else has renewed it.

use std::{sync::Arc, time::Duration};

use axum::response::Response;
use futures_util::{StreamExt, stream::FuturesUnordered};
use reqwest::{
    Client, Method,
    header::{CONTENT_TYPE, HOST},
};
use tokio::{sync::Semaphore, time::timeout};
use workway_host::oauth::MAX_ASKED;
use workway_tests::TestHost;

use super::super::support::{Scene, host_of, is_me, provider};
use crate::upstream::{Seen, Upstream, text};

/// How long calls that must come may take before the test counts as hung.
const PATIENCE: Duration = Duration::from_secs(60);

/// What stands between the host and the provider and passes everything on, but lets go of refusals of a token one by
/// one.
struct Gate {
    upstream: Upstream,
    refusals: Arc<Semaphore>,
    let_go: Arc<Semaphore>,
}

impl Gate {
    async fn before(origin: String) -> Self {
        let (refusals, let_go) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let (arrived, gate) = (refusals.clone(), let_go.clone());
        let client = Client::builder().no_proxy().build().expect("a client");
        let upstream = Upstream::start(move |seen| {
            let (client, origin, arrived, gate) = (client.clone(), origin.clone(), arrived.clone(), gate.clone());
            async move {
                let answer = pass_on(&client, &origin, seen).await;
                if answer.status() == 401 {
                    arrived.add_permits(1);
                    gate.acquire().await.expect("the gate is never closed").forget();
                }
                answer
            }
        })
        .await;
        Self { upstream, refusals, let_go }
    }

    /// Waits until so many refusals are kept back.
    async fn refused(&self, count: u32) {
        let refused = timeout(PATIENCE, self.refusals.acquire_many(count)).await;
        refused.expect("the calls are refused").expect("the semaphore is never closed").forget();
    }
}

async fn pass_on(client: &Client, origin: &str, seen: Seen) -> Response {
    let method: Method = seen.method.parse().expect("a method");
    assert_eq!(seen.header(HOST.as_str()), Some("id.example.test"));
    let request = client.request(method, format!("{origin}{}", seen.target)).headers(seen.headers).body(seen.body);
    let answer = request.send().await.expect("the provider answers");
    let (status, content_type) = (answer.status(), answer.headers().get(CONTENT_TYPE).cloned());
    let mut response = text(answer.bytes().await.expect("the answer is complete"));
    *response.status_mut() = status;
    if let Some(content_type) = content_type {
        response.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    response
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_late_to_a_renewal_gets_its_token_and_uses_up_nothing() {
    let test = "renewing::late::who_comes_late_to_a_renewal_gets_its_token_and_uses_up_nothing";
    let Some(provider) = provider(test).await else { return };
    let gate = Gate::before(provider.origin()).await;
    let host = host_of(TestHost::builder().upstream("id.example.test", gate.upstream.origin())).await;
    let scene = Scene { host, provider };
    scene.connect(&scene.browser(), "ada", &[]).await;
    scene.provider.expire_access().await;
    // More than may ask for a renewal in a minute.
    let count = MAX_ASKED + 2;
    let mut calls: FuturesUnordered<_> = (0..count).map(|_| scene.probe("me")).collect();
    let late = async {
        gate.refused(count).await;
        // The first one renews; each of the others hears of its refusal when the one before is done.
        gate.let_go.add_permits(1);
    };
    let (first, ()) = tokio::join!(calls.next(), late);
    is_me(&first.expect("a call"), "ada");
    for _ in 1..count {
        gate.let_go.add_permits(1);
        is_me(&calls.next().await.expect("a call"), "ada");
    }
    drop(calls);
    assert_eq!(scene.refreshes().await, [200], "one renewal was enough");
    // The provider was asked once, so it may be asked again.
    scene.provider.expire_access().await;
    gate.let_go.add_permits(1);
    scene.assert_me("ada").await;
    assert_eq!(scene.refreshes().await, [200, 200]);
    scene.finish().await;
}
