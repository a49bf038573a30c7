//! The notifications and companies of deliveries.

use domain::value::{CompanyId, DeliveryId, NotificationId};
use sqlx::PgPool;
use uuid::Uuid;

use crate::queries::Scope;

/// The notification and company of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The notification.
    pub notification: NotificationId,
    /// The company.
    pub company: CompanyId,
}

/// Whose these deliveries are, in their order; none for an id that is no delivery's of a company in scope. Whether the audience has
/// such an ordinal is not looked at.
///
/// # Errors
/// When the database does not answer.
pub async fn owners(
    pool: &PgPool,
    scope: Scope<'_>,
    deliveries: &[DeliveryId],
) -> sqlx::Result<Vec<Option<Owner>>> {
    let ranges = || deliveries.iter().map(|delivery| delivery.notifications());
    let rows: Vec<Option<(Uuid, Uuid)>> = sqlx::query_as::<_, (Option<Uuid>, Option<Uuid>)>(
        "select n.notification_id, n.company_id
         from unnest($1::uuid[], $2::uuid[]) with ordinality as w (first, last, place)
         left join notifications.notifications n
           on n.notification_id between w.first and w.last and ($3::uuid[] is null or n.company_id = any($3))
         order by w.place",
    )
    .bind(ranges().map(|range| range.0.uuid()).collect::<Vec<_>>())
    .bind(ranges().map(|range| range.1.uuid()).collect::<Vec<_>>())
    .bind(scope.ids())
    .fetch_all(pool)
    .await?
    .into_iter()
    .map(|(notification, company)| notification.zip(company))
    .collect();
    let owner = |(notification, company): (Uuid, Uuid)| Owner {
        notification: notification.into(),
        company: company.into(),
    };
    Ok(rows.into_iter().map(|row| row.map(owner)).collect())
}
