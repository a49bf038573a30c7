//! The relay to JetStream, beside publishing as many messages of the same size and nothing else.

use std::time::{Duration, Instant};

use async_nats::HeaderMap;
use async_nats::header::NATS_EXPECTED_LAST_SEQUENCE;
use async_nats::jetstream::context::{ContextBuilder, PublishAckFuture};
use async_nats::jetstream::{self, message::PublishMessage, stream};
use bytes::Bytes;
use commands::clock;
use futures::TryStreamExt;
use tests::measurements::{Failed, Goal, Outcome, Row, in_turns, median, per_second};
use tokio::time::{sleep, timeout};

use crate::people;
use crate::serve::Served;
use crate::world::World;

/// The most unacknowledged messages: as many as a page of the relay.
const WINDOW: usize = 1_000;
/// The size of a relayed event of this measurement with its envelope, in bytes.
const MESSAGE_BYTES: usize = 1_500;
/// The timeout of the relay.
const RELAY_TIMEOUT: Duration = Duration::from_secs(600);
/// How often the stream is polled.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);
/// The largest size of the stream.
const STREAM_BYTES_MAX: i64 = 1 << 30;

pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let count = world.scale.relayed;
    let ours = async || relay(world, count).await;
    let (ours, peers) = in_turns(world.scale.turns, ours, async || publish_alone(world, count).await).await?;
    let relay = Row::new("relay to JetStream", "events/s", median(ours));
    Ok(vec![relay.beside("publish with expected sequence", median(peers)).goal(Goal::AtLeast(50_000.0))])
}

/// Creates clients while no relay runs, then measures a relay that publishes them.
async fn relay(world: &World, count: usize) -> Outcome<f64> {
    world.tidy_up().await?;
    let database_url = world.migrated_database().await?;
    let author = people::workers(world, &database_url, 1).await?.remove(0);
    // A new stream begins one window before the head. Created on an almost empty log, it takes everything.
    let first = Served::start(world, &database_url, "relay", None).await?;
    let jetstream = jetstream::new(world.nats().await?);
    let before = timeout(RELAY_TIMEOUT, first_sequence(&jetstream)).await??;
    first.stop().await?;
    let front_door = Served::start(world, &database_url, "gateway,projector", None).await?;
    people::company(front_door.address(), &author, count).await?;
    front_door.stop().await?;
    let second = Served::start(world, &database_url, "relay", None).await?;
    let rate = timeout(RELAY_TIMEOUT, followed(&jetstream, before, before + count as u64)).await??;
    second.stop().await?;
    Ok(rate)
}

/// The first sequence of the stream, once it exists.
async fn first_sequence(jetstream: &jetstream::Context) -> Outcome<u64> {
    loop {
        if let Some(last) = last_sequence(jetstream).await?.filter(|last| *last > 0) {
            return Ok(last);
        }
        sleep(LOOK_INTERVAL).await;
    }
}

/// The rate from the first message seen after `before` to the one at `end`. The start of the process is not counted.
async fn followed(jetstream: &jetstream::Context, before: u64, end: u64) -> Outcome<f64> {
    let mut begun = None;
    loop {
        let last = last_sequence(jetstream).await?.unwrap_or_default();
        if last > before {
            let (since, first) = *begun.get_or_insert((Instant::now(), last));
            if last >= end {
                return Ok(per_second((last - first) as usize, since.elapsed()));
            }
        }
        sleep(LOOK_INTERVAL).await;
    }
}

/// The last sequence of the only stream.
async fn last_sequence(jetstream: &jetstream::Context) -> Outcome<Option<u64>> {
    let streams: Vec<_> = jetstream.streams().try_collect().await?;
    match streams.len() {
        0 | 1 => Ok(streams.first().map(|stream| stream.state.last_sequence)),
        more => Err(Failed::because(format!("{more} streams instead of one"))),
    }
}

/// The rate of the client and server alone: no reads, no comparisons, no envelope, every message acknowledged. The
/// relay asks for fewer acknowledgements.
async fn publish_alone(world: &World, count: usize) -> Outcome<f64> {
    let context = ContextBuilder::new().max_ack_inflight(WINDOW).backpressure_on_inflight(true);
    let jetstream = context.build(world.nats().await?);
    let name = format!("BARE_{}", clock::new_id().simple());
    jetstream.create_stream(bare_stream(&name)).await?;
    let begun = Instant::now();
    publish_all(&jetstream, &name, count).await?;
    let took = begun.elapsed();
    jetstream.delete_stream(&name).await?;
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
    Ok(jetstream.send_publish(subject, message).await?)
}

async fn acknowledged(acks: &mut Vec<PublishAckFuture>) -> Outcome<()> {
    for ack in acks.drain(..) {
        ack.await?;
    }
    Ok(())
}
