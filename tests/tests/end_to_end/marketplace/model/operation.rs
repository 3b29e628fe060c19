//! What users do to workflows, and how it is drawn.

use proptest::{
    prelude::{Just, any, prop_oneof},
    strategy::Strategy,
};

use super::world::{CATEGORIES, NAMES, TAGLINES};

/// Somebody does something to one of the workflows there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    pub user: usize,
    pub listing: usize,
    /// Makes names of creations differ.
    pub salt: u64,
    pub act: Act,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Create {
        name: usize,
        tagline: usize,
        category: usize,
    },
    Rename {
        name: usize,
    },
    Retag {
        tagline: usize,
    },
    Move {
        category: usize,
    },
    Show {
        private: bool,
    },
    Price {
        paid: bool,
    },
    AddVersion,
    Publish,
    Unpublish,
    Delete,
    Install,
    Uninstall,
    Review {
        rating: i64,
    },
    /// Reads lists while others write.
    Look,
}

impl Act {
    pub fn creates(self) -> bool {
        matches!(self, Self::Create { .. })
    }

    /// Whether it is for owners alone.
    pub fn is_owners(self) -> bool {
        !matches!(self, Self::Install | Self::Uninstall | Self::Review { .. } | Self::Look)
    }
}

pub(super) fn operation() -> impl Strategy<Value = Operation> {
    let act = prop_oneof![
        2 => (0..NAMES.len(), 0..TAGLINES.len(), 0..CATEGORIES.len())
            .prop_map(|(name, tagline, category)| Act::Create { name, tagline, category }),
        2 => (0..NAMES.len()).prop_map(|name| Act::Rename { name }),
        2 => (0..TAGLINES.len()).prop_map(|tagline| Act::Retag { tagline }),
        1 => (0..CATEGORIES.len()).prop_map(|category| Act::Move { category }),
        2 => any::<bool>().prop_map(|private| Act::Show { private }),
        1 => any::<bool>().prop_map(|paid| Act::Price { paid }),
        1 => Just(Act::AddVersion),
        6 => Just(Act::Publish),
        2 => Just(Act::Unpublish),
        1 => Just(Act::Delete),
        12 => Just(Act::Install),
        4 => Just(Act::Uninstall),
        10 => (1..=5_i64).prop_map(|rating| Act::Review { rating }),
        2 => Just(Act::Look),
    ];
    (0..8_usize, 0..64_usize, any::<u64>(), act).prop_map(|(user, listing, salt, act)| Operation {
        user,
        listing,
        salt,
        act,
    })
}
