//! Finds the ordinals of a page of deliveries. Each state has a query of its own, so that a page costs the same among a
//! million.

use domain::deliveries::DeliveryState;
use domain::value::{CHUNK_MEMBERS, Members, NotificationId, Ordinal};
use sqlx::PgConnection;

use super::{ShownState, place};
use crate::page::PageRequest;

/// How many chunks are searched at once for pending people.
const CHUNKS_AT_ONCE: i64 = 100;

/// A condition that is always true, for statements that do not need the in-flight ordinals, so that all have the same
/// parameters.
const EVERY_PARAMETER: &str = "$4::integer[] is not null";

/// Everybody.
const ALL: &str = "select ordinal from notifications.recipients
    where notification_id = $1 and ordinal > $2 and $4::integer[] is not null
    order by ordinal
    limit $3";

/// Deliveries in flight, unless their outcome has arrived.
const SENDING: &str = "select w.ordinal
    from unnest($4::integer[]) as w (ordinal)
    left join notifications.outcomes o on o.notification_id = $1 and o.ordinal = w.ordinal
    where w.ordinal > $2 and coalesce(o.state, 'pending') in ('pending', 'deferred')
    order by w.ordinal
    limit $3";

/// The ordinals of a page, in order, and one more. `sending` is in order.
pub(super) async fn ordinals(
    connection: &mut PgConnection,
    notification: NotificationId,
    state: Option<ShownState>,
    sending: &[i32],
    page: &PageRequest,
) -> sqlx::Result<Vec<i32>> {
    let asked = Asked { notification, sending, after: page.after_ordinal(), limit: page.rows() };
    match state {
        None => asked.by(connection, ALL).await,
        Some(ShownState::Sending) => asked.by(connection, SENDING).await,
        Some(ShownState::At(DeliveryState::Pending)) => asked.pending(connection).await,
        Some(ShownState::At(state @ (DeliveryState::Accepted | DeliveryState::Delivered))) => {
            asked.by(connection, &common(state)).await
        }
        Some(ShownState::At(state)) => asked.by(connection, &rare(state)).await,
    }
}

/// Ordinals of a common state, which has no index: from as many chunks with members in that state as fill a page. The
/// members of the first chunk may all come before the page.
fn common(state: DeliveryState) -> String {
    format!(
        "select o.ordinal
         from (
           select chunk, sum({state}) over (order by chunk) - {state} as before
           from notifications.chunks
           where notification_id = $1 and chunk > $2 / {CHUNK_MEMBERS} and {state} > 0
         ) c
         cross join lateral (
           select ordinal from notifications.outcomes
           where notification_id = $1 and state = '{state}' and ordinal > $2
             and ordinal > (c.chunk - 1) * {CHUNK_MEMBERS} and ordinal <= c.chunk * {CHUNK_MEMBERS}
           order by ordinal
           limit $3
         ) o
         where c.before < $3 + {CHUNK_MEMBERS} and {EVERY_PARAMETER}
         order by o.ordinal
         limit $3"
    )
}

/// Ordinals of a rare state, which has a partial index. The state is given as a range: with an equality the planner may
/// walk the primary key through all rows of other states.
fn rare(state: DeliveryState) -> String {
    let not_sending = if state.is_open() { "ordinal <> all($4)" } else { EVERY_PARAMETER };
    format!(
        "select ordinal from notifications.outcomes
         where notification_id = $1 and (state, ordinal) > ('{state}', $2) and state >= '{state}' and state <= '{state}'
           and {not_sending}
         order by state, ordinal
         limit $3"
    )
}

struct Asked<'a> {
    notification: NotificationId,
    sending: &'a [i32],
    after: i32,
    limit: i64,
}

impl Asked<'_> {
    async fn by(&self, connection: &mut PgConnection, text: &str) -> sqlx::Result<Vec<i32>> {
        sqlx::query_scalar(text)
            .bind(self.notification.uuid())
            .bind(self.after)
            .bind(self.limit)
            .bind(self.sending)
            .fetch_all(connection)
            .await
    }

    /// Pending deliveries: those without a row, and those that a retry has reopened.
    async fn pending(&self, connection: &mut PgConnection) -> sqlx::Result<Vec<i32>> {
        let mut ordinals = self.undecided(connection).await?;
        ordinals.extend(self.by(connection, &rare(DeliveryState::Pending)).await?);
        ordinals.sort_unstable();
        ordinals.truncate(self.limit.unsigned_abs() as usize);
        Ok(ordinals)
    }

    async fn undecided(&self, connection: &mut PgConnection) -> sqlx::Result<Vec<i32>> {
        let (mut ordinals, mut after) = (Vec::new(), self.after / CHUNK_MEMBERS as i32);
        while (ordinals.len() as i64) < self.limit {
            let chunks = self.undecided_chunks(connection, after).await?;
            let Some((last, _)) = chunks.last() else { break };
            after = *last;
            for (chunk, members) in &chunks {
                let members: Members =
                    members.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
                let all = members.iter().filter_map(|member| Ordinal::of(chunk.unsigned_abs(), member));
                ordinals.extend(all.map(place).filter(|ordinal| self.is_wanted(*ordinal)));
            }
        }
        Ok(ordinals)
    }

    fn is_wanted(&self, ordinal: i32) -> bool {
        ordinal > self.after && self.sending.binary_search(&ordinal).is_err()
    }

    async fn undecided_chunks(
        &self,
        connection: &mut PgConnection,
        after: i32,
    ) -> sqlx::Result<Vec<(i32, String)>> {
        sqlx::query_as(
            "select chunk, undecided_members from notifications.chunks
             where notification_id = $1 and chunk > $2 and undecided > 0
             order by chunk
             limit $3",
        )
        .bind(self.notification.uuid())
        .bind(after)
        .bind(CHUNKS_AT_ONCE)
        .fetch_all(connection)
        .await
    }
}
