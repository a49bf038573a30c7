//! Records receipts: one event a chunk for all that came at once, the totals, and those that wait, in one transaction.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::num::NonZeroUsize;

use chrono::{DateTime, Utc};
use commands::begin;
use commands::log::{AppendError, Draft, EventLog};
use domain::deliveries::{
    Action, DELIVERIES, Decided, Deliveries, DeliveriesCommand, DeliveriesError, Delivery, MemberReceipt,
    State, Totals, deliveries_stream,
};
use domain::provider::RECEIPT_WITHIN;
use domain::value::{CompanyId, Member, NotificationId, ProviderId};
use lru::LruCache;

use super::accepted_at::{AcceptedAt, deliveries_and_times};
use super::{Recorded, waiting};
use crate::oversight;
use crate::request::{RequestError, Requests};
use crate::suppressions;
use crate::tasks::{ChunkId, TaskError, add_totals, stream_ends};

/// How many chunks are kept in memory: receipts come roughly in the order of the sends.
const CHUNKS_REMEMBERED: NonZeroUsize = NonZeroUsize::new(256).expect("a positive number");
/// How often receipts are decided again, because somebody else wrote a stream first or because two receipts are about one
/// person.
const ROUNDS_MAX: usize = 16;

/// A receipt whose delivery is found.
#[derive(Debug, Clone)]
pub(crate) struct FoundReceipt {
    pub(crate) chunk: ChunkId,
    pub(crate) company: CompanyId,
    pub(crate) receipt: MemberReceipt,
    /// Whether it waits in the table.
    pub(crate) is_stored: bool,
}

/// Why receipts are not known to be recorded.
#[derive(Debug, thiserror::Error)]
enum RecordError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error(transparent)]
    Task(#[from] TaskError),
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error("the streams move all the time")]
    Contended,
}

impl RecordError {
    const fn is_conflict(&self) -> bool {
        matches!(self, Self::Append(AppendError::Conflict))
    }

    /// Whether it may be the fault of one receipt, and not of the database.
    const fn may_be_of_one(&self) -> bool {
        matches!(
            self,
            Self::Task(TaskError::Unreadable { .. })
                | Self::Append(AppendError::TooLarge | AppendError::Encode(_) | AppendError::Seal(_))
        )
    }
}

/// A chunk as last read or written.
#[derive(Debug, Clone)]
struct Known {
    deliveries: Deliveries,
    accepted_at: AcceptedAt,
    sequence: i64,
}

/// The receipts of one chunk as they are decided.
struct DecidedChunk {
    id: ChunkId,
    company: CompanyId,
    /// Their places among all receipts.
    places: Vec<usize>,
    before: Known,
    decided: Decided,
}

impl DecidedChunk {
    fn stream(&self) -> String {
        deliveries_stream(self.id.notification, self.id.chunk)
    }

    fn refusal(&self, member: Member) -> Option<DeliveriesError> {
        self.decided.refused.iter().find(|refusal| refusal.member == member).map(|refusal| refusal.error)
    }
}

/// Records receipts into the log. What it remembers of a chunk is checked by the end of its stream.
pub(crate) struct Recorder {
    log: EventLog,
    requests: Requests,
    known: LruCache<ChunkId, Known>,
}

impl Recorder {
    pub(crate) fn new(log: EventLog, requests: Requests) -> Self {
        Self { log, requests, known: LruCache::new(CHUNKS_REMEMBERED) }
    }

    /// Records receipts; what became of each, in their order, or none where nothing is known to be recorded. One that
    /// cannot be recorded by its own fault does not hurt the others.
    pub(crate) async fn record(&mut self, receipts: Vec<FoundReceipt>) -> Vec<Option<Recorded>> {
        match self.record_together(receipts.clone()).await {
            Ok(recorded) => recorded.into_iter().map(Some).collect(),
            Err(error) if error.may_be_of_one() && receipts.len() > 1 => self.record_each(receipts).await,
            Err(error) => {
                tracing::warn!(%error, "receipts could not be recorded");
                vec![None; receipts.len()]
            }
        }
    }

    async fn record_each(&mut self, receipts: Vec<FoundReceipt>) -> Vec<Option<Recorded>> {
        let mut all = Vec::with_capacity(receipts.len());
        for receipt in receipts {
            let recorded = self.record_together(vec![receipt]).await;
            let recorded =
                recorded.inspect_err(|error| tracing::warn!(%error, "a receipt could not be recorded"));
            all.push(recorded.ok().and_then(|recorded| recorded.first().copied()));
        }
        all
    }

    async fn record_together(
        &mut self,
        mut receipts: Vec<FoundReceipt>,
    ) -> Result<Vec<Recorded>, RecordError> {
        let mut recorded = vec![None; receipts.len()];
        for _ in 0..ROUNDS_MAX {
            match self.round(&mut receipts, &mut recorded).await {
                Err(error) if error.is_conflict() => {}
                round => round?,
            }
            if recorded.iter().all(Option::is_some) {
                return Ok(recorded.into_iter().flatten().collect());
            }
        }
        Err(RecordError::Contended)
    }

    /// Decides and commits what is left; of several different receipts about one person the first.
    async fn round(
        &mut self,
        receipts: &mut [FoundReceipt],
        recorded: &mut [Option<Recorded>],
    ) -> Result<(), RecordError> {
        let Sorted { first, repeated } = sort(receipts, recorded);
        self.refresh(first.keys().copied().collect()).await?;
        let chunks: Vec<DecidedChunk> =
            first.into_iter().filter_map(|(id, places)| self.decide(id, places, receipts)).collect();
        let kept = self.commit(&chunks, receipts).await?;
        self.answer(&chunks, &kept, receipts, recorded).await?;
        for (place, first) in repeated {
            recorded[place] = recorded[first].map(|first| match first {
                Recorded::New => Recorded::Duplicate,
                same => same,
            });
        }
        Ok(())
    }

    /// Reads the chunks whose streams have moved since they were last read or written.
    async fn refresh(&mut self, chunks: Vec<ChunkId>) -> Result<(), RecordError> {
        let ends = self.ends(&chunks).await?;
        for (id, end) in chunks.into_iter().zip(ends) {
            if self.known.get(&id).is_none_or(|known| known.sequence != end) {
                let (deliveries, accepted_at, sequence) = deliveries_and_times(self.log.reader(), id).await?;
                self.known.put(id, Known { deliveries, accepted_at, sequence });
            }
        }
        Ok(())
    }

    async fn ends(&self, chunks: &[ChunkId]) -> sqlx::Result<Vec<i64>> {
        let streams = chunks.iter().map(|id| deliveries_stream(id.notification, id.chunk)).collect();
        stream_ends(&mut *self.log.pool().acquire().await?, streams).await
    }

    /// None if more chunks come at once than are kept in memory: those wait for the next round.
    fn decide(&self, id: ChunkId, places: Vec<usize>, receipts: &[FoundReceipt]) -> Option<DecidedChunk> {
        let before = self.known.peek(&id)?.clone();
        let company = receipts[*places.first()?].company;
        let reported = places.iter().map(|place| receipts[*place].receipt.clone()).collect();
        let action = Action::RecordReceipts(reported);
        let command = DeliveriesCommand { notification: id.notification, company, action };
        let decided = before.deliveries.decide_each(command);
        Some(DecidedChunk { id, company, places, before, decided })
    }

    /// Commits events, totals and waiting receipts. Returns the places of those that wait now.
    async fn commit(
        &mut self,
        chunks: &[DecidedChunk],
        receipts: &[FoundReceipt],
    ) -> Result<HashSet<usize>, RecordError> {
        let (waiting, mut over) = waiting_and_over(chunks, receipts);
        let drafts = self.drafts(chunks).await?;
        if drafts.is_empty() && waiting.is_empty() && over.is_empty() {
            return Ok(HashSet::new());
        }
        let sealed = match drafts.is_empty() {
            true => None,
            false => Some(self.log.writer().seal(drafts, None).await?),
        };
        let rows: Vec<_> = waiting
            .iter()
            .map(|(place, chunk)| (&receipts[*place], chunk.stream(), chunk.before.sequence))
            .collect();
        let mut tx = begin(self.log.pool()).await?;
        let kept = waiting::keep(&mut tx, &rows).await?;
        let in_vain = waiting.iter().zip(&kept).filter(|(_, is_kept)| !**is_kept);
        over.extend(in_vain.map(|((place, _), _)| &receipts[*place]).filter(|found| found.is_stored));
        waiting::remove(&mut tx, &over).await?;
        let said = chunks.iter().filter_map(|one| Some((one.id, one.company, one.decided.event.as_ref()?)));
        let suppresses = suppressions::order(&mut tx, said).await?;
        add_totals(&mut tx, &deltas(chunks)).await?;
        let appended = match &sealed {
            Some(sealed) => {
                let appended = self.log.writer().append_in(&mut tx, sealed).await?;
                oversight::add_receipts(&mut tx, &self.in_time(chunks, appended.stamp).await?).await?;
                Some(appended)
            }
            None => None,
        };
        fail::fail_point!("receipts::before_commit", |_| std::process::abort());
        tx.commit().await?;
        fail::fail_point!("receipts::committed", |_| std::process::abort());
        if let (Some(sealed), Some(appended)) = (&sealed, appended) {
            self.log.writer().committed_in(sealed, appended);
        }
        self.remember(chunks);
        if suppresses && let Err(error) = suppressions::carry_out(&self.log).await {
            tracing::warn!(%error, "addresses could not be suppressed yet");
        }
        Ok(waiting
            .into_iter()
            .zip(kept)
            .filter(|(_, is_kept)| *is_kept)
            .map(|((place, _), _)| place)
            .collect())
    }

    async fn drafts(&self, chunks: &[DecidedChunk]) -> Result<Vec<Draft>, RecordError> {
        let mut drafts = Vec::with_capacity(chunks.len());
        for chunk in chunks {
            let Some(event) = &chunk.decided.event else { continue };
            let first = event.members().iter().next();
            let generation = first.map_or(1, |member| chunk.before.deliveries.get(member).generation);
            let asked = (chunk.id.notification, generation);
            let metadata = self.requests.metadata_of_outcomes(asked, chunk.company).await?;
            let draft = Draft::of(DELIVERIES, chunk.stream(), chunk.before.sequence + 1, event, metadata);
            drafts.push(draft.map_err(AppendError::from)?);
        }
        Ok(drafts)
    }

    /// How many of these messages were accepted a short while before now, by provider and slot of their acceptance.
    async fn in_time(
        &self,
        chunks: &[DecidedChunk],
        now: DateTime<Utc>,
    ) -> Result<BTreeMap<(ProviderId, DateTime<Utc>), i64>, RecordError> {
        let mut counts = BTreeMap::new();
        for chunk in chunks {
            let recent = |(_, accepted_at): &(_, DateTime<Utc>)| now - *accepted_at <= RECEIPT_WITHIN;
            let accepted: Vec<_> = chunk.accepted().filter(recent).collect();
            let Some((first, _)) = accepted.first() else { continue };
            // A notification that cannot be read has no provider whose figures could be known.
            let asked = (chunk.id.notification, first.generation);
            let Ok(request) = self.requests.get(asked).await else { continue };
            for (delivery, accepted_at) in accepted {
                let Some(carrier) = chunk.before.deliveries.carrier(delivery) else { continue };
                let provider = ProviderId::of(request.channel, carrier);
                *counts.entry((provider, oversight::slot_of(accepted_at))).or_default() += 1;
            }
        }
        Ok(counts)
    }

    fn remember(&mut self, chunks: &[DecidedChunk]) {
        for DecidedChunk { id, before, decided, .. } in chunks {
            let Some(event) = &decided.event else { continue };
            let deliveries = before.deliveries.after(event);
            let accepted_at = before.accepted_at.clone();
            self.known.put(*id, Known { deliveries, accepted_at, sequence: before.sequence + 1 });
        }
    }

    /// Says what became of each. An outcome may have been recorded while its receipt was being stored, by somebody who has not
    /// seen the receipt: such a one is decided again.
    async fn answer(
        &self,
        chunks: &[DecidedChunk],
        kept: &HashSet<usize>,
        receipts: &mut [FoundReceipt],
        recorded: &mut [Option<Recorded>],
    ) -> Result<(), RecordError> {
        let with_waiting: Vec<&DecidedChunk> = chunks
            .iter()
            .filter(|chunk| {
                chunk.decided.refused.iter().any(|one| one.error == DeliveriesError::NoOutcomeYet)
            })
            .collect();
        let ids: Vec<ChunkId> = with_waiting.iter().map(|chunk| chunk.id).collect();
        let ends = if ids.is_empty() { Vec::new() } else { self.ends(&ids).await? };
        let moved: HashSet<ChunkId> = with_waiting
            .iter()
            .zip(ends)
            .filter(|(chunk, end)| chunk.sequence_after() != *end)
            .map(|(chunk, _)| chunk.id)
            .collect();
        for chunk in chunks {
            for place in chunk.places.iter().copied() {
                let refusal = chunk.refusal(receipts[place].receipt.member);
                if refusal != Some(DeliveriesError::NoOutcomeYet) {
                    recorded[place] = Some(of_decision(refusal));
                } else if moved.contains(&chunk.id) {
                    receipts[place].is_stored |= kept.contains(&place);
                } else {
                    let waits = kept.contains(&place);
                    recorded[place] = Some(if waits { Recorded::Waiting } else { Recorded::Unknown });
                }
            }
        }
        Ok(())
    }
}

impl DecidedChunk {
    /// The deliveries of which it becomes known what became of them after they were accepted, and when they were.
    fn accepted(&self) -> impl Iterator<Item = (&Delivery, DateTime<Utc>)> {
        let Known { deliveries, accepted_at, .. } = &self.before;
        let members: Vec<Member> =
            self.decided.event.iter().flat_map(|event| event.members().iter().collect::<Vec<_>>()).collect();
        let known =
            members.into_iter().filter_map(|member| Some((deliveries.get(member), accepted_at.get(member)?)));
        known.filter(|(delivery, _)| delivery.state == State::Accepted)
    }

    fn sequence_after(&self) -> i64 {
        self.before.sequence + i64::from(self.decided.event.is_some())
    }
}

const fn of_decision(refusal: Option<DeliveriesError>) -> Recorded {
    match refusal {
        None => Recorded::New,
        Some(DeliveriesError::AlreadyRecorded { .. }) => Recorded::Duplicate,
        Some(DeliveriesError::Superseded { .. }) => Recorded::Superseded,
        Some(DeliveriesError::OtherAttempt) => Recorded::OtherAttempt,
        Some(DeliveriesError::NoOutcomeYet) => Recorded::Waiting,
        Some(DeliveriesError::NotBegun { .. }) => Recorded::Unknown,
        Some(
            DeliveriesError::Contradicted
            | DeliveriesError::AlreadySettled { .. }
            | DeliveriesError::NotInDoubt
            // What a person orders is refused by these; a receipt is not.
            | DeliveriesError::Open
            | DeliveriesError::Sent
            | DeliveriesError::InDoubt
            | DeliveriesError::Suppressed
            | DeliveriesError::Cancelled,
        ) => Recorded::Contradicted,
    }
}

/// The places of receipts that are not recorded yet.
#[derive(Default)]
struct Sorted {
    /// The first of each person, by chunk.
    first: BTreeMap<ChunkId, Vec<usize>>,
    /// Those that repeat the first, and the place that they repeat.
    repeated: Vec<(usize, usize)>,
}

fn sort(receipts: &[FoundReceipt], recorded: &[Option<Recorded>]) -> Sorted {
    let mut sorted = Sorted::default();
    let mut seen = HashMap::<(ChunkId, Member), usize>::new();
    for (place, found) in receipts.iter().enumerate().filter(|(place, _)| recorded[*place].is_none()) {
        let (new, key) = (&found.receipt, (found.chunk, found.receipt.member));
        match seen.get(&key) {
            None => {
                seen.insert(key, place);
                sorted.first.entry(found.chunk).or_default().push(place);
            }
            Some(&first) => {
                if is_repeated(&receipts[first].receipt, new) && !found.is_stored {
                    sorted.repeated.push((place, first));
                }
            }
        }
    }
    sorted
}

/// Whether two receipts say the same of one message.
fn is_repeated(first: &MemberReceipt, second: &MemberReceipt) -> bool {
    let message = |of: &MemberReceipt| (of.generation, of.attempt, of.carrier.clone());
    message(first) == message(second) && first.receipt == second.receipt
}

/// The places of those that have to wait, with their chunks, and those that wait no more.
fn waiting_and_over<'a>(
    chunks: &'a [DecidedChunk],
    receipts: &'a [FoundReceipt],
) -> (Vec<(usize, &'a DecidedChunk)>, Vec<&'a FoundReceipt>) {
    let (mut waiting, mut over) = (Vec::new(), Vec::new());
    for chunk in chunks {
        for place in chunk.places.iter().copied() {
            let found = &receipts[place];
            if chunk.refusal(found.receipt.member) == Some(DeliveriesError::NoOutcomeYet) {
                waiting.push((place, chunk));
            } else if found.is_stored {
                over.push(found);
            }
        }
    }
    (waiting, over)
}

fn deltas(chunks: &[DecidedChunk]) -> Vec<(NotificationId, Totals)> {
    let mut deltas = BTreeMap::<NotificationId, Totals>::new();
    for DecidedChunk { id, before, decided, .. } in chunks {
        let Some(event) = &decided.event else { continue };
        let after = before.deliveries.after(event).totals();
        *deltas.entry(id.notification).or_default() += after - before.deliveries.totals();
    }
    deltas.into_iter().filter(|(_, delta)| *delta != Totals::default()).collect()
}
