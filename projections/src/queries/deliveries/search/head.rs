//! The notifications of listed deliveries.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::queries::Person;

/// How many characters of a text stand for it.
const TITLE_CHARS: i32 = 120;

/// A notification as it stands beside its deliveries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow, utoipa::ToSchema)]
pub struct NotificationHead {
    /// The notification.
    pub id: Uuid,
    /// An e-mail's subject line, or the first words of the text, at most 120 characters.
    pub title: String,
    /// Its company.
    #[sqlx(json)]
    pub company: Person,
    /// `sms` or `email`.
    pub channel: String,
    /// When it was requested.
    pub created_at: DateTime<Utc>,
}

/// The notifications at these places, by id.
pub(super) async fn heads(
    connection: &mut PgConnection,
    places: &[(Uuid, i32)],
) -> sqlx::Result<HashMap<Uuid, NotificationHead>> {
    let mut ids: Vec<Uuid> = places.iter().map(|place| place.0).collect();
    ids.sort_unstable();
    ids.dedup();
    let heads: Vec<NotificationHead> = sqlx::query_as(
        "select n.notification_id as id, left(coalesce(n.subject, n.body), $2) as title,
                json_build_object('id', n.company_id, 'name', c.name) as company, n.channel,
                n.requested_at as created_at
         from notifications.notifications n
         left join clients.companies c on c.company_id = n.company_id
         where n.notification_id = any($1)",
    )
    .bind(ids)
    .bind(TITLE_CHARS)
    .fetch_all(connection)
    .await?;
    Ok(heads.into_iter().map(|head| (head.id, head)).collect())
}
