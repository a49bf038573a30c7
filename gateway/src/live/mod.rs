//! Live streams: what browsers are told without asking (WHATWG HTML, 9.2 Server-sent events).
//!
//! One hub a process follows a projection and tells every connection; a connection first *subscribes*, then *looks* at
//! the database for what it missed, and only then listens, so that nothing falls between the two and nothing comes twice.

mod connection;
mod frame;
pub(crate) mod inbox;
mod last_event_id;
pub(crate) mod notifications;
mod places;

use commands::log::Reader;
use domain::value::UserId;
use projections::Positions;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

pub(crate) use self::connection::{Connection, Over, Readership};
use self::inbox::{InboxHub, PostgresNews};
pub(crate) use self::last_event_id::LastEventId;
use self::notifications::NotificationHub;
pub(crate) use self::places::Place;
use self::places::Places;
use crate::problem::Answer;

/// The hubs of this process. They start with the first connection.
pub struct Live {
    log: Reader,
    positions: Positions,
    shutdown: CancellationToken,
    places: Places,
    inbox: OnceCell<InboxHub<PostgresNews>>,
    notifications: OnceCell<NotificationHub>,
}

impl Live {
    /// The hubs over a log, woken by `positions`, ended by `shutdown`.
    pub fn new(log: Reader, positions: Positions, shutdown: CancellationToken) -> Self {
        let (inbox, notifications) = (OnceCell::new(), OnceCell::new());
        Self { log, positions, shutdown, places: Places::default(), inbox, notifications }
    }

    /// A place for one more stream of a user.
    ///
    /// # Errors
    /// 429 when the user has too many, 503 when there are too many in all.
    pub(crate) fn place(&self, user: UserId) -> Answer<Place> {
        self.places.take(user)
    }

    /// The hub of all inboxes.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn inbox(&self) -> sqlx::Result<&InboxHub<PostgresNews>> {
        let news = || PostgresNews::new(self.log.clone());
        let start = || InboxHub::start(news(), &self.positions, self.shutdown.clone());
        self.inbox.get_or_try_init(start).await
    }

    /// The hub of all notifications.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn notifications(&self) -> sqlx::Result<&NotificationHub> {
        let start =
            || NotificationHub::start(self.log.pool().clone(), &self.positions, self.shutdown.clone());
        self.notifications.get_or_try_init(start).await
    }
}
