//! `POST /messages` with 64 connections, each with a login of its own, beside postgres-es used directly, without HTTP.

use std::time::{Duration, Instant};

use commands::clock;
use serde_json::json;

use super::Outcome;
use super::http::Connection;
use super::measure::{Caller, Sample, call_for, in_turns, median};
use super::people::{self, Worker};
use super::program::{Program, Sinks};
use super::stock::{Stock, TEXT};
use super::table::{Goal, Row};
use super::world::{Ledger, World};

/// How many connections ask at once, and how many callers the peer has.
const CONNECTIONS: usize = 64;

pub(super) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let (ledger, stock) = (world.ledger().await?, Stock::prepare(world).await?);
    let workers = people::workers(&ledger.log, CONNECTIONS).await?;
    let whole = Program::start(world, &ledger, Sinks::default()).await?;
    people::caught_up(&ledger.log).await?;
    let mut behind = Vec::new();
    let ours = async || {
        let sample = turn(world, &whole, &workers).await?;
        behind.push(catch_up(&ledger).await?.as_secs_f64());
        Ok(sample)
    };
    let (ours, peers) =
        in_turns(world.scale.turns, ours, async || stock.turn(CONNECTIONS, world.scale.turn).await).await?;
    whole.stop().await?;
    let alone = front_door_alone(world, &ledger, &workers).await?;
    Ok(rows(&Sample::median(&ours), &Sample::median(&peers), &alone, median(behind)))
}

/// Without relay and projections on the same two cores: what the front door itself costs.
async fn front_door_alone(world: &World, ledger: &Ledger, workers: &[Worker]) -> Outcome<Sample> {
    let front_door = Program::front_door(world, ledger).await?;
    let mut turns = Vec::with_capacity(world.scale.turns);
    for _ in 0..world.scale.turns {
        turns.push(turn(world, &front_door, workers).await?);
    }
    front_door.stop().await?;
    Ok(Sample::median(&turns))
}

fn rows(ours: &Sample, peer: &Sample, alone: &Sample, behind_s: f64) -> Vec<Row> {
    let whole = Row::new("POST /messages, 64 connections", "requests/s", ours.per_second);
    let latency = |name: &str, ms: f64, peer_ms: f64| Row::new(name, "ms", ms).beside("postgres-es", peer_ms);
    vec![
        whole.beside("postgres-es", peer.per_second).goal(Goal::TimesAtLeast(3.0)),
        latency("POST /messages, p50", ours.p50_ms, peer.p50_ms),
        latency("POST /messages, p99", ours.p99_ms, peer.p99_ms),
        Row::new("POST /messages, front door alone", "requests/s", alone.per_second)
            .beside("postgres-es", peer.per_second),
        Row::new("projections behind after such a turn", "s", behind_s),
    ]
}

async fn turn(world: &World, program: &Program, workers: &[Worker]) -> Outcome<Sample> {
    let mut callers = Vec::with_capacity(workers.len());
    for (index, worker) in workers.iter().enumerate() {
        let recipient = &workers[(index + 1) % workers.len()];
        callers.push(Writing::new(program, worker, recipient).await?);
    }
    call_for(world.scale.turn, callers).await
}

/// The peer's turn begins when the projections have nothing left to do.
async fn catch_up(ledger: &Ledger) -> Outcome<Duration> {
    let begun = Instant::now();
    people::caught_up(&ledger.log).await?;
    Ok(begun.elapsed())
}

/// A worker who writes to a colleague.
pub(super) struct Writing {
    connection: Connection,
    body: String,
}

impl Writing {
    pub(super) async fn new(program: &Program, author: &Worker, recipient: &Worker) -> Outcome<Self> {
        let connection = Connection::open(program.address(), Some(author)).await?;
        let body = json!({ "recipients": [recipient.id], "body": TEXT }).to_string();
        Ok(Self { connection, body })
    }
}

impl Caller for Writing {
    async fn call(&mut self) -> Outcome<()> {
        let key = clock::new_id().to_string();
        self.connection.post("/api/v1/messages", &key, &self.body).await?.expect(201)?;
        Ok(())
    }
}
