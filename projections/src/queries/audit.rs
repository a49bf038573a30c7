//! The audit: who did what, when, to whom, with which result.

use chrono::{DateTime, Utc};
use domain::Position;
use domain::value::{CompanyId, DeliveryId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use super::deliveries::positions;
use super::{Page, PageRequest, Person, Scope};
pub use crate::audit::SubjectId;
use crate::page::{Cursor, json_bytes_of, sized};

/// What a summary calls the companies that a worker may act for; the one member that names other companies than the entry's.
const COMPANIES: &str = "companies";

/// An event without personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow, utoipa::ToSchema)]
pub struct AuditEntry {
    /// The event's position.
    pub position: Position,
    /// When the event was committed.
    pub at: DateTime<Utc>,
    /// The user who caused it; none for the system itself.
    #[sqlx(json(nullable))]
    pub actor: Option<Person>,
    /// The event's type, such as `MessageSent`.
    #[sqlx(rename = "type")]
    #[serde(rename = "type")]
    pub kind: String,
    /// The object of the event.
    #[sqlx(json)]
    pub subject: Subject,
    /// The company that the event is about, if there is one.
    pub company_id: Option<Uuid>,
    /// `sms` or `email`, if the event has a channel.
    pub channel: Option<String>,
    /// `done`, or the most serious outcome of the deliveries: `accepted`, `delivered`, `deferred`, `failed`,
    /// `suppressed`, `in_doubt`, `cancelled`; `unreadable` for an event that this program cannot read.
    pub result: String,
    /// The main facts by event type: ids, numbers and words only.
    #[sqlx(json)]
    pub summary: Value,
}

/// The object of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Subject {
    /// `message`, `inbox`, `notification`, `client`, `company`, `user`, `template`, `suppression` or `provider`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id.
    pub id: String,
}

/// Which entries are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only what this user did.
    pub actor: Option<UserId>,
    /// Only what concerns this company.
    pub company: Option<CompanyId>,
    /// Only events of this type.
    pub kind: Option<String>,
    /// Only what was done to the thing with this id; for a delivery, the events about many people that name it.
    pub subject: Option<SubjectId>,
    /// Only deeds: not that messages were seen or read, nor the chunks of audiences, nor how deliveries ended.
    pub hide_receipts: bool,
    /// Only what happened at or after this.
    pub from: Option<DateTime<Utc>>,
    /// Only what happened before this.
    pub to: Option<DateTime<Utc>>,
    /// Whether a caller who may not see every company sees what concerns no company, such as messages between workers, where
    /// it has to do with a worker of a company in scope, or with everybody, as providers and shared templates have.
    pub without_company: bool,
}

/// The entries in scope, newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    pool: &PgPool,
    scope: Scope<'_>,
    filter: &AuditFilter,
    page: &PageRequest,
) -> sqlx::Result<Page<AuditEntry>> {
    let delivery = filter.subject.as_ref().and_then(delivery);
    let positions = match delivery {
        Some(delivery) => Some(positions(pool, delivery).await?),
        None => None,
    };
    let rows = sqlx::query_as::<_, AuditEntry>(&text(filter, delivery.is_some(), page))
        .bind(page.before())
        .bind(page.rows())
        .bind(scope.ids())
        .bind(filter.without_company)
        .bind(filter.actor.map(Uuid::from))
        .bind(filter.company.map(Uuid::from))
        .bind(filter.kind.as_deref())
        .bind(filter.subject.as_ref().and_then(SubjectId::uuid))
        .bind(filter.subject.as_ref().and_then(SubjectId::text))
        .bind(filter.from)
        .bind(filter.to)
        .bind(positions)
        .fetch_all(pool)
        .await?;
    // The page ends by the rows as they were read: their size is what the statement goes by.
    let mut found = page.page(rows, |row| Cursor::at(row.position));
    found.data.iter_mut().for_each(|row| row.leave_out_beyond(scope));
    Ok(found)
}

/// The delivery that a subject is: its id says so.
fn delivery(subject: &SubjectId) -> Option<DeliveryId> {
    subject.uuid().map(DeliveryId::from).filter(|delivery| delivery.ordinal().is_some())
}

impl AuditEntry {
    /// A worker may act for several companies: those out of scope are not named, nor is it told how many there are.
    fn leave_out_beyond(&mut self, scope: Scope<'_>) {
        let Scope::Companies(known) = scope else { return };
        if let Some(companies) = self.summary.get_mut(COMPANIES).and_then(Value::as_array_mut) {
            let known: Vec<String> = known.iter().map(CompanyId::to_string).collect();
            companies.retain(|id| known.iter().any(|company| id == company.as_str()));
        }
    }
}

/// What concerns no company, and has to do with a worker of a company in scope or with everybody. The workers are looked up
/// once a statement, not once an entry.
const OF_NO_COMPANY: &str = "e.company_id is null and (
             e.subject_type in ('provider', 'template')
             or e.actor_id = any(array(select w.user_id from users.users w where w.companies && $3))
             or (e.subject_type = 'user'
                 and e.subject_id = any(array(select w.user_id from users.users w where w.companies && $3))))";

/// Only the conditions that are asked for, so that each filter finds its own index whatever plan is kept.
fn text(filter: &AuditFilter, of_a_delivery: bool, page: &PageRequest) -> String {
    let on =
        |asked: bool, condition: &'static str, absent: &'static str| if asked { condition } else { absent };
    let actor = on(filter.actor.is_some(), "e.actor_id = $5", "$5::uuid is null");
    let company = on(filter.company.is_some(), "e.company_id = $6", "$6::uuid is null");
    let kind = on(filter.kind.is_some(), "e.type = $7", "$7::text is null");
    let subject = match filter.subject {
        _ if of_a_delivery => "e.position = any($12) and ($8::uuid is not null or $9::text is null)",
        None => "$8::uuid is null and $9::text is null",
        Some(SubjectId::Uuid(_)) => "e.subject_id = $8 and $9::text is null",
        Some(SubjectId::Text(_)) => "e.subject_text = $9 and $8::uuid is null",
    };
    let positions = on(!of_a_delivery, "$12::bigint[] is null", "true");
    let deeds = on(filter.hide_receipts, "e.deed", "true");
    let from = on(filter.from.is_some(), "e.at >= $10", "$10::timestamptz is null");
    let to = on(filter.to.is_some(), "e.at < $11", "$11::timestamptz is null");
    // A range of time goes by time, which is the order of the log unless a clock was set back.
    let by_time = filter.from.is_some() || filter.to.is_some();
    let before = on(
        by_time && !page.is_first(),
        "(e.at, e.position) < ((select c.at from audit.audit_entries c where c.position = $1), $1)",
        "e.position < $1",
    );
    let (order, page_order) = if by_time {
        ("e.at desc, e.position desc", "page.at desc, page.position desc")
    } else {
        ("e.position desc", "page.position desc")
    };
    let statement = format!(
        "select e.position, e.at, e.type, e.company_id, e.channel, e.result, e.summary::json,
           case when e.actor_id is not null then json_build_object('id', e.actor_id, 'name', u.name) end as actor,
           json_build_object('type', e.subject_type, 'id', coalesce(e.subject_id::text, e.subject_text)) as subject
         from audit.audit_entries e
         left join users.users u on u.user_id = e.actor_id
         where {before}
           and ($3::uuid[] is null or e.company_id = any($3) or ($4 and {OF_NO_COMPANY}))
           and {actor} and {company} and {kind} and {subject} and {positions} and {deeds} and {from} and {to}
         order by {order}
         limit $2"
    );
    // A user may be given thousands of companies.
    sized(&statement, &json_bytes_of("summary"), page_order)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(summary: Value, scope: Scope<'_>) -> Value {
        let subject = Subject { kind: "user".into(), id: "u".into() };
        let mut entry = AuditEntry {
            position: 1,
            at: DateTime::default(),
            actor: None,
            kind: "UserAccessChanged".into(),
            subject,
            company_id: None,
            channel: None,
            result: "done".into(),
            summary,
        };
        entry.leave_out_beyond(scope);
        entry.summary
    }

    #[test]
    fn of_a_workers_companies_only_those_in_scope_are_named() {
        let [here, there] = [1, 2].map(|id| CompanyId::from(Uuid::from_u128(id)));
        let summary = json!({"roles": ["operator"], "companies": [here, there]});
        let narrowed = |companies: &[CompanyId]| json!({"roles": ["operator"], "companies": companies});
        assert_eq!(shown(summary.clone(), Scope::Companies(&[here])), narrowed(&[here]));
        assert_eq!(shown(summary.clone(), Scope::Companies(&[])), narrowed(&[]));
        assert_eq!(shown(summary.clone(), Scope::All), summary);
        assert_eq!(shown(json!({"token": "t"}), Scope::Companies(&[])), json!({"token": "t"}));
    }
}
