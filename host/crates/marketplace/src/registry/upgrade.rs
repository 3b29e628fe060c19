//! Upgrading an installation to the newest version of its workflow, and a preview of what changes. An installation never changes
//! its version by itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use workway_workflow::{ActionCatalogue, Problem};

use super::{
    Actor, Condition, WorkflowRegistry,
    installations::Operation,
    installs::check_installable,
    prepare::{InstallationChange, Prepared, Present},
};
use crate::{
    error::MarketplaceError,
    installation::{InstallationDetail, InstallationWrite, Installed, StoredDefinition},
    listing::{Listing, Pricing, Status},
};

/// Keywords of JSON Schema that refer to another schema.
const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];

/// What an upgrade is asked to do.
#[derive(Clone, Default)]
pub struct UpgradeRequest {
    /// The version that the user expects to get. None takes the newest one, whichever it is.
    pub version: Option<u32>,
    /// Inputs and connections for the new version. What is none is carried over.
    pub change: InstallationChange,
}

/// What an upgrade of an installation would change.
#[derive(Clone, Debug, PartialEq)]
pub struct UpgradePreview {
    /// The version that it runs.
    pub from: u32,
    /// The newest version. The same if there is none to upgrade to.
    pub to: u32,
    /// Providers at which the user needs an account only with the new version.
    pub providers_added: Vec<String>,
    /// Providers at which the user needs no account any more.
    pub providers_removed: Vec<String>,
    /// Scopes that only the new version needs, by provider. An account that was connected without them must be connected again.
    pub scopes_added: BTreeMap<String, Vec<String>>,
    /// Scopes that it needs no more.
    pub scopes_removed: BTreeMap<String, Vec<String>>,
    /// Inputs that differ, by name.
    pub inputs: Vec<InputDifference>,
    /// Whether something else starts runs, or at other times.
    pub trigger_changed: bool,
    /// What an installation of the newest version costs.
    pub pricing: Pricing,
    /// What keeps the present inputs from fitting the new version.
    pub problems: Vec<Problem>,
}

/// An input that differs between two versions.
#[derive(Clone, Debug, PartialEq)]
pub struct InputDifference {
    pub name: String,
    pub change: InputChange,
    /// Whether the new version marks it as secret; for a removed one, whether the old one did.
    pub secret: bool,
    /// Whether the new version requires it.
    pub required: bool,
    /// Whether the old version did not.
    pub newly_required: bool,
    /// Its schema in the new version.
    pub schema: Option<Value>,
}

/// How an input differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputChange {
    Added,
    Removed,
    Changed,
}

impl WorkflowRegistry {
    /// What an upgrade to the newest version would change.
    ///
    /// # Errors
    /// [`MarketplaceError::UnknownInstallation`], [`MarketplaceError::NotInstalled`], [`MarketplaceError::NotListed`]; a secret
    /// cannot be opened, or the store fails.
    pub async fn preview_upgrade(&self, actor: &Actor, id: &str) -> Result<UpgradePreview, MarketplaceError> {
        let installed = self.own_installation(actor, id).await?;
        if installed.installation.uninstalled_at.is_some() {
            return Err(MarketplaceError::NotInstalled);
        }
        let listing = self.newest(actor, &installed).await?;
        let present = self.present(&installed)?;
        let (from, to) = (installed.installation.number, listing.summary.workflow_version);
        let pricing = listing.summary.pricing;
        self.checking(move |known| {
            let (old, new) = (&installed.definition.json, &listing.definition);
            preview(from, to, old, new, present, pricing, known)
        })
        .await
    }

    /// Upgrades to the newest version. Without inputs the present ones are carried over; they have to fit the new version, too.
    ///
    /// # Errors
    /// [`MarketplaceError::NotListed`], [`MarketplaceError::OtherVersion`], [`MarketplaceError::PaymentRequired`]; see
    /// [`Self::change_installation`].
    pub async fn upgrade_installation(
        &self,
        actor: &Actor,
        id: &str,
        condition: &Condition,
        request: UpgradeRequest,
    ) -> Result<InstallationDetail, MarketplaceError> {
        self.operate(actor, id, condition, &Operation::Upgrade(request)).await
    }

    /// The write that makes an upgrade; none if nothing changes.
    pub(super) async fn write_upgrade(
        &self,
        actor: &Actor,
        installed: &Installed,
        UpgradeRequest { version, change }: &UpgradeRequest,
    ) -> Result<Option<InstallationWrite>, MarketplaceError> {
        let listing = self.newest(actor, installed).await?;
        let newest = listing.summary.workflow_version;
        if version.is_some_and(|version| version != newest) {
            return Err(MarketplaceError::OtherVersion(newest));
        }
        if installed.installation.number == newest && change.is_empty() {
            return Ok(None);
        }
        check_installable(actor, &listing.summary)?;
        let present = self.present(installed)?;
        let write = self.prepare(actor, &listing.summary.id, &listing.definition, present, change.clone()).await?;
        Ok(Some(InstallationWrite { number: Some(newest), ..write }))
    }

    /// The listing of an installation, with its newest version.
    async fn newest(&self, actor: &Actor, installed: &Installed) -> Result<Listing, MarketplaceError> {
        let found = self.0.store.find(&installed.installation.listing, actor.sight()).await?;
        found.filter(|listing| listing.summary.status == Status::Published).ok_or(MarketplaceError::NotListed)
    }
}

fn preview(
    from: u32,
    to: u32,
    old: &str,
    new: &str,
    present: Present,
    pricing: Pricing,
    known: &dyn ActionCatalogue,
) -> UpgradePreview {
    let (before, after) = (Side::read(old, known), Side::read(new, known));
    let problems = match &after.parsed {
        Ok(definition) => Prepared::check(definition, present, InstallationChange::default()).err().unwrap_or_default(),
        Err(problems) => problems.clone(),
    };
    let (providers_before, providers_after) = (before.providers(), after.providers());
    UpgradePreview {
        from,
        to,
        providers_added: providers_after.difference(&providers_before).map(ToString::to_string).collect(),
        providers_removed: providers_before.difference(&providers_after).map(ToString::to_string).collect(),
        scopes_added: scopes_beyond(&after, &before),
        scopes_removed: scopes_beyond(&before, &after),
        inputs: differences(&before, &after),
        trigger_changed: before.value.get("trigger") != after.value.get("trigger"),
        pricing,
        problems,
    }
}

/// One of the two versions that are compared.
struct Side {
    value: Value,
    /// An old version may break a newer rule.
    parsed: Result<StoredDefinition, Vec<Problem>>,
}

/// An input of one version.
struct Input<'a> {
    schema: &'a Value,
    is_required: bool,
    is_secret: bool,
}

impl Side {
    fn read(json: &str, known: &dyn ActionCatalogue) -> Self {
        // It was JSON when it was stored.
        Self { value: serde_json::from_str(json).unwrap_or_default(), parsed: StoredDefinition::parse(json, known) }
    }

    fn providers(&self) -> BTreeSet<&str> {
        self.parsed.iter().flat_map(|definition| &definition.providers).map(String::as_str).collect()
    }

    fn inputs(&self) -> BTreeMap<&str, Input<'_>> {
        let schema = &self.value["inputs"];
        let secrets = self.parsed.as_ref().map(|definition| definition.workflow.secret_inputs()).unwrap_or_default();
        let required: BTreeSet<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let properties = schema["properties"].as_object().into_iter().flatten();
        properties
            .map(|(name, schema)| {
                let name = name.as_str();
                (name, Input { schema, is_required: required.contains(name), is_secret: secrets.contains(name) })
            })
            .collect()
    }

    /// What the inputs' schema says beside each input, to which an input may refer.
    fn shared(&self) -> Map<String, Value> {
        let mut schema = self.value["inputs"].as_object().cloned().unwrap_or_default();
        schema.retain(|keyword, _| keyword != "properties" && keyword != "required");
        schema
    }
}

/// The scopes that one version needs and another does not, by provider.
fn scopes_beyond(one: &Side, other: &Side) -> BTreeMap<String, Vec<String>> {
    let known = other.parsed.as_ref().ok().map(|definition| &definition.scopes);
    let beyond = |(provider, scopes): (&String, &BTreeSet<String>)| {
        let known = known.and_then(|known| known.get(provider));
        let is_new = |scope: &&String| known.is_none_or(|known| !known.contains(*scope));
        let scopes: Vec<String> = scopes.iter().filter(is_new).cloned().collect();
        (!scopes.is_empty()).then(|| (provider.clone(), scopes))
    };
    one.parsed.iter().flat_map(|definition| &definition.scopes).filter_map(beyond).collect()
}

fn differences(before: &Side, after: &Side) -> Vec<InputDifference> {
    let (old, new) = (before.inputs(), after.inputs());
    let is_shared_equal = before.shared() == after.shared();
    let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    let difference = |name: &str| {
        let (change, input) = match (old.get(name), new.get(name)) {
            (None, Some(input)) => (InputChange::Added, input),
            (Some(input), None) => (InputChange::Removed, input),
            (Some(was), Some(is)) => {
                let is_equal = was.schema == is.schema
                    && (was.is_required, was.is_secret) == (is.is_required, is.is_secret)
                    && (is_shared_equal || !has_reference(is.schema));
                if is_equal {
                    return None;
                }
                (InputChange::Changed, is)
            }
            (None, None) => return None,
        };
        let is_required = change != InputChange::Removed && input.is_required;
        Some(InputDifference {
            name: name.to_owned(),
            change,
            secret: input.is_secret,
            required: is_required,
            newly_required: is_required && old.get(name).is_none_or(|was| !was.is_required),
            schema: (change != InputChange::Removed).then(|| input.schema.clone()),
        })
    };
    names.into_iter().filter_map(difference).collect()
}

/// Whether a schema refers to others.
fn has_reference(schema: &Value) -> bool {
    match schema {
        Value::Object(members) => {
            members.iter().any(|(name, value)| REFERENCES.contains(&name.as_str()) || has_reference(value))
        }
        Value::Array(items) => items.iter().any(has_reference),
        _ => false,
    }
}
