//! Randomness from a seed: jitter and lease names, never secrets.

/// SplitMix64: one word of state, good enough to spread retries, the same on every machine.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// A generator whose whole future is decided by `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `0..bound`; 0 when `bound` is 0. Its bias (below 2^-32 for any bound under 2^32) does not matter for jitter.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.draw() % bound }
    }
}

#[cfg(test)]
mod tests {
    use super::Rng;

    #[test]
    fn the_seed_decides() {
        let four = |seed| {
            let mut rng = Rng::new(seed);
            std::array::from_fn::<u64, 4, _>(|_| rng.draw())
        };
        assert_eq!(four(7), four(7));
        assert_ne!(Rng::new(7).draw(), Rng::new(8).draw());
        assert_eq!(Rng::new(0).draw(), 0xE220_A839_7B1D_CDAF, "SplitMix64's published first output");
        assert_eq!(Rng::new(1).below(0), 0);
    }
}
