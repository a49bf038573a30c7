//! The send queue: what waits, who has it in hand, and how it leaves.

pub(crate) mod claim;
mod counts;
pub(crate) mod mark;
pub(crate) mod owners;
mod rows;
pub(crate) mod settle;
pub(crate) mod share;
mod unwritable;
pub(crate) mod withdraw;

use chrono::{DateTime, Utc};
use domain::delivery::Attempt;
use domain::value::{Category, Channel, Invalid, NotificationId};
use sqlx::FromRow;
use uuid::Uuid;

pub use self::counts::{record_depth, sending, sending_among, sending_counts};

/// How many rows one statement of the queue touches at most.
pub(crate) const BATCH_ROWS_MAX: usize = 500;

/// Who goes first: alarms, then service, collection and commercial matters.
pub(crate) const LANES: [i16; 4] = [0, 1, 2, 3];

/// The lane of a category, as in [`LANES`].
pub(crate) const fn lane_of(category: Category) -> i16 {
    match category {
        Category::Operational => 0,
        Category::Service => 1,
        Category::Collection => 2,
        Category::Commercial => 3,
    }
}

/// A row of the queue. The address is that of a person: it is never printed.
#[derive(Clone, FromRow)]
pub(crate) struct QueueRow {
    pub(crate) delivery_id: Uuid,
    pub(crate) generation: i32,
    pub(crate) notification_id: Uuid,
    pub(crate) company_id: Uuid,
    pub(crate) client_id: Uuid,
    #[sqlx(try_from = "String")]
    pub(crate) channel: Channel,
    pub(crate) lane: i16,
    pub(crate) address: String,
    pub(crate) name: String,
    #[sqlx(try_from = "String")]
    pub(crate) state: RowState,
    pub(crate) attempt: i32,
    pub(crate) first_attempt_at: Option<DateTime<Utc>>,
    pub(crate) due_at: DateTime<Utc>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) epoch: i64,
    pub(crate) provider: Option<String>,
    pub(crate) sequence: i64,
}

/// The columns that a [`QueueRow`] is read from, of `send_queue as q`.
pub(crate) const COLUMNS: &str = "q.delivery_id, q.generation, q.notification_id, q.company_id, q.client_id, \
    q.channel, q.lane, q.address, q.name, q.state, q.attempt, q.first_attempt_at, q.due_at, q.expires_at, q.epoch, \
    q.provider, q.sequence";

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowState {
    /// Provably unsent, nobody's.
    Waiting,
    /// Provably unsent, with an owner.
    Claimed,
    /// The provider may have it.
    Started,
}

impl RowState {
    const ALL: [Self; 3] = [Self::Waiting, Self::Claimed, Self::Started];
    const WORDS: [&'static str; 3] = ["waiting", "claimed", "started"];

    pub(crate) const fn as_str(self) -> &'static str {
        Self::WORDS[self as usize]
    }
}

impl TryFrom<String> for RowState {
    type Error = Invalid;

    fn try_from(word: String) -> Result<Self, Invalid> {
        let known = Self::ALL.into_iter().find(|state| state.as_str() == word);
        known.ok_or(Invalid::NotAllowed { allowed: &Self::WORDS })
    }
}

impl QueueRow {
    /// The attempt that is being made, or would be next.
    pub(crate) fn attempt(&self) -> Attempt {
        Attempt {
            notification: self.notification_id.into(),
            company: self.company_id.into(),
            client: self.client_id.into(),
            generation: self.generation.unsigned_abs(),
            number: self.attempt.unsigned_abs() + 1,
        }
    }

    /// The notification and its generation, which somebody asked for.
    pub(crate) fn asked(&self) -> (NotificationId, u32) {
        (self.notification_id.into(), self.generation.unsigned_abs())
    }

    /// Whether it may still be sent at a moment.
    pub(crate) fn is_in_time(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// Ids only.
impl std::fmt::Debug for QueueRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QueueRow")
            .field("delivery_id", &self.delivery_id)
            .field("generation", &self.generation)
            .field("state", &self.state)
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) fn row(number: u128) -> QueueRow {
    QueueRow {
        delivery_id: Uuid::from_u128(number),
        generation: 1,
        notification_id: Uuid::from_u128(100),
        company_id: Uuid::from_u128(200),
        client_id: Uuid::from_u128(300),
        channel: Channel::Email,
        lane: 1,
        address: "ana@example.com".into(),
        name: "Ana".into(),
        state: RowState::Claimed,
        attempt: 0,
        first_attempt_at: None,
        due_at: DateTime::UNIX_EPOCH,
        expires_at: None,
        epoch: 1,
        provider: None,
        sequence: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_go_first_and_advertising_last() {
        let mut categories = Category::ALL.to_vec();
        categories.sort_by_key(|category| lane_of(*category));
        assert_eq!(
            categories,
            [Category::Operational, Category::Service, Category::Collection, Category::Commercial]
        );
        assert!(categories.iter().map(|category| lane_of(*category)).eq(LANES));
    }

    #[test]
    fn a_row_prints_no_address() {
        let printed = format!("{:?}", row(1));
        assert!(!printed.contains("ana@") && !printed.contains("Ana"), "{printed}");
    }
}
