//! Flows that go well.

use reqwest::{Method, Url};
use serde_json::{Value, json};
use workway_api::time::Timestamp;
use workway_tests::time_of;

use super::support::{
    APP, CALLBACK, CLIENT_ID, DEFAULT_SCOPES, Scene, authorize, authorize_url, begin, begun, id_of, is_me, parameter,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn account_probe() {
    let Some(scene) = Scene::start("flow::account_probe").await else { return };
    let answer = scene.probe("me").await;
    assert_eq!((answer.status, answer.code()), (401, "auth-required"), "nothing is connected yet");

    let browser = scene.browser();
    let callback = browser.sign_in(begin(&browser, &[]).await.as_str(), "ada").await;
    let page = browser.get(callback.as_str()).await;
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.header("content-type").starts_with("text/html"), "{page:?}");
    let text = page.body.as_str().expect("a page");
    assert!(text.contains("ada@example.test") && text.contains("connected"), "{text}");
    for name in ["code", "state"] {
        let secret = parameter(&callback, name).expect("the provider sends it");
        assert!(!text.contains(&secret), "the page repeats the {name}");
    }
    assert_eq!((page.header("cache-control"), page.header("referrer-policy")), ("no-store", "no-referrer"));
    scene.keep_tokens().await;

    let connections = scene.connections().await;
    let [connection] = connections.as_slice() else { panic!("one connection: {connections:#?}") };
    let id = id_of(connection);
    let expires_at = time_of(&connection["expiresAt"]);
    let expected = json!({
        "id": id, "provider": "idp", "account": "ada@example.test", "scopes": DEFAULT_SCOPES, "default": true,
        "status": "active", "expiresAt": expires_at, "variables": {},
    });
    assert_eq!(connection, &expected);
    assert_eq!(scene.host.get(&format!("/oauth/connections/{id}")).await.body, expected);

    // No answer holds the token: `keep_tokens` has every one of them looked through.
    scene.assert_me("ada").await;
    let twice = scene.probe("me-twice").await;
    assert_eq!(twice.output().as_array().map(Vec::len), Some(2));
    let many = scene.host.execute("account-probe.many", json!({ "count": 5 })).await;
    let all_well = |answers: &Vec<Value>| answers.len() == 5 && answers.iter().all(|one| one["body"]["sub"] == "ada");
    assert!(many.output().as_array().is_some_and(all_well), "{:#}", many.body);
    let said = scene.probe("connect").await;
    assert_eq!(said.output()["token"]["err"]["kind"], "denied", "the guest got hold of the token");
    assert_eq!(said.output()["account"], "ada@example.test");
    assert_eq!(said.output()["scopes"], json!(DEFAULT_SCOPES));
    assert_eq!(said.output()["expiresAt"], expires_at.as_seconds());

    let requests = scene.provider.requests().await;
    assert_eq!((requests[0].path.as_str(), requests[0].status), ("/token", Some(200)));
    assert_eq!(scene.granted("authorization_code").await, [200]);
    // Once to tell whose account it is, then the guest's.
    assert_eq!(scene.answered("/me").await, [200; 9]);
    assert_eq!(scene.refreshes().await, [0; 0]);
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_provider_is_asked_is_what_the_standards_want() {
    let Some(scene) = Scene::start("flow::what_the_provider_is_asked_is_what_the_standards_want").await else { return };
    let browser = scene.browser();
    let answer = authorize(&browser, &authorize_url("idp", &[])).await;
    let url = begun(&answer);
    assert!(url.as_str().starts_with("https://id.example.test/auth?"), "{url}");
    assert!(time_of(&answer.body["expiresAt"]) > Timestamp::now());
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", CLIENT_ID),
        ("redirect_uri", CALLBACK),
        ("scope", "email offline_access openid"),
        ("code_challenge_method", "S256"),
        ("prompt", "consent"),
    ] {
        assert_eq!(parameter(&url, name).as_deref(), Some(value), "{name}");
    }
    // RFC 7636, section 4.2: SHA-256 in base64url. The state has 256 bits too.
    for name in ["code_challenge", "state"] {
        assert_eq!(parameter(&url, name).map(|value| value.len()), Some(43), "{name}");
    }
    assert_eq!(url.query_pairs().count(), 8, "{url}");
    assert!(!url.as_str().contains("s3cr3t"), "{url}");

    let cookie = answer.header("set-cookie");
    let (session, attributes) = cookie.split_once("; ").expect("a cookie with attributes");
    assert!(session.starts_with("__Host-workway-session="), "{cookie}");
    assert_eq!(attributes, "HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=3600");

    let again = begin(&browser, &[]).await;
    for name in ["code_challenge", "state"] {
        assert_ne!(parameter(&url, name), parameter(&again, name), "two flows have the same {name}");
    }
    // Either flow of the browser can be completed, the later one first.
    for url in [again, url] {
        let callback = browser.sign_in(url.as_str(), "ada").await;
        assert_eq!(parameter(&callback, "iss").as_deref(), Some(super::support::ISSUER));
        assert_eq!(parameter(&callback, "state"), parameter(&url, "state"));
        assert_eq!(browser.get(callback.as_str()).await.status, 200);
    }
    assert_eq!(scene.connections().await.len(), 1, "the same account was connected twice");
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_sent_there_and_back() {
    let Some(scene) = Scene::start("flow::a_person_is_sent_there_and_back").await else { return };
    // Nobody who is at a browser has a token: in development that is the user `dev`.
    let browser = scene.browser();
    for (return_to, back) in [
        ("/docs/", "https://localhost/docs/?connection="),
        ("https://localhost/docs/?a=b", "https://localhost/docs/?a=b&connection="),
        (&format!("{APP}/done?step=2#end"), &format!("{APP}/done?step=2&connection=")),
    ] {
        let there = browser.get(authorize_url("idp", &[("returnTo", return_to)]).as_str()).await;
        assert_eq!(there.status, 303, "{there:?}");
        let callback = browser.sign_in(there.header("location"), "ada").await;
        let away = browser.get(callback.as_str()).await;
        assert_eq!(away.status, 303, "{away:?}");
        let location: Url = away.header("location").parse().expect("an address");
        let id = parameter(&location, "connection").expect("it names the connection");
        assert!(location.as_str().starts_with(&format!("{back}{id}")), "{location}");
        assert_eq!(away.header("referrer-policy"), "no-referrer");
        for name in ["code", "state"] {
            let secret = parameter(&callback, name).expect("the provider sends it");
            assert!(!location.as_str().contains(&secret), "the {name} is sent on");
        }
        let listed = scene.host.send(scene.host.anonymous(Method::GET, "/oauth/connections")).await;
        assert_eq!(listed.body["items"][0]["id"], id);
    }
    scene.keep_tokens().await;
    let me = scene.host.anonymous(Method::POST, "/registry/actions/account-probe.me/execute");
    is_me(&scene.host.send(me.json(&json!({ "input": {} }))).await, "ada");
    assert_eq!(scene.connections().await, [Value::Null; 0], "the operator has what dev connected");
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_scopes_are_added_to_the_same_connection() {
    let Some(scene) = Scene::start("flow::more_scopes_are_added_to_the_same_connection").await else { return };
    let browser = scene.browser();
    let first = scene.connect(&browser, "ada", &[]).await;
    assert_eq!(first["scopes"], json!(DEFAULT_SCOPES));
    let second = scene.connect(&browser, "ada", &[("scopes", "read")]).await;
    assert_eq!(id_of(&second), id_of(&first));
    assert_eq!(second["scopes"], json!(["email", "offline_access", "openid", "read"]));
    // What works now must not stop working: what is there is asked for again.
    let url = begin(&browser, &[("scopes", "write"), ("connection", id_of(&first))]).await;
    assert_eq!(parameter(&url, "scope").as_deref(), Some("email offline_access openid read write"));
    let third = scene.connect(&browser, "ada", &[("scopes", "write,profile")]).await;
    assert_eq!(third["scopes"], json!(["email", "offline_access", "openid", "profile", "read", "write"]));
    assert_eq!(scene.connections().await, [third]);
    scene.assert_me("ada").await;
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operators_providers_are_listed_beside_the_built_in_ones() {
    let test = "flow::the_operators_providers_are_listed_beside_the_built_in_ones";
    let Some(scene) = Scene::start(test).await else { return };
    let answer = scene.host.get("/oauth/providers").await;
    let providers = answer.body["items"].as_array().expect("providers are a list");
    let of_id = |id: &str| {
        let found = providers.iter().find(|provider| provider["id"] == id);
        found.unwrap_or_else(|| panic!("{id} is missing: {:#}", answer.body))
    };
    let expected = json!({
        "id": "idp", "name": "Example ID", "type": "oauth2", "documentation": "https://id.example.test/docs",
        "configured": true, "defaultScopes": ["openid", "email", "offline_access"], "variables": [],
        "callbackUrl": CALLBACK,
    });
    assert_eq!(of_id("idp"), &expected);
    let keyed = json!({
        "id": "keyed", "name": "Example with keys", "type": "api-key", "configured": true, "defaultScopes": [],
        "variables": [],
    });
    assert_eq!(of_id("keyed"), &keyed);
    assert_eq!(of_id("github")["configured"], false, "nobody has registered this host there");
    assert_eq!(of_id("shopify")["variables"][0]["required"], true);
    scene.finish().await;
}
