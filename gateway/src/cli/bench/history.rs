//! A history to project: messages and what became of them, notifications and their outcomes, in the shares of a working day.

use chrono::{DateTime, Utc};
use commands::log::{Draft, EventLog, Lane, Metadata};
use commands::{CommandContext, clock};
use cqrs_es::{Aggregate, DomainEvent};
use domain::delivery::{Attempt, Delivery, DeliveryEvent};
use domain::message::{Addressed, Message, MessageEvent};
use domain::notification::{
    AUDIENCE, Addressee, AudienceEvent, Notification, NotificationEvent, Recipient, audience_stream,
};
use domain::personal::Personal;
use domain::receipt::{Receipt, ReceiptEvent, Receiver};
use domain::value::{
    Category, Channel, ClientId, CompanyId, ContactKind, DeliveryId, MessageId, NotificationId, Priority,
    RecipientKind, UserId,
};
use uuid::Uuid;

use super::Outcome;
use super::measure::at_once;
use super::people::Worker;
use super::stock::TEXT;
use crate::cli::CliError;

/// Events of one block: it is whole in itself.
pub(super) const BLOCK: usize = MESSAGES + RECEIPTS + 3 + OUTCOMES;
/// Messages of a block, from one worker to another.
const MESSAGES: usize = 400;
/// How many of them are read.
const RECEIPTS: usize = 300;
/// How many clients a block's notification tells.
const OUTCOMES: usize = 297;
/// How many events one append has.
const APPEND: usize = 250;
/// How many blocks are written at once.
const BLOCKS_AT_ONCE: usize = 8;

/// Writes so many events, rounded down to whole blocks, and says how many.
pub(super) async fn write(
    log: &EventLog,
    events: usize,
    workers: &[Worker],
    company: CompanyId,
) -> Outcome<usize> {
    let blocks = events / BLOCK;
    let author = |block: usize| (workers[block % workers.len()].id, workers[(block + 1) % workers.len()].id);
    at_once(BLOCKS_AT_ONCE, (0..blocks).map(author), |(author, reader)| {
        write_block(log.clone(), Block { author, reader, company, at: clock::now() })
    })
    .await?;
    Ok(blocks * BLOCK)
}

async fn write_block(log: EventLog, block: Block) -> Outcome<()> {
    let mut drafts = block.drafts().map_err(CliError::failed)?.into_iter().peekable();
    while drafts.peek().is_some() {
        let next = drafts.by_ref().take(APPEND).collect();
        log.writer().append(next, None, Lane::Bulk).await.map_err(CliError::failed)?;
    }
    Ok(())
}

struct Block {
    author: UserId,
    reader: UserId,
    company: CompanyId,
    at: DateTime<Utc>,
}

type Drafts = Result<Vec<Draft>, serde_json::Error>;

impl Block {
    fn drafts(&self) -> Drafts {
        let messages: Vec<_> = (0..MESSAGES).map(|_| MessageId::from(clock::new_id())).collect();
        let read = messages.iter().take(RECEIPTS);
        let mut drafts: Vec<_> = messages.iter().map(|id| self.message(*id)).collect::<Drafts>()?;
        drafts.extend(read.map(|id| self.receipt(*id)).collect::<Drafts>()?);
        drafts.extend(self.notification(clock::new_id().into())?);
        Ok(drafts)
    }

    fn message(&self, id: MessageId) -> Result<Draft, serde_json::Error> {
        let event = MessageEvent::MessageSent {
            author: self.author,
            recipients: vec![self.reader],
            addressed: Addressed { users: vec![self.reader], ..Addressed::default() },
            body: Personal::new(id.into(), TEXT.to_owned()),
            priority: Priority::Normal,
            acknowledge: false,
            in_reply_to: None,
            sent_at: self.at,
        };
        self.draft::<Message>(id.to_string(), 1, &event)
    }

    fn receipt(&self, message: MessageId) -> Result<Draft, serde_json::Error> {
        let receiver = Receiver { message, user: self.reader, author: self.author };
        self.draft::<Receipt>(Receipt::stream(message, self.reader), 1, &ReceiptEvent::MessageRead(receiver))
    }

    /// Request, audience and outcomes.
    fn notification(&self, id: NotificationId) -> Drafts {
        let clients: Vec<_> = (0..OUTCOMES).map(|_| ClientId::from(clock::new_id())).collect();
        let closed = NotificationEvent::AudienceClosed {
            generation: 1,
            total: clients.len() as u64,
            excluded: std::collections::BTreeMap::new(),
        };
        let mut drafts = vec![
            self.draft::<Notification>(id.to_string(), 1, &self.request(id))?,
            Draft::of(AUDIENCE, audience_stream(id, 1), 1, &self.audience(id, &clients), self.metadata())?,
            self.draft::<Notification>(id.to_string(), 2, &closed)?,
        ];
        for client in clients {
            drafts.push(self.draft::<Delivery>(
                delivery(id, client).to_string(),
                1,
                &self.outcome(id, client),
            )?);
        }
        Ok(drafts)
    }

    fn request(&self, id: NotificationId) -> NotificationEvent {
        NotificationEvent::NotificationRequested {
            company: self.company,
            channel: Channel::Sms,
            recipient_kind: RecipientKind::Holder,
            category: Category::Operational,
            subject: None,
            body: Personal::new(id.into(), TEXT.to_owned()),
            expires_at: None,
            author: self.author,
            requested_at: self.at,
        }
    }

    fn audience(&self, notification: NotificationId, clients: &[ClientId]) -> AudienceEvent {
        let recipient = |client: &ClientId| Recipient {
            delivery: delivery(notification, *client),
            client: *client,
            kind: ContactKind::Holder,
            addressee: Personal::new((*client).into(), addressee(*client)),
        };
        AudienceEvent::AudienceChunkResolved {
            notification,
            company: self.company,
            channel: Channel::Sms,
            generation: 1,
            recipients: clients.iter().map(recipient).collect(),
            cursor: String::new(),
        }
    }

    fn outcome(&self, notification: NotificationId, client: ClientId) -> DeliveryEvent {
        let attempt = Attempt { notification, company: self.company, client, generation: 1, number: 1 };
        DeliveryEvent::DeliveryAccepted {
            attempt,
            provider: "sink".to_owned(),
            reference: client.to_string(),
        }
    }

    fn draft<A: Aggregate>(
        &self,
        id: String,
        sequence: i64,
        event: &impl DomainEvent,
    ) -> Result<Draft, serde_json::Error> {
        Draft::of(A::TYPE, id, sequence, event, self.metadata())
    }

    fn metadata(&self) -> Metadata {
        CommandContext::of_user(self.author).about(self.company).metadata()
    }
}

fn delivery(notification: NotificationId, client: ClientId) -> DeliveryId {
    DeliveryId::from(Uuid::new_v5(&Uuid::from(notification), Uuid::from(client).as_bytes()))
}

fn addressee(client: ClientId) -> Addressee {
    let number = Uuid::from(client).as_u128() % 10_000_000;
    Addressee {
        client_name: format!("Clienta número {number}"),
        contact_name: format!("Clienta número {number}"),
        address: format!("+57300{number:07}"),
    }
}
