//! A delivery as the walk compares it, and its place in the list.

use chrono::{DateTime, Utc};
use domain::Position;
use sqlx::FromRow;
use uuid::Uuid;

use crate::page::{Cursor, PageRequest};

/// The place of a delivery: the list goes from the greatest to the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The position of the notification's request.
    pub(crate) position: Position,
    /// The ordinal in its audience.
    pub(crate) ordinal: i32,
}

/// A delivery, as far as filters compare it.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub(super) struct Candidate {
    pub(super) requested_position: Position,
    pub(super) notification_id: Uuid,
    pub(super) ordinal: i32,
    pub(super) channel: String,
    pub(super) requested_at: DateTime<Utc>,
    pub(super) state: String,
    pub(super) exception: Option<String>,
    pub(super) class: Option<String>,
    pub(super) provider: Option<String>,
}

/// The next candidates in the list, and where the ones after them begin; none at the end.
pub(super) struct Window {
    pub(super) candidates: Vec<Candidate>,
    pub(super) next: Option<Place>,
}

impl Window {
    /// Rows of a statement with a limit: fewer are the last.
    pub(super) fn of(candidates: Vec<Candidate>, limit: i64) -> Self {
        let is_full = candidates.len() as i64 >= limit;
        let next = candidates.last().filter(|_| is_full).map(Candidate::place);
        Self { candidates, next }
    }
}

impl Candidate {
    /// The columns of a candidate, with its notification as `n` and its outcome as `o`.
    pub(super) const COLUMNS: &str = "n.requested_position, n.notification_id, n.channel, n.requested_at,
        coalesce(o.state, 'pending') as state, o.exception, o.class, o.provider";

    pub(super) const fn place(&self) -> Place {
        Place { position: self.requested_position, ordinal: self.ordinal }
    }

    pub(super) const fn delivery(&self) -> (Uuid, i32) {
        (self.notification_id, self.ordinal)
    }
}

impl Place {
    /// Before every delivery.
    pub(crate) const FIRST: Self = Self { position: Position::MAX, ordinal: i32::MAX };

    /// Where a page begins.
    pub(super) fn after(page: &PageRequest) -> Self {
        page.cursor().map_or(Self::FIRST, |cursor| Self {
            position: cursor.position,
            ordinal: i32::try_from(cursor.id.as_u128()).unwrap_or(i32::MAX),
        })
    }
}

impl From<Place> for Cursor {
    fn from(place: Place) -> Self {
        Self { position: place.position, id: Uuid::from_u128(u128::from(place.ordinal.unsigned_abs())) }
    }
}
