//! An inbox as a whole: only its read-all, one event whatever the number of messages; a small stream `inbox/<user>`.

mod command;
mod error;
mod event;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::command::InboxCommand;
pub use self::error::InboxError;
pub use self::event::InboxEvent;
use crate::aggregate::aggregate;

/// An inbox. It has no state: its rules do not depend on its past.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbox;

aggregate!(Inbox, "inbox", InboxCommand, InboxEvent, InboxError);

impl Inbox {
    /// Decides a command: its events, or the reason of a refusal. A read-all is an event even if it covers no more than
    /// the last one: messages may have been marked unread in between.
    pub fn decide(&self, command: InboxCommand) -> Result<Vec<InboxEvent>, InboxError> {
        let InboxCommand::ReadAll { user, up_to, head } = command;
        if up_to > head {
            return Err(InboxError::PastTheHead { up_to, head });
        }
        Ok(vec![InboxEvent::InboxRead { user, up_to }])
    }

    const fn fold(&mut self, _: InboxEvent) {}
}
