//! Deliveries of whole audiences: notifications newest first, in each of them the chunks that may match.

use std::borrow::Cow;
use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::Position;
use domain::deliveries::DeliveryState;
use domain::value::{CHUNK_MEMBERS, Channel};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::candidate::{Candidate, Place, Window};
use crate::queries::deliveries::ShownState;

/// How many notifications are looked at for one window at most.
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
    requested_at: DateTime<Utc>,
    /// Its people who may be in the state.
    people: i64,
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

    /// How many of its people come before a place.
    fn people_before(&self, from: Place) -> i64 {
        let end = self.end();
        let before =
            if end.position == from.position { from.ordinal.saturating_sub(end.ordinal) } else { i32::MAX };
        self.people.min(before).into()
    }
}

impl Audiences {
    pub(super) async fn window(
        &self,
        connection: &mut PgConnection,
        from: Place,
        limit: i64,
    ) -> sqlx::Result<Window> {
        let (notifications, after_notifications) = self.notifications_for(connection, from, limit).await?;
        let found = self.chunks(connection, &notifications, from).await?;
        let are_all = (found.len() as i64) < CHUNKS;
        let (count, mut people) = (found.len(), 0);
        let within = |chunk: &Chunk| {
            let fits = people < limit;
            people += chunk.people_before(from);
            fits
        };
        let chunks: Vec<Chunk> = found.into_iter().take_while(within).collect();
        let after_chunks = match chunks.last() {
            Some(last) if chunks.len() < count || !are_all => Some(last.end()),
            _ => after_notifications,
        };
        let candidates = candidates(connection, &chunks, &notifications, from, limit).await?;
        let is_full = candidates.len() as i64 >= limit;
        let next = candidates.last().filter(|_| is_full).map(Candidate::place).or(after_chunks);
        Ok(Window { candidates, next })
    }

    /// As many notifications as have the people of a window, and the place after them; none at the end. Their chunks are
    /// sorted, so that no more are taken than are needed.
    async fn notifications_for(
        &self,
        connection: &mut PgConnection,
        from: Place,
        limit: i64,
    ) -> sqlx::Result<(Vec<Notification>, Option<Place>)> {
        let found = self.notifications(connection, from, limit.min(NOTIFICATIONS)).await?;
        let are_all = (found.len() as i64) < limit.min(NOTIFICATIONS);
        let (count, mut people) = (found.len(), 0);
        let is_asked = |one: &Notification| {
            one.people > 0 && self.channel.is_none_or(|asked| one.channel == asked.as_str())
        };
        let within = |one: &Notification| {
            let fits = people < limit;
            // Of the first one a part is on the pages before.
            people += if one.requested_position < from.position && is_asked(one) { one.people } else { 0 };
            fits
        };
        let mut taken: Vec<Notification> = found.into_iter().take_while(within).collect();
        let is_end = are_all && taken.len() == count;
        let last = taken.last().filter(|_| !is_end).map(|last| last.requested_position);
        taken.retain(is_asked);
        Ok((taken, last.map(|position| Place { position, ordinal: 0 })))
    }

    async fn notifications(
        &self,
        connection: &mut PgConnection,
        from: Place,
        limit: i64,
    ) -> sqlx::Result<Vec<Notification>> {
        let columns = format!(
            "o.notification_id, o.requested_position, o.channel, o.requested_at, {} as people",
            people(self.state)
        );
        let text = match (&self.open, &self.companies) {
            (Some(_), _) => format!(
                "select {columns} from notifications.notifications o
                 where o.requested_position <= $1 and o.notification_id = any($4)
                   and ($3::uuid[] is null or o.company_id = any($3))
                 order by o.requested_position desc
                 limit $2"
            ),
            // Each company by itself, in the order of its index.
            (None, Some(_)) => format!(
                "select {columns} from (
                   select n.* from unnest($3::uuid[]) as c (company_id)
                   cross join lateral (
                     select n.notification_id, n.requested_position, n.channel, n.requested_at, n.people
                     from notifications.notifications n
                     where n.company_id = c.company_id and n.requested_position <= $1 and $4::uuid[] is null
                     order by n.requested_position desc
                     limit $2
                   ) n
                   order by n.requested_position desc
                   limit $2
                 ) o
                 order by o.requested_position desc"
            ),
            (None, None) => format!(
                "select {columns} from notifications.notifications o
                 where o.requested_position <= $1 and $3::uuid[] is null and $4::uuid[] is null
                 order by o.requested_position desc
                 limit $2"
            ),
        };
        sqlx::query_as(&text)
            .bind(from.position)
            .bind(limit)
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

/// The people of a notification `o` who may be in a state.
fn people(state: Option<ShownState>) -> Cow<'static, str> {
    match state {
        Some(ShownState::At(state @ (DeliveryState::Accepted | DeliveryState::Delivered))) => format!(
            "(select coalesce(sum(t.people), 0)::bigint from notifications.totals t
              where t.notification_id = o.notification_id and t.state = '{state}')"
        )
        .into(),
        _ => "o.people".into(),
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

/// The people of these chunks before a place, at most so many. What is known of their notifications is not looked up again.
async fn candidates(
    connection: &mut PgConnection,
    chunks: &[Chunk],
    notifications: &[Notification],
    from: Place,
    limit: i64,
) -> sqlx::Result<Vec<Candidate>> {
    let text = format!(
        "select {columns}, n.ordinal
         from (
           select w.requested_position, w.notification_id, w.channel, w.requested_at, r.ordinal
           from unnest($1::uuid[], $2::integer[], $3::bigint[], $4::text[], $5::timestamptz[])
                  as w (notification_id, chunk, requested_position, channel, requested_at)
           cross join lateral (
             select ordinal from notifications.recipients r
             where r.notification_id = w.notification_id
               and r.ordinal > (w.chunk - 1) * {CHUNK_MEMBERS} and r.ordinal <= w.chunk * {CHUNK_MEMBERS}
               and r.ordinal < case when w.requested_position < $6 then {end} else $7 end
             order by ordinal desc
             limit $8
           ) r
           order by w.requested_position desc, r.ordinal desc
           limit $8
         ) n
         left join notifications.outcomes o on o.notification_id = n.notification_id and o.ordinal = n.ordinal
         order by n.requested_position desc, n.ordinal desc",
        columns = Candidate::COLUMNS,
        end = i32::MAX,
    );
    let by_id: HashMap<Uuid, &Notification> =
        notifications.iter().map(|one| (one.notification_id, one)).collect();
    let known: Vec<(&Chunk, &Notification)> =
        chunks.iter().filter_map(|chunk| Some((chunk, *by_id.get(&chunk.notification_id)?))).collect();
    sqlx::query_as(&text)
        .bind(known.iter().map(|(chunk, _)| chunk.notification_id).collect::<Vec<_>>())
        .bind(known.iter().map(|(chunk, _)| chunk.chunk).collect::<Vec<_>>())
        .bind(known.iter().map(|(chunk, _)| chunk.requested_position).collect::<Vec<_>>())
        .bind(known.iter().map(|(_, one)| one.channel.as_str()).collect::<Vec<_>>())
        .bind(known.iter().map(|(_, one)| one.requested_at).collect::<Vec<_>>())
        .bind(from.position)
        .bind(from.ordinal)
        .bind(limit)
        .fetch_all(connection)
        .await
}
