//! Companies.

use domain::Position;
use domain::value::{CompanyId, CountryCode};
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
    /// Its limits.
    #[sqlx(json)]
    pub limits: LimitsRow,
    /// Of the event that registered it; lists go by it.
    #[serde(skip)]
    pub registered_position: Position,
}

/// The limits of a company; none: no limit. Days and months are those of its time zone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct LimitsRow {
    /// A notification to more people than this needs another person's approval.
    #[schema(minimum = 0)]
    pub approval_above: Option<i64>,
    /// SMS a day.
    #[schema(minimum = 0)]
    pub sms_per_day: Option<i64>,
    /// SMS a month.
    #[schema(minimum = 0)]
    pub sms_per_month: Option<i64>,
    /// E-mails a day.
    #[schema(minimum = 0)]
    pub emails_per_day: Option<i64>,
    /// E-mails a month.
    #[schema(minimum = 0)]
    pub emails_per_month: Option<i64>,
    /// Parts of SMS a day.
    #[schema(minimum = 0)]
    pub segments_per_day: Option<i64>,
    /// Parts of SMS a month.
    #[schema(minimum = 0)]
    pub segments_per_month: Option<i64>,
    /// SMS a day to numbers of other countries. A notification to more of them leaves all of them out.
    #[schema(minimum = 0)]
    pub foreign_per_day: Option<i64>,
    /// Messages an hour to one address. Alarms (`operational`) count and are sent all the same.
    #[schema(minimum = 0)]
    pub per_recipient_per_hour: Option<i64>,
    /// SMS a second.
    #[schema(minimum = 1)]
    pub sms_per_second: Option<i64>,
    /// E-mails a second.
    #[schema(minimum = 1)]
    pub emails_per_second: Option<i64>,
}

const COMPANY: &str = "company_id as id, name, country, time_zone, logo_url,
    array(select o.name from clients.own_columns o where o.company_id = companies.company_id order by o.name limit 200)
      as columns,
    limits, registered_position";

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

/// The countries of the companies in scope, or of one of them, each once.
///
/// # Errors
/// When the database does not answer.
pub async fn countries(
    pool: &PgPool,
    scope: Scope<'_>,
    company: Option<CompanyId>,
) -> sqlx::Result<Vec<CountryCode>> {
    let codes: Vec<String> = sqlx::query_scalar(
        "select distinct country from clients.companies
         where ($1::uuid[] is null or company_id = any($1)) and ($2::uuid is null or company_id = $2)",
    )
    .bind(scope.ids())
    .bind(company.map(Uuid::from))
    .fetch_all(pool)
    .await?;
    Ok(codes.iter().filter_map(|code| code.parse().ok()).collect())
}
