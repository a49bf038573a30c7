//! Deliveries of clients, by an index of their own, and deliveries that are named.

use commands::log::Keys;
use domain::value::AddressKind;
use sqlx::PgConnection;
use uuid::Uuid;

use super::candidate::{Candidate, Place, Window};
use super::filter::SearchFilter;
use crate::address::AddressIndex;

/// How many clients have one address, at most, that are looked through.
const CLIENTS_MAX: i64 = 1_000;

/// The deliveries of some clients.
pub(super) struct People {
    pub(super) clients: Vec<Uuid>,
    pub(super) companies: Option<Vec<Uuid>>,
}

/// Deliveries by the range that holds the id of their notification, and their ordinal.
pub(super) struct Named {
    pub(super) places: Vec<(Uuid, Uuid, i32)>,
    pub(super) companies: Option<Vec<Uuid>>,
}

/// The clients that a filter asks for; none if it asks for everybody's. An address stands for the clients who have or had it, and
/// for those to whom a retry went there.
pub(super) async fn clients(
    connection: &mut PgConnection,
    keys: &Keys,
    filter: &SearchFilter,
    companies: Option<&[Uuid]>,
) -> sqlx::Result<Option<Vec<Uuid>>> {
    let asked = filter.client.map(Uuid::from);
    let Some(to) = &filter.to else { return Ok(asked.map(|client| vec![client])) };
    let kind = AddressKind::of(to);
    let contacts = match kind {
        AddressKind::Phone => "select client_id from clients.contacts k where k.phone_index = $1",
        AddressKind::Email => "select client_id from clients.contacts k where k.email_index = $1",
    };
    let text = format!(
        "select distinct client_id from (
           {contacts} and k.company_id in (select c.company_id from clients.companies c
                                           where $2::uuid[] is null or c.company_id = any($2))
           union all
           select client_id from clients.former_addresses where address_index = $1
           union all
           select client_id from notifications.edited_addresses where lower(address) = lower($3)
         ) known
         where $4::uuid is null or client_id = $4
         limit $5"
    );
    let clients = sqlx::query_scalar(&text)
        .bind(AddressIndex::new(keys.clone()).of(kind, to))
        .bind(companies)
        .bind(to)
        .bind(asked)
        .bind(CLIENTS_MAX)
        .fetch_all(connection)
        .await?;
    Ok(Some(clients))
}

impl People {
    pub(super) async fn window(
        &self,
        connection: &mut PgConnection,
        from: Place,
        limit: i64,
    ) -> sqlx::Result<Window> {
        let text = format!(
            "select {columns}, n.ordinal
             from (
               select n.requested_position, n.notification_id, n.channel, n.requested_at, r.ordinal
               from notifications.recipients r
               join notifications.notifications n on n.notification_id = r.notification_id
               where r.client_id = any($1) and ($2::uuid[] is null or n.company_id = any($2))
                 and (n.requested_position, r.ordinal) < ($3, $4)
               order by n.requested_position desc, r.ordinal desc
               limit $5
             ) n
             left join notifications.outcomes o on o.notification_id = n.notification_id and o.ordinal = n.ordinal
             order by n.requested_position desc, n.ordinal desc",
            columns = Candidate::COLUMNS,
        );
        let candidates = sqlx::query_as(&text)
            .bind(&self.clients)
            .bind(self.companies.as_deref())
            .bind(from.position)
            .bind(from.ordinal)
            .bind(limit)
            .fetch_all(connection)
            .await?;
        Ok(Window::of(candidates, limit))
    }
}

impl Named {
    pub(super) async fn window(
        &self,
        connection: &mut PgConnection,
        from: Place,
        limit: i64,
    ) -> sqlx::Result<Window> {
        let text = format!(
            "select {columns}, w.ordinal
             from unnest($1::uuid[], $2::uuid[], $3::integer[]) as w (first, last, ordinal)
             join notifications.notifications n on n.notification_id between w.first and w.last
             left join notifications.outcomes o on o.notification_id = n.notification_id and o.ordinal = w.ordinal
             where ($4::uuid[] is null or n.company_id = any($4)) and (n.requested_position, w.ordinal) < ($5, $6)
             order by n.requested_position desc, w.ordinal desc
             limit $7",
            columns = Candidate::COLUMNS,
        );
        let candidates = sqlx::query_as(&text)
            .bind(self.places.iter().map(|place| place.0).collect::<Vec<_>>())
            .bind(self.places.iter().map(|place| place.1).collect::<Vec<_>>())
            .bind(self.places.iter().map(|place| place.2).collect::<Vec<_>>())
            .bind(self.companies.as_deref())
            .bind(from.position)
            .bind(from.ordinal)
            .bind(limit)
            .fetch_all(connection)
            .await?;
        Ok(Window::of(candidates, limit))
    }
}
