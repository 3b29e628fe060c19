//! Two hosts on one data folder: a token is renewed once, whoever needs it, and both go on with what came of it.

use tokio::task::JoinSet;
use workway_tests::{OidcProvider, skip};

use super::{
    answer, assert_works, audit, client, connect_expired, host_of, in_flight, is_ours, the_connection, whose_account,
};

/// Calls at each host.
const CALLS: usize = 100;

#[tokio::test]
async fn two_hosts_on_one_folder_renew_a_token_once() {
    let Some(provider) = client::provider().await else {
        return skip("tokens::two_hosts::two_hosts_on_one_folder_renew_a_token_once", "oidc-provider");
    };
    let workway = host_of(&provider.origin());
    let (one, two) = (workway.ready().await, workway.ready().await);
    connect_expired(&one, &client::sign_in(&provider).await).await;

    // Nobody gets a token before everybody waits for one.
    provider.hold().await;
    let mut calls = JoinSet::new();
    for request in (0..CALLS).flat_map(|_| [whose_account(&one), whose_account(&two)]) {
        calls.spawn(answer(request));
    }
    provider.held().await;
    while in_flight(&one).await < CALLS || in_flight(&two).await < CALLS {
        let early = calls.try_join_next();
        assert!(early.is_none(), "a call ended without a token: {early:?}");
    }
    provider.release().await;
    let answers = calls.join_all().await;
    let failed: Vec<_> = answers.iter().filter(|(status, answer)| !is_ours(*status, answer)).collect();
    assert!(failed.is_empty(), "{} of {}, such as {:?}", failed.len(), answers.len(), failed[0]);
    assert_eq!(refreshes(&provider).await, 1, "for {} calls", answers.len());

    // What is stored is the newest, whoever stored it: the provider ends the grant when an older one comes.
    for (round, [renews, follows]) in [[&two, &one], [&one, &two]].into_iter().enumerate() {
        provider.expire_access().await;
        assert_works(renews, "a host that renews").await;
        assert_works(follows, "a host that still has the old token").await;
        assert_eq!(refreshes(&provider).await, 2 + round, "the second takes what the first has stored");
    }
    let mut said = vec![one.interrupt().await, two.interrupt().await];
    let again = workway.ready().await;
    assert_works(&again, "after a restart").await;
    assert_eq!(the_connection(&again).await["status"], "active");
    assert_eq!(refreshes(&provider).await, 3);
    said.push(again.interrupt().await);
    audit::assert_clean(&said, &provider, &workway).await;
}

/// How many refreshes have reached the provider.
async fn refreshes(provider: &OidcProvider) -> usize {
    let requests = provider.requests().await;
    requests.iter().filter(|request| request.grant_type.as_deref() == Some("refresh_token")).count()
}
