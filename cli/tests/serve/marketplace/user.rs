//! A user who installs, uninstalls and reviews workflows of others, one write after another, and remembers what was
//! acknowledged and what was under way.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use super::{Desk, Random, audit::Tables, sign_up};
use crate::process::Running;

pub struct User {
    email: String,
    token: String,
    random: Random,
    /// By workflow, as it was acknowledged.
    uses: BTreeMap<String, Use>,
    in_flight: Option<(String, Write)>,
}

/// What a user has of a workflow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Use {
    /// None where it never was installed.
    pub active: Option<bool>,
    pub rating: Option<i64>,
}

#[derive(Clone, Copy, Debug)]
enum Write {
    Install,
    Uninstall,
    Review(i64),
}

impl Use {
    fn after(self, write: Write) -> Self {
        match write {
            Write::Install => Self { active: Some(true), ..self },
            Write::Uninstall => Self { active: self.active.map(|_| false), ..self },
            Write::Review(rating) => Self { rating: Some(rating), ..self },
        }
    }
}

impl User {
    pub async fn sign_up(running: &Running, name: &str, random: Random) -> Self {
        let token = sign_up(running, name).await;
        Self { email: format!("{name}@example.com"), token, random, uses: BTreeMap::new(), in_flight: None }
    }

    /// Writes until the host is gone.
    pub async fn write(&mut self, desk: Desk) {
        loop {
            let Some(id) = desk.any_published(&mut self.random) else {
                // Until a developer has published one.
                if desk.send(&self.token, Method::GET, "/healthz", &Value::Null).await.is_none() {
                    return;
                }
                continue;
            };
            let write = match self.random.below(8) {
                0..4 => Write::Install,
                4 => Write::Uninstall,
                _ => Write::Review(1 + i64::try_from(self.random.below(5)).expect("a rating")),
            };
            self.in_flight = Some((id.clone(), write));
            let (method, path, body) = match write {
                Write::Install => (Method::POST, "install", Value::Null),
                Write::Uninstall => (Method::DELETE, "install", Value::Null),
                Write::Review(rating) => (Method::POST, "reviews", json!({ "rating": rating })),
            };
            let sent = desk.send(&self.token, method, &format!("/marketplace/{id}/{path}"), &body).await;
            let Some((status, body)) = sent else { return };
            self.in_flight = None;
            // Its developer may have taken it out; who has not installed it cannot review it.
            if matches!((status, write), (404, _) | (403, Write::Review(_))) {
                continue;
            }
            assert!((200..300).contains(&status), "{write:?}: {status} {body:#}");
            let used = self.uses.entry(id).or_default();
            *used = used.after(write);
            desk.acknowledged();
        }
    }

    /// Holds what was acknowledged against the tables: everything is as it was acknowledged, or as the write under way
    /// makes it.
    pub fn settle(&mut self, tables: &Tables, what: &str) {
        let in_flight = self.in_flight.take();
        let nothing = BTreeMap::new();
        let rows = tables.uses.get(&self.email).unwrap_or(&nothing);
        let ids: Vec<String> = self.uses.keys().chain(rows.keys()).cloned().collect();
        for id in ids {
            let (row, acknowledged) =
                (rows.get(&id).copied().unwrap_or_default(), self.uses.entry(id.clone()).or_default());
            let under_way =
                in_flight.as_ref().filter(|(other, _)| *other == id).map(|(_, write)| acknowledged.after(*write));
            let email = &self.email;
            assert!(
                row == *acknowledged || Some(row) == under_way,
                "{what}: {email} has {row:?} of {id}, not {acknowledged:?}"
            );
            *acknowledged = row;
        }
    }
}
