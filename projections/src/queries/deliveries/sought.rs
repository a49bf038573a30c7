//! Finds the ordinals of a page among the deliveries with one cause, or to the clients that a query finds.

use domain::deliveries::DeliveryState;
use domain::value::NotificationId;
use sqlx::PgConnection;

use super::{CauseWords, DeliveryFilter, ShownState};
use crate::page::PageRequest;
use crate::search;

/// The ordinals of a page, in order, and one more. `sending` is in order.
pub(super) async fn ordinals(
    connection: &mut PgConnection,
    notification: NotificationId,
    filter: &DeliveryFilter<'_>,
    sending: &[i32],
    page: &PageRequest,
) -> sqlx::Result<Vec<i32>> {
    sqlx::query_scalar(&statement(filter))
        .bind(notification.uuid())
        .bind(page.after_ordinal())
        .bind(page.rows())
        .bind(sending)
        .bind(filter.state.map(ShownState::as_str))
        .bind(filter.q.and_then(search::patterns))
        .bind(filter.cause.map(CauseWords::in_order))
        .fetch_all(connection)
        .await
}

/// All statements have the same parameters. Only those who have an outcome have a cause, and rare states have an index: the
/// planner uses it only if the state stands in the statement.
fn statement(filter: &DeliveryFilter<'_>) -> String {
    let join = if filter.cause.is_some() { "join" } else { "left join" };
    let rare = match (filter.cause, filter.state) {
        (Some(_), Some(ShownState::At(state))) if has_index(state) => format!("and o.state = '{state}'"),
        _ => String::new(),
    };
    format!(
        "select r.ordinal
         from notifications.recipients r
         {join} notifications.outcomes o on o.notification_id = r.notification_id and o.ordinal = r.ordinal
         where r.notification_id = $1 and r.ordinal > $2 {rare}
           and ($5::text is null
                or case when coalesce(o.state, 'pending') in ('pending', 'deferred') and r.ordinal = any($4) then 'sending'
                        else coalesce(o.state, 'pending') end = $5)
           and ($6::text[] is null
                or r.client_id in (
                  select c.client_id from clients.clients c
                  where c.company_id = (select n.company_id from notifications.notifications n where n.notification_id = $1)
                    and c.search like all($6)
                ))
           and ($7::text[] is null
                or array[coalesce(o.class, ''), coalesce(o.phase, ''), coalesce(o.code, ''), coalesce(o.observed, '')] = $7)
         order by r.ordinal
         limit $3"
    )
}

/// Whether the partial index of outcomes by state has it.
const fn has_index(state: DeliveryState) -> bool {
    !matches!(state, DeliveryState::Accepted | DeliveryState::Delivered)
}
