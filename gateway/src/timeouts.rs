//! The timeouts of the program's dependencies.

use std::time::Duration;

/// Timeouts of dependencies.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// How long a request waits for a database connection before it is answered with 503.
    pub connection: Duration,
    /// How long a read waits for the views to show its caller's last write.
    pub views: Duration,
    /// PostgreSQL's timeout for the next statement of a transaction. A process that freezes between its append and its
    /// commit would keep the lock of the log. The timeout is shorter than any append waits, so that no append is
    /// refused for it.
    pub transaction: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let [connection, views, transaction] = [4, 2, 5].map(Duration::from_secs);
        Self { connection, views, transaction }
    }
}
