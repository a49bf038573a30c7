//! The demo data of `mensajeria dev`: three companies with clients, a user of every role, and a few messages.

mod clients;
mod companies;
mod people;

use commands::log::EventLog;
use commands::{CommandContext, Idempotency, clock, messages, notifications, users};
use domain::message::{Addressed, SendMessage};
use domain::notification::{AudienceFilter, Content, RequestNotification};
use domain::user::{RegisterUser, UserChange};
use domain::value::{
    Category, EmailBody, Locale, MessageBody, NotificationId, Priority, RecipientKind, Subject, UserId,
};
use serde_json::json;
use uuid::Uuid;

pub use self::companies::{COMPANIES, DemoCompany};
pub(crate) use self::people::logins;
use self::people::{PEOPLE, Person};
use crate::access::{hash_password, verify_password};

/// How many clients each company has.
const CLIENTS_EACH: usize = 80;

/// Why the demo data could not be made.
#[derive(Debug, thiserror::Error)]
#[error("failed to make the demo data: {0}")]
pub struct DemoError(Box<dyn std::error::Error + Send + Sync>);

impl DemoError {
    fn of(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(error.into())
    }
}

/// Creates the missing demo data and sets the users' password to `password`. Started again after a crash, it continues.
/// The notification is only sent if `notify`: demo data never leaves through a configured provider.
///
/// # Errors
/// When the log is unavailable.
pub async fn seed(log: &EventLog, password: &str, notify: bool) -> Result<(), DemoError> {
    let hash = hash_password(password).map_err(DemoError::of)?;
    let (administrator, others) = PEOPLE.split_last().expect("the demo has people");
    // The administrator is created last, so everything else exists too.
    if login_of(log, administrator).await?.is_none() {
        let ids = seed_data(log, others, &hash).await?;
        if let [operator, second, notifier, ..] = ids[..] {
            seed_messages(log, operator, second, notifier).await?;
            if notify {
                send_notification(log, notifier).await?;
            }
        }
        seed_person(log, administrator, &hash).await?;
    }
    for person in &PEOPLE {
        set_password(log, person, password, &hash).await?;
    }
    Ok(())
}

async fn seed_data(log: &EventLog, people: &[Person], hash: &str) -> Result<Vec<UserId>, DemoError> {
    for company in &COMPANIES {
        seed_company(log, company).await?;
    }
    let mut ids = Vec::new();
    for person in people {
        ids.push(seed_person(log, person, hash).await?);
    }
    Ok(ids)
}

async fn seed_messages(
    log: &EventLog,
    operator: UserId,
    second: UserId,
    notifier: UserId,
) -> Result<(), DemoError> {
    greet(
        log,
        second,
        operator,
        "Buenos días. El panel 4 de Ferretería Núñez quedó en prueba hasta las 18:00.",
    )
    .await?;
    greet(log, notifier, operator, "Se avisó a los clientes del mantenimiento de esta noche.").await
}

async fn login_of(log: &EventLog, person: &Person) -> Result<Option<UserId>, DemoError> {
    let email = person.email.parse().map_err(DemoError::of)?;
    users::find_by_email(log, &email).await.map_err(DemoError::of)
}

/// Sets the password of a user unless it is right already: the printed password must work, whatever it was at the last
/// start.
async fn set_password(log: &EventLog, person: &Person, password: &str, hash: &str) -> Result<(), DemoError> {
    let Some(user) = login_of(log, person).await? else { return Ok(()) };
    let now: Option<String> = sqlx::query_scalar("select password_hash from credentials where user_id = $1")
        .bind(Uuid::from(user))
        .fetch_optional(log.pool())
        .await
        .map_err(DemoError::of)?;
    if now.is_some_and(|now| verify_password(password, &now)) {
        return Ok(());
    }
    let change = UserChange::default();
    users::change(log, user, change, Some(hash), &CommandContext::of_system())
        .await
        .map_err(DemoError::of)?;
    Ok(())
}

async fn seed_company(log: &EventLog, company: &DemoCompany) -> Result<(), DemoError> {
    let context = CommandContext::of_system();
    if commands::companies::profile(log, company.id()).await.map_err(DemoError::of)?.is_none() {
        commands::companies::register(log, company.id(), company.details(), &context)
            .await
            .map_err(DemoError::of)?;
    }
    let page = (0..CLIENTS_EACH).map(|n| clients::client(company, n).into()).collect();
    let defaults = (Locale::default(), company.details().time_zone);
    commands::clients::import_page(log, company.id(), page, defaults, false, &context)
        .await
        .map_err(DemoError::of)?;
    Ok(())
}

async fn seed_person(log: &EventLog, person: &Person, password_hash: &str) -> Result<UserId, DemoError> {
    if let Some(known) = login_of(log, person).await? {
        return Ok(known);
    }
    let user = UserId::from(clock::new_id());
    let order = RegisterUser {
        user,
        name: person.name.parse().map_err(DemoError::of)?,
        email: person.email.parse().map_err(DemoError::of)?,
        phone: None,
        roles: person.roles.iter().copied().collect(),
        companies: COMPANIES.iter().take(person.companies).map(DemoCompany::id).collect(),
    };
    users::register(log, order, password_hash, &CommandContext::of_system(), &json!({}))
        .await
        .map_err(DemoError::of)?;
    Ok(user)
}

async fn greet(log: &EventLog, from: UserId, to: UserId, body: &str) -> Result<(), DemoError> {
    let order = SendMessage {
        message: clock::new_id().into(),
        author: from,
        recipients: vec![to],
        addressed: Addressed { users: vec![to], ..Addressed::default() },
        body: MessageBody::try_new(body).map_err(DemoError::of)?,
        priority: Priority::Normal,
        acknowledge: false,
        in_reply_to: None,
        at: clock::now(),
    };
    messages::send(log, order, &once(log, from, body), &json!({})).await.map_err(DemoError::of)?;
    Ok(())
}

/// The context of a command that runs once, although the data is made again after a crash.
fn once(log: &EventLog, author: UserId, what: &str) -> CommandContext {
    let same = Idempotency::new(log.keys(), author, what, &[]);
    CommandContext { idempotency: Some(same), ..CommandContext::of_user(author) }
}

/// Sends one e-mail notification to the first company, some of whose addresses bounce.
async fn send_notification(log: &EventLog, author: UserId) -> Result<(), DemoError> {
    let body = "Estimado cliente:\n\nEsta noche entre las 01:00 y las 03:00 haremos mantenimiento en la central de \
                monitoreo. Su alarma seguirá protegiéndolo.\n\nVigía Andina";
    let request = RequestNotification {
        notification: NotificationId::from(clock::new_id()),
        company: COMPANIES[0].id(),
        recipient_kind: RecipientKind::Holder,
        category: Category::Service,
        content: Content::Email {
            subject: Subject::try_new("Mantenimiento programado").map_err(DemoError::of)?,
            body: EmailBody::try_new(body).map_err(DemoError::of)?,
        },
        template: None,
        only_to: None,
        filter: AudienceFilter::default(),
        expires_at: None,
        schedule_at: None,
        hold_seconds: 0,
        people: 0,
        approval_above: None,
        excludes_foreign: false,
        asks: None,
        author,
        at: clock::now(),
    };
    notifications::request(log, request, &once(log, author, body), &json!({}))
        .await
        .map_err(DemoError::of)?;
    Ok(())
}
