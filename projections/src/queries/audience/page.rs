//! Pages of the people a first generation tells, by keyset over the blind indexes of their addresses.

use domain::notification::{Addressee, Recipient};
use domain::personal::Personal;
use domain::value::ContactKind;
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use super::selection::{Columns, OWN_PARAMETER, Selection};

/// A person who is to be told, and where the page goes on after them.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The person, as the audience freezes them.
    pub recipient: Recipient,
    /// The blind index of the address.
    pub index: Vec<u8>,
}

impl Candidate {
    /// Forgets language and time zone: a text that does not depend on them does not freeze them.
    pub fn drop_place(&mut self) {
        if let Some(addressee) = self.recipient.addressee.get_mut() {
            (addressee.locale, addressee.time_zone) = (None, None);
        }
    }
}

#[derive(FromRow)]
struct Row {
    index: Vec<u8>,
    client_id: Uuid,
    #[sqlx(try_from = "String")]
    kind: ContactKind,
    client_name: String,
    locale: String,
    time_zone: String,
    contact_name: String,
    address: String,
    is_foreign: bool,
}

/// At most `limit` people whose address's blind index comes after `after_index`, in the order of these indexes. Fewer:
/// there are no more. One contact an address: of several with the same address the holder is named, else the first as
/// they are listed.
///
/// # Errors
/// When the database does not answer.
pub async fn page(
    pool: &PgPool,
    selection: &Selection<'_>,
    after_index: &[u8],
    limit: usize,
) -> sqlx::Result<Vec<Candidate>> {
    let Columns { address, index, is_foreign, .. } = selection.columns();
    let is_sent_to = selection.is_sent_to();
    let (condition, after, rows) = (selection.condition("k"), OWN_PARAMETER, OWN_PARAMETER + 1);
    let text = format!(
        "select next.index, next.client_id, next.kind, c.name as client_name, next.contact_name, next.address,
                next.is_foreign, c.locale, c.time_zone
         from (
           select distinct on ({index}) {index} as index, client_id, kind, name as contact_name, {address} as address,
                  {is_foreign} as is_foreign
           from clients.contacts k
           where {condition} and {index} > ${after} and {is_sent_to}
           order by {index}, kind <> 'holder', client_id, ordinal
           limit ${rows}) next
         join clients.clients c using (client_id)
         order by next.index"
    );
    let found: Vec<Row> = sqlx::query_as_with(&text, selection.arguments()?)
        .bind(after_index)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(pool)
        .await?;
    Ok(found.into_iter().map(Candidate::from).collect())
}

impl From<Row> for Candidate {
    fn from(row: Row) -> Self {
        // What this program does not know is as if it were absent.
        let addressee = Addressee {
            client_name: row.client_name,
            contact_name: row.contact_name,
            address: row.address,
            locale: row.locale.parse().ok(),
            time_zone: row.time_zone.parse().ok(),
        };
        let recipient = Recipient {
            client: row.client_id.into(),
            kind: row.kind,
            is_foreign: row.is_foreign,
            addressee: Personal::new(row.client_id, addressee),
        };
        Self { recipient, index: row.index }
    }
}
