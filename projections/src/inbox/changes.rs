//! How the counts of inboxes change in a batch.

use std::collections::HashMap;

use domain::Position;
use uuid::Uuid;

use super::fold::Counted;

/// The change of each user's counts, and the last position at which they did.
#[derive(Default)]
pub(super) struct Changes(pub(super) HashMap<Uuid, (Counted, Position)>);

impl Changes {
    pub(super) fn add(&mut self, user: Uuid, by: Counted, position: Position) {
        let (sum, last) = self.0.entry(user).or_default();
        sum.unseen += by.unseen;
        sum.unread += by.unread;
        sum.total += by.total;
        *last = position.max(*last);
    }
}
