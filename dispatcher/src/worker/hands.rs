//! Which deliveries an owner has in hand: for totals at query time, and to find what it claimed without knowing.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use crate::queue::QueueRow;

/// One claim of one row: its delivery, generation and epoch.
type Claim = (Uuid, i32, i64);

/// The rows between claim and settlement, by their notification.
#[derive(Debug, Default)]
pub(super) struct Hands(Mutex<HashMap<Uuid, HashSet<Claim>>>);

impl Hands {
    pub(super) fn take(&self, rows: &[QueueRow]) {
        let mut claims = self.claims();
        for row in rows {
            claims.entry(row.notification_id).or_default().insert(claim(row));
        }
    }

    pub(super) fn put_down(&self, row: &QueueRow) {
        let mut claims = self.claims();
        if let Some(of_notification) = claims.get_mut(&row.notification_id) {
            of_notification.remove(&claim(row));
            if of_notification.is_empty() {
                claims.remove(&row.notification_id);
            }
        }
    }

    pub(super) fn hold(&self, row: &QueueRow) -> bool {
        self.claims().get(&row.notification_id).is_some_and(|claims| claims.contains(&claim(row)))
    }

    /// So many of each notification.
    pub(super) fn all(&self) -> Vec<(Uuid, i64)> {
        self.claims().iter().map(|(notification, claims)| (*notification, claims.len() as i64)).collect()
    }

    fn claims(&self) -> MutexGuard<'_, HashMap<Uuid, HashSet<Claim>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn claim(row: &QueueRow) -> Claim {
    (row.delivery_id, row.generation, row.epoch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::row;

    #[test]
    fn what_is_taken_is_in_hand_until_it_is_put_down() {
        let hands = Hands::default();
        hands.take(&[row(1), row(2)]);
        hands.put_down(&row(1));
        assert_eq!(hands.all(), [(row(1).notification_id, 1)]);
        assert!(hands.hold(&row(2)) && !hands.hold(&row(1)));
        hands.put_down(&row(2));
        assert!(hands.all().is_empty());
    }

    #[test]
    fn a_row_that_is_claimed_again_before_it_was_put_down_stays_in_hand() {
        let (hands, again) = (Hands::default(), QueueRow { epoch: 3, ..row(1) });
        hands.take(&[row(1)]);
        hands.take(std::slice::from_ref(&again));
        hands.put_down(&row(1));
        assert!(hands.hold(&again));
    }
}
