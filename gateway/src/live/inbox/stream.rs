//! The stream of one inbox: first the missed events, then the live ones.

use std::pin::pin;

use domain::Position;
use domain::value::UserId;
use projections::queries::inbox::{Missed, Since};

use super::super::connection::{Connection, StreamEnded};
use super::super::frame::{Frame, frames};
use super::hub::InboxHub;
use super::source::{
    InboxSource, all_receipts, counts_event, message_event, receipt_event, reset_event, withdrawal_event,
};
use super::subscriptions::Subscription;

/// How many missed messages one query reads; fewer when they reach the size of a page.
const MISSED_PAGE: usize = 200;
/// How many events may be missed. Beyond it the stream sends a reset.
pub(super) const MISSED_EVENTS_MAX: usize = 5_000;

/// Follows a user's inbox from the event after `last`, or from now on, until the stream ends.
pub(crate) async fn follow<S: InboxSource>(
    hub: &InboxHub<S>,
    connection: Connection,
    user: UserId,
    last: Option<Position>,
) -> Result<(), StreamEnded> {
    connection.send_preamble().await?;
    let mut reading = Reading::begin(hub, user, last).await.map_err(unreadable)?;
    let mut keeping_alive = pin!(connection.keep_alive());
    loop {
        let frames = tokio::select! {
            ended = &mut keeping_alive => return Err(ended),
            frames = reading.next() => frames.map_err(unreadable)?.ok_or(StreamEnded)?,
        };
        connection.send_all(frames).await?;
    }
}

/// The backlog, then the live events of the subscription.
pub(super) struct Reading<'a, S> {
    subscription: Subscription,
    backlog: Backlog<'a, S>,
}

impl<'a, S: InboxSource> Reading<'a, S> {
    /// Subscribe before you look: events that happen while the backlog is read wait in the queue. The backlog must
    /// reach the subscription's start, because the hub has sent everything up to it.
    pub(super) async fn begin(
        hub: &'a InboxHub<S>,
        user: UserId,
        last: Option<Position>,
    ) -> sqlx::Result<Self> {
        let subscription = hub.subscribe(user);
        let now = hub.source().position_at(subscription.starts_after).await?.max(subscription.starts_after);
        let backlog = Backlog::new(hub.source(), user, last, now).await?;
        Ok(Self { subscription, backlog })
    }

    /// The next frames; none when the subscription is lost.
    pub(super) async fn next(&mut self) -> sqlx::Result<Option<Vec<Frame>>> {
        if let Some(frames) = self.backlog.next().await? {
            return Ok(Some(frames));
        }
        while let Some(frame) = self.subscription.next().await {
            if frame.position > self.backlog.sent {
                return Ok(Some(vec![frame]));
            }
        }
        Ok(None)
    }
}

/// Ends the stream, and the reader reconnects when the database is back. The hub logs the error, once for all readers.
fn unreadable(error: sqlx::Error) -> StreamEnded {
    tracing::debug!(%error, "failed to read a live inbox");
    StreamEnded
}

/// The events that a reader missed, page by page, and the counts at the end.
pub(super) struct Backlog<'a, S> {
    source: &'a S,
    user: UserId,
    /// The last position that the reader has. The live events start at the end of the backlog.
    pub(super) sent: Position,
    now: Position,
    events: usize,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Missed,
    Reset,
    Counts,
    Done,
}

impl<'a, S: InboxSource> Backlog<'a, S> {
    /// `last` is the reader's position, `now` the end of the backlog.
    pub(super) async fn new(
        source: &'a S,
        user: UserId,
        last: Option<Position>,
        now: Position,
    ) -> sqlx::Result<Self> {
        let (sent, stage) = match last {
            None => (now, Stage::Counts),
            // The position belongs to another log, or to the time before a restore from backup: no event is known to
            // follow it.
            Some(last) if last > now && last > source.head().await? => (now, Stage::Reset),
            Some(last) if last < source.horizon().await? => (now, Stage::Reset),
            Some(last) => (last, Stage::Missed),
        };
        Ok(Self { source, user, sent, now, events: 0, stage })
    }

    /// The next frames; none at the end.
    pub(super) async fn next(&mut self) -> sqlx::Result<Option<Vec<Frame>>> {
        match self.stage {
            Stage::Missed if self.sent >= self.now => self.counts().await,
            Stage::Missed => self.missed().await,
            Stage::Reset => {
                (self.sent, self.stage) = (self.now, Stage::Counts);
                Ok(Some(vec![reset_event(self.now).frame()]))
            }
            Stage::Counts => self.counts().await,
            Stage::Done => Ok(None),
        }
    }

    /// The messages, receipts and withdrawals up to the last message of the page, so that events stay in the order of
    /// their positions.
    async fn missed(&mut self) -> sqlx::Result<Option<Vec<Frame>>> {
        let since = Since { after: self.sent, until: self.now };
        let Missed { items, more } = self.source.missed(self.user, since, MISSED_PAGE).await?;
        let until = items.last().filter(|_| more).map_or(self.now, |last| last.position);
        let room = MISSED_EVENTS_MAX + 1 - self.events;
        let (since, reader) = (Since { until, ..since }, [self.user]);
        let receipts = all_receipts(self.source, &reader, since, room).await?;
        let withdrawals = self.source.withdrawals(&reader, since, room as i64).await?;
        self.events += items.len() + receipts.len() + withdrawals.len();
        if self.events > MISSED_EVENTS_MAX {
            self.stage = Stage::Reset;
            return Ok(Some(vec![]));
        }
        self.sent = until;
        let (items, receipts) = (items.iter().map(message_event), receipts.iter().map(receipt_event));
        Ok(Some(frames(items.chain(receipts).chain(withdrawals.iter().map(withdrawal_event)).collect())))
    }

    async fn counts(&mut self) -> sqlx::Result<Option<Vec<Frame>>> {
        self.stage = Stage::Done;
        let counts = self.source.counts(self.user).await?;
        Ok(Some(vec![counts_event(self.sent, &counts).frame()]))
    }
}
