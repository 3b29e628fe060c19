//! The catalogue of providers: how each vendor's OAuth differs from the standard, and where its API takes a credential.
//! Pure data, read once when the host starts. It knows no client, holds no secret and sends no request.
//!
//! The format is a TOML table per provider. A host does not start with an invalid entry. `providers.schema.json`
//! describes the format to editors, as far as a JSON Schema can. It is generated from the types in `entry`: if they
//! change, a test fails and prints the command that updates the file.

mod account;
mod check;
mod entry;
mod placement;
mod provider;
mod schema;
mod template;
#[cfg(test)]
mod tests;
mod variables;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use http::{
    HeaderName,
    header::{AUTHORIZATION, COOKIE},
};
use serde::{Deserialize, de::IntoDeserializer};
use toml::{
    Spanned,
    de::{DeTable, DeValue, Error, ValueDeserializer},
};
use workway_model::{HostPattern, ProviderId};

pub use account::{AccountPointers, AccountSource};
pub use placement::{CredentialError, Placement};
pub use provider::{
    CLIENT_ID, ClientAuthentication, ConnectMethod, OAuthMethod, Provider, RefreshStyle, Revocation, RevocationStyle,
    TokenPointers, TokenRequest,
};
pub use template::{Template, TemplateError};
pub use variables::{Variable, VariableError, VariableSource};

use self::{
    check::Origin,
    entry::{ApiKeyEntry, OAuthEntry},
};

/// The longest providers file of an operator, in bytes.
pub const MAX_PROVIDERS_FILE_BYTES: usize = 1 << 20;
/// How much of a message of the TOML reader is repeated: it may quote the file.
const MAX_MESSAGE_CHARS: usize = 400;

const BUILT_IN: &str = include_str!("providers.toml");

/// The variables of a connection. No secrets.
pub type Values = BTreeMap<String, String>;

/// All providers that this host knows. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Catalogue(Arc<BTreeMap<ProviderId, Arc<Provider>>>);

/// What is wrong with a providers file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// Its entries cannot be read.
    #[error("the providers file {0}")]
    Malformed(String),
    /// One of them is wrong, or the settings do not go with it. `problem` names the field.
    #[error("provider {provider:?}: {problem}")]
    Provider { provider: String, problem: String },
}

impl Catalogue {
    /// The built-in providers; those of the `operator`'s file, which take the place of built-in ones of the same id; and
    /// for each of `hosts`, which are the settings', other hosts than its entry's. An id that is in neither file becomes
    /// a provider whose bearer token goes to those hosts.
    ///
    /// # Errors
    /// The first problem found. See [`CatalogueError`].
    pub fn new(
        operator: Option<&str>,
        hosts: &BTreeMap<ProviderId, BTreeSet<HostPattern>>,
    ) -> Result<Self, CatalogueError> {
        let mut providers = read(BUILT_IN, Origin::BuiltIn)?;
        if let Some(text) = operator {
            providers.append(&mut read(text, Origin::Operator)?);
        }
        for (id, hosts) in hosts {
            let provider = providers.entry(id.clone()).or_insert_with(|| Provider::bare(id.clone()));
            check::replace_hosts(provider, hosts.iter().map(HostPattern::to_string))
                .map_err(|problem| fault(id, problem))?;
        }
        Ok(Self(Arc::new(providers.into_iter().map(|(id, provider)| (id, Arc::new(provider))).collect())))
    }

    pub fn get(&self, id: &ProviderId) -> Option<&Arc<Provider>> {
        self.0.get(id)
    }

    /// All of them, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Provider>> {
        self.0.values()
    }

    /// Every header by which some provider's API takes a credential, once, with the hosts where it is one. A host with a
    /// variable stands there as the pattern of all that it can be; one that can be anything is left out. So are
    /// `authorization` and `cookie`, which are credentials everywhere.
    pub fn credential_headers(&self) -> Vec<(HeaderName, Vec<HostPattern>)> {
        let mut found: BTreeMap<&str, (&HeaderName, BTreeSet<HostPattern>)> = BTreeMap::new();
        for provider in self.iter() {
            let Placement::Header { name, .. } = &provider.placement else { continue };
            if *name == AUTHORIZATION || *name == COOKIE {
                continue;
            }
            let (_, hosts) = found.entry(name.as_str()).or_insert_with(|| (name, BTreeSet::new()));
            hosts.extend(provider.hosts.iter().filter_map(Template::family));
        }
        found.into_values().map(|(name, hosts)| (name.clone(), hosts.into_iter().collect())).collect()
    }
}

/// All entries of one file.
fn read(text: &str, origin: Origin) -> Result<BTreeMap<ProviderId, Provider>, CatalogueError> {
    if text.len() > MAX_PROVIDERS_FILE_BYTES {
        return Err(CatalogueError::Malformed(format!(
            "must have at most {MAX_PROVIDERS_FILE_BYTES} bytes (got {})",
            text.len()
        )));
    }
    let table = DeTable::parse(text).map_err(|error| CatalogueError::Malformed(syntax(text, &error)))?;
    let mut providers = BTreeMap::new();
    for (id, value) in table.into_inner() {
        let provider = id
            .get_ref()
            .parse::<ProviderId>()
            .map_err(|error| error.to_string())
            .and_then(|id| entry(id, value, origin));
        let provider = provider.map_err(|problem| fault(id.get_ref(), problem))?;
        providers.insert(provider.id.clone(), provider);
    }
    Ok(providers)
}

fn entry(id: ProviderId, value: Spanned<DeValue<'_>>, origin: Origin) -> Result<Provider, String> {
    let Some(table) = value.get_ref().as_table() else { return Err("must be a table".to_owned()) };
    match table.get("type").map(Spanned::get_ref) {
        Some(DeValue::String(kind)) if kind == "oauth2" => check::oauth(id, shape::<OAuthEntry>(value)?, origin),
        Some(DeValue::String(kind)) if kind == "api-key" => check::api_key(id, shape::<ApiKeyEntry>(value)?, origin),
        Some(_) => Err("`type`: must be \"oauth2\" or \"api-key\"".to_owned()),
        None => Err("`type`: is missing".to_owned()),
    }
}

/// The message of `serde`, with the path to the field that it is about.
fn shape<'de, T: Deserialize<'de>>(value: Spanned<DeValue<'de>>) -> Result<T, String> {
    let deserializer: ValueDeserializer<'de> = value.into_deserializer();
    T::deserialize(deserializer).map_err(|error| clipped(&error.to_string()))
}

/// Where a text stops being TOML. The line itself is not repeated: this may be another file than it should be.
fn syntax(text: &str, error: &Error) -> String {
    let message = clipped(error.message());
    match error.span().and_then(|span| text.get(..span.start)) {
        Some(before) => format!("is not valid TOML at line {}: {message}", before.matches('\n').count() + 1),
        None => format!("is not valid TOML: {message}"),
    }
}

fn clipped(text: &str) -> String {
    text.trim().replace('\n', " ").chars().take(MAX_MESSAGE_CHARS).collect()
}

fn fault(id: impl ToString, problem: String) -> CatalogueError {
    CatalogueError::Provider { provider: id.to_string().chars().take(100).collect(), problem }
}
