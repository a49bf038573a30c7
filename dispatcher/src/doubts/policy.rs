//! The stated policy of a category: its doubts are sent again after a time.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use commands::doubts::{ResolveDoubts, resolve};
use commands::{CommandContext, CommandError};
use domain::deliveries::doubts::is_sent_again_by_policy;
use domain::deliveries::{Resolution, ResolvedBy};
use domain::value::{CompanyId, Members, NotificationId};
use projections::queries::doubts::DoubtRow;

use super::Doubts;

impl Doubts {
    /// Sends doubts again that have lasted as long as the policy states, chunk by chunk. One that has ended meanwhile stays as it
    /// is: the stream says which are still in doubt.
    pub(super) async fn send_again(&self, doubts: &[DoubtRow], now: DateTime<Utc>) {
        for ((notification, chunk), (company, members)) in self.overdue(doubts, now) {
            let order = ResolveDoubts {
                notification,
                company,
                chunk,
                members,
                resolution: Resolution::Resend,
                by: ResolvedBy::Policy,
                reason: None,
                at: now,
            };
            match resolve(&self.log, &order, &CommandContext::of_system()).await {
                Ok(_) => metrics::counter!("mensajeria_doubts_resent_total").increment(members.len() as u64),
                // It was cancelled, has expired, or is still being resolved.
                Err(CommandError::Refused(reason)) => {
                    tracing::debug!(%notification, chunk, %reason, "doubts are not sent again");
                }
                Err(error) => tracing::warn!(%error, %notification, chunk, "doubts could not be sent again"),
            }
        }
    }

    fn overdue(
        &self,
        doubts: &[DoubtRow],
        now: DateTime<Utc>,
    ) -> BTreeMap<(NotificationId, u32), (CompanyId, Members)> {
        let after = self.options.doubts.resend_operational_after;
        let mut overdue = BTreeMap::new();
        for doubt in doubts {
            let age = now - doubt.window.before;
            if is_sent_again_by_policy(doubt.category, doubt.generation, age, after) {
                let key = (doubt.notification, doubt.ordinal.chunk());
                let (_, members) = overdue.entry(key).or_insert((doubt.company, Members::NONE));
                members.insert(doubt.ordinal.member());
            }
        }
        overdue
    }
}
