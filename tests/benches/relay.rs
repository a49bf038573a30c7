//! Events to JetStream, beside publishing as many messages of the same size and nothing else.

use std::time::{Duration, Instant};

use async_nats::HeaderMap;
use async_nats::header::NATS_EXPECTED_LAST_SEQUENCE;
use async_nats::jetstream::context::{ContextBuilder, PublishAckFuture};
use async_nats::jetstream::{self, message::PublishMessage, stream};
use bytes::Bytes;
use commands::clock;
use futures::TryStreamExt;
use tests::figures::{Failed, Goal, Outcome, Row, in_turns, median, per_second};
use tokio::time::{sleep, timeout};

use crate::people;
use crate::serve::Served;
use crate::world::World;

/// How many messages may wait for their acknowledgement: as many as a page of the relay.
const WINDOW: usize = 1_000;
/// How large a relayed event of this measurement is with its envelope, in bytes.
const MESSAGE_BYTES: usize = 1_500;
/// How long the relay may take.
const RELAY_TIMEOUT: Duration = Duration::from_secs(600);
/// How often the stream is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);
/// The most that a stream of this measurement holds.
const STREAM_BYTES_MAX: i64 = 1 << 30;

pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let count = world.scale.relayed;
    let ours = async || relay(world, count).await;
    let (ours, peers) = in_turns(world.scale.turns, ours, async || publish_alone(world, count).await).await?;
    let relay = Row::new("relay to JetStream", "events/s", median(ours));
    Ok(vec![relay.beside("publish with expected sequence", median(peers)).goal(Goal::AtLeast(50_000.0))])
}

/// Clients are taken on while nobody relays; then a relay of its own publishes them.
async fn relay(world: &World, count: usize) -> Outcome<f64> {
    world.tidy_up().await?;
    let database_url = world.migrated_database().await?;
    let author = people::workers(world, &database_url, 1).await?.remove(0);
    // A new stream begins a window before the head: made on an almost empty log, it takes everything.
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

/// The sequence of the last message, once there is a stream.
async fn first_sequence(jetstream: &jetstream::Context) -> Outcome<u64> {
    loop {
        if let Some(last) = last_sequence(jetstream).await?.filter(|last| *last > 0) {
            return Ok(last);
        }
        sleep(LOOK_INTERVAL).await;
    }
}

/// The rate from the first message that is seen after `before` to the one at `end`: a process takes a while to start.
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

/// Of the one stream that there is.
async fn last_sequence(jetstream: &jetstream::Context) -> Outcome<Option<u64>> {
    let streams: Vec<_> = jetstream.streams().try_collect().await?;
    match streams.len() {
        0 | 1 => Ok(streams.first().map(|stream| stream.state.last_sequence)),
        more => Err(Failed::because(format!("{more} streams instead of one"))),
    }
}

/// What this client and this server do when nothing is read, compared or wrapped, and every message is acknowledged; the
/// relay asks for less.
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
