//! A notification as it is answered.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::Position;
use domain::value::NotificationId;
use projections::queries::Person;
use projections::queries::notifications::{NotificationRow, Totals};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::Answer;
use crate::state::AppState;

/// A notification as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NotificationView {
    /// The notification.
    id: Uuid,
    /// Whose clients are told.
    company_id: Uuid,
    /// Who asked for it.
    author: Person,
    /// `sms` or `email`.
    channel: String,
    /// `holder`, `emergency_contact`, `authorized_user` or `everyone`.
    recipient_kind: String,
    /// `operational`, `service`, `collection` or `commercial`.
    category: String,
    /// An e-mail's subject line.
    subject: Option<String>,
    /// The text.
    body: String,
    /// Nothing is sent after this.
    expires_at: Option<DateTime<Utc>>,
    /// When it was asked for.
    created_at: DateTime<Utc>,
    /// When it was cancelled, if it was not finished then.
    cancelled_at: Option<DateTime<Utc>>,
    /// `resolving`, `running`, `cancelled` or `completed`; later `scheduled` and `paused` too.
    state: String,
    /// 1 for the request, one more for each retry.
    generation: i32,
    /// Contacts left out of the audience, by reason.
    excluded: BTreeMap<String, i64>,
    /// How its deliveries stand; `total` is 0 until the audience is closed, then the sum of the others.
    totals: Totals,
    /// Of the last event that changed anything here.
    position: Position,
}

impl NotificationView {
    /// The rows as they are answered, with what is on its way at this moment.
    pub(super) async fn all(state: &AppState, rows: Vec<NotificationRow>) -> Answer<Vec<Self>> {
        let ids: Vec<NotificationId> = rows.iter().map(|row| row.id.into()).collect();
        let sending = dispatcher::queue::sending_counts(state.pool(), &ids).await?;
        let of = |row: &NotificationRow| sending.get(&row.id.into()).copied().unwrap_or(0);
        Ok(rows.into_iter().map(|row| Self::of(of(&row), row)).collect())
    }

    fn of(sending: i64, row: NotificationRow) -> Self {
        Self {
            id: row.id,
            company_id: row.company_id,
            author: row.author,
            channel: row.channel,
            recipient_kind: row.recipient_kind,
            category: row.category,
            subject: row.subject,
            body: row.body,
            expires_at: row.expires_at,
            created_at: row.requested_at,
            cancelled_at: row.cancelled_at,
            state: row.state,
            generation: row.generation,
            excluded: row.excluded,
            totals: row.totals.with_sending(sending),
            position: row.position,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(totals: &Totals) -> i64 {
        let Totals { pending, sending, accepted, delivered, deferred, .. } = *totals;
        let Totals { failed, suppressed, in_doubt, cancelled, .. } = *totals;
        pending + sending + accepted + delivered + deferred + failed + suppressed + in_doubt + cancelled
    }

    #[test]
    fn the_total_is_the_sum_of_the_others_whatever_is_on_its_way() {
        let totals = Totals {
            total: 36,
            pending: 1,
            sending: 0,
            accepted: 2,
            delivered: 3,
            deferred: 4,
            failed: 5,
            suppressed: 6,
            in_doubt: 7,
            cancelled: 8,
        };
        for sending in [-1, 0, 1, 3, 5, 6, 100] {
            let told = totals.with_sending(sending);
            assert_eq!((sum(&told), told.total), (36, 36), "{sending}");
        }
    }
}
