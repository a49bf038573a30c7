//! The retry of failed deliveries of one notification, in one transaction.

use domain::company::{Limit, OverLimit};
use domain::value::{AddressKind, ClientId, Ordinal};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::prepare::{Deciding, Prepared};
use super::{NewAddress, Retried, Retry, RetryRefusal};
use crate::context::CommandContext;
use crate::database::begin;
use crate::log::EventLog;
use crate::outcome::{CommandError, Done};
use crate::purse::Whose;
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
        let prepared = decided(log, order, new_address, context).await?;
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
        let prepared = decided(log, order, None, context).await?;
        let done = commit(log, order, None, &prepared, context, &json!({})).await?;
        Ok(Retried { done, people: prepared.people, refused: prepared.refused })
    })
    .await
}

/// What is sent again, within the limits of the company. Numbers of other countries are left out, all of them, if their limit does
/// not hold them, as they are of an audience.
async fn decided(
    log: &EventLog,
    order: &Retry,
    new_address: Option<&NewAddress>,
    context: &CommandContext,
) -> Result<Prepared, CommandError<RetryRefusal>> {
    let mut deciding = Deciding { log, order, new_address, context, without_foreign: None };
    let prepared = deciding.prepare().await?;
    let over = match over_limit(log, &prepared).await? {
        None => return Ok(prepared),
        Some(over) if over.limit != Limit::ForeignPerDay => over,
        Some(over) => {
            deciding.without_foreign = Some(over);
            let others = deciding.prepare().await?;
            match over_limit(log, &others).await? {
                None => return Ok(others),
                Some(over) => over,
            }
        }
    };
    Err(CommandError::Refused(RetryRefusal::OverLimit(over)))
}

async fn over_limit(log: &EventLog, prepared: &Prepared) -> sqlx::Result<Option<OverLimit>> {
    match &prepared.retaken {
        Some(retaken) => retaken.over_limit(&mut *log.pool().acquire().await?).await,
        None => Ok(None),
    }
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
    if let Some(retaken) = &prepared.retaken
        && !retaken.take(&mut tx, order.notification, prepared.generation, Whose::Named).await?
    {
        return Err(CommandError::Conflict);
    }
    if prepared.people > 0 {
        reopen(&mut tx, order, prepared).await?;
    }
    if let Some((new, edited)) = new_address.zip(prepared.edited)
        && !claim(&mut tx, log, order, new, edited).await?
    {
        return Err(CommandError::Refused(RetryRefusal::AlreadyAddressed));
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

/// Says that a delivery goes to an address in the place of its last one; false if another delivery of the notification was put
/// there first. Waits for one that is being put there.
async fn claim(
    tx: &mut PgConnection,
    log: &EventLog,
    order: &Retry,
    new: &NewAddress,
    (ordinal, client): (Ordinal, ClientId),
) -> sqlx::Result<bool> {
    let kind = AddressKind::of(&new.address);
    let ordinal = ordinal.number().cast_signed();
    sqlx::query("delete from retried_addresses where notification_id = $1 and ordinal = $2")
        .bind(order.notification.uuid())
        .bind(ordinal)
        .execute(&mut *tx)
        .await?;
    let claimed = sqlx::query(
        "insert into retried_addresses (notification_id, address, ordinal, client_id) values ($1, $2, $3, $4)
         on conflict (notification_id, address) do nothing",
    )
    .bind(order.notification.uuid())
    .bind(log.keys().blind_index(&kind.comparable(&new.address)))
    .bind(ordinal)
    .bind(client.uuid())
    .execute(tx)
    .await?;
    Ok(claimed.rows_affected() > 0)
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
