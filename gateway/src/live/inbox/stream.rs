//! One connection to an inbox: what it missed, then what happens.

use std::pin::pin;

use domain::Position;
use domain::value::UserId;
use projections::queries::inbox::{Missed, Since};

use super::super::connection::{Connection, Over};
use super::super::frame::{Frame, frames};
use super::hub::InboxHub;
use super::seats::Seat;
use super::source::{NewsSource, all_receipts, of_counts, of_message, of_receipt, of_withdrawal, reset};

/// How many messages are read at a time of what was missed; fewer where they reach the size of a page.
const MISSED_PAGE: usize = 200;
/// How much may have been missed. Whoever missed more reads the lists again.
pub(super) const MISSED_EVENTS_MAX: usize = 5_000;

/// Follows a user's inbox from the event after `last`, or from now on, until it is [`Over`].
pub(crate) async fn follow<S: NewsSource>(
    hub: &InboxHub<S>,
    connection: Connection,
    user: UserId,
    last: Option<Position>,
) -> Result<(), Over> {
    connection.greet().await?;
    let mut reading = Reading::begin(hub, user, last).await.map_err(unreadable)?;
    let mut attending = pin!(connection.attend());
    loop {
        let frames = tokio::select! {
            over = &mut attending => return Err(over),
            frames = reading.next() => frames.map_err(unreadable)?.ok_or(Over)?,
        };
        connection.send_all(frames).await?;
    }
}

/// The past, then what comes by the seat.
pub(super) struct Reading<'a, S> {
    seat: Seat,
    past: Past<'a, S>,
}

impl<'a, S: NewsSource> Reading<'a, S> {
    /// Subscribes before it looks: what happens while the past is read waits in the seat. The hub has told up to the
    /// seat's heading, so the past must reach there.
    pub(super) async fn begin(
        hub: &'a InboxHub<S>,
        user: UserId,
        last: Option<Position>,
    ) -> sqlx::Result<Self> {
        let seat = hub.sit_down(user);
        let now = hub.source().position_at(seat.heading).await?.max(seat.heading);
        let past = Past::new(hub.source(), user, last, now).await?;
        Ok(Self { seat, past })
    }

    /// The next frames; none when the seat was lost.
    pub(super) async fn next(&mut self) -> sqlx::Result<Option<Vec<Frame>>> {
        if let Some(frames) = self.past.next().await? {
            return Ok(Some(frames));
        }
        while let Some(frame) = self.seat.next().await {
            if frame.position > self.past.told {
                return Ok(Some(vec![frame]));
            }
        }
        Ok(None)
    }
}

/// The reader comes back when the database does. The hub warns of a database that is away, once for all readers.
fn unreadable(error: sqlx::Error) -> Over {
    tracing::debug!(%error, "a live inbox cannot be read");
    Over
}

/// What a reader missed, page by page, and in the end the counts.
pub(super) struct Past<'a, S> {
    source: &'a S,
    user: UserId,
    /// What the reader has seen or was told of here; from its end on the seat takes over.
    pub(super) told: Position,
    now: Position,
    events: usize,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Missed,
    Reset,
    Counts,
    Over,
}

impl<'a, S: NewsSource> Past<'a, S> {
    /// `last` is what the reader has seen, `now` where the past ends.
    pub(super) async fn new(
        source: &'a S,
        user: UserId,
        last: Option<Position>,
        now: Position,
    ) -> sqlx::Result<Self> {
        let (told, stage) = match last {
            None => (now, Stage::Counts),
            // From another log, or one that was restored from a backup: nothing here is known to follow.
            Some(last) if last > now && last > source.head().await? => (now, Stage::Reset),
            Some(last) if last < source.horizon().await? => (now, Stage::Reset),
            Some(last) => (last, Stage::Missed),
        };
        Ok(Self { source, user, told, now, events: 0, stage })
    }

    /// The next frames; none at the end.
    pub(super) async fn next(&mut self) -> sqlx::Result<Option<Vec<Frame>>> {
        match self.stage {
            Stage::Missed if self.told >= self.now => self.counts().await,
            Stage::Missed => self.missed().await,
            Stage::Reset => {
                (self.told, self.stage) = (self.now, Stage::Counts);
                Ok(Some(vec![reset(self.now).frame()]))
            }
            Stage::Counts => self.counts().await,
            Stage::Over => Ok(None),
        }
    }

    /// Messages, receipts and withdrawals of the same positions: those up to the last message of the page, so that none
    /// overtakes another.
    async fn missed(&mut self) -> sqlx::Result<Option<Vec<Frame>>> {
        let since = Since { after: self.told, until: self.now };
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
        self.told = until;
        let (items, receipts) = (items.iter().map(of_message), receipts.iter().map(of_receipt));
        Ok(Some(frames(items.chain(receipts).chain(withdrawals.iter().map(of_withdrawal)).collect())))
    }

    async fn counts(&mut self) -> sqlx::Result<Option<Vec<Frame>>> {
        self.stage = Stage::Over;
        let counts = self.source.counts(self.user).await?;
        Ok(Some(vec![of_counts(self.told, &counts).frame()]))
    }
}
