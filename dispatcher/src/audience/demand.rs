//! How many people a notification reaches when its time has come, and what it takes of its company's purse: by the audience
//! and the limits of that moment.

use std::time::Duration;

use chrono::{DateTime, Utc};
use commands::purse::{self, Moment, Without};
use domain::company::{Amount, Company, CompanyLimits, CompanyProfile, Limit, Purse, Taken};
use domain::notification::{Asks, Notification};
use domain::rendering::{Text, render};
use domain::value::sms::{SmsCount, takes_unicode};
use domain::value::{Channel, NotificationId, RecipientKind, TimeZone};
use projections::queries::audience::{Candidate, Selection, page, preview, reaches_abroad};
use sqlx::{PgConnection, PgPool};
use tokio::time::{Instant, sleep};

use super::begin::Due;
use super::open::has_clients_up_to;
use super::resolver::{BEHIND_POLL, ResolveError, Resolver};

/// How many people's texts are rendered to estimate the parts of all, where the request promised none.
const SAMPLED_MAX: usize = 500;
/// How long a beginning waits for the view of clients before others have their turn.
const VIEW_WAIT_MAX: Duration = Duration::from_secs(2);

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

/// The audience of a notification when its time has come, as far as a limit of its company counts it.
#[derive(Default)]
pub(super) struct Measured {
    /// How many people it would reach; 0 if nothing counts them.
    pub(super) people: u64,
    /// Above how many people the company wants an approval.
    pub(super) approval_above: Option<u64>,
    /// What it takes of the purse, if that counts it.
    pub(super) demand: Option<Demand>,
}

impl Resolver {
    /// Counts what the limits of the company count by now. Whether one counted when it was requested does not matter.
    pub(super) async fn measure(
        &self,
        due: &Due,
        life: &Notification,
        now: DateTime<Utc>,
    ) -> Result<Measured, ResolveError> {
        let Some(channel) = life.channel() else { return Ok(Measured::default()) };
        let company = self.log.reader().load::<Company>(&due.company.to_string()).await?.state;
        let Some(profile) = company.profile() else { return Ok(Measured::default()) };
        let approval_above = profile.limits.get(Limit::ApprovalAbove);
        if approval_above.is_none() && profile.limits.of_purse(channel).next().is_none() {
            return Ok(Measured::default());
        }
        let request = self.requests.get((due.notification, 1)).await?;
        if request.only_to.is_some() {
            return Ok(Measured::default());
        }
        self.await_clients().await?;
        let before = before(&self.pool, due.notification).await?;
        let everybody = Selection {
            company: due.company,
            channel,
            kind: before.kind,
            filter: &request.filter,
            home: profile.country.parse().unwrap_or_default(),
            excludes_foreign: false,
        };
        let text = request.text.as_ref().and_then(|text| text.as_ref().ok());
        let demand = self.demand(due, profile, everybody, &before, text, now).await?;
        let people = match (&demand, approval_above) {
            (Some(demand), _) => demand.amount.messages,
            (None, Some(_)) => preview(&self.pool, &everybody).await?.reachable,
            (None, None) => 0,
        };
        Ok(Measured { people, approval_above, demand })
    }

    /// Waits until the view of clients contains everything in the log at the time of the call: clients imported a moment ago count.
    async fn await_clients(&self) -> Result<(), ResolveError> {
        let head = self.log.reader().head().await?;
        let until = Instant::now() + VIEW_WAIT_MAX;
        while !has_clients_up_to(&self.pool, head).await? {
            if Instant::now() >= until {
                return Err(ResolveError::Behind);
            }
            sleep(BEHIND_POLL).await;
        }
        Ok(())
    }

    /// None for a notification for which no limit of the purse counts.
    async fn demand(
        &self,
        due: &Due,
        profile: &CompanyProfile,
        everybody: Selection<'_>,
        before: &Before,
        text: Option<&Text>,
        now: DateTime<Utc>,
    ) -> Result<Option<Demand>, ResolveError> {
        let (channel, limits) = (everybody.channel, profile.limits.clone());
        let has_purse = limits.of_purse(channel).next().is_some();
        let is_counted = has_purse
            && (before.promised.is_some()
                || limits.count_everybody(channel)
                || reaches_abroad(&self.pool, &everybody).await?);
        if !is_counted {
            return Ok(None);
        }
        let zone: TimeZone = profile.time_zone.parse().unwrap_or_default();
        let of = Moment { company: due.company, zone, channel, begins_at: now, now };
        let own = Without::Own(due.notification);
        let taken = purse::taken(&mut *self.pool.acquire().await?, &of, own).await?;
        let purse = Purse { limits, taken };
        let (amount, excludes_foreign) = amount_of(&self.pool, everybody, &purse, before, text).await?;
        Ok(Some(Demand { limits: purse.limits, of, amount, taken, excludes_foreign }))
    }
}

/// What an audience takes of a purse, and whether numbers of other countries are left out of it.
async fn amount_of(
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
