//! Which providers have refused a row in its current attempt, so that it goes round once and not for ever.

use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use lru::LruCache;
use uuid::Uuid;

use crate::queue::QueueRow;

/// How many rows are remembered. One that is forgotten is offered to a provider again that refuses it again.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(10_000).expect("a positive number");

/// One attempt of one row.
type Attempt = (Uuid, i32, i32);

/// The refusals of the rows that are on their way from one provider of a channel to the next. A new attempt begins anew.
#[derive(Debug)]
pub(super) struct RefusedRows(Mutex<LruCache<Attempt, Refusals>>);

/// The refusals of one row in one attempt.
#[derive(Debug)]
struct Refusals {
    waits_until: DateTime<Utc>,
    places: Vec<usize>,
}

impl Default for RefusedRows {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(REMEMBERED)))
    }
}

impl RefusedRows {
    /// The provider at this place has refused the row. The first refusal of an attempt says until when it waits for another.
    pub(super) fn note(&self, row: &QueueRow, place: usize, waits_until: DateTime<Utc>) {
        let none_yet = || Refusals { waits_until, places: Vec::new() };
        self.remembered().get_or_insert_mut(attempt(row), none_yet).places.push(place);
    }

    /// Until when the row may wait for another provider. None: it was not refused in this attempt.
    pub(super) fn waits_until(&self, row: &QueueRow) -> Option<DateTime<Utc>> {
        self.remembered().peek(&attempt(row)).map(|refusals| refusals.waits_until)
    }

    /// Whether the provider at this place has refused the row before in this attempt.
    pub(super) fn has(&self, row: &QueueRow, place: usize) -> bool {
        self.remembered().peek(&attempt(row)).is_some_and(|refusals| refusals.places.contains(&place))
    }

    fn remembered(&self) -> MutexGuard<'_, LruCache<Attempt, Refusals>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn attempt(row: &QueueRow) -> Attempt {
    (row.delivery_id, row.generation, row.attempt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::row;

    #[test]
    fn a_refusal_is_remembered_for_its_attempt() {
        let refused = RefusedRows::default();
        let at = |seconds: i64| DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("a valid time");
        refused.note(&row(1), 0, at(0));
        refused.note(&row(1), 2, at(9));
        assert_eq!((refused.waits_until(&row(1)), refused.waits_until(&row(2))), (Some(at(0)), None));
        assert!(refused.has(&row(1), 0) && refused.has(&QueueRow { epoch: 9, ..row(1) }, 0));
        assert!(!refused.has(&row(1), 1) && !refused.has(&row(2), 0));
        for next in [QueueRow { attempt: 1, ..row(1) }, QueueRow { generation: 2, ..row(1) }] {
            assert!(!refused.has(&next, 0));
        }
    }
}
