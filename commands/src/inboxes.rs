//! The use cases of a whole inbox.

use domain::Position;
use domain::inbox::{Inbox, InboxCommand, InboxError};
use domain::value::UserId;
use serde_json::json;

use crate::context::CommandContext;
use crate::log::EventLog;
use crate::outcome::{CommandError, Done};

/// Marks every message up to a position as read.
///
/// # Errors
/// [`InboxError::PastTheHead`] for a position that does not exist yet.
pub async fn read_all(
    log: &EventLog,
    user: UserId,
    up_to: Position,
    context: &CommandContext,
) -> Result<Done, CommandError<InboxError>> {
    let head = log.reader().head().await?;
    log.execute_at_end::<Inbox>(
        &user.to_string(),
        InboxCommand::ReadAll { user, up_to, head },
        context,
        &json!({}),
    )
    .await
}
