//! Numbers from a seed, so that what happened can happen again.

use std::hash::{BuildHasher, RandomState};

/// SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>).
pub struct Random {
    seed: u64,
    state: u64,
}

impl Random {
    /// With another seed every time.
    pub fn unforeseen() -> Self {
        Self::new(RandomState::new().hash_one(0))
    }

    fn new(seed: u64) -> Self {
        Self { seed, state: seed }
    }

    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Another one, whose seed follows from this.
    pub fn branch(&mut self) -> Self {
        Self::new(self.next())
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Less than a bound that is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).expect("a count");
        usize::try_from(self.next() % bound).expect("less than a count")
    }

    /// A word that nobody takes for another one, however forgiving.
    pub fn word(&mut self) -> String {
        (0..14).map(|_| char::from(b"abcdefghijklmnopqrstuvwxyz"[self.below(26)])).collect()
    }
}
