//! JSON Schemas of types, and what else is read off the types of functions.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

use crate::{Context, Polled, Received, Result, WebhookRequest};

/// Makes a schema's text when it is asked for.
type Schema = fn() -> String;
/// A poll trigger's function.
type Poll<C, P, U, E> = fn(&Context, C, Option<U>) -> Result<Polled<P, U>, E>;
/// A webhook trigger's function.
type Receive<C, S, P, E> = fn(&Context, C, S, WebhookRequest) -> Result<Received<P>, E>;

/// A field with a default may be left out of an input but is always in an output: the two sides of
/// one type have different schemas.
fn schema<T: JsonSchema, const OUTPUT: bool>() -> String {
    let settings = SchemaSettings::draft2020_12();
    let settings = if OUTPUT { settings.for_serialize() } else { settings.for_deserialize() };
    let schema = settings.into_generator().into_root_schema_for::<T>();
    // `Display` would bring its pretty form along, into every component. What is JSON already can always be written.
    serde_json::to_string(schema.as_value()).unwrap_or_default()
}

// The functions below are never called with anything but a function: its type is what they read.

#[doc(hidden)]
pub const fn input_of<I: JsonSchema, O, E>(_: fn(&Context, I) -> Result<O, E>) -> Schema {
    schema::<I, false>
}

#[doc(hidden)]
pub const fn output_of<I, O: JsonSchema, E>(_: fn(&Context, I) -> Result<O, E>) -> Schema {
    schema::<O, true>
}

#[doc(hidden)]
pub const fn poll_config_of<C: JsonSchema, P, U, E>(_: Poll<C, P, U, E>) -> Schema {
    schema::<C, false>
}

#[doc(hidden)]
pub const fn poll_event_of<C, P: JsonSchema, U, E>(_: Poll<C, P, U, E>) -> Schema {
    schema::<P, true>
}

#[doc(hidden)]
pub const fn webhook_config_of<C: JsonSchema, S, P, E>(_: Receive<C, S, P, E>) -> Schema {
    schema::<C, false>
}

#[doc(hidden)]
pub const fn webhook_event_of<C, S, P: JsonSchema, E>(_: Receive<C, S, P, E>) -> Schema {
    schema::<P, true>
}

// The functions below do nothing: they compile where the types of a webhook's functions are the same.

#[doc(hidden)]
pub const fn enables<C, S, P, E, F>(_: fn(&Context, C, &str) -> Result<S, E>, _: Receive<C, S, P, F>) {}

#[doc(hidden)]
pub const fn disables<C, S, P, E, F>(_: fn(&Context, C, S) -> Result<(), E>, _: Receive<C, S, P, F>) {}

#[doc(hidden)]
pub const fn has_no_state<C, P, E>(_: Receive<C, (), P, E>) {}
