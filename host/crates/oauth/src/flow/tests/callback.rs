//! The redirect back: which answers count, and that nothing of the others is used.

use super::*;

#[tokio::test]
async fn a_pending_flow_holds_neither_state_nor_session() {
    let stage = Stage::new(FakeProvider::default());
    let state = stage.state("strict", AuthorizeRequest::default()).await;
    let waiting = format!("{:?}", stage.pending.rows());
    assert!(!waiting.contains(&state) && !waiting.contains(stage.session.expose()), "{waiting}");
    assert_eq!(stage.pending.rows()[0].state, State::parse(&state).unwrap().digest());
}

#[tokio::test]
async fn an_answer_counts_once() {
    let stage = Stage::new(FakeProvider::default());
    let state = stage.state("plain", AuthorizeRequest::default()).await;
    assert!(stage.finish("plain", answer(&state)).await.is_ok());
    stage.provider.seen();
    assert_eq!(error(stage.finish("plain", answer(&state)).await), FlowError::InvalidState);
    assert_eq!(stage.provider.seen(), [""; 0]);
}

#[tokio::test]
async fn an_answer_counts_in_its_browser_at_its_provider_and_for_its_user() {
    let stage = Stage::new(FakeProvider::default());
    let request = || AuthorizeRequest { return_to: Some("/done".into()), ..AuthorizeRequest::default() };
    let state = stage.state("plain", request()).await;
    let plain: ProviderId = "plain".parse().unwrap();
    let other = Session::generate().unwrap();
    for session in [None, Some(&other)] {
        let failure = stage.flow.finish(&plain, answer(&state), session, None).await.unwrap_err();
        assert_eq!((failure.error, failure.return_to), (FlowError::InvalidState, None));
    }
    assert_eq!(error(stage.finish("strict", of_strict(&state)).await), FlowError::InvalidState);
    for wrong in [None, Some(""), Some("short"), Some(other.expose())] {
        let callback = Callback { state: wrong.map(str::to_owned), ..answer(&state) };
        assert_eq!(error(stage.finish("plain", callback).await), FlowError::InvalidState);
    }
    assert_eq!(stage.provider.seen(), [""; 0], "nobody was asked");
    let own = stage.flow.finish(&plain, answer(&state), Some(&stage.session), Some(&user("ann"))).await;
    assert!(own.is_ok(), "who guesses ends nobody's flow");

    let state = stage.state("plain", request()).await;
    let bob = stage.flow.finish(&plain, answer(&state), Some(&stage.session), Some(&user("bob"))).await;
    assert_eq!(error(bob), FlowError::InvalidState);
}

#[tokio::test]
async fn rejects_an_expired_flow() {
    let stage = Stage::new(FakeProvider::default());
    let request = AuthorizeRequest { return_to: Some("/done".into()), ..AuthorizeRequest::default() };
    let state = stage.state("plain", request).await;
    stage.pending.rows()[0].expires_at = Timestamp::now();
    let failure = stage.finish("plain", answer(&state)).await.unwrap_err();
    assert_eq!(failure.error, FlowError::StateExpired);
    assert!(failure.return_to.is_some());
    assert_eq!(stage.provider.seen(), [""; 0]);
}

#[tokio::test]
async fn nothing_of_an_answer_is_believed_before_its_issuer_is() {
    let stage = Stage::new(FakeProvider::default());
    for issuer in [None, Some("https://evil.example".to_owned())] {
        for denied in [None, Some("access_denied".to_owned())] {
            let state = stage.state("strict", AuthorizeRequest::default()).await;
            let callback = Callback { issuer: issuer.clone(), error: denied, ..answer(&state) };
            let error = error(stage.finish("strict", callback).await);
            assert!(matches!(error, FlowError::IssuerMismatch(_)), "{error:?}");
        }
    }
    assert_eq!(stage.provider.seen(), [""; 0]);
    let state = stage.state("strict", AuthorizeRequest::default()).await;
    let callback = Callback { error: Some("access_denied".into()), ..of_strict(&state) };
    assert!(matches!(error(stage.finish("strict", callback).await), FlowError::ProviderDenied { .. }));
    assert_eq!(stage.provider.seen(), [""; 0]);
}
