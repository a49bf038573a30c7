//! Which deliveries are with a provider: started, and not settled. For totals at query time.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::value::{Member, Members, NotificationId};

use crate::tasks::ChunkId;

/// The sends between start mark and settlement, by their chunk.
#[derive(Debug, Default)]
pub(super) struct InFlight(Mutex<HashMap<ChunkId, Members>>);

impl InFlight {
    /// A member is being sent to.
    pub(super) fn started(&self, chunk: ChunkId, member: Member) {
        self.chunks().entry(chunk).or_default().insert(member);
    }

    /// Members whose sends are settled, or were provably none.
    pub(super) fn ended(&self, chunk: ChunkId, members: Members) {
        let mut chunks = self.chunks();
        if let Some(left) = chunks.get_mut(&chunk) {
            *left = left.without(members);
            if left.is_empty() {
                chunks.remove(&chunk);
            }
        }
    }

    /// Those of a chunk.
    pub(super) fn of(&self, chunk: ChunkId) -> Members {
        self.chunks().get(&chunk).copied().unwrap_or_default()
    }

    /// So many of each notification.
    pub(super) fn counts(&self) -> Vec<(NotificationId, i64)> {
        let mut counts: HashMap<NotificationId, i64> = HashMap::new();
        for (chunk, members) in &*self.chunks() {
            *counts.entry(chunk.notification).or_default() += members.len() as i64;
        }
        counts.into_iter().collect()
    }

    fn chunks(&self) -> MutexGuard<'_, HashMap<ChunkId, Members>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_is_started_is_in_flight_until_it_has_ended() {
        let in_flight = InFlight::default();
        let notification = NotificationId::from(Uuid::from_u128(1));
        let (one, two) = (ChunkId { notification, chunk: 1 }, ChunkId { notification, chunk: 2 });
        let member = Member::try_new(7).expect("a member");
        for chunk in [one, one, two] {
            in_flight.started(chunk, member);
        }
        assert_eq!(in_flight.counts(), [(notification, 2)]);
        in_flight.ended(one, member.into());
        assert_eq!((in_flight.of(one).len(), in_flight.of(two).len()), (0, 1));
        in_flight.ended(two, member.into());
        assert!(in_flight.counts().is_empty());
    }
}
