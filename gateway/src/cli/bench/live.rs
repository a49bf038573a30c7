//! From the commit to the browser: messages at a moderate rate, each followed to the recipient's live stream.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use commands::clock;
use commands::log::EventLog;
use domain::Position;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::Outcome;
use super::http::Connection;
use super::measure::{Caller, percentile_ms};
use super::messages::Writing;
use super::people::{self, Worker};
use super::program::{Program, Sinks};
use super::table::{Goal, Row};
use super::world::World;
use crate::cli::CliError;

/// How many write at once, so that one slow answer does not slow the rate.
const WRITERS: u32 = 8;
/// How long to wait for what does not come.
const ARRIVAL_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let ledger = world.ledger().await?;
    let workers = people::workers(&ledger.log, 2).await?;
    let program = Program::start(world, &ledger, Sinks::default()).await?;
    people::caught_up(&ledger.log).await?;
    let mut took = follow(world, &program, &ledger.log, &workers[0], &workers[1]).await?;
    program.stop().await?;
    took.sort_unstable();
    let rate = world.scale.followed_per_second;
    let row =
        |name: &str, part, goal| Row::new(name, "ms", percentile_ms(&took, part)).goal(Goal::AtMost(goal));
    Ok(vec![
        row(&format!("commit to browser at {rate}/s, p50"), 0.50, 10.0),
        row(&format!("commit to browser at {rate}/s, p99"), 0.99, 50.0),
    ])
}

/// How long each message took from the time the database gives it to its arrival.
async fn follow(
    world: &World,
    program: &Program,
    log: &EventLog,
    author: &Worker,
    reader: &Worker,
) -> Outcome<Vec<Duration>> {
    let before = log.reader().head().await?;
    let stream =
        Connection::open(program.address(), Some(reader)).await?.stream("/api/v1/inbox/stream").await?;
    let count = world.scale.followed / WRITERS as usize * WRITERS as usize;
    let (arrivals, ()) =
        tokio::try_join!(arrivals(stream, count), write_all(world, program, author, reader))?;
    let sent = sent_after(log, before).await?;
    let took = |(position, at): &(Position, DateTime<Utc>)| {
        let arrived = arrivals.get(position)?;
        Some((*arrived - *at).to_std().unwrap_or_default())
    };
    let took: Vec<_> = sent.iter().filter_map(took).collect();
    if took.len() == count {
        Ok(took)
    } else {
        Err(CliError::failed(format!("{} of {count} arrived", took.len())))
    }
}

async fn write_all(world: &World, program: &Program, author: &Worker, reader: &Worker) -> Outcome<()> {
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let writing = Writing::new(program, author, reader).await?;
        let pause = Duration::from_secs(1) * WRITERS / world.scale.followed_per_second;
        writers.spawn(write(writing, pause, world.scale.followed / WRITERS as usize));
    }
    while let Some(done) = writers.join_next().await {
        done.map_err(CliError::failed)??;
    }
    Ok(())
}

async fn write(mut writing: Writing, pause: Duration, count: usize) -> Outcome<()> {
    let mut ticks = interval(pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for _ in 0..count {
        ticks.tick().await;
        writing.call().await?;
    }
    Ok(())
}

/// When each message arrived, by its position.
async fn arrivals(
    mut stream: BufReader<TcpStream>,
    count: usize,
) -> Outcome<HashMap<Position, DateTime<Utc>>> {
    let mut arrivals = HashMap::with_capacity(count);
    let mut event = Fields::default();
    let mut line = String::new();
    while arrivals.len() < count {
        line.clear();
        let reading = timeout(ARRIVAL_TIMEOUT, stream.read_line(&mut line)).await;
        let bytes =
            reading.map_err(|_| CliError::failed(format!("{} of {count} arrived", arrivals.len())))?;
        if bytes.map_err(CliError::failed)? == 0 {
            return Err(CliError::failed("the stream was closed"));
        }
        if let Some(position) = event.take(line.trim_end()) {
            arrivals.insert(position, clock::now());
        }
    }
    Ok(arrivals)
}

/// The fields of one event, as far as they have come.
#[derive(Default)]
struct Fields {
    id: Option<Position>,
    is_message: bool,
    has_data: bool,
}

impl Fields {
    /// Takes the next line; gives the position of a message once it is whole.
    fn take(&mut self, line: &str) -> Option<Position> {
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

/// The messages after a position, with the time that the database gave them just before their commit.
async fn sent_after(log: &EventLog, position: Position) -> Outcome<Vec<(Position, DateTime<Utc>)>> {
    let rows = sqlx::query_as(
        "select position, recorded_at from events where position > $1 and event_type = 'MessageSent'",
    );
    Ok(rows.bind(position).fetch_all(log.pool()).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_messages_arrive_in_whichever_order_their_fields_come() {
        let lines = [
            "1f",
            "id: 7",
            "event: counts",
            "data: {}",
            "",
            "event: message",
            "id: 8",
            "data: {}",
            "",
            ": beat",
            "",
        ];
        let mut event = Fields::default();
        let arrived: Vec<_> = lines.iter().filter_map(|line| event.take(line)).collect();
        assert_eq!(arrived, [8]);
    }
}
