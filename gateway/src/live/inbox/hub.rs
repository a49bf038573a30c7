//! Follows the projection and tells every connection: one query a round for all of them.

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

use super::super::frame::{Frame, News, frames};
use super::seats::{Seat, Seats};
use super::source::{NewsSource, all_receipts, of_counts, of_message, of_receipt, of_withdrawal, reset};

/// How many messages a round tells.
const ROUND_MESSAGES_MAX: i64 = 500;
/// How many copies of messages a round holds in memory, of at most 10,000 characters each; more for one message only.
pub(super) const ROUND_COPIES_MAX: i64 = 1_000;
/// How many receipts a round tells. A few read-alls may be more: then it tells to read the lists again.
pub(super) const ROUND_RECEIPTS_MAX: usize = 20_000;
/// How many withdrawals a round tells; more are as many receipts are.
const ROUND_WITHDRAWALS_MAX: usize = 20_000;
/// How long the hub rests after the database failed it.
const REST: Duration = Duration::from_millis(500);

/// The hub of all inboxes of one process.
pub(crate) struct InboxHub<S> {
    source: Arc<S>,
    seats: Seats,
}

/// What the hub's task knows.
pub(super) struct Rounds<S> {
    source: Arc<S>,
    seats: Seats,
    /// Everything up to here is told.
    told: Position,
    /// Every change of counts up to here is told.
    counted: Position,
}

impl<S: NewsSource> InboxHub<S> {
    /// Starts to follow the projection from where it is now.
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

    /// The hub, and the rounds that a test makes by hand.
    pub(super) async fn at_rest(source: S) -> sqlx::Result<(Self, Rounds<S>)> {
        let (source, seats) = (Arc::new(source), Seats::default());
        let told = source.position().await?;
        seats.round(told);
        let rounds = Rounds { source: Arc::clone(&source), seats: seats.clone(), told, counted: told };
        Ok((Self { source, seats }, rounds))
    }

    pub(super) fn source(&self) -> &S {
        &self.source
    }

    pub(super) fn sit_down(&self, user: UserId) -> Seat {
        self.seats.take(user)
    }
}

impl<S: NewsSource> Rounds<S> {
    async fn run(mut self, mut woken: watch::Receiver<Position>) {
        while woken.changed().await.is_ok() {
            let mut until = *woken.borrow_and_update();
            while let Err(error) = self.tell_until(until).await {
                tracing::warn!(%error, "the live inboxes cannot be read; trying again");
                sleep(REST).await;
                until = until.max(*woken.borrow());
            }
        }
    }

    /// Tells everything up to a position to who sits there as each round begins. Going back, as a projection may for a
    /// moment when it is rebuilt, tells nothing.
    pub(super) async fn tell_until(&mut self, until: Position) -> sqlx::Result<()> {
        while self.told.min(self.counted) < until {
            // Whoever sits down from here on looks at the database for all of this.
            let users = self.seats.round(until);
            if users.is_empty() {
                (self.told, self.counted) = (until, until);
                continue;
            }
            let listeners = i64::try_from(users.len()).unwrap_or(i64::MAX);
            let room = Room { messages: ROUND_MESSAGES_MAX, copies: ROUND_COPIES_MAX, listeners };
            let end = self.end_of_round(until, room).await?;
            self.tell_events(&users, end).await?;
            self.tell_counts(&users, end).await?;
        }
        Ok(())
    }

    /// Where a round is full. It is not looked for where even a message a position, to everybody who listens, would fit.
    pub(super) async fn end_of_round(&self, until: Position, room: Room) -> sqlx::Result<Position> {
        let since = Since { after: self.told, until };
        if room.holds(until - self.told) { Ok(until) } else { self.source.end_of(since, room).await }
    }

    async fn tell_events(&mut self, users: &[UserId], end: Position) -> sqlx::Result<()> {
        let since = Since { after: self.told, until: end };
        let mut news: HashMap<UserId, Vec<News>> = HashMap::new();
        for arrival in self.source.arrivals(users, since, ROUND_MESSAGES_MAX).await? {
            news.entry(arrival.user_id.into()).or_default().push(of_message(&arrival.item));
        }
        let receipts = all_receipts(&*self.source, users, since, ROUND_RECEIPTS_MAX).await?;
        let withdrawals = self.source.withdrawals(users, since, ROUND_WITHDRAWALS_MAX as i64).await?;
        self.told = end;
        if receipts.len() >= ROUND_RECEIPTS_MAX || withdrawals.len() >= ROUND_WITHDRAWALS_MAX {
            self.tell_to_read_again(users, end);
            return Ok(());
        }
        for receipt in receipts {
            news.entry(receipt.author_id.into()).or_default().push(of_receipt(&receipt));
        }
        for withdrawal in withdrawals {
            news.entry(withdrawal.user_id.into()).or_default().push(of_withdrawal(&withdrawal));
        }
        for (user, news) in news {
            self.tell(user, &frames(news));
        }
        Ok(())
    }

    /// To all of them: whose news were left out by the bound is not known.
    fn tell_to_read_again(&self, users: &[UserId], end: Position) {
        let told = [reset(end).frame()];
        for user in users {
            self.tell(*user, &told);
        }
    }

    /// Counts are as they are now, perhaps later than `end`; their id is `end` all the same, because what happened
    /// between the two is not told yet.
    async fn tell_counts(&mut self, users: &[UserId], end: Position) -> sqlx::Result<()> {
        let changed = self.source.changed_counts(users, self.counted).await?;
        let latest: BTreeMap<UserId, _> =
            changed.into_iter().map(|row| (row.user_id.into(), row.counts)).collect();
        for (user, counts) in latest {
            self.tell(user, &[of_counts(end, &counts).frame()]);
        }
        self.counted = end;
        Ok(())
    }

    fn tell(&self, user: UserId, frames: &[Frame]) {
        for frame in frames {
            self.seats.tell(user, frame);
        }
    }
}
