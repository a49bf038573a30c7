//! The limits on open streams, in all and for each user.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::value::UserId;

use crate::problem::{Answer, Kind, Problem, Reason};

/// How many streams a user may have open: tabs, phones and programs.
const STREAMS_PER_USER_MAX: usize = 20;
/// How many streams a process may have open.
const STREAMS_MAX: usize = 4_096;
/// The `Retry-After` of a refused stream, in seconds.
const RETRY_AFTER_S: u32 = 5;

/// The permits of open streams.
#[derive(Debug, Clone, Default)]
pub(super) struct StreamPermits(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    all: usize,
    by_user: HashMap<UserId, usize>,
}

/// A stream's permit, released on drop.
#[derive(Debug)]
pub(crate) struct StreamPermit {
    permits: StreamPermits,
    user: UserId,
}

impl StreamPermits {
    pub(super) fn take(&self, user: UserId) -> Answer<StreamPermit> {
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
        Ok(StreamPermit { permits: self.clone(), user })
    }

    fn taken(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        let mut taken = self.permits.taken();
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
    fn a_users_streams_are_limited_and_a_closed_one_releases_its_permit() {
        let (permits, user) = (StreamPermits::default(), UserId::from(Uuid::from_u128(1)));
        let mut own: Vec<_> =
            (0..STREAMS_PER_USER_MAX).map(|_| permits.take(user).expect("a permit")).collect();
        assert_eq!(permits.take(user).expect_err("a refusal").kind, Kind::TooManyRequests);
        assert!(permits.take(Uuid::from_u128(2).into()).is_ok());
        own.pop();
        assert!(permits.take(user).is_ok());
        drop(own);
        assert!(permits.taken().by_user.is_empty() && permits.taken().all == 0);
    }
}
