//! The append layer alone: one small event a caller, beside postgres-es with the same event.

use commands::clock;
use commands::log::{Draft, Lane, Metadata, Writer};
use serde_json::json;

use super::Outcome;
use super::measure::{Caller, Sample, call_for, in_turns, median};
use super::stock::{Stock, TEXT};
use super::table::{Goal, Row};
use super::world::{Ledger, World};
use crate::cli::CliError;

/// One who waits, as many as the goals ask for, and a crowd.
const CALLERS: [usize; 3] = [1, 64, 256];

pub(super) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let (ledger, stock) = (world.ledger().await?, Stock::prepare(world).await?);
    let mut rows = Vec::new();
    for callers in CALLERS {
        eprintln!("  {callers} callers");
        let ours = async || turn(world, &ledger, callers).await;
        let peer = async || stock.turn(callers, world.scale.turn).await;
        let (ours, peers) = in_turns(world.scale.turns, ours, peer).await?;
        rows.push(row(callers, &ours, &peers));
    }
    Ok(rows)
}

/// One caller cares how long it waits; many, how many are served.
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

async fn turn(world: &World, ledger: &Ledger, callers: usize) -> Outcome<Sample> {
    call_for(world.scale.turn, (0..callers).map(|_| Appending(ledger.log.writer().clone())).collect()).await
}

struct Appending(Writer);

impl Caller for Appending {
    async fn call(&mut self) -> Outcome<()> {
        self.0.append(vec![note()], None, Lane::Interactive).await.map_err(CliError::failed)?;
        Ok(())
    }
}

/// The same small event that the peer writes, in a stream of its own.
pub(super) fn note() -> Draft {
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
