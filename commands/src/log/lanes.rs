//! The queues of waiting requests, and the choice of those that go into one flush.

use std::collections::{HashSet, VecDeque};

use chrono::{DateTime, Utc};
use domain::Position;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::StoredEvent;
use super::append::{AppendError, Appended, FirstAnswer};
use super::keys::NewKey;

/// How many events one flush holds at most.
pub(super) const FLUSH_ROWS_MAX: usize = 512;
/// How many bytes of payload one flush holds at most.
const FLUSH_BYTES_MAX: usize = 512 * 1024;
/// How many bulk events one flush holds at most, so that callers never wait behind a campaign.
const FLUSH_BULK_ROWS_MAX: usize = 250;

/// One event, sealed and as text, as it goes into the table: the database's `event_row`, in the order of its columns.
#[derive(Debug, Clone, sqlx::Type)]
#[sqlx(type_name = "event_row")]
pub(super) struct Row {
    pub(super) aggregate_type: String,
    pub(super) aggregate_id: String,
    pub(super) sequence: i64,
    pub(super) event_type: String,
    pub(super) event_version: String,
    pub(super) payload: String,
    pub(super) metadata: String,
    pub(super) event_id: Uuid,
}

impl Row {
    /// The stored event that the row has become.
    pub(super) fn stored(self, position: Position, recorded_at: DateTime<Utc>) -> StoredEvent {
        StoredEvent {
            position,
            event_id: self.event_id,
            aggregate_type: self.aggregate_type,
            aggregate_id: self.aggregate_id,
            sequence: self.sequence,
            event_type: self.event_type,
            event_version: self.event_version,
            payload: self.payload,
            metadata: self.metadata,
            recorded_at,
        }
    }
}

/// The events, keys and answer that one caller appends, all or nothing.
#[derive(Default)]
pub(super) struct Request {
    pub(super) rows: Vec<Row>,
    pub(super) keys: Vec<NewKey>,
    pub(super) answer: Option<FirstAnswer>,
}

/// A request in a queue, with the channel for its answer.
pub(super) struct Waiting {
    pub(super) request: Request,
    pub(super) reply: oneshot::Sender<Result<Appended, AppendError>>,
}

/// The two queues of waiting requests. Interactive requests go first.
#[derive(Default)]
pub(super) struct Lanes {
    pub(super) interactive: VecDeque<Waiting>,
    pub(super) bulk: VecDeque<Waiting>,
}

impl Lanes {
    /// How many requests wait.
    pub(super) fn len(&self) -> usize {
        self.interactive.len() + self.bulk.len()
    }

    /// Takes the requests of the next flush; empty if none waits.
    pub(super) fn take(&mut self) -> Vec<Waiting> {
        let mut batch = Flush::default();
        batch.fill(&mut self.interactive, FLUSH_ROWS_MAX);
        batch.fill(&mut self.bulk, FLUSH_BULK_ROWS_MAX);
        batch.taken
    }
}

/// The requests of one flush: at most one a stream and a command, because two would conflict with each other.
#[derive(Default)]
struct Flush {
    taken: Vec<Waiting>,
    rows: usize,
    bytes: usize,
    streams: HashSet<(String, String)>,
    commands: HashSet<Uuid>,
}

impl Flush {
    fn fill(&mut self, lane: &mut VecDeque<Waiting>, rows_max: usize) {
        let mut left = VecDeque::new();
        while let Some(waiting) = lane.pop_front() {
            let rows = waiting.request.rows.len();
            let bytes = waiting.request.rows.iter().map(|row| row.payload.len()).sum::<usize>();
            let full = self.rows + rows > rows_max || self.bytes + bytes > FLUSH_BYTES_MAX;
            if full && !self.taken.is_empty() {
                lane.push_front(waiting);
                break;
            }
            if !self.admit(&waiting.request) {
                left.push_back(waiting);
                continue;
            }
            self.rows += rows;
            self.bytes += bytes;
            self.taken.push(waiting);
        }
        left.append(lane);
        *lane = left;
    }

    fn admit(&mut self, request: &Request) -> bool {
        let command = request.answer.as_ref().map(|answer| answer.command_id);
        let is_repeated = command.is_some_and(|id| self.commands.contains(&id));
        let streams: HashSet<_> =
            request.rows.iter().map(|row| (row.aggregate_type.clone(), row.aggregate_id.clone())).collect();
        if is_repeated || !self.streams.is_disjoint(&streams) {
            return false;
        }
        self.commands.extend(command);
        self.streams.extend(streams);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(stream: &str, rows: usize) -> Waiting {
        let row = |sequence| Row {
            aggregate_type: "message".into(),
            aggregate_id: stream.into(),
            sequence: sequence as i64,
            event_type: String::new(),
            event_version: String::new(),
            payload: "{}".into(),
            metadata: "{}".into(),
            event_id: Uuid::nil(),
        };
        let (reply, _) = oneshot::channel();
        Waiting { request: Request { rows: (1..=rows).map(row).collect(), ..Request::default() }, reply }
    }

    fn streams(batch: &[Waiting]) -> Vec<&str> {
        batch.iter().map(|waiting| waiting.request.rows[0].aggregate_id.as_str()).collect()
    }

    #[test]
    fn a_stream_is_in_a_flush_once_and_its_requests_keep_their_order() {
        let mut lanes = Lanes::default();
        lanes.interactive.extend([waiting("a", 1), waiting("a", 1), waiting("b", 1)]);
        assert_eq!(streams(&lanes.take()), ["a", "b"]);
        assert_eq!(streams(&lanes.take()), ["a"]);
        assert!(lanes.take().is_empty());
    }

    #[test]
    fn callers_go_before_campaigns_and_campaigns_leave_room() {
        let mut lanes = Lanes::default();
        lanes.bulk.extend([waiting("chunk 1", 200), waiting("chunk 2", 200)]);
        lanes.interactive.push_back(waiting("person", 1));
        assert_eq!(streams(&lanes.take()), ["person", "chunk 1"]);
        assert_eq!(streams(&lanes.take()), ["chunk 2"]);
    }

    #[test]
    fn a_request_larger_than_a_flush_goes_alone() {
        let mut lanes = Lanes::default();
        lanes.bulk.extend([waiting("large", 600), waiting("next", 1)]);
        assert_eq!(streams(&lanes.take()), ["large"]);
        assert_eq!(streams(&lanes.take()), ["next"]);
    }
}
