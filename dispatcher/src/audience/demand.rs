//! What a notification takes of its company's purse when its time has come, by the audience and the limits of that moment.

use chrono::{DateTime, Utc};
use commands::purse::{self, Moment, Without};
use domain::company::{Amount, Company, CompanyLimits, Limit, Purse, Taken};
use domain::notification::{Asks, AudienceFilter, Notification};
use domain::value::{CountryCode, NotificationId, RecipientKind, TimeZone};
use projections::queries::audience::{Selection, preview};
use sqlx::{PgConnection, PgPool};

use super::begin::Due;
use super::resolver::{ResolveError, Resolver};

/// What a notification of a company with limits takes.
pub(super) struct Demand {
    limits: CompanyLimits,
    of: Moment,
    amount: Amount,
    taken: Taken,
    excludes_foreign: bool,
}

impl Resolver {
    /// None for a notification whose company has no limit that counts for it, or that was requested before there was one.
    pub(super) async fn demand(
        &self,
        due: &Due,
        life: &Notification,
        now: DateTime<Utc>,
    ) -> Result<Option<Demand>, ResolveError> {
        let Some(channel) = life.channel() else { return Ok(None) };
        let company = self.log.reader().load::<Company>(&due.company.to_string()).await?.state;
        let Some(profile) = company.profile() else { return Ok(None) };
        let limits = profile.limits.clone();
        if limits.of_purse(channel).next().is_none() {
            return Ok(None);
        }
        let mut connection = self.pool.acquire().await?;
        let Some(promised) = purse::promised(&mut connection, due.notification).await? else {
            return Ok(None);
        };
        let zone: TimeZone = profile.time_zone.parse().unwrap_or_default();
        let of = Moment { company: due.company, zone, channel, begins_at: now, now };
        let taken = purse::taken(&mut connection, &of, Without::Own(due.notification)).await?;
        drop(connection);
        let (kind, was_excluding) = sending(&self.pool, due.notification).await?;
        let filter = match self.requests.get((due.notification, 1)).await {
            Ok(request) => request.filter.clone(),
            Err(_) => AudienceFilter::default(),
        };
        let home: CountryCode = profile.country.parse().unwrap_or_default();
        let selection =
            Selection { company: due.company, channel, kind, filter: &filter, home, excludes_foreign: false };
        let audience = preview(&self.pool, &selection).await?;
        let is_over = |max| taken.day.foreign + audience.foreign > max;
        let excludes_foreign =
            was_excluding || audience.foreign > 0 && limits.get(Limit::ForeignPerDay).is_some_and(is_over);
        let foreign = if excludes_foreign { 0 } else { audience.foreign };
        let people = audience.reachable - audience.foreign + foreign;
        let amount = Amount { messages: people, segments: in_proportion(promised, people), foreign };
        Ok(Some(Demand { limits, of, amount, taken, excludes_foreign }))
    }
}

impl Demand {
    pub(super) fn asks(&self) -> Asks {
        Asks { amount: self.amount, purse: self.purse(self.taken) }
    }

    /// Promises it to the notification; false if another has taken of it meanwhile, so that it is to be decided again.
    pub(super) async fn take(
        &self,
        tx: &mut PgConnection,
        notification: NotificationId,
    ) -> sqlx::Result<bool> {
        purse::lock(tx, self.of.company).await?;
        let taken = purse::taken(tx, &self.of, Without::Own(notification)).await?;
        if self.purse(taken).passed_by(self.of.channel, self.amount).is_some() {
            return Ok(false);
        }
        purse::promise(tx, notification, &self.of, self.amount).await?;
        sqlx::query("update send_notifications set excludes_foreign = $2 where notification_id = $1")
            .bind(notification.uuid())
            .bind(self.excludes_foreign)
            .execute(tx)
            .await?;
        Ok(true)
    }

    fn purse(&self, taken: Taken) -> Purse {
        Purse { limits: self.limits.clone(), taken }
    }
}

/// The parts of so many people at the parts a person that were promised.
fn in_proportion(promised: Amount, people: u64) -> u64 {
    match promised.messages {
        0 => people,
        messages => (promised.segments * people).div_ceil(messages),
    }
}

/// To whom a notification goes, and whether numbers of other countries are left out.
async fn sending(pool: &PgPool, notification: NotificationId) -> sqlx::Result<(RecipientKind, bool)> {
    let (kind, excludes_foreign): (String, bool) = sqlx::query_as(
        "select recipient_kind, excludes_foreign from send_notifications where notification_id = $1",
    )
    .bind(notification.uuid())
    .fetch_one(pool)
    .await?;
    let kind = RecipientKind::try_from(kind).map_err(|error| sqlx::Error::Decode(error.into()))?;
    Ok((kind, excludes_foreign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_people_take_parts_in_proportion() {
        let promised = Amount { messages: 3, segments: 7, foreign: 0 };
        assert_eq!([0, 3, 4].map(|people| in_proportion(promised, people)), [0, 7, 10]);
        assert_eq!(in_proportion(Amount::default(), 5), 5, "an e-mail has none, an SMS one at least");
    }
}
