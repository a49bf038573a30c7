//! The relay publishes every committed event to JetStream once, in order, so that the stream's sequence equals the
//! position.

mod halt;
mod look;
mod state;
mod step;

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use domain::Position;

pub use self::halt::recreate;
pub use self::look::{Mirror, look};
pub use self::state::{Halt, RelayState};
use self::step::Unconfirmed;
pub use self::step::{RelayError, Step};
use crate::broker::Broker;
use crate::leader::Leadership;
use crate::log::{Reader, StoredEvent};

/// The name of the lock that the leading relay of a ledger holds.
const LEADER: &str = "relay";
/// How often the log is read although no commit was announced.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// How long to wait after a failure.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);
/// How long a start waits for its first connection to the broker, which is made in the background. A connection that is
/// not there yet is not an outage.
const FIRST_CONNECTION_WAIT: Duration = Duration::from_secs(5);
/// How often a halted relay checks whether the stream was recreated.
const HALT_INTERVAL: Duration = Duration::from_secs(1);

/// Publishes the log of one ledger. JetStream's own last sequence is the checkpoint, so no second one can disagree with
/// it.
pub struct Relay {
    log: Reader,
    broker: Broker,
    head: watch::Receiver<Position>,
    state: watch::Sender<RelayState>,
    /// The end of the stream and when it was last read; none after a failure.
    last: Option<(Position, Instant)>,
    /// The next page, read while the last one was being published.
    next_page: Vec<StoredEvent>,
    /// The acknowledgements of the last page that are still to arrive.
    unconfirmed: Vec<Unconfirmed>,
    stuck: Stuck,
}

/// How many times in a row publishing has failed at the same end of the stream.
#[derive(Default)]
struct Stuck {
    at: Position,
    times: u32,
}

impl Relay {
    /// A relay that has not started.
    pub fn new(log: Reader, broker: Broker) -> Self {
        let head = log.watch_head();
        let (state, _) = watch::channel(RelayState::Waiting);
        Self {
            log,
            broker,
            head,
            state,
            last: None,
            next_page: Vec::new(),
            unconfirmed: Vec::new(),
            stuck: Stuck::default(),
        }
    }

    /// Its current state, for `/readyz`, `/metrics` and status pages.
    pub fn state(&self) -> watch::Receiver<RelayState> {
        self.state.subscribe()
    }

    /// Leads and publishes until cancelled. A crash anywhere does no harm: the next leader starts at the end of the
    /// stream.
    pub async fn run(mut self, cancel: CancellationToken) {
        cancel.run_until_cancelled(self.run_for_ever()).await;
    }

    async fn run_for_ever(&mut self) {
        let _ = timeout(FIRST_CONNECTION_WAIT, self.broker.client().flush()).await;
        let pool = self.log.pool().clone();
        loop {
            self.enter(RelayState::Waiting);
            let leadership = Leadership::acquire(&pool, LEADER).await;
            self.start_over();
            leadership.while_held(self.publish_for_ever()).await;
        }
    }

    async fn publish_for_ever(&mut self) {
        loop {
            self.step_or_wait().await;
        }
    }

    async fn step_or_wait(&mut self) {
        match self.step().await {
            Ok(Step::Published(_)) => {}
            Ok(Step::Idle) => self.wait_for_events().await,
            Ok(Step::Halted) => sleep(HALT_INTERVAL).await,
            Err(error) => {
                self.enter(RelayState::Interrupted { reason: error.to_string() });
                sleep(RETRY_INTERVAL).await;
            }
        }
    }

    /// Waits for a commit or a poll. A commit since the last read has already changed the head, so it is not missed.
    async fn wait_for_events(&mut self) {
        // After the timeout as after a change, the next step reads the log.
        let _ = timeout(POLL_INTERVAL, self.head.changed()).await;
    }
}
