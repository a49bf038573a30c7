//! The relay: every committed event goes to JetStream once, in order, under its own position as the sequence.

mod halt;
mod state;
mod step;

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use domain::Position;

pub use self::halt::recreate;
pub use self::state::{Halt, RelayState};
use self::step::Unconfirmed;
pub use self::step::{RelayError, Step};
use crate::broker::Broker;
use crate::leader::Leadership;
use crate::log::{Reader, StoredEvent};

/// The name that the one relay of a ledger leads under.
const LEADER: &str = "relay";
/// How often the log is read although nobody told of a commit.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// How long to wait after a failure.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);
/// How long a start waits for its first connection to the broker, which is made in the background: that it is not there yet
/// is no outage.
const FIRST_CONNECTION_WAIT: Duration = Duration::from_secs(5);
/// How often a halted relay looks whether somebody recreated the stream.
const HALT_INTERVAL: Duration = Duration::from_secs(1);

/// Publishes the log of one ledger. JetStream's own last sequence is the checkpoint: nothing is remembered that could
/// disagree with it.
pub struct Relay {
    log: Reader,
    broker: Broker,
    head: watch::Receiver<Position>,
    state: watch::Sender<RelayState>,
    /// Where the stream ends, as long as nothing has failed, and when it was last asked.
    last: Option<(Position, Instant)>,
    /// The page after the one being published, read meanwhile.
    next_page: Vec<StoredEvent>,
    /// What was asked of the page before that one and not yet answered.
    unconfirmed: Vec<Unconfirmed>,
    stuck: Stuck,
}

/// How often in a row publishing has failed at the same end of the stream.
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

    /// What it does at the moment, for `/readyz`, `/metrics` and people.
    pub fn state(&self) -> watch::Receiver<RelayState> {
        self.state.subscribe()
    }

    /// Leads and publishes until cancelled. A crash anywhere in it does no harm: the next leader starts from where the
    /// stream ends.
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
            self.turn().await;
        }
    }

    async fn turn(&mut self) {
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

    /// A commit that came since the last read has changed the head already, so it is not slept through.
    async fn wait_for_events(&mut self) {
        // Time is up or the head moved: either way the next step looks.
        let _ = timeout(POLL_INTERVAL, self.head.changed()).await;
    }
}
