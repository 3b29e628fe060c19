//! Each kind of step, when all goes well.

use secrecy::ExposeSecret;
use workway_workflow::bounds::{MAX_BRANCHES, MAX_ITEMS};

use super::*;
use crate::Opening;

#[test]
fn steps_run_one_after_another_and_read_what_came_before() {
    let mut run = Run::new(
        "steps:
           - { id: find, uses: a.b, with: { who: '{{ inputs.who }}' } }
           - { id: twice, uses: a.b, with: { n: '{{ steps.find.output.n * 2 }}' } }
output: { first: '{{ steps.find.output }}', run: '{{ run.id }}', same: '{{ now() == run.started_at }}' }",
    );
    assert_eq!((run.running(), run.input("find")), (vec!["find".to_owned()], &json!({"who": "Ada"})));
    run.pass(5);
    run.end("find", json!({"n": 4}));
    assert_eq!(run.input("twice"), &json!({"n": 8}));
    run.end("twice", Value::Null);
    assert_eq!(run.output(), &json!({"first": {"n": 4}, "run": "run_1", "same": true}));
}

#[test]
fn a_step_whose_condition_is_not_true_is_skipped() {
    for (condition, runs) in [
        ("true", true),
        ("false", false),
        ("trigger.n", true),
        ("trigger.none", false),
        ("trigger.empty", false),
        ("trigger.n > 7", false),
    ] {
        let trigger = json!({"n": 7, "none": null, "empty": []});
        let each = "for-each: '[1]', steps: [{ id: inner, uses: a.b }]";
        for (kind, path) in
            [("uses: a.b", "a"), (each, "a[0]/inner"), ("sleep: 1s", ""), ("wait-for: { event: e }", "")]
        {
            let steps = format!("steps: [{{ id: a, if: '{condition}', {kind} }}]\noutput: '{{{{ steps.a.output }}}}'");
            let mut run = Run::triggered(&steps, trigger.clone());
            assert_eq!(run.told().contains(&"skipped a".to_owned()), !runs, "{condition} {kind}");
            assert_eq!(!run.running().is_empty(), runs && !path.is_empty());
            if !runs {
                assert_eq!(run.output(), &Value::Null);
            } else if !path.is_empty() {
                run.end(path, json!(1));
                run.output();
            }
        }
    }
}

#[test]
fn iterations_start_in_order_and_at_most_concurrency_at_once() {
    let steps = "steps:
           - id: each
             for-each: trigger.items
             concurrency: 2
             steps: [{ id: note, uses: a.b, with: { item: '{{ item }}' } }]
output: '{{ steps.each.output }}'";
    let items = json!(["a", "b", "c", "d"]);
    let mut run = Run::triggered(steps, json!({ "items": items }));
    for (running, ends) in [([0, 1], 1), ([0, 2], 2), ([0, 3], 0)] {
        assert_eq!(run.running(), running.map(|index| format!("each[{index}]/note")));
        assert_eq!(run.input(&format!("each[{ends}]/note")), &json!({ "item": items[ends] }));
        run.end(&format!("each[{ends}]/note"), json!(ends));
    }
    assert_eq!(run.running(), ["each[3]/note"]);
    run.end("each[3]/note", json!(3));
    assert_eq!(run.output(), &json!([0, 1, 2, 3]));
    let mut one_by_one = Run::triggered(&steps.replace("concurrency: 2", ""), json!({"items": [1, 2]}));
    assert_eq!(one_by_one.running(), ["each[0]/note"]);
    one_by_one.end("each[0]/note", Value::Null);
    assert_eq!(one_by_one.running(), ["each[1]/note"]);
    assert_eq!(Run::triggered(steps, json!({"items": []})).output(), &json!([]));
}

#[test]
fn a_for_each_has_at_most_so_many_items() {
    let steps = "steps: [{ id: each, for-each: trigger.items, concurrency: 50, steps: [{ id: note, sleep: 1s }] }]";
    let run = Run::triggered(steps, json!({"items": vec![0; MAX_ITEMS]}));
    assert_eq!(run.plan.timers.len(), 50);
    let run = Run::triggered(steps, json!({"items": vec![0; MAX_ITEMS + 1]}));
    assert_eq!(run.failure(), "too-many-items each");
    let (_, _, failure) = run.result();
    let message = "a for-each must have at most 10000 items (got 10001): cut the list, for example with [:10000]";
    assert_eq!(failure.map(|failure| failure.failure.message.as_str()), Some(message));
}

#[test]
fn steps_see_their_own_list_and_those_around_it() {
    let mut run = Run::triggered(
        "steps:
           - { id: first, uses: a.b }
           - id: outer
             for-each: trigger.rows
             steps:
               - { id: row, uses: a.b, with: { row: '{{ item }}' } }
               - id: inner
                 for-each: item
                 concurrency: 9
                 steps:
                   - id: cell
                     uses: a.b
                     with: { item: '{{ item }}', row: '{{ steps.row.output }}', first: '{{ steps.first.output }}' }
                   - { id: again, uses: a.b, with: { cell: '{{ steps.cell.output }}' } }
               - { id: after, uses: a.b, with: { item: '{{ item }}', all: '{{ steps.inner.output }}', cell: '{{ steps.cell.output|default(0) }}' } }
           - { id: last, uses: a.b, with: { row: '{{ steps.row.output|default(0) }}', item: '{{ item|default(0) }}' } }
output: '{{ steps.outer.output }}'",
        json!({"rows": [[1, 2], []]}),
    );
    run.end("first", json!("F"));
    run.end("outer[0]/row", json!("R"));
    assert_eq!(run.running(), ["outer[0]/inner[0]/cell", "outer[0]/inner[1]/cell"]);
    assert_eq!(run.input("outer[0]/inner[1]/cell"), &json!({"item": 2, "row": "R", "first": "F"}));
    run.end("outer[0]/inner[1]/cell", json!("C1"));
    run.end("outer[0]/inner[0]/cell", json!("C0"));
    assert_eq!(run.input("outer[0]/inner[1]/again"), &json!({"cell": "C1"}));
    run.end("outer[0]/inner[0]/again", json!("A0"));
    run.end("outer[0]/inner[1]/again", json!("A1"));
    assert_eq!(run.input("outer[0]/after"), &json!({"item": [1, 2], "all": ["A0", "A1"], "cell": 0}));
    run.end("outer[0]/after", json!("done"));
    run.end("outer[1]/row", Value::Null);
    assert_eq!(run.input("outer[1]/after"), &json!({"item": [], "all": [], "cell": 0}));
    run.end("outer[1]/after", json!("too"));
    assert_eq!(run.input("last"), &json!({"row": 0, "item": 0}));
    run.end("last", Value::Null);
    assert_eq!(run.output(), &json!(["done", "too"]));
}

#[test]
fn a_switch_runs_the_first_case_that_is_true() {
    let steps = "steps:
           - id: route
             switch:
               - { if: trigger.n > 5, steps: [{ id: large, uses: a.b }, { id: notify, uses: a.b }] }
               - { if: trigger.n > 3, steps: [{ id: middle, uses: a.b }] }
             default: [{ id: small, uses: a.b }]
output: '{{ steps.route.output }}'";
    for (n, path, told) in [(9, "route/large", Some(0)), (4, "route/middle", Some(1)), (1, "route/small", None)] {
        let mut run = Run::triggered(steps, json!({ "n": n }));
        assert_eq!(run.running(), [path]);
        let opened = &run.history[1].event.kind;
        assert_eq!(opened, &EventKind::Opened(Opening::Switch { case: told }));
        run.end(path, json!("one"));
        if n == 9 {
            run.end("route/notify", json!("two"));
        }
        assert_eq!(run.output(), &json!(if n == 9 { "two" } else { "one" }));
    }
    let without_default = steps.replace("default: [{ id: small, uses: a.b }]", "");
    assert_eq!(Run::triggered(&without_default, json!({"n": 1})).output(), &Value::Null);
}

#[test]
fn branches_run_at_the_same_time_and_keep_their_order() {
    let branches: Vec<String> = (0..MAX_BRANCHES)
        .map(|branch| format!("{{ steps: [{{ id: s{branch}, uses: a.b, with: {{ seen: '{{{{ steps.s0.output|default(none) }}}}' }} }}, {{ id: t{branch}, sleep: 1s }}, {{ id: u{branch}, uses: a.b }}] }}"))
        .collect();
    let mut run = Run::new(&format!(
        "steps: [{{ id: all, parallel: [{}] }}]\noutput: '{{{{ steps.all.output }}}}'",
        branches.join(", ")
    ));
    assert_eq!(run.running().len(), MAX_BRANCHES);
    for branch in (0..MAX_BRANCHES).rev() {
        assert_eq!(run.input(&format!("all[{branch}]/s{branch}")), &json!({"seen": null}));
        run.end(&format!("all[{branch}]/s{branch}"), Value::Null);
    }
    run.pass(1);
    for branch in (0..MAX_BRANCHES).rev() {
        run.end(&format!("all[{branch}]/u{branch}"), json!(branch));
    }
    assert_eq!(run.output(), &json!((0..MAX_BRANCHES).collect::<Vec<_>>()));
}

#[test]
fn secrets_reach_the_call_and_not_the_history() {
    let mut run = Run::new(
        "inputs: { type: object, properties: { key: { type: string, format: secret } } }
steps:
  - id: tell
    uses: a.b
    if: \"run.id|hmac(inputs.key) != ''\"
    with: { 'a/b': ['Bearer {{ inputs.key }}', '{{ run.id }}'], signature: '{{ run.id|hmac(inputs.key) }}' }",
    );
    assert_eq!(run.input("tell")["a/b"], json!([null, "run_1"]));
    let input = run.prepared_again("tell");
    assert_eq!(&input.value, run.input("tell"));
    let told = &input.secrets["/a~1b/0"];
    assert_eq!(told.reveal(&run.secrets).expect("is there").expose_secret(), "Bearer s3cr3t");
    assert!(run.history.iter().all(|moment| !serde_json::to_string(&moment.event).unwrap().contains("s3cr3t")));
    run.secrets.clear();
    let Prepared::Instead(record) = run.prepared(&"tell".parse().unwrap()) else { panic!("the secret is gone") };
    let EventKind::Failed { failure, retry_at: None } = &record.kind else { panic!("{record:?}") };
    assert_eq!((record.attempt, failure.code.as_str()), (1, "expression"));
    assert!(failure.message.contains("`with`: `inputs.key` is undefined"), "{}", failure.message);
    run.append(record.at(run.now)).expect("a call that was in flight can fail like this");
    run.settle();
    assert_eq!(run.failure(), "expression tell");
}
