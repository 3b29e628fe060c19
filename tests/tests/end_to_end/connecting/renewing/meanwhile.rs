//! What happens to a connection, and to the host, while the provider is being asked for a new token.

use std::time::Duration;

use serde_json::json;
use tokio::{net::TcpStream, task::yield_now, time::timeout};
use workway_tests::TestHost;

use super::super::support::{DEFAULT_SCOPES, Scene, host_in, id_of};

/// How long anything may take before the test counts as hung.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_token_that_is_used_up_meanwhile_gets_its_successor() {
    let test = "renewing::meanwhile::a_refresh_token_that_is_used_up_meanwhile_gets_its_successor";
    let Some(scene) = Scene::start(test).await else { return };
    let connected = scene.connect(&scene.browser(), "ada", &[]).await;
    let tokens = scene.provider.tokens().await;
    let [access_token, refresh_token] = tokens.as_slice() else { panic!("an access and a refresh token") };
    scene.provider.expire_access().await;
    scene.provider.hold().await;
    let meanwhile = async {
        scene.provider.held().await;
        // The same tokens once more, as a backup that is put back: the provider has taken the refresh token already.
        let body = json!({
            "provider": "idp", "accessToken": access_token, "refreshToken": refresh_token, "account": "ada@example.test",
            "scopes": DEFAULT_SCOPES,
        });
        let replaced = scene.host.post("/oauth/connections", &body).await;
        assert_eq!((replaced.status, id_of(&replaced.body)), (200, id_of(&connected)), "{:#}", replaced.body);
        scene.provider.release().await;
    };
    tokio::join!(scene.probe("me"), meanwhile);
    // The access token of the backup is of no use, and the refresh token that is stored has to be the newest.
    scene.assert_me("ada").await;
    assert_eq!(scene.connections().await[0]["status"], "active");
    assert!(scene.refreshes().await.iter().all(|status| *status == 200), "a used refresh token was sent");
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_ends_stores_what_a_renewal_brings() {
    let test = "renewing::meanwhile::a_host_that_ends_stores_what_a_renewal_brings";
    let Some(Scene { host, provider }) = Scene::start(test).await else { return };
    let scene = Scene { host, provider };
    scene.connect(&scene.browser(), "ada", &[]).await;
    scene.provider.expire_access().await;
    scene.provider.hold().await;
    // Whoever called has gone before the provider answers.
    tokio::select! {
        answer = scene.probe("me") => panic!("the call was answered: {answer:?}"),
        () = scene.provider.held() => {}
    }
    let gone = async {
        while scene.host.app().registry().calls_in_flight().0 > 0 {
            yield_now().await
        }
    };
    timeout(PATIENCE, gone).await.expect("a call without a caller ends");
    let Scene { host, provider } = scene;
    let address = host.address();
    let answer_at_last = async {
        let closed = async {
            while TcpStream::connect(address).await.is_ok() {
                yield_now().await
            }
        };
        timeout(PATIENCE, closed).await.expect("the host listens no more");
        provider.release().await;
    };
    let (folder, ()) = tokio::join!(host.finish_keeping(), answer_at_last);

    let host = host_in(TestHost::builder().upstream("id.example.test", &provider.origin()), folder).await;
    let scene = Scene { host, provider };
    scene.assert_me("ada").await;
    assert_eq!(scene.refreshes().await, [200], "the token was lost that the provider gave");
    scene.finish().await;
}
