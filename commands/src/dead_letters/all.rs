//! The retry of all that failed of a notification. It may be about a million people, who are reopened chunk by chunk behind the
//! answer: what they take of the purse is promised before, by what the views know of them.

use std::ops::Add;

use chrono::{DateTime, Utc};
use domain::company::Amount;
use domain::deliveries::{Deliveries, deliveries_stream};
use domain::notification::{Notification, NotificationCommand, NotificationError};
use domain::value::{Channel, CompanyId, Members, NotificationId};
use serde_json::json;

use super::RetryRefusal;
use super::people::recipients;
use super::prepare::Chunk;
use super::taking::Terms;
use crate::context::CommandContext;
use crate::database::begin;
use crate::execute::decide_on;
use crate::log::{EventLog, Loaded};
use crate::notifications::changed_since_completion;
use crate::outcome::{CommandError, Done};
use crate::purse::{Retaken, Whose};

/// In how many chunks the texts and numbers are looked at. Those of further chunks are taken to be alike.
const MEASURED_MAX: usize = 16;

/// All that failed of a notification.
#[derive(Debug, Clone)]
pub struct RetryAll {
    /// The notification.
    pub notification: NotificationId,
    /// The people for whom it failed, by chunk, as the views know them.
    pub failed: Vec<(u32, Members)>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Retries the failed deliveries of a notification in a new generation. A completed notification without failures and
/// doubts stays as it is.
///
/// # Errors
/// [`NotificationError::Cancelled`] for a cancelled one, [`NotificationError::PastExpiry`] for an expired one,
/// [`NotificationError::RetryNeedsApproval`], and [`RetryRefusal::OverLimit`].
pub async fn retry_all(
    log: &EventLog,
    order: &RetryAll,
    context: &CommandContext,
) -> Result<Done, CommandError<RetryRefusal>> {
    let id = order.notification.to_string();
    log.once(context, || async {
        let Loaded { state, sequence, .. } = log.reader().load::<Notification>(&id).await?;
        let unknown = || CommandError::Refused(NotificationError::Unknown.into());
        let (company, channel) = state.company().zip(state.channel()).ok_or_else(unknown)?;
        let changed = changed_since_completion(log, order.notification).await?;
        let (life, generation) = (state.clone(), state.generation() + 1);
        let command = NotificationCommand::Retry { at: order.at, changed };
        let drafts = decide_on(state, sequence, &id, command, context).await;
        let drafts = drafts.map_err(|error| error.map_refusal(RetryRefusal::from))?;
        let retaken = match drafts.is_empty() {
            true => None,
            false => order.permitted(log, &life, (company, channel)).await?,
        };
        let ready = log.ready(drafts, context, &json!({})).await?;
        let mut tx = begin(log.pool()).await?;
        if let Some(retaken) = &retaken
            && !retaken.take(&mut tx, order.notification, generation, Whose::AllFailed).await?
        {
            return Err(CommandError::Conflict);
        }
        log.commit(tx, &ready, context).await
    })
    .await
}

impl RetryAll {
    /// What it takes, within the limits of the company; none if no limit counts it.
    async fn permitted(
        &self,
        log: &EventLog,
        life: &Notification,
        (company, channel): (CompanyId, Channel),
    ) -> Result<Option<Retaken>, CommandError<RetryRefusal>> {
        let terms = Terms::of(log, (self.notification, company, channel), self.at).await?;
        let people: u64 = self.failed.iter().map(|(_, members)| members.len() as u64).sum();
        let permitted = life.permits_retry_of(people, terms.approval_above());
        permitted.map_err(|error| CommandError::Refused(error.into()))?;
        let Some(retaken) = terms.retaken(self.amount(log, channel, &terms, people).await?) else {
            return Ok(None);
        };
        match retaken.over_limit(&mut *log.pool().acquire().await?).await? {
            Some(over) => Err(CommandError::Refused(RetryRefusal::OverLimit(over))),
            None => Ok(Some(retaken)),
        }
    }

    async fn amount(
        &self,
        log: &EventLog,
        channel: Channel,
        terms: &Terms,
        people: u64,
    ) -> Result<Amount, CommandError<RetryRefusal>> {
        let mut known = Amount::default();
        for (chunk, members) in self.failed.iter().take(MEASURED_MAX) {
            let everybody = recipients(log, self.notification, *chunk).await?;
            let stream = deliveries_stream(self.notification, *chunk);
            let deliveries = log.reader().load::<Deliveries>(&stream).await?.state;
            let chunk = Chunk { channel, people: &everybody, deliveries: &deliveries, terms };
            known = members.iter().map(|member| chunk.takes(member)).fold(known, Add::add);
        }
        let of_all = |part: u64| (part * people).div_ceil(known.messages.max(1));
        Ok(Amount { messages: people, segments: of_all(known.segments), foreign: of_all(known.foreign) })
    }
}
