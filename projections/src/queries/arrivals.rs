//! Filters sent messages by the companies in scope, for pages that do not list deliveries, such as the simulator's.

use std::collections::HashSet;

use commands::log::Reader;
use domain::value::{Channel, DeliveryId};
use sqlx::PgPool;
use uuid::Uuid;

use super::{Scope, uuids};
use crate::address::AddressIndex;

/// Those of the deliveries whose company is in scope.
///
/// # Errors
/// When the database does not answer.
pub async fn deliveries_in_scope(
    pool: &PgPool,
    scope: Scope<'_>,
    deliveries: &[DeliveryId],
) -> sqlx::Result<HashSet<DeliveryId>> {
    let known = deliveries.iter().filter(|delivery| delivery.ordinal().is_some());
    let known: Vec<DeliveryId> = known.copied().collect();
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select w.delivery_id
         from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as w (delivery_id, first, last)
         join notifications.notifications n on n.notification_id between w.first and w.last
         where $4::uuid[] is null or n.company_id = any($4)",
    )
    .bind(uuids(&known))
    .bind(known.iter().map(|delivery| delivery.notifications().0.uuid()).collect::<Vec<_>>())
    .bind(known.iter().map(|delivery| delivery.notifications().1.uuid()).collect::<Vec<_>>())
    .bind(scope.ids())
    .fetch_all(pool)
    .await?;
    Ok(ids.into_iter().map(DeliveryId::from).collect())
}

/// The indexes of the addresses that belong to contacts of companies in scope, and of no other company.
///
/// # Errors
/// When the database does not answer.
pub async fn addresses_in_scope(
    log: &Reader,
    scope: Scope<'_>,
    addresses: &[(Channel, &str)],
) -> sqlx::Result<HashSet<usize>> {
    let index = AddressIndex::new(log.keys().clone());
    let indexes: Vec<Vec<u8>> =
        addresses.iter().map(|(channel, address)| index.of(channel.rules().address, address)).collect();
    let places: Vec<i64> = sqlx::query_scalar(
        "select a.place
         from unnest($1::bytea[]) with ordinality as a (address_index, place)
         join clients.companies k on true
         join clients.contacts c
           on c.company_id = k.company_id and (c.phone_index = a.address_index or c.email_index = a.address_index)
         group by a.place
         having bool_and($2::uuid[] is null or c.company_id = any($2))",
    )
    .bind(indexes)
    .bind(scope.ids())
    .fetch_all(log.pool())
    .await?;
    // Ordinality begins at 1.
    Ok(places.into_iter().filter_map(|place| usize::try_from(place - 1).ok()).collect())
}
