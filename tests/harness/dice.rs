//! Choices by a seed, and numbers from the environment.

/// A small generator of its own (xorshift), so that a seed means the same for ever.
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// The choices of that seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number from 0 to below `limit`.
    ///
    /// # Panics
    /// When the limit is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let limit = u64::try_from(limit).expect("a limit fits");
        usize::try_from(self.0 % limit).expect("it is below the limit")
    }
}

/// A number that a variable of the environment may give.
#[must_use]
pub fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}
