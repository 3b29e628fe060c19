//! A developer who makes, changes, publishes and deletes workflows, one write after another, and remembers what was
//! acknowledged and what was under way.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};

use super::{Desk, Random, audit::Tables, sign_up};
use crate::process::Running;

pub struct Developer {
    pub name: &'static str,
    pub token: String,
    random: Random,
    /// As they were acknowledged, by id.
    pub listings: BTreeMap<String, Listing>,
    /// The write without an answer, and to what; a creation has no id yet.
    pub in_flight: Option<(String, Write)>,
    /// Words that were in a name since they were last taken out of here.
    pub written: BTreeSet<String>,
}

/// What of a workflow its owner's writes change. The name is one word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    pub name: String,
    pub status: String,
    pub version: i64,
}

#[derive(Clone, Debug)]
pub enum Write {
    Create(String),
    Rename(String),
    Publish,
    Unpublish,
    AddVersion,
    Delete,
}

impl Listing {
    pub fn is_public(&self) -> bool {
        self.status == "published"
    }

    /// As it is after a write.
    fn after(&self, write: &Write) -> Self {
        let mut after = self.clone();
        match write {
            Write::Create(_) => {}
            Write::Rename(name) => after.name.clone_from(name),
            Write::Publish => after.status = "published".to_owned(),
            Write::Unpublish => after.status = "unpublished".to_owned(),
            Write::AddVersion => after.version += 1,
            Write::Delete => after.status = "deleted".to_owned(),
        }
        after
    }
}

impl Developer {
    pub async fn sign_up(running: &Running, name: &'static str, random: Random) -> Self {
        let token = sign_up(running, name).await;
        let profile = running.request(Method::POST, "/developers").json(&json!({ "slug": name, "name": name }));
        assert_eq!(profile.bearer_auth(&token).send().await.expect("an answer").status(), 201);
        Self { name, token, random, listings: BTreeMap::new(), in_flight: None, written: BTreeSet::new() }
    }

    /// Those that others can install.
    pub fn published(&self) -> Vec<String> {
        let published = self.listings.iter().filter(|(_, listing)| listing.is_public());
        published.map(|(id, _)| id.clone()).collect()
    }

    /// Writes until the host is gone.
    pub async fn write(&mut self, desk: Desk) {
        loop {
            let (id, write) = self.next_write();
            self.in_flight = Some((id.clone(), write.clone()));
            let (method, path, body, expected) = request(&id, &write);
            let Some((status, body)) = desk.send(&self.token, method, &path, &body).await else { return };
            assert_eq!(status, expected, "{write:?}: {body:#}");
            self.in_flight = None;
            let id = body["id"].as_str().unwrap_or(&id).to_owned();
            let after = match &write {
                Write::Create(name) => Listing::draft(name),
                write => self.listings[&id].after(write),
            };
            if after.is_public() {
                desk.publish(&id);
            }
            self.written.insert(after.name.clone());
            self.listings.insert(id, after);
            desk.acknowledged();
        }
    }

    /// One that has to be done, as the workflows are.
    fn next_write(&mut self) -> (String, Write) {
        let live: Vec<_> = self.listings.iter().filter(|(_, listing)| listing.status != "deleted").collect();
        let choice = self.random.below(10);
        if live.is_empty() || choice < 3 {
            return (String::new(), Write::Create(self.random.word()));
        }
        let (id, listing) = live[self.random.below(live.len())];
        let write = match choice {
            3 => Write::Rename(self.random.word()),
            4 => Write::AddVersion,
            5 if listing.is_public() => Write::Unpublish,
            6 => Write::Delete,
            _ => Write::Publish,
        };
        self.written.insert(listing.name.clone());
        (id.clone(), write)
    }

    /// Holds what was acknowledged against the tables: each workflow is as it was acknowledged, or as the write under way
    /// makes it. True if that one was stored; it counts from then on.
    pub fn settle(&mut self, tables: &Tables, what: &str) -> bool {
        let in_flight = self.in_flight.take();
        let mut is_stored = false;
        if let Some((_, Write::Create(name))) = &in_flight {
            let made = tables.listings.iter().find(|(_, row)| row.listing.name == *name);
            if let Some((id, row)) = made {
                assert_eq!(row.listing, Listing::draft(name), "{what}");
                self.listings.insert(id.clone(), row.listing.clone());
                self.written.insert(name.clone());
                is_stored = true;
            }
        }
        for (id, acknowledged) in &mut self.listings {
            let Some(row) = tables.listings.get(id) else { panic!("{what}: {id} is lost: {acknowledged:?}") };
            if row.listing == *acknowledged {
                continue;
            }
            let under_way = in_flight.as_ref().filter(|(other, _)| other == id);
            let after = under_way.map(|(_, write)| acknowledged.after(write));
            assert_eq!(Some(&row.listing), after.as_ref(), "{what}: {id} was {acknowledged:?}");
            self.written.insert(row.listing.name.clone());
            acknowledged.clone_from(&row.listing);
            is_stored = true;
        }
        let rows = tables.listings.values().filter(|row| row.developer == self.name).count();
        assert_eq!(rows, self.listings.len(), "{what}: {} has workflows that nobody made", self.name);
        is_stored
    }
}

impl Listing {
    fn draft(name: &str) -> Self {
        Self { name: name.to_owned(), status: "draft".to_owned(), version: 1 }
    }
}

/// Method, path, body, and the status that it has to be answered with.
fn request(id: &str, write: &Write) -> (Method, String, Value, u16) {
    let definition = json!({
        "name": "Echo",
        "trigger": { "manual": {} },
        "steps": [{ "id": "say", "uses": "hello.echo", "with": { "message": "hi" } }],
    });
    let place = |below: &str| format!("/marketplace/{id}{below}");
    match write {
        Write::Create(name) => {
            let body = json!({
                "name": name, "tagline": "Says it", "description": "Says a message", "workflowDefinition": definition,
            });
            (Method::POST, "/marketplace".to_owned(), body, 201)
        }
        Write::Rename(name) => (Method::PATCH, place(""), json!({ "name": name }), 200),
        Write::Publish => (Method::POST, place("/publish"), Value::Null, 200),
        Write::Unpublish => (Method::POST, place("/unpublish"), Value::Null, 200),
        Write::AddVersion => (Method::POST, place("/versions"), json!({ "workflowDefinition": definition }), 201),
        Write::Delete => (Method::DELETE, place(""), Value::Null, 204),
    }
}
