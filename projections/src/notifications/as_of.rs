//! How a notification stood at an earlier moment: its deliveries, moved by the rules of the fold from what happened to
//! them up to there. Only ids, generations and outcomes are read, no address and no text: some thirty megabytes in
//! memory for a hundred thousand recipients.

use commands::log::Recorded;
use domain::Position;
use domain::notification::audience_stream;
use domain::value::NotificationId;
use futures::{Stream, TryStreamExt};
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use super::attempt::Settled;
use super::fold::Fold;
use super::rows::{Delivery, Notification, State};
use crate::queries::notifications::{Stood, Totals, Until};

/// What happened to a delivery.
#[derive(FromRow)]
struct Move {
    position: Position,
    delivery_id: Uuid,
    generation: i32,
    /// None when it was put into the audience.
    outcome: Option<String>,
}

/// Its own events up to that moment are `own`; none if they do not begin with its request.
pub(crate) async fn as_of(
    pool: &PgPool,
    notification: NotificationId,
    own: &[Recorded],
    until: Until,
) -> sqlx::Result<Option<Stood>> {
    let (id, mut fold) = (notification.uuid(), Fold::default());
    for event in own {
        fold.event(event);
    }
    let Some(generation) = fold.notifications.get(&id).map(|known| known.generation) else { return Ok(None) };
    let streams: Vec<String> =
        (1..=generation.unsigned_abs()).map(|generation| audience_stream(notification, generation)).collect();
    let mut moves = moves(pool, id, &streams, until);
    while let Some(next) = moves.try_next().await? {
        fold.moved_by(id, &next);
    }
    Ok(fold.notifications.get(&id).map(stood))
}

/// Everything that happened to the deliveries, in the order of the log; `streams` are of the generations from 1.
fn moves<'a>(
    pool: &'a PgPool,
    notification: Uuid,
    streams: &'a [String],
    until: Until,
) -> impl Stream<Item = sqlx::Result<Move>> + Send + Unpin + 'a {
    // A chunk is large: it is taken apart once, and its generation is told by its stream.
    sqlx::query_as(
        "select e.position, (r.value ->> 'delivery')::uuid as delivery_id, s.generation::integer, null as outcome
         from unnest($2::text[]) with ordinality as s (stream, generation)
         join events e on e.aggregate_type = 'audience' and e.aggregate_id = s.stream
         cross join lateral json_array_elements(e.payload #> '{AudienceChunkResolved,recipients}') as r
         where e.position <= $3 and ($4::timestamptz is null or e.recorded_at <= $4)
         union all
         select a.position, a.delivery_id, a.generation, a.outcome
         from notifications.deliveries d
         join notifications.attempts a using (delivery_id)
         where d.notification_id = $1 and a.position <= $3 and ($4::timestamptz is null or a.at <= $4)
         order by position",
    )
    .bind(notification)
    .bind(streams)
    .bind(until.position)
    .bind(until.at)
    .fetch(pool)
}

impl Fold {
    fn moved_by(&mut self, notification: Uuid, next: &Move) {
        let Move { position, generation, .. } = *next;
        match next.outcome.as_deref() {
            None => {
                let fresh = || Delivery::fresh(notification, None, position);
                self.placed(next.delivery_id, generation, position, fresh);
            }
            Some(outcome) => {
                let Some(state) = State::of(outcome) else { return };
                let settled = Settled { generation, state, class: None, code: None, position };
                self.settled(next.delivery_id, settled);
            }
        }
    }
}

fn stood(notification: &Notification) -> Stood {
    let requested = notification.requested.as_ref();
    let excluded = notification.excluded.iter().map(|(reason, count)| (reason.clone(), count.cast_signed()));
    Stood {
        state: notification.state().to_owned(),
        generation: notification.generation,
        requested_at: requested.map(|requested| requested.requested_at),
        expires_at: requested.and_then(|requested| requested.expires_at),
        cancelled_at: notification.cancelled_at,
        excluded: excluded.collect(),
        totals: totals(notification),
    }
}

/// The rule of the table's own column `total`: 0 until the audience is closed.
fn totals(notification: &Notification) -> Totals {
    let of = |state| notification.totals.get(state);
    let sum = State::ALL.into_iter().map(of).sum();
    Totals {
        total: if notification.closed_generation > 0 { sum } else { 0 },
        pending: of(State::Pending),
        sending: 0,
        accepted: of(State::Accepted),
        delivered: of(State::Delivered),
        deferred: of(State::Deferred),
        failed: of(State::Failed),
        suppressed: of(State::Suppressed),
        in_doubt: of(State::InDoubt),
        cancelled: of(State::Cancelled),
    }
}
