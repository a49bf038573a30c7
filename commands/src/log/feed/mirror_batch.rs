//! The events of one call to a feed, gathered from the mirror: bounded in events and bytes.

use std::time::Duration;

use futures::FutureExt;
use tokio::time::{Instant, timeout_at};

use super::StoredEvent;
use super::mirror::{Message, Mirror, Received};
use crate::log::PAGE_EVENTS_MAX;
use crate::log::page::PAGE_BYTES_MAX;

/// How long to wait for events that the stream is known to have.
const LINGER: Duration = Duration::from_millis(20);

/// Events that were available at the same moment.
pub(super) struct MirrorBatch {
    events: Vec<StoredEvent>,
    bytes: usize,
    more_known: bool,
}

impl MirrorBatch {
    /// The first event and those available with it. A gap or the end of the mirror is left for the next call.
    pub(super) async fn gather(first: Box<Message>, mirror: &mut Mirror) -> Vec<StoredEvent> {
        let mut batch = Self { events: Vec::new(), bytes: 0, more_known: false };
        let until = Instant::now() + LINGER;
        let mut at = batch.push(first);
        while !batch.is_full() {
            let received = if batch.more_known {
                timeout_at(until, mirror.receive(at)).await.ok()
            } else {
                mirror.receive(at).now_or_never()
            };
            let Some(Received::Event(message)) = received else { break };
            at = batch.push(message);
        }
        batch.events
    }

    fn push(&mut self, message: Box<Message>) -> domain::Position {
        let position = message.event.position;
        self.bytes += message.bytes;
        self.more_known = message.more_known;
        self.events.push(message.event);
        position
    }

    fn is_full(&self) -> bool {
        self.events.len() as i64 >= PAGE_EVENTS_MAX || self.bytes as i64 >= PAGE_BYTES_MAX
    }
}
