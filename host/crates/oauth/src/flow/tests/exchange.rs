//! The end of a flow: the tokens for the code, whose account they are for, and what is saved.

use serde_json::json;
use workway_capability::fetch::FetchError;

use super::*;

#[tokio::test]
async fn a_flow_ends_in_a_connection_of_the_user_who_began_it() {
    let stage = Stage::new(FakeProvider::default());
    let request = AuthorizeRequest {
        scopes: ["read".to_owned()].into(),
        return_to: Some("/done".into()),
        ..AuthorizeRequest::default()
    };
    let before = Timestamp::now();
    let begun = stage.begin("strict", request).await.unwrap();
    let state = parameter(&begun.url, "state").unwrap();
    let challenge = parameter(&begun.url, "code_challenge").unwrap();
    assert!((before..=Timestamp::now()).contains(&(begun.expires_at - FLOW_LIFETIME)));
    assert_eq!(parameter(&begun.url, "scope").as_deref(), Some("always read"));
    assert!(!format!("{begun:?}").contains(&state));

    let finished = stage.finish("strict", of_strict(&state)).await.unwrap();
    assert_eq!(finished.return_to.as_ref().map(Url::as_str), Some("https://workway.example.com/done"));
    assert_eq!(finished.connection.account.label, "ann@example.com");
    let scopes = ["always", "read"].map(String::from).into();
    assert_eq!(finished.connection.scopes, Some(scopes), "an answer without scopes grants what was asked for");
    let exchange =
        format!("exchange client-of-strict s3cr3t-code {challenge} https://workway.example.com/oauth/strict/callback");
    assert_eq!(stage.provider.seen(), [&exchange, "account Bearer s3cr3t-token"]);
    assert_eq!(stage.connections.list(&user("ann")).await, Ok(vec![finished.connection]));
}

#[tokio::test]
async fn tokens_of_nobody_are_revoked() {
    let stage = Stage::new(FakeProvider::without_account());
    let state = stage.state("strict", AuthorizeRequest::default()).await;
    let unknown = error(stage.finish("strict", of_strict(&state)).await);
    assert!(matches!(&unknown, FlowError::AccountUnknown(text) if text.contains("account id")), "{unknown:?}");
    assert_eq!(stage.provider.seen()[1..], ["account Bearer s3cr3t-token", "revoke s3cr3t-token"]);

    let stage = Stage::new(FakeProvider::without_account());
    stage.connect("strict", Values::new()).await;
    let state = stage.state("strict", AuthorizeRequest::default()).await;
    assert!(stage.finish("strict", of_strict(&state)).await.is_err());
    let seen = stage.provider.seen();
    assert_eq!(seen[1..], ["account Bearer s3cr3t-token"], "the connection that is there may be of the same grant");

    let stage = Stage::new(FakeProvider::default());
    let state = stage.state("commas", AuthorizeRequest::default()).await;
    assert!(matches!(error(stage.finish("commas", answer(&state)).await), FlowError::ProviderMalformed(_)));
    assert_eq!(stage.provider.seen().len(), 1, "this one has no revocation");
}

#[tokio::test]
async fn a_rejected_code_connects_nothing() {
    let stage = Stage::new(FakeProvider::answering([Err(FetchError::Timeout)]));
    for expected in ["ProviderUnavailable", "CodeRefused"] {
        let state = stage.state("plain", AuthorizeRequest::default()).await;
        assert_eq!(kind(&error(stage.finish("plain", answer(&state)).await)), expected);
        assert_eq!(stage.provider.seen().len(), 1);
    }
    assert_eq!(stage.connections.list(&user("ann")).await, Ok(Vec::new()));
}

#[tokio::test]
async fn variables_come_from_user_answer_and_token() {
    let tokens = json!({ "access_token": "s3cr3t-token", "scope": "granted", "region": "eu" });
    let stage = Stage::new(FakeProvider::answering([Ok(tokens)]));
    let state = stage.state("books", AuthorizeRequest::default()).await;
    let parameters = Values::from([("realmId".into(), "9".into())]);
    let finished = stage.finish("books", Callback { parameters, ..answer(&state) }).await.unwrap();
    let expected = [("realm", "9"), ("region", "eu")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(finished.connection.values, Values::from(expected));
    assert_eq!(finished.connection.scopes, Some(["granted".to_owned()].into()));
    let account = Account { label: "Books".into(), id: "Books;realm=9".into() };
    assert_eq!(finished.connection.account, account, "another company would take its place");

    let state = stage.state("books", AuthorizeRequest::default()).await;
    stage.provider.seen();
    assert!(matches!(error(stage.finish("books", answer(&state)).await), FlowError::InvalidCallback(_)));
    assert_eq!(stage.provider.seen(), [""; 0], "the code was used although the answer was invalid");
}
