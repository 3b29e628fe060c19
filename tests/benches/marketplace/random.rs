//! Numbers that look random and are the same in every run. Good enough for a bench and for nothing else.

/// Places of a [`Zipf`]: the rarest of 30,000 words gets about three of them.
const PLACE_BITS: u32 = 20;

/// SplitMix64 (Steele, Lea and Flood, 2014).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to `bound`, without it.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u128::try_from(bound).unwrap_or_default();
        usize::try_from((u128::from(self.next()) * bound) >> 64).unwrap_or_default()
    }

    /// From `least` to `most`.
    pub fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most - least + 1)
    }

    /// Above 0, and at most 1.
    pub fn share(&mut self) -> f64 {
        let drawn = u32::try_from(self.next() >> 32).unwrap_or_default();
        (f64::from(drawn) + 1.0) / (f64::from(u32::MAX) + 1.0)
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// Ranks of which the n-th comes up n to the power of `exponent` times less than the first. Drawing is one look into a table.
pub struct Zipf {
    places: Vec<u16>,
}

impl Zipf {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 2^20 places")]
    pub fn new(ranks: u16, exponent: f64) -> Self {
        let weight = |rank: u16| (f64::from(rank) + 1.0).powf(-exponent);
        let total: f64 = (0..ranks).map(weight).sum();
        let mut places = Vec::with_capacity(1 << PLACE_BITS);
        let mut so_far = 0.0;
        for rank in 0..ranks {
            so_far += weight(rank);
            let until = (so_far / total * f64::from(1_u32 << PLACE_BITS)).round() as usize;
            places.resize(until.clamp(places.len(), 1 << PLACE_BITS), rank);
        }
        places.resize(1 << PLACE_BITS, ranks - 1);
        Self { places }
    }

    pub fn draw(&self, random: &mut Random) -> usize {
        usize::from(self.places[random.below(1 << PLACE_BITS)])
    }
}
