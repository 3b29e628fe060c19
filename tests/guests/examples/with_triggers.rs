//! A guest of the larger world: one action, one poll trigger and one webhook trigger, with every function of the contract
//! that a trigger has.

use serde_json::Value;
use workway_sdk::Choice;
use workway_sdk::prelude::*;

integration! {
    id: "with-triggers",
    name: "With triggers",
    version: "1.0.0",
    description: "Fires on command.",
    categories: ["examples"],
    actions: [ping],
    triggers: [new_number, pushed],
}

#[derive(Serialize, JsonSchema)]
struct Pong {
    ok: bool,
}

#[derive(Deserialize, JsonSchema)]
struct Ping {
    /// Who to ping.
    who: Option<String>,
}

/// Answers.
#[action(idempotent, options(who = everybody))]
fn ping(ctx: &Context, input: Ping) -> Result<Pong> {
    if let Some(who) = input.who {
        ctx.log().debug("pinged", &[("who", &who)]);
    }
    Ok(Pong { ok: true })
}

#[derive(Deserialize)]
struct Filled {
    who: Option<String>,
}

fn everybody(_ctx: &Context, filled: Filled) -> Result<Vec<Choice>> {
    let mut choices = vec![Choice::new("ann", "Ann"), Choice::new("bob", "Bob")];
    choices.retain(|choice| filled.who.as_ref().is_none_or(|begun| choice.label.starts_with(begun.as_str())));
    Ok(choices)
}

#[derive(Serialize, JsonSchema)]
struct Number {
    number: u64,
}

/// Fires with each number. The cursor is the last one; each poll brings the next.
#[poll_trigger(sample = one)]
fn new_number(_ctx: &Context, _config: Empty, cursor: Option<u64>) -> Result<Polled<Number, u64>> {
    let number = cursor.unwrap_or(0) + 1;
    Ok(Polled { events: vec![Event::new(number.to_string(), Number { number })], cursor: Some(number) })
}

fn one() -> Number {
    Number { number: 1 }
}

#[derive(Serialize, Deserialize)]
struct Subscription {
    address: String,
}

/// Fires when something is pushed.
#[webhook_trigger(enable = subscribe, disable = unsubscribe)]
fn pushed(_ctx: &Context, _config: Empty, _state: Subscription, request: WebhookRequest) -> Result<Received<Value>> {
    let payload: Value = request.json()?;
    Ok(Received::status(202).header("x-seen", "yes").body("thanks").event(payload.to_string(), payload))
}

fn subscribe(_ctx: &Context, _config: Empty, callback_url: &str) -> Result<Subscription> {
    Ok(Subscription { address: callback_url.to_owned() })
}

fn unsubscribe(_ctx: &Context, _config: Empty, state: Subscription) -> Result<()> {
    if state.address.is_empty() { Err(Failure::NotFound("no subscription".to_owned())) } else { Ok(()) }
}
