//! Appending to a long log, beside appending to an empty one.

use commands::log::EventLog;
use sqlx::PgPool;
use tests::measurements::{Goal, Outcome, Row, Sample, count, in_turns};

use crate::appender;
use crate::world::World;

/// The callers at once.
const CALLERS: usize = 64;
/// How many events one statement writes.
const STEP: i64 = 250_000;
/// The goal, as a part of the rate on an empty log.
const RATE_LEFT: f64 = 0.95;
/// Events of the size and with the streams of a busy day: messages, and receipts of them.
const EVENTS: &str = "
insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, position)
select case when n % 3 = 0 then 'message' else 'receipt' end,
       case when n % 3 = 0 then uuidv7()::text else uuidv7() || ':' || uuidv7() end, 1,
       case when n % 3 = 0 then 'MessageSent' else 'MessageRead' end, '1',
       json_build_object('Written', json_build_object('text', repeat('x', 250))),
       json_build_object('actor', gen_random_uuid(), 'correlation_id', uuidv7(), 'command_id', gen_random_uuid()), n
from generate_series($1::bigint + 1, $1 + $2) n";

pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let (empty, long) = (appender::empty_log(world).await?, appender::empty_log(world).await?);
    fill(long.pool(), world.scale.logged).await?;
    let long_turn = async || turn(world, &long).await;
    let (of_long, of_empty) =
        in_turns(world.scale.turns, long_turn, async || turn(world, &empty).await).await?;
    let (long, empty) = (Sample::median(&of_long), Sample::median(&of_empty));
    let name = format!("append, {CALLERS} callers, after {} events", count(world.scale.logged as usize));
    let row = Row::new(name, "events/s", long.per_second);
    Ok(vec![row.beside("an empty log", empty.per_second).goal(Goal::TimesAtLeast(RATE_LEFT))])
}

async fn turn(world: &World, log: &EventLog) -> Outcome<Sample> {
    appender::turn(world, log, CALLERS).await
}

pub(crate) async fn fill(pool: &PgPool, events: i64) -> Outcome<()> {
    for from in (0..events).step_by(STEP as usize) {
        sqlx::query(EVENTS).bind(from).bind(STEP.min(events - from)).execute(pool).await?;
        eprintln!("  {} of {} events written", count((from + STEP) as usize), count(events as usize));
    }
    // What follows a fill in the background must not disturb the first turns.
    sqlx::raw_sql("vacuum analyze events").execute(pool).await?;
    sqlx::raw_sql("checkpoint").execute(pool).await?;
    Ok(())
}
