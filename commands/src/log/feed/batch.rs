//! What one call gives: bounded in events and bytes, waiting only for what is known to come.

use std::time::Duration;

use futures::FutureExt;
use tokio::time::{Instant, timeout_at};

use super::StoredEvent;
use super::mirror::{Heard, Message, Mirror};
use crate::log::PAGE_EVENTS_MAX;
use crate::log::page::PAGE_BYTES_MAX;

/// How long to wait for events that the stream is known to have.
const LINGER: Duration = Duration::from_millis(20);

/// Events that belong together only because they were there at the same moment.
pub(super) struct Batch {
    events: Vec<StoredEvent>,
    bytes: usize,
    more_known: bool,
}

impl Batch {
    /// The first event and what comes with it. A hole or the end stays for the next call to find.
    pub(super) async fn gather(first: Box<Message>, mirror: &mut Mirror) -> Vec<StoredEvent> {
        let mut batch = Self { events: Vec::new(), bytes: 0, more_known: false };
        let until = Instant::now() + LINGER;
        let mut at = batch.push(first);
        while !batch.is_full() {
            let heard = if batch.more_known {
                timeout_at(until, mirror.hear(at)).await.ok()
            } else {
                mirror.hear(at).now_or_never()
            };
            let Some(Heard::Event(message)) = heard else { break };
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
