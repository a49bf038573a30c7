//! Opens the mirror in the background, with a growing pause after each failure.

use std::time::Duration;

use domain::Position;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::mirror::{Mirror, OpenError};
use crate::broker::Broker;
use crate::log::Reader;

/// The pause after the first failure; each further failure doubles it.
const RETRY_INTERVAL_MIN: Duration = Duration::from_millis(250);
/// The longest pause.
const RETRY_INTERVAL_MAX: Duration = Duration::from_secs(10);

/// Opens the mirror in a task of its own, so that the feed does not wait for NATS.
pub(super) struct MirrorOpener {
    log: Reader,
    broker: Broker,
    opening: Option<AbortOnDropHandle<Result<Mirror, OpenError>>>,
    paused_until: Instant,
    pause: Duration,
}

impl MirrorOpener {
    pub(super) fn new(log: Reader, broker: Broker) -> Self {
        Self { log, broker, opening: None, paused_until: Instant::now(), pause: RETRY_INTERVAL_MIN }
    }

    /// The mirror if it is open by now. Otherwise starts to open it, unless a pause is running.
    pub(super) async fn opened(&mut self, after: Position) -> Option<Mirror> {
        match self.opening.take() {
            Some(opening) if opening.is_finished() => {
                let opened = opening.await.ok().and_then(Result::ok);
                if opened.is_none() {
                    self.failed();
                }
                opened
            }
            Some(opening) => {
                self.opening = Some(opening);
                None
            }
            None => {
                self.start(after);
                None
            }
        }
    }

    /// The mirror failed: it could not be opened, or lacked events that the log has.
    pub(super) fn failed(&mut self) {
        self.paused_until = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(RETRY_INTERVAL_MAX);
    }

    /// The mirror delivered events: the pause is short again.
    pub(super) fn succeeded(&mut self) {
        self.pause = RETRY_INTERVAL_MIN;
    }

    /// Stops opening. A mirror is opened at a position, so one for an old position is useless.
    pub(super) fn stop(&mut self) {
        self.opening = None;
    }

    fn start(&mut self, after: Position) {
        if self.broker.is_connected() && Instant::now() >= self.paused_until {
            let opening = Mirror::open(self.log.clone(), self.broker.clone(), after);
            self.opening = Some(AbortOnDropHandle::new(tokio::spawn(opening)));
        }
    }
}
