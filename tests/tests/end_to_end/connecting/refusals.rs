//! What connects nothing: users who decline, answers that are not the flow's own, and what cannot be begun.

use reqwest::{Method, Url, header::ACCEPT};
use serde_json::Value;
use workway_tests::{ADMIN_TOKEN, Browser};

use super::support::{
    APP, CALLBACK, ISSUER, Scene, authorize, authorize_url, begin, come_back, id_of, parameter, refused, with,
};

/// Begins a flow as the user `dev`, as a person does.
async fn begin_as_dev(browser: &Browser) -> Url {
    let there = browser.get(authorize_url("idp", &[]).as_str()).await;
    assert_eq!(there.status, 303, "{there:?}");
    there.header("location").parse().expect("an authorization URL")
}

fn forged() -> Url {
    let mut url: Url = CALLBACK.parse().expect("a URL");
    url.query_pairs_mut().extend_pairs([("state", "A".repeat(43).as_str()), ("code", "guessed"), ("iss", ISSUER)]);
    url
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_who_declines_changes_nothing() {
    let Some(scene) = Scene::start("refusals::a_user_who_declines_changes_nothing").await else { return };
    let browser = scene.browser();
    let before = scene.connect(&browser, "ada", &[]).await;
    let decline = async |query: &[(&str, &str)]| browser.deny(begin(&browser, query).await.as_str(), "ada").await;

    let page = browser.get(decline(&[("scopes", "write")]).await.as_str()).await;
    assert_eq!(page.status, 403, "{page:?}");
    assert!(page.header("content-type").starts_with("text/html"), "{page:?}");
    let text = page.body.as_str().expect("a page");
    assert!(text.contains("<code>access-denied</code>") && text.contains("End-User aborted interaction"), "{text}");
    assert!(text.contains(page.header("x-request-id")) && !text.contains("<a href"), "{text}");

    let page = browser.get(decline(&[("returnTo", &format!("{APP}/done?a=b"))]).await.as_str()).await;
    let link = format!("<a href=\"{APP}/done?a=b&amp;error=access-denied\">");
    assert!(page.body.as_str().is_some_and(|text| text.contains(&link)), "{page:?}");

    let problem = come_back(&browser, &decline(&[]).await).await;
    assert_eq!(refused(&problem), (403, "access-denied"));
    assert_eq!(scene.connections().await, [before]);
    assert_eq!(scene.granted("authorization_code").await, [200], "the one that was connected");
    scene.assert_me("ada").await;
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_counts_once_and_in_its_own_browser() {
    let Some(scene) = Scene::start("refusals::an_answer_counts_once_and_in_its_own_browser").await else { return };
    // The operator at one machine, dev at another: each has begun a flow.
    let (ours, theirs) = (scene.browser(), scene.browser());
    let callback = ours.sign_in(begin(&ours, &[]).await.as_str(), "ada").await;
    let of_dev = theirs.sign_in(begin_as_dev(&theirs).await.as_str(), "mallory").await;
    let nowhere: Url = callback.as_str().replace("/oauth/idp/", "/oauth/github/").parse().expect("a URL");
    for (browser, callback, what) in [
        (&ours, &forged(), "a made up state"),
        (&ours, &with(&callback, "state", None), "no state"),
        (&ours, &with(&callback, "state", Some("")), "an empty state"),
        (&ours, &CALLBACK.parse().expect("a URL"), "nothing at all"),
        (&ours, &nowhere, "the path of another provider"),
        (&scene.browser(), &callback, "a browser without a session"),
        (&theirs, &callback, "the operator's answer in dev's browser"),
        (&ours, &of_dev, "dev's answer in the operator's browser"),
    ] {
        assert_eq!(refused(&come_back(browser, callback).await), (400, "invalid-state"), "{what}");
    }
    assert_eq!(scene.answered("/token").await, [0; 0], "a code was used");
    // None of that has ended the flow.
    assert_eq!(come_back(&ours, &callback).await.status, 200);
    assert_eq!(refused(&come_back(&ours, &callback).await), (400, "invalid-state"), "it counted twice");
    let page = ours.get(callback.as_str()).await;
    assert_eq!(page.status, 400);
    assert!(page.body.as_str().is_some_and(|text| text.contains("<code>invalid-state</code>")), "{page:?}");

    // Whoever says who they are, and is somebody else than who began it.
    let request = theirs.request(Method::GET, of_dev.as_str()).bearer_auth(ADMIN_TOKEN);
    let as_operator = theirs.send(request.header(ACCEPT, "application/json")).await;
    assert_eq!(refused(&as_operator), (400, "invalid-state"));
    assert_eq!(scene.granted("authorization_code").await, [200], "only ada's code was used");
    assert_eq!(scene.connections().await.len(), 1);
    let of_dev = scene.host.send(scene.host.anonymous(Method::GET, "/oauth/connections")).await;
    assert_eq!(of_dev.body["items"], Value::Array(Vec::new()));
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_of_another_issuer_is_not_used() {
    let Some(scene) = Scene::start("refusals::an_answer_of_another_issuer_is_not_used").await else { return };
    let browser = scene.browser();
    for issuer in [Some("https://evil.example"), Some("https://id.example.test/"), Some(""), None] {
        let callback = browser.sign_in(begin(&browser, &[]).await.as_str(), "ada").await;
        let answer = come_back(&browser, &with(&callback, "iss", issuer)).await;
        assert_eq!(refused(&answer), (400, "issuer-mismatch"), "{issuer:?}");
        // Somebody has interfered: the flow is over.
        assert_eq!(refused(&come_back(&browser, &callback).await), (400, "invalid-state"), "{issuer:?}");
    }
    // An error that somebody else reports is not believed either.
    let callback = browser.deny(begin(&browser, &[]).await.as_str(), "ada").await;
    let answer = come_back(&browser, &with(&callback, "iss", Some("https://evil.example"))).await;
    assert_eq!(refused(&answer), (400, "issuer-mismatch"));
    assert_eq!(scene.answered("/token").await, [0; 0], "a code was used");
    assert_eq!(scene.connections().await.len(), 0);
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_of_another_flow_connects_nothing() {
    let Some(scene) = Scene::start("refusals::a_code_of_another_flow_connects_nothing").await else { return };
    let (victim, attacker) = (scene.browser(), scene.browser());
    let of_attacker = attacker.sign_in(begin_as_dev(&attacker).await.as_str(), "mallory").await;
    let stolen = parameter(&of_attacker, "code").expect("mallory allowed it");
    let callback = victim.sign_in(begin(&victim, &[]).await.as_str(), "ada").await;
    // Mallory's code at the place of ada's: it was asked for with another verifier, and the provider says no.
    let answer = come_back(&victim, &with(&callback, "code", Some(&stolen))).await;
    assert_eq!(refused(&answer), (502, "code-refused"));
    assert!(answer.detail().contains("invalid_grant"), "{}", answer.detail());
    assert_eq!(scene.granted("authorization_code").await, [400]);

    // Ada's code at the place of mallory's own.
    let ours = parameter(&callback, "code").expect("ada allowed it");
    let answer = come_back(&attacker, &with(&of_attacker, "code", Some(&ours))).await;
    assert_eq!(refused(&answer), (502, "code-refused"));
    assert_eq!(scene.connections().await.len(), 0);
    assert_eq!(scene.provider.tokens().await, [""; 0], "the provider gave tokens out");
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_browser_is_sent_to_where_nobody_meant() {
    let Some(scene) = Scene::start("refusals::no_browser_is_sent_to_where_nobody_meant").await else { return };
    let browser = scene.browser();
    for return_to in [
        "",
        "done",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " /done",
        "/döne",
        "https://evil.example/",
        "https:evil.example",
        "https:/evil.example",
        "https:///evil.example",
        "HTTPS://evil.example",
        "http://app.example.test/",
        "https://app.example.test:8443/",
        "https://app.example.test.evil.example/",
        "https://app.example.test@evil.example/",
        "https://app.example.test%40evil.example/",
        "https://app.example.test\\@evil.example/",
        "https://evil.example#@app.example.test/",
        "https://evil.example?https://app.example.test/",
        "https://ada@app.example.test/",
        "https://localhost.evil.example/",
        "http://localhost/",
        "javascript:alert(1)",
        "data:text/html,hello",
        "ftp://app.example.test/",
        &format!("/{}", "a".repeat(2_048)),
    ] {
        let answer = authorize(&browser, &authorize_url("idp", &[("returnTo", return_to)])).await;
        assert_eq!(refused(&answer), (400, "return-to-not-allowed"), "{return_to:?}");
        assert!(!answer.headers.contains_key("location") && !answer.headers.contains_key("set-cookie"), "{answer:?}");
    }
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parameter_that_comes_twice_is_refused() {
    let Some(scene) = Scene::start("refusals::a_parameter_that_comes_twice_is_refused").await else { return };
    let browser = scene.browser();
    for name in ["scopes", "returnTo", "connection"] {
        let answer = authorize(&browser, &authorize_url("idp", &[(name, "/a"), (name, "/a")])).await;
        assert_eq!(refused(&answer), (400, "invalid-query"), "{name}");
    }
    let callback = browser.sign_in(begin(&browser, &[]).await.as_str(), "ada").await;
    for name in ["state", "code", "iss"] {
        let mut twice = callback.clone();
        let value = parameter(&callback, name).expect("the provider sends it");
        twice.query_pairs_mut().append_pair(name, &value);
        assert_eq!(refused(&come_back(&browser, &twice).await), (400, "invalid-callback"), "{name}");
    }
    assert_eq!(scene.answered("/token").await, [0; 0], "a code was used");
    assert_eq!(come_back(&browser, &callback).await.status, 200, "the flow goes on");
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_begun_says_why() {
    let Some(scene) = Scene::start("refusals::what_cannot_be_begun_says_why").await else { return };
    let (browser, dev) = (scene.browser(), scene.browser());
    let callback = dev.sign_in(begin_as_dev(&dev).await.as_str(), "carol").await;
    let of_dev = come_back(&dev, &callback).await.body;
    let refusal = async |url: Url, expected: (u16, &str), says: &str| {
        let answer = authorize(&browser, &url).await;
        assert_eq!(refused(&answer), expected, "{url}");
        assert!(answer.detail().contains(says), "{url}: {}", answer.detail());
        assert!(!answer.headers.contains_key("set-cookie"), "{url}");
    };
    for (provider, expected, says) in [
        ("nowhere", (404, "provider-not-found"), "GET /oauth/providers"),
        ("Not%20Valid", (404, "provider-not-found"), "GET /oauth/providers"),
        ("keyed", (400, "api-key-provider"), "POST /oauth/connections"),
        ("github", (503, "provider-not-configured"), "WORKWAY_CLIENT_ID_GITHUB"),
    ] {
        refusal(authorize_url(provider, &[]), expected, says).await;
    }
    let too_many = (0..201).map(|number| format!("scope-{number}")).collect::<Vec<_>>().join(",");
    for (name, value, expected) in [
        ("scopes", "a\"b", (400, "invalid-scopes")),
        ("scopes", "a\\b", (400, "invalid-scopes")),
        ("scopes", "a\nb", (400, "invalid-scopes")),
        ("scopes", too_many.as_str(), (400, "invalid-scopes")),
        ("shop", "example", (400, "invalid-variables")),
        ("client_id", "another", (400, "invalid-variables")),
        ("redirect_uri", "https://evil.example/", (400, "invalid-variables")),
        ("connection", "nobody-s", (404, "connection-not-found")),
        // Another user's is none.
        ("connection", id_of(&of_dev), (404, "connection-not-found")),
    ] {
        refusal(authorize_url("idp", &[(name, value)]), expected, "").await;
    }
    assert_eq!(scene.connections().await.len(), 0);
    scene.finish().await;
}
