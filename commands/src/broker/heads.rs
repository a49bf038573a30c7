//! Processes tell each other how far the log has come, so that nobody has to poll for it in a hurry.

use std::time::Duration;

use domain::Position;
use futures::StreamExt;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::names::head_subject;
use super::{Broker, BrokerError, REQUEST_TIMEOUT};
use crate::log::Reader;

/// The shortest time between two pings of one process; commits in between go into one.
const PING_INTERVAL: Duration = Duration::from_millis(2);
/// How long to wait after the broker has failed.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// A ping that claims more than this many unheard-of events is checked against the database.
const LEAP_MAX: Position = 100_000;

/// Tells other processes of this process's commits and this one of theirs, until cancelled. A lost ping does no harm:
/// whoever follows the log also polls.
pub async fn share_heads(log: Reader, broker: Broker, cancel: CancellationToken) {
    let heads = Heads { log, broker };
    let both = async { tokio::join!(heads.tell_for_ever(), heads.hear_for_ever()) };
    cancel.run_until_cancelled(both).await;
}

struct Heads {
    log: Reader,
    broker: Broker,
}

impl Heads {
    async fn tell_for_ever(&self) {
        let mut head = self.log.watch_head();
        while head.changed().await.is_ok() {
            let position = *head.borrow_and_update();
            if self.broker.is_connected() && self.tell(position).await.is_err() {
                sleep(RETRY_INTERVAL).await;
            }
            sleep(PING_INTERVAL).await;
        }
    }

    async fn tell(&self, position: Position) -> Result<(), BrokerError> {
        let subject = head_subject(self.log.ledger());
        let publish = self.broker.client().publish(subject, position.to_string().into());
        timeout(REQUEST_TIMEOUT, publish)
            .await
            .map_err(|_| BrokerError::TimedOut)?
            .map_err(BrokerError::refused)
    }

    async fn hear_for_ever(&self) {
        loop {
            if let Ok(mut pings) = self.broker.client().subscribe(head_subject(self.log.ledger())).await {
                while let Some(ping) = pings.next().await {
                    self.heard(&ping.payload).await;
                }
            }
            sleep(RETRY_INTERVAL).await;
        }
    }

    /// What is heard never moves back, so a wild claim would make this process deaf to honest ones.
    async fn heard(&self, payload: &[u8]) {
        let Some(position) = std::str::from_utf8(payload).ok().and_then(|text| text.parse().ok()) else {
            return;
        };
        let known = *self.log.watch_head().borrow();
        if position - known <= LEAP_MAX {
            self.log.heard_of(position);
        } else if self.log.head().await.is_err() {
            tracing::debug!("a ping could not be checked: the database is away");
        }
    }
}
