//! Messages to people about limits and approvals. Their author is the system.

mod approvals;
mod keeper;

use chrono::{DateTime, Utc};
use commands::clock;
use commands::log::{AppendError, Draft, EventLog, Metadata, metadata};
use commands::purse::{self, Moment, Without};
use domain::company::{ALERTS, Company, CompanyProfile, Limit, Measure, OverLimit, Taken, alert_at};
use domain::message::{Addressed, Message, MessageCommand, RECIPIENTS_MAX, SendMessage};
use domain::notification::Addressee;
use domain::rendering::render;
use domain::value::{Channel, CompanyId, MessageBody, MessageId, Priority, TimeZone, UserId};
use sqlx::PgPool;
use uuid::Uuid;

pub(crate) use self::keeper::Notices;
use crate::request::Request;
use crate::tasks::settle::{SettleError, Settler};

/// The author of messages that nobody wrote.
const SYSTEM: Uuid = Uuid::nil();
/// How much of a notification's text names it, in characters.
const TITLE_CHARS_MAX: usize = 60;

/// A part of a limit of which people are to be told.
#[derive(Debug, Clone)]
struct Alert {
    /// The company's name.
    company: String,
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
        let alert = |(limit, measure, max)| reached(&profile.name, (limit, measure, max), &taken, of);
        alerts.extend(limits.into_iter().filter_map(alert));
    }
    Ok(alerts)
}

fn reached(
    company: &str,
    (limit, measure, max): (Limit, Measure, u64),
    taken: &Taken,
    of: Moment,
) -> Option<Alert> {
    let used = taken.of(measure);
    let (period_begins, _) = measure.period.around(of.now, of.zone);
    let alert = |percent| Alert { company: company.to_owned(), limit, period_begins, percent, used, max };
    alert_at(used, max).map(alert)
}

/// One message, of the highest part. It and what is remembered of it are committed together.
async fn tell(
    settler: &Settler,
    company: CompanyId,
    alert: Alert,
    now: DateTime<Utc>,
) -> Result<(), SettleError> {
    let notice = Notice::to_all(&settler.pool, company, alert.text(), Priority::Normal).await?;
    let Some(draft) = message(notice, now)? else { return Ok(()) };
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
    log: &EventLog,
    company: CompanyId,
    request: &Request,
    over: OverLimit,
    now: DateTime<Utc>,
) -> Result<Option<Draft>, SettleError> {
    let loaded = log.reader().load::<Company>(&company.to_string()).await?.state;
    let profile = loaded.profile().cloned().unwrap_or_default();
    let text = paused_text(&profile, title(request).as_deref(), request.requested_at, over);
    Ok(message(Notice::to_all(log.pool(), company, text, Priority::High).await?, now)?)
}

fn paused_text(
    company: &CompanyProfile,
    title: Option<&str>,
    requested_at: DateTime<Utc>,
    over: OverLimit,
) -> String {
    let OverLimit { limit, max, taken, asked } = over;
    let requested_at = moment(company, requested_at);
    let title = title.map(|title| format!(" «{title}»")).unwrap_or_default();
    let (company, limit) = (&company.name, name(limit));
    format!(
        "La notificación{title} de {company}, solicitada el {requested_at}, quedó en pausa: habría pasado del límite de \
         {limit} de la empresa. Límite: {max}. Usados o comprometidos: {taken}. Necesarios: {asked}. Suba el límite y \
         reanúdela, o cancélela."
    )
}

/// By the company's clocks: `01/12/2026 a las 08:00`.
fn moment(company: &CompanyProfile, at: DateTime<Utc>) -> String {
    let zone: TimeZone = company.time_zone.parse().unwrap_or_default();
    at.with_timezone(&zone.rules()).format("%d/%m/%Y a las %H:%M").to_string()
}

/// The subject of a notification or the first words of its text, without anybody's data; none if it cannot be read.
fn title(request: &Request) -> Option<String> {
    let text = request.text.as_ref()?.as_ref().ok()?;
    let nobody = text.completed(Addressee::nobody(), |_| String::new());
    let rendered = render(text, &nobody).ok()?;
    let words = rendered.subject.unwrap_or(rendered.body);
    Some(shortened(&words.split_whitespace().collect::<Vec<_>>().join(" ")))
}

fn shortened(words: &str) -> String {
    match words.char_indices().nth(TITLE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", words[..end].trim_end()),
        None => words.to_owned(),
    }
}

impl Alert {
    fn text(&self) -> String {
        let Self { company, limit, percent, used, max, .. } = self;
        let more = if used >= max { " Las notificaciones que lo pasen se rechazan." } else { "" };
        format!("{company} ha usado el {percent} % de su límite de {}: {used} de {max}.{more}", name(*limit))
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
        Limit::SmsPerSecond => "SMS por segundo",
        Limit::EmailsPerSecond => "correos por segundo",
    }
}

/// What people of a company are told.
struct Notice {
    company: CompanyId,
    recipients: Vec<UserId>,
    /// As whom they are told.
    addressed: Addressed,
    text: String,
    priority: Priority,
}

impl Notice {
    /// To the active users of a company, and the administrators.
    async fn to_all(
        pool: &PgPool,
        company: CompanyId,
        text: String,
        priority: Priority,
    ) -> sqlx::Result<Self> {
        let addressed = Addressed { company: Some(company), ..Addressed::default() };
        Ok(Self { company, recipients: people(pool, company).await?, addressed, text, priority })
    }
}

/// The message that tells it; none if there is nobody.
fn message(notice: Notice, at: DateTime<Utc>) -> Result<Option<Draft>, AppendError> {
    let Notice { company, recipients, addressed, text, priority } = notice;
    let Ok(body) = MessageBody::try_from(text.as_str()) else { return Ok(None) };
    let message = MessageId::from(clock::new_id());
    let send = SendMessage {
        message,
        author: UserId::from(SYSTEM),
        recipients,
        addressed,
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
            let (company, period_begins) = ("Vigía Andina".to_owned(), DateTime::UNIX_EPOCH);
            Alert { company, limit: Limit::SmsPerDay, period_begins, percent, used, max: 100 }.text()
        };
        assert_eq!(alert(83, 80), "Vigía Andina ha usado el 80 % de su límite de SMS por día: 83 de 100.");
        assert!(alert(100, 100).ends_with("Las notificaciones que lo pasen se rechazan."));
    }

    #[test]
    fn a_long_title_is_cut_between_characters() {
        assert_eq!(shortened("Corte de energía"), "Corte de energía");
        let cut = shortened(&"ñ".repeat(TITLE_CHARS_MAX + 1));
        assert_eq!(cut, format!("{}…", "ñ".repeat(TITLE_CHARS_MAX)));
    }
}
