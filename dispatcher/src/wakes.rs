//! Signals between the parts of one process; other processes are polled.

use domain::value::{Channel, EachChannel};
use tokio::sync::{Notify, watch};

/// The signals to the loops that wait for work.
#[derive(Debug, Default)]
pub(crate) struct Wakes {
    pub(crate) resolver: Notify,
    pub(crate) housekeeper: Notify,
    pub(crate) notices: Notify,
    pumps: EachChannel<watch::Sender<()>>,
}

impl Wakes {
    /// The signal to a channel's pumps. A signal that comes while a pump is busy is not missed.
    pub(crate) fn listen(&self, channel: Channel) -> watch::Receiver<()> {
        self.pumps.of(channel).subscribe()
    }

    /// Wakes the pumps of a channel: it may have due tasks.
    pub(crate) fn ring(&self, channel: Channel) {
        self.pumps.of(channel).send_replace(());
    }

    /// Wakes the pumps of every channel.
    pub(crate) fn pumps(&self) {
        Channel::ALL.iter().for_each(|channel| self.ring(*channel));
    }

    /// Wakes every loop, after the intake has written.
    pub(crate) fn all(&self) {
        self.pumps();
        self.resolver.notify_one();
        self.housekeeper.notify_one();
        self.notices.notify_one();
    }
}
