//! Folds events into rows in memory. The fold is pure, so that a batch has the same result as its events one by one.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use commands::log::Recorded;
use cqrs_es::Aggregate;
use domain::client::ClientEvent;
use domain::deliveries::{
    DeliveriesEvent, Detail, EditedAddress, GroupOutcome, OutcomeGroup, ReceiptGroup, chunk_of_stream,
};
use domain::notification::{AudienceEvent, Beginning, NotificationEvent};
use domain::value::{Member, first_members};
use domain::{Event, Personal};
use uuid::Uuid;

use super::new_states::{of_discard, of_outcomes, of_passed_on, of_receipt, of_reopening, of_resolution};
use super::requested::requested;
use super::rows::{Attempt, Chunk, ChunkKey, Notification, Outcome, Standing, Totals, ordinal};

/// The rows that a batch changes. Before the fold, `notifications` and `chunks` hold the rows that the batch needs.
#[derive(Debug, Default)]
pub(super) struct Fold<'a> {
    pub(super) notifications: HashMap<Uuid, Notification>,
    /// The chunks, with the deliveries of the batch that have a row in `outcomes`.
    pub(super) chunks: BTreeMap<ChunkKey, Chunk<'a>>,
    pub(super) attempts: Vec<Attempt<'a>>,
    pub(super) totals: Totals,
    /// The addresses that people have edited, by notification and ordinal: the last of each.
    pub(super) edited: BTreeMap<(Uuid, i32), &'a EditedAddress>,
    /// The clients of new chunks who were erased before the batch.
    pub(super) erased: HashSet<Uuid>,
    /// The people of known chunks with a provider's text in the batch who were erased before it.
    pub(super) erased_people: HashSet<(Uuid, i32)>,
    pub(super) erased_now: Vec<Uuid>,
}

/// The change of one member by an event.
struct Said<'a> {
    standing: Arc<Standing>,
    reference: Option<Cow<'a, str>>,
    detail: Option<&'a str>,
    /// The refusals of other providers before it, in order.
    passed_on: Vec<(Arc<Standing>, Option<&'a str>)>,
}

impl<'a> Said<'a> {
    const fn alone(
        standing: Arc<Standing>,
        reference: Option<Cow<'a, str>>,
        detail: Option<&'a str>,
    ) -> Self {
        Self { standing, reference, detail, passed_on: Vec::new() }
    }
}

impl<'a> Fold<'a> {
    pub(super) fn event(&mut self, recorded: &'a Recorded) {
        match (&recorded.event, recorded.id()) {
            (Ok(Event::Notification(event)), Some(id)) => self.notification(id, event, recorded),
            (Ok(Event::Audience(event)), _) => self.audience(event, recorded),
            (Ok(Event::Deliveries(event)), _) => self.deliveries(event, recorded),
            (Ok(Event::Client(ClientEvent::ClientErased { .. })), Some(id)) => self.erased_now.push(id),
            _ => {}
        }
    }

    fn notification(&mut self, id: Uuid, event: &NotificationEvent, recorded: &Recorded) {
        if let Some(requested) = requested(event, recorded.position) {
            let requested_position = requested.position;
            let new =
                Notification { requested: Some(requested), requested_position, ..Notification::default() };
            self.notifications.insert(id, new);
        }
        let Some(notification) = self.notifications.get_mut(&id) else { return };
        notification.position = recorded.position;
        notification.is_changed = true;
        match event {
            NotificationEvent::AudienceClosed { generation, excluded, .. } => {
                notification.audience_closed = true;
                if *generation == 1 {
                    notification.excluded.clone_from(excluded);
                }
            }
            NotificationEvent::NotificationRejected { reason, .. } => {
                notification.cancelled_at = Some(recorded.recorded_at);
                notification.decided_at = Some(recorded.recorded_at);
                notification.rejection = reason.get().cloned();
            }
            NotificationEvent::NotificationApproved { .. } => {
                notification.decided_at = Some(recorded.recorded_at);
            }
            NotificationEvent::NotificationApprovalRequired { .. } => notification.decided_at = None,
            NotificationEvent::NotificationCancelled | NotificationEvent::NotificationExpired => {
                notification.cancelled_at = Some(recorded.recorded_at)
            }
            _ => {}
        }
        notification.life.apply(event.clone());
        if notification.begun_at.is_none() && notification.life.beginning() == Beginning::Begun {
            notification.begun_at = Some(recorded.recorded_at);
        }
    }

    fn audience(&mut self, event: &'a AudienceEvent, recorded: &Recorded) {
        let AudienceEvent::AudienceChunkResolved { notification, recipients, .. } = event;
        let (id, position) = (notification.uuid(), recorded.position);
        let Ok(chunk) = u32::try_from(recorded.sequence) else { return };
        let people = i32::try_from(recipients.len()).unwrap_or(i32::MAX);
        let new = Chunk {
            recipients: Some(recipients),
            people,
            undecided: first_members(recipients.len()),
            accepted: 0,
            delivered: 0,
            at: recorded.recorded_at,
            position,
            outcomes: BTreeMap::new(),
            is_changed: true,
        };
        self.chunks.insert((id, chunk), new);
        if let Some(notification) = self.notifications.get_mut(&id) {
            notification.people += i64::from(people);
            notification.position = position;
            notification.is_changed = true;
        }
    }

    /// Outcomes of a chunk whose audience is parked are ignored: the chunk has no row.
    fn deliveries(&mut self, event: &'a DeliveriesEvent, recorded: &'a Recorded) {
        let Some(chunk) = chunk_of_stream(&recorded.aggregate_id) else { return };
        let key = (event.notification().uuid(), chunk);
        if !self.chunks.contains_key(&key) {
            return;
        }
        match event {
            DeliveriesEvent::OutcomesRecorded { outcomes, .. } => {
                outcomes.iter().for_each(|group| self.outcomes(key, group, recorded));
            }
            DeliveriesEvent::ReceiptsRecorded { receipts, .. } => {
                receipts.iter().for_each(|group| self.receipts(key, group, recorded));
            }
            DeliveriesEvent::DoubtsResolved { members, resolution, by, reason, .. } => {
                let detail = reason.as_ref().and_then(Personal::get).map(String::as_str);
                for member in members.iter() {
                    let Some((before, reference)) = self.before(key, member) else { continue };
                    let standing = Arc::new(of_resolution(*resolution, *by, &before, recorded));
                    self.put(key, member, Said::alone(standing, reference, detail));
                }
            }
            DeliveriesEvent::DeliveriesReopened { generation, members, addresses, .. } => {
                let standing = Arc::new(of_reopening(*generation, recorded));
                for member in members.iter() {
                    let standing = Arc::clone(&standing);
                    self.put(key, member, Said::alone(standing, None, None));
                }
                self.edited
                    .extend(addresses.iter().map(|edited| ((key.0, ordinal(key.1, edited.member)), edited)));
            }
            DeliveriesEvent::DeliveriesDiscarded { members, reason, .. } => {
                let detail = reason.get().map(String::as_str);
                for member in members.iter() {
                    let Some((before, reference)) = self.before(key, member) else { continue };
                    let standing = Arc::new(of_discard(&before, recorded));
                    self.put(key, member, Said::alone(standing, reference, detail));
                }
            }
        }
        if let Some(notification) = self.notifications.get_mut(&key.0) {
            notification.position = recorded.position;
            notification.is_changed = true;
        }
    }

    fn outcomes(&mut self, key: ChunkKey, group: &'a OutcomeGroup, recorded: &Recorded) {
        let standing = Arc::new(of_outcomes(group, recorded));
        let references: &[String] = match &group.outcome {
            GroupOutcome::Accepted { references, .. } => references,
            _ => &[],
        };
        for (place, member) in group.members.iter().enumerate() {
            let said = Said {
                standing: Arc::clone(&standing),
                reference: references.get(place).map(|text| Cow::Borrowed(text.as_str())),
                detail: detail(&group.details, member),
                passed_on: passed_on(group, member, recorded),
            };
            self.put(key, member, said);
        }
    }

    fn receipts(&mut self, key: ChunkKey, group: &'a ReceiptGroup, recorded: &Recorded) {
        for (place, member) in group.members.iter().enumerate() {
            let Some((before, reference)) = self.before(key, member) else { continue };
            let standing = Arc::new(of_receipt(group, place, &before, recorded));
            let detail = detail(&group.details, member);
            self.put(key, member, Said::alone(standing, reference, detail));
        }
    }

    fn before(&self, key: ChunkKey, member: Member) -> Option<(Arc<Standing>, Option<Cow<'a, str>>)> {
        let outcome = self.chunks.get(&key)?.outcomes.get(&member)?;
        Some((Arc::clone(&outcome.standing), outcome.reference.clone()))
    }

    /// Applies the state of an event to a delivery. The first state is stored in `outcomes` alone, unless it has
    /// details that only `attempts` can hold; with a second one, both become entries of `attempts`.
    fn put(&mut self, key: ChunkKey, member: Member, said: Said<'a>) {
        let Some(chunk) = self.chunks.get_mut(&key).filter(|chunk| chunk.has(member)) else { return };
        let Said { standing, reference, detail, passed_on } = said;
        let entry = |standing: &Arc<Standing>, reference, detail| Attempt {
            chunk: key,
            member,
            standing: Arc::clone(standing),
            reference,
            detail,
            step: 0,
            is_passed_on: false,
        };
        chunk.is_changed = true;
        chunk.undecided.remove(member);
        let before = chunk.outcomes.remove(&member);
        if let Some(before) = &before {
            chunk.count(before.standing.state, -1);
            self.totals.count(key.0, &before.standing, -1);
            if !before.is_listed {
                self.attempts.push(entry(&before.standing, before.reference.clone(), None));
            }
        }
        let is_listed =
            before.is_some() || standing.is_worth_an_entry() || detail.is_some() || !passed_on.is_empty();
        if is_listed {
            let mut step = 0;
            for (refusal, detail) in passed_on {
                self.attempts.push(Attempt { step, is_passed_on: true, ..entry(&refusal, None, detail) });
                step += 1;
            }
            self.attempts.push(Attempt { step, ..entry(&standing, reference.clone(), detail) });
        }
        chunk.count(standing.state, 1);
        self.totals.count(key.0, &standing, 1);
        let is_new = before.is_none_or(|before| before.is_new);
        chunk.outcomes.insert(member, Outcome { standing, reference, is_listed, is_new, is_changed: true });
    }
}

/// The refusals of other providers before the outcome of a member, in the order of their times.
fn passed_on<'a>(
    group: &'a OutcomeGroup,
    member: Member,
    recorded: &Recorded,
) -> Vec<(Arc<Standing>, Option<&'a str>)> {
    let of_member = group.passed_on.iter().filter_map(|refusals| {
        let place = refusals.members.iter().position(|other| other == member)?;
        let standing = Arc::new(of_passed_on(group, refusals, place, recorded));
        Some((standing, detail(&refusals.details, member)))
    });
    let mut all: Vec<_> = of_member.collect();
    all.sort_by_key(|(standing, _)| standing.at);
    all
}

fn detail(details: &[Detail], member: Member) -> Option<&str> {
    details.iter().find(|detail| detail.member == member)?.text.get().map(String::as_str)
}
