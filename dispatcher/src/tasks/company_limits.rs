//! What the limits of companies say of each of their sends, as of the last second.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU32;
use std::sync::{PoisonError, RwLock};

use domain::company::Limit;
use domain::value::{Channel, CompanyId};
use sqlx::PgPool;
use uuid::Uuid;

/// The limits of one company.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct SendLimits {
    /// Messages an hour to one address.
    pub(crate) per_recipient_per_hour: Option<u64>,
    sms_per_second: Option<NonZeroU32>,
    emails_per_second: Option<NonZeroU32>,
}

impl SendLimits {
    /// Messages a second of a channel.
    pub(crate) const fn per_second(&self, channel: Channel) -> Option<NonZeroU32> {
        match channel {
            Channel::Sms => self.sms_per_second,
            Channel::Email => self.emails_per_second,
        }
    }
}

/// The limits of the companies that something is sent for, if they have any.
#[derive(Debug, Default)]
pub(crate) struct CompanyLimits(RwLock<HashMap<CompanyId, SendLimits>>);

impl CompanyLimits {
    /// The limits of a company.
    pub(crate) fn of(&self, company: CompanyId) -> SendLimits {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&company).copied().unwrap_or_default()
    }

    /// Reads the limits of companies again. Those that cannot be read stay as they were: their messages are sent.
    pub(crate) async fn read_of(&self, pool: &PgPool, companies: impl Iterator<Item = CompanyId>) {
        let companies: HashSet<CompanyId> = companies.collect();
        if companies.is_empty() {
            return;
        }
        match limits(pool, &companies).await {
            Ok(found) => {
                let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
                known.retain(|company, _| !companies.contains(company));
                known.extend(found);
            }
            Err(error) => tracing::debug!(%error, "the limits of companies could not be read"),
        }
    }
}

/// A company, and its limits in the order of [`SendLimits`].
type Row = (Uuid, Option<i64>, Option<i64>, Option<i64>);

async fn limits(pool: &PgPool, companies: &HashSet<CompanyId>) -> sqlx::Result<Vec<(CompanyId, SendLimits)>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select company_id, (limits ->> $1)::bigint, (limits ->> $2)::bigint, (limits ->> $3)::bigint
         from clients.companies
         where company_id = any($4)
           and (limits ->> $1 is not null or limits ->> $2 is not null or limits ->> $3 is not null)",
    )
    .bind(Limit::PerRecipientPerHour.as_str())
    .bind(Limit::SmsPerSecond.as_str())
    .bind(Limit::EmailsPerSecond.as_str())
    .bind(companies.iter().map(|company| company.uuid()).collect::<Vec<_>>())
    .fetch_all(pool)
    .await?;
    let row = |(company, per_hour, sms, emails): Row| {
        let limits = SendLimits {
            per_recipient_per_hour: per_hour.map(i64::unsigned_abs),
            sms_per_second: rate(sms),
            emails_per_second: rate(emails),
        };
        (company.into(), limits)
    };
    Ok(rows.into_iter().map(row).collect())
}

fn rate(max: Option<i64>) -> Option<NonZeroU32> {
    NonZeroU32::new(u32::try_from(max?).unwrap_or(u32::MAX))
}
