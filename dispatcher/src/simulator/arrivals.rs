//! What the simulated servers received: a bounded ring, decoded only when it is looked at.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use chrono::{DateTime, Utc};
use domain::value::{Channel, DeliveryId, EachChannel};
use mail_parser::{MessageParser, MimeHeaders as _};
use serde::Serialize;

/// The most messages a page holds.
pub const MAX_PAGE: usize = 200;
/// A page ends when its messages reach so many bytes as they came; it has one message at least.
pub const MAX_PAGE_BYTES: usize = 1024 * 1024;
/// The most bytes of messages that are kept.
pub const MAX_KEPT_BYTES: usize = 16 * 1024 * 1024;

/// One message as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Arrival {
    /// Grows with every arrival; the cursor.
    pub id: u64,
    /// How it came.
    pub channel: Channel,
    /// Which delivery it was; `None` when it was refused before it could say, or was not sent by us.
    pub delivery: Option<DeliveryId>,
    /// The envelope's recipient, or the number.
    pub to: String,
    /// The envelope's sender, or the sending number.
    pub from: String,
    /// The mail's subject.
    pub subject: Option<String>,
    /// The text; `None` when the message was refused before it.
    pub body: Option<String>,
    /// The mail's HTML, if it has one.
    pub html: Option<String>,
    /// The link of a mail's `List-Unsubscribe`, if it has one.
    pub unsubscribe: Option<String>,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
    /// What became of it.
    pub outcome: Outcome,
}

/// What the simulated server did with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Outcome {
    /// Accepted, and said so.
    Accepted,
    /// Accepted, and the connection ended before it was said.
    AcceptedThenCut,
    /// Refused, with this code.
    Refused {
        /// "550 5.1.1", "21211".
        code: String,
    },
    /// The connection ended and nothing was accepted.
    Lost,
}

/// A page of arrivals, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArrivalPage {
    /// The messages.
    pub data: Vec<Arrival>,
    /// Pass it as `before` for the next page; `None` at the end.
    pub next: Option<u64>,
}

/// How many messages met which end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Accepted, said or unsaid.
    pub accepted: u64,
    /// Refused.
    pub refused: u64,
    /// Neither: the connection was cut.
    pub lost: u64,
}

/// A message as it came.
#[derive(Debug)]
pub(super) struct NewArrival {
    pub(super) channel: Channel,
    /// As it came; empty if it was not said.
    pub(super) delivery_id: String,
    pub(super) to: String,
    pub(super) from: String,
    pub(super) content: Content,
    pub(super) outcome: Outcome,
}

/// The raw message.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Nothing,
    Mail(Box<[u8]>),
    Text(Box<str>),
}

pub(super) struct Arrivals {
    kept: usize,
    ring: Mutex<Ring>,
    tallies: EachChannel<Tally>,
}

#[derive(Default)]
struct Ring {
    items: VecDeque<Kept>,
    bytes: usize,
    last_id: u64,
}

#[derive(Clone)]
struct Kept {
    id: u64,
    received_at: DateTime<Utc>,
    message: std::sync::Arc<NewArrival>,
}

#[derive(Default)]
struct Tally {
    accepted: AtomicU64,
    refused: AtomicU64,
    lost: AtomicU64,
}

impl Arrivals {
    pub(super) fn new(kept: usize) -> Self {
        Self { kept, ring: Mutex::default(), tallies: EachChannel::default() }
    }

    /// Whether messages are kept at all, so that a sink need not copy them.
    pub(super) fn keeps(&self) -> bool {
        self.kept > 0
    }

    pub(super) fn record(&self, message: NewArrival, received_at: DateTime<Utc>) {
        self.tallies.of(message.channel).add(&message.outcome);
        if self.keeps() {
            let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
            ring.push(message, received_at);
            ring.trim(self.kept);
        }
    }

    pub(super) fn page(&self, channel: Option<Channel>, before: Option<u64>, limit: usize) -> ArrivalPage {
        let limit = limit.clamp(1, MAX_PAGE);
        let mut kept = self.newest(channel, before, limit + 1);
        let fitting = fitting(&kept).min(limit);
        let more = kept.len() > fitting;
        kept.truncate(fitting);
        let next = kept.last().filter(|_| more).map(|oldest| oldest.id);
        // Decoding happens without the lock: the servers go on meanwhile.
        ArrivalPage { data: kept.iter().map(Kept::decode).collect(), next }
    }

    pub(super) fn counts(&self, channel: Channel) -> Counts {
        let Tally { accepted, refused, lost } = self.tallies.of(channel);
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counts { accepted: read(accepted), refused: read(refused), lost: read(lost) }
    }

    fn newest(&self, channel: Option<Channel>, before: Option<u64>, count: usize) -> Vec<Kept> {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let is_wanted = |kept: &&Kept| {
            channel.is_none_or(|wanted| kept.message.channel == wanted)
                && before.is_none_or(|id| kept.id < id)
        };
        ring.items.iter().rev().filter(is_wanted).take(count).cloned().collect()
    }
}

/// How many of them a page has room for.
fn fitting(kept: &[Kept]) -> usize {
    let sizes = kept.iter().scan(0, |bytes, one| {
        *bytes += one.message.size();
        Some(*bytes)
    });
    sizes.take_while(|bytes| *bytes <= MAX_PAGE_BYTES).count().max(1)
}

impl Ring {
    fn push(&mut self, message: NewArrival, received_at: DateTime<Utc>) {
        self.last_id += 1;
        self.bytes += message.size();
        let message = std::sync::Arc::new(message);
        self.items.push_back(Kept { id: self.last_id, received_at, message });
    }

    fn trim(&mut self, kept: usize) {
        while self.items.len() > kept || self.bytes > MAX_KEPT_BYTES {
            let Some(oldest) = self.items.pop_front() else {
                return;
            };
            self.bytes -= oldest.message.size();
        }
    }
}

impl NewArrival {
    fn size(&self) -> usize {
        let content = match &self.content {
            Content::Nothing => 0,
            Content::Mail(bytes) => bytes.len(),
            Content::Text(text) => text.len(),
        };
        content + self.delivery_id.len() + self.to.len() + self.from.len()
    }
}

impl Kept {
    fn decode(&self) -> Arrival {
        let NewArrival { channel, delivery_id, to, from, content, outcome } = &*self.message;
        let Said { subject, body, html, unsubscribe } = content.decode();
        Arrival {
            id: self.id,
            channel: *channel,
            delivery: DeliveryId::try_from(delivery_id.as_str()).ok(),
            to: to.clone(),
            from: from.clone(),
            subject,
            body,
            html,
            unsubscribe,
            received_at: self.received_at,
            outcome: outcome.clone(),
        }
    }
}

/// What a message says.
#[derive(Default)]
struct Said {
    subject: Option<String>,
    body: Option<String>,
    html: Option<String>,
    unsubscribe: Option<String>,
}

impl Content {
    fn decode(&self) -> Said {
        match self {
            Self::Nothing => Said::default(),
            Self::Text(text) => Said { body: Some(text.to_string()), ..Said::default() },
            Self::Mail(bytes) => read_mail(bytes),
        }
    }
}

/// Subject, text, HTML and link to unsubscribe of a mail; a message no parser understands is shown as it came.
fn read_mail(bytes: &[u8]) -> Said {
    let Some(mail) = MessageParser::default().parse(bytes) else {
        return Said { body: Some(String::from_utf8_lossy(bytes).into_owned()), ..Said::default() };
    };
    let text = mail.body_text(0).map(|text| text.replace("\r\n", "\n"));
    let is_base64 = mail
        .text_part(0)
        .and_then(|part| part.content_transfer_encoding())
        .is_some_and(|encoding| encoding.eq_ignore_ascii_case("base64"));
    let is_alone = mail.parts.len() == 1;
    // The last line break belongs to SMTP, not to the text, unless the encoding or a part after it says otherwise.
    let body = text.map(|text| match text.strip_suffix('\n') {
        Some(stripped) if is_alone && !is_base64 => stripped.to_owned(),
        _ => text,
    });
    let has_html = mail.html_part(0).is_some_and(|part| part.is_text_html());
    let html = mail.body_html(0).filter(|_| has_html).map(|html| html.replace("\r\n", "\n"));
    let unsubscribe =
        mail.header_raw("List-Unsubscribe").map(|link| link.trim().trim_matches(['<', '>']).to_owned());
    Said { subject: mail.subject().map(str::to_owned), body, html, unsubscribe }
}

impl Tally {
    fn add(&self, outcome: &Outcome) {
        let count = match outcome {
            Outcome::Accepted | Outcome::AcceptedThenCut => &self.accepted,
            Outcome::Refused { .. } => &self.refused,
            Outcome::Lost => &self.lost,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
#[path = "arrivals_tests.rs"]
mod tests;
