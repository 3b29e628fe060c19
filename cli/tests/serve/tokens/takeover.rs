//! A host that dies while it renews a token for several hosts on its folder: another one takes over, without waiting until
//! the dead one's time is up.

use tokio::sync::oneshot;
use workway_tests::skip;

use super::{
    answer, assert_works, audit, client, connect_expired, host_of, in_flight, is_ours, proxy::Proxy, the_connection,
    whose_account,
};

#[tokio::test]
async fn a_host_takes_over_from_one_that_was_killed_while_it_asked() {
    let Some(provider) = client::provider().await else {
        return skip("tokens::takeover::a_host_takes_over_from_one_that_was_killed_while_it_asked", "oidc-provider");
    };
    let proxy = Proxy::start(&provider).await;
    let workway = host_of(proxy.origin());
    let (one, two) = (workway.ready().await, workway.ready().await);
    connect_expired(&one, &client::sign_in(&provider).await).await;

    let asking = proxy.hold("/token");
    let dies = tokio::spawn(whose_account(&one).send());
    let held = asking.await.expect("the first host asks");
    // It has the lease, so the other one asks nobody: should it, this test would have the request.
    let mut asking_too = proxy.hold("/token");
    let waits = tokio::spawn(answer(whose_account(&two)));
    while in_flight(&two).await == 0 {
        assert!(!waits.is_finished(), "it has no token to call with");
    }
    assert_eq!(asking_too.try_recv().err(), Some(oneshot::error::TryRecvError::Empty), "both hosts ask");
    drop(asking_too);
    let killed = one.kill().await;
    drop(held);
    assert!(dies.await.expect("the call ends").is_err(), "nobody could have answered");

    let (status, body) = waits.await.expect("the call ends");
    assert!(is_ours(status, &body), "{status}: {body:#}");
    assert_eq!(the_connection(&two).await["status"], "active");
    provider.expire_access().await;
    assert_works(&two, "a renewal later").await;
    audit::assert_clean(&[killed, two.interrupt().await], &provider, &workway).await;
}
