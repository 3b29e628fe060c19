//! Nobody delays somebody else's lookups. No test here waits for a time to pass: lookups that nobody answers stay under way.

use tokio::task::JoinSet;

use super::{
    Etc, FetchClient, FetchError, NameServer, ONE_SERVER, PATIENT, Refusal, fetch, partly_silent, patient_builder,
};
use crate::fetch::dns::{LOOKUPS_OF_INTEGRATIONS, LOOKUPS_PER_INTEGRATION};

struct Scene {
    server: NameServer,
    /// The host's own client.
    host: FetchClient,
    _etc: Etc,
}

impl Scene {
    async fn new() -> Self {
        let server = NameServer::start(partly_silent).await;
        let etc = Etc::new(ONE_SERVER, "");
        let resolver = etc.resolver(&server, PATIENT);
        let host = patient_builder().resolver(resolver).dial(Refusal::default()).build();
        Self { server, host, _etc: etc }
    }
}

/// Starts requests to names below `domain` that nobody answers.
fn ask_in_vain(client: &FetchClient, domain: &str, names: usize) -> JoinSet<FetchError> {
    let mut pending = JoinSet::new();
    for number in 0..names {
        let (client, host) = (client.clone(), format!("{number}.{domain}"));
        pending.spawn(async move { fetch(&client, &host).await });
    }
    pending
}

/// Whether the name was resolved: nothing is there to connect to.
fn was_resolved(error: &FetchError) -> bool {
    matches!(error, FetchError::Connect(text) if text.contains("refused"))
}

#[tokio::test]
async fn names_that_nobody_answers_delay_neither_others_nor_the_host() {
    let Scene { server, host, _etc } = Scene::new().await;
    let (greedy, modest) = (host.for_integration(), host.for_integration());
    let mut pending = ask_in_vain(&greedy, "silent.example.com", 100);
    server.until_asked("silent.example.com", LOOKUPS_PER_INTEGRATION).await;
    let others = [(&modest, "a.example.com"), (&host, "b.example.com"), (&modest.clone(), "c.example.com")];
    for (client, name) in others {
        let error = fetch(client, name).await;
        assert!(was_resolved(&error), "{error:?}");
    }
    assert_eq!(server.count_below("silent.example.com"), LOOKUPS_PER_INTEGRATION);
    assert!(pending.try_join_next().is_none(), "a lookup that nobody answered came to an end");
}

#[tokio::test]
async fn clones_of_an_integrations_client_have_one_share() {
    let Scene { server, host, _etc } = Scene::new().await;
    let (client, other) = (host.for_integration(), host.for_integration());
    let _first = ask_in_vain(&client, "one.silent.example.com", LOOKUPS_PER_INTEGRATION);
    server.until_asked("one.silent.example.com", LOOKUPS_PER_INTEGRATION).await;
    let _second = ask_in_vain(&client.clone(), "two.silent.example.com", LOOKUPS_PER_INTEGRATION);
    // By the time that this one is answered, the second ones would have been sent.
    let _third = ask_in_vain(&other, "three.silent.example.com", LOOKUPS_PER_INTEGRATION);
    server.until_asked("three.silent.example.com", LOOKUPS_PER_INTEGRATION).await;
    assert_eq!(server.count_below("two.silent.example.com"), 0);
}

#[tokio::test]
async fn an_abandoned_lookup_gives_its_place_back() {
    let Scene { server, host, _etc } = Scene::new().await;
    let client = host.for_integration();
    let pending = ask_in_vain(&client, "silent.example.com", LOOKUPS_PER_INTEGRATION);
    server.until_asked("silent.example.com", LOOKUPS_PER_INTEGRATION).await;
    drop(pending);
    let error = fetch(&client, "a.example.com").await;
    assert!(was_resolved(&error), "{error:?}");
}

#[tokio::test]
async fn a_cached_name_needs_no_place() {
    let Scene { server, host, _etc } = Scene::new().await;
    let client = host.for_integration();
    assert!(was_resolved(&fetch(&client, "a.example.com").await));
    let _pending = ask_in_vain(&client, "silent.example.com", 100);
    server.until_asked("silent.example.com", LOOKUPS_PER_INTEGRATION).await;
    assert!(was_resolved(&fetch(&client, "a.example.com").await));
    let questions = server.asked().iter().filter(|question| question.name() == "a.example.com").count();
    assert_eq!(questions, 2, "one for IPv4 and one for IPv6");
}

#[tokio::test]
async fn all_integrations_together_are_bounded_and_the_host_is_not() {
    let Scene { server, host, _etc } = Scene::new().await;
    let mut hostile = Vec::new();
    for number in 0..LOOKUPS_OF_INTEGRATIONS / LOOKUPS_PER_INTEGRATION {
        hostile.push(ask_in_vain(&host.for_integration(), &format!("{number}.silent.example.com"), 100));
    }
    server.until_asked("silent.example.com", LOOKUPS_OF_INTEGRATIONS).await;
    let late = host.for_integration();
    let mut waiting = JoinSet::new();
    waiting.spawn(async move { fetch(&late, "late.example.com").await });
    let error = fetch(&host, "a.example.com").await;
    assert!(was_resolved(&error), "{error:?}");
    assert_eq!(server.count_below("silent.example.com"), LOOKUPS_OF_INTEGRATIONS);
    assert!(!server.names().contains("late.example.com") && waiting.try_join_next().is_none());
    drop(hostile);
    let error = waiting.join_next().await.expect("is there").expect("did not panic");
    assert!(was_resolved(&error), "{error:?}");
}
