//! Inputs of installations: what is taken, what is stored and shown, and that secrets are sealed and follow the keys.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use workway_marketplace::{
    Actor, Condition, InstallationChange, InstallationState, MarketplaceError, StoreError, WorkflowRegistry,
    bounds::{MAX_INPUTS_BYTES, MAX_SECRET_BYTES},
};
use workway_vault::{KeyFile, KeyRing, RotateOptions, VaultError, rotate};

use super::tests::{KEY, developer, json_source, marketplace, marketplace_with, named, user, vault};
use crate::{Database, pool::tests::fresh};

const OTHER_KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// Needs a channel and a token, and takes a key.
fn definition() -> Value {
    json!({
        "name": "Sign",
        "inputs": {
            "type": "object",
            "additionalProperties": false,
            "required": ["channel", "token"],
            "properties": {
                "channel": { "type": "string", "minLength": 2, "default": "#general" },
                "token": { "$ref": "#/$defs/secret", "minLength": 4 },
                "key": { "$ref": "#/$defs/secret" },
            },
            "$defs": { "secret": { "type": "string", "format": "secret" } },
        },
        "trigger": { "manual": {} },
        "steps": [{ "id": "sign", "uses": "hello.echo", "with": { "message": "{{ inputs.channel|hmac(inputs.token) }}" } }],
    })
}

async fn published(database: &Database, registry: &WorkflowRegistry, definition: Value) -> (Actor, String) {
    let ann = developer(database, "ann").await;
    let id = registry.create_workflow(&ann, named("Sign", definition)).await.unwrap().summary.id;
    registry.publish_workflow(&ann, &id, &Condition::Any).await.unwrap();
    (ann, id)
}

fn given(inputs: Value) -> InstallationChange {
    let Value::Object(inputs) = inputs else { panic!("{inputs} is no object") };
    InstallationChange { inputs: Some(inputs), ..InstallationChange::default() }
}

fn problems(error: MarketplaceError) -> Vec<(String, String)> {
    let MarketplaceError::InvalidInputs(problems) = error else { panic!("{error}") };
    problems.into_iter().map(|problem| (problem.pointer, problem.message)).collect()
}

/// All inputs of an installation, the secret ones in the second.
async fn inputs(registry: &WorkflowRegistry, actor: &Actor, id: &str) -> (Value, BTreeMap<String, String>) {
    let id = registry.get_installation(actor, id).await.unwrap().installation.id;
    let runnable = registry.runnable_installation(&id).await.unwrap().unwrap();
    let (plain, secrets) = (runnable.inputs, runnable.secrets);
    (plain, secrets.into_iter().map(|(name, secret)| (name, secret.expose_secret().to_owned())).collect())
}

fn secrets<const N: usize>(secrets: [(&str, &str); N]) -> BTreeMap<String, String> {
    secrets.into_iter().map(|(name, secret)| (name.to_owned(), secret.to_owned())).collect()
}

#[tokio::test]
async fn inputs_have_to_fit_the_workflow() {
    let (database, _guard) = fresh().await;
    let registry = marketplace(&database).await;
    let (_, id) = published(&database, &registry, definition()).await;
    let zoe = user("zoe");
    for (sent, pointers) in [
        (json!({}), vec!["/inputs", "/inputs"]),
        (json!({"channel": "#a"}), vec!["/inputs"]),
        (json!({"channel": 7, "token": "hunter2"}), vec!["/inputs/channel"]),
        (json!({"channel": "", "token": "hun"}), vec!["/inputs/channel", "/inputs/token"]),
        (json!({"channel": "#a", "token": 12345}), vec!["/inputs/token"]),
        (json!({"channel": "#a", "token": null}), vec!["/inputs/token"]),
        (json!({"channel": "#a", "token": "hunter2", "more": 1}), vec!["/inputs"]),
        (json!({"channel": "#a", "token": "x".repeat(MAX_SECRET_BYTES + 1)}), vec!["/inputs/token"]),
        (json!({"channel": "x".repeat(MAX_INPUTS_BYTES), "token": "hunter2"}), vec!["/inputs"]),
    ] {
        let error = registry.increment_install_count(&zoe, &id, given(sent.clone())).await.unwrap_err();
        let mut found = problems(error);
        found.sort_unstable();
        assert_eq!(found.iter().map(|(pointer, _)| pointer).collect::<Vec<_>>(), pointers, "{found:?}");
        assert!(found.iter().all(|(_, message)| !message.contains("hun") && !message.contains("xxx")), "{found:?}");
    }
    let error = registry.increment_install_count(&zoe, &id, InstallationChange::default()).await.unwrap_err();
    assert_eq!(problems(error).len(), 2, "without inputs, required ones are missing");
    assert_eq!(registry.get_installation(&zoe, &id).await.unwrap_err(), MarketplaceError::NotInstalled);
    let largest = json!({"channel": "#a", "token": "x".repeat(MAX_SECRET_BYTES)});
    assert!(registry.increment_install_count(&zoe, &id, given(largest)).await.unwrap().1);
}

#[tokio::test]
async fn a_secret_is_a_text_even_where_the_schemas_draft_ignores_its_type() {
    let (database, _guard) = fresh().await;
    let registry = marketplace(&database).await;
    let mut old = definition();
    old["inputs"]["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    old["inputs"]["properties"]["token"] = json!({ "$ref": "#/definitions/any", "type": "string", "format": "secret" });
    old["inputs"]["definitions"] = json!({ "any": {} });
    let (ann, id) = published(&database, &registry, old).await;
    let sent = json!({"channel": "#a", "token": {"a": "hunter2"}});
    let error = registry.increment_install_count(&ann, &id, given(sent)).await.unwrap_err();
    assert_eq!(problems(error), [("/inputs/token".to_owned(), "a secret must be a text: put it in quotes".to_owned())]);
}

#[tokio::test]
async fn a_workflow_without_inputs_takes_none() {
    let (database, _guard) = fresh().await;
    let registry = marketplace(&database).await;
    let (ann, id) = published(&database, &registry, super::tests::greeting()).await;
    let error = registry.increment_install_count(&ann, &id, given(json!({"a/b": 1}))).await.unwrap_err();
    let found = problems(error);
    assert!(found.len() == 1 && found[0].0 == "/inputs/a~1b" && found[0].1.contains("has no inputs"), "{found:?}");
    assert!(registry.increment_install_count(&ann, &id, given(json!({}))).await.unwrap().1);
    assert_eq!(inputs(&registry, &ann, &id).await, (json!({}), secrets([])));
}

#[tokio::test]
async fn a_secret_is_sealed_and_shown_to_nobody() {
    let (database, _guard) = fresh().await;
    let registry = marketplace(&database).await;
    let (_, id) = published(&database, &registry, definition()).await;
    let zoe = user("zoe");
    let sent = json!({"channel": "#a", "token": "hunter2"});
    registry.increment_install_count(&zoe, &id, given(sent)).await.unwrap();
    let installed = registry.get_installation(&zoe, &id).await.unwrap();
    assert_eq!(installed.inputs, r##"{"channel":"#a"}"##, "a default is not filled in, and a secret not kept");
    assert_eq!(installed.secret_inputs, ["token"]);
    assert!(!format!("{installed:?}").contains("hunter2"));
    let sealed: Vec<u8> =
        sqlx::query_scalar("SELECT sealed FROM installation_secrets").fetch_one(&database.reader).await.unwrap();
    assert!(!sealed.windows(7).any(|bytes| bytes == b"hunter2"));
    let runnable = registry.runnable_installation(&installed.installation.id).await.unwrap().unwrap();
    assert!(!format!("{runnable:?}").contains("hunter2"));
    assert_eq!(runnable.secrets["token"].expose_secret(), "hunter2");
    // A record that was moved to somebody else's installation does not open there.
    let other = user("yan");
    registry.increment_install_count(&other, &id, given(json!({"channel": "#b", "token": "other"}))).await.unwrap();
    sqlx::query(
        "UPDATE installation_secrets SET sealed = (SELECT s.sealed FROM installation_secrets s \
         JOIN installations i ON i.id = s.installation WHERE i.user_id = 'zoe')",
    )
    .execute(&database.writer)
    .await
    .unwrap();
    let moved = registry.get_installation(&other, &id).await.unwrap().installation.id;
    let refused = registry.runnable_installation(&moved).await.unwrap_err();
    assert_eq!(refused, MarketplaceError::Vault(VaultError::Tampered));
    assert_eq!(inputs(&registry, &zoe, &id).await.1, secrets([("token", "hunter2")]));
}

#[tokio::test]
async fn installing_again_replaces_the_inputs_and_keeps_secrets_that_are_left_out() {
    let (database, _guard) = fresh().await;
    let registry = marketplace(&database).await;
    let (ann, id) = published(&database, &registry, definition()).await;
    let zoe = user("zoe");
    let install = async |inputs: Option<Value>| {
        let change = inputs.map(given).unwrap_or_default();
        registry.increment_install_count(&zoe, &id, change).await.map(|(_, is_new)| is_new)
    };
    let first = json!({"channel": "#a", "token": "hunter2", "key": "abc"});
    assert_eq!(install(Some(first)).await, Ok(true));
    assert_eq!(install(None).await, Ok(false));
    let all = secrets([("key", "abc"), ("token", "hunter2")]);
    assert_eq!(inputs(&registry, &zoe, &id).await, (json!({"channel": "#a"}), all.clone()));
    assert_eq!(install(Some(json!({"channel": "#b"}))).await, Ok(false));
    assert_eq!(inputs(&registry, &zoe, &id).await, (json!({"channel": "#b"}), all.clone()));
    assert_eq!(problems(install(Some(json!({}))).await.unwrap_err()).len(), 1, "the channel is not kept");
    assert_eq!(inputs(&registry, &zoe, &id).await, (json!({"channel": "#b"}), all));
    // A version with other inputs is for new installations.
    let mut newer = definition();
    newer["inputs"]["required"] = json!(["channel", "token", "key", "more"]);
    newer["inputs"]["properties"]["more"] = json!({"type": "integer"});
    registry.add_version(&ann, &id, &Condition::Any, &json_source(&newer), "").await.unwrap();
    assert_eq!(install(Some(json!({"channel": "#c", "token": "changed"}))).await, Ok(false));
    let all = secrets([("key", "abc"), ("token", "changed")]);
    assert_eq!(inputs(&registry, &zoe, &id).await, (json!({"channel": "#c"}), all));
    // Uninstalling deletes them.
    registry.decrement_active_install_count(&zoe, &id).await.unwrap();
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM installation_secrets").fetch_one(&database.reader).await.unwrap();
    assert_eq!(left, 0);
    let ended = registry.get_installation(&zoe, &id).await.unwrap();
    assert_eq!((ended.inputs.as_str(), ended.secret_inputs.len()), ("{}", 0));
    let runnable = registry.runnable_installation(&ended.installation.id).await.unwrap().unwrap();
    assert_eq!((runnable.state, runnable.secrets.len()), (InstallationState::Uninstalled, 0));
    let again = json!({"channel": "#d", "token": "fresh", "key": "k", "more": 1});
    assert_eq!(problems(install(Some(json!({"channel": "#d", "more": 1}))).await.unwrap_err()).len(), 2);
    assert_eq!(install(Some(again)).await, Ok(true));
}

#[tokio::test]
async fn inputs_that_come_at_once_are_not_mixed() {
    let (database, _guard) = fresh().await;
    let registry = marketplace(&database).await;
    let (_, id) = published(&database, &registry, definition()).await;
    let zoe = user("zoe");
    let all = (0..4).map(|number| {
        let sent = json!({"channel": format!("#{number}"), "token": format!("token {number}")});
        registry.increment_install_count(&zoe, &id, given(sent))
    });
    let new = futures_util::future::join_all(all).await.into_iter().filter(|result| result.as_ref().unwrap().1);
    assert_eq!(new.count(), 1);
    let (plain, opened) = inputs(&registry, &zoe, &id).await;
    assert_eq!(opened["token"], plain["channel"].as_str().unwrap().replace('#', "token "));
    let counts = registry.get_workflow(&id, None).await.unwrap().summary.counts;
    assert_eq!((counts.installs, counts.active_installs), (1, 1));
}

#[tokio::test]
async fn an_installation_from_before_inputs_has_none() {
    let (database, _guard) = fresh().await;
    let registry = marketplace(&database).await;
    let (_, id) = published(&database, &registry, definition()).await;
    sqlx::query(
        "INSERT INTO installations (id, listing, user_id, number, installed_at) VALUES ('ins_1', 1, 'zoe', 1, 0)",
    )
    .execute(&database.writer)
    .await
    .unwrap();
    let zoe = user("zoe");
    assert!(
        !registry.increment_install_count(&zoe, &id, InstallationChange::default()).await.unwrap().1,
        "it stays installed"
    );
    assert_eq!(inputs(&registry, &zoe, &id).await, (json!({}), secrets([])));
    let sent = json!({"channel": "#a", "token": "hunter2"});
    assert!(!registry.increment_install_count(&zoe, &id, given(sent)).await.unwrap().1);
    assert_eq!(inputs(&registry, &zoe, &id).await, (json!({"channel": "#a"}), secrets([("token", "hunter2")])));
}

#[tokio::test]
async fn a_rotation_of_keys_takes_secret_inputs_along() {
    let (database, folder) = fresh().await;
    let old = vault(&database, KEY);
    old.verify_keys().await.unwrap();
    let registry = marketplace_with(&database, old).await;
    let (_, id) = published(&database, &registry, definition()).await;
    // Begins with the old key, and has the new one.
    let late = vault(&database, &format!("{KEY},{OTHER_KEY}"));
    let late = marketplace_with(&database, late).await;
    let zoe = user("zoe");
    let sent = json!({"channel": "#a", "token": "hunter2", "key": "abc"});
    registry.increment_install_count(&zoe, &id, given(sent)).await.unwrap();
    assert!(vault(&database, OTHER_KEY).verify_keys().await.is_err(), "a host without the key does not start");
    let file = KeyFile::open(&folder.path().join("none")).unwrap();
    let ring = KeyRing::load(Some(&format!("{OTHER_KEY},{KEY}").into()), &file).unwrap();
    let options = RotateOptions::default();
    let rotated = rotate(ring, options, std::sync::Arc::new(database.keyed_records())).await.unwrap();
    assert_eq!((rotated.resealed, rotated.unreadable.len()), (2, 0));
    let new = vault(&database, OTHER_KEY);
    new.verify_keys().await.unwrap();
    let new = marketplace_with(&database, new).await;
    assert_eq!(inputs(&new, &zoe, &id).await.1, secrets([("key", "abc"), ("token", "hunter2")]));
    let change = given(json!({"channel": "#b", "token": "later"}));
    let refused = registry.increment_install_count(&user("yan"), &id, change.clone()).await.unwrap_err();
    assert_eq!(refused, MarketplaceError::Store(StoreError::StaleKey));
    assert!(late.increment_install_count(&zoe, &id, change).await.is_ok(), "a host that has the key seals again");
    assert_eq!(inputs(&new, &zoe, &id).await.1, secrets([("key", "abc"), ("token", "later")]));
}

#[tokio::test]
async fn secrets_that_nobody_can_open_go_and_the_installation_stays() {
    let (database, folder) = fresh().await;
    let lost = vault(&database, KEY);
    lost.verify_keys().await.unwrap();
    let registry = marketplace_with(&database, lost).await;
    let (_, id) = published(&database, &registry, definition()).await;
    let zoe = user("zoe");
    registry.increment_install_count(&zoe, &id, given(json!({"channel": "#a", "token": "hunter2"}))).await.unwrap();
    let file = KeyFile::open(&folder.path().join("none")).unwrap();
    let ring = KeyRing::load(Some(&OTHER_KEY.into()), &file).unwrap();
    let options = RotateOptions { drop_unreadable: true, ..RotateOptions::default() };
    let rotated = rotate(ring, options, std::sync::Arc::new(database.keyed_records())).await.unwrap();
    assert_eq!((rotated.dropped, rotated.resealed), (1, 0));
    let registry = marketplace_with(&database, vault(&database, OTHER_KEY)).await;
    assert_eq!(inputs(&registry, &zoe, &id).await, (json!({"channel": "#a"}), secrets([])));
}
