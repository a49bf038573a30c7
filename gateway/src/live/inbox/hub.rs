//! Follows the inbox projection and sends its changes to every connection: one query a round for all of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use domain::Position;
use domain::value::UserId;
use projections::queries::inbox::{Room, Since};
use projections::{Positions, Projection};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::super::frame::{Frame, StreamEvent, frames};
use super::source::{
    InboxSource, all_receipts, counts_event, message_event, receipt_event, reset_event, withdrawal_event,
};
use super::subscriptions::{Subscription, Subscriptions};

/// How many messages a round sends.
const ROUND_MESSAGES_MAX: i64 = 500;
/// How many copies of messages a round holds in memory, of at most 10,000 characters each. A single message may have
/// more.
pub(super) const ROUND_COPIES_MAX: i64 = 1_000;
/// How many receipts a round sends. Beyond it, as after several read-alls, the round sends a reset.
pub(super) const ROUND_RECEIPTS_MAX: usize = 20_000;
/// How many withdrawals a round sends. Beyond it the round sends a reset.
const ROUND_WITHDRAWALS_MAX: usize = 20_000;
/// The pause after a database error.
const ERROR_PAUSE: Duration = Duration::from_millis(500);

/// The hub of all inboxes of one process.
pub(crate) struct InboxHub<S> {
    source: Arc<S>,
    subscriptions: Subscriptions,
}

/// The state of the hub's task.
pub(super) struct HubTask<S> {
    source: Arc<S>,
    subscriptions: Subscriptions,
    /// Every event up to this position is sent.
    sent: Position,
    /// Every change of counts up to this position is sent.
    counted: Position,
}

impl<S: InboxSource> InboxHub<S> {
    /// Starts to follow the projection from its current position.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn start(
        source: S,
        positions: &Positions,
        shutdown: CancellationToken,
    ) -> sqlx::Result<Self> {
        let woken = positions.watch(Projection::Inbox);
        let (hub, rounds) = Self::at_rest(source).await?;
        tokio::spawn(async move { shutdown.run_until_cancelled(rounds.run(woken)).await });
        Ok(hub)
    }

    /// The hub without its task, and the rounds for a test to run.
    pub(super) async fn at_rest(source: S) -> sqlx::Result<(Self, HubTask<S>)> {
        let (source, subscriptions) = (Arc::new(source), Subscriptions::default());
        let sent = source.position().await?;
        subscriptions.round(sent);
        let rounds = HubTask {
            source: Arc::clone(&source),
            subscriptions: subscriptions.clone(),
            sent,
            counted: sent,
        };
        Ok((Self { source, subscriptions }, rounds))
    }

    pub(super) fn source(&self) -> &S {
        &self.source
    }

    pub(super) fn subscribe(&self, user: UserId) -> Subscription {
        self.subscriptions.take(user)
    }
}

impl<S: InboxSource> HubTask<S> {
    async fn run(mut self, mut woken: watch::Receiver<Position>) {
        while woken.changed().await.is_ok() {
            let mut until = *woken.borrow_and_update();
            while let Err(error) = self.publish_until(until).await {
                tracing::warn!(%error, "failed to read the live inboxes; trying again");
                sleep(ERROR_PAUSE).await;
                until = until.max(*woken.borrow());
            }
        }
    }

    /// Sends everything up to a position to the users subscribed when each round begins. A lower position sends
    /// nothing: a projection may go back for a moment when it is rebuilt.
    pub(super) async fn publish_until(&mut self, until: Position) -> sqlx::Result<()> {
        while self.sent.min(self.counted) < until {
            // A connection that subscribes from here on reads all of this from the database.
            let users = self.subscriptions.round(until);
            if users.is_empty() {
                (self.sent, self.counted) = (until, until);
                continue;
            }
            let listeners = i64::try_from(users.len()).unwrap_or(i64::MAX);
            let room = Room { messages: ROUND_MESSAGES_MAX, copies: ROUND_COPIES_MAX, listeners };
            let end = self.end_of_round(until, room).await?;
            self.publish_events(&users, end).await?;
            self.publish_counts(&users, end).await?;
        }
        Ok(())
    }

    /// The last position of a round. Skip the query when the worst case fits: one message a position, to every
    /// subscribed user.
    pub(super) async fn end_of_round(&self, until: Position, room: Room) -> sqlx::Result<Position> {
        let since = Since { after: self.sent, until };
        if room.holds(until - self.sent) { Ok(until) } else { self.source.end_of(since, room).await }
    }

    async fn publish_events(&mut self, users: &[UserId], end: Position) -> sqlx::Result<()> {
        let since = Since { after: self.sent, until: end };
        let mut events: HashMap<UserId, Vec<StreamEvent>> = HashMap::new();
        for arrival in self.source.arrivals(users, since, ROUND_MESSAGES_MAX).await? {
            events.entry(arrival.user_id.into()).or_default().push(message_event(&arrival.item));
        }
        let receipts = all_receipts(&*self.source, users, since, ROUND_RECEIPTS_MAX).await?;
        let withdrawals = self.source.withdrawals(users, since, ROUND_WITHDRAWALS_MAX as i64).await?;
        self.sent = end;
        if receipts.len() >= ROUND_RECEIPTS_MAX || withdrawals.len() >= ROUND_WITHDRAWALS_MAX {
            self.publish_reset(users, end);
            return Ok(());
        }
        for receipt in receipts {
            events.entry(receipt.author_id.into()).or_default().push(receipt_event(&receipt));
        }
        for withdrawal in withdrawals {
            events.entry(withdrawal.user_id.into()).or_default().push(withdrawal_event(&withdrawal));
        }
        for (user, events) in events {
            self.send(user, &frames(events));
        }
        Ok(())
    }

    /// Sends a reset to all users, because the bound hides which users missed events.
    fn publish_reset(&self, users: &[UserId], end: Position) {
        let sent = [reset_event(end).frame()];
        for user in users {
            self.send(*user, &sent);
        }
    }

    /// Sends the current counts, which may be newer than `end`. Their id is `end` all the same, because the events
    /// between the two are not sent yet.
    async fn publish_counts(&mut self, users: &[UserId], end: Position) -> sqlx::Result<()> {
        let changed = self.source.changed_counts(users, self.counted).await?;
        let latest: BTreeMap<UserId, _> =
            changed.into_iter().map(|row| (row.user_id.into(), row.counts)).collect();
        for (user, counts) in latest {
            self.send(user, &[counts_event(end, &counts).frame()]);
        }
        self.counted = end;
        Ok(())
    }

    fn send(&self, user: UserId, frames: &[Frame]) {
        for frame in frames {
            self.subscriptions.send(user, frame);
        }
    }
}
