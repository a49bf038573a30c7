//! Outcomes that cannot be written: each is tried again and again, and told of once.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;

use super::QueueRow;

/// How many rows are remembered. Were there more, those that are forgotten would be told of again.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(2_000).expect("a positive number");

/// One claim of one row, as [`super::settle`] tries to settle it.
type Row = (uuid::Uuid, i32, i64);

/// The rows that a person was told of. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Unwritable(Arc<Mutex<LruCache<Row, ()>>>);

impl Default for Unwritable {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(LruCache::new(REMEMBERED))))
    }
}

impl Unwritable {
    /// Whether nobody was told of the row yet; from now on somebody was.
    pub(super) fn is_news(&self, row: &QueueRow) -> bool {
        let key = (row.delivery_id, row.generation, row.epoch);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(key, ()).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::row;

    #[test]
    fn a_row_is_told_of_once() {
        let unwritable = Unwritable::default();
        let told = [row(1), row(1), row(2), row(1)].map(|row| unwritable.is_news(&row));
        assert_eq!(told, [true, false, true, false]);
        assert!(unwritable.is_news(&QueueRow { generation: 2, ..row(1) }), "sent again, it is another");
    }
}
