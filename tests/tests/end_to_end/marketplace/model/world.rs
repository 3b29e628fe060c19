//! The model: what each operation does when nothing else goes on, and which order of operations at once explains what came
//! of them.

use std::collections::BTreeMap;

use super::{Done, operation::Act};

/// Names, and what has to be unique of them among what everybody sees.
pub(super) const NAMES: [(&str, &str); 6] = [
    ("Alpha One", "alpha one"),
    ("ÁLPHA-one!", "alpha one"),
    ("Bravo one", "bravo one"),
    ("Charlie", "charlie"),
    ("Alphabet soup", "alphabet soup"),
    ("Delta charlie", "delta charlie"),
];
/// The first is what nothing can be published with.
pub(super) const TAGLINES: [&str; 4] = ["", "Sends everything on", "Keeps things in order", "Sends alpha waves"];
pub(super) const CATEGORIES: [&str; 3] = ["productivity", "data", "crm"];

/// All workflows of a sequence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct World {
    pub listings: BTreeMap<String, Listing>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listing {
    pub owner: usize,
    /// A place in [`NAMES`], and so on.
    pub name: usize,
    pub tagline: usize,
    pub category: usize,
    pub status: &'static str,
    pub private: bool,
    pub paid: bool,
    pub version: i64,
    /// By user: the version, and whether it is active.
    pub installs: BTreeMap<usize, (i64, bool)>,
    pub reviews: BTreeMap<usize, i64>,
}

impl Listing {
    pub fn is_public(&self) -> bool {
        self.status == "published" && !self.private
    }

    fn is_seen_by(&self, user: usize) -> bool {
        self.status != "deleted" && (self.is_public() || self.owner == user)
    }
}

impl World {
    /// The world after some order of these operations in which each has the answer that it got, and which is what is stored.
    pub fn after(&self, done: &[Done], stored: &World) -> Option<World> {
        if done.is_empty() {
            return (self == stored).then(|| self.clone());
        }
        (0..done.len()).find_map(|first| {
            let mut world = self.clone();
            let one = &done[first];
            if world.apply(one) != one.status {
                return None;
            }
            let rest: Vec<Done> =
                done.iter().enumerate().filter(|(place, _)| *place != first).map(|(_, one)| one.clone()).collect();
            world.after(&rest, stored)
        })
    }

    /// Does it, and answers with the status.
    fn apply(&mut self, done: &Done) -> u16 {
        let (id, user) = (&done.id, done.user);
        if let Act::Create { name, tagline, category } = done.act {
            let listing = Listing {
                owner: user,
                name,
                tagline,
                category,
                status: "draft",
                private: false,
                paid: false,
                version: 1,
                installs: BTreeMap::new(),
                reviews: BTreeMap::new(),
            };
            self.listings.insert(id.clone(), listing);
            return 201;
        }
        let Some(listing) = self.listings.get(id) else { return 404 };
        if !done.act.is_owners() {
            return self.use_it(done);
        }
        if !listing.is_seen_by(user) {
            return 404;
        }
        if listing.owner != user {
            return 403;
        }
        let mut changed = listing.clone();
        let status = match done.act {
            Act::Rename { name } => {
                changed.name = name;
                200
            }
            Act::Retag { tagline } => {
                changed.tagline = tagline;
                200
            }
            Act::Move { category } => {
                changed.category = category;
                200
            }
            Act::Show { private } => {
                changed.private = private;
                200
            }
            Act::Price { paid } => {
                changed.paid = paid;
                200
            }
            Act::AddVersion => {
                changed.version += 1;
                201
            }
            Act::Publish => {
                changed.status = "published";
                200
            }
            Act::Unpublish if listing.status == "draft" => 409,
            Act::Unpublish => {
                changed.status = "unpublished";
                200
            }
            Act::Delete => {
                changed.status = "deleted";
                204
            }
            Act::Create { .. } | Act::Install | Act::Uninstall | Act::Review { .. } | Act::Look => 0,
        };
        if &changed != listing && changed.status == "published" {
            let key = NAMES[changed.name].1;
            let is_taken = |(other, listing): (&String, &Listing)| {
                other != id && listing.is_public() && NAMES[listing.name].1 == key
            };
            if changed.tagline == 0 || changed.is_public() && self.listings.iter().any(is_taken) {
                return 422;
            }
        }
        self.listings.insert(id.clone(), changed);
        status
    }

    /// What users do with the workflows of others.
    fn use_it(&mut self, done: &Done) -> u16 {
        let user = done.user;
        let Some(listing) = self.listings.get_mut(&done.id) else { return 404 };
        let installed = listing.installs.get(&user).copied();
        let is_seen = listing.is_seen_by(user);
        match done.act {
            Act::Uninstall if !is_seen && installed.is_none() => 404,
            Act::Uninstall => {
                listing.installs.entry(user).and_modify(|installed| installed.1 = false);
                204
            }
            _ if !is_seen => 404,
            Act::Install => match installed {
                _ if listing.status != "published" => 409,
                _ if listing.paid && listing.owner != user => 402,
                Some((_, true)) => 200,
                _ => {
                    listing.installs.insert(user, (listing.version, true));
                    201
                }
            },
            Act::Review { .. } if listing.owner == user || installed.is_none() => 403,
            Act::Review { rating } => {
                if listing.reviews.insert(user, rating).is_some() {
                    200
                } else {
                    201
                }
            }
            _ => 0,
        }
    }
}
