//! The one place that reads the clock and creates ids. All other code is given them.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The time now.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// A new id, in order of time: UUIDv7.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}
