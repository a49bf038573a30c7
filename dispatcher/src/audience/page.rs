//! Pages of those who are to be told, by keyset: of a first generation from `clients`, of a retry from those it failed
//! for.

use domain::notification::{AUDIENCE_CHUNK, Addressee, Recipient};
use domain::personal::Personal;
use domain::value::{Channel, ContactKind, DeliveryId, NotificationId, RecipientKind};
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use super::{Columns, columns};

/// Whose page is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) notification: NotificationId,
    pub(super) company: Uuid,
    pub(super) channel: Channel,
    pub(super) kind: RecipientKind,
    pub(super) generation: i32,
}

/// One who is to be told, and where the page goes on after them.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) recipient: Recipient,
    pub(super) cursor: Vec<u8>,
}

#[derive(FromRow)]
struct Row {
    cursor: Vec<u8>,
    delivery_id: Option<Uuid>,
    client_id: Uuid,
    #[sqlx(try_from = "String")]
    kind: ContactKind,
    client_name: String,
    contact_name: String,
    address: String,
}

/// At most [`AUDIENCE_CHUNK`] candidates after a cursor. Fewer: there are no more.
pub(super) async fn page(pool: &PgPool, wanted: &Wanted, cursor: &[u8]) -> sqlx::Result<Vec<Candidate>> {
    let rows = match wanted.generation {
        1 => first_page(pool, wanted, cursor).await?,
        _ => retry_page(pool, wanted, cursor).await?,
    };
    Ok(rows.into_iter().map(|row| row.candidate(wanted)).collect())
}

/// One contact an address. Of several with the same address the holder is named, else the first as they are listed.
async fn first_page(pool: &PgPool, wanted: &Wanted, cursor: &[u8]) -> sqlx::Result<Vec<Row>> {
    let Columns { address, index, is_reachable } = columns(wanted.channel);
    let text = format!(
        "select next.cursor, null::uuid as delivery_id, next.client_id, next.kind, c.name as client_name,
                next.contact_name, next.address
         from (
           select distinct on ({index}) {index} as cursor, client_id, kind, name as contact_name, {address} as address
           from clients.contacts
           where company_id = $1 and {index} > $2 and ($3 = 'everyone' or kind = $3) and {is_reachable}
           order by {index}, kind <> 'holder', client_id, ordinal
           limit $4) next
         join clients.clients c using (client_id)
         order by next.cursor"
    );
    sqlx::query_as(&text)
        .bind(wanted.company)
        .bind(cursor)
        .bind(wanted.kind.as_str())
        .bind(AUDIENCE_CHUNK as i64)
        .fetch_all(pool)
        .await
}

/// All deliveries of earlier generations that failed. Those that fail again meanwhile are of this generation, and stay
/// out, and so do those of people who were erased.
async fn retry_page(pool: &PgPool, wanted: &Wanted, cursor: &[u8]) -> sqlx::Result<Vec<Row>> {
    sqlx::query_as(
        "select uuid_send(delivery_id) as cursor, delivery_id, client_id, contact_kind as kind,
                coalesce(client_name, '') as client_name, coalesce(contact_name, '') as contact_name, address
         from notifications.deliveries
         where notification_id = $1 and state = 'failed' and delivery_id > $2 and generation < $3
           and address is not null
         order by delivery_id limit $4",
    )
    .bind(wanted.notification.uuid())
    .bind(Uuid::from_slice(cursor).unwrap_or_default())
    .bind(wanted.generation)
    .bind(AUDIENCE_CHUNK as i64)
    .fetch_all(pool)
    .await
}

impl Row {
    fn candidate(self, wanted: &Wanted) -> Candidate {
        let first = || DeliveryId::from(Uuid::new_v5(&wanted.notification.uuid(), &self.cursor));
        let addressee = Addressee {
            client_name: self.client_name,
            contact_name: self.contact_name,
            address: self.address,
        };
        let recipient = Recipient {
            delivery: self.delivery_id.map_or_else(first, DeliveryId::from),
            client: self.client_id.into(),
            kind: self.kind,
            addressee: Personal::new(self.client_id, addressee),
        };
        Candidate { recipient, cursor: self.cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(delivery_id: Option<Uuid>) -> Row {
        Row {
            cursor: vec![1, 2, 3],
            delivery_id,
            client_id: Uuid::from_u128(9),
            kind: ContactKind::Holder,
            client_name: "Ana".into(),
            contact_name: "Ana".into(),
            address: "ana@example.com".into(),
        }
    }

    fn wanted(generation: i32) -> Wanted {
        Wanted {
            notification: Uuid::from_u128(1).into(),
            company: Uuid::from_u128(2),
            channel: Channel::Email,
            kind: RecipientKind::Everyone,
            generation,
        }
    }

    #[test]
    fn a_delivery_is_named_by_its_notification_and_address_whoever_of_a_family_is_chosen() {
        let one = row(None).candidate(&wanted(1));
        let other = Row { client_id: Uuid::from_u128(10), ..row(None) }.candidate(&wanted(1));
        assert_eq!(one.recipient.delivery, other.recipient.delivery);
    }

    #[test]
    fn a_retry_keeps_the_delivery() {
        let delivery = Uuid::from_u128(77);
        assert_eq!(row(Some(delivery)).candidate(&wanted(2)).recipient.delivery, DeliveryId::from(delivery));
    }
}
