//! A definition as canonical JSON. What is left out when it is read again means the same.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    Expression, Template,
    concurrency::Concurrency,
    definition::{Trigger, WorkflowDefinition},
    schedule::Misfire,
    step::{Step, StepKind, WaitFor},
    webhook::{HmacAlgorithm, HmacEncoding, HmacHeader, WebhookScheme, WebhookVerify},
};

pub(super) fn definition(definition: &WorkflowDefinition) -> Value {
    let mut written = Map::new();
    let mut put = |name: &str, value: Value| drop(written.insert(name.to_owned(), value));
    put("name", definition.name.clone().into());
    if let Some(description) = &definition.description {
        put("description", description.clone().into());
    }
    if let Some(inputs) = &definition.inputs {
        put("inputs", inputs.document().clone());
    }
    put("trigger", trigger(&definition.trigger));
    if definition.concurrency != Concurrency::default() {
        put("concurrency", concurrency(definition.concurrency));
    }
    put("steps", steps(&definition.steps));
    if !definition.on_failure.is_empty() {
        put("on-failure", steps(&definition.on_failure));
    }
    if let Some(output) = &definition.output {
        put("output", output.to_value());
    }
    Value::Object(written)
}

fn trigger(trigger: &Trigger) -> Value {
    match trigger {
        Trigger::Integration { integration, trigger, config } => {
            json!({"integration": integration, "trigger": trigger, "config": values(config)})
        }
        Trigger::Webhook { body, verify, respond } => {
            let mut webhook = Map::new();
            webhook.extend(body.as_ref().map(|body| ("body".to_owned(), body.document().clone())));
            webhook.extend(verify.as_ref().map(|verify| ("verify".to_owned(), webhook_verify(verify))));
            webhook.extend(respond.then(|| ("respond".to_owned(), true.into())));
            json!({"webhook": webhook})
        }
        Trigger::Schedule(schedule) => {
            let mut written = json!({"cron": schedule.cron(), "timezone": schedule.timezone().name()});
            if schedule.misfire() != Misfire::default() {
                written["misfire"] = schedule.misfire().as_str().into();
            }
            json!({"schedule": written})
        }
        Trigger::Manual => json!({"manual": {}}),
    }
}

fn webhook_verify(verify: &WebhookVerify) -> Value {
    let mut written = json!({"scheme": verify.scheme.as_str(), "secret": verify.secret});
    if let WebhookScheme::Hmac(HmacHeader { header, algorithm, encoding, prefix }) = &verify.scheme {
        written["header"] = header.as_str().into();
        if *algorithm != HmacAlgorithm::default() {
            written["algorithm"] = algorithm.as_str().into();
        }
        if *encoding != HmacEncoding::default() {
            written["encoding"] = encoding.as_str().into();
        }
        if let Some(prefix) = prefix {
            written["prefix"] = prefix.as_str().into();
        }
    }
    written
}

/// Only what differs from the default.
fn concurrency(concurrency: Concurrency) -> Value {
    let (mut written, default) = (Map::new(), Concurrency::default());
    if concurrency.limit != default.limit {
        written.insert("limit".to_owned(), concurrency.limit.into());
    }
    if concurrency.on_limit != default.on_limit {
        written.insert("on-limit".to_owned(), concurrency.on_limit.as_str().into());
    }
    Value::Object(written)
}

fn steps(steps: &[Step]) -> Value {
    Value::Array(steps.iter().map(step).collect())
}

fn step(step: &Step) -> Value {
    let mut written = Map::new();
    let mut put = |name: &str, value: Value| drop(written.insert(name.to_owned(), value));
    put("id", step.id.as_str().into());
    if let Some(name) = &step.name {
        put("name", name.clone().into());
    }
    if let Some(condition) = &step.condition {
        put("if", expression(condition));
    }
    if step.continue_on_error {
        put("continue-on-error", true.into());
    }
    if let Some(timeout) = step.timeout {
        put("timeout", timeout.to_string().into());
    }
    match &step.kind {
        StepKind::Action { uses, with, retry } => {
            put("uses", uses.to_string().into());
            if !with.is_empty() {
                put("with", values(with));
            }
            if let Some(retry) = retry {
                put(
                    "retry",
                    match retry.backoff {
                        Some(backoff) => json!({"attempts": retry.attempts, "backoff": backoff.to_string()}),
                        None => json!({"attempts": retry.attempts}),
                    },
                );
            }
        }
        StepKind::ForEach { items, concurrency, steps: inner } => {
            put("for-each", expression(items));
            if let Some(concurrency) = concurrency {
                put("concurrency", (*concurrency).into());
            }
            put("steps", steps(inner));
        }
        StepKind::Switch { cases, default } => {
            let cases =
                cases.iter().map(|case| json!({"if": expression(&case.condition), "steps": steps(&case.steps)}));
            put("switch", cases.collect());
            if !default.is_empty() {
                put("default", steps(default));
            }
        }
        StepKind::Parallel(branches) => {
            put("parallel", branches.iter().map(|branch| json!({"steps": steps(branch)})).collect());
        }
        StepKind::Sleep(duration) => put("sleep", duration.to_string().into()),
        StepKind::WaitFor(WaitFor::Event(name)) => put("wait-for", json!({"event": name.to_value()})),
        StepKind::WaitFor(WaitFor::Approval(text)) => put("wait-for", json!({"approval": text.to_value()})),
    }
    Value::Object(written)
}

/// Without braces, unless its own would be taken for them.
fn expression(expression: &Expression) -> Value {
    let source = expression.source();
    if source.starts_with("{{") { format!("{{{{ {source} }}}}").into() } else { source.into() }
}

fn values(values: &BTreeMap<String, Template>) -> Value {
    Value::Object(values.iter().map(|(name, value)| (name.clone(), value.to_value())).collect())
}
