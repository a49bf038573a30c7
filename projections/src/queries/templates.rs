//! Templates, each as of its last version or of one before.

use chrono::{DateTime, Utc};
use domain::Position;
use domain::value::{Channel, CompanyId, TemplateId};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use super::{Page, PageRequest, Person, Scope};
use crate::page::{Cursor, EXCERPT_CHARS};

/// A version of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow, utoipa::ToSchema)]
pub struct TemplateRow {
    /// The template.
    pub id: Uuid,
    /// The company that may use it; none if all may.
    pub company_id: Option<Uuid>,
    /// Its name.
    pub name: String,
    /// `sms` or `email`.
    pub channel: String,
    /// `operational`, `service`, `collection` or `commercial`.
    pub category: String,
    /// The version shown here, from 1.
    pub version: i32,
    /// The last version, which new notifications use.
    pub last_version: i32,
    /// An e-mail's subject line.
    pub subject: Option<String>,
    /// The text; in lists the first 500 characters of it.
    pub body: String,
    /// Whether the text was made of the HTML.
    pub body_derived: bool,
    /// An e-mail's HTML or MJML, as it was written; in lists the first 500 characters of it.
    pub html: Option<String>,
    /// `true` where text or HTML goes on: the template itself has all of it. Absent otherwise.
    #[sqlx(default)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub truncated: bool,
    /// The variables that a notification fills in.
    #[sqlx(json)]
    pub variables: Vec<VariableRow>,
    /// Who made the version.
    #[sqlx(json)]
    pub author: Person,
    /// When the template was created.
    pub created_at: DateTime<Utc>,
    /// When the version was made.
    pub changed_at: DateTime<Utc>,
    /// Of the event that created it; lists go by it.
    #[serde(skip)]
    pub created_position: Position,
}

/// A variable that a template declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct VariableRow {
    /// Its name.
    pub name: String,
    /// What it is where a notification does not say.
    pub default: Option<String>,
    /// What it is in a preview.
    pub sample: Option<String>,
}

/// Which templates are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TemplateFilter {
    /// Only those that this company may use.
    pub company: Option<CompanyId>,
    /// Only those of this channel.
    pub channel: Option<Channel>,
}

/// The columns of a [`TemplateRow`] from [`TEMPLATES`], but for its texts.
const TEMPLATE: &str = "t.template_id as id, t.company_id, v.name, t.channel, v.category, v.version,
    t.version as last_version, v.subject, v.body_is_derived as body_derived, v.variables,
    json_build_object('id', v.author_id, 'name', u.name) as author, t.created_at, v.at as changed_at, t.created_position";

/// Templates with their versions. Templates of no company are in every scope.
const TEMPLATES: &str = "templates.templates t
    join templates.template_versions v using (template_id)
    left join users.users u on u.user_id = v.author_id";

/// The last versions of the templates in scope, newest template first, their texts cut.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    pool: &PgPool,
    scope: Scope<'_>,
    filter: TemplateFilter,
    page: &PageRequest,
) -> sqlx::Result<Page<TemplateRow>> {
    let text = format!(
        "select {TEMPLATE}, left(v.body, {EXCERPT_CHARS}) as body, left(v.html, {EXCERPT_CHARS}) as html,
                char_length(v.body) > {EXCERPT_CHARS} or coalesce(char_length(v.html), 0) > {EXCERPT_CHARS} as truncated
         from {TEMPLATES}
         where v.version = t.version and t.created_position < $1
           and (t.company_id is null or $2::uuid[] is null or t.company_id = any($2))
           and (t.company_id is null or $3::uuid is null or t.company_id = $3)
           and ($4::text is null or t.channel = $4)
         order by t.created_position desc
         limit $5"
    );
    let rows = sqlx::query_as::<_, TemplateRow>(&text)
        .bind(page.before())
        .bind(scope.ids())
        .bind(filter.company.map(Uuid::from))
        .bind(filter.channel.map(Channel::as_str))
        .bind(page.rows())
        .fetch_all(pool)
        .await?;
    Ok(page.page(rows, |row| Cursor::at(row.created_position)))
}

/// One template in scope, as of this version, or of the last one.
///
/// # Errors
/// When the database does not answer.
pub async fn template(
    pool: &PgPool,
    scope: Scope<'_>,
    template: TemplateId,
    version: Option<i32>,
) -> sqlx::Result<Option<TemplateRow>> {
    let text = format!(
        "select {TEMPLATE}, v.body, v.html
         from {TEMPLATES}
         where t.template_id = $1 and v.version = coalesce($3, t.version)
           and (t.company_id is null or $2::uuid[] is null or t.company_id = any($2))"
    );
    sqlx::query_as(&text).bind(template.uuid()).bind(scope.ids()).bind(version).fetch_optional(pool).await
}
