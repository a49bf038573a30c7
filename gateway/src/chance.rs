//! The only source of randomness; all other code takes it as an argument.

use aws_lc_rs::rand;

/// A random number from 0 (included) to 1 (excluded).
pub fn fraction() -> f64 {
    let mut bytes = [0; 4];
    rand::fill(&mut bytes).expect("the system gives randomness");
    f64::from(u32::from_be_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
}
