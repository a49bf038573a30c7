//! Receipts: what providers report later of messages that they took over. Many that come at once are recorded together.

mod accepted_at;
mod find;
mod keeper;
mod record;
mod waiting;

use chrono::{DateTime, Utc};
use commands::log::EventLog;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use self::find::Finder;
pub(crate) use self::keeper::Keeper;
pub(crate) use self::record::{FoundReceipt, Recorder};
use crate::gather::Flushed;
use crate::provider::StatusReport;
use crate::request::Requests;
use crate::route::Companies;

/// How many reports may wait to be recorded; those who bring more wait for room.
const QUEUE_MAX: usize = 4_096;
/// How many reports are recorded in one transaction at most.
const FLUSH_MAX: usize = 1_000;

/// A report of a provider, as its callback was read.
#[derive(Debug, Clone)]
pub struct ProviderReport {
    /// The provider that says so.
    pub provider: String,
    /// The companies that it carries: of others it has nothing to say.
    pub companies: Vec<Companies>,
    /// When it came.
    pub at: DateTime<Utc>,
    /// The report.
    pub report: StatusReport,
    /// Whether the reported message was given to this provider. Mails of several providers may come back to one mailbox.
    pub is_of_carrier: bool,
}

impl ProviderReport {
    fn carrier(&self) -> Option<String> {
        self.is_of_carrier.then(|| self.provider.clone())
    }
}

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It is in the log.
    New,
    /// It waits for the outcome of its message.
    Waiting,
    /// It was known.
    Duplicate,
    /// It contradicts what is known, and changes nothing.
    Contradicted,
    /// Its delivery was sent again since.
    Superseded,
    /// It is about another message than the recorded one, which was refused.
    OtherAttempt,
    /// No such message was sent.
    Unknown,
}

impl Recorded {
    /// How metrics call it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "recorded",
            Self::Waiting => "waiting",
            Self::Duplicate => "duplicate",
            Self::Contradicted => "contradicted",
            Self::Superseded => "superseded",
            Self::OtherAttempt => "other_attempt",
            Self::Unknown => "unknown",
        }
    }
}

/// Nothing is known to be recorded. The provider may report again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the report could not be recorded")]
pub struct Unrecorded;

/// Records reports. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Receipts(mpsc::Sender<Reported>);

/// A report whose bearer waits for the answer.
struct Reported {
    report: ProviderReport,
    answer: oneshot::Sender<Recorded>,
}

impl Receipts {
    /// Records into a log until every clone is dropped.
    pub fn start(log: &EventLog) -> Self {
        let (queue, reported) = mpsc::channel(QUEUE_MAX);
        let requests = Requests::new(log.reader().clone());
        let finder = Finder::new(log.pool().clone());
        tokio::spawn(record_for_ever(reported, finder, Recorder::new(log.clone(), requests)));
        Self(queue)
    }

    /// Records a report. The answer comes after the commit.
    ///
    /// # Errors
    /// The database is away, or the delivery cannot be read.
    pub async fn record(&self, report: ProviderReport) -> Result<Recorded, Unrecorded> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Reported { report, answer }).await.map_err(|_| Unrecorded)?;
        answered.await.map_err(|_| Unrecorded)
    }
}

async fn record_for_ever(mut reported: mpsc::Receiver<Reported>, mut finder: Finder, mut recorder: Recorder) {
    let (mut batch, mut before) = (Vec::with_capacity(FLUSH_MAX), Flushed::default());
    while reported.recv_many(&mut batch, FLUSH_MAX).await > 0 {
        before.gather(&mut reported, &mut batch, FLUSH_MAX).await;
        let (begun, count) = (Instant::now(), batch.len());
        let (reports, answers): (Vec<_>, Vec<_>) =
            batch.drain(..).map(|Reported { report, answer }| (report, answer)).unzip();
        match finder.find(&reports).await {
            Ok(found) => record_found(&mut recorder, found, answers).await,
            // Dropped answers say that nothing is known to be recorded.
            Err(error) => tracing::warn!(%error, "receipts could not be recorded"),
        }
        before = Flushed::since(begun, count);
    }
}

async fn record_found(
    recorder: &mut Recorder,
    found: Vec<Option<record::FoundReceipt>>,
    answers: Vec<oneshot::Sender<Recorded>>,
) {
    let (mut receipts, mut waiting) = (Vec::new(), Vec::new());
    for (found, answer) in found.into_iter().zip(answers) {
        match found {
            Some(receipt) => {
                receipts.push(receipt);
                waiting.push(answer);
            }
            None => _ = answer.send(Recorded::Unknown),
        }
    }
    for (recorded, answer) in recorder.record(receipts).await.into_iter().zip(waiting) {
        // Who does not wait any more needs no answer.
        _ = recorded.map(|recorded| answer.send(recorded));
    }
}
