//! The receipts that the simulated SMS API sends: what became of the messages that it accepted.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use url::{Position, Url};

/// How many receipts are sent at once.
const AT_ONCE: usize = 64;
/// How long one that is not taken waits until it is sent again, and how often it is.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
const TRIES_MAX: usize = 120;
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(30);

/// A request that reports what became of a message.
#[derive(Debug, Clone)]
pub(super) struct Report {
    /// The address that the message asked to be reported to.
    pub(super) callback: Url,
    /// The body's type.
    pub(super) kind: &'static str,
    pub(super) body: String,
    /// The header that signs it, if the API has one.
    pub(super) signature: Option<(&'static str, String)>,
}

/// Sends receipts, once it is known where the front door is.
pub(super) struct Receipts {
    delay: Duration,
    /// The front door, as in `http://127.0.0.1:8080`; callbacks name the public address, which may lead nowhere.
    door: RwLock<Option<String>>,
    client: Option<Client>,
    places: Semaphore,
}

impl Receipts {
    pub(super) fn new(delay: Duration) -> Self {
        let client = Client::builder().no_proxy().tcp_nodelay(true).timeout(ANSWER).build().ok();
        Self { delay, door: RwLock::default(), client, places: Semaphore::new(AT_ONCE) }
    }

    pub(super) fn report_to(&self, door: String) {
        *self.door.write().unwrap_or_else(PoisonError::into_inner) = Some(door);
    }

    pub(super) fn are_sent(&self) -> bool {
        self.door.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Sends a receipt after a while, again and again until it is taken or refused.
    pub(super) fn send(self: &Arc<Self>, report: Report, stop: &CancellationToken) {
        let (receipts, stop) = (Arc::clone(self), stop.clone());
        tokio::spawn(stop.run_until_cancelled_owned(async move {
            sleep(receipts.delay).await;
            for _ in 0..TRIES_MAX {
                if receipts.is_answered(&report).await {
                    break;
                }
                sleep(AGAIN_AFTER).await;
            }
        }));
    }

    async fn is_answered(&self, report: &Report) -> bool {
        let door = self.door.read().unwrap_or_else(PoisonError::into_inner).clone();
        let (Some(door), Some(client), Ok(_place)) = (door, &self.client, self.places.acquire().await) else {
            return false;
        };
        let mut request = client
            .post(format!("{door}{}", &report.callback[Position::BeforePath..]))
            .header(CONTENT_TYPE, report.kind)
            .body(report.body.clone());
        if let Some((name, signature)) = &report.signature {
            request = request.header(*name, signature);
        }
        request.send().await.is_ok_and(|answer| answer.status().as_u16() < 429)
    }
}
