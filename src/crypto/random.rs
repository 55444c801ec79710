//! The operating system's randomness through the generator of aws-lc-rs.

use aws_lc_rs::rand;

use crate::base::Entropy;

/// What `Entropy::system` is given in production.
pub fn fill(bytes: &mut [u8]) {
    if rand::fill(bytes).is_err() {
        // Going on would hand out guessable keys and tokens; there is nothing that an answer could say instead.
        std::process::abort();
    }
}

pub fn entropy() -> Entropy {
    Entropy::system(fill)
}

/// Seeds the generator. Its first use in a process takes 30–40 ms: at start, beside other work, and not in the first
/// person's request. On every thread that will draw, since the generator keeps a state per thread.
pub fn warm_up() {
    fill(&mut [0; 32]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_differ_and_fill_the_whole() {
        warm_up();
        let entropy = entropy();
        let (a, b) = (entropy.bytes::<64>(), entropy.bytes::<64>());
        assert_ne!(a, b);
        assert!(a.chunks(16).all(|chunk| chunk.iter().any(|byte| *byte != 0)));
    }
}
