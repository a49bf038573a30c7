//! Whether a provider answers at all: what is under way there, and since when nothing has been heard.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};

/// How long nothing may be heard from a provider, while something is under way there, before it is taken for stalled.
/// Longer than a busy server thinks about a command, and short enough for an alarm.
pub const STALLED_AFTER: Duration = Duration::from_secs(5);
/// How often one message tries a stalled provider at which nothing is under way any more.
pub const STALLED_TRIES_EVERY: Duration = Duration::from_secs(60);

/// The answers of one provider in this process, over all of its connections.
#[derive(Debug, Default)]
pub struct Pulse(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Connections that are being opened, and commands and requests without an answer so far.
    waiting: usize,
    /// Since when something is waiting and nothing was heard. It stays when those that wait give up in vain.
    silent_since: Option<Instant>,
    /// When something last began to wait.
    asked_at: Option<Instant>,
}

/// Nothing was heard within the deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoAnswer;

/// Something that waits for the provider.
struct Waiting<'a>(&'a Pulse);

impl Pulse {
    /// Awaits an answer of the provider within a deadline. Everything that comes is one: a refusal, an error, the end of the
    /// connection. Dropped or too late, it has had none.
    pub(crate) async fn within<T>(
        &self,
        deadline: Duration,
        answer: impl Future<Output = T>,
    ) -> Result<T, NoAnswer> {
        self.heard(async { timeout(deadline, answer).await.map_err(|_| NoAnswer) }).await
    }

    /// The same of an answer that has a deadline of its own: an error says that nothing was heard.
    pub(super) async fn heard<T, E>(&self, answer: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let _waiting = self.wait(Instant::now());
        let answer = answer.await;
        if answer.is_ok() {
            self.locked().heard(Instant::now());
        }
        answer
    }

    /// Whether something is or was under way, and none of it had an answer for [`STALLED_AFTER`]. It ends with the next
    /// answer on any connection.
    pub fn is_stalled(&self, now: Instant) -> bool {
        self.locked().is_stalled(now)
    }

    /// Whether the provider is stalled and one message should find out whether it still is.
    pub fn wants_a_trial(&self, now: Instant) -> bool {
        let state = self.locked();
        let is_due = state.asked_at.is_none_or(|at| now.duration_since(at) >= STALLED_TRIES_EVERY);
        state.is_stalled(now) && state.waiting == 0 && is_due
    }

    fn wait(&self, now: Instant) -> Waiting<'_> {
        let mut state = self.locked();
        state.waiting += 1;
        state.asked_at = Some(now);
        state.silent_since.get_or_insert(now);
        Waiting(self)
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.0.locked();
        state.waiting -= 1;
        // What gave up before the provider was taken for stalled says nothing, and must not count as silence later.
        if state.waiting == 0 && !state.is_stalled(Instant::now()) {
            state.silent_since = None;
        }
    }
}

impl State {
    fn heard(&mut self, now: Instant) {
        self.silent_since = Some(now);
    }

    fn is_stalled(&self, now: Instant) -> bool {
        self.silent_since.is_some_and(|since| now.duration_since(since) >= STALLED_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use tokio::time::advance;

    use super::*;

    const LONG: Duration = Duration::from_secs(300);

    fn is_stalled(pulse: &Pulse) -> bool {
        pulse.is_stalled(Instant::now())
    }

    #[tokio::test(start_paused = true)]
    async fn a_provider_is_stalled_when_nothing_under_way_has_an_answer() {
        let pulse = Pulse::default();
        let (one, other) = (pulse.wait(Instant::now()), pulse.wait(Instant::now()));
        advance(STALLED_AFTER - Duration::from_millis(1)).await;
        assert!(!is_stalled(&pulse));
        assert_eq!(pulse.within(LONG, ready(())).await, Ok(()));
        advance(Duration::from_secs(1)).await;
        assert!(!is_stalled(&pulse), "one of them was answered a moment ago");
        advance(STALLED_AFTER).await;
        assert!(is_stalled(&pulse));
        assert_eq!(pulse.within(LONG, ready(())).await, Ok(()));
        assert!(!is_stalled(&pulse), "it is answered again");
        drop((one, other));
    }

    #[tokio::test(start_paused = true)]
    async fn a_provider_at_which_nothing_is_under_way_is_not_stalled() {
        let pulse = Pulse::default();
        advance(LONG).await;
        assert!(!is_stalled(&pulse));
        assert_eq!(pulse.within(LONG, ready(())).await, Ok(()));
        advance(LONG).await;
        assert!(!is_stalled(&pulse));
        assert_eq!(pulse.within(Duration::from_secs(1), pending::<()>()).await, Err(NoAnswer));
        advance(LONG).await;
        assert!(!is_stalled(&pulse), "a second says nothing");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stalled_provider_is_tried_by_one_once_everything_there_has_given_up() {
        let pulse = Pulse::default();
        let wants_a_trial = || pulse.wants_a_trial(Instant::now());
        assert_eq!(pulse.within(Duration::from_secs(30), pending::<()>()).await, Err(NoAnswer));
        assert_eq!((is_stalled(&pulse), wants_a_trial()), (true, false));
        advance(STALLED_TRIES_EVERY).await;
        assert_eq!((is_stalled(&pulse), wants_a_trial()), (true, true));
        let trial = pulse.wait(Instant::now());
        advance(STALLED_TRIES_EVERY).await;
        assert!(!wants_a_trial(), "one is under way");
        drop(trial);
        assert_eq!((is_stalled(&pulse), wants_a_trial()), (true, true));
        assert_eq!(pulse.within(LONG, ready(())).await, Ok(()));
        assert_eq!((is_stalled(&pulse), wants_a_trial()), (false, false));
    }
}
