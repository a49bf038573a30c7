//! When the messages of a chunk were accepted: receipts in time are counted by it.

use chrono::{DateTime, Utc};
use commands::log::{LoadError, Reader};
use cqrs_es::Aggregate;
use domain::Event;
use domain::deliveries::{DELIVERIES, Deliveries, DeliveriesEvent, GroupOutcome, deliveries_stream};
use domain::value::Member;

use crate::tasks::{ChunkId, TaskError};

/// By member, in seconds since 1970, by the clock of the log; 0 for one that was not accepted. Many chunks are remembered, so it is
/// small.
#[derive(Debug, Clone, Default)]
pub(super) struct AcceptedAt(Vec<u32>);

impl AcceptedAt {
    /// When the last message to a member was accepted.
    pub(super) fn get(&self, member: Member) -> Option<DateTime<Utc>> {
        let seconds = self.0.get(member.index()).copied().filter(|seconds| *seconds > 0)?;
        DateTime::from_timestamp(seconds.into(), 0)
    }

    fn note(&mut self, event: &DeliveriesEvent, at: DateTime<Utc>) {
        let DeliveriesEvent::OutcomesRecorded { outcomes, .. } = event else { return };
        let accepted = outcomes.iter().filter(|group| matches!(group.outcome, GroupOutcome::Accepted { .. }));
        for member in accepted.flat_map(|group| group.members.iter()) {
            let place = member.index();
            self.0.resize(self.0.len().max(place + 1), 0);
            self.0[place] = u32::try_from(at.timestamp()).unwrap_or_default();
        }
    }
}

/// What has become of a chunk, when its messages were accepted, and the last sequence of its stream.
pub(super) async fn deliveries_and_times(
    log: &Reader,
    id: ChunkId,
) -> Result<(Deliveries, AcceptedAt, i64), TaskError> {
    let stream = deliveries_stream(id.notification, id.chunk);
    let stored = log.read_stream(DELIVERIES, &stream, 0, i64::MAX).await?;
    let events = log.open_events(stored).await.map_err(|error| TaskError::of(id, error.into()))?;
    let (mut deliveries, mut times, mut last) = (Deliveries::default(), AcceptedAt::default(), 0);
    for recorded in events {
        let event = recorded.event.map_err(|error| TaskError::of(id, LoadError::Decode(error)))?;
        if let Event::Deliveries(event) = event {
            times.note(&event, recorded.recorded_at);
            deliveries.apply(event);
        }
        last = recorded.sequence;
    }
    Ok((deliveries, times, last))
}
