//! Fills the suppressions in force.

use std::collections::BTreeMap;

use commands::log::Recorded;
use domain::Event;
use domain::suppression::SuppressionEvent;
use domain::value::{Channel, CompanyId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::copy::CopyIn;

/// A suppression as of its last event.
struct Suppressed<'a> {
    company: CompanyId,
    channel: Channel,
    cause: &'static str,
    added: &'a Recorded,
}

pub(super) async fn apply(tx: &mut PgConnection, events: &[&Recorded]) -> sqlx::Result<()> {
    let mut last = BTreeMap::new();
    for recorded in events {
        if let (Some(id), Ok(Event::Suppression(event))) = (recorded.id(), &recorded.event) {
            last.insert(id, suppressed(event, recorded));
        }
    }
    if last.is_empty() {
        return Ok(());
    }
    // Also of those added in this batch: a view that is set back reads their first event again.
    sqlx::query("delete from suppressions where suppression_id = any($1)")
        .bind(last.keys().copied().collect::<Vec<Uuid>>())
        .execute(&mut *tx)
        .await?;
    insert(tx, last).await
}

fn suppressed<'a>(event: &SuppressionEvent, recorded: &'a Recorded) -> Option<Suppressed<'a>> {
    match event {
        SuppressionEvent::SuppressionAdded { company, channel, cause, .. } => {
            Some(Suppressed { company: *company, channel: *channel, cause: cause.as_str(), added: recorded })
        }
        SuppressionEvent::SuppressionRemoved { .. } => None,
    }
}

async fn insert(tx: &mut PgConnection, last: BTreeMap<Uuid, Option<Suppressed<'_>>>) -> sqlx::Result<()> {
    let mut copy = CopyIn::table(
        tx,
        "suppressions (suppression_id, company_id, channel, cause, actor_id, added_at, position)",
    );
    for (id, suppressed) in last {
        let Some(Suppressed { company, channel, cause, added }) = suppressed else { continue };
        copy.row()
            .await?
            .put(id)
            .put(company.uuid())
            .put(channel.as_str())
            .put(cause)
            .put(added.context.actor.map(Uuid::from))
            .put(added.recorded_at)
            .put(added.position);
    }
    copy.end().await
}
