//! The marketplace's rules on its real tables: what a write leaves in the rows and the cache. Search has tests of its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::{Value, json};
use workway_marketplace::{
    ActionCatalogue, Actor, CatalogueAction, CatalogueOffer, CatalogueTrigger, Condition, DeveloperRef,
    InstallationChange, ListFilter, Listing, ListingChange, MarketplaceError, NewWorkflow, Sort, Source, SourceFormat,
    Status, StoreError, WorkflowRegistry,
    bounds::{MAX_LISTINGS_PER_DEVELOPER, MAX_VERSIONS},
};
use workway_model::{ActionId, IntegrationId, LocalId, Schema};
use workway_vault::{KeyFile, KeyRing, Vault};

use crate::{
    Database,
    pool::tests::{fresh, open},
};

const CACHE_BYTES: u64 = 1 << 20;
/// 32 zeros.
pub(super) const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// Knows `hello.echo` alone, which needs an account at GitHub.
pub(super) struct Hello;

impl ActionCatalogue for Hello {
    fn action(&self, id: &ActionId) -> Option<CatalogueAction> {
        (id.to_string() == "hello.echo").then(|| CatalogueAction {
            input_schema: Schema::parse(r#"{ "type": "object", "required": ["message"] }"#).unwrap(),
            output_schema: Schema::parse(r#"{ "type": "object" }"#).unwrap(),
            providers: BTreeSet::from(["github".parse().unwrap()]),
        })
    }

    fn trigger(&self, _integration: &IntegrationId, _trigger: &LocalId) -> Option<CatalogueTrigger> {
        None
    }

    fn scopes(&self, _action: &ActionId) -> BTreeSet<String> {
        BTreeSet::from(["repo".to_owned()])
    }

    fn offers(&self) -> BTreeMap<IntegrationId, CatalogueOffer> {
        let offer = CatalogueOffer { actions: vec!["echo".parse().unwrap()], triggers: Vec::new() };
        BTreeMap::from([("hello".parse().unwrap(), offer)])
    }
}

pub(super) async fn marketplace(database: &Database) -> WorkflowRegistry {
    marketplace_with(database, vault(database, KEY)).await
}

pub(super) async fn marketplace_with(database: &Database, vault: Arc<Vault>) -> WorkflowRegistry {
    let registry = WorkflowRegistry::new(Arc::new(database.listings()), Arc::new(Hello), vault, CACHE_BYTES);
    registry.initialize().await.unwrap();
    registry
}

/// A vault with these keys, the active one first.
pub(super) fn vault(database: &Database, keys: &str) -> Arc<Vault> {
    let folder = tempfile::tempdir().unwrap();
    let file = KeyFile::open(&folder.path().join("key")).unwrap();
    let ring = KeyRing::load(Some(&keys.to_owned().into()), &file).unwrap();
    Arc::new(Vault::new(&ring, None, Arc::new(database.keyed_records())))
}

pub(super) async fn developer(database: &Database, slug: &str) -> Actor {
    let id = format!("dev_{slug}");
    sqlx::query("INSERT INTO developers (id, user_id, slug, name, created_at, updated_at) VALUES (?, ?, ?, ?, 0, 0)")
        .bind(&id)
        .bind(slug)
        .bind(slug)
        .bind(slug)
        .execute(&database.writer)
        .await
        .unwrap();
    let developer = DeveloperRef { id, slug: slug.to_owned(), name: slug.to_owned() };
    Actor { user: slug.parse().unwrap(), developer: Some(developer), is_admin: false }
}

pub(super) fn user(name: &str) -> Actor {
    Actor { user: name.parse().unwrap(), developer: None, is_admin: false }
}

pub(super) fn greeting() -> Value {
    json!({
        "name": "Greet",
        "trigger": { "manual": {} },
        "steps": [{ "id": "greet", "uses": "hello.echo", "with": { "message": "hi" } }],
    })
}

pub(super) fn named(name: &str, definition: Value) -> NewWorkflow {
    let change = ListingChange {
        name: Some(name.to_owned()),
        tagline: Some("Says hello".to_owned()),
        description: Some("Greets whoever comes.".to_owned()),
        tags: Some(vec!["Greeting".to_owned(), "greeting".to_owned()]),
        ..ListingChange::default()
    };
    NewWorkflow { change, source: Some(json_source(&definition)) }
}

pub(super) fn json_source(definition: &Value) -> Source {
    Source { format: SourceFormat::Json, text: format!("{definition:#}") }
}

pub(super) async fn published(registry: &WorkflowRegistry, actor: &Actor, name: &str) -> Listing {
    let draft = registry.create_workflow(actor, named(name, greeting())).await.unwrap();
    registry.publish_workflow(actor, &draft.summary.id, &Condition::Any).await.unwrap().listing
}

pub(super) async fn found(registry: &WorkflowRegistry, text: &str) -> Vec<String> {
    let page = registry.search_workflows(Some(text), ListFilter::all(Sort::Relevance, 10, 0)).await.unwrap();
    assert_eq!(usize::try_from(page.total).unwrap(), page.items.len());
    page.items.iter().map(|item| item.name.clone()).collect()
}

fn pointers(error: MarketplaceError) -> Vec<String> {
    let MarketplaceError::Invalid(problems) = error else { panic!("{error}") };
    problems.into_iter().map(|problem| problem.pointer).collect()
}

#[tokio::test]
async fn a_write_is_found_at_once_and_no_answer_of_before_is_given_after_it() {
    let (database, _guard) = fresh().await;
    let (registry, ann) = (marketplace(&database).await, developer(&database, "ann").await);
    assert_eq!(found(&registry, "standup").await, [""; 0]);
    let draft = registry.create_workflow(&ann, named("Daily Standup", greeting())).await.unwrap();
    assert_eq!((draft.summary.slug.as_str(), draft.summary.tags.len()), ("daily-standup", 1));
    assert_eq!(found(&registry, "standup").await, [""; 0]);
    let id = draft.summary.id;
    let listing = registry.publish_workflow(&ann, &id, &Condition::Any).await.unwrap().listing;
    assert_eq!(listing.summary.required_providers, ["github"]);
    assert_eq!(found(&registry, "standup").await, ["Daily Standup"]);
    let change = ListingChange { name: Some("Weekly Review".to_owned()), ..ListingChange::default() };
    registry.save_workflow(&ann, &id, &Condition::Any, change).await.unwrap();
    assert_eq!((found(&registry, "standup").await.len(), found(&registry, "weekly").await.len()), (0, 1));
    registry.unpublish_workflow(&ann, &id, &Condition::Any).await.unwrap();
    assert_eq!(found(&registry, "weekly").await, [""; 0]);
    assert!(registry.get_workflow("daily-standup", None).await.is_err());
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once() {
    let (database, _guard) = fresh().await;
    let (registry, ann) = (marketplace(&database).await, developer(&database, "ann").await);
    let mut definition = greeting();
    definition["steps"][0]["uses"] = json!("hello.wave");
    definition["steps"][0]["with"]["message"] = json!("ghp_0123456789abcdefghijklmnopqrstuvwxyz");
    let change = ListingChange { name: Some("Half".to_owned()), ..ListingChange::default() };
    let draft =
        registry.create_workflow(&ann, NewWorkflow { change, source: Some(json_source(&definition)) }).await.unwrap();
    let error = registry.publish_workflow(&ann, &draft.summary.id, &Condition::Any).await.unwrap_err();
    assert!(!format!("{error:?}").contains("ghp_"));
    let found: BTreeSet<String> = pointers(error).into_iter().collect();
    for pointer in
        ["/tagline", "/description", "/workflowDefinition/steps/0/uses", "/workflowDefinition/steps/0/with/message"]
    {
        assert!(found.contains(pointer), "{pointer} is not in {found:?}");
    }
    let change = ListingChange {
        name: Some("!".to_owned()),
        slug: Some("No".to_owned()),
        category: Some("x".to_owned()),
        tags: Some(vec!["…".to_owned()]),
        ..ListingChange::default()
    };
    let error = registry
        .create_workflow(&ann, NewWorkflow { change, source: Some(json_source(&json!([]))) })
        .await
        .unwrap_err();
    assert_eq!(pointers(error), ["/name", "/slug", "/category", "/tags/0", "/workflowDefinition"]);
}

#[tokio::test]
async fn the_authors_text_comes_back_as_it_was_sent() {
    let (database, _guard) = fresh().await;
    let (registry, ann) = (marketplace(&database).await, developer(&database, "ann").await);
    let yaml = "\u{feff}# Greets.\r\nname: Greet\ntrigger: { manual: {} } # by hand\nsteps:\n  - { uses: hello.echo, id: greet, with: { message: \"hi\" } }\n";
    let source = Source { format: SourceFormat::Yaml, text: yaml.to_owned() };
    let new = NewWorkflow { source: Some(source.clone()), ..named("Greet", Value::Null) };
    let draft = registry.create_workflow(&ann, new).await.unwrap();
    assert_eq!(draft.source, Some(source.clone()));
    assert_eq!(serde_json::from_str::<Value>(&draft.definition).unwrap(), greeting());
    let published = registry.publish_workflow(&ann, &draft.summary.id, &Condition::Any).await.unwrap();
    assert_eq!(published.listing.source, Some(source.clone()));
    assert_eq!(registry.get_workflow("greet", None).await.unwrap().source, Some(source.clone()));
    // A change of the texts leaves it, and a version replaces it.
    let change = ListingChange { tagline: Some("Says hi".to_owned()), ..ListingChange::default() };
    let changed = registry.save_workflow(&ann, &draft.summary.id, &Condition::Any, change).await.unwrap();
    assert_eq!(changed.source, Some(source));
    let json = json_source(&greeting());
    let added = registry.add_version(&ann, &draft.summary.id, &Condition::Any, &json, "").await.unwrap().listing;
    assert_eq!(added.source, Some(json));
    let empty =
        registry.create_workflow(&ann, NewWorkflow { source: None, ..named("Empty", Value::Null) }).await.unwrap();
    assert_eq!((empty.source, empty.definition.as_str()), (None, "{}"));
}

#[tokio::test]
async fn a_version_from_before_texts_were_stored_has_none() {
    let (database, _guard) = fresh().await;
    let (registry, ann) = (marketplace(&database).await, developer(&database, "ann").await);
    let id = registry.create_workflow(&ann, named("Daily", greeting())).await.unwrap().summary.id;
    sqlx::query(
        "INSERT INTO workflow_versions (listing, number, content_hash, changelog, created_at, definition) \
         VALUES (1, 2, hex(zeroblob(32)), '', 0, '{}')",
    )
    .execute(&database.writer)
    .await
    .unwrap();
    sqlx::query("UPDATE marketplace_integrations SET workflow_version = 2").execute(&database.writer).await.unwrap();
    assert_eq!(registry.get_workflow(&id, Some(&ann)).await.unwrap().source, None);
    let half = "INSERT INTO workflow_versions (listing, number, content_hash, changelog, created_at, definition, source) \
                VALUES (1, 3, hex(zeroblob(32)), '', 0, '{}', 'text')";
    assert!(sqlx::query(half).execute(&database.writer).await.is_err(), "a text without its format");
}

#[tokio::test]
async fn problems_have_the_line_and_column_of_the_authors_text() {
    let (database, _guard) = fresh().await;
    let (registry, ann) = (marketplace(&database).await, developer(&database, "ann").await);
    let places = |error: MarketplaceError| {
        let MarketplaceError::Invalid(problems) = error else { panic!("{error}") };
        let mut places = Vec::new();
        for problem in problems {
            places.push((problem.pointer, problem.position.map(|position| (position.line, position.column))));
        }
        places
    };
    let of = |format, text: &str| NewWorkflow {
        source: Some(Source { format, text: text.to_owned() }),
        ..named("Greet", Value::Null)
    };
    let head = "name: a\ntrigger: { manual: {} }\nsteps:\n";
    let slip = format!("{head}  - {{ id: a, sleep: 01 }}\n");
    let error = registry.create_workflow(&ann, of(SourceFormat::Yaml, &slip)).await.unwrap_err();
    assert_eq!(places(error), [("/workflowYaml".to_owned(), Some((4, 21)))]);
    let form = format!("{head}  - {{ id: a, sleep: soon }}\n");
    let error = registry.create_workflow(&ann, of(SourceFormat::Yaml, &form)).await.unwrap_err();
    assert_eq!(places(error), [("/workflowYaml/steps/0/sleep".to_owned(), Some((4, 14)))]);
    let error = registry.create_workflow(&ann, of(SourceFormat::Json, "{\n \"a\": 1e999 }")).await.unwrap_err();
    assert_eq!(places(error), [("/workflowDefinition".to_owned(), Some((2, 7)))]);
    let long = format!("{{\"a\": \"{}\"}}", "x".repeat(256 << 10));
    let error = registry.create_workflow(&ann, of(SourceFormat::Json, &long)).await.unwrap_err();
    assert_eq!(places(error), [("/workflowDefinition".to_owned(), None)], "longer than a text may be");
    let unknown = format!("{head}  - id: a\n    uses: hello.wave\n");
    let draft = registry.create_workflow(&ann, of(SourceFormat::Yaml, &unknown)).await.unwrap();
    let error = registry.publish_workflow(&ann, &draft.summary.id, &Condition::Any).await.unwrap_err();
    assert_eq!(places(error), [("/workflowDefinition/steps/0/uses".to_owned(), Some((5, 5)))]);
}

#[tokio::test]
async fn a_name_and_a_slug_are_taken_by_what_is_public_alone() {
    let (database, _guard) = fresh().await;
    let registry = marketplace(&database).await;
    let (ann, ben) = (developer(&database, "ann").await, developer(&database, "ben").await);
    let draft = registry.create_workflow(&ann, named("Same Thing", greeting())).await.unwrap();
    let other = published(&registry, &ben, "Same Thing").await;
    let error = registry.publish_workflow(&ann, &draft.summary.id, &Condition::Any).await.unwrap_err();
    assert!(matches!(pointers(error)[0].as_str(), "/name" | "/slug"));
    let renamed = ListingChange {
        name: Some("SÀME, thing!".to_owned()),
        slug: Some("another".to_owned()),
        ..ListingChange::default()
    };
    registry.save_workflow(&ann, &draft.summary.id, &Condition::Any, renamed).await.unwrap();
    let error = registry.publish_workflow(&ann, &draft.summary.id, &Condition::Any).await.unwrap_err();
    assert_eq!(pointers(error), ["/name"]);
    registry.delete_workflow(&ben, &other.summary.id, &Condition::Any).await.unwrap();
    registry.publish_workflow(&ann, &draft.summary.id, &Condition::Any).await.unwrap();
    let error = registry.create_workflow(&ann, named("Another", greeting())).await.unwrap_err();
    assert_eq!(pointers(error), ["/slug"]);
}

#[tokio::test]
async fn a_write_for_another_version_changes_nothing() {
    let (database, _guard) = fresh().await;
    let (registry, ann) = (marketplace(&database).await, developer(&database, "ann").await);
    let listing = published(&registry, &ann, "Daily").await;
    let (id, version) = (listing.summary.id, listing.summary.version);
    let change = |tagline: &str| ListingChange { tagline: Some(tagline.to_owned()), ..ListingChange::default() };
    // Somebody's installation does not stand in the owner's way.
    registry.increment_install_count(&user("zoe"), &id, InstallationChange::default()).await.unwrap();
    let now = Condition::OneOf(vec![version]);
    let changed = registry.save_workflow(&ann, &id, &now, change("One")).await.unwrap();
    assert_eq!((changed.summary.version, changed.summary.tagline.as_str()), (version + 1, "One"));
    let stale = registry.save_workflow(&ann, &id, &now, change("Two")).await.unwrap_err();
    assert_eq!(stale, MarketplaceError::Stale);
    // Without a condition writes at once are made one after the other.
    let all = (0..4).map(|number| registry.save_workflow(&ann, &id, &Condition::Any, change(&number.to_string())));
    for saved in futures_util::future::join_all(all).await {
        saved.unwrap();
    }
    assert_eq!(registry.get_workflow(&id, None).await.unwrap().summary.version, version + 5);
}

#[tokio::test]
async fn counts_are_of_users_and_ratings_are_exact() {
    let (database, _guard) = fresh().await;
    let (registry, ann) = (marketplace(&database).await, developer(&database, "ann").await);
    let id = published(&registry, &ann, "Daily").await.summary.id;
    let early = registry.review_workflow(&user("u0"), &id, 5, "").await.unwrap_err();
    assert_eq!(early, MarketplaceError::ReviewWithoutInstallation);
    for name in ["u0", "u1", "u2"] {
        let (first, is_new) =
            registry.increment_install_count(&user(name), &id, InstallationChange::default()).await.unwrap();
        let (second, again) =
            registry.increment_install_count(&user(name), &id, InstallationChange::default()).await.unwrap();
        assert!(is_new && !again && first == second);
    }
    for _ in 0..2 {
        registry.decrement_active_install_count(&user("u0"), &id).await.unwrap();
    }
    registry.increment_install_count(&user("u0"), &id, InstallationChange::default()).await.unwrap();
    registry.decrement_active_install_count(&user("u2"), &id).await.unwrap();
    for (name, rating, is_new) in [("u0", 1, true), ("u1", 4, true), ("u0", 5, false), ("u2", 2, true)] {
        let (review, created) = registry.review_workflow(&user(name), &id, rating, "text").await.unwrap();
        assert_eq!((review.rating, created), (rating, is_new));
    }
    let counts = registry.get_workflow(&id, None).await.unwrap().summary.counts;
    assert_eq!((counts.installs, counts.active_installs, counts.rating_sum, counts.reviews), (3, 2, 11, 3));
    assert_eq!(registry.review_workflow(&ann, &id, 5, "").await.unwrap_err(), MarketplaceError::OwnListing);
    let stats = registry.get_stats().await.unwrap();
    assert_eq!((stats.listings, stats.installs, stats.active_installs, stats.reviews), (1, 3, 2, 3));
}

#[tokio::test]
async fn warnings_come_with_what_was_published_and_do_not_stop_it() {
    let (database, _guard) = fresh().await;
    let (registry, ann) = (marketplace(&database).await, developer(&database, "ann").await);
    let mut definition = greeting();
    definition["steps"][0]["with"]["message"] = json!("costs ${{ run.id }}");
    let id = registry.create_workflow(&ann, named("Daily", definition.clone())).await.unwrap().summary.id;
    let published = registry.publish_workflow(&ann, &id, &Condition::Any).await.unwrap();
    assert_eq!(published.listing.summary.status, Status::Published);
    let pointer = "/workflowDefinition/steps/0/with/message";
    assert!(matches!(&published.warnings[..], [only] if only.pointer == pointer), "{:?}", published.warnings);
    let again = registry.publish_workflow(&ann, &id, &Condition::Any).await.unwrap();
    assert_eq!(again.warnings, [], "nothing was checked");
    let version = registry.add_version(&ann, &id, &Condition::Any, &json_source(&definition), "").await.unwrap();
    assert_eq!(version.warnings, published.warnings);
}

#[tokio::test]
async fn validating_stores_nothing() {
    let (database, _guard) = fresh().await;
    let (registry, ann) = (marketplace(&database).await, developer(&database, "ann").await);
    let validate = async |source| registry.validate_definition(&ann, source).await.unwrap();
    let valid = validate(json_source(&greeting())).await;
    assert_eq!((valid.errors.len(), valid.required_providers), (0, vec!["github".to_owned()]));
    let mut wrong = greeting();
    wrong["steps"][0]["uses"] = json!("hello.eccho");
    wrong["steps"][0]["with"]["message"] = json!("ghp_0123456789abcdefghijklmnopqrstuvwxyz");
    let found = validate(json_source(&wrong)).await;
    let lines: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
    assert!(lines[0].contains("unknown action \"hello.eccho\": did you mean \"hello.echo\"?"), "{lines:?}");
    assert!(lines[1].contains("looks like"), "{lines:?}");
    assert!(found.errors.iter().all(|problem| problem.position.is_some_and(|at| at.line > 1)), "{:?}", found.errors);
    assert_eq!(found.required_providers, [""; 0]);
    for (text, errors) in [
        ("name: a\ntrigger: { manual: {} }\nsteps: [{ id: a, sleep: 1s }]", 0),
        ("name: a\ntrigger: { manual: {} }\nsteps: [{ id: a, sleep: 1x }, { id: a }]", 3),
        ("name: [", 1),
        ("", 1),
    ] {
        assert_eq!(
            validate(Source { format: SourceFormat::Yaml, text: text.to_owned() }).await.errors.len(),
            errors,
            "{text}"
        );
    }
    let stored: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM marketplace_integrations").fetch_one(&database.writer).await.unwrap();
    assert_eq!(stored, 0);
    let refused = registry.validate_definition(&user("zoe"), json_source(&greeting())).await;
    assert_eq!(refused.unwrap_err(), MarketplaceError::NotDeveloper);
}

#[tokio::test]
async fn what_is_installed_stays_when_the_listing_goes() {
    let (database, _guard) = fresh().await;
    let (registry, ann, zoe) = (marketplace(&database).await, developer(&database, "ann").await, user("zoe"));
    let id = published(&registry, &ann, "Daily").await.summary.id;
    let (installed, _) = registry.increment_install_count(&zoe, &id, InstallationChange::default()).await.unwrap();
    let mut newer = greeting();
    newer["name"] = json!("Greet twice");
    let listing =
        registry.add_version(&ann, &id, &Condition::Any, &json_source(&newer), "twice").await.unwrap().listing;
    assert_eq!(listing.summary.workflow_version, 2);
    registry.delete_workflow(&ann, &id, &Condition::Any).await.unwrap();
    assert!(registry.get_workflow(&id, Some(&ann)).await.is_err());
    assert!(registry.increment_install_count(&user("late"), &id, InstallationChange::default()).await.is_err());
    let still = registry.get_installation(&zoe, &id).await.unwrap();
    assert_eq!(
        (
            (still.installation.number, still.installation.newest),
            serde_json::from_str::<Value>(&still.definition.json).unwrap()
        ),
        ((installed.number, None), greeting())
    );
    assert_eq!(still.definition.source, Some(json_source(&greeting())), "the text of the version that is installed");
    registry.decrement_active_install_count(&zoe, &id).await.unwrap();
    assert!(registry.get_installation(&zoe, &id).await.unwrap().installation.uninstalled_at.is_some());
}

#[tokio::test]
async fn what_another_process_publishes_is_found() {
    let (database, folder) = fresh().await;
    let other = open(folder.path()).await.unwrap();
    let (here, there, ann) =
        (marketplace(&database).await, marketplace(&other).await, developer(&database, "ann").await);
    assert_eq!(found(&there, "daily").await, [""; 0]);
    let id = published(&here, &ann, "Daily").await.summary.id;
    there.follow_others().await;
    assert_eq!(found(&there, "daily").await, ["Daily"]);
    there.delete_workflow(&ann, &id, &Condition::Any).await.unwrap();
    here.follow_others().await;
    assert_eq!(found(&here, "daily").await, [""; 0]);
    // A host that starts later finds it, too.
    published(&there, &ann, "Weekly").await;
    assert_eq!(found(&marketplace(&database).await, "week").await, ["Weekly"]);
    other.close().await;
}

#[tokio::test]
async fn versions_and_listings_cannot_be_rewritten() {
    let (database, _guard) = fresh().await;
    let (registry, ann) = (marketplace(&database).await, developer(&database, "ann").await);
    let listing = published(&registry, &ann, "Daily").await;
    assert_eq!(listing.summary.status, Status::Published);
    for statement in [
        "UPDATE workflow_versions SET definition = '{}'",
        "DELETE FROM workflow_versions",
        "DELETE FROM marketplace_integrations",
        "UPDATE marketplace_integrations SET active_install_count = 1",
        "UPDATE marketplace_integrations SET rating_sum = 1",
        "UPDATE marketplace_integrations SET price_cents = 100",
        "UPDATE marketplace_integrations SET status = 'deleted'",
    ] {
        assert!(sqlx::query(statement).execute(&database.writer).await.is_err(), "{statement}");
    }
}

#[tokio::test]
async fn a_developer_has_so_many_workflows_and_a_workflow_so_many_versions() {
    let (database, _guard) = fresh().await;
    let (registry, ann) = (marketplace(&database).await, developer(&database, "ann").await);
    let id = registry.create_workflow(&ann, named("Daily", greeting())).await.unwrap().summary.id;
    sqlx::query("UPDATE marketplace_integrations SET workflow_version = ?")
        .bind(MAX_VERSIONS)
        .execute(&database.writer)
        .await
        .unwrap();
    let version = registry.add_version(&ann, &id, &Condition::Any, &json_source(&greeting()), "").await.unwrap_err();
    assert_eq!(
        version,
        MarketplaceError::Store(StoreError::TooMany { what: "versions per workflow", most: MAX_VERSIONS })
    );
    // Deleted ones count: their rows stay.
    registry.delete_workflow(&ann, &id, &Condition::Any).await.unwrap();
    sqlx::query(
        "WITH RECURSIVE numbers (number) AS (SELECT 2 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?) \
         INSERT INTO marketplace_integrations (id, developer_id, slug, name, name_key, tagline, category, tags, \
         pricing_model, price_cents, visibility, status, required_oauth_providers, workflow_version, created_at, updated_at, \
         description, workflow_definition) \
         SELECT 'wf_' || number, 'dev_ann', 'made-' || number, 'Made', 'made', '', 'other', '[]', 'free', 0, 'public', 'draft', \
         '[]', 1, 0, 0, '', '{}' FROM numbers",
    )
    .bind(MAX_LISTINGS_PER_DEVELOPER)
    .execute(&database.writer)
    .await
    .unwrap();
    let one_more = registry.create_workflow(&ann, named("Weekly", greeting())).await.unwrap_err();
    assert!(matches!(one_more, MarketplaceError::Store(StoreError::TooMany { .. })), "{one_more}");
    // And others go on.
    let ben = developer(&database, "ben").await;
    registry.create_workflow(&ben, named("Weekly", greeting())).await.unwrap();
}

#[tokio::test]
async fn a_statement_uses_the_index_that_it_is_meant_for() {
    let (database, _guard) = fresh().await;
    for (condition, index) in [
        ("slug = 'x' AND status = 'published' AND visibility = 'public'", "listings_slug"),
        ("slug = 'x' AND developer_id = 'd' AND status <> 'deleted'", "listings_own_slug"),
    ] {
        let statement = format!("EXPLAIN QUERY PLAN SELECT doc FROM marketplace_integrations WHERE {condition}");
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(statement)).fetch_all(&database.reader).await.unwrap();
        assert!(plan.iter().any(|(.., step)| step.contains(index)), "{condition}: {plan:?}");
    }
}
