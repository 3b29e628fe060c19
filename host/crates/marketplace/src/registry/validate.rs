//! Validating a definition without storing it: the checks are those of publishing.

use serde_json::Value;
use workway_workflow::{
    ActionCatalogue, CheckReport, Document, Problem, SourceFormat, check, comment_credential_problems,
    credential_problems, parse, required_providers,
};

use super::{Actor, WorkflowRegistry};
use crate::{error::MarketplaceError, listing::Source};

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
    pub async fn validate_definition(&self, actor: &Actor, source: Source) -> Result<Validation, MarketplaceError> {
        actor.developer.as_ref().ok_or(MarketplaceError::NotDeveloper)?;
        self.checking(move |known| match source.format.read(&source.text) {
            Ok(document) => Validation::new(&document.value, Some((&source, &document)), known),
            Err(error) => Validation { errors: error.problems, ..Validation::default() },
        })
        .await
    }
}

impl Validation {
    /// `written` is what the definition was read from: problems get positions in it, and its comments are published as well.
    pub(super) fn new(definition: &Value, written: Option<(&Source, &Document)>, known: &dyn ActionCatalogue) -> Self {
        let (report, providers) = match parse(definition) {
            Ok(parsed) => {
                // That looks for credentials, too.
                let report = check(&parsed, known);
                let is_valid = report.errors.is_empty();
                let providers = if is_valid { required_providers(&parsed, known) } else { Default::default() };
                (report, providers)
            }
            Err(problems) => {
                let errors = problems.into_iter().chain(credential_problems(definition)).collect();
                (CheckReport { errors, warnings: Vec::new() }, Default::default())
            }
        };
        let located = |problem: Problem| match written {
            Some((_, document)) => problem.located(document),
            None => problem,
        };
        let yaml = written.filter(|(source, _)| source.format == SourceFormat::Yaml);
        let in_comments = yaml.map(|(source, _)| comment_credential_problems(&source.text)).unwrap_or_default();
        Self {
            errors: report.errors.into_iter().map(located).chain(in_comments).collect(),
            warnings: report.warnings.into_iter().map(located).collect(),
            required_providers: providers.iter().map(ToString::to_string).collect(),
        }
    }
}
