//! Live delivery: messages at a moderate rate, timed from the request to the event in the recipient's live stream.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tests::measurements::{Failed, Goal, Outcome, Row, percentile_ms};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::http::Connection;
use crate::messages::Writing;
use crate::people::{self, Worker};
use crate::serve::{self, Served};
use crate::world::World;

/// How many authors write at once, so that one slow answer does not lower the rate.
const WRITERS: u32 = 8;
/// The timeout of an event.
const ARRIVAL_TIMEOUT: Duration = Duration::from_secs(30);

/// The time of each message's request or arrival, by position.
type Moments = HashMap<u64, Instant>;

pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let database_url = world.migrated_database().await?;
    let workers = people::workers(world, &database_url, 2).await?;
    let program = Served::start(world, &database_url, serve::ALL, None).await?;
    people::caught_up(program.address(), &workers[0]).await?;
    let took = follow(world, program.address(), &workers[0], &workers[1]).await?;
    program.stop().await?;
    let rate = world.scale.followed_per_second;
    let row =
        |name: &str, part, goal| Row::new(name, "ms", percentile_ms(&took, part)).goal(Goal::AtMost(goal));
    Ok(vec![
        row(&format!("request to browser at {rate}/s, p50"), 0.50, 10.0),
        row(&format!("request to browser at {rate}/s, p99"), 0.99, 50.0),
    ])
}

/// The latency of each message from request to arrival, sorted.
async fn follow(
    world: &World,
    address: SocketAddr,
    author: &Worker,
    reader: &Worker,
) -> Outcome<Vec<Duration>> {
    let stream = Connection::open(address, Some(reader)).await?.stream("/api/v1/inbox/stream").await?;
    let count = world.scale.followed / WRITERS as usize * WRITERS as usize;
    let (arrivals, asked) =
        tokio::try_join!(arrivals(stream, count), write_all(world, address, author, reader))?;
    let took =
        |(position, asked): (&u64, &Instant)| Some(arrivals.get(position)?.saturating_duration_since(*asked));
    let mut took: Vec<_> = asked.iter().filter_map(took).collect();
    took.sort_unstable();
    if took.len() == count { Ok(took) } else { Err(few(took.len(), count)) }
}

async fn write_all(world: &World, address: SocketAddr, author: &Worker, reader: &Worker) -> Outcome<Moments> {
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let writing = Writing::new(address, author, reader).await?;
        let pause = Duration::from_secs(1) * WRITERS / world.scale.followed_per_second;
        writers.spawn(write(writing, pause, world.scale.followed / WRITERS as usize));
    }
    let mut asked = Moments::new();
    while let Some(done) = writers.join_next().await {
        asked.extend(done??);
    }
    Ok(asked)
}

async fn write(mut writing: Writing, pause: Duration, count: usize) -> Outcome<Moments> {
    let mut ticks = interval(pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut asked = Moments::with_capacity(count);
    for _ in 0..count {
        ticks.tick().await;
        let now = Instant::now();
        asked.insert(writing.write().await?, now);
    }
    Ok(asked)
}

fn few(arrived: usize, count: usize) -> Failed {
    Failed::because(format!("{arrived} of {count} arrived"))
}

async fn arrivals(mut stream: BufReader<TcpStream>, count: usize) -> Outcome<Moments> {
    let mut arrivals = Moments::with_capacity(count);
    let mut event = Fields::default();
    let mut line = String::new();
    while arrivals.len() < count {
        line.clear();
        let reading = timeout(ARRIVAL_TIMEOUT, stream.read_line(&mut line)).await;
        if reading.map_err(|_| few(arrivals.len(), count))?? == 0 {
            return Err(Failed::because("the stream was closed"));
        }
        if let Some(position) = event.take(line.trim_end()) {
            arrivals.insert(position, Instant::now());
        }
    }
    Ok(arrivals)
}

/// The fields of one event, read so far.
#[derive(Default)]
struct Fields {
    id: Option<u64>,
    is_message: bool,
    has_data: bool,
}

impl Fields {
    /// Parses the next line. Returns the position of a message at the end of its event.
    fn take(&mut self, line: &str) -> Option<u64> {
        match line.split_once(':').map(|(name, value)| (name, value.trim_start())) {
            Some(("id", id)) => self.id = id.parse().ok(),
            Some(("event", kind)) => self.is_message = kind == "message",
            Some(("data", _)) => self.has_data = true,
            _ => {}
        }
        let is_whole = self.id.is_some() && self.is_message && self.has_data;
        if is_whole || line.is_empty() && self.has_data {
            return std::mem::take(self).id.filter(|_| is_whole);
        }
        None
    }
}
