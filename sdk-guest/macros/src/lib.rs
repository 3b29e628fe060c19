//! The macros of `workway-sdk`, where they are documented. They read declarations and write tables;
//! what the tables are used for they do not know.

mod arguments;
mod docs;
mod id;
mod integration;
mod item;
mod needs;

use proc_macro::TokenStream;

/// Makes an action of a function.
///
/// The function takes a [`Context`](../workway_sdk/struct.Context.html) and, unless it needs none, an
/// input that derives `Deserialize` and `JsonSchema`; it answers a `Result` of an output that derives
/// `Serialize` and `JsonSchema`. The doc comment is the action's description, and there has to be one. Beside the function
/// comes a type of its name, which [`macro@integration`] reads: no module or type of that name can stand next to it.
///
/// | argument | meaning | otherwise |
/// | --- | --- | --- |
/// | `id = "…"` | `[a-z][a-z0-9-]*` | the function's name, with `-` |
/// | `name = "…"` | what people see | the function's name, in words |
/// | `provider = "…"` | whose connection it uses | none |
/// | `scopes = ["…"]` | what it needs of that connection | none |
/// | `idempotent` | a second call with the same idempotency key does no harm | it may |
/// | `options(field = function)` | lists the values of an input's field: `fn(&Context, Filled) -> Result<Vec<Choice>>` | free text |
///
/// ```
/// use workway_sdk::prelude::*;
/// use workway_sdk::Choice;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct Greet {
///     /// Who to greet.
///     name: String,
/// }
///
/// #[derive(Serialize, JsonSchema)]
/// struct Greeting {
///     text: String,
/// }
///
/// /// Greets somebody.
/// #[action(idempotent, options(name = known_names))]
/// fn greet(_ctx: &Context, input: Greet) -> Result<Greeting> {
///     Ok(Greeting { text: format!("Hello, {}!", input.name) })
/// }
///
/// fn known_names(_ctx: &Context, _filled: Empty) -> Result<Vec<Choice>> {
///     Ok(vec![Choice::new("Ann", "Ann, from accounting")])
/// }
///
/// integration! { id: "greeter", name: "Greeter", actions: [greet] }
///
/// # fn main() {
/// assert_eq!(INTEGRATION.actions[0].id, "greet");
/// assert!(INTEGRATION.actions[0].input_schema().contains("Who to greet."));
/// # }
/// ```
#[proc_macro_attribute]
pub fn action(arguments: TokenStream, function: TokenStream) -> TokenStream {
    finish(item::expand(item::Kind::Action, arguments.into(), function.into()))
}

/// Makes a poll trigger of a function that asks an upstream for what is new.
///
/// The function takes a `Context`, the trigger's config and the cursor that the poll before ended
/// with; it answers a `Result` of [`Polled`](../workway_sdk/struct.Polled.html). An event's
/// key is the same whenever the same thing is noticed again, and events and cursor belong together.
///
/// Arguments are those of [`macro@action`] without `idempotent`, and `sample = function`, which answers
/// an example event: `fn() -> Payload`. `options` lists the values of a config's field.
///
/// ```
/// use workway_sdk::prelude::*;
///
/// #[derive(Serialize, JsonSchema)]
/// struct Tick {
///     number: u64,
/// }
///
/// /// Fires at every poll.
/// #[poll_trigger(sample = first)]
/// fn ticked(_ctx: &Context, _config: Empty, cursor: Option<u64>) -> Result<Polled<Tick, u64>> {
///     let number = cursor.unwrap_or(0) + 1;
///     Ok(Polled { events: vec![Event::new(number.to_string(), Tick { number })], cursor: Some(number) })
/// }
///
/// fn first() -> Tick {
///     Tick { number: 1 }
/// }
///
/// integration! { id: "clock", name: "Clock", triggers: [ticked] }
///
/// # fn main() {
/// assert_eq!(INTEGRATION.triggers[0].sample(), Ok(Some(r#"{"number":1}"#.to_owned())));
/// # }
/// ```
#[proc_macro_attribute]
pub fn poll_trigger(arguments: TokenStream, function: TokenStream) -> TokenStream {
    finish(item::expand(item::Kind::Poll, arguments.into(), function.into()))
}

/// Makes a webhook trigger of a function that takes an upstream's requests.
///
/// The function takes a `Context`, the trigger's config, the state that `enable` answered and a
/// [`WebhookRequest`](../workway_sdk/struct.WebhookRequest.html); it answers a `Result` of
/// [`Received`](../workway_sdk/struct.Received.html).
///
/// Arguments are those of [`macro@poll_trigger`], and
///
/// - `enable = function` subscribes: `fn(&Context, Config, callback_url: &str) -> Result<State>`.
///   Without it the state is `()` and people subscribe by hand.
/// - `disable = function` unsubscribes: `fn(&Context, Config, State) -> Result<()>`.
///
/// The functions' configs and states are of the same types, or they do not compile.
///
/// ```
/// use workway_sdk::prelude::*;
///
/// #[derive(Serialize, Deserialize, JsonSchema)]
/// struct Pushed {
///     id: String,
/// }
///
/// /// Fires when something is pushed.
/// #[webhook_trigger]
/// fn pushed(_ctx: &Context, _config: Empty, _state: (), request: WebhookRequest) -> Result<Received<Pushed>> {
///     let pushed: Pushed = request.json()?;
///     Ok(Received::status(204).event(pushed.id.clone(), pushed))
/// }
///
/// integration! { id: "pusher", name: "Pusher", triggers: [pushed] }
/// # fn main() {}
/// ```
#[proc_macro_attribute]
pub fn webhook_trigger(arguments: TokenStream, function: TokenStream) -> TokenStream {
    finish(item::expand(item::Kind::Webhook, arguments.into(), function.into()))
}

/// Declares the crate's integration: what it is, what it asks for and what is in it. Once a crate.
///
/// Fields are in any order; only `id` and `name` have to be there, and an action or a trigger.
///
/// | field | value | otherwise |
/// | --- | --- | --- |
/// | `id`, `name` | texts; the id is `[a-z][a-z0-9-]*` | |
/// | `version`, `description` | texts | what `Cargo.toml` says |
/// | `categories`, `hosts` | `["…"]` | none |
/// | `connections` | [`ConnectionNeed`](../workway_sdk/struct.ConnectionNeed.html)s | none |
/// | `storage`, `reveal_token` | `true` | `false` |
/// | `actions`, `triggers` | paths of functions with [`macro@action`], [`macro@poll_trigger`] or [`macro@webhook_trigger`] | none |
///
/// It makes `pub static INTEGRATION` and, in a component, the contract's exports: of the world
/// `integration`, or of `integration-with-triggers` where there are triggers.
///
/// What the functions' texts plainly need must be declared: a provider and its scopes, a host that is
/// written out in a request (`ctx.get("https://…")`), a provider in `ctx.connection("…")`, and
/// `ctx.storage()`. This does not compile:
///
/// ```compile_fail
/// use workway_sdk::prelude::*;
///
/// /// Counts calls.
/// #[action]
/// fn count(ctx: &Context) -> Result<Empty> {
///     ctx.storage().put("calls", &1)?;
///     Ok(Empty {})
/// }
///
/// integration! { id: "counter", name: "Counter", actions: [count] }
/// # fn main() {}
/// ```
///
/// and with `storage: true` it does:
///
/// ```
/// use workway_sdk::prelude::*;
///
/// /// Counts calls.
/// #[action]
/// fn count(ctx: &Context) -> Result<Empty> {
///     ctx.storage().put("calls", &1)?;
///     Ok(Empty {})
/// }
///
/// integration! { id: "counter", name: "Counter", storage: true, actions: [count] }
/// # fn main() {}
/// ```
///
/// Neither does one that talks to a host, uses a provider or needs a scope that is not declared:
///
/// ```compile_fail
/// # use workway_sdk::prelude::*;
/// /// Asks.
/// #[action]
/// fn ask(ctx: &Context) -> Result<Empty> {
///     ctx.get("https://api.example.com/x").send()?.json()
/// }
/// integration! { id: "asker", name: "Asker", hosts: ["api.example.org"], actions: [ask] }
/// # fn main() {}
/// ```
///
/// ```compile_fail
/// # use workway_sdk::prelude::*;
/// /// Asks.
/// #[action]
/// fn ask(ctx: &Context) -> Result<Empty> {
///     ctx.connection("slack")?;
///     Ok(Empty {})
/// }
/// integration! { id: "asker", name: "Asker", actions: [ask] }
/// # fn main() {}
/// ```
///
/// ```compile_fail
/// # use workway_sdk::prelude::*;
/// /// Asks.
/// #[action(provider = "slack", scopes = ["chat:write"])]
/// fn ask(_ctx: &Context) -> Result<Empty> {
///     Ok(Empty {})
/// }
/// integration! { id: "asker", name: "Asker", connections: [ConnectionNeed::required("slack")], actions: [ask] }
/// # fn main() {}
/// ```
///
/// Nor one with two actions of one id:
///
/// ```compile_fail
/// # use workway_sdk::prelude::*;
/// /// Asks.
/// #[action]
/// fn ask(_ctx: &Context) -> Result<Empty> {
///     Ok(Empty {})
/// }
/// /// Asks again.
/// #[action(id = "ask")]
/// fn ask_again(_ctx: &Context) -> Result<Empty> {
///     Ok(Empty {})
/// }
/// integration! { id: "asker", name: "Asker", actions: [ask, ask_again] }
/// # fn main() {}
/// ```
#[proc_macro]
pub fn integration(declaration: TokenStream) -> TokenStream {
    finish(integration::expand(declaration.into()))
}

fn finish(expanded: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    expanded.unwrap_or_else(|error| error.to_compile_error()).into()
}
