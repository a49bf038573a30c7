//! Events to views: as they are written, and all views rebuilt while the inbox is read.

use std::time::{Duration, Instant};

use commands::log::EventLog;
use projections::{Projection, rebuild};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::Outcome;
use super::history;
use super::http::Connection;
use super::measure::{Sample, in_turns, median, per_second};
use super::people::{self, Worker};
use super::program::{Program, Sinks};
use super::table::{Goal, Row};
use super::world::World;
use crate::cli::CliError;

/// Who writes and reads.
const WORKERS: usize = 8;
/// How long the rebuilds of a turn may take together.
const REBUILD_TIMEOUT: Duration = Duration::from_secs(1_800);
/// How often the rebuilds are looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);
/// The pause between two reads of the inbox: somebody who reads, not a load.
const READ_INTERVAL: Duration = Duration::from_millis(50);

pub(super) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let ledger = world.ledger().await?;
    let workers = people::workers(&ledger.log, WORKERS).await?;
    let company = people::company(&ledger.log, 0).await?;
    let program = Program::start(world, &ledger, Sinks::default()).await?;
    people::caught_up(&ledger.log).await?;
    eprintln!("  live");
    let begun = Instant::now();
    let events = history::write(&ledger.log, world.scale.events, &workers, company).await?;
    let written = per_second(events, begun.elapsed());
    people::caught_up(&ledger.log).await?;
    let live = per_second(events, begun.elapsed());
    let (rebuilds, alone) = in_turns(
        world.scale.turns,
        async || rebuild_and_read(&ledger.log, &program, &workers[0]).await,
        async || {
            at_rest(&ledger.log).await?;
            read_alone(&ledger.log).await
        },
    )
    .await?;
    program.stop().await?;
    let live = Row::new("live projection of all views", "events/s", live);
    let mut rows = vec![live.beside("writing the events", written)];
    rows.extend(rebuild_rows(events, &rebuilds, median(alone)));
    Ok(rows)
}

fn rebuild_rows(events: usize, rebuilds: &[Rebuild], alone: f64) -> [Row; 3] {
    let rates = rebuilds.iter().map(|rebuild| per_second(events, rebuild.took)).collect();
    let samples: Vec<_> = rebuilds.iter().map(|rebuild| rebuild.reads.sample).collect();
    let refused: usize = rebuilds.iter().map(|rebuild| rebuild.reads.refused).sum();
    [
        Row::new("rebuild of all views", "events/s", median(rates))
            .beside("reading the events once", alone)
            .goal(Goal::AtLeast(100_000.0)),
        Row::new("inbox page during the rebuild, p99", "ms", Sample::median(&samples).p99_ms),
        Row::new("inbox pages refused during the rebuild", "pages", refused as f64).goal(Goal::AtMost(0.0)),
    ]
}

/// Writes out what was done before and is still in memory, so that what is measured does not pay for it.
async fn at_rest(log: &EventLog) -> Outcome<()> {
    sqlx::query("checkpoint").execute(log.pool()).await.map_err(CliError::failed)?;
    Ok(())
}

/// The limit: the events read once in pages, neither unsealed nor decoded.
async fn read_alone(log: &EventLog) -> Outcome<f64> {
    let (begun, mut count, mut position) = (Instant::now(), 0, 0);
    loop {
        let page = log.reader().read_after(position, commands::log::PAGE_EVENTS_MAX).await?;
        let Some(last) = page.last() else { break };
        (position, count) = (last.position, count + page.len());
    }
    Ok(per_second(count, begun.elapsed()))
}

async fn rebuild_and_read(log: &EventLog, program: &Program, reader: &Worker) -> Outcome<Rebuild> {
    at_rest(log).await?;
    let over = CancellationToken::new();
    let mut reading = Reading::begin(program, reader).await?;
    let reads = tokio::spawn({
        let over = over.clone();
        async move { reading.until(over).await }
    });
    let begun = Instant::now();
    let rebuilt = timeout(REBUILD_TIMEOUT, rebuild_all(log)).await;
    let took = begun.elapsed();
    over.cancel();
    rebuilt.map_err(|_| CliError::failed("the rebuild takes too long"))??;
    Ok(Rebuild { took, reads: reads.await.map_err(CliError::failed)? })
}

/// The program does it; here it is only ordered and watched.
async fn rebuild_all(log: &EventLog) -> Outcome<()> {
    let mut ordered = Vec::new();
    for projection in Projection::ALL {
        ordered.push(rebuild::request(log.pool(), projection).await?);
    }
    for order in ordered {
        while !is_finished(log, order).await? {
            sleep(LOOK_INTERVAL).await;
        }
    }
    Ok(())
}

async fn is_finished(log: &EventLog, order: uuid::Uuid) -> Outcome<bool> {
    let progress =
        rebuild::progress(log.pool(), order).await?.ok_or_else(|| CliError::failed("no such rebuild"))?;
    match progress.failure {
        Some(failure) => Err(CliError::failed(failure)),
        None => Ok(progress.finished),
    }
}

/// A rebuild of all views, and how somebody fared who read meanwhile.
struct Rebuild {
    took: Duration,
    reads: Reads,
}

/// Somebody who goes on reading.
struct Reading {
    connection: Connection,
}

/// How the reads went.
struct Reads {
    sample: Sample,
    refused: usize,
}

impl Reading {
    async fn begin(program: &Program, reader: &Worker) -> Outcome<Self> {
        Ok(Self { connection: Connection::open(program.address(), Some(reader)).await? })
    }

    async fn until(&mut self, over: CancellationToken) -> Reads {
        let (begun, mut calls, mut refused) = (Instant::now(), Vec::new(), 0);
        while !over.is_cancelled() {
            let asked = Instant::now();
            match self.connection.get("/api/v1/inbox").await.and_then(|answer| answer.expect(200)) {
                Ok(_) => calls.push(asked.elapsed()),
                Err(_) => refused += 1,
            }
            sleep(READ_INTERVAL).await;
        }
        Reads { sample: Sample::of(calls, begun.elapsed()), refused }
    }
}
