//! What wakes whom within one process; between processes they poll.

use std::sync::Arc;

use domain::value::Channel;
use tokio::sync::Notify;

/// A bell for everybody who waits for the queue.
#[derive(Debug, Default)]
pub(crate) struct Wakes {
    pub(crate) resolver: Notify,
    pub(crate) housekeeper: Notify,
    sms: Arc<Notify>,
    email: Arc<Notify>,
}

impl Wakes {
    /// The bell of a channel's pump.
    pub(crate) fn of(&self, channel: Channel) -> Arc<Notify> {
        match channel {
            Channel::Sms => Arc::clone(&self.sms),
            Channel::Email => Arc::clone(&self.email),
        }
    }

    /// There may be something to send.
    pub(crate) fn pumps(&self) {
        self.sms.notify_one();
        self.email.notify_one();
    }

    /// The intake has taken something in.
    pub(crate) fn all(&self) {
        self.pumps();
        self.resolver.notify_one();
        self.housekeeper.notify_one();
    }
}
