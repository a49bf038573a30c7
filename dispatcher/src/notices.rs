//! Messages to the people of a company about its limits. Their author is the system.

use chrono::{DateTime, Utc};
use commands::clock;
use commands::log::{AppendError, Draft, Metadata, metadata};
use commands::purse::{self, Moment, Without};
use domain::company::{ALERTS, Company, Limit, Measure, OverLimit, Taken, alert_at};
use domain::message::{Addressed, Message, MessageCommand, RECIPIENTS_MAX, SendMessage};
use domain::value::{Channel, CompanyId, MessageBody, MessageId, Priority, TimeZone, UserId};
use sqlx::PgPool;
use uuid::Uuid;

use crate::tasks::settle::{SettleError, Settler};

/// The author of messages that nobody wrote.
const SYSTEM: Uuid = Uuid::nil();

/// A part of a limit of which people are to be told.
#[derive(Debug, Clone, Copy)]
struct Alert {
    limit: Limit,
    period_begins: DateTime<Utc>,
    percent: u64,
    used: u64,
    max: u64,
}

/// Tells the people of these companies of the parts of their limits that are reached, once each period.
pub(crate) async fn alert_all(
    settler: &Settler,
    companies: &[CompanyId],
    now: DateTime<Utc>,
) -> Result<(), SettleError> {
    let mut told = Ok(());
    for company in companies {
        // One company that cannot be read does not hold up the others.
        if let Err(error) = alert(settler, *company, now).await {
            told = Err(error);
        }
    }
    told
}

async fn alert(settler: &Settler, company: CompanyId, now: DateTime<Utc>) -> Result<(), SettleError> {
    for alert in due(settler, company, now).await? {
        tell(settler, company, alert, now).await?;
    }
    Ok(())
}

/// The highest part of each limit that is reached.
async fn due(settler: &Settler, company: CompanyId, now: DateTime<Utc>) -> Result<Vec<Alert>, SettleError> {
    let loaded = settler.log.reader().load::<Company>(&company.to_string()).await?;
    let Some(profile) = loaded.state.profile() else { return Ok(Vec::new()) };
    let zone: TimeZone = profile.time_zone.parse().unwrap_or_default();
    let mut alerts = Vec::new();
    for channel in Channel::ALL.iter().copied() {
        let limits: Vec<_> = profile.limits.of_purse(channel).collect();
        if limits.is_empty() {
            continue;
        }
        let of = Moment { company, zone, channel, begins_at: now, now };
        let taken = purse::taken(&mut *settler.pool.acquire().await?, &of, Without::Promises).await?;
        let alert = |(limit, measure, max)| reached(limit, measure, max, &taken, of);
        alerts.extend(limits.into_iter().filter_map(alert));
    }
    Ok(alerts)
}

fn reached(limit: Limit, measure: Measure, max: u64, taken: &Taken, of: Moment) -> Option<Alert> {
    let used = taken.of(measure);
    let (period_begins, _) = measure.period.around(of.now, of.zone);
    alert_at(used, max).map(|percent| Alert { limit, period_begins, percent, used, max })
}

/// One message, of the highest part. It and what is remembered of it are committed together.
async fn tell(
    settler: &Settler,
    company: CompanyId,
    alert: Alert,
    now: DateTime<Utc>,
) -> Result<(), SettleError> {
    let Some(draft) = message(&settler.pool, company, &alert.text(), Priority::Normal, now).await? else {
        return Ok(());
    };
    let sealed = settler.log.writer().seal(vec![draft], None).await?;
    let mut tx = commands::begin(&settler.pool).await?;
    let reached: Vec<i32> = ALERTS
        .into_iter()
        .filter(|percent| *percent <= alert.percent)
        .map(|percent| percent as i32)
        .collect();
    let limit = (alert.limit, alert.max);
    let new = purse::remember_alerts(&mut tx, company, limit, alert.period_begins, &reached).await?;
    if !new.contains(&(alert.percent as i32)) {
        return Ok(tx.commit().await?);
    }
    let appended = settler.log.writer().append_in(&mut tx, &sealed).await?;
    tx.commit().await?;
    settler.log.writer().committed_in(&sealed, appended);
    Ok(())
}

/// That a notification is paused because of a limit; none if the company has no people.
pub(crate) async fn paused(
    pool: &PgPool,
    company: CompanyId,
    over: OverLimit,
    now: DateTime<Utc>,
) -> Result<Option<Draft>, AppendError> {
    let OverLimit { limit, max, taken, asked } = over;
    let text = format!(
        "Una notificación programada quedó en pausa: habría pasado del límite de {} de la empresa. Límite: {max}. \
         Usados o comprometidos: {taken}. Necesarios: {asked}. Suba el límite y reanúdela, o cancélela.",
        name(limit)
    );
    message(pool, company, &text, Priority::High, now).await
}

impl Alert {
    fn text(&self) -> String {
        let Self { limit, percent, used, max, .. } = *self;
        let more = if used >= max { " Las notificaciones que lo pasen se rechazan." } else { "" };
        format!("La empresa ha usado el {percent} % de su límite de {}: {used} de {max}.{more}", name(limit))
    }
}

/// In the language of the screens' default.
const fn name(limit: Limit) -> &'static str {
    match limit {
        Limit::ApprovalAbove => "personas sin aprobación",
        Limit::SmsPerDay => "SMS por día",
        Limit::SmsPerMonth => "SMS por mes",
        Limit::EmailsPerDay => "correos por día",
        Limit::EmailsPerMonth => "correos por mes",
        Limit::SegmentsPerDay => "segmentos de SMS por día",
        Limit::SegmentsPerMonth => "segmentos de SMS por mes",
        Limit::ForeignPerDay => "SMS al extranjero por día",
        Limit::PerRecipientPerHour => "mensajes por hora a una dirección",
    }
}

/// A message to the active users of a company and to the administrators; none if there is nobody.
async fn message(
    pool: &PgPool,
    company: CompanyId,
    text: &str,
    priority: Priority,
    at: DateTime<Utc>,
) -> Result<Option<Draft>, AppendError> {
    let recipients = people(pool, company).await?;
    let Ok(body) = MessageBody::try_from(text) else { return Ok(None) };
    let message = MessageId::from(clock::new_id());
    let send = SendMessage {
        message,
        author: UserId::from(SYSTEM),
        recipients,
        addressed: Addressed { company: Some(company), ..Addressed::default() },
        body,
        priority,
        acknowledge: false,
        in_reply_to: None,
        at,
    };
    let Ok(events) = Message::default().decide(MessageCommand::Send(send)) else { return Ok(None) };
    let metadata = Metadata::from([(metadata::COMPANY.to_owned(), company.to_string())]);
    let draft = |event| Draft::of("message", message.to_string(), 1, event, metadata.clone());
    Ok(events.first().map(draft).transpose()?)
}

async fn people(pool: &PgPool, company: CompanyId) -> sqlx::Result<Vec<UserId>> {
    let people: Vec<Uuid> = sqlx::query_scalar(
        "select user_id from users.users
         where active and ($1 = any(companies) or 'admin' = any(roles))
         order by user_id limit $2",
    )
    .bind(company.uuid())
    .bind(RECIPIENTS_MAX as i64)
    .fetch_all(pool)
    .await?;
    Ok(people.into_iter().map(UserId::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_which_limit_is_used_how_far() {
        let alert = |used, percent| {
            let period_begins = DateTime::UNIX_EPOCH;
            Alert { limit: Limit::SmsPerDay, period_begins, percent, used, max: 100 }.text()
        };
        assert_eq!(alert(83, 80), "La empresa ha usado el 80 % de su límite de SMS por día: 83 de 100.");
        assert!(alert(100, 100).ends_with("Las notificaciones que lo pasen se rechazan."));
    }
}
