//! The one place where chance is made; everywhere else it is handed in.

use aws_lc_rs::rand;

/// A random number from 0 (included) to 1 (excluded).
pub fn fraction() -> f64 {
    let mut bytes = [0; 4];
    rand::fill(&mut bytes).expect("the system gives randomness");
    f64::from(u32::from_be_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
}
