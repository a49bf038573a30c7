//! The way to the mirror: opened in the background, and more rarely the more often it disappoints.

use std::time::Duration;

use domain::Position;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::mirror::{Mirror, OpenError};
use crate::broker::Broker;
use crate::log::Reader;

/// How long to wait after the first disappointment; each further one doubles it.
const RETRY_INTERVAL_MIN: Duration = Duration::from_millis(250);
/// The longest wait.
const RETRY_INTERVAL_MAX: Duration = Duration::from_secs(10);

/// Opening takes as long as NATS takes, and the feed does not wait for it.
pub(super) struct Door {
    log: Reader,
    broker: Broker,
    opening: Option<AbortOnDropHandle<Result<Mirror, OpenError>>>,
    closed_until: Instant,
    pause: Duration,
}

impl Door {
    pub(super) fn new(log: Reader, broker: Broker) -> Self {
        Self { log, broker, opening: None, closed_until: Instant::now(), pause: RETRY_INTERVAL_MIN }
    }

    /// The mirror, if it has been opened by now; else sees to it that it is being opened.
    pub(super) async fn enter(&mut self, after: Position) -> Option<Mirror> {
        match self.opening.take() {
            Some(opening) if opening.is_finished() => {
                let opened = opening.await.ok().and_then(Result::ok);
                if opened.is_none() {
                    self.disappointed();
                }
                opened
            }
            Some(opening) => {
                self.opening = Some(opening);
                None
            }
            None => {
                self.knock(after);
                None
            }
        }
    }

    /// The mirror had nothing, or something else, where the log had events.
    pub(super) fn disappointed(&mut self) {
        self.closed_until = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(RETRY_INTERVAL_MAX);
    }

    /// The mirror brought events.
    pub(super) fn pleased(&mut self) {
        self.pause = RETRY_INTERVAL_MIN;
    }

    /// Whoever goes elsewhere has no use for a mirror opened here.
    pub(super) fn shut(&mut self) {
        self.opening = None;
    }

    fn knock(&mut self, after: Position) {
        if self.broker.is_connected() && Instant::now() >= self.closed_until {
            let opening = Mirror::open(self.log.clone(), self.broker.clone(), after);
            self.opening = Some(AbortOnDropHandle::new(tokio::spawn(opening)));
        }
    }
}
