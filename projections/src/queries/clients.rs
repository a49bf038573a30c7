//! Clients with their contacts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::Position;
use domain::value::{ClientId, CompanyId};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use super::{Page, PageRequest, Scope};
use crate::page::{Cursor, json_bytes_of, sized};
use crate::search;

/// A client of a company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow, utoipa::ToSchema)]
pub struct ClientRow {
    /// The client.
    pub id: Uuid,
    /// The company that serves the client.
    pub company_id: Uuid,
    /// The company's own code for the client.
    pub external_id: Option<String>,
    /// The person's or business's name.
    pub name: String,
    /// The contacts, in order.
    #[sqlx(json)]
    pub contacts: Vec<ContactRow>,
    /// What it has in the company's own columns, by their names: `saldo` is `{{ cliente.saldo }}` in a template.
    #[sqlx(json)]
    pub columns: BTreeMap<String, String>,
    /// The language of messages to the client.
    pub locale: String,
    /// The client's time zone, as an IANA name.
    pub time_zone: String,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub changed_at: DateTime<Utc>,
    /// Of the event that registered it; lists go by it.
    #[serde(skip)]
    pub registered_position: Position,
}

/// A contact of a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ContactRow {
    /// `holder`, `emergency_contact` or `authorized_user`.
    pub kind: String,
    /// The person's name.
    pub name: String,
    /// A phone number in E.164.
    pub phone: Option<String>,
    /// An e-mail address.
    pub email: Option<String>,
}

/// The columns of a [`ClientRow`] from `clients.clients c`.
const CLIENT: &str = "c.client_id as id, c.company_id, c.external_id, c.name, c.columns, c.locale, c.time_zone, c.created_at,
    c.changed_at, c.registered_position,
    (select coalesce(json_agg(json_build_object('kind', t.kind, 'name', t.name, 'phone', t.phone, 'email', t.email)
                              order by t.ordinal), '[]')
     from clients.contacts t
     where t.client_id = c.client_id) as contacts";

/// Which clients of a company are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientFilter {
    /// Only those who have each word of this in their names, external id, numbers or addresses, whatever the case, the
    /// accents and the order.
    pub q: Option<String>,
    /// And those who have this number, in E.164: how `q` reads as a telephone number of the company's country.
    pub phone: Option<String>,
}

/// A company's clients, newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    pool: &PgPool,
    company: CompanyId,
    filter: &ClientFilter,
    page: &PageRequest,
) -> sqlx::Result<Page<ClientRow>> {
    let text = format!(
        "select {CLIENT} from clients.clients c
         where c.company_id = $1 and c.registered_position < $2
           and ($3::text[] is null or c.search like all($3) or c.search like $5)
         order by c.registered_position desc
         limit $4"
    );
    // A client may have a hundred contacts, and 16 kB in own columns.
    let bytes = format!("{} + {}", json_bytes_of("contacts"), json_bytes_of("columns"));
    let text = sized(&text, &bytes, "registered_position desc");
    let rows = sqlx::query_as::<_, ClientRow>(&text)
        .bind(Uuid::from(company))
        .bind(page.before())
        .bind(filter.q.as_deref().and_then(search::patterns))
        .bind(page.rows())
        .bind(filter.phone.as_deref().map(search::pattern))
        .fetch_all(pool)
        .await?;
    Ok(page.page(rows, |row| Cursor::at(row.registered_position)))
}

/// How many names of own columns are looked at.
const OWN_COLUMNS_MAX: i64 = 10_000;

/// The names of the own columns that clients of a company have or had; of any company, if none is named.
///
/// # Errors
/// When the database does not answer.
pub async fn own_columns(pool: &PgPool, company: Option<CompanyId>) -> sqlx::Result<BTreeSet<String>> {
    let names: Vec<String> = sqlx::query_scalar(
        "select distinct name from clients.own_columns where $1::uuid is null or company_id = $1 order by name limit $2",
    )
    .bind(company.map(Uuid::from))
    .bind(OWN_COLUMNS_MAX)
    .fetch_all(pool)
    .await?;
    Ok(names.into_iter().collect())
}

/// One client, if its company is in scope.
///
/// # Errors
/// When the database does not answer.
pub async fn client(pool: &PgPool, scope: Scope<'_>, client: ClientId) -> sqlx::Result<Option<ClientRow>> {
    let text = format!(
        "select {CLIENT} from clients.clients c
         where c.client_id = $1 and ($2::uuid[] is null or c.company_id = any($2))"
    );
    sqlx::query_as(&text).bind(Uuid::from(client)).bind(scope.ids()).fetch_optional(pool).await
}

/// The companies that have a contact with this number, by its blind index.
///
/// # Errors
/// When the database does not answer.
pub async fn companies_with_phone(pool: &PgPool, index: &[u8]) -> sqlx::Result<Vec<CompanyId>> {
    let companies: Vec<Uuid> = sqlx::query_scalar(
        "select c.company_id from clients.companies c
         where exists (select from clients.contacts k where k.company_id = c.company_id and k.phone_index = $1)",
    )
    .bind(index)
    .fetch_all(pool)
    .await?;
    Ok(companies.into_iter().map(CompanyId::from).collect())
}
