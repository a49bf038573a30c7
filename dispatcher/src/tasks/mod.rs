//! What is to be sent: one task a chunk of an audience, who has it, what was started of it, and how it ends.

pub(crate) mod claim;
pub(crate) mod company_limits;
mod complete;
pub(crate) mod controls;
mod counts;
mod decided;
mod erasures;
pub(crate) mod flood;
pub(crate) mod load;
mod marks;
mod next;
pub(crate) mod owners;
mod park;
mod recover;
pub(crate) mod settle;
mod share;
mod spent;
pub(crate) mod stops;
mod store;
mod suppressed;
mod sweep;
#[cfg(test)]
pub(crate) mod tests;

use chrono::{DateTime, Utc};
use commands::log::LoadError;
pub(crate) use commands::send_tasks::add_totals;
use domain::value::{Category, Channel, CompanyId, NotificationId};
use sqlx::FromRow;
use uuid::Uuid;

pub(crate) use self::complete::{Completions, complete_left_over, has_tasks, lock_notifications};
pub use self::controls::follow_notification;
pub use self::counts::{
    all_sending, open_notifications, record_depth, sending, sending_among, sending_counts,
};
pub(crate) use self::erasures::suppress_erased;
pub(crate) use self::marks::{Marked, StartMark};
pub(crate) use self::park::{give_back, park, unpark_all};
pub(crate) use self::recover::recover;
pub use self::stops::{stop_erased, stop_suppressed};
pub(crate) use self::store::stream_ends;
pub(crate) use self::sweep::sweep;

/// Who goes first: alarms, then service, collection and commercial matters.
pub(crate) const LANES: [i16; 4] = [0, 1, 2, 3];

/// How many tasks one page of the housekeeper holds: 8,000 people at most.
pub(crate) const PAGE_TASKS: i64 = 16;

/// The lane of a category, as in [`LANES`].
pub(crate) const fn lane_of(category: Category) -> i16 {
    match category {
        Category::Operational => 0,
        Category::Service => 1,
        Category::Collection => 2,
        Category::Commercial => 3,
    }
}

/// A chunk of the audience of a notification, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ChunkId {
    pub(crate) notification: NotificationId,
    pub(crate) chunk: u32,
}

/// The sending of a chunk. There is one task a chunk at most, whatever the generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) id: ChunkId,
    /// The fencing token: every claim and every requeue raises it, and every mark and settlement is conditional on it.
    pub(crate) epoch: i64,
    pub(crate) company: CompanyId,
    pub(crate) channel: Channel,
    pub(crate) lane: i16,
    /// To how many something is still to be sent, as of the insert or the last requeue.
    pub(crate) people: usize,
    /// How many the chunk has, whatever became of them.
    pub(crate) chunk_people: usize,
    pub(crate) due_at: DateTime<Utc>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

impl Task {
    /// Whether nothing was ever recorded of the chunk, so that its stream need not be read.
    pub(crate) const fn is_fresh(&self) -> bool {
        self.epoch <= 1
    }
}

/// Why a task cannot be worked on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TaskError {
    /// The database does not answer.
    #[error("failed to read a task: {0}")]
    Database(#[from] sqlx::Error),
    /// The chunk or its deliveries cannot be read by this version of the program. The task is to be parked.
    #[error("the task of chunk {} of notification {} cannot be read: {cause}", .task.chunk, .task.notification)]
    Unreadable {
        /// Which.
        task: ChunkId,
        /// Why.
        cause: String,
    },
}

impl TaskError {
    /// A database that is away says nothing of the task.
    pub(crate) fn of(task: ChunkId, error: LoadError) -> Self {
        match error {
            LoadError::Database(error) | LoadError::Seal(commands::log::SealError::Database(error)) => {
                Self::Database(error)
            }
            error => Self::Unreadable { task, cause: error.to_string() },
        }
    }
}

/// The columns that a [`Task`] is read from, of `send_tasks as t`.
pub(crate) const COLUMNS: &str = "t.notification_id, t.chunk, t.epoch, t.company_id, t.channel, t.lane, t.people, \
    t.chunk_people, t.due_at, t.expires_at";

/// A row of `send_tasks`.
#[derive(Debug, FromRow)]
pub(crate) struct TaskRow {
    notification_id: Uuid,
    chunk: i32,
    epoch: i64,
    company_id: Uuid,
    #[sqlx(try_from = "String")]
    channel: Channel,
    lane: i16,
    people: i32,
    chunk_people: i32,
    due_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
}

impl From<TaskRow> for Task {
    fn from(row: TaskRow) -> Self {
        Self {
            id: ChunkId { notification: row.notification_id.into(), chunk: row.chunk.unsigned_abs() },
            epoch: row.epoch,
            company: row.company_id.into(),
            channel: row.channel,
            lane: row.lane,
            people: row.people.unsigned_abs() as usize,
            chunk_people: row.chunk_people.unsigned_abs() as usize,
            due_at: row.due_at,
            expires_at: row.expires_at,
        }
    }
}

pub(crate) fn tasks(rows: Vec<TaskRow>) -> Vec<Task> {
    rows.into_iter().map(Task::from).collect()
}
