//! Installations by their ids: who sees which, what each write changes, upgrades and their previews, and what runs get.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use workway_marketplace::{
    Actor, Condition, Connections, InputChange, Installation, InstallationChange, InstallationFilter,
    InstallationState, ListingChange, MarketplaceError, Pricing, PricingModel, UpgradeRequest, WorkflowRegistry,
    bounds::MAX_CONNECTION_ID_BYTES,
};
use workway_vault::{KeyFile, KeyRing, RotateOptions, rotate};

use super::tests::{
    KEY, developer, greeting, json_source, marketplace, marketplace_with, named, published, user, vault,
};
use crate::{Database, pool::tests::fresh};

const OTHER_KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// Is started by a webhook, and takes a channel and a token.
fn hooked() -> Value {
    json!({
        "name": "Hooked",
        "inputs": {
            "type": "object",
            "additionalProperties": false,
            "required": ["channel"],
            "properties": {
                "channel": { "type": "string" },
                "old": { "type": "string" },
                "token": { "$ref": "#/$defs/secret" },
            },
            "$defs": { "secret": { "type": "string", "format": "secret" } },
        },
        "trigger": { "webhook": {} },
        "steps": [{ "id": "sign", "uses": "hello.echo", "with": { "message": "{{ inputs.channel }}" } }],
    })
}

/// Its next version: no webhook, a step that uses no account, an input that is gone, two that are new and one that is required now.
fn scheduled() -> Value {
    json!({
        "name": "Hooked",
        "inputs": {
            "type": "object",
            "additionalProperties": false,
            "required": ["channel", "count", "token"],
            "properties": {
                "channel": { "type": "string" },
                "count": { "type": "integer" },
                "extra": { "type": "boolean" },
                "token": { "$ref": "#/$defs/secret" },
            },
            "$defs": { "secret": { "type": "string", "format": "secret" } },
        },
        "trigger": { "schedule": { "cron": "0 9 * * *", "timezone": "Europe/Rome" } },
        "steps": [{ "id": "wait", "sleep": "1s" }],
    })
}

fn change(inputs: Value) -> InstallationChange {
    let Value::Object(inputs) = inputs else { panic!("{inputs} is no object") };
    InstallationChange { inputs: Some(inputs), ..InstallationChange::default() }
}

fn connecting<const N: usize>(connections: [(&str, &str); N]) -> InstallationChange {
    InstallationChange { connections: Some(chosen(connections)), ..InstallationChange::default() }
}

fn chosen<const N: usize>(connections: [(&str, &str); N]) -> Connections {
    connections.into_iter().map(|(provider, id)| (provider.to_owned(), id.to_owned())).collect()
}

async fn connect(database: &Database, user: &str, provider: &str, id: &str) {
    sqlx::query(
        "INSERT INTO connections (id, user_id, provider, account_id, account, is_default, scopes, sealed, key_id, \
         version, updated_at) SELECT ?1, ?2, ?3, ?1, ?1, 0, '[]', x'01', coalesce((SELECT key_id FROM vault), '0'), \
         count(*), 0 FROM connections",
    )
    .bind(id)
    .bind(user)
    .bind(provider)
    .execute(&database.writer)
    .await
    .unwrap();
}

/// Publishes a definition of ann's and installs it for zoe.
async fn installed(
    database: &Database,
    registry: &WorkflowRegistry,
    definition: Value,
) -> (Actor, Actor, Installation) {
    let (ann, zoe) = (developer(database, "ann").await, user("zoe"));
    let id = registry.create_workflow(&ann, named("Hooked", definition)).await.unwrap().summary.id;
    registry.publish_workflow(&ann, &id, &Condition::Any).await.unwrap();
    let sent = change(json!({ "channel": "#a", "token": "hunter2" }));
    let (installation, _) = registry.increment_install_count(&zoe, &id, sent).await.unwrap();
    (ann, zoe, installation)
}

async fn add_version(registry: &WorkflowRegistry, ann: &Actor, listing: &str, definition: &Value) {
    registry.add_version(ann, listing, &Condition::Any, &json_source(definition), "").await.unwrap();
}

fn pointers(error: MarketplaceError) -> Vec<String> {
    let MarketplaceError::InvalidInputs(problems) = error else { panic!("{error}") };
    problems.into_iter().map(|problem| problem.pointer).collect()
}

async fn token(registry: &WorkflowRegistry, actor: &Actor, id: &str) -> Option<String> {
    let webhook = registry.read_installation(actor, id).await.unwrap().webhook;
    webhook.map(|token| token.expose_secret().to_owned())
}

#[tokio::test]
async fn a_user_lists_own_installations_page_by_page() {
    let (database, _guard) = fresh().await;
    let (registry, ann, zoe) = (marketplace(&database).await, developer(&database, "ann").await, user("zoe"));
    let mut made = Vec::new();
    for name in ["One", "Two", "Three"] {
        let listing = published(&registry, &ann, name).await.summary.id;
        for actor in [&zoe, &user("yan")] {
            registry.increment_install_count(actor, &listing, InstallationChange::default()).await.unwrap();
        }
        made.push(listing);
    }
    let all = InstallationFilter::default();
    let first = registry.list_installations(&zoe, &all, None, 2).await.unwrap();
    let names = |page: &workway_marketplace::InstallationPage| -> Vec<String> {
        page.installations.iter().map(|installation| installation.name.clone()).collect()
    };
    assert_eq!(names(&first), ["Three", "Two"], "the newest first, and nobody else's");
    let next = first.next.clone().unwrap();
    let last = registry.list_installations(&zoe, &all, Some(&next), 2).await.unwrap();
    assert_eq!((names(&last), last.next), (vec!["One".to_owned()], None));
    assert_eq!(registry.list_installations(&zoe, &all, None, 3).await.unwrap().next, None);
    let only = |listing: &str, state| InstallationFilter { listing: Some(listing.to_owned()), state };
    let two = registry.list_installations(&zoe, &only(&made[1], None), None, 9).await.unwrap();
    assert_eq!(names(&two), ["Two"]);
    registry.pause_installation(&zoe, &two.installations[0].id, &Condition::Any).await.unwrap();
    registry.decrement_active_install_count(&zoe, &made[2]).await.unwrap();
    for (state, expected) in [
        (None, vec!["Two", "One"]),
        (Some(InstallationState::Active), vec!["One"]),
        (Some(InstallationState::Paused), vec!["Two"]),
        (Some(InstallationState::Uninstalled), vec!["Three"]),
    ] {
        let filter = InstallationFilter { state, ..InstallationFilter::default() };
        assert_eq!(names(&registry.list_installations(&zoe, &filter, None, 9).await.unwrap()), expected, "{state:?}");
    }
    assert_eq!(names(&registry.list_installations(&user("new"), &all, None, 9).await.unwrap()), [""; 0]);
}

#[tokio::test]
async fn another_users_installation_is_unknown() {
    let (database, _guard) = fresh().await;
    let registry = marketplace(&database).await;
    let (ann, _, Installation { id, .. }) = installed(&database, &registry, hooked()).await;
    let admin = Actor { is_admin: true, ..user("admin") };
    for (actor, id) in
        [(&ann, id.as_str()), (&admin, &id), (&user("yan"), &id), (&ann, "ins_0"), (&ann, &"x".repeat(999))]
    {
        let any = Condition::Any;
        let errors = [
            registry.read_installation(actor, id).await.map(drop),
            registry.change_installation(actor, id, &any, change(json!({}))).await.map(drop),
            registry.pause_installation(actor, id, &any).await.map(drop),
            registry.resume_installation(actor, id, &any).await.map(drop),
            registry.rotate_webhook(actor, id, &any).await.map(drop),
            registry.preview_upgrade(actor, id).await.map(drop),
            registry.upgrade_installation(actor, id, &any, UpgradeRequest::default()).await.map(drop),
            registry.uninstall_installation(actor, id, &any).await,
        ];
        for error in errors {
            assert!(matches!(error, Err(MarketplaceError::UnknownInstallation(_))), "{error:?}");
        }
    }
}

#[tokio::test]
async fn every_write_is_made_for_a_revision_and_makes_it_grow() {
    let (database, _guard) = fresh().await;
    let registry = marketplace(&database).await;
    let (_, zoe, Installation { id, revision, listing, .. }) = installed(&database, &registry, hooked()).await;
    let stale = Condition::OneOf(vec![revision + 100]);
    let mut last = revision;
    let mut grown = |revision: u64| {
        assert!(revision > last, "{revision} after {last}");
        last = revision;
        Condition::OneOf(vec![1_000, revision])
    };
    let current = Condition::OneOf(vec![revision]);
    let refused = registry.pause_installation(&zoe, &id, &stale).await.unwrap_err();
    assert_eq!(refused, MarketplaceError::StaleInstallation);
    let paused = registry.pause_installation(&zoe, &id, &current).await.unwrap().installation;
    assert_eq!(paused.state(), InstallationState::Paused);
    let current = grown(paused.revision);
    let again = registry.pause_installation(&zoe, &id, &current).await.unwrap().installation;
    assert_eq!(again, paused, "nothing to change");
    let counts = registry.get_workflow(&listing, None).await.unwrap().summary.counts;
    assert_eq!((counts.installs, counts.active_installs), (1, 1), "it stays installed");
    let resumed = registry.resume_installation(&zoe, &id, &current).await.unwrap().installation;
    assert_eq!(resumed.state(), InstallationState::Active);
    let current = grown(resumed.revision);
    let changed = registry.change_installation(&zoe, &id, &current, change(json!({ "channel": "#b" }))).await.unwrap();
    assert_eq!((changed.inputs.as_str(), changed.secret_inputs), (r##"{"channel":"#b"}"##, vec!["token".to_owned()]));
    let current = grown(changed.installation.revision);
    let rotated = registry.rotate_webhook(&zoe, &id, &current).await.unwrap().installation;
    let current = grown(rotated.revision);
    let refused = registry.uninstall_installation(&zoe, &id, &stale).await.unwrap_err();
    assert_eq!(refused, MarketplaceError::StaleInstallation);
    registry.uninstall_installation(&zoe, &id, &current).await.unwrap();
    let ended = registry.read_installation(&zoe, &id).await.unwrap();
    grown(ended.installation.revision);
    assert_eq!((ended.inputs.as_str(), ended.secret_inputs.len(), ended.webhook.is_none()), ("{}", 0, true));
    registry.uninstall_installation(&zoe, &id, &Condition::Any).await.unwrap();
    for refused in [
        registry.pause_installation(&zoe, &id, &Condition::Any).await.map(drop),
        registry.change_installation(&zoe, &id, &Condition::Any, change(json!({}))).await.map(drop),
        registry.preview_upgrade(&zoe, &id).await.map(drop),
        registry.upgrade_installation(&zoe, &id, &Condition::Any, UpgradeRequest::default()).await.map(drop),
    ] {
        assert_eq!(refused, Err(MarketplaceError::NotInstalled));
    }
    assert_eq!(registry.installations_after("", 9).await.unwrap(), [(id.clone(), ended.installation.revision)]);
    let (back, is_new) =
        registry.increment_install_count(&zoe, &listing, change(json!({ "channel": "#c" }))).await.unwrap();
    grown(back.revision);
    assert_eq!((back.id, back.paused_at, is_new), (id, None, true));
}

#[tokio::test]
async fn the_sweep_sees_all_revisions_in_order() {
    let (database, _guard) = fresh().await;
    let (registry, ann) = (marketplace(&database).await, developer(&database, "ann").await);
    let listing = published(&registry, &ann, "One").await.summary.id;
    let mut ids = Vec::new();
    for name in ["u1", "u2", "u3"] {
        let none = InstallationChange::default();
        ids.push(registry.increment_install_count(&user(name), &listing, none).await.unwrap().0.id);
    }
    ids.sort_unstable();
    let first = registry.installations_after("", 2).await.unwrap();
    assert_eq!(first.iter().map(|(id, _)| id).collect::<Vec<_>>(), [&ids[0], &ids[1]]);
    let last = registry.installations_after(&ids[1], 2).await.unwrap();
    assert_eq!(last, [(ids[2].clone(), 1)]);
}

#[tokio::test]
async fn a_webhook_has_a_sealed_address_that_is_replaced_on_request() {
    let (database, _guard) = fresh().await;
    let registry = marketplace(&database).await;
    let (_, zoe, Installation { id, listing, .. }) = installed(&database, &registry, hooked()).await;
    let first = token(&registry, &zoe, &id).await.unwrap();
    assert_eq!(first.len(), 43, "32 bytes in base64url");
    let sealed: Vec<u8> =
        sqlx::query_scalar("SELECT webhook FROM installations").fetch_one(&database.reader).await.unwrap();
    assert!(!sealed.windows(8).any(|window| first.as_bytes().starts_with(window)));
    registry.increment_install_count(&zoe, &listing, change(json!({ "channel": "#b" }))).await.unwrap();
    assert_eq!(token(&registry, &zoe, &id).await.unwrap(), first, "other inputs, the same address");
    let rotated = registry.rotate_webhook(&zoe, &id, &Condition::Any).await.unwrap();
    assert!(!format!("{rotated:?}").contains(rotated.webhook.as_ref().unwrap().expose_secret()));
    let second = token(&registry, &zoe, &id).await.unwrap();
    assert_ne!(second, first);
    let runnable = registry.runnable_installation(&id).await.unwrap().unwrap();
    assert_eq!(runnable.webhook.unwrap().expose_secret(), second);
    registry.uninstall_installation(&zoe, &id, &Condition::Any).await.unwrap();
    registry.increment_install_count(&zoe, &listing, change(json!({ "channel": "#c" }))).await.unwrap();
    let third = token(&registry, &zoe, &id).await.unwrap();
    assert!(third != first && third != second, "an address of before is not valid again");
    // From before addresses were stored.
    sqlx::query("UPDATE installations SET webhook = NULL, webhook_key_id = NULL")
        .execute(&database.writer)
        .await
        .unwrap();
    assert_eq!(token(&registry, &zoe, &id).await, None);
    registry.rotate_webhook(&zoe, &id, &Condition::Any).await.unwrap();
    assert!(token(&registry, &zoe, &id).await.is_some());
}

#[tokio::test]
async fn a_workflow_without_a_webhook_has_no_address() {
    let (database, _guard) = fresh().await;
    let (registry, ann) = (marketplace(&database).await, developer(&database, "ann").await);
    let listing = published(&registry, &ann, "One").await.summary.id;
    let none = InstallationChange::default();
    let id = registry.increment_install_count(&ann, &listing, none).await.unwrap().0.id;
    assert_eq!(token(&registry, &ann, &id).await, None);
    let refused = registry.rotate_webhook(&ann, &id, &Condition::Any).await.unwrap_err();
    assert_eq!(refused, MarketplaceError::NoWebhook);
}

#[tokio::test]
async fn connections_are_the_users_own_and_of_a_provider_that_the_version_uses() {
    let (database, _guard) = fresh().await;
    let registry = marketplace(&database).await;
    let (_, zoe, Installation { id, listing, .. }) = installed(&database, &registry, hooked()).await;
    for (user, provider, connection) in [("zoe", "github", "c1"), ("zoe", "slack", "c2"), ("yan", "github", "c3")] {
        connect(&database, user, provider, connection).await;
    }
    let too_long = "x".repeat(MAX_CONNECTION_ID_BYTES + 1);
    for (connections, pointer) in [
        (connecting([("slack", "c2")]), "/connections/slack"),
        (connecting([("a/b", "c2")]), "/connections/a~1b"),
        (connecting([("github", "c2")]), "/connections/github"),
        (connecting([("github", "c3")]), "/connections/github"),
        (connecting([("github", "")]), "/connections/github"),
        (connecting([("github", &too_long)]), "/connections/github"),
    ] {
        let error = registry.change_installation(&zoe, &id, &Condition::Any, connections).await.unwrap_err();
        assert_eq!(pointers(error), [pointer]);
    }
    let both = InstallationChange { connections: Some(chosen([("slack", "c2")])), ..change(json!({ "channel": 7 })) };
    let error = registry.increment_install_count(&zoe, &listing, both).await.unwrap_err();
    assert_eq!(pointers(error), ["/connections/slack", "/inputs/channel"]);
    let connected = connecting([("github", "c1")]);
    let changed = registry.change_installation(&zoe, &id, &Condition::Any, connected).await.unwrap();
    assert_eq!(changed.installation.connections, chosen([("github", "c1")]));
    assert_eq!((changed.inputs.as_str(), changed.secret_inputs.len()), (r##"{"channel":"#a"}"##, 1), "inputs stay");
    let changed = registry.change_installation(&zoe, &id, &Condition::Any, change(json!({ "channel": "#b" }))).await;
    assert_eq!(changed.unwrap().installation.connections, chosen([("github", "c1")]), "connections stay");
    let runnable = registry.runnable_installation(&id).await.unwrap().unwrap();
    assert_eq!((runnable.connections, runnable.inputs), (chosen([("github", "c1")]), json!({ "channel": "#b" })));
    assert_eq!((runnable.owner.as_str(), runnable.number, runnable.listing), ("zoe", 1, listing));
    assert_eq!(registry.runnable_installation("ins_0").await.unwrap().map(|found| found.id), None);
}

#[tokio::test]
async fn an_upgrade_is_previewed_and_made_on_request_only() {
    let (database, _guard) = fresh().await;
    let registry = marketplace(&database).await;
    let (ann, zoe, Installation { id, listing, .. }) = installed(&database, &registry, hooked()).await;
    connect(&database, "zoe", "github", "c1").await;
    let connected = connecting([("github", "c1")]);
    registry.change_installation(&zoe, &id, &Condition::Any, connected).await.unwrap();
    let same = registry.preview_upgrade(&zoe, &id).await.unwrap();
    assert_eq!((same.from, same.to, same.inputs.len(), same.problems.len(), same.trigger_changed), (1, 1, 0, 0, false));
    let before = registry.read_installation(&zoe, &id).await.unwrap().installation;
    let nothing = registry.upgrade_installation(&zoe, &id, &Condition::Any, UpgradeRequest::default()).await.unwrap();
    assert_eq!(nothing.installation, before);

    add_version(&registry, &ann, &listing, &scheduled()).await;
    let installation = registry.read_installation(&zoe, &id).await.unwrap().installation;
    assert_eq!((installation.number, installation.newest), (1, Some(2)), "it stays on its version");
    let preview = registry.preview_upgrade(&zoe, &id).await.unwrap();
    assert_eq!((preview.from, preview.to, preview.trigger_changed), (1, 2, true));
    assert_eq!((preview.providers_added, preview.providers_removed), (Vec::new(), vec!["github".to_owned()]));
    let repo = BTreeMap::from([("github".to_owned(), vec!["repo".to_owned()])]);
    assert_eq!((preview.scopes_added, preview.scopes_removed), (BTreeMap::new(), repo.clone()));
    assert_eq!(preview.pricing, Pricing::FREE);
    let inputs: BTreeMap<_, _> = preview
        .inputs
        .iter()
        .map(|input| (input.name.as_str(), (input.change, input.required, input.newly_required, input.secret)))
        .collect();
    let expected = [
        ("count", (InputChange::Added, true, true, false)),
        ("extra", (InputChange::Added, false, false, false)),
        ("old", (InputChange::Removed, false, false, false)),
        ("token", (InputChange::Changed, true, true, true)),
    ];
    assert_eq!(inputs, BTreeMap::from(expected));
    assert_eq!(preview.inputs[0].schema, Some(json!({ "type": "integer" })));
    assert_eq!(preview.problems.len(), 1, "count is missing: {:?}", preview.problems);

    let upgrade = async |request| registry.upgrade_installation(&zoe, &id, &Condition::Any, request).await;
    assert_eq!(pointers(upgrade(UpgradeRequest::default()).await.unwrap_err()), ["/inputs"]);
    let inputs = change(json!({ "channel": "#b", "count": 3 }));
    let other = UpgradeRequest { version: Some(1), change: inputs.clone() };
    assert_eq!(upgrade(other).await.unwrap_err(), MarketplaceError::OtherVersion(2));
    let upgraded = upgrade(UpgradeRequest { version: Some(2), change: inputs }).await.unwrap();
    assert_eq!((upgraded.installation.number, upgraded.webhook.is_none()), (2, true), "the webhook is gone");
    assert_eq!(upgraded.installation.connections, chosen([]), "and so is the provider");
    let runnable = registry.runnable_installation(&id).await.unwrap().unwrap();
    assert_eq!(runnable.secrets["token"].expose_secret(), "hunter2", "the secret is carried over");
    assert_eq!((runnable.number, runnable.inputs), (2, json!({ "channel": "#b", "count": 3 })));

    add_version(&registry, &ann, &listing, &hooked()).await;
    let preview = registry.preview_upgrade(&zoe, &id).await.unwrap();
    assert_eq!((preview.providers_added, preview.providers_removed), (vec!["github".to_owned()], Vec::new()));
    assert_eq!((preview.scopes_added, preview.scopes_removed), (repo, BTreeMap::new()));
    assert_eq!(preview.problems.len(), 1, "count is unknown now: {:?}", preview.problems);
    let request = UpgradeRequest { version: None, change: change(json!({ "channel": "#c" })) };
    assert!(upgrade(request).await.unwrap().webhook.is_some(), "made when it is upgraded to a webhook");
}

#[tokio::test]
async fn an_input_is_changed_by_what_it_refers_to() {
    let (database, _guard) = fresh().await;
    let registry = marketplace(&database).await;
    let (ann, zoe, Installation { id, listing, .. }) = installed(&database, &registry, hooked()).await;
    let mut newer = hooked();
    newer["inputs"]["$defs"]["secret"]["minLength"] = json!(20);
    add_version(&registry, &ann, &listing, &newer).await;
    let preview = registry.preview_upgrade(&zoe, &id).await.unwrap();
    let names: Vec<_> = preview.inputs.iter().map(|input| (input.name.as_str(), input.change)).collect();
    assert_eq!(names, [("token", InputChange::Changed)]);
    assert_eq!(preview.problems.iter().map(|problem| problem.pointer.as_str()).collect::<Vec<_>>(), ["/inputs/token"]);
    assert!(!format!("{preview:?}").contains("hunter2"));
}

#[tokio::test]
async fn what_is_hidden_or_costs_is_not_upgraded_to() {
    let (database, _guard) = fresh().await;
    let registry = marketplace(&database).await;
    let (ann, zoe, Installation { id, listing, .. }) = installed(&database, &registry, hooked()).await;
    add_version(&registry, &ann, &listing, &hooked()).await;
    let pricing = Pricing { model: PricingModel::Monthly, cents: 900 };
    let change = ListingChange { pricing: Some(pricing), ..ListingChange::default() };
    registry.save_workflow(&ann, &listing, &Condition::Any, change).await.unwrap();
    assert_eq!(registry.preview_upgrade(&zoe, &id).await.unwrap().pricing, pricing);
    let upgrade = async || registry.upgrade_installation(&zoe, &id, &Condition::Any, UpgradeRequest::default()).await;
    assert_eq!(upgrade().await.unwrap_err(), MarketplaceError::PaymentRequired { cents: 900 });
    registry.unpublish_workflow(&ann, &listing, &Condition::Any).await.unwrap();
    assert_eq!(upgrade().await.unwrap_err(), MarketplaceError::NotListed);
    assert_eq!(registry.preview_upgrade(&zoe, &id).await.unwrap_err(), MarketplaceError::NotListed);
    let installation = registry.read_installation(&zoe, &id).await.unwrap().installation;
    assert_eq!((installation.number, installation.newest), (1, None));
}

#[tokio::test]
async fn writes_at_once_are_all_made_or_refused() {
    let (database, _guard) = fresh().await;
    let registry = marketplace(&database).await;
    let (_, zoe, Installation { id, revision, .. }) = installed(&database, &registry, hooked()).await;
    let current = Condition::OneOf(vec![revision]);
    let writes = (0..4).map(|number| {
        registry.change_installation(&zoe, &id, &current, change(json!({ "channel": format!("#{number}") })))
    });
    let done = futures_util::future::join_all(writes).await;
    assert_eq!(done.iter().filter(|result| result.is_ok()).count(), 1);
    let stale = |result: &Result<_, _>| matches!(result, Err(MarketplaceError::StaleInstallation));
    assert_eq!(done.iter().filter(|result| stale(result)).count(), 3);
    assert_eq!(registry.read_installation(&zoe, &id).await.unwrap().installation.revision, revision + 1);
}

#[tokio::test]
async fn a_rotation_of_keys_takes_addresses_along() {
    let (database, folder) = fresh().await;
    let old = vault(&database, KEY);
    old.verify_keys().await.unwrap();
    let registry = marketplace_with(&database, old).await;
    let (_, zoe, Installation { id, .. }) = installed(&database, &registry, hooked()).await;
    let address = token(&registry, &zoe, &id).await;
    let file = KeyFile::open(&folder.path().join("none")).unwrap();
    let ring = KeyRing::load(Some(&format!("{OTHER_KEY},{KEY}").into()), &file).unwrap();
    let records = std::sync::Arc::new(database.keyed_records());
    let rotated = rotate(ring, RotateOptions::default(), records.clone()).await.unwrap();
    assert_eq!((rotated.resealed, rotated.unreadable.len()), (2, 0));
    let new = marketplace_with(&database, vault(&database, OTHER_KEY)).await;
    assert_eq!(token(&new, &zoe, &id).await, address);
    assert!(registry.rotate_webhook(&zoe, &id, &Condition::Any).await.is_err(), "the old key seals no more");
    new.pause_installation(&zoe, &id, &Condition::Any).await.unwrap();
    // Without any key that opens it, the address goes and the installation stays.
    let lost = KeyRing::load(Some(&KEY.into()), &file).unwrap();
    let options = RotateOptions { drop_unreadable: true, ..RotateOptions::default() };
    assert_eq!(rotate(lost, options, records).await.unwrap().dropped, 2);
    let registry = marketplace_with(&database, vault(&database, KEY)).await;
    assert_eq!(token(&registry, &zoe, &id).await, None);
    registry.rotate_webhook(&zoe, &id, &Condition::Any).await.unwrap();
    assert!(token(&registry, &zoe, &id).await.is_some());
}

#[tokio::test]
async fn a_change_of_a_workflow_that_takes_nothing_changes_nothing() {
    let (database, _guard) = fresh().await;
    let (registry, ann) = (marketplace(&database).await, developer(&database, "ann").await);
    let listing = registry.create_workflow(&ann, named("Greet", greeting())).await.unwrap().summary.id;
    registry.publish_workflow(&ann, &listing, &Condition::Any).await.unwrap();
    let none = InstallationChange::default;
    let (installation, _) = registry.increment_install_count(&ann, &listing, none()).await.unwrap();
    let unchanged = registry.change_installation(&ann, &installation.id, &Condition::Any, none()).await.unwrap();
    assert_eq!(unchanged.installation, installation);
}
