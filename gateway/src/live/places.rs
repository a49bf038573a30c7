//! How many streams there may be, a user and in all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::value::UserId;

use crate::problem::{Answer, Kind, Problem, Reason};

/// How many streams a user may have open: tabs, phones and programs.
const STREAMS_PER_USER_MAX: usize = 20;
/// How many there may be in one process.
const STREAMS_MAX: usize = 4_096;
/// When one that was turned away may ask again, in seconds.
const RETRY_AFTER_S: u32 = 5;

/// The places that are taken.
#[derive(Debug, Clone, Default)]
pub(super) struct Places(Arc<Mutex<Taken>>);

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_user: HashMap<UserId, usize>,
}

/// A stream's place; free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Places,
    user: UserId,
}

impl Places {
    pub(super) fn take(&self, user: UserId) -> Answer<Place> {
        let mut taken = self.taken();
        if taken.all >= STREAMS_MAX {
            return Err(Problem::unavailable(RETRY_AFTER_S).because(Reason::Overloaded));
        }
        let own = taken.by_user.entry(user).or_default();
        if *own >= STREAMS_PER_USER_MAX {
            return Err(Problem {
                retry_after_s: Some(RETRY_AFTER_S),
                ..Problem::new(Kind::TooManyRequests)
            });
        }
        *own += 1;
        taken.all += 1;
        Ok(Place { places: self.clone(), user })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all -= 1;
        if let Some(own) = taken.by_user.get_mut(&self.user) {
            *own -= 1;
            if *own == 0 {
                taken.by_user.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_user_has_so_many_places_and_a_closed_stream_gives_its_own_back() {
        let (places, user) = (Places::default(), UserId::from(Uuid::from_u128(1)));
        let mut own: Vec<_> =
            (0..STREAMS_PER_USER_MAX).map(|_| places.take(user).expect("a place")).collect();
        assert_eq!(places.take(user).expect_err("a refusal").kind, Kind::TooManyRequests);
        assert!(places.take(Uuid::from_u128(2).into()).is_ok());
        own.pop();
        assert!(places.take(user).is_ok());
        drop(own);
        assert!(places.taken().by_user.is_empty() && places.taken().all == 0);
    }
}
