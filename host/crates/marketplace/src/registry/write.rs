//! What owners do with their listings. Every write names the version that it was made for, so that none is lost.

use std::sync::Arc;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use workway_model::Timestamp;
use workway_workflow as workflow;
use workway_workflow::{Problem, SourceFormat};

use super::{Actor, MAX_ATTEMPTS, WRITES_AT_ONCE, WorkflowRegistry, read::unknown, validate::Validation};
use crate::{
    bounds::{MAX_CHANGELOG_CHARS, MAX_DEFINITION_BYTES, MAX_VERSIONS},
    error::{MarketplaceError, placed, taken},
    fields::{ListingChange, incomplete, longer, nul, problem, slug_of},
    listing::{Counts, Doc, Listing, NewVersion, Pricing, Source, Status, Summary, Visibility, new_listing_id},
    store::StoreError,
};

/// Where the definition stands in what a client sends, as JSON and as YAML.
const DEFINITION: &str = "/workflowDefinition";
const YAML: &str = "/workflowYaml";
/// Category used when the listing names none.
const DEFAULT_CATEGORY: &str = "other";

/// A listing that is to be made. Without a slug it gets one of its name, and without a source an empty definition.
#[derive(Clone, Debug)]
pub struct NewWorkflow {
    pub change: ListingChange,
    pub source: Option<Source>,
}

/// The listing's versions that a write is meant for (RFC 9110, `If-Match`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Whatever it is.
    Any,
    OneOf(Vec<u64>),
}

/// How an edit goes into the store.
struct Edit {
    version: Option<NewVersion>,
    definition: DefinitionCheck,
}

/// Validation that a definition needs before it is published.
enum DefinitionCheck {
    /// It is what was shown before.
    Unchanged,
    /// Everything.
    Needed,
    /// This: what is known of a valid one, or what is wrong with it.
    Done(Checked),
}

pub(super) type Checked = Result<Valid, Vec<Problem>>;

/// What is known of a valid definition.
#[derive(Clone, Debug, Default)]
pub(super) struct Valid {
    required_providers: Vec<String>,
    warnings: Vec<Problem>,
}

/// A listing after a write that may have checked its definition.
#[derive(Clone, Debug)]
pub struct Written {
    pub listing: Listing,
    /// What is allowed in the definition, but was probably not meant. Empty if the write did not check it.
    pub warnings: Vec<Problem>,
}

impl WorkflowRegistry {
    /// Makes a draft.
    ///
    /// # Errors
    /// [`MarketplaceError::NotDeveloper`]; [`MarketplaceError::Invalid`] with all problems; the store fails.
    pub async fn create_workflow(&self, actor: &Actor, new: NewWorkflow) -> Result<Listing, MarketplaceError> {
        let developer = actor.developer.clone().ok_or(MarketplaceError::NotDeveloper)?;
        let categories = self.get_categories().await?;
        let NewWorkflow { mut change, source } = new;
        if change.slug.is_none() {
            change.slug = change.name.as_deref().map(slug_of);
        }
        let now = Timestamp::now();
        let mut summary = Summary {
            doc: 0,
            id: new_listing_id(),
            slug: String::new(),
            name: String::new(),
            tagline: String::new(),
            category: DEFAULT_CATEGORY.to_owned(),
            tags: Vec::new(),
            pricing: Pricing::FREE,
            visibility: Visibility::Public,
            status: Status::Draft,
            required_providers: Vec::new(),
            developer,
            counts: Counts::default(),
            featured: None,
            workflow_version: 1,
            version: 1,
            created_at: now,
            updated_at: now,
            published_at: None,
        };
        let mut description = String::new();
        let mut problems = change.apply(&mut summary, &mut description, &categories);
        let read = match &source {
            Some(source) => self.read(source).await?,
            None => Ok(Value::Object(Map::new())),
        };
        let version = read.and_then(|definition| {
            let version = new_version(1, &definition, source, String::new())?;
            Ok((definition, version))
        });
        let (definition, version) = match version {
            Ok(version) if problems.is_empty() => version,
            version => {
                problems.extend(version.err().into_iter().flatten());
                return Err(MarketplaceError::Invalid(problems));
            }
        };
        // What of it can be said already; a draft may be half of a workflow.
        summary.required_providers =
            self.checked(&definition, version.source.as_ref()).await?.unwrap_or_default().required_providers;
        let listing = Listing {
            summary,
            description,
            definition: version.definition.clone(),
            source: version.source.clone(),
            screenshots: Vec::new(),
        };
        self.0.store.insert(&listing, &version).await?;
        self.invalidate_cache();
        self.reread(&listing.summary.id).await
    }

    /// Changes a listing; without conditions on whatever it is. See [`Self::create_workflow`] for new ones.
    ///
    /// # Errors
    /// [`MarketplaceError::UnknownListing`], [`MarketplaceError::NotOwner`], [`MarketplaceError::Stale`],
    /// [`MarketplaceError::Invalid`] with all problems; the store fails. The same for every write of an owner.
    pub async fn save_workflow(
        &self,
        actor: &Actor,
        id_or_slug: &str,
        condition: &Condition,
        change: ListingChange,
    ) -> Result<Listing, MarketplaceError> {
        let categories = self.get_categories().await?;
        let saved = self.edit(actor, id_or_slug, condition, false, |listing| {
            let problems = change.clone().apply(&mut listing.summary, &mut listing.description, &categories);
            if problems.is_empty() {
                Ok(Some(Edit { version: None, definition: DefinitionCheck::Unchanged }))
            } else {
                Err(MarketplaceError::Invalid(problems))
            }
        });
        saved.await.map(|written| written.listing)
    }

    /// Adds a version of the workflow. In a published listing it has to be whole, and new installations get it; who
    /// has the workflow stays on the version that was installed.
    ///
    /// # Errors
    /// See [`Self::save_workflow`].
    pub async fn add_version(
        &self,
        actor: &Actor,
        id_or_slug: &str,
        condition: &Condition,
        source: &Source,
        changelog: &str,
    ) -> Result<Written, MarketplaceError> {
        self.own(actor, id_or_slug, false).await?;
        let definition = self.read(source).await?.map_err(MarketplaceError::Invalid)?;
        let checked = self.checked(&definition, Some(source)).await?;
        self.edit(actor, id_or_slug, condition, false, |listing| {
            let number = listing.summary.workflow_version + 1;
            if number > MAX_VERSIONS {
                return Err(StoreError::TooMany { what: "versions per workflow", most: MAX_VERSIONS }.into());
            }
            let version = new_version(number, &definition, Some(source.clone()), changelog.to_owned())
                .map_err(MarketplaceError::Invalid)?;
            listing.summary.workflow_version = number;
            listing.definition.clone_from(&version.definition);
            listing.source.clone_from(&version.source);
            let checked = checked.clone();
            listing.summary.required_providers = checked.clone().unwrap_or_default().required_providers;
            Ok(Some(Edit { version: Some(version), definition: DefinitionCheck::Done(checked) }))
        })
        .await
    }

    /// Shows a listing to others, if nothing is wrong with it. Of a published one nothing changes.
    ///
    /// # Errors
    /// See [`Self::save_workflow`].
    pub async fn publish_workflow(
        &self,
        actor: &Actor,
        id_or_slug: &str,
        condition: &Condition,
    ) -> Result<Written, MarketplaceError> {
        self.edit(actor, id_or_slug, condition, false, |listing| {
            if listing.summary.status == Status::Published {
                return Ok(None);
            }
            listing.summary.status = Status::Published;
            listing.summary.published_at.get_or_insert_with(Timestamp::now);
            Ok(Some(Edit { version: None, definition: DefinitionCheck::Needed }))
        })
        .await
    }

    /// Takes a listing out of everything that others see. The operator may do that, too.
    ///
    /// # Errors
    /// [`MarketplaceError::NotPublished`] for a draft; see [`Self::save_workflow`].
    pub async fn unpublish_workflow(
        &self,
        actor: &Actor,
        id_or_slug: &str,
        condition: &Condition,
    ) -> Result<Listing, MarketplaceError> {
        let unpublished =
            self.edit(actor, id_or_slug, condition, actor.is_admin, |listing| match listing.summary.status {
                Status::Unpublished => Ok(None),
                Status::Published => {
                    listing.summary.status = Status::Unpublished;
                    Ok(Some(Edit { version: None, definition: DefinitionCheck::Unchanged }))
                }
                status @ (Status::Draft | Status::Deleted) => Err(MarketplaceError::NotPublished(status)),
            });
        unpublished.await.map(|written| written.listing)
    }

    /// Takes a listing out for good. Who installed it keeps it. The operator may do that, too.
    ///
    /// # Errors
    /// See [`Self::save_workflow`].
    pub async fn delete_workflow(
        &self,
        actor: &Actor,
        id_or_slug: &str,
        condition: &Condition,
    ) -> Result<(), MarketplaceError> {
        let deleted = self.edit(actor, id_or_slug, condition, actor.is_admin, |listing| {
            listing.summary.status = Status::Deleted;
            Ok(Some(Edit { version: None, definition: DefinitionCheck::Unchanged }))
        });
        deleted.await.map(drop)
    }

    /// Puts a listing among the featured ones, or takes it out. For the operator.
    ///
    /// # Errors
    /// [`MarketplaceError::UnknownListing`], [`MarketplaceError::NotPublished`]; the store fails.
    pub async fn feature_workflow(&self, id_or_slug: &str, position: Option<u32>) -> Result<Listing, MarketplaceError> {
        let listing = self.reread(id_or_slug).await?;
        if position.is_some() && listing.summary.status != Status::Published {
            return Err(MarketplaceError::NotPublished(listing.summary.status));
        }
        self.0.store.feature(listing.summary.doc, position).await?;
        self.invalidate_cache();
        self.reread(&listing.summary.id).await
    }

    /// Reads, changes and stores one listing, once more if another write came between and the caller does not mind. Writes
    /// of this process to one listing wait for each other.
    async fn edit(
        &self,
        actor: &Actor,
        id_or_slug: &str,
        condition: &Condition,
        also_admin: bool,
        change: impl Fn(&mut Listing) -> Result<Option<Edit>, MarketplaceError>,
    ) -> Result<Written, MarketplaceError> {
        let doc = self.own(actor, id_or_slug, also_admin).await?.summary.doc;
        let _writing = self.0.writing[place(doc)].lock().await;
        for _ in 0..MAX_ATTEMPTS {
            let mut listing = self.own(actor, id_or_slug, also_admin).await?;
            let version = listing.summary.version;
            if matches!(condition, Condition::OneOf(versions) if !versions.contains(&version)) {
                return Err(MarketplaceError::Stale);
            }
            let Some(edit) = change(&mut listing)? else { return Ok(Written { listing, warnings: Vec::new() }) };
            let checked = match edit.definition {
                DefinitionCheck::Unchanged => None,
                DefinitionCheck::Done(checked) => Some(checked),
                // It was JSON when it was stored.
                DefinitionCheck::Needed => {
                    let definition = serde_json::from_str(&listing.definition).unwrap_or_default();
                    Some(self.checked(&definition, listing.source.as_ref()).await?)
                }
            };
            let warnings = checked.iter().flatten().flat_map(|valid| valid.warnings.clone()).collect();
            if listing.summary.status == Status::Published {
                self.check_published(&mut listing, checked).await?;
            }
            let now = Timestamp::now();
            if self.0.store.update(&listing, edit.version.as_ref(), now).await? {
                self.invalidate_cache();
                listing.summary.version += 1;
                listing.summary.updated_at = now;
                let listing = match self.reread(&listing.summary.id).await {
                    // Deleted, by this write or one that came after it: what was written is done all the same.
                    Err(MarketplaceError::UnknownListing(_)) => listing,
                    reread => reread?,
                };
                return Ok(Written { listing, warnings });
            }
        }
        Err(MarketplaceError::Stale)
    }

    /// A listing that the actor may change. Of what is another's, only what all may see is admitted to be there.
    pub(super) async fn own(
        &self,
        actor: &Actor,
        id_or_slug: &str,
        also_admin: bool,
    ) -> Result<Listing, MarketplaceError> {
        let found = self.0.store.find(id_or_slug, actor.sight()).await?.ok_or_else(|| unknown(id_or_slug))?;
        if actor.owns(&found.summary) || also_admin { Ok(found) } else { Err(MarketplaceError::NotOwner) }
    }

    /// As it stands now, whoever asks.
    async fn reread(&self, id_or_slug: &str) -> Result<Listing, MarketplaceError> {
        let found = self.0.store.find(id_or_slug, crate::store::Sight::EVERYTHING).await?;
        found.ok_or_else(|| unknown(id_or_slug))
    }

    /// Everything that keeps a listing from being shown, at once. `checked` is about its definition, if that is new.
    async fn check_published(&self, listing: &mut Listing, checked: Option<Checked>) -> Result<(), MarketplaceError> {
        let mut problems = incomplete(&listing.summary, &listing.description);
        if listing.summary.is_public() {
            // Whoever takes one of them after this look is found by the store when the listing is written.
            problems.extend(self.0.store.taken(&listing.summary).await?.into_iter().map(taken));
        }
        match checked {
            Some(Ok(valid)) => listing.summary.required_providers = valid.required_providers,
            Some(Err(more)) => problems.extend(more),
            None => {}
        }
        if problems.is_empty() { Ok(()) } else { Err(MarketplaceError::Invalid(problems)) }
    }

    /// The definition that a text contains, or what is wrong with it. One in YAML has to be whole.
    async fn read(&self, source: &Source) -> Result<Result<Value, Vec<Problem>>, MarketplaceError> {
        let source = source.clone();
        self.checking(move |_| read(&source)).await
    }

    /// What is known of a valid definition, or everything that is wrong with it, with positions in its source.
    pub(super) async fn checked(
        &self,
        definition: &Value,
        source: Option<&Source>,
    ) -> Result<Checked, MarketplaceError> {
        let (definition, source) = (definition.clone(), source.cloned());
        self.checking(move |known| checked(&definition, source.as_ref(), known)).await
    }

    /// Does what takes a core for a while away from everybody else, and little of it at once.
    pub(super) async fn checking<T: Send + 'static>(
        &self,
        check: impl FnOnce(&dyn workflow::ActionCatalogue) -> T + Send + 'static,
    ) -> Result<T, MarketplaceError> {
        let place = Arc::clone(&self.0.checking).acquire_owned().await.map_err(|_| MarketplaceError::Busy)?;
        let known = Arc::clone(&self.0.known);
        let checked = tokio::task::spawn_blocking(move || {
            let checked = check(&*known);
            drop(place);
            checked
        });
        checked.await.map_err(|error| StoreError::Unavailable(error.to_string()).into())
    }
}

fn read(source: &Source) -> Result<Value, Vec<Problem>> {
    let document = source.format.read(&source.text);
    let (place, value) = match source.format {
        SourceFormat::Json => (DEFINITION, document.map(|document| document.value)),
        SourceFormat::Yaml => {
            let definition = document.and_then(|document| workflow::WorkflowDefinition::from_document(&document));
            (YAML, definition.map(|definition| definition.to_value()))
        }
    };
    value.map_err(|error| error.problems.into_iter().map(|problem| placed(place, problem)).collect())
}

fn checked(definition: &Value, source: Option<&Source>, known: &dyn workflow::ActionCatalogue) -> Checked {
    let document = source.and_then(|source| source.format.read(&source.text).ok());
    let written = source.zip(document.as_ref());
    let Validation { errors, warnings, required_providers } = Validation::new(definition, written, known);
    let placed = |problems: Vec<Problem>| -> Vec<Problem> {
        problems.into_iter().map(|problem| placed(DEFINITION, problem)).collect()
    };
    if errors.is_empty() { Ok(Valid { required_providers, warnings: placed(warnings) }) } else { Err(placed(errors)) }
}

/// Which of the locks is a listing's.
fn place(listing: Doc) -> usize {
    usize::try_from(listing).unwrap_or_default() % WRITES_AT_ONCE
}

/// A version of a definition that may be half of one, but is an object in bounds.
fn new_version(
    number: u32,
    definition: &Value,
    source: Option<Source>,
    changelog: String,
) -> Result<NewVersion, Vec<Problem>> {
    let mut problems = Vec::new();
    if !definition.is_object() {
        problems.push(problem(DEFINITION, "the definition must be a JSON object"));
    }
    let text = definition.to_string();
    if text.len() > MAX_DEFINITION_BYTES {
        problems.push(problem(
            DEFINITION,
            format!("the definition must have at most {MAX_DEFINITION_BYTES} bytes (got {})", text.len()),
        ));
    }
    problems.extend(longer("/changelog", &changelog, MAX_CHANGELOG_CHARS));
    problems.extend(nul("/changelog", &changelog));
    if !problems.is_empty() {
        return Err(problems);
    }
    let content_hash = hex::encode(Sha256::digest(&text));
    Ok(NewVersion { number, definition: text, content_hash, changelog, source })
}
