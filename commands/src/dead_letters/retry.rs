//! The retry of failed deliveries of one notification, in one transaction.

use serde_json::{Value, json};
use sqlx::PgConnection;

use super::prepare::{Deciding, Prepared};
use super::{NewAddress, Retried, Retry, RetryRefusal};
use crate::context::CommandContext;
use crate::database::begin;
use crate::log::EventLog;
use crate::outcome::{CommandError, Done};
use crate::send_tasks::{add_totals, begin_generation, insert_reopened};

/// Sends the only delivery of an order again, to another address if one is given. One that is already under way stays as it
/// is.
///
/// # Errors
/// [`RetryRefusal`] for one that is not sent again.
pub async fn retry(
    log: &EventLog,
    order: &Retry,
    new_address: Option<&NewAddress>,
    context: &CommandContext,
) -> Result<Done, CommandError<RetryRefusal>> {
    let context = &context.clone().about(order.company);
    log.once(context, || async {
        let prepared = Deciding { log, order, new_address, context }.prepare().await?;
        match prepared.refused.first() {
            Some(refused) => Err(CommandError::Refused(refused.refusal.clone())),
            None => commit(log, order, new_address, &prepared, context, &json!({})).await,
        }
    })
    .await
}

/// Sends deliveries of one notification again, each decided alone. A notification whose rules refuse it refuses all of them.
///
/// # Errors
/// When the log is not available.
pub async fn retry_many(
    log: &EventLog,
    order: &Retry,
    context: &CommandContext,
) -> Result<Retried, CommandError<RetryRefusal>> {
    let context = &context.clone().about(order.company);
    log.once(context, || async {
        let prepared = Deciding { log, order, new_address: None, context }.prepare().await?;
        let done = commit(log, order, None, &prepared, context, &json!({})).await?;
        Ok(Retried { done, people: prepared.people, refused: prepared.refused })
    })
    .await
}

async fn commit(
    log: &EventLog,
    order: &Retry,
    new_address: Option<&NewAddress>,
    prepared: &Prepared,
    context: &CommandContext,
    answer: &Value,
) -> Result<Done, CommandError<RetryRefusal>> {
    let ready = log.ready(prepared.drafts.clone(), context, answer).await?;
    let mut tx = begin(log.pool()).await?;
    if prepared.people > 0 {
        reopen(&mut tx, order, prepared).await?;
    }
    if new_address.is_some() && awaits_suppression(&mut tx, order).await? {
        return Err(CommandError::Conflict);
    }
    log.commit(tx, &ready, context).await
}

/// The notification's row is locked first, as a settlement does.
async fn reopen(
    tx: &mut PgConnection,
    order: &Retry,
    prepared: &Prepared,
) -> Result<(), CommandError<RetryRefusal>> {
    let Prepared { generation, is_resolving, chunks, delta, .. } = prepared;
    if !begin_generation(tx, order.notification, *generation, *is_resolving).await? {
        return Err(CommandError::unavailable("the notification is not taken in yet"));
    }
    insert_reopened(tx, order.notification, chunks, order.at).await?;
    Ok(add_totals(tx, &[(order.notification, *delta)]).await?)
}

/// Whether the last address of the delivery is about to be suppressed: a new address before that would be suppressed in its
/// place.
async fn awaits_suppression(tx: &mut PgConnection, order: &Retry) -> sqlx::Result<bool> {
    let ordinals: Vec<i32> = order.ordinals.iter().map(|ordinal| ordinal.number().cast_signed()).collect();
    sqlx::query_scalar(
        "select exists (select from ordered_suppressions where notification_id = $1 and ordinal = any($2))",
    )
    .bind(order.notification.uuid())
    .bind(ordinals)
    .fetch_one(tx)
    .await
}
