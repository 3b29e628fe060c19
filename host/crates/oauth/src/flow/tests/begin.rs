//! The first half of a flow: what can be begun, and what is asked for.

use super::*;

#[tokio::test]
async fn what_cannot_be_begun_says_why() {
    let stage = Stage::new(FakeProvider::default());
    for (provider, request, expected) in [
        ("nobody", AuthorizeRequest::default(), "UnknownProvider"),
        ("keys", AuthorizeRequest::default(), "ApiKeyProvider"),
        ("lonely", AuthorizeRequest::default(), "NotConfigured"),
        ("shops", AuthorizeRequest::default(), "InvalidVariables"),
        ("shops", shop("evil.example/"), "InvalidVariables"),
        ("plain", shop("good"), "InvalidVariables"),
        (
            "plain",
            AuthorizeRequest { scopes: ["a b".to_owned()].into(), ..AuthorizeRequest::default() },
            "InvalidScopes",
        ),
        (
            "plain",
            AuthorizeRequest { return_to: Some("//evil.example".into()), ..AuthorizeRequest::default() },
            "ReturnToNotAllowed",
        ),
        (
            "plain",
            AuthorizeRequest { connection: Some("nobody".into()), ..AuthorizeRequest::default() },
            "UnknownConnection",
        ),
    ] {
        let error = stage.begin(provider, request).await.unwrap_err();
        assert_eq!(kind(&error), expected, "{provider}: {error}");
    }
    assert!(stage.pending.rows().is_empty());
}

#[tokio::test]
async fn an_extended_connection_keeps_its_scopes_and_if_named_its_variables() {
    let stage = Stage::new(FakeProvider::default());
    let values = Values::from([("shop".into(), "good".into()), ("gone".into(), "x".into())]);
    let connected = stage.connect("shops", values).await;
    let begun = stage.begin("shops", shop("other")).await.unwrap();
    assert_eq!(begun.url.host_str(), Some("other.shops.example"));
    assert_eq!(parameter(&begun.url, "scope").as_deref(), Some("kept"));
    let missing = stage.begin("shops", AuthorizeRequest::default()).await.unwrap_err();
    assert_eq!(kind(&missing), "InvalidVariables", "the default account may not be the one that is meant");
    let named = AuthorizeRequest { connection: Some(connected.id), ..AuthorizeRequest::default() };
    let begun = stage.begin("shops", named.clone()).await.unwrap();
    assert_eq!(begun.url.host_str(), Some("good.shops.example"));
    let elsewhere = stage.begin("plain", named).await.unwrap_err();
    assert_eq!(elsewhere, FlowError::UnknownConnection, "it is another provider's");
}
