//! A rebuild of all views from a campaign and messages, while a user goes on reading.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use commands::clock;
use futures::TryStreamExt;
use sqlx::{Connection as _, PgConnection};
use tests::measurements::{Failed, Goal, Outcome, Row, Sample, at_once, in_turns, median, per_second};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::campaign::{EMAIL, Setup};
use crate::http::Connection;
use crate::messages::Writing;
use crate::people::{self, Worker};
use crate::world::World;

/// How many authors write messages at once.
const WRITERS: usize = 64;
/// The timeout of all rebuilds of a turn.
const REBUILD_TIMEOUT: Duration = Duration::from_secs(1_800);
/// How often the rebuilds are polled.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);
/// The pause between two reads of the inbox: a reader, not a load.
const READ_INTERVAL: Duration = Duration::from_millis(50);
/// The goal, in facts per second.
const RATE_MIN: f64 = 150_000.0;

pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let setup = Setup::prepare(world).await?;
    eprintln!("  the campaign");
    setup.campaign(EMAIL).await?;
    eprintln!("  the messages");
    let messages = write_messages(world, &setup).await?;
    // A client, its place in the audience, its outcome, a message: each counts once, however many share an event.
    let facts = 3 * setup.recipients + messages;
    people::caught_up(setup.program.address(), &setup.author).await?;
    let ours = async || rebuild_and_read(world, &setup).await;
    let (rebuilds, alone) =
        in_turns(world.scale.turns, ours, async || read_alone(&setup.database_url).await).await?;
    setup.program.stop().await?;
    Ok(rows(facts, &rebuilds, median(alone)).into())
}

fn rows(facts: usize, rebuilds: &[Rebuild], alone_s: f64) -> [Row; 5] {
    let cpu_us = |of: fn(&Rebuild) -> Duration| {
        median(rebuilds.iter().map(|rebuild| of(rebuild).as_secs_f64() * 1e6 / facts as f64).collect())
    };
    let rates = rebuilds.iter().map(|rebuild| per_second(facts, rebuild.took)).collect();
    let samples: Vec<_> = rebuilds.iter().map(|rebuild| rebuild.reads.sample).collect();
    let refused: usize = rebuilds.iter().map(|rebuild| rebuild.reads.refused).sum();
    [
        Row::new("rebuild of all views", "facts/s", median(rates))
            .beside("reading the events once", facts as f64 / alone_s)
            .goal(Goal::AtLeast(RATE_MIN)),
        Row::new("CPU of PostgreSQL, a fact", "us", cpu_us(|rebuild| rebuild.postgres)),
        Row::new("CPU of the program, a fact", "us", cpu_us(|rebuild| rebuild.program)),
        Row::new("inbox page during the rebuild, p99", "ms", Sample::median(&samples).p99_ms),
        Row::new("inbox pages refused during the rebuild", "pages", refused as f64).goal(Goal::AtMost(0.0)),
    ]
}

/// Writes the messages. Returns how many.
async fn write_messages(world: &World, setup: &Setup) -> Outcome<usize> {
    let reader = people::workers(world, &setup.database_url, 1).await?.remove(0);
    let each = world.scale.rebuilt_messages / WRITERS;
    let (address, author) = (setup.program.address(), setup.author.clone());
    people::caught_up(address, &author).await?;
    at_once(WRITERS, 0..WRITERS, |_| write(address, author.clone(), reader.clone(), each)).await?;
    Ok(each * WRITERS)
}

async fn write(address: SocketAddr, author: Worker, reader: Worker, count: usize) -> Outcome<()> {
    let mut writing = Writing::new(address, &author, &reader).await?;
    for _ in 0..count {
        writing.write().await?;
    }
    Ok(())
}

/// The upper limit: reading the events once, without unsealing or decoding. Returns the seconds it takes.
async fn read_alone(database_url: &str) -> Outcome<f64> {
    let mut session = at_rest(database_url).await?;
    let begun = Instant::now();
    let mut events =
        sqlx::query("select position, payload, metadata from events order by position").fetch(&mut session);
    while events.try_next().await?.is_some() {}
    Ok(begun.elapsed().as_secs_f64())
}

/// Forces a checkpoint, so that the measurement does not pay for earlier writes.
async fn at_rest(database_url: &str) -> Outcome<PgConnection> {
    let mut session = PgConnection::connect(database_url).await?;
    sqlx::query("checkpoint").execute(&mut session).await?;
    Ok(session)
}

async fn rebuild_and_read(world: &World, setup: &Setup) -> Outcome<Rebuild> {
    at_rest(&setup.database_url).await?.close().await?;
    let address = setup.program.address();
    let over = CancellationToken::new();
    let reading = Connection::open(address, Some(&setup.author)).await?;
    let reads = tokio::spawn(read_until(reading, over.clone()));
    let (postgres, program) = (world.postgres_cpu().await?, setup.program.cpu()?);
    let begun = Instant::now();
    let rebuilt = timeout(REBUILD_TIMEOUT, rebuild_all(address, &setup.author)).await;
    let took = begun.elapsed();
    let postgres = world.postgres_cpu().await?.saturating_sub(postgres);
    let program = setup.program.cpu()?.saturating_sub(program);
    over.cancel();
    rebuilt.map_err(|_| Failed::because("the rebuild takes too long"))??;
    Ok(Rebuild { took, postgres, program, reads: reads.await? })
}

/// Requests the rebuilds over HTTP, and waits for their end.
async fn rebuild_all(address: SocketAddr, admin: &Worker) -> Outcome<()> {
    let mut connection = Connection::open(address, Some(admin)).await?;
    for projection in people::projections(&mut connection).await? {
        let path = format!("/api/v1/projections/{}/rebuild", people::text(&projection, "name")?);
        connection.post(&path, &clock::new_id().to_string(), "{}").await?.expect(202)?;
    }
    loop {
        let projections = people::projections(&mut connection).await?;
        if let Some(failed) = projections.iter().find(|projection| projection["state"] == "failed") {
            return Err(Failed::because(format!("a rebuild has failed: {failed}")));
        }
        if projections.iter().all(|projection| projection["state"] == "live") {
            return Ok(());
        }
        sleep(LOOK_INTERVAL).await;
    }
}

/// A rebuild of all views, and the reads of a user meanwhile.
struct Rebuild {
    took: Duration,
    /// The CPU time of PostgreSQL's processes.
    postgres: Duration,
    program: Duration,
    reads: Reads,
}

/// The latencies of the reads.
struct Reads {
    sample: Sample,
    refused: usize,
}

async fn read_until(mut connection: Connection, over: CancellationToken) -> Reads {
    let (begun, mut calls, mut refused) = (Instant::now(), Vec::new(), 0);
    while !over.is_cancelled() {
        let asked = Instant::now();
        match connection.get("/api/v1/inbox").await.and_then(|answer| answer.expect(200)) {
            Ok(_) => calls.push(asked.elapsed()),
            Err(_) => refused += 1,
        }
        sleep(READ_INTERVAL).await;
    }
    Reads { sample: Sample::of(calls, begun.elapsed()), refused }
}
