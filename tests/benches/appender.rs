//! The event log alone: one small event for each caller, beside postgres-es with the same event.

use commands::clock;
use commands::log::{Draft, EventLog, Lane, MasterKey, Metadata, Writer};
use serde_json::json;
use tests::measurements::{Caller, Goal, Outcome, Row, Sample, call_for, in_turns, median};

use crate::stock::{Stock, TEXT};
use crate::world::{MASTER_KEY, World, connect};

/// The connections of the log, as many as the peer's.
const CONNECTIONS: u32 = 32;

/// A single caller, as many as in the goals, and a crowd.
const CALLERS: [usize; 3] = [1, 64, 256];

pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let (log, stock) = (empty_log(world).await?, Stock::prepare(world).await?);
    let mut rows = Vec::new();
    for callers in CALLERS {
        eprintln!("  {callers} callers");
        let ours = async || turn(world, &log, callers).await;
        let peer = async || stock.turn(callers, world.scale.turn).await;
        let (ours, peers) = in_turns(world.scale.turns, ours, peer).await?;
        rows.push(row(callers, &ours, &peers));
    }
    Ok(rows)
}

pub(crate) async fn empty_log(world: &World) -> Outcome<EventLog> {
    let pool = connect(&world.migrated_database().await?, CONNECTIONS).await?;
    Ok(EventLog::open(pool, &MasterKey::new(MASTER_KEY)).await?)
}

/// The row for this number of callers: latency for one caller, throughput for many.
fn row(callers: usize, ours: &[Sample], peers: &[Sample]) -> Row {
    let of = |samples: &[Sample], figure: fn(&Sample) -> f64| median(samples.iter().map(figure).collect());
    if callers == 1 {
        let [ours, peer] = [ours, peers].map(|samples| of(samples, |sample| sample.p50_ms));
        return Row::new("append, 1 caller, p50", "ms", ours)
            .beside("postgres-es", peer)
            .goal(Goal::TimesAtMost(1.0));
    }
    let [ours, peer] = [ours, peers].map(|samples| of(samples, |sample| sample.per_second));
    let row = Row::new(format!("append, {callers} callers"), "events/s", ours).beside("postgres-es", peer);
    if callers == 64 { row.goal(Goal::TimesAtLeast(7.0)) } else { row }
}

pub(crate) async fn turn(world: &World, log: &EventLog, callers: usize) -> Outcome<Sample> {
    call_for(world.scale.turn, (0..callers).map(|_| Appending(log.writer().clone())).collect()).await
}

struct Appending(Writer);

impl Caller for Appending {
    async fn call(&mut self) -> Outcome<()> {
        self.0.append(vec![note()], None, Lane::Interactive).await?;
        Ok(())
    }
}

/// The small event, in a stream of its own, as the peer writes it.
fn note() -> Draft {
    Draft {
        aggregate_type: "note".to_owned(),
        aggregate_id: clock::new_id().to_string(),
        sequence: 1,
        event_type: "Written".to_owned(),
        event_version: "1".to_owned(),
        payload: json!({ "Written": { "text": TEXT } }).to_string(),
        metadata: Metadata::new(),
    }
}
