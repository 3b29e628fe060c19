//! A guest that calls every function of the contract through the SDK, an action each. `contract-probe.yaml` beside the tests
//! has a case for every function, by its name, and a test compares the names with the contract's.

use serde_json::{Value, json};
use workway_sdk::prelude::*;
use workway_sdk::{Choice, Commit};

integration! {
    id: "contract-probe",
    name: "Contract probe",
    version: "1.0.0",
    description: "Calls every function of the contract.",
    categories: ["examples"],
    hosts: ["api.example.com"],
    connections: [ConnectionNeed::required("example").scopes(&["read"]), ConnectionNeed::optional("salesforce")],
    storage: true,
    reveal_token: true,
    actions: [
        log,
        account,
        scopes,
        expires_at,
        variable,
        access_token,
        refresh,
        send,
        send_all,
        get,
        put,
        delete,
        list,
        commit,
        count_twice,
        choose,
    ],
    triggers: [numbered, pushed],
}

const URL: &str = "https://api.example.com/items";

/// Writes a line of every level.
#[action]
fn log(ctx: &Context) -> Result<Empty> {
    let fields = [("level", "each")];
    ctx.log().trace("said", &fields);
    ctx.log().debug("said", &fields);
    ctx.log().info("said", &fields);
    ctx.log().warn("said", &fields);
    ctx.log().error("said", &fields);
    Ok(Empty {})
}

/// Says whose account it is.
#[action(provider = "example")]
fn account(ctx: &Context) -> Result<String> {
    Ok(ctx.connection("example")?.account())
}

/// Says what the account was connected for.
#[action(provider = "example")]
fn scopes(ctx: &Context) -> Result<Vec<String>> {
    Ok(ctx.connection("example")?.scopes())
}

/// Says whether the token ends some day.
#[action(provider = "example")]
fn expires_at(ctx: &Context) -> Result<bool> {
    Ok(ctx.connection("example")?.expires_at().is_some())
}

/// Says what the account's addresses depend on.
#[action(provider = "salesforce")]
fn variable(ctx: &Context) -> Result<Option<String>> {
    Ok(ctx.connection("salesforce")?.variable("instance"))
}

/// Says whether there is a token.
#[action(provider = "example")]
fn access_token(ctx: &Context) -> Result<bool> {
    Ok(!ctx.connection("example")?.access_token()?.reveal().is_empty())
}

/// Asks for another token.
#[action(provider = "example")]
fn refresh(ctx: &Context) -> Result<Empty> {
    ctx.connection("example")?.refresh()?;
    Ok(Empty {})
}

/// Sends a request with everything that one can have.
#[action(provider = "example")]
fn send(ctx: &Context) -> Result<Value> {
    let connection = ctx.connection("example")?;
    let request = ctx.post(URL).query("page", 2).header("accept", "application/json").json(&json!({"name": "one"}));
    request.timeout(std::time::Duration::from_secs(5)).auth(&connection).send()?.json()
}

/// Sends requests together.
#[action]
fn send_all(ctx: &Context) -> Result<Vec<Value>> {
    let answers = ctx.send_all([ctx.get(format!("{URL}/1")), ctx.get(format!("{URL}/2"))]);
    answers.into_iter().map(|answer| answer?.json()).collect()
}

/// Reads a value.
#[action]
fn get(ctx: &Context) -> Result<Option<u32>> {
    Ok(ctx.storage().get("number")?)
}

/// Stores a value.
#[action]
fn put(ctx: &Context) -> Result<bool> {
    Ok(ctx.storage().put("number", &2)? > 0)
}

/// Deletes a value.
#[action]
fn delete(ctx: &Context) -> Result<bool> {
    Ok(ctx.storage().delete("number")?)
}

/// Lists keys.
#[action]
fn list(ctx: &Context) -> Result<Vec<String>> {
    let entries = ctx.storage().list("list/", Some("list/1"), 10)?;
    Ok(entries.into_iter().map(|entry| entry.key).collect())
}

/// Makes several changes at once.
#[action]
fn commit(ctx: &Context) -> Result<Empty> {
    let version = ctx.storage().entry("number")?.map_or(0, |entry| entry.version);
    let commit = Commit::new().expect("number", version).expect_absent("other").put("other", &3)?.delete("number");
    ctx.storage().commit(&commit)?;
    Ok(Empty {})
}

/// Counts in a transaction, twice.
#[action]
fn count_twice(ctx: &Context) -> Result<u32> {
    let count = || {
        ctx.storage().transaction(|storage| {
            let next = storage.get::<u32>("count")?.unwrap_or(0) + 1;
            storage.put("count", &next)?;
            Ok(next)
        })
    };
    count()?;
    count()
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Choose {
    colour: Option<String>,
}

/// Answers what was chosen.
#[action(idempotent, options(colour = colours))]
fn choose(_ctx: &Context, input: Choose) -> Result<Choose> {
    Ok(input)
}

fn colours(_ctx: &Context, filled: Choose) -> Result<Vec<Choice>> {
    let begun = filled.colour.unwrap_or_default();
    let known = [("red", "Red"), ("rose", "Rose"), ("blue", "Blue")];
    let fitting = known.into_iter().filter(|(value, _)| value.starts_with(&begun));
    Ok(fitting.map(|(value, label)| Choice::new(value, label)).collect())
}

#[derive(Serialize, JsonSchema)]
struct Number {
    number: u64,
}

/// Fires with the next number.
#[poll_trigger(sample = one)]
fn numbered(_ctx: &Context, _config: Empty, cursor: Option<u64>) -> Result<Polled<Number, u64>> {
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
fn pushed(_ctx: &Context, _config: Empty, state: Subscription, request: WebhookRequest) -> Result<Received<Value>> {
    let payload: Value = request.json()?;
    Ok(Received::status(202).header("x-address", &state.address).body("thanks").event("one", payload))
}

fn subscribe(_ctx: &Context, _config: Empty, callback_url: &str) -> Result<Subscription> {
    Ok(Subscription { address: callback_url.to_owned() })
}

fn unsubscribe(_ctx: &Context, _config: Empty, state: Subscription) -> Result<()> {
    if state.address.is_empty() { Err(Failure::NotFound("no subscription".to_owned())) } else { Ok(()) }
}
