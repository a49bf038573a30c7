//! The keys of checkpoints, as a process is given them.

use commands::log::Reader;
use domain::proof::{Origin, VerifierKey};
use projections::proof::{KnownKeys, Sealer, Signer, SigningKey};
use sqlx::PgPool;
use uuid::Uuid;

use crate::config::Proof;

/// The key that signs, and the keys of before.
#[derive(Clone)]
pub struct ProofOptions {
    /// The key that signs.
    pub key: SigningKey,
    /// The name of the log, if it is not to follow from its id.
    pub origin: Option<Origin>,
    /// The public keys that have signed before.
    pub former_keys: Vec<VerifierKey>,
}

impl ProofOptions {
    /// The options in a configuration, with the key that it has or that the data folder keeps.
    pub fn of(config: &Proof, key: SigningKey) -> Self {
        Self { key, origin: config.origin.clone(), former_keys: config.former_keys.clone() }
    }

    /// The public keys of the log in a database, the one that signs first.
    ///
    /// # Errors
    /// When the database does not answer, or has no log.
    pub async fn known(&self, pool: &PgPool) -> sqlx::Result<KnownKeys> {
        let ledger: Uuid = sqlx::query_scalar("select id from ledger").fetch_one(pool).await?;
        let own = self.key.verifier(&self.origin(ledger));
        Ok(KnownKeys::new([own].into_iter().chain(self.former_keys.iter().cloned())))
    }

    /// The sealer of a log.
    pub(super) fn sealer(&self, log: &Reader) -> Sealer {
        let signer = Signer::new(self.origin(log.ledger()), &self.key);
        Sealer::new(log.clone(), signer, &KnownKeys::new(self.former_keys.iter().cloned()))
    }

    fn origin(&self, ledger: Uuid) -> Origin {
        let of_ledger = || format!("mensajeria/{ledger}").parse().expect("an id has no spaces");
        self.origin.clone().unwrap_or_else(of_ledger)
    }
}
