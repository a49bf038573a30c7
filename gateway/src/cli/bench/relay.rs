//! Events to JetStream from an empty stream, beside publishing as many messages of the same size and nothing else.

use std::time::{Duration, Instant};

use async_nats::HeaderMap;
use async_nats::header::NATS_EXPECTED_LAST_SEQUENCE;
use async_nats::jetstream::context::{ContextBuilder, PublishAckFuture};
use async_nats::jetstream::{self, message::PublishMessage, stream};
use bytes::Bytes;
use commands::broker::Broker;
use commands::clock;
use commands::log::{EventLog, Lane};
use commands::relay::{Relay, Step};
use tokio::time::{sleep, timeout};

use super::Outcome;
use super::appender::note;
use super::measure::{at_once, in_turns, median, per_second};
use super::table::{Goal, Row};
use super::world::World;
use crate::cli::CliError;

/// How many events one append of the filling has.
const APPEND: usize = 250;
/// How many appends of the filling are under way at once.
const APPENDS_AT_ONCE: usize = 8;
/// How many messages may wait for their acknowledgement: as many as a page of the relay.
const WINDOW: usize = 1_000;
/// How large a relayed note is with its envelope, in bytes.
const MESSAGE_BYTES: usize = 560;
/// How long the broker may take to be reached.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The most that a stream of this measurement holds.
const STREAM_BYTES_MAX: i64 = 1 << 30;

pub(super) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let count = world.scale.relayed;
    let mut fills = Vec::new();
    let ours = async || {
        let ledger = world.ledger().await?;
        // A new stream begins a window before the head: made on an empty log, it takes everything.
        let mut relay = Relay::new(ledger.log.reader().clone(), connected(world).await?);
        relay.step().await.map_err(CliError::failed)?;
        let begun = Instant::now();
        fill(&ledger.log, count).await?;
        fills.push(per_second(count, begun.elapsed()));
        publish(&mut relay, count).await
    };
    let (ours, peers) = in_turns(world.scale.turns, ours, async || publish_alone(world, count).await).await?;
    let relay = Row::new("relay to JetStream", "events/s", median(ours));
    let relay = relay.beside("publish with expected sequence", median(peers)).goal(Goal::AtLeast(50_000.0));
    Ok(vec![Row::new("append in bulk, 250 at a time", "events/s", median(fills)), relay])
}

async fn fill(log: &EventLog, count: usize) -> Outcome<()> {
    at_once(APPENDS_AT_ONCE, 0..count / APPEND, |_| append(log.clone())).await
}

async fn append(log: EventLog) -> Outcome<()> {
    let notes = (0..APPEND).map(|_| note()).collect();
    log.writer().append(notes, None, Lane::Bulk).await.map_err(CliError::failed)?;
    Ok(())
}

/// Has the relay publish everything there is.
async fn publish(relay: &mut Relay, count: usize) -> Outcome<f64> {
    let (begun, mut published) = (Instant::now(), 0);
    while published < count {
        match relay.step().await.map_err(CliError::failed)? {
            Step::Published(events) => published += events,
            Step::Idle => break,
            Step::Halted => return Err(CliError::failed("the relay has halted")),
        }
    }
    Ok(per_second(published, begun.elapsed()))
}

async fn connected(world: &World) -> Outcome<Broker> {
    let broker = Broker::connect(world.nats_url()?).await.map_err(CliError::failed)?;
    let connecting = async {
        while !broker.is_connected() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(CONNECT_TIMEOUT, connecting).await.map_err(|_| CliError::failed("failed to reach NATS"))?;
    Ok(broker)
}

/// What this client and this server do when nothing is read, compared or wrapped, and every message is acknowledged; the
/// relay asks for less.
async fn publish_alone(world: &World, count: usize) -> Outcome<f64> {
    let context = ContextBuilder::new().max_ack_inflight(WINDOW).backpressure_on_inflight(true);
    let jetstream = context.build(world.nats().await?);
    let name = format!("BARE_{}", clock::new_id().simple());
    jetstream.create_stream(bare_stream(&name)).await.map_err(CliError::failed)?;
    let begun = Instant::now();
    publish_all(&jetstream, &name, count).await?;
    let took = begun.elapsed();
    jetstream.delete_stream(&name).await.map_err(CliError::failed)?;
    Ok(per_second(count, took))
}

fn bare_stream(name: &str) -> stream::Config {
    stream::Config {
        name: name.to_owned(),
        subjects: vec![format!("{name}.>")],
        max_bytes: STREAM_BYTES_MAX,
        ..stream::Config::default()
    }
}

async fn publish_all(jetstream: &jetstream::Context, name: &str, count: usize) -> Outcome<()> {
    let payload = Bytes::from(vec![b'x'; MESSAGE_BYTES]);
    let mut acks = Vec::with_capacity(WINDOW);
    for last in 0..count {
        acks.push(send(jetstream, format!("{name}.note.{last}"), payload.clone(), last).await?);
        if acks.len() == WINDOW {
            acknowledged(&mut acks).await?;
        }
    }
    acknowledged(&mut acks).await
}

async fn send(
    jetstream: &jetstream::Context,
    subject: String,
    payload: Bytes,
    last: usize,
) -> Outcome<PublishAckFuture> {
    let mut headers = HeaderMap::new();
    headers.insert(NATS_EXPECTED_LAST_SEQUENCE, last.to_string());
    let message = PublishMessage::build().headers(headers).payload(payload);
    jetstream.send_publish(subject, message).await.map_err(CliError::failed)
}

async fn acknowledged(acks: &mut Vec<PublishAckFuture>) -> Outcome<()> {
    for ack in acks.drain(..) {
        ack.await.map_err(CliError::failed)?;
    }
    Ok(())
}
