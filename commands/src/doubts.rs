//! The use case that ends doubts: the decision, and the task that sends again if that is decided, in one transaction.

use chrono::{DateTime, Utc};
use domain::Event;
use domain::deliveries::{
    Action, DELIVERIES, Deliveries, DeliveriesCommand, DeliveriesError, DeliveriesEvent, Resolution,
    ResolvedBy, Totals, deliveries_stream,
};
use domain::notification::{AUDIENCE, AudienceEvent, Notification, NotificationCommand, NotificationError};
use domain::personal::Personal;
use domain::value::{CompanyId, DeliveryId, Members, NotificationId, Ordinal, StatedReason};
use serde_json::json;
use uuid::Uuid;

use crate::context::CommandContext;
use crate::database::begin;
use crate::execute::decide_on;
use crate::log::{Draft, EventLog, LoadError, Loaded};
use crate::outcome::{CommandError, Done};
use crate::send_tasks::{ReopenedChunk, add_totals, begin_generation, insert_reopened};

type Outcome = Result<Done, CommandError<DoubtRefusal>>;

/// A refusal to end a doubt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DoubtRefusal {
    /// There is no such delivery.
    #[error("there is no such delivery")]
    Unknown,
    /// By the rules of deliveries.
    #[error(transparent)]
    Delivery(#[from] DeliveriesError),
    /// By the rules of the notification: it cannot be sent again.
    #[error(transparent)]
    Notification(#[from] NotificationError),
}

/// A delivery whose notification is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryPlace {
    /// The notification.
    pub notification: NotificationId,
    /// Its company.
    pub company: CompanyId,
    /// The recipient.
    pub ordinal: Ordinal,
}

/// The order to end doubts about members of one chunk.
#[derive(Debug, Clone)]
pub struct ResolveDoubts {
    /// The notification.
    pub notification: NotificationId,
    /// Its company.
    pub company: CompanyId,
    /// The chunk of its audience, from 1.
    pub chunk: u32,
    /// Whose.
    pub members: Members,
    /// The decision.
    pub resolution: Resolution,
    /// Who decides.
    pub by: ResolvedBy,
    /// Why.
    pub reason: Option<StatedReason>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A decision with all that follows from it.
struct Decided {
    drafts: Vec<Draft>,
    /// How the totals change.
    delta: Totals,
    again: Option<SentAgain>,
}

/// The members that are sent again.
struct SentAgain {
    generation: u32,
    /// Whether people are still being added to an earlier generation.
    is_resolving: bool,
    chunk: ReopenedChunk,
}

/// The generation that members are sent again in.
struct NextGeneration {
    generation: u32,
    is_resolving: bool,
    /// The event that begins it.
    begins: Vec<Draft>,
}

/// Where a delivery is; none if no notification has it.
///
/// # Errors
/// When the database does not answer.
pub async fn place(log: &EventLog, delivery: DeliveryId) -> sqlx::Result<Option<DeliveryPlace>> {
    let Some(ordinal) = delivery.ordinal() else { return Ok(None) };
    let (first, last) = delivery.notifications();
    let found: Option<(Uuid, Uuid)> = sqlx::query_as(
        "select notification_id, company_id from send_notifications
         where notification_id between $1 and $2 limit 1",
    )
    .bind(first.uuid())
    .bind(last.uuid())
    .fetch_optional(log.pool())
    .await?;
    Ok(found.map(|(notification, company)| DeliveryPlace {
        notification: notification.into(),
        company: company.into(),
        ordinal,
    }))
}

/// Ends doubts. Those that are to be sent again are open in a new generation, with a task, when this returns: of two such
/// orders at once the second meets the sequence of the stream, and changes nothing. The same decision again changes nothing.
///
/// # Errors
/// [`DeliveriesError::NotInDoubt`] for members of whom none is in doubt, and those of
/// [`NotificationCommand::RetryDeliveries`].
pub async fn resolve(log: &EventLog, order: &ResolveDoubts, context: &CommandContext) -> Outcome {
    let context = &context.clone().about(order.company);
    log.once(context, || async {
        let decided = decide(log, order, context).await?;
        // Events are sealed before the transaction begins, so that it never waits for a second connection.
        let ready = log.ready(decided.drafts, context, &json!({})).await?;
        let mut tx = begin(log.pool()).await?;
        if let Some(again) = &decided.again {
            begin_generation(&mut tx, order.notification, again.generation, again.is_resolving).await?;
            insert_reopened(&mut tx, order.notification, &[again.chunk], order.at).await?;
        }
        add_totals(&mut tx, &[(order.notification, decided.delta)]).await?;
        log.commit(tx, &ready, context).await
    })
    .await
}

async fn decide(
    log: &EventLog,
    order: &ResolveDoubts,
    context: &CommandContext,
) -> Result<Decided, CommandError<DoubtRefusal>> {
    let chunk_people = chunk_people(log, order).await?;
    if order.members.iter().any(|member| member.index() >= chunk_people) {
        return Err(CommandError::Refused(DoubtRefusal::Unknown));
    }
    let stream = deliveries_stream(order.notification, order.chunk);
    let before = log.reader().load::<Deliveries>(&stream).await?;
    let events = before.state.decide(order.command()).map_err(refused)?;
    let Some(resolved) = events.into_iter().next() else {
        return Ok(Decided { drafts: Vec::new(), delta: Totals::default(), again: None });
    };
    let mut after = before.state.after(&resolved);
    let mut drafts = vec![draft(&stream, before.sequence + 1, &resolved, context)?];
    let mut again = None;
    if order.resolution == Resolution::Resend {
        let people = resolved.members().len();
        let next = next_generation(log, order, people, context).await?;
        let reopened = reopen(order, &after, next.generation, resolved.members())?;
        let chunk = ReopenedChunk { chunk: order.chunk, chunk_people, people };
        again = Some(SentAgain { generation: next.generation, is_resolving: next.is_resolving, chunk });
        after = after.after(&reopened);
        // Views show the generation before the deliveries in it.
        drafts.splice(0..0, next.begins);
        drafts.push(draft(&stream, before.sequence + 2, &reopened, context)?);
    }
    Ok(Decided { drafts, delta: after.totals() - before.state.totals(), again })
}

impl ResolveDoubts {
    fn command(&self) -> DeliveriesCommand {
        let reason = self.reason.clone();
        self.about(Action::ResolveDoubts {
            members: self.members,
            resolution: self.resolution,
            by: self.by,
            reason: reason.map(|reason| Personal::new(self.notification.into(), reason.into_string())),
        })
    }

    fn about(&self, action: Action) -> DeliveriesCommand {
        DeliveriesCommand { notification: self.notification, company: self.company, action }
    }
}

async fn next_generation(
    log: &EventLog,
    order: &ResolveDoubts,
    people: usize,
    context: &CommandContext,
) -> Result<NextGeneration, CommandError<DoubtRefusal>> {
    let id = order.notification.to_string();
    let Loaded { state, sequence, .. } = log.reader().load::<Notification>(&id).await?;
    let (generation, is_resolving) = (state.generation() + 1, state.open_generation().is_some());
    let command = NotificationCommand::RetryDeliveries { at: order.at, people: people as u64, reason: None };
    let begins = decide_on(state, sequence, &id, command, context).await;
    let begins = begins.map_err(|error| error.map_refusal(DoubtRefusal::Notification))?;
    Ok(NextGeneration { generation, is_resolving, begins })
}

fn reopen(
    order: &ResolveDoubts,
    deliveries: &Deliveries,
    generation: u32,
    members: Members,
) -> Result<DeliveriesEvent, CommandError<DoubtRefusal>> {
    let command = order.about(Action::Reopen { generation, members });
    let events = deliveries.decide(command).map_err(refused)?;
    events.into_iter().next().ok_or_else(|| refused(DeliveriesError::NotInDoubt))
}

fn refused(error: DeliveriesError) -> CommandError<DoubtRefusal> {
    CommandError::Refused(error.into())
}

fn draft(
    stream: &str,
    sequence: i64,
    event: &DeliveriesEvent,
    context: &CommandContext,
) -> Result<Draft, CommandError<DoubtRefusal>> {
    Draft::of(DELIVERIES, stream, sequence, event, context.metadata()).map_err(CommandError::unavailable)
}

/// How many people the chunk has; 0 if there is no such chunk.
async fn chunk_people(log: &EventLog, order: &ResolveDoubts) -> Result<usize, CommandError<DoubtRefusal>> {
    let (stream, sequence) = (order.notification.to_string(), i64::from(order.chunk));
    let stored = log.reader().read_stream(AUDIENCE, &stream, sequence - 1, 1).await?;
    let opened = log.reader().open_events(stored).await.map_err(LoadError::from)?.pop();
    let Some(recorded) = opened.filter(|recorded| recorded.sequence == sequence) else { return Ok(0) };
    match recorded.event.map_err(CommandError::Unreadable)? {
        Event::Audience(AudienceEvent::AudienceChunkResolved { recipients, .. }) => Ok(recipients.len()),
        _ => Ok(0),
    }
}
