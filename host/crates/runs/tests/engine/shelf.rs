//! Installations in memory.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use serde_json::json;
use workway_runs::{Installation, Installations, RunStoreError};

use crate::world::ann;

#[derive(Default)]
pub struct Shelf {
    all: Mutex<BTreeMap<String, Installation>>,
    /// Whether it cannot be read.
    pub is_down: AtomicBool,
}

impl Shelf {
    /// Installs a workflow, or changes it.
    pub fn install(&self, id: &str, definition: &str) {
        let new = Installation {
            id: id.to_owned(),
            owner: ann(),
            workflow: "wf_1".to_owned(),
            version: 1,
            definition: definition.to_owned(),
            inputs: json!({ "who": "world" }),
            secrets: BTreeMap::from([("key".to_owned(), "a secret of sixteen".to_owned().into())]),
            connections: BTreeMap::new(),
            is_paused: false,
            is_uninstalled: false,
            revision: 0,
            webhook_token: Some("first-token".to_owned().into()),
        };
        self.all.lock().unwrap().entry(id.to_owned()).or_insert(new);
        self.change(id, |installation| installation.definition = definition.to_owned());
    }

    /// Changes an installation, as a new revision.
    pub fn change(&self, id: &str, change: impl FnOnce(&mut Installation)) {
        let mut all = self.all.lock().unwrap();
        let installation = all.get_mut(id).expect("an installation");
        change(installation);
        installation.revision += 1;
    }

    pub fn revert_to(&self, id: &str, revision: u64) {
        self.all.lock().unwrap().get_mut(id).expect("an installation").revision = revision;
    }

    /// As if it had never been there.
    pub fn forget(&self, id: &str) {
        self.all.lock().unwrap().remove(id);
    }

    fn check(&self) -> Result<(), RunStoreError> {
        if self.is_down.load(Ordering::SeqCst) {
            return Err(RunStoreError::Unavailable("the test says so".to_owned()));
        }
        Ok(())
    }
}

#[async_trait]
impl Installations for Shelf {
    async fn find(&self, id: &str) -> Result<Option<Installation>, RunStoreError> {
        self.check()?;
        Ok(self.all.lock().unwrap().get(id).cloned())
    }

    async fn revisions(&self, after: &str, most: u32) -> Result<Vec<(String, u64)>, RunStoreError> {
        self.check()?;
        let all = self.all.lock().unwrap();
        let after = all.iter().filter(|(id, _)| id.as_str() > after);
        Ok(after.take(most as usize).map(|(id, found)| (id.clone(), found.revision)).collect())
    }
}
