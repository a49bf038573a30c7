//! Live streams: server-sent events (WHATWG HTML, 9.2).
//!
//! One hub in each process follows a projection and sends its changes to every connection. A connection first
//! *subscribes*, then *reads* what it missed from the database, and only then sends live events, so that none between
//! the two is lost and none comes twice.

mod connection;
mod frame;
pub(crate) mod inbox;
mod last_event_id;
pub(crate) mod notifications;
mod permits;

use commands::log::Reader;
use domain::value::UserId;
use projections::Positions;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

pub(crate) use self::connection::{Connection, LoginCheck, StreamEnded};
use self::inbox::{InboxHub, PostgresInbox};
pub(crate) use self::last_event_id::LastEventId;
use self::notifications::NotificationHub;
pub(crate) use self::permits::StreamPermit;
use self::permits::StreamPermits;
use crate::problem::Answer;

/// The hubs of this process. They start with the first connection.
pub struct Live {
    log: Reader,
    positions: Positions,
    shutdown: CancellationToken,
    permits: StreamPermits,
    inbox: OnceCell<InboxHub<PostgresInbox>>,
    notifications: OnceCell<NotificationHub>,
}

impl Live {
    /// The hubs over a log, woken by `positions`, ended by `shutdown`.
    pub fn new(log: Reader, positions: Positions, shutdown: CancellationToken) -> Self {
        let (inbox, notifications) = (OnceCell::new(), OnceCell::new());
        Self { log, positions, shutdown, permits: StreamPermits::default(), inbox, notifications }
    }

    /// A permit for one more stream of a user.
    ///
    /// # Errors
    /// 429 when the user has too many, 503 when the process has too many.
    pub(crate) fn permit(&self, user: UserId) -> Answer<StreamPermit> {
        self.permits.take(user)
    }

    /// The hub of all inboxes.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn inbox(&self) -> sqlx::Result<&InboxHub<PostgresInbox>> {
        let source = || PostgresInbox::new(self.log.clone());
        let start = || InboxHub::start(source(), &self.positions, self.shutdown.clone());
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
