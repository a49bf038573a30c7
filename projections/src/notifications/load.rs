//! Loads the rows that a batch needs before it is folded: chunks, and only those deliveries that have a row.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use commands::log::Recorded;
use domain::deliveries::{DeliveriesEvent, DeliveryState, Observation, Phase, chunk_of_stream};
use domain::notification::AudienceEvent;
use domain::value::{Member, Members, Ordinal};
use domain::{Event, Position};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::fold::Fold;
use super::rows::{Cause, Chunk, ChunkKey, Notification, Outcome, Standing, number, ordinal};

/// The chunks and members that a batch is about.
#[derive(Default)]
struct Wanted {
    notifications: HashSet<Uuid>,
    /// The members that events of the chunk name.
    members: HashMap<ChunkKey, Members>,
    /// The members with a provider's text.
    texts: HashMap<ChunkKey, Members>,
    clients: HashSet<Uuid>,
}

pub(super) async fn load(
    tx: &mut PgConnection,
    events: &[&Recorded],
    fold: &mut Fold<'_>,
) -> sqlx::Result<()> {
    let mut wanted = Wanted::default();
    for event in events {
        wanted.event(event);
    }
    load_notifications(tx, &wanted.notifications, fold).await?;
    load_chunks(tx, &wanted.members, fold).await?;
    load_outcomes(tx, &wanted.members, fold).await?;
    load_erased(tx, wanted.clients, fold).await?;
    load_erased_people(tx, &wanted.texts, fold).await
}

/// Whether the tables have the indexes that are created after the fill of a rebuild. Without them erased people are not
/// looked up: the end of the fill blanks them.
pub(super) async fn is_filled(tx: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar("select to_regclass('recipients_by_client') is not null").fetch_one(tx).await
}

impl Wanted {
    fn event(&mut self, recorded: &Recorded) {
        match (&recorded.event, recorded.id()) {
            (Ok(Event::Notification(_)), Some(id)) => {
                self.notifications.insert(id);
            }
            (Ok(Event::Audience(event)), _) => {
                let AudienceEvent::AudienceChunkResolved { notification, recipients, .. } = event;
                self.notifications.insert(notification.uuid());
                self.clients.extend(recipients.iter().map(|recipient| recipient.client.uuid()));
            }
            (Ok(Event::Deliveries(event)), _) => self.deliveries(event, &recorded.aggregate_id),
            _ => {}
        }
    }

    fn deliveries(&mut self, event: &DeliveriesEvent, stream: &str) {
        let Some(chunk) = chunk_of_stream(stream) else { return };
        let key = (event.notification().uuid(), chunk);
        self.notifications.insert(key.0);
        add(&mut self.members, key, event.members());
        let texts = with_texts(event);
        if !texts.is_empty() {
            add(&mut self.texts, key, texts);
        }
    }
}

fn add(all: &mut HashMap<ChunkKey, Members>, key: ChunkKey, members: Members) {
    let known = all.entry(key).or_insert(Members::NONE);
    *known = known.union(members);
}

/// The members with a text in an event.
fn with_texts(event: &DeliveriesEvent) -> Members {
    match event {
        DeliveriesEvent::OutcomesRecorded { outcomes, .. } => {
            let details = outcomes.iter().flat_map(|group| {
                let refusals = group.passed_on.iter().flat_map(|refusals| &refusals.details);
                group.details.iter().chain(refusals)
            });
            details.map(|detail| detail.member).collect()
        }
        DeliveriesEvent::ReceiptsRecorded { receipts, .. } => {
            receipts.iter().flat_map(|group| &group.details).map(|detail| detail.member).collect()
        }
        DeliveriesEvent::DoubtsResolved { members, reason: Some(_), .. }
        | DeliveriesEvent::DeliveriesDiscarded { members, .. } => *members,
        DeliveriesEvent::DoubtsResolved { .. } | DeliveriesEvent::DeliveriesReopened { .. } => Members::NONE,
    }
}

#[derive(FromRow)]
struct NotificationRow {
    notification_id: Uuid,
    #[sqlx(json)]
    life: domain::notification::Notification,
    audience_closed: bool,
    #[sqlx(json)]
    excluded: BTreeMap<String, u64>,
    cancelled_at: Option<DateTime<Utc>>,
    begun_at: Option<DateTime<Utc>>,
    decided_at: Option<DateTime<Utc>>,
    rejection: Option<String>,
    people: i64,
    requested_position: Position,
    position: Position,
}

async fn load_notifications(
    tx: &mut PgConnection,
    ids: &HashSet<Uuid>,
    fold: &mut Fold<'_>,
) -> sqlx::Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let rows: Vec<NotificationRow> = sqlx::query_as(
        "select notification_id, life, audience_closed, excluded, cancelled_at, begun_at, decided_at, rejection, people,
                requested_position, position
         from notifications where notification_id = any($1)",
    )
    .bind(ids.iter().copied().collect::<Vec<_>>())
    .fetch_all(tx)
    .await?;
    fold.notifications = rows.into_iter().map(|row| (row.notification_id, row.into())).collect();
    Ok(())
}

impl From<NotificationRow> for Notification {
    fn from(row: NotificationRow) -> Self {
        Self {
            requested: None,
            life: row.life,
            audience_closed: row.audience_closed,
            excluded: row.excluded,
            cancelled_at: row.cancelled_at,
            begun_at: row.begun_at,
            decided_at: row.decided_at,
            rejection: row.rejection,
            people: row.people,
            requested_position: row.requested_position,
            position: row.position,
            is_changed: false,
        }
    }
}

#[derive(FromRow)]
struct ChunkRow {
    notification_id: Uuid,
    chunk: i32,
    people: i32,
    undecided_members: String,
    accepted: i32,
    delivered: i32,
    at: DateTime<Utc>,
    position: Position,
}

async fn load_chunks(
    tx: &mut PgConnection,
    wanted: &HashMap<ChunkKey, Members>,
    fold: &mut Fold<'_>,
) -> sqlx::Result<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let rows: Vec<ChunkRow> = sqlx::query_as(
        "select notification_id, chunk, people, undecided_members, accepted, delivered, at, position
         from unnest($1::uuid[], $2::integer[]) as w (notification_id, chunk)
         join chunks using (notification_id, chunk)",
    )
    .bind(wanted.keys().map(|key| key.0).collect::<Vec<_>>())
    .bind(wanted.keys().map(|key| number(key.1)).collect::<Vec<_>>())
    .fetch_all(tx)
    .await?;
    for row in rows {
        let key = (row.notification_id, row.chunk.unsigned_abs());
        fold.chunks.insert(key, row.try_into()?);
    }
    Ok(())
}

impl TryFrom<ChunkRow> for Chunk<'_> {
    type Error = sqlx::Error;

    fn try_from(row: ChunkRow) -> sqlx::Result<Self> {
        let undecided =
            row.undecided_members.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        Ok(Self {
            recipients: None,
            people: row.people,
            undecided,
            accepted: row.accepted,
            delivered: row.delivered,
            at: row.at,
            position: row.position,
            outcomes: BTreeMap::new(),
            is_changed: false,
        })
    }
}

#[derive(FromRow)]
struct OutcomeRow {
    notification_id: Uuid,
    ordinal: i32,
    generation: i32,
    attempt: i32,
    #[sqlx(try_from = "String")]
    state: DeliveryState,
    class: Option<String>,
    phase: Option<String>,
    code: Option<String>,
    observed: Option<String>,
    provider: Option<String>,
    reference: Option<String>,
    until: Option<DateTime<Utc>>,
    at: DateTime<Utc>,
    position: Position,
    listed: bool,
}

/// The deliveries that have a row. Most events bring the first outcome of a delivery and need none.
async fn load_outcomes(
    tx: &mut PgConnection,
    wanted: &HashMap<ChunkKey, Members>,
    fold: &mut Fold<'_>,
) -> sqlx::Result<()> {
    let decided = |key: &ChunkKey, members: &Members| {
        Some(members.without(fold.chunks.get(key)?.undecided)).filter(|decided| !decided.is_empty())
    };
    let (mut ids, mut ordinals) = (Vec::new(), Vec::new());
    for (key, members) in wanted {
        let Some(decided) = decided(key, members) else { continue };
        ids.extend(decided.iter().map(|_| key.0));
        ordinals.extend(decided.iter().map(|member| ordinal(key.1, member)));
    }
    if ids.is_empty() {
        return Ok(());
    }
    let rows: Vec<OutcomeRow> = sqlx::query_as(
        "select notification_id, ordinal, generation, attempt, state, class, phase, code, observed, provider, reference,
                until, at, position, listed
         from unnest($1::uuid[], $2::integer[]) as w (notification_id, ordinal)
         join outcomes using (notification_id, ordinal)",
    )
    .bind(ids)
    .bind(ordinals)
    .fetch_all(tx)
    .await?;
    for row in rows {
        let Some((key, member)) = row.place() else { continue };
        if let Some(chunk) = fold.chunks.get_mut(&key) {
            chunk.outcomes.insert(member, row.into());
        }
    }
    Ok(())
}

impl OutcomeRow {
    fn place(&self) -> Option<(ChunkKey, Member)> {
        let ordinal = Ordinal::try_new(u32::try_from(self.ordinal).ok()?)?;
        Some(((self.notification_id, ordinal.chunk()), ordinal.member()))
    }
}

impl From<OutcomeRow> for Outcome<'_> {
    fn from(row: OutcomeRow) -> Self {
        let cause = Cause {
            class: row.class.map(Cow::Owned),
            phase: row.phase.and_then(|word| Phase::try_from(word).ok()),
            code: row.code,
            observed: row.observed.and_then(|word| Observation::try_from(word).ok()),
        };
        let standing = Standing {
            generation: row.generation,
            attempt: row.attempt,
            state: row.state,
            cause,
            provider: row.provider,
            until: row.until,
            at: row.at,
            position: row.position,
        };
        Self {
            standing: Arc::new(standing),
            reference: row.reference.map(Cow::Owned),
            is_listed: row.listed,
            is_new: false,
            is_changed: false,
        }
    }
}

async fn load_erased(tx: &mut PgConnection, ids: HashSet<Uuid>, fold: &mut Fold<'_>) -> sqlx::Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let rows: Vec<Uuid> =
        sqlx::query_scalar("select client_id from erased_clients where client_id = any($1)")
            .bind(ids.into_iter().collect::<Vec<_>>())
            .fetch_all(tx)
            .await?;
    fold.erased = rows.into_iter().collect();
    Ok(())
}

async fn load_erased_people(
    tx: &mut PgConnection,
    texts: &HashMap<ChunkKey, Members>,
    fold: &mut Fold<'_>,
) -> sqlx::Result<()> {
    if texts.is_empty() || !is_filled(tx).await? {
        return Ok(());
    }
    let people = || {
        texts
            .iter()
            .flat_map(|(key, members)| members.iter().map(move |member| (key, member)).collect::<Vec<_>>())
    };
    let rows: Vec<(Uuid, i32)> = sqlx::query_as(
        "select r.notification_id, r.ordinal
         from unnest($1::uuid[], $2::integer[]) as w (notification_id, ordinal)
         join recipients r using (notification_id, ordinal)
         join erased_clients e using (client_id)",
    )
    .bind(people().map(|(key, _)| key.0).collect::<Vec<_>>())
    .bind(people().map(|(key, member)| ordinal(key.1, member)).collect::<Vec<_>>())
    .fetch_all(tx)
    .await?;
    fold.erased_people = rows.into_iter().collect();
    Ok(())
}
