//! Runs that repeat another one from one of its steps on.

use serde_json::json;
use workway_runs::{RepeatError, RunError, RunId, RunStatus};

use crate::{
    actions::{Does, failure, step},
    world::{Host, World, ann, manual},
};

/// The paths that were called since there were `before` calls.
fn called_since(world: &World, before: usize) -> Vec<String> {
    let mut paths: Vec<String> = world.actions.calls()[before..].iter().map(|call| call.path.clone()).collect();
    paths.sort();
    paths
}

async fn repeat(host: &Host, run: &RunId, from: Option<&str>) -> RunId {
    let from = from.map(|from| from.parse().unwrap());
    host.runs.repeat(&ann(), run, from).await.expect("is repeated").run
}

// Windmill 4956: a flow could not be restarted within a loop.
#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_within_a_loop_calls_only_what_is_to_be_done_again() {
    let world = World::new().await;
    world.actions.on("app.flaky", Does::Fails(1, failure("refused", false)));
    let flaky = json!({ "id": "b", "uses": "app.echo", "with": { "n": "{{ item }}" } });
    let mut definition = manual(json!([
        step("first", "app.echo"),
        { "id": "each", "for-each": "[1, 2, 3]", "timeout": "1h", "steps": [
            step("a", "app.echo"),
            { "id": "odd", "if": "item == 2", "uses": "app.flaky" },
            flaky
        ] },
        step("last", "app.echo")
    ]));
    definition["output"] = json!("{{ steps.each.output }}");
    world.install("i", definition);
    let host = world.host().await;
    let run = host.start("i").await;
    assert_eq!(host.failure(&run).await, ("refused".to_owned(), "each[1]/odd".to_owned()));
    // The timeout of the loop counts from the repetition.
    world.set_ahead(86_400);
    world.actions.on("app.flaky", Does::Answers(json!(1)));
    let before = world.actions.calls().len();
    let again = repeat(&host, &run, None).await;
    assert_eq!(host.output(&again).await, json!([{ "n": 1 }, { "n": 2 }, { "n": 3 }]));
    assert_eq!(called_since(&world, before), ["each[1]/b", "each[1]/odd", "each[2]/a", "each[2]/b", "last"]);
    assert_eq!(host.find(&again).await.retry_of, Some(run));
    // A repetition can be repeated.
    let before = world.actions.calls().len();
    let once_more = repeat(&host, &again, Some("each[2]/b")).await;
    assert_eq!(host.output(&once_more).await, json!([{ "n": 1 }, { "n": 2 }, { "n": 3 }]));
    assert_eq!(called_since(&world, before), ["each[2]/b", "last"]);
}

// Hatchet 552: what was restarted ran twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_within_a_branch_leaves_the_other_branch_alone() {
    let world = World::new().await;
    world.actions.on("app.bad", Does::Fails(1, failure("refused", false)));
    world.actions.on("app.slow", Does::Hangs);
    world.install_steps(
        "i",
        json!([
            { "id": "both", "parallel": [
                { "steps": [step("left", "app.echo")] },
                { "steps": [step("gate", "app.slow"), step("right", "app.bad")] }
            ] },
            step("last", "app.echo")
        ]),
    );
    let host = world.host().await;
    let run = host.start("i").await;
    host.until(&run, |found| found.steps == 2).await;
    crate::world::eventually("the left branch has ended", || async {
        host.kinds(&run).await.contains(&"both[0]/left#1 ended".to_owned())
    })
    .await;
    world.actions.release("app.slow");
    assert_eq!(host.failure(&run).await.1, "both[1]/right");
    world.actions.on("app.bad", Does::Answers(json!(1)));
    let before = world.actions.calls().len();
    host.end_all(&[repeat(&host, &run, None).await]).await;
    assert_eq!(called_since(&world, before), ["both[1]/right", "last"]);
}

// What is in a container that failed, and was passed over, kept the repetition from being read.
#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_keeps_that_a_container_failed_and_the_run_went_on() {
    let world = World::new().await;
    world.actions.on("app.bad", Does::Fails(9, failure("refused", false)));
    let mut definition = manual(json!([
        { "id": "each", "for-each": "[1, 2]", "continue-on-error": true, "steps": [
            step("a", "app.echo"), { "id": "inner", "uses": "app.bad", "continue-on-error": true }, step("b", "app.bad")
        ] },
        { "id": "alone", "uses": "app.bad", "continue-on-error": true },
        step("last", "app.echo")
    ]));
    definition["output"] = json!(["{{ steps.each.output }}", "{{ steps.alone.output }}"]);
    world.install("i", definition);
    let host = world.host().await;
    let run = host.start("i").await;
    assert_eq!(host.output(&run).await, json!([null, null]));
    let before = world.actions.calls().len();
    let again = repeat(&host, &run, Some("last")).await;
    assert_eq!(host.output(&again).await, json!([null, null]));
    assert_eq!(called_since(&world, before), ["last"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_is_refused_where_it_makes_no_sense() {
    let world = World::new().await;
    world.actions.on("app.slow", Does::Hangs);
    world.install_steps("i", json!([step("a", "app.slow"), { "id": "b", "if": "false", "uses": "app.echo" }]));
    let host = world.host().await;
    let run = host.start("i").await;
    let refused = |from: Option<&str>| {
        let (runs, run) = (host.runs.clone(), run.clone());
        let from = from.map(|from| from.parse().unwrap());
        async move { runs.repeat(&ann(), &run, from).await }
    };
    assert!(matches!(refused(None).await, Err(RunError::GoesOn)));
    world.actions.release("app.slow");
    host.end_all(std::slice::from_ref(&run)).await;
    assert!(matches!(refused(None).await, Err(RunError::Repeat(RepeatError::NothingFailed))));
    for path in ["c", "", "a[0]/b", "on-failure/a"] {
        let refused = refused(Some(path)).await;
        assert!(matches!(refused, Err(RunError::Repeat(RepeatError::NotReached(_)))), "{path}: {refused:?}");
    }
    let bob = "bob".parse().unwrap();
    assert!(matches!(host.runs.repeat(&bob, &run, None).await, Err(RunError::Unknown)));
    let again = repeat(&host, &run, Some("b")).await;
    assert_eq!(host.end(&again).await.status, RunStatus::Succeeded);
    assert_eq!(world.actions.calls().len(), 1);
}
