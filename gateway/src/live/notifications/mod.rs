//! Live notifications: their progress, sent to every connection that watches one.

mod hub;
mod stream;

pub(crate) use self::hub::{NotificationHub, NotificationProgress};
pub(crate) use self::stream::{Seen, follow};
