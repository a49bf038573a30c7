//! Which deliveries of one notification go to an address.

use commands::log::{Reader, SealError};
use domain::value::{NotificationId, Ordinal};

use super::super::{found, opened};
use super::{SearchFilter, people};
use crate::queries::Scope;

/// The deliveries of a notification to an address, a number in E.164 or an e-mail address, as the views know them.
///
/// # Errors
/// When the database does not answer.
pub async fn addressed(
    log: &Reader,
    notification: NotificationId,
    address: &str,
) -> Result<Vec<Ordinal>, SealError> {
    let filter = SearchFilter { to: Some(address.to_owned()), ..SearchFilter::default() };
    let mut connection = log.pool().acquire().await?;
    let clients = people::clients(&mut connection, log.keys(), &filter, None).await?.unwrap_or_default();
    let ordinals: Vec<i32> = sqlx::query_scalar(
        "select ordinal from notifications.recipients where notification_id = $1 and client_id = any($2)",
    )
    .bind(notification.uuid())
    .bind(clients)
    .fetch_all(&mut *connection)
    .await?;
    let places: Vec<_> = ordinals.into_iter().map(|ordinal| (notification.uuid(), ordinal)).collect();
    let rows = found(&mut connection, Scope::All, &places, &[]).await?;
    drop(connection);
    let rows = opened(log, rows).await?;
    Ok(rows.iter().filter(|row| filter.takes_address(row)).filter_map(|row| row.ordinal()).collect())
}
