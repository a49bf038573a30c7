//! Audiences that could not be resolved: each rests for itself, and the others go on.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

/// How long an audience rests after it failed for the first time; each time after, twice as long as before.
const FIRST_REST: Duration = Duration::from_millis(500);
/// The longest that an audience rests. One whose turn came so long ago, and that has not failed again, is forgotten.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// Who rests, by notification.
#[derive(Debug, Default)]
pub(crate) struct Aside(HashMap<Uuid, Rest>);

#[derive(Debug, Clone, Copy)]
struct Rest {
    until: Instant,
    length: Duration,
}

impl Aside {
    /// Those whose turn has not come again.
    pub(crate) fn resting(&self, now: Instant) -> Vec<Uuid> {
        self.0.iter().filter(|(_, rest)| now < rest.until).map(|(notification, _)| *notification).collect()
    }

    /// Sets one aside. Says, once, that it has failed for so long that a person should look.
    pub(crate) fn put(&mut self, notification: Uuid, now: Instant) -> bool {
        self.0.retain(|_, rest| now < rest.until + LONGEST_REST);
        let last = self.0.get(&notification).map(|rest| rest.length);
        let length = last.map_or(FIRST_REST, |last| LONGEST_REST.min(2 * last));
        self.0.insert(notification, Rest { until: now + length, length });
        length == LONGEST_REST && last != Some(LONGEST_REST)
    }

    /// It can be resolved again.
    pub(crate) fn forget(&mut self, notification: Uuid) {
        self.0.remove(&notification);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Uuid = Uuid::from_u128(1);

    #[test]
    fn who_failed_rests_until_its_turn_comes_again() {
        let (mut aside, now) = (Aside::default(), Instant::now());
        aside.put(ONE, now);
        assert_eq!(aside.resting(now), [ONE]);
        assert!(aside.resting(now + FIRST_REST).is_empty());
    }

    #[test]
    fn who_fails_again_rests_longer_but_not_for_ever_and_a_person_is_told_once() {
        let (mut aside, mut now) = (Aside::default(), Instant::now());
        let mut told = 0;
        for _ in 0..20 {
            told += usize::from(aside.put(ONE, now));
            now = aside.0[&ONE].until;
        }
        assert_eq!((told, aside.0[&ONE].length), (1, LONGEST_REST));
    }

    #[test]
    fn who_is_resolved_or_never_came_back_is_forgotten() {
        let (mut aside, now) = (Aside::default(), Instant::now());
        aside.put(ONE, now);
        aside.forget(ONE);
        assert!(aside.resting(now).is_empty());
        aside.put(ONE, now);
        aside.put(Uuid::from_u128(2), now + 2 * LONGEST_REST);
        assert_eq!(aside.0.len(), 1);
    }
}
