//! Companies.

use domain::Position;
use domain::value::CompanyId;
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use super::{Page, PageRequest, Scope};
use crate::page::Cursor;

/// A company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow, utoipa::ToSchema)]
pub struct CompanyRow {
    /// The company.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its country, as ISO 3166-1 alpha-2.
    pub country: String,
    /// Its time zone, as an IANA name.
    pub time_zone: String,
    /// Where its logo is, which the base layout of e-mails shows.
    pub logo_url: Option<String>,
    /// The first 200 names of the own columns that its clients have or had, for templates.
    pub columns: Vec<String>,
    /// What its workers may do without anybody else.
    #[sqlx(json)]
    pub limits: LimitsRow,
    /// Of the event that registered it; lists go by it.
    #[serde(skip)]
    pub registered_position: Position,
}

/// What the workers of a company may do without anybody else; none: no limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LimitsRow {
    /// A notification to more people than this needs another person's approval.
    #[schema(minimum = 0)]
    pub approval_above: Option<i64>,
}

const COMPANY: &str = "company_id as id, name, country, time_zone, logo_url,
    array(select o.name from clients.own_columns o where o.company_id = companies.company_id order by o.name limit 200)
      as columns,
    json_build_object('approval_above', approval_above) as limits, registered_position";

/// The companies in scope, newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(pool: &PgPool, scope: Scope<'_>, page: &PageRequest) -> sqlx::Result<Page<CompanyRow>> {
    let text = format!(
        "select {COMPANY} from clients.companies
         where registered_position < $1 and ($2::uuid[] is null or company_id = any($2))
         order by registered_position desc
         limit $3"
    );
    let rows = sqlx::query_as::<_, CompanyRow>(&text)
        .bind(page.before())
        .bind(scope.ids())
        .bind(page.rows())
        .fetch_all(pool)
        .await?;
    Ok(page.page(rows, |row| Cursor::at(row.registered_position)))
}

/// One company, if it is in scope.
///
/// # Errors
/// When the database does not answer.
pub async fn company(
    pool: &PgPool,
    scope: Scope<'_>,
    company: CompanyId,
) -> sqlx::Result<Option<CompanyRow>> {
    let text = format!(
        "select {COMPANY} from clients.companies
         where company_id = $1 and ($2::uuid[] is null or company_id = any($2))"
    );
    sqlx::query_as(&text).bind(Uuid::from(company)).bind(scope.ids()).fetch_optional(pool).await
}
