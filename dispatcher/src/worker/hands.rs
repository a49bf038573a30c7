//! How many deliveries of each notification an owner has in hand, for totals at query time.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use crate::queue::QueueRow;

/// Counts rows between claim and settlement.
#[derive(Debug, Default)]
pub(super) struct Hands(Mutex<HashMap<Uuid, i64>>);

impl Hands {
    pub(super) fn take(&self, rows: &[QueueRow]) {
        let mut counts = self.counts();
        for row in rows {
            *counts.entry(row.notification_id).or_default() += 1;
        }
    }

    pub(super) fn put_down(&self, notification: Uuid) {
        let mut counts = self.counts();
        if let Some(count) = counts.get_mut(&notification) {
            *count -= 1;
            if *count <= 0 {
                counts.remove(&notification);
            }
        }
    }

    /// So many of each notification.
    pub(super) fn all(&self) -> Vec<(Uuid, i64)> {
        self.counts().iter().map(|(notification, count)| (*notification, *count)).collect()
    }

    pub(super) fn are_empty(&self) -> bool {
        self.counts().is_empty()
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Uuid, i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::row;

    #[test]
    fn what_is_taken_is_in_hand_until_it_is_put_down() {
        let hands = Hands::default();
        hands.take(&[row(1), row(2)]);
        hands.put_down(row(1).notification_id);
        assert_eq!(hands.all(), [(row(1).notification_id, 1)]);
        hands.put_down(row(1).notification_id);
        assert!(hands.are_empty());
    }
}
