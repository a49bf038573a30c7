//! The projection of notifications: their people, the outcome of each, and totals. Totals are differences between the
//! old and the new rows of deliveries, never numbers that an event claims.

mod as_of;
mod edited;
mod fold;
mod listed;
mod load;
mod new_states;
mod requested;
mod rows;
mod save;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use commands::log::Recorded;
use sqlx::PgConnection;

pub(crate) use self::as_of::as_of;
use self::fold::Fold;
use crate::projection::Projection;
use crate::projector::{Projector, Tables, portion};

/// How many people's deliveries are folded in memory at once; a chunk is never split.
const PEOPLE_IN_MEMORY: usize = 20_000;

/// Folds the events of notifications, audiences and deliveries, and the erasure of clients.
pub(crate) struct Notifications;

#[async_trait]
impl Projector for Notifications {
    fn projection(&self) -> Projection {
        Projection::Notifications
    }

    fn ddl(&self) -> &'static str {
        include_str!("../../../migrations/projections/notifications.sql")
    }

    fn types(&self) -> Option<&'static [&'static str]> {
        Some(&["notification", "audience", "deliveries", "client"])
    }

    async fn apply(&self, tx: &mut PgConnection, events: &[&Recorded], _: Tables) -> sqlx::Result<()> {
        let mut left = events;
        while !left.is_empty() {
            let (now, later) = left.split_at(portion(left, PEOPLE_IN_MEMORY));
            let mut fold = Fold::default();
            load::load(tx, now, &mut fold).await?;
            for event in now {
                fold.event(event);
            }
            save::save(tx, fold).await?;
            left = later;
        }
        Ok(())
    }
}
