//! The checks of `mensajeria doctor`: each says what it saw and what to do. None of them changes or sends anything, and one
//! that fails does not stop the others.

mod database;
mod keys;
mod machine;
mod mirror;
mod proof;
mod providers;

use std::time::Duration;

use dispatcher::probe::Finding;
use tokio::time::timeout;

pub(crate) use self::database::{database, pool};
pub(crate) use self::keys::{master_key, sample, signing_key};
pub(crate) use self::machine::machine;
pub(crate) use self::mirror::mirror;
pub(crate) use self::proof::checkpoint;
pub(crate) use self::providers::providers;

/// How long the parts of one check may take together.
const CHECK_TIMEOUT: Duration = Duration::from_secs(30);

/// The findings of a check, or that it did not end in time.
pub(crate) async fn within(check: &str, findings: impl Future<Output = Vec<Finding>>) -> Vec<Finding> {
    timeout(CHECK_TIMEOUT, findings).await.unwrap_or_else(|_| {
        let seen = format!("no end within {} s", CHECK_TIMEOUT.as_secs());
        vec![Finding::fault(
            check,
            seen,
            "open the same address by hand from this machine: either the network drops it, or the server takes connections and says nothing",
        )]
    })
}
