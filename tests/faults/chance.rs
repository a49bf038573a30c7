//! Chance that can be repeated: a test prints its seed.

use commands::clock;

/// Set to what a failed run printed to repeat its chances.
const SEED: &str = "MENSAJERIA_FAULTS_SEED";

/// SplitMix64.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    /// By the seed that is given, else by one of its own, which is printed.
    #[expect(clippy::disallowed_methods, reason = "how a run is repeated, not a setting of the program")]
    pub(crate) fn seeded() -> Self {
        let given = std::env::var(SEED).ok().map(|seed| seed.parse().expect("a number"));
        let seed = given.unwrap_or_else(|| clock::new_id().as_u64_pair().1);
        println!("{SEED}={seed}");
        Self(seed)
    }

    /// A number below a bound.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
