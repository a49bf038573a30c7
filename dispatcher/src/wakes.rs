//! Signals between the parts of one process; other processes are polled.

use domain::value::Channel;
use tokio::sync::{Notify, watch};

/// A bell for everybody who waits for the queue.
#[derive(Debug, Default)]
pub(crate) struct Wakes {
    pub(crate) resolver: Notify,
    pub(crate) housekeeper: Notify,
    sms: watch::Sender<()>,
    email: watch::Sender<()>,
}

impl Wakes {
    /// Hears the bell of a channel's pumps, also what rang while nobody listened.
    pub(crate) fn listen(&self, channel: Channel) -> watch::Receiver<()> {
        self.bell(channel).subscribe()
    }

    /// There may be something to send on a channel.
    pub(crate) fn ring(&self, channel: Channel) {
        self.bell(channel).send_replace(());
    }

    /// There may be something to send.
    pub(crate) fn pumps(&self) {
        self.ring(Channel::Sms);
        self.ring(Channel::Email);
    }

    /// The intake has taken something in.
    pub(crate) fn all(&self) {
        self.pumps();
        self.resolver.notify_one();
        self.housekeeper.notify_one();
    }

    const fn bell(&self, channel: Channel) -> &watch::Sender<()> {
        match channel {
            Channel::Sms => &self.sms,
            Channel::Email => &self.email,
        }
    }
}
