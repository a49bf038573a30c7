//! The disk space for uploaded files, with a limit for each caller.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::value::UserId;

use crate::problem::{Answer, Problem, Reason};

/// The largest file.
pub(crate) const FILE_BYTES_MAX: usize = 1024 * 1024 * 1024;
/// The disk space for the files of one caller.
const CALLER_BYTES_MAX: usize = 2 * FILE_BYTES_MAX;
/// The disk space for all files.
const BYTES_MAX: usize = 8 * FILE_BYTES_MAX;
/// The `Retry-After` of an upload without space, in seconds.
const RETRY_AFTER_S: u32 = 60;

/// The disk space for uploaded files, by caller. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct SpoolSpace(Arc<Mutex<HashMap<UserId, usize>>>);

/// The reserved space of one file, released on drop.
#[derive(Debug, Default)]
pub(crate) struct Room {
    of: Option<(SpoolSpace, UserId)>,
    bytes: usize,
}

impl SpoolSpace {
    /// An empty reservation for a file of a caller.
    pub(crate) fn room(&self, caller: UserId) -> Room {
        Room { of: Some((self.clone(), caller)), bytes: 0 }
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<UserId, usize>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Room {
    /// A reservation without limit: for the command line, whose user has access to the database itself.
    pub(crate) fn unbounded() -> Self {
        Self::default()
    }

    /// Reserves more space.
    ///
    /// # Errors
    /// 503 when the caller's space, or the space in all, is exhausted.
    pub(crate) fn take(&mut self, bytes: usize) -> Answer<()> {
        let Some((space, caller)) = &self.of else { return Ok(()) };
        space.with(|taken| {
            let in_all: usize = taken.values().sum();
            let own = taken.entry(*caller).or_default();
            if *own + bytes > CALLER_BYTES_MAX || in_all + bytes > BYTES_MAX {
                return Err(full());
            }
            *own += bytes;
            self.bytes += bytes;
            Ok(())
        })
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let Some((space, caller)) = &self.of else { return };
        space.with(|taken| {
            if let Some(own) = taken.get_mut(caller) {
                *own -= self.bytes;
                if *own == 0 {
                    taken.remove(caller);
                }
            }
        });
    }
}

/// The refusal without space.
pub(crate) fn full() -> Problem {
    Problem::unavailable(RETRY_AFTER_S).because(Reason::DiskFull)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn space_is_limited_for_each_caller_and_released() {
        let (space, caller) = (SpoolSpace::default(), |number| UserId::from(Uuid::from_u128(number)));
        let mut first = space.room(caller(1));
        assert!(first.take(CALLER_BYTES_MAX).is_ok());
        let refused = space.room(caller(1)).take(1).unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.reason), (503, Some(Reason::DiskFull)));
        assert!(space.room(caller(2)).take(1).is_ok());
        drop(first);
        assert!(space.room(caller(1)).take(1).is_ok());
        assert!(space.with(|taken| taken.is_empty()));
    }

    #[test]
    fn all_callers_together_take_no_more_than_there_is() {
        let space = SpoolSpace::default();
        let mut rooms: Vec<_> = (0..5).map(|number| space.room(Uuid::from_u128(number).into())).collect();
        let taken: Vec<_> = rooms.iter_mut().map(|room| room.take(CALLER_BYTES_MAX).is_ok()).collect();
        assert_eq!(taken, [true, true, true, true, false]);
    }
}
