//! Deliveries of whole audiences: notifications newest first, in each of them the chunks that may match.

use domain::Position;
use domain::deliveries::DeliveryState;
use domain::value::{CHUNK_MEMBERS, Channel};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::candidate::{Candidate, Place, Window};
use crate::queries::deliveries::ShownState;

/// How many notifications are looked at for one window.
const NOTIFICATIONS: i64 = 500;
/// How many chunks are looked at for one window.
const CHUNKS: i64 = 200;

/// Audiences of some companies or of all.
pub(super) struct Audiences {
    pub(super) companies: Option<Vec<Uuid>>,
    /// Only these notifications.
    pub(super) open: Option<Vec<Uuid>>,
    /// Only notifications on this channel.
    pub(super) channel: Option<Channel>,
    /// Chunks that have nobody in this state are passed over.
    pub(super) state: Option<ShownState>,
}

#[derive(FromRow)]
struct Notification {
    notification_id: Uuid,
    requested_position: Position,
    channel: String,
}

#[derive(FromRow)]
struct Chunk {
    notification_id: Uuid,
    requested_position: Position,
    chunk: i32,
    people: i32,
}

impl Chunk {
    /// The place of the first in its chunk: what comes before it in the audience is less.
    const fn end(&self) -> Place {
        Place { position: self.requested_position, ordinal: (self.chunk - 1) * CHUNK_MEMBERS as i32 + 1 }
    }
}

impl Audiences {
    pub(super) async fn window(
        &self,
        connection: &mut PgConnection,
        from: Place,
        limit: i64,
    ) -> sqlx::Result<Window> {
        let notifications = self.notifications(connection, from).await?;
        let after_notifications = (notifications.len() as i64 == NOTIFICATIONS).then(|| {
            let last = notifications.last().map_or(0, |last| last.requested_position);
            Place { position: last, ordinal: 0 }
        });
        let is_asked = |one: &Notification| self.channel.is_none_or(|asked| one.channel == asked.as_str());
        let notifications: Vec<_> = notifications.into_iter().filter(is_asked).collect();
        let found = self.chunks(connection, &notifications, from).await?;
        let are_all = (found.len() as i64) < CHUNKS;
        let (count, mut people) = (found.len(), 0);
        let within = |chunk: &Chunk| {
            let fits = people < limit;
            people += i64::from(chunk.people);
            fits
        };
        let chunks: Vec<Chunk> = found.into_iter().take_while(within).collect();
        let next = match chunks.last() {
            Some(last) if chunks.len() < count || !are_all => Some(last.end()),
            _ => after_notifications,
        };
        Ok(Window { candidates: candidates(connection, &chunks, from).await?, next })
    }

    async fn notifications(
        &self,
        connection: &mut PgConnection,
        from: Place,
    ) -> sqlx::Result<Vec<Notification>> {
        const COLUMNS: &str = "notification_id, requested_position, channel";
        let text = match (&self.open, &self.companies) {
            (Some(_), _) => format!(
                "select {COLUMNS} from notifications.notifications
                 where requested_position <= $1 and notification_id = any($4) and ($3::uuid[] is null or company_id = any($3))
                 order by requested_position desc
                 limit $2"
            ),
            // Each company by itself, in the order of its index.
            (None, Some(_)) => format!(
                "select n.* from unnest($3::uuid[]) as c (company_id)
                 cross join lateral (
                   select {COLUMNS} from notifications.notifications o
                   where o.company_id = c.company_id and o.requested_position <= $1 and $4::uuid[] is null
                   order by o.requested_position desc
                   limit $2
                 ) n
                 order by n.requested_position desc
                 limit $2"
            ),
            (None, None) => format!(
                "select {COLUMNS} from notifications.notifications
                 where requested_position <= $1 and $3::uuid[] is null and $4::uuid[] is null
                 order by requested_position desc
                 limit $2"
            ),
        };
        sqlx::query_as(&text)
            .bind(from.position)
            .bind(NOTIFICATIONS)
            .bind(self.companies.as_deref())
            .bind(self.open.as_deref())
            .fetch_all(connection)
            .await
    }

    /// The chunks with somebody in the state, in the order of the list.
    async fn chunks(
        &self,
        connection: &mut PgConnection,
        notifications: &[Notification],
        from: Place,
    ) -> sqlx::Result<Vec<Chunk>> {
        let text = format!(
            "select w.notification_id, w.requested_position, c.chunk, c.people
             from unnest($1::uuid[], $2::bigint[]) as w (notification_id, requested_position)
             cross join lateral (
               select c.chunk, c.people from notifications.chunks c
               where c.notification_id = w.notification_id
                 and (w.requested_position < $3 or (c.chunk - 1) * {CHUNK_MEMBERS} + 1 < $4) and {has_some}
               order by c.chunk desc
               limit $5
             ) c
             order by w.requested_position desc, c.chunk desc
             limit $5",
            has_some = has_some(self.state),
        );
        sqlx::query_as(&text)
            .bind(notifications.iter().map(|one| one.notification_id).collect::<Vec<_>>())
            .bind(notifications.iter().map(|one| one.requested_position).collect::<Vec<_>>())
            .bind(from.position)
            .bind(from.ordinal)
            .bind(CHUNKS)
            .fetch_all(connection)
            .await
    }
}

/// The condition on a chunk `c` that has somebody in a state.
const fn has_some(state: Option<ShownState>) -> &'static str {
    match state {
        Some(ShownState::At(DeliveryState::Accepted)) => "c.accepted > 0",
        Some(ShownState::At(DeliveryState::Delivered)) => "c.delivered > 0",
        // Those without an outcome, and those that a retry has reopened.
        Some(ShownState::At(DeliveryState::Pending)) => {
            "(c.undecided > 0
              or exists (select from notifications.outcomes o
                         where o.notification_id = c.notification_id and o.state = 'pending'
                           and (o.ordinal - 1) / 500 + 1 = c.chunk))"
        }
        _ => "true",
    }
}

/// Everybody of these chunks before a place.
async fn candidates(
    connection: &mut PgConnection,
    chunks: &[Chunk],
    from: Place,
) -> sqlx::Result<Vec<Candidate>> {
    let text = format!(
        "select {columns}, r.ordinal
         from unnest($1::uuid[], $2::integer[]) as w (notification_id, chunk)
         join notifications.notifications n on n.notification_id = w.notification_id
         cross join lateral (
           select ordinal from notifications.recipients r
           where r.notification_id = w.notification_id
             and r.ordinal > (w.chunk - 1) * {CHUNK_MEMBERS} and r.ordinal <= w.chunk * {CHUNK_MEMBERS}
             and (n.requested_position, r.ordinal) < ($3, $4)
           order by ordinal desc
           limit {CHUNK_MEMBERS}
         ) r
         left join notifications.outcomes o on o.notification_id = w.notification_id and o.ordinal = r.ordinal
         order by n.requested_position desc, r.ordinal desc",
        columns = Candidate::COLUMNS,
    );
    sqlx::query_as(&text)
        .bind(chunks.iter().map(|chunk| chunk.notification_id).collect::<Vec<_>>())
        .bind(chunks.iter().map(|chunk| chunk.chunk).collect::<Vec<_>>())
        .bind(from.position)
        .bind(from.ordinal)
        .fetch_all(connection)
        .await
}
