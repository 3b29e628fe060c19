//! Actions that do what a test says.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard},
};

use async_trait::async_trait;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::sync::watch;
use workway_model::ActionId;
use workway_reducer::Failure;
use workway_runs::{ActionCall, Actions, CallError};

use crate::world::eventually;

/// What an action does. One of which nothing is said answers its input.
#[derive(Clone, Debug)]
pub enum Does {
    /// Fails so many times for each step, and then answers its input.
    Fails(usize, Failure),
    /// Waits until it is released.
    Hangs,
    /// The host has no place so many times.
    IsBusy(usize),
    Panics,
    Answers(Value),
}

/// A call that began.
#[derive(Clone, Debug)]
pub struct Called {
    pub action: String,
    pub path: String,
    pub attempt: u32,
    pub key: String,
    pub input: Value,
    /// Its end was reached: nobody aborted it.
    pub has_ended: bool,
}

pub struct Script {
    does: Mutex<HashMap<String, Does>>,
    /// Actions that may not be called again.
    risky: Mutex<HashSet<String>>,
    calls: Mutex<Vec<Called>>,
    busy: Mutex<HashMap<String, usize>>,
    released: watch::Sender<HashSet<String>>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            does: Mutex::default(),
            risky: Mutex::default(),
            calls: Mutex::default(),
            busy: Mutex::default(),
            released: watch::channel(HashSet::new()).0,
        }
    }
}

impl Script {
    pub fn on(&self, action: &str, does: Does) {
        self.does.lock().unwrap().insert(action.to_owned(), does);
    }

    pub fn is_risky(&self, action: &str) {
        self.risky.lock().unwrap().insert(action.to_owned());
    }

    /// Lets all calls of an action end, those of now and of later.
    pub fn release(&self, action: &str) {
        self.released.send_modify(|released| {
            released.insert(action.to_owned());
        });
    }

    pub fn calls(&self) -> Vec<Called> {
        self.all().clone()
    }

    /// Calls of a step.
    pub fn calls_of(&self, path: &str) -> Vec<Called> {
        self.all().iter().filter(|call| call.path == path).cloned().collect()
    }

    /// Waits until so many calls of an action began.
    pub async fn until_called(&self, action: &str, times: usize) {
        let is = || async { self.all().iter().filter(|call| call.action == action).count() >= times };
        eventually(&format!("{times} calls of {action}"), is).await;
    }

    fn all(&self) -> MutexGuard<'_, Vec<Called>> {
        self.calls.lock().unwrap()
    }
}

pub fn failure(code: &str, retryable: bool) -> Failure {
    Failure { retryable, ..Failure::permanent(code, "it failed".to_owned()) }
}

#[async_trait]
impl Actions for Script {
    fn is_idempotent(&self, action: &ActionId) -> bool {
        !self.risky.lock().unwrap().contains(&action.to_string())
    }

    async fn call(&self, call: ActionCall<'_>) -> Result<Value, CallError> {
        let action = call.action.to_string();
        let does = self.does.lock().unwrap().get(&action).cloned();
        if let Some(Does::IsBusy(times)) = does {
            let mut busy = self.busy.lock().unwrap();
            let seen = busy.entry(call.idempotency_key.to_owned()).or_default();
            if *seen < times {
                *seen += 1;
                return Err(CallError::Busy);
            }
        }
        let input: Value = serde_json::from_str(call.input.expose_secret()).expect("JSON");
        let (place, before) = {
            let mut calls = self.all();
            let before = calls.iter().filter(|before| before.key == call.idempotency_key).count();
            calls.push(Called {
                action: action.clone(),
                path: call.path.to_string(),
                attempt: call.attempt,
                key: call.idempotency_key.to_owned(),
                input: input.clone(),
                has_ended: false,
            });
            (calls.len() - 1, before)
        };
        let result = match does {
            Some(Does::Fails(times, failure)) if before < times => Err(CallError::Failed(failure)),
            Some(Does::Panics) => panic!("an action panics, as its test says"),
            Some(Does::Answers(value)) => Ok(value),
            Some(Does::Hangs) => {
                let mut released = self.released.subscribe();
                let _ = released.wait_for(|released| released.contains(&action)).await;
                Ok(input)
            }
            _ => Ok(input),
        };
        // Others get a turn, so that a crash can find a call in flight.
        tokio::task::yield_now().await;
        self.all()[place].has_ended = true;
        result
    }
}

/// A step that calls an action.
pub fn step(id: &str, action: &str) -> Value {
    json!({ "id": id, "uses": action, "with": { "from": id } })
}
