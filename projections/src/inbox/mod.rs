//! The projection of inboxes: items, counts, sent messages and receipts. Counts are differences between old and new
//! rows, never numbers that an event claims.

mod as_of;
mod changes;
mod fold;
mod load;
mod prune;
mod save;
#[cfg(test)]
mod tests;
mod withdraw;

use async_trait::async_trait;
use commands::log::Recorded;
use sqlx::PgConnection;

pub(crate) use self::as_of::before_withdrawal;
use self::fold::Fold;
pub(crate) use self::fold::Item;
use crate::projection::Projection;
use crate::projector::{Projector, Tables, portion};

/// How many recipients' rows are folded in memory at once; the recipients of one message are never split.
const ROWS_IN_MEMORY: usize = 20_000;

/// Folds the events of messages, receipts and inboxes.
pub(crate) struct Inbox;

#[async_trait]
impl Projector for Inbox {
    fn projection(&self) -> Projection {
        Projection::Inbox
    }

    fn ddl(&self) -> &'static str {
        include_str!("../../../migrations/projections/inbox.sql")
    }

    fn types(&self) -> Option<&'static [&'static str]> {
        Some(&["message", "receipt", "inbox"])
    }

    async fn apply(&self, tx: &mut PgConnection, events: &[&Recorded], _: Tables) -> sqlx::Result<()> {
        let mut left = events;
        while !left.is_empty() {
            let (now, later) = left.split_at(portion(left, ROWS_IN_MEMORY));
            let mut fold = Fold::default();
            load::load(tx, now, &mut fold).await?;
            for event in now {
                fold.event(event);
            }
            save::save(tx, fold).await?;
            left = later;
        }
        if let Some(last) = events.last() {
            prune::prune(tx, last.recorded_at.date_naive()).await?;
        }
        Ok(())
    }
}
