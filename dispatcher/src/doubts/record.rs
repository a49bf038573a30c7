//! Records what a provider has for a doubt, as if its answer had come late: the acceptance under the provider's name for it, and
//! then what became of it.

use chrono::{DateTime, Utc};
use domain::deliveries::{MemberOutcome, MemberReceipt, Outcome};
use domain::personal::Personal;
use domain::value::Members;
use projections::queries::doubts::DoubtRow;

use crate::provider::FoundMessage;
use crate::receipts::{FoundReceipt, Recorder};
use crate::tasks::load::deliveries;
use crate::tasks::settle::{Change, SettleError, Settler};
use crate::tasks::{ChunkId, Task};

/// The epoch of no task: what is recorded here changes none.
const NO_EPOCH: i64 = -1;

/// The first record ends the doubt: the stream's sequence is the fence, and the rules refuse a second acceptance. A failure is
/// logged, and the doubt is asked about again.
pub(super) async fn record(
    settler: &Settler,
    recorder: &mut Recorder,
    doubt: &DoubtRow,
    message: FoundMessage,
    now: DateTime<Utc>,
) {
    let chunk = ChunkId { notification: doubt.notification, chunk: doubt.ordinal.chunk() };
    if let Err(error) = accept(settler, chunk, doubt, &message.reference, now).await {
        tracing::warn!(%error, ?chunk, "what a provider has for a doubt could not be recorded");
        return;
    }
    let FoundMessage { receipt: Some(receipt), text, .. } = message else { return };
    let detail = Some(text).filter(|text| !text.is_empty());
    let receipt = MemberReceipt {
        member: doubt.ordinal.member(),
        generation: doubt.generation,
        attempt: doubt.attempt,
        carrier: Some(doubt.provider.clone()),
        provider: doubt.provider.clone(),
        at: now,
        receipt,
        detail: detail.map(|text| Personal::new(doubt.client.into(), text)),
    };
    recorder.record(vec![FoundReceipt { chunk, company: doubt.company, receipt, is_stored: false }]).await;
}

async fn accept(
    settler: &Settler,
    chunk: ChunkId,
    doubt: &DoubtRow,
    reference: &str,
    now: DateTime<Utc>,
) -> Result<(), SettleError> {
    let (deliveries, sequence) = deliveries(settler.log.reader(), chunk).await?;
    let outcome = Outcome::Accepted { provider: doubt.provider.clone(), reference: reference.to_owned() };
    let outcome = MemberOutcome {
        member: doubt.ordinal.member(),
        generation: doubt.generation,
        attempt: doubt.attempt,
        outcome,
        passed_on: Vec::new(),
    };
    let change = Change {
        task: no_task(chunk, doubt, now),
        deliveries,
        sequence,
        outcomes: vec![outcome],
        in_memory: Members::NONE,
        aside_until: None,
        spent: Vec::new(),
        unmarked: Members::NONE,
    };
    settler.commit(None, &[], &[change]).await.map(drop)
}

/// A settlement is about a task; this one is nobody's.
fn no_task(id: ChunkId, doubt: &DoubtRow, now: DateTime<Utc>) -> Task {
    Task {
        id,
        epoch: NO_EPOCH,
        company: doubt.company,
        channel: doubt.channel,
        lane: 0,
        people: 0,
        chunk_people: 0,
        due_at: now,
        expires_at: None,
    }
}
