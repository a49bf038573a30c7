//! `POST /messages` on 64 connections, each with a login of its own, beside postgres-es used directly, without HTTP.

use std::net::SocketAddr;
use std::time::Duration;

use commands::clock;
use serde_json::json;
use tests::measurements::{Caller, Failed, Goal, Outcome, Row, Sample, call_for, in_turns, median};

use crate::http::Connection;
use crate::people::{self, Worker};
use crate::serve::{self, Served};
use crate::stock::{Stock, TEXT};
use crate::world::World;

/// The number of connections, and of the peer's callers.
const CONNECTIONS: usize = 64;

pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let (database_url, stock) = (world.migrated_database().await?, Stock::prepare(world).await?);
    let workers = people::workers(world, &database_url, CONNECTIONS).await?;
    let whole = Served::start(world, &database_url, serve::ALL, None).await?;
    people::caught_up(whole.address(), &workers[0]).await?;
    let (mut behind, mut cpu) = (Vec::new(), Vec::new());
    let ours = async || {
        let before = (world.postgres_cpu().await?, whole.cpu()?);
        let sample = turn(world, whole.address(), &workers).await?;
        // The peer's turn begins when the projections are caught up.
        behind.push(people::caught_up(whole.address(), &workers[0]).await?.as_secs_f64());
        let messages = sample.per_second * world.scale.turn.as_secs_f64();
        let each = |took: Duration| took.as_secs_f64() * 1e3 / messages;
        let postgres = each(world.postgres_cpu().await?.saturating_sub(before.0));
        cpu.push((postgres, each(whole.cpu()?.saturating_sub(before.1))));
        Ok(sample)
    };
    let (ours, peers) =
        in_turns(world.scale.turns, ours, async || stock.turn(CONNECTIONS, world.scale.turn).await).await?;
    whole.stop().await?;
    let alone = front_door_alone(world, &database_url, &workers).await?;
    let mut rows = rows(&Sample::median(&ours), &Sample::median(&peers), &alone, median(behind));
    let (postgres, program) = cpu.into_iter().unzip();
    rows.push(Row::new("POST /messages, CPU of PostgreSQL, a message", "ms", median(postgres)));
    rows.push(Row::new("POST /messages, CPU of the program, a message", "ms", median(program)));
    Ok(rows)
}

/// The gateway without relay and projections on the same two cores: the cost of the HTTP request alone.
async fn front_door_alone(world: &World, database_url: &str, workers: &[Worker]) -> Outcome<Sample> {
    let front_door = Served::start(world, database_url, "gateway", None).await?;
    let mut turns = Vec::with_capacity(world.scale.turns);
    for _ in 0..world.scale.turns {
        turns.push(turn(world, front_door.address(), workers).await?);
    }
    front_door.stop().await?;
    Ok(Sample::median(&turns))
}

fn rows(ours: &Sample, peer: &Sample, alone: &Sample, behind_s: f64) -> Vec<Row> {
    let whole = Row::new("POST /messages, 64 connections", "requests/s", ours.per_second);
    let latency = |name: &str, ms: f64, peer_ms: f64| Row::new(name, "ms", ms).beside("postgres-es", peer_ms);
    vec![
        whole.beside("postgres-es", peer.per_second).goal(Goal::TimesAtLeast(2.2)),
        latency("POST /messages, p50", ours.p50_ms, peer.p50_ms),
        latency("POST /messages, p99", ours.p99_ms, peer.p99_ms),
        Row::new("POST /messages, front connection alone", "requests/s", alone.per_second)
            .beside("postgres-es", peer.per_second),
        Row::new("projections behind after such a turn", "s", behind_s),
    ]
}

async fn turn(world: &World, address: SocketAddr, workers: &[Worker]) -> Outcome<Sample> {
    let mut callers = Vec::with_capacity(workers.len());
    for (index, worker) in workers.iter().enumerate() {
        let recipient = &workers[(index + 1) % workers.len()];
        callers.push(Writing::new(address, worker, recipient).await?);
    }
    call_for(world.scale.turn, callers).await
}

/// A worker who writes to a colleague.
pub(crate) struct Writing {
    connection: Connection,
    body: String,
}

impl Writing {
    pub(crate) async fn new(address: SocketAddr, author: &Worker, recipient: &Worker) -> Outcome<Self> {
        let connection = Connection::open(address, Some(author)).await?;
        let body = json!({ "recipients": [recipient.id], "body": TEXT }).to_string();
        Ok(Self { connection, body })
    }

    /// Writes one message. Returns its position.
    pub(crate) async fn write(&mut self) -> Outcome<u64> {
        let key = clock::new_id().to_string();
        let answer = self.connection.post("/api/v1/messages", &key, &self.body).await?.expect(201)?.json()?;
        answer["position"].as_u64().ok_or_else(|| Failed::because("an answer without a position"))
    }
}

impl Caller for Writing {
    async fn call(&mut self) -> Outcome<()> {
        self.write().await.map(drop)
    }
}
