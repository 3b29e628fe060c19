//! What holds for any workflow and any order of events.

use std::hash::{DefaultHasher, Hash, Hasher};

use proptest::{prelude::*, sample::Index};
use serde_json::Map;
use workway_workflow::StepKind;

use super::*;
use crate::Resolution;

/// A step; ids are given afterwards. Expressions read steps that may be before it, after it, elsewhere or nowhere.
fn any_step() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => (0..9_usize, 1..4_u32).prop_map(|(other, attempts)| json!({
            "uses": "a.b", "retry": attempts,
            "with": { "seen": format!("{{{{ steps.s{other}.output|default(none) }}}}"), "item": "{{ item|default(none) }}" },
        })),
        1 => (1..9_u32).prop_map(|seconds| json!({"sleep": format!("{seconds}s")})),
        1 => Just(json!({"wait-for": {"event": "{{ run.id }}"}})),
    ];
    let step = leaf.prop_recursive(3, 14, 3, |inner| {
        let steps = || prop::collection::vec(inner.clone(), 1..3);
        let items = prop::sample::select(vec!["[]", "[1]", "range(3)|list", "[item|default(0), 5, none, 7]"]);
        prop_oneof![
            (items, steps(), 1..4_u32)
                .prop_map(|(items, steps, most)| json!({"for-each": items, "concurrency": most, "steps": steps})),
            (steps(), steps(), any_condition())
                .prop_map(|(one, other, when)| json!({"switch": [{"if": when, "steps": one}], "default": other})),
            prop::collection::vec(steps(), 1..4).prop_map(|branches| {
                let branches: Vec<Value> = branches.into_iter().map(|steps| json!({ "steps": steps })).collect();
                json!({ "parallel": branches })
            }),
        ]
    });
    step.boxed()
}

fn any_condition() -> impl Strategy<Value = &'static str> {
    let conditions =
        ["true", "false", "item|default(1)", "steps.s1.output|default(none) is none", "steps.s2 is defined"];
    prop::sample::select(conditions.to_vec())
}

/// Gives every step an id, and some of them fields that any step may have.
fn complete(steps: &mut Value, count: &mut usize, extras: &[(Index, bool)]) {
    match steps {
        Value::Array(items) => items.iter_mut().for_each(|item| complete(item, count, extras)),
        Value::Object(members) => {
            let kinds = ["sleep", "wait-for", "uses", "for-each", "switch", "parallel"];
            if kinds.iter().any(|kind| members.contains_key(*kind)) {
                members.insert("id".into(), format!("s{count}").into());
                let (choice, continues) = &extras[*count % extras.len()];
                *count += 1;
                if !members.contains_key("sleep") {
                    if *continues {
                        members.insert("continue-on-error".into(), true.into());
                    }
                    if choice.index(5) == 0 {
                        members.insert("timeout".into(), "4s".into());
                    }
                }
                if choice.index(4) == 1 {
                    members.insert("if".into(), "steps.s0.output|default('') != false".into());
                }
            }
            for name in ["steps", "switch", "default", "parallel"] {
                members.get_mut(name).into_iter().for_each(|inner| complete(inner, count, extras));
            }
        }
        _ => {}
    }
}

fn any_definition() -> impl Strategy<Value = Value> {
    let steps = || prop::collection::vec(any_step(), 1..4);
    let extras = prop::collection::vec(any::<(Index, bool)>(), 7);
    (steps(), prop::option::of(steps()), extras).prop_map(|(steps, on_failure, extras)| {
        let mut definition = json!({
            "name": "a", "trigger": { "manual": {} }, "steps": steps,
            "output": { "last": "{{ steps.s0.output|default(none) }}" },
        });
        if let (Some(steps), Value::Object(members)) = (on_failure, &mut definition) {
            members.insert("on-failure".into(), steps.into());
        }
        let mut count = 0;
        for list in ["steps", "on-failure"] {
            definition.get_mut(list).into_iter().for_each(|steps| complete(steps, &mut count, &extras));
        }
        definition
    })
}

/// Without what makes a result depend on the order of events: timeouts.
fn without_timeouts(definition: &Value) -> Value {
    match definition {
        Value::Array(items) => items.iter().map(without_timeouts).collect(),
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| *name != "timeout");
            kept.map(|(name, member)| (name.clone(), without_timeouts(member))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum World {
    /// A call fails only where the run continues or tries again, so that no failure comes before another.
    Orderly,
    /// Anything fails, runs are cancelled, outcomes are unknown.
    Wild,
}

impl Run {
    fn read(definition: &Value) -> Self {
        Self::of(WorkflowDefinition::from_value(definition).unwrap_or_else(|error| panic!("{error}")), json!({}))
    }

    /// Lets the run go on until it ends. `choices` say what happens first; what comes of a call depends on nothing but its path.
    fn drive(&mut self, world: World, choices: &[Index]) {
        let mut choices = choices.iter();
        let mut moments = 0;
        while self.state.ended().is_none() {
            moments += 1;
            assert!(moments < 10_000, "the run never ends");
            self.check_concurrency();
            let (running, waits) = (self.plan.running.len(), self.plan.waits.len());
            let unknown = self.plan.unknown.len();
            let due = usize::from(self.plan.due().is_some());
            let all = running + waits + unknown + due;
            assert_ne!(all, 0, "the run waits for nothing");
            let choice = choices.next().map_or(0, |choice| choice.index(all * 8));
            match choice % all {
                place if place < running => self.end_somehow(self.plan.running[place].clone(), world),
                place if place < running + waits => {
                    let path = self.plan.waits[place - running].path.to_string();
                    self.happen(&path, 0, EventKind::Ended { output: json!(path) }).expect("an event can come");
                }
                place if place < running + waits + unknown => {
                    let call = self.plan.unknown[place - running - waits].clone();
                    let answer = Resolution::Happened { output: json!("it did") };
                    let answer = if choice < all { Resolution::Repeat } else { answer };
                    self.happen(&call.path.to_string(), call.attempt, EventKind::Resolved(answer)).expect("an answer");
                }
                _ => {
                    let due = self.plan.due().unwrap_or(self.now);
                    self.pass(due.saturating_since(self.now).as_secs());
                }
            }
            match choice / all {
                6 => self.crash(),
                7 if world == World::Wild && choice % all == 3 && self.state.ended().is_none() => {
                    self.cancel().expect("a run can be cancelled");
                }
                _ => {}
            }
        }
    }

    fn end_somehow(&mut self, call: Call, world: World) {
        let mut hasher = DefaultHasher::new();
        (call.path.to_string(), call.attempt).hash(&mut hasher);
        let luck = hasher.finish() % 16;
        let path = call.path.to_string();
        let tried_again = call.retry.is_some_and(|retry| call.attempt < retry.attempts);
        let all = self.definition.all_steps();
        let (_, step) = all.iter().find(|(_, step)| Some(&step.id) == call.path.id()).expect("is a step");
        let continues = step.continue_on_error;
        match luck {
            0..4 if tried_again => self.fail_with(&path, transient()),
            4 | 5 if continues || world == World::Wild => self.fail(&path, "permanent"),
            6 if world == World::Wild => {
                self.happen(&path, call.attempt, EventKind::OutcomeUnknown).expect("may be unknown")
            }
            7 if world == World::Wild && call.attempt == 2 => self.fail(&path, "halt"),
            _ => {
                let output = json!({ "of": path, "input": self.inputs[&(call.path, call.attempt)] });
                // Outputs hold inputs, which hold outputs.
                let output =
                    if output.to_string().len() > 400 { json!({ "of": path, "float": 0.1 + 0.2 }) } else { output };
                self.end(&path, output);
            }
        }
    }

    /// The host dies and another one goes on with what is stored.
    fn crash(&mut self) {
        let (state, plan) = (self.state.clone(), self.plan.clone());
        self.state = RunState::new("run_1");
        for moment in &self.history {
            let stored = serde_json::to_string(&moment.event).expect("can be stored");
            let event = serde_json::from_str(&stored).expect("can be read");
            apply(&self.definition, &mut self.state, event).expect("what was applied can be applied again");
        }
        assert_eq!(self.state, state);
        assert_eq!(self.advanced(), plan);
        for call in &plan.running {
            let again = self.prepared_again(&call.path.to_string());
            assert_eq!(&again.value, &self.inputs[&(call.path.clone(), call.attempt)]);
        }
    }

    fn check_concurrency(&self) {
        let mut open: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
        let of_calls =
            self.plan.running.iter().chain(&self.plan.calls).chain(&self.plan.unknown).map(|call| &call.path);
        let of_timers = self.plan.timers.iter().map(|timer| &timer.path);
        for path in of_calls.chain(of_timers).chain(self.plan.waits.iter().map(|wait| &wait.path)) {
            for (depth, segment) in path.segments().iter().enumerate() {
                let prefix = path.segments()[..depth].iter().map(|segment| format!("{segment:?}")).collect::<String>();
                open.entry(format!("{prefix} {}", segment.id)).or_default().extend(segment.index);
            }
        }
        for (_, step) in self.definition.all_steps() {
            let StepKind::ForEach { concurrency, .. } = &step.kind else { continue };
            let most = concurrency.unwrap_or(1) as usize;
            let lists = open.iter().filter(|(key, _)| key.split(' ').next_back() == Some(step.id.as_str()));
            assert!(lists.into_iter().all(|(_, indices)| indices.len() <= most), "{open:?}");
        }
    }

    /// What happened to each step and how the run ended, without what tells when.
    fn results(&self) -> BTreeMap<(&StepPath, &'static str), &EventKind> {
        let tells_when =
            |kind: &EventKind| matches!(kind, EventKind::Waiting { .. } | EventKind::Failed { retry_at: Some(_), .. });
        let events = self.history.iter().map(|moment| &moment.event).filter(|event| !tells_when(&event.kind));
        events.map(|event| ((&event.path, event.kind.name()), &event.kind)).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_order_of_events_gives_the_same_outputs(
        definition in any_definition(), one in prop::collection::vec(any::<Index>(), 80), other in prop::collection::vec(any::<Index>(), 80),
    ) {
        let definition = without_timeouts(&definition);
        let (mut first, mut second) = (Run::read(&definition), Run::read(&definition));
        first.drive(World::Orderly, &one);
        second.drive(World::Orderly, &other);
        prop_assert_eq!(first.results(), second.results());
        prop_assert_eq!(&first.inputs, &second.inputs);
        prop_assert_eq!(first.result(), second.result());
    }

    #[test]
    fn any_run_ends_and_is_folded_again_from_any_prefix(
        definition in any_definition(), choices in prop::collection::vec(any::<Index>(), 80),
    ) {
        let mut run = Run::read(&definition);
        run.drive(World::Wild, &choices);
        let mut state = RunState::new("run_1");
        for moment in &run.history {
            apply(&run.definition, &mut state, moment.event.clone()).expect("what was applied can be applied again");
            prop_assert_eq!(&state, &moment.state);
            prop_assert_eq!(&advance(&run.definition, &state, &run.secrets, moment.event.at), &moment.plan);
        }
        for moment in std::mem::take(&mut run.history) {
            let late = run.append(moment.event).expect_err("the run has ended");
            prop_assert!(late.is_late());
        }
    }

    #[test]
    fn no_event_panics_or_changes_a_state_that_refuses_it(
        definition in any_definition(), choices in prop::collection::vec(any::<Index>(), 12), path in "(s[0-9](\\[[0-4]\\])?/?){0,3}",
        attempt in 0..4_u32, kind in any::<Index>(),
    ) {
        let mut run = Run::read(&definition);
        let kinds = refusals::every_kind();
        for choice in &choices {
            let known = run.history.get(choice.index(run.history.len())).map(|moment| moment.event.path.clone());
            let path = path.parse().ok().filter(|_| choice.index(2) == 0).or(known).unwrap_or_default();
            let kind = kinds[(kind.index(kinds.len()) + choice.index(kinds.len())) % kinds.len()].clone();
            // Checks that a refusal changes nothing.
            let event = Event { path, attempt, at: run.now, kind };
            if !run.keys.contains(&(event.path.clone(), event.attempt, event.kind.name())) && run.append(event).is_ok() {
                run.settle();
            }
        }
    }
}
