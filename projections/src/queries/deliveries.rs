//! Deliveries with the timeline of their attempts.

use chrono::{DateTime, Utc};
use domain::value::{DeliveryId, NotificationId};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use super::{Page, PageRequest, Person, Scope, uuids};
use crate::page::{Cursor, json_bytes_of, sized};

/// One notification to one recipient. What the recipient's erasure took is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow, utoipa::ToSchema)]
pub struct DeliveryRow {
    /// The delivery.
    pub id: Uuid,
    /// The notification.
    pub notification_id: Uuid,
    /// The company.
    pub company_id: Uuid,
    /// The client, with the name it had when the audience was frozen.
    #[sqlx(json)]
    pub client: Person,
    /// `holder`, `emergency_contact` or `authorized_user`.
    pub contact_kind: String,
    /// The contact's name when the audience was frozen.
    pub contact: Option<String>,
    /// `sms` or `email`.
    pub channel: String,
    /// The phone number or e-mail address.
    pub to: Option<String>,
    /// One of the names in the totals.
    pub state: String,
    /// 1 for the request, one more for each retry.
    pub generation: i32,
    /// What was tried, in order.
    #[sqlx(json)]
    pub attempts: Vec<AttemptRow>,
}

impl DeliveryRow {
    /// Whether a dispatcher may have it in hand.
    pub fn is_open(&self) -> bool {
        matches!(self.state.as_str(), "pending" | "deferred")
    }
}

/// What became of one attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AttemptRow {
    /// When its outcome was recorded.
    pub at: DateTime<Utc>,
    /// 1 for the request, one more for each retry.
    pub generation: i32,
    /// 1 for the first attempt of the generation.
    pub number: i32,
    /// Who carried it, if it got that far.
    pub provider: Option<String>,
    /// `accepted`, `deferred`, `failed`, `suppressed`, `in_doubt` or `cancelled`.
    pub outcome: String,
    /// What kind of failure it is.
    pub class: Option<String>,
    /// The provider's code.
    pub code: Option<String>,
    /// The provider's text.
    pub detail: Option<String>,
    /// The provider's own name for it.
    pub reference: Option<String>,
    /// When it will be tried again.
    pub until: Option<DateTime<Utc>>,
}

/// Which deliveries of a notification are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeliveryFilter<'a> {
    /// Only those in this state; `sending` too.
    pub state: Option<&'a str>,
    /// Those that the send queue says are on their way to a provider: shown as `sending` if they are open here. Needed where
    /// a state is asked for that they are told apart by.
    pub sending: &'a [DeliveryId],
}

/// Every state that a delivery can have in its table.
const STATES: &[&str] =
    &["pending", "accepted", "delivered", "deferred", "failed", "suppressed", "in_doubt", "cancelled"];

/// For whoever looks that up himself.
const NOTHING_ON_ITS_WAY: &[Uuid] = &[];

/// The columns of a [`DeliveryRow`] from `notifications.deliveries d`, with the ids on their way as `$1`.
const DELIVERY: &str = "d.delivery_id as id, d.notification_id, d.company_id,
    json_build_object('id', d.client_id, 'name', d.client_name) as client, d.contact_kind, d.contact_name as contact,
    d.channel, d.address as to, d.generation,
    case when d.state in ('pending', 'deferred') and d.delivery_id = any($1) then 'sending' else d.state end as state,
    (select coalesce(json_agg(json_build_object('at', a.at, 'generation', a.generation, 'number', a.number,
              'provider', a.provider, 'outcome', a.outcome, 'class', a.class, 'code', a.code, 'detail', a.detail,
              'reference', a.reference, 'until', a.until) order by a.position), '[]')
     from notifications.attempts a
     where a.delivery_id = d.delivery_id) as attempts";

/// The deliveries of a notification in scope, by their ids: the next few of each state, merged. A state is asked for
/// as a range, because a planner that is told it is one state goes by id alone, through all that are in none.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    pool: &PgPool,
    scope: Scope<'_>,
    notification: NotificationId,
    filter: &DeliveryFilter<'_>,
    page: &PageRequest,
) -> sqlx::Result<Page<DeliveryRow>> {
    let (states, on_its_way) = match filter.state {
        None => (STATES.to_vec(), ""),
        Some("sending") => (vec!["pending", "deferred"], "and d.delivery_id = any($1)"),
        Some(open @ ("pending" | "deferred")) => (vec![open], "and d.delivery_id <> all($1)"),
        Some(state) => (vec![state], ""),
    };
    let text = format!(
        "select {DELIVERY}
         from unnest($6::text[]) as s (state)
         cross join lateral (
           select * from notifications.deliveries d
           where d.notification_id = $2 and (d.state, d.delivery_id) > (s.state, $3) and d.state <= s.state
             {on_its_way}
           order by d.state, d.delivery_id
           limit $4
         ) d
         where $5::uuid[] is null or d.company_id = any($5)
         order by d.delivery_id
         limit $4"
    );
    let text = sized(&text, &json_bytes_of("attempts"), "id");
    let rows = sqlx::query_as::<_, DeliveryRow>(&text)
        .bind(uuids(filter.sending))
        .bind(Uuid::from(notification))
        .bind(page.after_id())
        .bind(page.rows())
        .bind(scope.ids())
        .bind(states)
        .fetch_all(pool)
        .await?;
    Ok(page.page(rows, |row| Cursor::of(row.id)))
}

/// One delivery, if its company is in scope.
///
/// # Errors
/// When the database does not answer.
pub async fn delivery(
    pool: &PgPool,
    scope: Scope<'_>,
    delivery: DeliveryId,
) -> sqlx::Result<Option<DeliveryRow>> {
    let text = format!(
        "select {DELIVERY} from notifications.deliveries d
         where d.delivery_id = $2 and ($3::uuid[] is null or d.company_id = any($3))"
    );
    sqlx::query_as(&text)
        .bind(NOTHING_ON_ITS_WAY)
        .bind(Uuid::from(delivery))
        .bind(scope.ids())
        .fetch_optional(pool)
        .await
}
