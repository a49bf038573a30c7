//! Workers: the directory, one user, and names.

use std::collections::HashMap;

use domain::Position;
use domain::value::UserId;
use serde::Serialize;
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use super::{Page, PageRequest, uuids};
use crate::page::{Cursor, sized};
use crate::search;

/// A worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow, utoipa::ToSchema)]
pub struct UserRow {
    /// The user.
    pub id: Uuid,
    /// The name; none if the person was erased.
    pub name: Option<String>,
    /// The address that the user logs in with; none if the person was erased.
    pub email: Option<String>,
    /// The telephone in E.164, which a test of a text message goes to; none if there is none or the person was erased.
    pub phone: Option<String>,
    /// The user's roles.
    pub roles: Vec<String>,
    /// The companies the user may act for.
    pub companies: Vec<Uuid>,
    /// Whether the user may log in.
    pub active: bool,
    /// Of the event that registered the user; lists go by it.
    #[serde(skip)]
    pub registered_position: Position,
}

/// Which users are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Only those who may log in, or only those who may not.
    pub active: Option<bool>,
    /// Only those who have each word of this in the name, or in the address if that may be searched, whatever the case, the
    /// accents and the order.
    pub q: Option<String>,
    /// Whether addresses are searched too.
    pub by_email: bool,
}

/// What is searched of the name alone, from `users.users u`: it stands before the address, which has no space in it.
pub(super) const NAME: &str = "regexp_replace(u.search, ' [^ ]*$', '')";

const USER: &str = "user_id as id, name, email, phone, roles, companies, active, registered_position";

/// The users that are asked for, newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(pool: &PgPool, filter: &UserFilter, page: &PageRequest) -> sqlx::Result<Page<UserRow>> {
    let searched = if filter.by_email { "u.search" } else { NAME };
    let text = format!(
        "select {USER} from users.users u
         where registered_position < $1 and ($2::boolean is null or active = $2)
           and ($3::text[] is null or {searched} like all($3))
         order by registered_position desc
         limit $4"
    );
    // A user may have thousands of companies: an id takes 36 characters in quotation marks.
    let text = sized(&text, "38 * cardinality(companies)", "registered_position desc");
    let rows = sqlx::query_as::<_, UserRow>(&text)
        .bind(page.before())
        .bind(filter.active)
        .bind(filter.q.as_deref().and_then(search::patterns))
        .bind(page.rows())
        .fetch_all(pool)
        .await?;
    Ok(page.page(rows, |row| Cursor::at(row.registered_position)))
}

/// One user, active or not.
///
/// # Errors
/// When the database does not answer.
pub async fn user(pool: &PgPool, user: UserId) -> sqlx::Result<Option<UserRow>> {
    let text = format!("select {USER} from users.users where user_id = $1");
    sqlx::query_as(&text).bind(Uuid::from(user)).fetch_optional(pool).await
}

/// The names today of some users; none of those who were erased or are not known yet.
///
/// # Errors
/// When the database does not answer.
pub async fn names(pool: &PgPool, users: &[UserId]) -> sqlx::Result<HashMap<UserId, String>> {
    let rows: Vec<(Uuid, String)> =
        sqlx::query_as("select user_id, name from users.users where user_id = any($1) and name is not null")
            .bind(uuids(users))
            .fetch_all(pool)
            .await?;
    Ok(rows.into_iter().map(|(id, name)| (id.into(), name)).collect())
}
