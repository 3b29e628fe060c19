//! Random writes by several users at once, held against a model that does one after another: the answers and the rows are
//! those of some order, counts are what a recount of the rows gives, and the lists are those of the model.

mod lists;
mod operation;
mod rows;
mod world;

use std::{cell::RefCell, ops::RangeInclusive};

use futures_util::future::join_all;
use proptest::{
    collection::vec,
    test_runner::{Config, TestCaseError, TestRunner},
};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use workway_tests::{Answer, TestHost, TestUser};

use self::{
    operation::{Act, Operation, operation},
    rows::Rows,
    world::World,
};
use super::{public, texts, whole, with};

/// Sequences for each host.
const CASES: u32 = 20;
/// Steps of a sequence, and operations at once in one.
const STEPS: RangeInclusive<usize> = 6..=14;
const AT_ONCE: RangeInclusive<usize> = 1..=4;
/// Smaller sequences that are tried after a failure. With many more a developer would have too many workflows.
const MAX_SHRINKS: u32 = 50;
/// All lists are looked at after so many steps.
const ALL_LISTS_AFTER: usize = 4;
/// Published ones that a sequence begins with: the owner, and the places of name and category.
const BEGINNING: [(usize, usize, usize); 4] = [(0, 0, 0), (0, 2, 1), (1, 3, 0), (1, 4, 2)];

#[test]
fn after_any_writes_at_once_counts_and_lists_are_right_with_a_cache() {
    check("");
}

#[test]
fn after_any_writes_at_once_counts_and_lists_are_right_without_a_cache() {
    check("[marketplace]\ncache_bytes = 0\n");
}

/// Runs all sequences on one host with such settings.
fn check(settings: &str) {
    let runtime = Runtime::new().expect("a runtime");
    let host = TestHost::builder().production().guest("hello").config(settings);
    let host = runtime.block_on(host.start());
    {
        let market = runtime.block_on(Market::open(&host));
        let sequences = vec(vec(operation(), AT_ONCE), STEPS);
        let config =
            Config { cases: CASES, max_shrink_iters: MAX_SHRINKS, failure_persistence: None, ..Config::default() };
        let first = RefCell::new(None);
        let result = TestRunner::new(config).run(&sequences, |steps| {
            let ran = runtime.block_on(market.run(&steps));
            ran.inspect_err(|error| {
                first.borrow_mut().get_or_insert_with(|| error.to_string());
            })
        });
        if let Err(error) = result {
            panic!("{error}\nbefore it was made smaller: {}", first.take().unwrap_or_default());
        }
    }
    runtime.block_on(host.finish());
}

/// A host, the users who act, and its rows.
struct Market<'a> {
    host: &'a TestHost,
    /// The first two are developers, `ann` and `bob`.
    users: Vec<TestUser<'a>>,
    rows: Rows,
}

/// An operation as it went: who did what, and what came of it.
#[derive(Clone, Debug)]
struct Done {
    user: usize,
    act: Act,
    /// What it was done to; what a creation made.
    id: String,
    status: u16,
}

/// Steps that make what a sequence begins with.
fn beginning() -> [Vec<Operation>; 2] {
    let place = |salt: u64| usize::try_from(salt).expect("a place");
    let operation = |salt: u64, user, act| Operation { user, listing: place(salt), salt, act };
    let made = (0..)
        .zip(BEGINNING)
        .map(|(salt, (user, name, category))| operation(salt, user, Act::Create { name, tagline: 1, category }));
    let shown = (0..).zip(BEGINNING).map(|(salt, (user, ..))| operation(salt, user, Act::Publish));
    [made.collect(), shown.collect()]
}

impl<'a> Market<'a> {
    async fn open(host: &'a TestHost) -> Self {
        let mut users = Vec::new();
        for slug in ["ann", "bob"] {
            users.push(host.developer(&format!("{slug}@example.com"), slug).await);
        }
        for name in ["eve", "dan"] {
            users.push(host.user(&format!("{name}@example.com")).await);
        }
        Self { host, users, rows: Rows::open(host).await }
    }

    /// One sequence, in a market without any workflow.
    async fn run(&self, steps: &[Vec<Operation>]) -> Result<(), TestCaseError> {
        self.clear().await;
        let before = self.rows.read(&self.users).await;
        // The workflows of this sequence, in the order in which they were made.
        let mut made: Vec<String> = Vec::new();
        let mut world = World::default();
        for (number, step) in beginning().iter().chain(steps).enumerate() {
            let mut done = Vec::new();
            for (place, one) in
                join_all(step.iter().map(|one| self.act(&world, &made, one))).await.into_iter().enumerate()
            {
                let Some(one) = one else { continue };
                if one.status >= 500 {
                    return Err(TestCaseError::fail(format!("step {number}, operation {place}: {one:?}")));
                }
                done.push(one);
            }
            let mut stored = self.rows.read(&self.users).await;
            stored.listings.retain(|id, _| !before.listings.contains_key(id));
            made.extend(done.iter().filter(|one| one.act.creates() && one.status == 201).map(|one| one.id.clone()));
            let Some(after) = world.after(&done, &stored) else {
                let what = format!("step {number}: no order of {done:#?} leads from {world:#?} to {stored:#?}");
                return Err(TestCaseError::fail(what));
            };
            world = after;
            self.rows.recount().await?;
            self.compare(&world, number % ALL_LISTS_AFTER == 0).await?;
        }
        self.compare(&world, true).await
    }

    /// Deletes what an earlier sequence left.
    async fn clear(&self) {
        for developer in &self.users[..2] {
            let own = developer.get("/developers/me/workflows?limit=100").await;
            for id in texts(&own, "id") {
                assert_eq!(developer.delete(&format!("/marketplace/{id}")).await.status, 204);
            }
        }
        assert_eq!(public(self.host, "/marketplace").await.body["total"], 0);
    }

    /// Does an operation; `None` where there is nothing to do it to.
    async fn act(&self, world: &World, made: &[String], operation: &Operation) -> Option<Done> {
        let act = operation.act;
        if let Act::Create { name, tagline, category } = act {
            let user = operation.user % 2;
            let body = json!({ "name": world::NAMES[name].0, "tagline": world::TAGLINES[tagline], "category": world::CATEGORIES[category] });
            // A slug of its own: that slugs are unique has a test of its own.
            let slug = format!("slug-{}", operation.salt);
            let answer =
                self.users[user].post("/marketplace", &with(whole(""), with(body, json!({ "slug": slug })))).await;
            let id = answer.body["id"].as_str().unwrap_or_default().to_owned();
            return Some(Done { user, act, id, status: answer.status });
        }
        if let Act::Look = act {
            // What is read meanwhile is kept, and must not be answered later on.
            for path in ["/marketplace?limit=100", "/marketplace/popular?limit=100", "/marketplace/stats"] {
                assert_eq!(public(self.host, path).await.status, 200);
            }
            return None;
        }
        let id = made.get(operation.listing % made.len().max(1))?;
        let listing = &world.listings[id];
        let user = match act {
            // Most of what few may do is done by those.
            _ if operation.user > 5 => operation.user % self.users.len(),
            act if act.is_owners() => listing.owner,
            Act::Review { .. } | Act::Uninstall if !listing.installs.is_empty() => {
                *listing.installs.keys().nth(operation.user % listing.installs.len())?
            }
            _ => operation.user % self.users.len(),
        };
        let answer = self.send(user, act, id).await;
        Some(Done { user, act, id: id.clone(), status: answer.status })
    }

    async fn send(&self, user: usize, act: Act, id: &str) -> Answer {
        let user = &self.users[user];
        let place = |below: &str| format!("/marketplace/{id}{below}");
        let patch = async |body: Value| user.patch(&place(""), &body).await;
        match act {
            Act::Rename { name } => patch(json!({ "name": world::NAMES[name].0 })).await,
            Act::Retag { tagline } => patch(json!({ "tagline": world::TAGLINES[tagline] })).await,
            Act::Move { category } => patch(json!({ "category": world::CATEGORIES[category] })).await,
            Act::Show { private } => patch(json!({ "visibility": if private { "private" } else { "public" } })).await,
            Act::Price { paid } => {
                let pricing = if paid {
                    json!({ "model": "monthly", "cents": 500 })
                } else {
                    json!({ "model": "free", "cents": 0 })
                };
                patch(json!({ "pricing": pricing })).await
            }
            Act::AddVersion => {
                user.post(&place("/versions"), &json!({ "workflowDefinition": super::definition("again") })).await
            }
            Act::Publish => user.post(&place("/publish"), &Value::Null).await,
            Act::Unpublish => user.post(&place("/unpublish"), &Value::Null).await,
            Act::Delete => user.delete(&place("")).await,
            Act::Install => user.post(&place("/install"), &Value::Null).await,
            Act::Uninstall => user.send(user.request(Method::DELETE, &place("/install"))).await,
            Act::Review { rating } => user.post(&place("/reviews"), &json!({ "rating": rating })).await,
            Act::Create { .. } | Act::Look => panic!("{act:?} is done to nothing"),
        }
    }

    /// Holds what anybody reads against the model: one list after each step, all of them now and then.
    async fn compare(&self, world: &World, everything: bool) -> Result<(), TestCaseError> {
        let keys = self.rows.keys().await;
        let checks = lists::checks(world, &keys, everything);
        for check in checks {
            check.hold(self.host).await?;
        }
        if everything { lists::stats(world, &public(self.host, "/marketplace/stats").await.body) } else { Ok(()) }
    }
}
