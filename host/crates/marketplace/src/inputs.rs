//! What users fill in when they install a workflow: it has to fit the workflow's `inputs`, and what is secret in it is sealed
//! for one user's installation of one workflow. Nothing here shows a secret.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use workway_model::{UserId, child};
use workway_vault::{Binding, Purpose, Sealed, Vault, VaultError};
use workway_workflow::{Problem, WorkflowDefinition};

use crate::{
    bounds::{MAX_INPUTS_BYTES, MAX_SECRET_BYTES},
    error::placed,
};

/// The purpose of sealed inputs.
pub const INPUT_PURPOSE: Purpose = Purpose::new("workway workflow input");

/// Where the inputs stand in what a client sends.
const INPUTS: &str = "/inputs";

/// Secret inputs, by name.
pub type Secrets = BTreeMap<String, SecretString>;

/// Inputs that are about to be stored.
#[derive(Clone, PartialEq, Eq)]
pub struct NewInputs {
    /// A JSON object of those that are not secret.
    pub plain: String,
    /// All that are secret.
    pub secrets: BTreeMap<String, Sealed>,
}

/// Inputs as they are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredInputs {
    /// A JSON object of those that are not secret.
    pub plain: String,
    /// Sealed records of those that are.
    pub secrets: BTreeMap<String, Vec<u8>>,
}

/// Inputs that fit a workflow.
#[derive(Debug)]
pub(super) struct CheckedInputs {
    plain: Map<String, Value>,
    secrets: Secrets,
}

impl CheckedInputs {
    /// Checks what a user sent for the workflow with this definition. Secrets that the user left out are those of `kept`.
    pub(super) fn check(
        definition: &WorkflowDefinition,
        mut given: Map<String, Value>,
        kept: Secrets,
    ) -> Result<Self, Vec<Problem>> {
        let bytes = Value::Object(given.clone()).to_string().len();
        if bytes > MAX_INPUTS_BYTES {
            let message = format!("the inputs must have at most {MAX_INPUTS_BYTES} bytes of JSON (got {bytes})");
            return Err(vec![Problem::new(INPUTS, message)]);
        }
        let names = definition.secret_inputs();
        for (name, secret) in kept {
            if names.contains(name.as_str()) && !given.contains_key(&name) {
                given.insert(name, secret.expose_secret().into());
            }
        }
        let whole = Value::Object(given);
        let mut problems = problems_of(definition, &whole);
        let fits = problems.is_empty();
        let Value::Object(mut plain) = whole else { return Err(problems) };
        let mut secrets = Secrets::new();
        for name in names {
            let wrong = match plain.remove(name) {
                None => continue,
                Some(Value::String(secret)) if secret.len() <= MAX_SECRET_BYTES => {
                    secrets.insert(name.to_owned(), secret.into());
                    continue;
                }
                Some(Value::String(secret)) => {
                    format!("a secret must have at most {MAX_SECRET_BYTES} bytes (got {})", secret.len())
                }
                // The schema has said so, unless its draft ignores what stands beside a `$ref`.
                Some(_) if !fits => continue,
                Some(_) => "a secret must be a text: put it in quotes".to_owned(),
            };
            problems.push(placed(INPUTS, Problem::new(&child("", name), wrong)));
        }
        if problems.is_empty() { Ok(Self { plain, secrets }) } else { Err(problems) }
    }

    /// An object of those that are not secret, and those that are.
    pub(super) fn into_parts(self) -> (Value, Secrets) {
        (Value::Object(self.plain), self.secrets)
    }

    /// Seals the secrets for a user's installation of a workflow.
    pub(super) fn seal(&self, vault: &Vault, user: &UserId, workflow: &str) -> Result<NewInputs, VaultError> {
        let sealed = |(name, secret): (&String, &SecretString)| {
            let binding = binding(user, workflow, name);
            Ok((name.clone(), vault.seal(&binding, secret.expose_secret().as_bytes())?))
        };
        let secrets = self.secrets.iter().map(sealed).collect::<Result<_, VaultError>>()?;
        Ok(NewInputs { plain: Value::Object(self.plain.clone()).to_string(), secrets })
    }
}

impl StoredInputs {
    /// Those that are not secret.
    pub(super) fn plain(&self) -> Map<String, Value> {
        // It was a JSON object when it was stored.
        serde_json::from_str(&self.plain).unwrap_or_default()
    }

    /// Opens the secrets.
    pub(super) fn open(&self, vault: &Vault, user: &UserId, workflow: &str) -> Result<Secrets, VaultError> {
        let opened = |(name, record): (&String, &Vec<u8>)| {
            let bytes = vault.open(&binding(user, workflow, name), record)?;
            let text = std::str::from_utf8(&bytes).map_err(|_| VaultError::Format)?;
            Ok((name.clone(), text.into()))
        };
        self.secrets.iter().map(opened).collect()
    }
}

/// What an input is sealed for. A user has one installation of a workflow.
fn binding(user: &UserId, workflow: &str, name: &str) -> Binding {
    Binding::new(INPUT_PURPOSE, &[user.as_str(), workflow, name])
}

fn problems_of(definition: &WorkflowDefinition, inputs: &Value) -> Vec<Problem> {
    let Some(schema) = &definition.inputs else {
        let names = inputs.as_object().into_iter().flat_map(Map::keys);
        let unknown = |name: &String| {
            placed(
                INPUTS,
                Problem::new(&child("", name), "unknown input: this workflow has no inputs, so leave it out"),
            )
        };
        return names.map(unknown).collect();
    };
    let found = schema.validate(inputs).err().unwrap_or_default();
    found.into_iter().map(|found| placed(INPUTS, Problem::new(&found.pointer, found.message))).collect()
}
