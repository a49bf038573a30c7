//! Follows the projection and tells every connection: one query a round for all of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use domain::Position;
use domain::value::UserId;
use projections::queries::inbox::Since;
use projections::{Positions, Projection};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::super::frame::{Frame, News, frames};
use super::seats::{Seat, Seats};
use super::source::{NewsSource, all_receipts, of_counts, of_message, of_receipt, reset};

/// How many positions are told at a time: it bounds what a round holds in memory, whoever listens.
const ROUND_POSITIONS_MAX: Position = 200;
/// How many receipts a round tells. A few read-alls may be more: then it tells to read the lists again.
const ROUND_RECEIPTS_MAX: usize = 20_000;
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
    pub(crate) async fn start(source: S, positions: &Positions, shutdown: CancellationToken) -> sqlx::Result<Self> {
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

    /// Tells everything up to a position to who sits there as the round begins. Going back, as a projection may for a
    /// moment when it is rebuilt, tells nothing.
    pub(super) async fn tell_until(&mut self, until: Position) -> sqlx::Result<()> {
        while self.told.min(self.counted) < until {
            let end = until.min(self.told + ROUND_POSITIONS_MAX);
            let users = self.seats.round(end);
            if users.is_empty() {
                // Whoever sits down from here on looks at the database for all of this.
                (self.told, self.counted) = (end, end);
                continue;
            }
            self.tell_events(&users, end).await?;
            self.tell_counts(&users, end).await?;
        }
        Ok(())
    }

    async fn tell_events(&mut self, users: &[UserId], end: Position) -> sqlx::Result<()> {
        let since = Since { after: self.told, until: end };
        let mut news: HashMap<UserId, Vec<News>> = HashMap::new();
        for arrival in self.source.arrivals(users, since, ROUND_POSITIONS_MAX).await? {
            news.entry(arrival.user_id.into()).or_default().push(of_message(&arrival.item));
        }
        let receipts = all_receipts(&*self.source, users, since, ROUND_RECEIPTS_MAX).await?;
        let too_many = receipts.len() >= ROUND_RECEIPTS_MAX;
        for receipt in receipts {
            news.entry(receipt.author_id.into()).or_default().push(of_receipt(&receipt));
        }
        for (user, news) in news {
            let told = if too_many { vec![reset(end).frame()] } else { frames(news) };
            self.tell(user, &told);
        }
        self.told = end;
        Ok(())
    }

    /// Counts are as they are now, perhaps later than `end`; their id is `end` all the same, because what happened
    /// between the two is not told yet.
    async fn tell_counts(&mut self, users: &[UserId], end: Position) -> sqlx::Result<()> {
        let changed = self.source.changed_counts(users, self.counted).await?;
        let latest: BTreeMap<UserId, _> = changed.into_iter().map(|row| (row.user_id.into(), row.counts)).collect();
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
