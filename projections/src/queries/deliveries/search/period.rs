//! Where a period begins and ends in the order of requests: found by halving, since no index has the time of requests.

use chrono::{DateTime, TimeDelta, Utc};
use domain::Position;
use sqlx::PgConnection;

use super::candidate::Place;
use super::filter::SearchFilter;

/// How far the times of requests may differ from the order of their positions: the clocks of the processes that take them.
const SKEW: TimeDelta = TimeDelta::minutes(1);

/// The first place of the period that a filter asks for, and the place from which on nothing is in it.
pub(super) async fn bounds(
    connection: &mut PgConnection,
    filter: &SearchFilter,
) -> sqlx::Result<(Option<Place>, Option<Place>)> {
    let before = match filter.to_time {
        Some(to) => first_at(connection, to + SKEW).await?.map(at_beginning),
        None => None,
    };
    let end = match filter.from {
        // Without a notification of the period the first window is the last.
        Some(from) => Some(first_at(connection, from - SKEW).await?.map_or(Place::FIRST, at_beginning)),
        None => None,
    };
    Ok((before, end))
}

const fn at_beginning(position: Position) -> Place {
    Place { position, ordinal: 0 }
}

/// The position of the first notification that was requested at or after a time; none if there is none.
async fn first_at(connection: &mut PgConnection, at: DateTime<Utc>) -> sqlx::Result<Option<Position>> {
    let (mut low, mut high) = (0, last(connection).await?);
    let mut first = None;
    while low <= high {
        let middle = low + (high - low) / 2;
        match next(connection, middle).await? {
            Some((position, requested_at)) if requested_at < at => low = position + 1,
            Some((position, _)) => {
                first = Some(position);
                high = middle - 1;
            }
            None => high = middle - 1,
        }
    }
    Ok(first)
}

async fn last(connection: &mut PgConnection) -> sqlx::Result<Position> {
    sqlx::query_scalar("select coalesce(max(requested_position), 0) from notifications.notifications")
        .fetch_one(connection)
        .await
}

/// The first notification from a position on.
async fn next(
    connection: &mut PgConnection,
    position: Position,
) -> sqlx::Result<Option<(Position, DateTime<Utc>)>> {
    sqlx::query_as(
        "select requested_position, requested_at from notifications.notifications
         where requested_position >= $1
         order by requested_position
         limit 1",
    )
    .bind(position)
    .fetch_optional(connection)
    .await
}
