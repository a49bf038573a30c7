//! What a notification takes of its company's purse when its time has come, by the audience and the limits of that moment.

use chrono::{DateTime, Utc};
use commands::purse::{self, Moment, Without};
use domain::company::{Amount, Company, CompanyLimits, Purse, Taken};
use domain::notification::{Asks, Notification};
use domain::rendering::{Text, render};
use domain::value::sms::{SmsCount, takes_unicode};
use domain::value::{Channel, CountryCode, NotificationId, RecipientKind, TimeZone};
use projections::queries::audience::{Candidate, Selection, page, preview, reaches_abroad};
use sqlx::{PgConnection, PgPool};

use super::begin::Due;
use super::resolver::{ResolveError, Resolver};

/// How many people's texts are rendered to estimate the parts of all, where the request promised none.
const SAMPLED_MAX: usize = 500;

/// What a notification of a company with limits takes.
pub(super) struct Demand {
    limits: CompanyLimits,
    of: Moment,
    amount: Amount,
    taken: Taken,
    excludes_foreign: bool,
}

/// What was known of a notification before it began.
struct Before {
    /// Its promise; none if no limit counted for it when it was requested.
    promised: Option<Amount>,
    kind: RecipientKind,
    excludes_foreign: bool,
}

impl Resolver {
    /// None for a notification for which no limit of its company counts by now. Whether one counted when it was requested
    /// does not matter.
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
        let request = self.requests.get((due.notification, 1)).await?;
        if request.only_to.is_some() {
            return Ok(None);
        }
        let before = before(&self.pool, due.notification).await?;
        let (home, excludes_foreign): (CountryCode, _) = (profile.country.parse().unwrap_or_default(), false);
        let everybody = Selection {
            company: due.company,
            channel,
            kind: before.kind,
            filter: &request.filter,
            home,
            excludes_foreign,
        };
        if before.promised.is_none()
            && !limits.count_everybody(channel)
            && !reaches_abroad(&self.pool, &everybody).await?
        {
            return Ok(None);
        }
        let zone: TimeZone = profile.time_zone.parse().unwrap_or_default();
        let of = Moment { company: due.company, zone, channel, begins_at: now, now };
        let own = Without::Own(due.notification);
        let taken = purse::taken(&mut *self.pool.acquire().await?, &of, own).await?;
        let purse = Purse { limits, taken };
        let text = request.text.as_ref().and_then(|text| text.as_ref().ok());
        let (amount, excludes_foreign) = measured(&self.pool, everybody, &purse, &before, text).await?;
        Ok(Some(Demand { limits: purse.limits, of, amount, taken, excludes_foreign }))
    }
}

/// What an audience takes of a purse, and whether numbers of other countries are left out of it.
async fn measured(
    pool: &PgPool,
    everybody: Selection<'_>,
    purse: &Purse,
    before: &Before,
    text: Option<&Text>,
) -> sqlx::Result<(Amount, bool)> {
    let audience = preview(pool, &everybody).await?;
    let excludes_foreign =
        purse.leaves_out_foreign(audience.reachable, audience.foreign, before.excludes_foreign);
    let foreign = if excludes_foreign { 0 } else { audience.foreign };
    let people = audience.reachable - audience.foreign + foreign;
    let segments = match (everybody.channel, before.promised.filter(|promised| promised.messages > 0)) {
        (Channel::Email, _) => 0,
        (Channel::Sms, Some(promised)) => in_proportion(promised, people),
        (Channel::Sms, None) => {
            let selection = Selection { excludes_foreign, ..everybody };
            in_proportion(sampled(&page(pool, &selection, &[], SAMPLED_MAX).await?, text), people)
        }
    };
    Ok((Amount { messages: people, segments, foreign }, excludes_foreign))
}

/// What the texts of some people take. People to whom no text can be sent are left out.
fn sampled(people: &[Candidate], text: Option<&Text>) -> Amount {
    let parts = |candidate: &Candidate| {
        let person = candidate.recipient.addressee.get()?;
        let rendered = render(text?, person).ok()?;
        let is_plain = !takes_unicode(&person.address);
        let rendered = if is_plain { rendered.without_unicode() } else { rendered };
        Some(SmsCount::of(&rendered.body).segments as u64)
    };
    let one = |segments| Amount { messages: 1, segments, foreign: 0 };
    people.iter().filter_map(parts).map(one).fold(Amount::default(), |sum, one| sum + one)
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

/// The parts of so many people, from those of others; one each at least if nobody else's are known.
fn in_proportion(known: Amount, people: u64) -> u64 {
    match known.messages {
        0 => people,
        messages => (known.segments * people).div_ceil(messages),
    }
}

async fn before(pool: &PgPool, notification: NotificationId) -> sqlx::Result<Before> {
    let mut connection = pool.acquire().await?;
    let promised = purse::promised(&mut connection, notification).await?;
    let (kind, excludes_foreign): (String, bool) = sqlx::query_as(
        "select recipient_kind, excludes_foreign from send_notifications where notification_id = $1",
    )
    .bind(notification.uuid())
    .fetch_one(&mut *connection)
    .await?;
    let kind = RecipientKind::try_from(kind).map_err(|error| sqlx::Error::Decode(error.into()))?;
    Ok(Before { promised, kind, excludes_foreign })
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
