//! One action: a function with a typed input and output, what is said about it, and its schemas.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bindings::workway::integration::definition;
use crate::{Context, Failure, Result};

type Handler = Box<dyn Fn(&Context, &str) -> Result<String>>;

/// One action of an integration.
///
/// ```
/// use workway_sdk::prelude::*;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct Greet {
///     /// Who to greet.
///     name: String,
/// }
///
/// #[derive(Serialize, JsonSchema)]
/// struct Greeting {
///     greeting: String,
/// }
///
/// fn greet(_context: &Context, input: Greet) -> Result<Greeting> {
///     let greeting = format!("Hello, {}!", input.name);
///     Ok(Greeting { greeting })
/// }
///
/// let action = Action::new("greet", greet).name("Greet").idempotent();
/// assert!(action.input_schema().contains("Who to greet."));
/// ```
pub struct Action {
    id: Cow<'static, str>,
    name: Option<Cow<'static, str>>,
    description: Cow<'static, str>,
    provider: Option<Cow<'static, str>>,
    scopes: Vec<Cow<'static, str>>,
    idempotent: bool,
    // Functions, not texts: a definition is made for every call, schemas only when they are read.
    input_schema: fn() -> String,
    output_schema: fn() -> String,
    handler: Handler,
}

impl Action {
    /// An action that runs `handler`. The id is lower-case (`[a-z][a-z0-9-]*`) and unique in the
    /// integration. Both schemas come from the handler's types.
    pub fn new<Input, Output, Run>(id: impl Into<Cow<'static, str>>, handler: Run) -> Self
    where
        Input: DeserializeOwned + JsonSchema,
        Output: Serialize + JsonSchema,
        Run: Fn(&Context, Input) -> Result<Output> + 'static,
    {
        Self {
            id: id.into(),
            name: None,
            description: Cow::Borrowed(""),
            provider: None,
            scopes: Vec::new(),
            idempotent: false,
            input_schema: schema::<Input, false>,
            output_schema: schema::<Output, true>,
            handler: Box::new(move |context, input| {
                let input = serde_json::from_str(input).map_err(|error| Failure::InvalidInput(error.to_string()))?;
                Ok(serde_json::to_string(&handler(context, input)?)?)
            }),
        }
    }

    /// The name that people see. The id, unless set.
    #[must_use]
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// What the action does, in a sentence or two.
    #[must_use]
    pub fn description(mut self, description: impl Into<Cow<'static, str>>) -> Self {
        self.description = description.into();
        self
    }

    /// The provider whose connection the action uses.
    #[must_use]
    pub fn provider(mut self, provider: impl Into<Cow<'static, str>>) -> Self {
        self.provider = Some(provider.into());
        self
    }

    /// The scopes that the action needs of its provider's connection.
    #[must_use]
    pub fn scopes<S: Into<Cow<'static, str>>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Says that a second call with the same idempotency key does no harm.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The input's JSON Schema (2020-12), as JSON text.
    #[must_use]
    pub fn input_schema(&self) -> String {
        (self.input_schema)()
    }

    /// The output's JSON Schema (2020-12), as JSON text.
    #[must_use]
    pub fn output_schema(&self) -> String {
        (self.output_schema)()
    }

    /// Runs the action on one JSON text and answers another.
    ///
    /// # Errors
    ///
    /// [`Failure::InvalidInput`] when `input` does not fit the handler's input type, and whatever
    /// the handler fails with.
    pub(crate) fn call(&self, context: &Context, input: &str) -> Result<String> {
        (self.handler)(context, input)
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Action")
            .field("id", &self.id)
            .field("provider", &self.provider)
            .field("scopes", &self.scopes)
            .field("idempotent", &self.idempotent)
            .finish_non_exhaustive()
    }
}

impl From<Action> for definition::Action {
    fn from(action: Action) -> Self {
        Self {
            input_schema: action.input_schema(),
            output_schema: action.output_schema(),
            name: action.name.unwrap_or_else(|| action.id.clone()).into_owned(),
            id: action.id.into_owned(),
            description: action.description.into_owned(),
            provider: action.provider.map(Cow::into_owned),
            scopes: action.scopes.into_iter().map(Cow::into_owned).collect(),
            idempotent: action.idempotent,
        }
    }
}

/// A field with a default may be left out of an input but is always in an output: the two sides of
/// one type have different schemas.
fn schema<T: JsonSchema, const OUTPUT: bool>() -> String {
    let settings = SchemaSettings::draft2020_12();
    let settings = if OUTPUT { settings.for_serialize() } else { settings.for_deserialize() };
    settings.into_generator().into_root_schema_for::<T>().as_value().to_string()
}
