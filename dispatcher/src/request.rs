//! What a notification says, read from the log once for each generation and kept while it is being sent; no task
//! holds a body.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use commands::log::{Metadata, Reader, Recorded, SealError, metadata};
use domain::Event;
use domain::notification::{AudienceFilter, NotificationEvent, Recipient, begun_at};
use domain::rendering::{Fault, Text};
use domain::value::{Category, Channel, ClientId, CompanyId, NotificationId};
use lru::LruCache;
use tokio::sync::OnceCell;
use uuid::Uuid;

/// How many notifications a process keeps in memory: the companies that send at the same moment take turns.
const REQUESTS_REMEMBERED: NonZeroUsize = NonZeroUsize::new(1_000).expect("a positive number");
/// How much of theirs, in bytes; the last one always is. The longest text has 400 kB, the longest list of clients 160 kB.
const BYTES_REMEMBERED_MAX: usize = 8_000_000;

/// A notification as it was asked for.
pub(crate) struct Request {
    /// Whether it has begun. Until then the day that its text names is not known, and nothing of it is sent.
    has_begun: bool,
    /// What it says; none once its key is destroyed.
    pub(crate) text: Option<Result<Text, Fault>>,
    /// The one person it goes to in place of the company's clients.
    pub(crate) only_to: Option<Box<Recipient>>,
    /// Which clients it goes to.
    pub(crate) filter: AudienceFilter,
    /// What it is about.
    pub(crate) category: Category,
    /// How it is sent.
    pub(crate) channel: Channel,
    /// The mail's date.
    pub(crate) requested_at: DateTime<Utc>,
    /// What the events of this generation's audience and deliveries carry.
    pub(crate) metadata: Metadata,
    /// The trace that asked for this generation, as the log names it.
    pub(crate) trace_id: String,
}

impl Request {
    /// The memory that grows with what was asked: the text, and the list of clients.
    fn bytes(&self) -> usize {
        let text = self.text.as_ref().and_then(|text| text.as_ref().ok()).map_or(0, Text::bytes);
        let listed = self.filter.clients.as_ref().map_or(0, |list| list.ids.len());
        text + listed * size_of::<ClientId>()
    }
}

/// Why a notification cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    /// The database does not answer.
    #[error("failed to read a notification: {0}")]
    Database(#[from] sqlx::Error),
    /// Its personal data does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Its first event is missing or cannot be read by this version of the program.
    #[error("notification {0} cannot be read")]
    Unreadable(NotificationId),
}

/// A notification and its generation: each was asked for by somebody.
type Asked = (NotificationId, u32);
type Cell = Arc<OnceCell<Arc<Request>>>;

/// The notifications that are being sent. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Requests {
    log: Reader,
    remembered: Arc<Mutex<LruCache<Asked, Cell>>>,
}

impl Requests {
    pub(crate) fn new(log: Reader) -> Self {
        Self { log, remembered: Arc::new(Mutex::new(LruCache::new(REQUESTS_REMEMBERED))) }
    }

    /// The notification; workers that ask at the same moment read it once.
    pub(crate) async fn get(&self, asked: Asked) -> Result<Arc<Request>, RequestError> {
        let cell = self.cell(asked);
        if let Some(known) = cell.get() {
            return Ok(Arc::clone(known));
        }
        let loaded = cell.get_or_try_init(|| self.load(asked)).await.cloned();
        if loaded.as_ref().is_ok_and(|request| !request.has_begun) {
            self.forget(asked);
        }
        self.forget_what_is_too_much();
        loaded
    }

    fn forget(&self, asked: Asked) {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).pop(&asked);
    }

    fn forget_what_is_too_much(&self) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let loaded = remembered.iter().filter_map(|(_, cell)| cell.get());
        let mut bytes: usize = loaded.map(|request| request.bytes()).sum();
        while bytes > BYTES_REMEMBERED_MAX && remembered.len() > 1 {
            let Some((_, oldest)) = remembered.pop_lru() else { return };
            bytes -= oldest.get().map_or(0, |request| request.bytes());
        }
    }

    /// What the events of a delivery carry. An outcome is recorded even if its notification cannot be read.
    pub(crate) async fn metadata_of_outcomes(
        &self,
        asked: Asked,
        company: CompanyId,
    ) -> Result<Metadata, RequestError> {
        match self.get(asked).await {
            Ok(request) => Ok(request.metadata.clone()),
            Err(RequestError::Database(error)) => Err(error.into()),
            Err(_) => Ok(Metadata::from([(metadata::COMPANY.to_owned(), company.to_string())])),
        }
    }

    fn cell(&self, asked: Asked) -> Cell {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(remembered.get_or_insert(asked, Cell::default))
    }

    async fn load(&self, (id, generation): Asked) -> Result<Arc<Request>, RequestError> {
        let stored = self.log.read_stream("notification", &id.to_string(), 0, i64::MAX).await?;
        let whole: Vec<_> = stored.iter().map(|event| (event.event_id, event.metadata())).collect();
        let recorded = self.log.open_events(stored).await?;
        let began = if generation > 1 {
            recorded.iter().position(|event| retries(event, generation))
        } else {
            Some(0)
        };
        let (causation, metadata) =
            began.and_then(|began| whole.get(began)).ok_or(RequestError::Unreadable(id))?;
        let metadata = metadata_of_outcomes(metadata, &causation.to_string());
        let life = recorded.iter().filter_map(|recorded| match &recorded.event {
            Ok(Event::Notification(event)) => Some(event),
            _ => None,
        });
        let begun_at = begun_at(life);
        let recorded = recorded.into_iter().next().ok_or(RequestError::Unreadable(id))?;
        let Ok(Event::Notification(event)) = recorded.event else { return Err(RequestError::Unreadable(id)) };
        // Nothing is sent before the beginning, so the text of a notification that waits may name any day.
        let text = Text::of_request(&event, begun_at.unwrap_or_default()).transpose();
        let NotificationEvent::NotificationRequested {
            requested_at, only_to, filter, category, channel, ..
        } = event
        else {
            return Err(RequestError::Unreadable(id));
        };
        let has_begun = begun_at.is_some();
        let trace_id = trace_id(&metadata);
        Ok(Arc::new(Request {
            has_begun,
            text,
            only_to,
            filter,
            category,
            channel,
            requested_at,
            metadata,
            trace_id,
        }))
    }
}

/// Whether it asks for a generation, as the request, which is the first event, asks for the first.
fn retries(recorded: &Recorded, generation: u32) -> bool {
    matches!(
        recorded.event,
        Ok(Event::Notification(
            NotificationEvent::NotificationRetried { generation: begun }
            | NotificationEvent::DeliveriesRetried { generation: begun, .. }
        )) if begun == generation
    )
}

/// Outcomes are the system's own doing: they carry on what a request or a retry began, without its actor and ip.
fn metadata_of_outcomes(request: &Metadata, causation: &str) -> Metadata {
    let carried = [metadata::CORRELATION, metadata::COMPANY, metadata::TRACEPARENT];
    let kept = carried.into_iter().filter_map(|name| Some((name.to_owned(), request.get(name)?.clone())));
    kept.chain([(metadata::CAUSATION.to_owned(), causation.to_owned())]).collect()
}

/// The trace of the request that led to an event, as 32 hexadecimal digits; empty if it is not known.
pub(crate) fn trace_id(metadata: &Metadata) -> String {
    let id = metadata.get(metadata::CORRELATION).and_then(|id| Uuid::parse_str(id).ok());
    id.map_or_else(String::new, |id| id.simple().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_carry_on_the_request_without_its_actor() {
        let text = |text: &str| text.to_owned();
        let request = Metadata::from([
            (text(metadata::ACTOR), text("a")),
            (text(metadata::IP), text("1.2.3.4")),
            (text(metadata::CORRELATION), text("c")),
            (text(metadata::COMMAND), text("k")),
        ]);
        let expected = Metadata::from([
            (text(metadata::CORRELATION), text("c")),
            (text(metadata::CAUSATION), text("e")),
        ]);
        assert_eq!(metadata_of_outcomes(&request, "e"), expected);
    }
}
