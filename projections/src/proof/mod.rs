//! The proof of the log: the sealer that writes its tree and signs checkpoints, proofs out of the tree, and the audit of
//! the whole log (docs/decisions/0054).

mod audit;
mod keys;
mod proofs;
mod sealer;
mod store;
#[cfg(test)]
mod tests;

pub use self::audit::{AuditError, Audited, audit};
pub use self::keys::{KnownKeys, Signer, SigningKey};
pub use self::proofs::{Consistency, Inclusion, ProofError, consistency, inclusion};
pub use self::sealer::Sealer;
pub use self::store::{newest_note, newest_size};
