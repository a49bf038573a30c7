//! Processes announce the head of the log to each other, so that frequent polling is not needed.

use std::time::Duration;

use domain::Position;
use futures::StreamExt;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::names::head_subject;
use super::{Broker, BrokerError, REQUEST_TIMEOUT};
use crate::log::Reader;

/// The shortest time between two pings of one process; commits in between share a ping.
const PING_INTERVAL: Duration = Duration::from_millis(2);
/// How long to wait after the broker has failed.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// A ping that is this many events ahead of the known head is checked against the database.
const LEAP_MAX: Position = 100_000;

/// Announces this process's commits to other processes and receives theirs, until cancelled. A lost ping does no harm:
/// every feed also polls.
pub async fn share_heads(log: Reader, broker: Broker, cancel: CancellationToken) {
    let heads = Heads { log, broker };
    let both = async { tokio::join!(heads.announce_for_ever(), heads.receive_for_ever()) };
    cancel.run_until_cancelled(both).await;
}

struct Heads {
    log: Reader,
    broker: Broker,
}

impl Heads {
    async fn announce_for_ever(&self) {
        let mut head = self.log.watch_head();
        while head.changed().await.is_ok() {
            let position = *head.borrow_and_update();
            if self.broker.is_connected() && self.announce(position).await.is_err() {
                sleep(RETRY_INTERVAL).await;
            }
            sleep(PING_INTERVAL).await;
        }
    }

    async fn announce(&self, position: Position) -> Result<(), BrokerError> {
        let subject = head_subject(self.log.ledger());
        let publish = self.broker.client().publish(subject, position.to_string().into());
        timeout(REQUEST_TIMEOUT, publish)
            .await
            .map_err(|_| BrokerError::TimedOut)?
            .map_err(BrokerError::refused)
    }

    async fn receive_for_ever(&self) {
        loop {
            if let Ok(mut pings) = self.broker.client().subscribe(head_subject(self.log.ledger())).await {
                while let Some(ping) = pings.next().await {
                    self.receive(&ping.payload).await;
                }
            }
            sleep(RETRY_INTERVAL).await;
        }
    }

    /// The known head never moves back, so a false announcement far ahead would make this process ignore true ones.
    async fn receive(&self, payload: &[u8]) {
        let Some(position) = std::str::from_utf8(payload).ok().and_then(|text| text.parse().ok()) else {
            return;
        };
        let known = *self.log.watch_head().borrow();
        if position - known <= LEAP_MAX {
            self.log.learn_head(position);
        } else if self.log.head().await.is_err() {
            tracing::debug!("a ping could not be checked: the database is away");
        }
    }
}
