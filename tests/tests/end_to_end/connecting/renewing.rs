//! Access tokens that end: they are renewed once, whoever and however many ask, and a provider that fails is left in
//! peace.

mod late;
mod meanwhile;

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::{sync::Mutex, time::timeout};
use workway_api::time::Timestamp;
use workway_host::oauth::MAX_ASKED;
use workway_tests::{Answer, OidcRequest, TestHost, keep_secret, time_of};

use super::support::{DEFAULT_SCOPES, Scene, id_of, is_me};

const CALLS: usize = 200;
/// Room for all of them at once, and for a machine that is slow to run them.
const ROOM: &str = "[admission]\ncalls = 220\ncalls_per_integration = 210\n[limits]\nwall_ms = 120000";
/// The host gives a provider's token endpoint 10 s; this much of it an answer is held back for.
const HELD: Duration = Duration::from_secs(4);

/// Two crowds at once would slow each other down, and need more open files than some machines allow.
static ONE_CROWD: Mutex<()> = Mutex::const_new(());

/// As many calls of the operator's account at the same time.
async fn calls(scene: &Scene) -> Vec<Answer> {
    join_all((0..CALLS).map(|_| scene.probe("me"))).await
}

/// Every request that the provider had so far, as `/me 401`.
async fn told(scene: &Scene) -> Vec<String> {
    let line = |request: OidcRequest| {
        let status = request.status.map_or("under way".to_owned(), |status| status.to_string());
        match request.grant_type {
            Some(grant_type) => format!("{} {grant_type} {status}", request.path),
            None => format!("{} {status}", request.path),
        }
    };
    scene.provider.requests().await.into_iter().map(line).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_token_is_renewed_and_the_call_goes_on() {
    let Some(scene) = Scene::start("renewing::a_refused_token_is_renewed_and_the_call_goes_on").await else { return };
    let before = scene.connect(&scene.browser(), "ada", &[]).await;
    let first = told(&scene).await.len();
    scene.provider.expire_access().await;
    scene.assert_me("ada").await;
    assert_eq!(told(&scene).await[first..], ["/me 401", "/token refresh_token 200", "/me 200"]);
    scene.assert_me("ada").await;
    assert_eq!(told(&scene).await[first + 3..], ["/me 200"], "the next call has the new token at once");

    // Requests that a guest sends together have one renewal.
    scene.provider.expire_access().await;
    let many = scene.host.execute("account-probe.many", json!({ "count": 10 })).await;
    let all_well = |answers: &Vec<Value>| answers.len() == 10 && answers.iter().all(|one| one["body"]["sub"] == "ada");
    assert!(many.output().as_array().is_some_and(all_well), "{:#}", many.body);
    assert_eq!(scene.refreshes().await, [200, 200]);

    // So have those that one call sends one after the other.
    scene.provider.expire_access().await;
    let twice = scene.probe("me-twice").await;
    assert_eq!((&twice.output()[0]["status"], &twice.output()[1]["status"]), (&json!(200), &json!(200)));
    assert_eq!(scene.refreshes().await, [200, 200, 200]);
    let after = scene.connections().await;
    assert_eq!((&after[0]["id"], &after[0]["status"]), (&before["id"], &json!("active")));
    assert_eq!(after[0]["scopes"], json!(DEFAULT_SCOPES));
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_calls_with_a_refused_token_have_one_renewal() {
    let _alone = ONE_CROWD.lock().await;
    let test = "renewing::two_hundred_calls_with_a_refused_token_have_one_renewal";
    let Some(scene) = Scene::start_with(test, TestHost::builder().config(ROOM)).await else { return };
    scene.connect(&scene.browser(), "ada", &[]).await;
    // With warm sandboxes and connections the calls of the next round are under way together.
    calls(&scene).await.iter().for_each(|answer| is_me(answer, "ada"));
    assert_eq!(scene.refreshes().await, [0; 0]);

    scene.provider.expire_access().await;
    scene.provider.hold().await;
    let renewal = async {
        scene.provider.held().await;
        let all_refused =
            async { while scene.answered("/me").await.iter().filter(|status| **status == 401).count() < CALLS {} };
        // On a machine that is too slow for it some calls come later, and have the new token at once.
        let _ = timeout(HELD, all_refused).await;
        scene.provider.release().await;
    };
    let (answers, ()) = tokio::join!(calls(&scene), renewal);
    answers.iter().for_each(|answer| is_me(answer, "ada"));
    assert_eq!(scene.refreshes().await, [200]);
    // Were the stored refresh token an older one, the provider would end the grant now.
    scene.provider.expire_access().await;
    scene.assert_me("ada").await;
    assert_eq!(scene.refreshes().await, [200, 200]);
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_calls_with_a_token_that_has_ended_have_one_renewal() {
    let _alone = ONE_CROWD.lock().await;
    let test = "renewing::two_hundred_calls_with_a_token_that_has_ended_have_one_renewal";
    let Some(scene) = Scene::start_with(test, TestHost::builder().config(ROOM)).await else { return };
    let connected = scene.connect(&scene.browser(), "ada", &[]).await;
    let tokens = scene.provider.tokens().await;
    let [_, refresh_token] = tokens.as_slice() else { panic!("an access and a refresh token: {}", tokens.len()) };
    let ended = "s3cr3t-token-that-has-ended";
    keep_secret(ended);
    let body = json!({
        "provider": "idp", "accessToken": ended, "refreshToken": refresh_token, "account": "ada@example.test",
        "scopes": DEFAULT_SCOPES, "expiresAt": Timestamp::from_seconds(1),
    });
    let replaced = scene.host.post("/oauth/connections", &body).await;
    assert_eq!((replaced.status, id_of(&replaced.body)), (200, id_of(&connected)), "{:#}", replaced.body);
    assert_eq!(
        (&replaced.body["status"], &replaced.body["expiresAt"]),
        (&json!("active"), &json!(Timestamp::from_seconds(1)))
    );
    let before = scene.answered("/me").await.len();

    scene.provider.hold().await;
    let renewal = async {
        scene.provider.held().await;
        scene.provider.release().await;
    };
    let (answers, ()) = tokio::join!(calls(&scene), renewal);
    answers.iter().for_each(|answer| is_me(answer, "ada"));
    assert_eq!(scene.refreshes().await, [200]);
    assert_eq!(scene.answered("/me").await[before..], [200; CALLS], "a token was sent that had ended");
    assert!(time_of(&scene.connections().await[0]["expiresAt"]) > Timestamp::now());
    scene.provider.expire_access().await;
    scene.assert_me("ada").await;
    assert_eq!(scene.refreshes().await, [200, 200], "the newest refresh token is the one that was kept");
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_fails_is_left_alone_and_the_connection_stays() {
    let test = "renewing::a_provider_that_fails_is_left_alone_and_the_connection_stays";
    let Some(scene) = Scene::start(test).await else { return };
    let browser = scene.browser();
    let connected = scene.connect(&browser, "ada", &[]).await;
    scene.provider.expire_access().await;
    scene.provider.fail_next(1, 503, Some(30)).await;
    let failed = scene.probe("me").await;
    assert_eq!((failed.status, failed.code()), (502, "transient"));
    assert!(failed.detail().contains("503"), "{}", failed.detail());
    assert_eq!(scene.refreshes().await, [503]);
    // It has asked for 30 s of peace.
    let again = scene.probe("me").await;
    assert_eq!((again.status, again.code()), (502, "transient"));
    assert!(again.detail().contains("next attempt"), "{}", again.detail());
    assert_eq!(scene.refreshes().await, [503], "it was asked again");
    let listed = scene.connections().await;
    assert_eq!((&listed[0]["id"], &listed[0]["status"]), (&connected["id"], &json!("active")));
    assert!(listed[0].get("reason").is_none(), "{listed:#?}");
    // Nobody has to wait who connects the account again.
    assert_eq!(id_of(&scene.connect(&browser, "ada", &[]).await), id_of(&connected));
    scene.provider.expire_access().await;
    scene.assert_me("ada").await;
    assert_eq!(scene.refreshes().await, [503, 200]);
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_may_ask_for_a_new_token_a_few_times() {
    let Some(scene) = Scene::start("renewing::a_guest_may_ask_for_a_new_token_a_few_times").await else { return };
    scene.connect(&scene.browser(), "ada", &[]).await;
    let most = usize::try_from(MAX_ASKED).expect("a small number");
    for number in 1..=most {
        let tokens = scene.keep_tokens().await.len();
        let answer = scene.probe("refresh").await;
        assert_eq!(answer.output()["refreshed"], json!({ "ok": null }), "{number}");
        assert_eq!(answer.output()["me"]["body"]["sub"], "ada", "{number}");
        assert_eq!(scene.provider.tokens().await.len(), tokens + 2, "a new token of each kind");
    }
    let answer = scene.probe("refresh").await;
    assert_eq!(answer.output()["refreshed"]["err"]["kind"], "transient", "{:#}", answer.body);
    assert_eq!(answer.output()["me"]["status"], 200, "the token that is there is still good");
    // An API that refuses whatever it is sent is not a way round: what it says is the guest's.
    scene.provider.expire_access().await;
    assert_eq!(scene.probe("me").await.output()["status"], 401);
    assert_eq!(scene.refreshes().await, vec![200; most]);
    assert_eq!(scene.connections().await[0]["status"], "active");
    scene.finish().await;
}
