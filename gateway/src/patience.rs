//! How long this program waits for what it depends on.

use std::time::Duration;

/// How long is waited for something before it is given up.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// A request, for a connection to the database, before it is told that the database is away.
    pub connection: Duration,
    /// A read, for the views to show what its caller wrote.
    pub views: Duration,
    /// PostgreSQL, for the next statement of a transaction: one whose process froze between its append and its commit would
    /// keep the ledger's lock from everybody. Shorter than any append waits, so that nobody is refused for it.
    pub transaction: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let [connection, views, transaction] = [4, 2, 5].map(Duration::from_secs);
        Self { connection, views, transaction }
    }
}
