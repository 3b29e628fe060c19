//! Validating a definition without storing it: the checks are those of publishing.

use serde_json::Value;
use workway_workflow::{
    ActionCatalogue, CheckReport, Problem, WorkflowDefinition, check, credential_problems, parse, required_providers,
};

use super::{Actor, WorkflowRegistry};
use crate::error::MarketplaceError;

/// A definition as its author wrote it.
#[derive(Clone, Debug)]
pub enum DefinitionSource {
    Json(Value),
    Yaml(String),
}

/// What validating a definition found. Pointers lead into the definition.
#[derive(Clone, Debug, Default)]
pub struct Validation {
    /// What keeps it from being published. It is valid without any.
    pub errors: Vec<Problem>,
    /// What is allowed, but was probably not meant.
    pub warnings: Vec<Problem>,
    /// The providers at which a user needs an account. Only known of a valid definition.
    pub required_providers: Vec<String>,
}

impl WorkflowRegistry {
    /// Validates a definition as publishing does.
    ///
    /// # Errors
    /// [`MarketplaceError::NotDeveloper`]. What is wrong with the definition is not an error, but the result.
    pub async fn validate_definition(
        &self,
        actor: &Actor,
        source: DefinitionSource,
    ) -> Result<Validation, MarketplaceError> {
        actor.developer.as_ref().ok_or(MarketplaceError::NotDeveloper)?;
        self.checking(move |known| match source {
            DefinitionSource::Json(definition) => Validation::of_json(&definition, known),
            DefinitionSource::Yaml(text) => match WorkflowDefinition::from_yaml(&text) {
                Ok(parsed) => Validation::of_parsed(&parsed, known),
                Err(error) => Validation { errors: error.problems, ..Validation::default() },
            },
        })
        .await
    }
}

impl Validation {
    pub(super) fn of_json(definition: &Value, known: &dyn ActionCatalogue) -> Self {
        match parse(definition) {
            Ok(parsed) => Self::of_parsed(&parsed, known),
            Err(problems) => {
                let errors = problems.into_iter().chain(credential_problems(definition)).collect();
                Self { errors, ..Self::default() }
            }
        }
    }

    fn of_parsed(parsed: &WorkflowDefinition, known: &dyn ActionCatalogue) -> Self {
        // That looks for credentials, too.
        let CheckReport { errors, warnings } = check(parsed, known);
        let required_providers = if errors.is_empty() {
            required_providers(parsed, known).iter().map(ToString::to_string).collect()
        } else {
            Vec::new()
        };
        Self { errors, warnings, required_providers }
    }
}
