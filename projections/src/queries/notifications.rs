//! Notifications with their totals, and why deliveries failed.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use commands::log::Recorded;
use domain::Position;
use domain::deliveries::DeliveryState;
use domain::notification::{ApprovalState, NotificationState};
use domain::value::{CompanyId, NotificationId};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use super::{Page, PageRequest, Person, Scope, uuids};
use crate::page::{Cursor, EXCERPT_CHARS};

/// A notification with its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow, utoipa::ToSchema)]
pub struct NotificationRow {
    /// The notification.
    pub id: Uuid,
    /// The company whose clients it goes to.
    pub company_id: Uuid,
    /// The user who requested it.
    #[sqlx(json)]
    pub author: Person,
    /// `sms` or `email`.
    pub channel: String,
    /// `holder`, `emergency_contact`, `authorized_user` or `everyone`.
    pub recipient_kind: String,
    /// `operational`, `service`, `collection` or `commercial`.
    pub category: String,
    /// An e-mail's subject line.
    pub subject: Option<String>,
    /// The text; in lists its first 500 characters.
    pub body: String,
    /// `true` if the text is cut; the notification itself has all of it. Absent otherwise.
    #[sqlx(default)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub truncated: bool,
    /// The template it is made of: subject and text are the template's, before they are rendered for anybody.
    pub template_id: Option<Uuid>,
    /// The version of the template.
    pub template_version: Option<i32>,
    /// Whether it goes to its author alone, who tests the template.
    pub test: bool,
    /// Which clients it goes to; none for all of its company.
    #[sqlx(json(nullable))]
    pub filter: Option<FilterRow>,
    /// Nothing is sent after this.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was requested.
    pub requested_at: DateTime<Utc>,
    /// Nothing is sent before this: the time it was scheduled for, or the end of its undo window. None: at once.
    pub send_at: Option<DateTime<Utc>>,
    /// When it began. Until then it can have another time, and nobody is in its audience.
    pub begun_at: Option<DateTime<Utc>>,
    /// How its approval stands; none if it needs none.
    #[sqlx(json(nullable))]
    pub approval: Option<ApprovalRow>,
    /// The limit of its company that paused it when its time came, until it is resumed.
    #[sqlx(json(nullable))]
    pub over_limit: Option<OverLimitRow>,
    /// The price of what was sent; absent in lists, and where nothing has a price.
    #[sqlx(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub cost: Option<Cost>,
    /// When it was cancelled or rejected, if it was.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// The state.
    #[sqlx(try_from = "String")]
    #[schema(value_type = String)]
    pub state: NotificationState,
    /// 1 for the request, one more for each retry.
    pub generation: i32,
    /// Contacts left out of the audience, by reason.
    #[sqlx(json)]
    pub excluded: BTreeMap<String, i64>,
    /// The numbers of its deliveries by state.
    #[sqlx(flatten)]
    pub totals: Totals,
    /// Of the event that asked for it; lists go by it.
    #[serde(skip)]
    pub requested_position: Position,
    /// Of the last event that changed anything here; what a stream of totals resumes from.
    pub position: Position,
}

/// A limit of a company that was not enough for a notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OverLimitRow {
    /// Its name, as in the company's limits.
    pub limit: String,
    /// Its value.
    pub max: u64,
    /// What was used of it, or promised to other notifications.
    pub taken: u64,
    /// What the notification would have taken.
    pub asked: u64,
}

/// The price of messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Cost {
    /// In millionths of the currency, of the messages whose price is known.
    pub amount: i64,
    /// The currency, as ISO 4217.
    pub currency: String,
    /// How many messages have no known price.
    pub unpriced: i64,
}

/// How the approval of a notification stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ApprovalRow {
    /// `awaiting`, `approved` or `rejected`.
    #[schema(value_type = String)]
    pub state: ApprovalState,
    /// Who decided.
    pub by: Option<Person>,
    /// When.
    pub at: Option<DateTime<Utc>>,
    /// Why it was rejected.
    pub reason: Option<String>,
    /// How many people it reached when the approval was last asked for: at its request, or when its time had come.
    pub people: u64,
    /// Above how many people its company wants an approval, as of then.
    pub above: u64,
}

/// Which clients of its company a notification goes to: those to whom every given field applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FilterRow {
    /// Those who are written to in this language: `es` in any region or none, `es-CO` in that one alone.
    pub locale: Option<String>,
    /// Those in this time zone.
    pub time_zone: Option<String>,
    /// So many who were listed by their external ids.
    pub clients: Option<u64>,
    /// How many of the listed external ids no client had.
    pub unknown: Option<u64>,
}

/// The numbers of a notification's deliveries by state. Once the audience is closed, `total` is the sum of the others;
/// until then it is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, FromRow, utoipa::ToSchema)]
pub struct Totals {
    /// All deliveries.
    pub total: i64,
    /// Not yet attempted in this generation.
    pub pending: i64,
    /// In flight to a provider at this moment; 0 until [`Totals::with_sending`] sets it.
    #[sqlx(default)]
    pub sending: i64,
    /// A provider accepted it.
    pub accepted: i64,
    /// The provider reported the delivery.
    pub delivered: i64,
    /// The next attempt has a time.
    pub deferred: i64,
    /// There will be no other attempt.
    pub failed: i64,
    /// It must not be sent.
    pub suppressed: i64,
    /// The provider may have it or not.
    pub in_doubt: i64,
    /// Cancelled before it was sent.
    pub cancelled: i64,
}

/// How a notification stands or stood at a moment: its own part of a [`NotificationRow`], which is what its events add
/// up to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stood {
    /// Where it stood.
    pub state: Option<NotificationState>,
    /// 1 for the request, one more for each retry.
    pub generation: i32,
    /// When it was requested.
    pub requested_at: Option<DateTime<Utc>>,
    /// Nothing is sent after this.
    pub expires_at: Option<DateTime<Utc>>,
    /// Nothing was to be sent before this.
    pub send_at: Option<DateTime<Utc>>,
    /// When it began, if it had.
    pub begun_at: Option<DateTime<Utc>>,
    /// How its approval stood, if it needed one.
    pub approval: Option<ApprovalState>,
    /// When it was cancelled or rejected, if it was.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// Contacts left out of the audience, by reason.
    pub excluded: BTreeMap<String, i64>,
    /// How its deliveries stood. No event says what is on its way, so nothing is.
    pub totals: Totals,
}

/// Up to when something is asked for, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Until {
    /// Up to this position.
    pub position: Position,
    /// And up to this time.
    pub at: Option<DateTime<Utc>>,
}

/// Which notifications are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotificationFilter {
    /// Only this company's.
    pub company: Option<CompanyId>,
    /// Only those in this state.
    pub state: Option<NotificationState>,
    /// Only those asked for at or after this.
    pub from: Option<DateTime<Utc>>,
    /// Only those asked for before this.
    pub to: Option<DateTime<Utc>>,
}

/// The number of deliveries with one state and cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow, utoipa::ToSchema)]
pub struct Cause {
    /// `failed`, `deferred`, `in_doubt` or `suppressed`.
    #[sqlx(try_from = "String")]
    #[schema(value_type = String)]
    pub outcome: DeliveryState,
    /// The kind of failure, or the reason why nothing may be sent; empty if unknown.
    pub class: String,
    /// The phase of the exchange with the provider; empty if there was none.
    pub phase: String,
    /// The provider's code; empty if there is none.
    pub code: String,
    /// The observation of our side; empty if the provider gave the reason.
    pub observed: String,
    /// The number of deliveries.
    pub count: i64,
}

impl Totals {
    /// The totals when the dispatchers say that they are sending `sending` deliveries: they are taken from the pending
    /// ones first, then from the deferred ones, so that the sum stays.
    #[must_use]
    pub fn with_sending(self, sending: i64) -> Self {
        let first = sending.clamp(0, self.pending);
        let again = (sending - first).clamp(0, self.deferred);
        Self {
            pending: self.pending - first,
            deferred: self.deferred - again,
            sending: first + again,
            ..self
        }
    }
}

impl From<NotificationRow> for Stood {
    fn from(row: NotificationRow) -> Self {
        Self {
            state: Some(row.state),
            generation: row.generation,
            requested_at: Some(row.requested_at),
            expires_at: row.expires_at,
            send_at: row.send_at,
            begun_at: row.begun_at,
            approval: row.approval.map(|approval| approval.state),
            cancelled_at: row.cancelled_at,
            excluded: row.excluded,
            totals: row.totals,
        }
    }
}

/// The columns of a [`NotificationRow`] from [`NOTIFICATIONS`], but for its text.
const NOTIFICATION: &str = "n.notification_id as id, n.company_id,
    json_build_object('id', n.author_id, 'name', u.name) as author, n.channel, n.recipient_kind, n.category, n.subject,
    n.template_id, n.template_version, n.test, n.filter,
    n.expires_at, n.requested_at, n.send_at, n.begun_at,
    case when n.approval is not null then json_build_object(
      'state', n.approval, 'at', n.decided_at, 'reason', n.rejection,
      'people', n.life -> 'approval_need' -> 'people', 'above', n.life -> 'approval_need' -> 'above',
      'by', case when n.decided_by is not null then json_build_object('id', n.decided_by, 'name', d.name) end
    ) end as approval,
    (n.life ->> 'over_limit')::json as over_limit, n.cancelled_at, n.state, n.generation, n.excluded,
    case when n.audience_closed then n.people else 0 end as total, n.people - t.decided as pending,
    t.accepted, t.delivered, t.deferred, t.failed, t.suppressed, t.in_doubt, t.cancelled, n.requested_position,
    n.position";

/// Notifications with their authors and with how many deliveries stand where; those that stand nowhere are pending.
const NOTIFICATIONS: &str = "notifications.notifications n
    left join users.users u on u.user_id = n.author_id
    left join users.users d on d.user_id = n.decided_by
    cross join lateral (
      select coalesce(sum(people), 0)::bigint as decided,
             coalesce(sum(people) filter (where state = 'accepted'), 0)::bigint as accepted,
             coalesce(sum(people) filter (where state = 'delivered'), 0)::bigint as delivered,
             coalesce(sum(people) filter (where state = 'deferred'), 0)::bigint as deferred,
             coalesce(sum(people) filter (where state = 'failed'), 0)::bigint as failed,
             coalesce(sum(people) filter (where state = 'suppressed'), 0)::bigint as suppressed,
             coalesce(sum(people) filter (where state = 'in_doubt'), 0)::bigint as in_doubt,
             coalesce(sum(people) filter (where state = 'cancelled'), 0)::bigint as cancelled
      from notifications.totals
      where notification_id = n.notification_id
    ) t";

/// The text of a [`NotificationRow`], cut.
fn excerpt() -> String {
    let more = EXCERPT_CHARS + 1;
    format!(
        "left(n.body, {EXCERPT_CHARS}) as body, char_length(left(n.body, {more})) > {EXCERPT_CHARS} as truncated"
    )
}

/// The notifications in scope, newest first, their texts cut.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    pool: &PgPool,
    scope: Scope<'_>,
    filter: &NotificationFilter,
    page: &PageRequest,
) -> sqlx::Result<Page<NotificationRow>> {
    let company = if filter.company.is_some() { "n.company_id = $3" } else { "$3::uuid is null" };
    let excerpt = excerpt();
    let text = format!(
        "select {NOTIFICATION}, {excerpt}
         from {NOTIFICATIONS}
         where n.requested_position < $1
           and ($2::uuid[] is null or n.company_id = any($2))
           and {company}
           and ($4::text is null or n.state = $4)
           and ($5::timestamptz is null or n.requested_at >= $5)
           and ($6::timestamptz is null or n.requested_at < $6)
         order by n.requested_position desc
         limit $7"
    );
    let rows = sqlx::query_as::<_, NotificationRow>(&text)
        .bind(page.before())
        .bind(scope.ids())
        .bind(filter.company.map(Uuid::from))
        .bind(filter.state.map(NotificationState::as_str))
        .bind(filter.from)
        .bind(filter.to)
        .bind(page.rows())
        .fetch_all(pool)
        .await?;
    Ok(page.page(rows, |row| Cursor::at(row.requested_position)))
}

/// One notification, if its company is in scope.
///
/// # Errors
/// When the database does not answer.
pub async fn notification(
    pool: &PgPool,
    scope: Scope<'_>,
    notification: NotificationId,
) -> sqlx::Result<Option<NotificationRow>> {
    let text = format!(
        "select {NOTIFICATION}, n.body
         from {NOTIFICATIONS}
         where n.notification_id = $1 and ($2::uuid[] is null or n.company_id = any($2))"
    );
    sqlx::query_as(&text).bind(Uuid::from(notification)).bind(scope.ids()).fetch_optional(pool).await
}

/// How a notification stood up to a moment that the tables have reached; its own events up to there are `own`. None before
/// its request.
///
/// # Errors
/// When the database does not answer.
pub async fn as_of(
    pool: &PgPool,
    notification: NotificationId,
    own: &[Recorded],
    until: Until,
) -> sqlx::Result<Option<Stood>> {
    crate::notifications::as_of(pool, notification, own, until).await
}

/// Those of `notifications` that changed after a position, as they are now, their texts cut: for streams, whose readers
/// were let in already.
///
/// # Errors
/// When the database does not answer.
pub async fn changed(
    pool: &PgPool,
    notifications: &[NotificationId],
    after: Position,
) -> sqlx::Result<Vec<NotificationRow>> {
    let excerpt = excerpt();
    let text = format!(
        "select {NOTIFICATION}, {excerpt}
         from {NOTIFICATIONS}
         where n.notification_id = any($1) and n.position > $2
         order by n.position"
    );
    sqlx::query_as(&text).bind(uuids(notifications)).bind(after).fetch_all(pool).await
}

/// Why deliveries of a notification stand where they stand, the most frequent reason first, at most 200.
///
/// # Errors
/// When the database does not answer.
pub async fn causes(
    pool: &PgPool,
    scope: Scope<'_>,
    notification: NotificationId,
) -> sqlx::Result<Vec<Cause>> {
    sqlx::query_as(
        "select t.state as outcome, t.class, t.phase, t.code, t.observed, t.people as count
         from notifications.totals t
         join notifications.notifications n using (notification_id)
         where n.notification_id = $1 and ($2::uuid[] is null or n.company_id = any($2)) and t.people > 0
           and t.state in ('deferred', 'failed', 'suppressed', 'in_doubt')
         order by t.people desc, t.state, t.class, t.phase, t.code, t.observed
         limit $3",
    )
    .bind(Uuid::from(notification))
    .bind(scope.ids())
    .bind(super::PAGE_ROWS_MAX)
    .fetch_all(pool)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_in_flight_is_not_pending_and_the_sum_stays() {
        let totals = Totals { total: 10, pending: 3, deferred: 2, accepted: 5, ..Totals::default() };
        let told = |sending| {
            let totals = totals.with_sending(sending);
            (totals.pending, totals.deferred, totals.sending)
        };
        assert_eq!(told(0), (3, 2, 0));
        assert_eq!(told(2), (1, 2, 2));
        assert_eq!(told(4), (0, 1, 4));
        assert_eq!(told(9), (0, 0, 5));
        assert_eq!(told(-1), (3, 2, 0));
    }
}
