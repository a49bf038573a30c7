//! The use cases of users. Credentials change in the same transaction as the events.

use domain::user::{RegisterUser, User, UserChange, UserCommand, UserError};
use domain::value::{EmailAddress, UserId};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::clock;
use crate::context::CommandContext;
use crate::database::begin;
use crate::log::{Draft, EventLog};
use crate::outcome::{CommandError, Done};

/// Why a command about a user is refused.
#[derive(Debug, thiserror::Error)]
pub enum UserRefusal {
    /// By the rules of users.
    #[error(transparent)]
    Rule(#[from] UserError),
    /// Another user logs in with that address.
    #[error("the e-mail address is taken")]
    EmailTaken,
}

type Outcome = Result<Done, CommandError<UserRefusal>>;

/// Gives a worker a login. `password_hash` is in PHC format and never enters an event.
///
/// # Errors
/// [`UserRefusal`] for a taken address or no role.
pub async fn register(
    log: &EventLog,
    order: RegisterUser,
    password_hash: &str,
    context: &CommandContext,
    answer: &Value,
) -> Outcome {
    let (user, index) = (order.user, email_index(log, &order.email));
    let command = UserCommand::Register(order);
    log.once(context, || async {
        let drafts = decide(log, user, command.clone(), context).await?;
        let ready = log.ready(drafts, context, answer).await?;
        let mut tx = begin(log.pool()).await?;
        sqlx::query("insert into credentials (user_id, email_index, password_hash) values ($1, $2, $3)")
            .bind(Uuid::from(user))
            .bind(&index)
            .bind(password_hash)
            .execute(&mut *tx)
            .await
            .map_err(email_taken)?;
        log.commit(tx, &ready, context).await
    })
    .await
}

/// Changes the given fields of a user. With a new password or a disabled login the user's sessions end; with a disabled
/// login also the tokens, for good.
///
/// # Errors
/// [`UserRefusal`] for a taken address, no role, or an unknown user.
pub async fn change(
    log: &EventLog,
    user: UserId,
    mut change: UserChange,
    password_hash: Option<&str>,
    context: &CommandContext,
) -> Outcome {
    change.password = password_hash.is_some();
    let credentials = Credentials {
        email: change.email.as_ref().map(|email| email_index(log, email)),
        password_hash,
        active: change.active,
    };
    log.once(context, || async {
        let drafts = decide(log, user, UserCommand::Change(change.clone()), context).await?;
        let ready = log.ready(drafts, context, &json!({})).await?;
        let mut tx = begin(log.pool()).await?;
        credentials.update(&mut tx, user).await.map_err(email_taken)?;
        credentials.revoke(&mut tx, user).await?;
        log.commit(tx, &ready, context).await
    })
    .await
}

/// The changes of a login; absent fields stay.
struct Credentials<'a> {
    email: Option<Vec<u8>>,
    password_hash: Option<&'a str>,
    active: Option<bool>,
}

impl Credentials<'_> {
    async fn update(&self, tx: &mut PgConnection, user: UserId) -> sqlx::Result<()> {
        sqlx::query(
            "update credentials set email_index = coalesce($2, email_index),
               password_hash = coalesce($3, password_hash), active = coalesce($4, active)
             where user_id = $1",
        )
        .bind(Uuid::from(user))
        .bind(&self.email)
        .bind(self.password_hash)
        .bind(self.active)
        .execute(tx)
        .await?;
        Ok(())
    }

    /// Ends the sessions, and the tokens of a disabled login.
    async fn revoke(&self, tx: &mut PgConnection, user: UserId) -> sqlx::Result<()> {
        let (user, is_disabled) = (Uuid::from(user), self.active == Some(false));
        if self.password_hash.is_some() || is_disabled {
            sqlx::query("delete from sessions where user_id = $1").bind(user).execute(&mut *tx).await?;
        }
        if is_disabled {
            sqlx::query("delete from api_tokens where user_id = $1").bind(user).execute(tx).await?;
        }
        Ok(())
    }
}

/// Gives a program a token that acts as a user. Only the token's SHA-256 is kept.
///
/// # Errors
/// [`UserRefusal`] for an unknown or disabled user.
pub async fn issue_token(
    log: &EventLog,
    user: UserId,
    token_hash: &[u8],
    context: &CommandContext,
) -> Outcome {
    let token = clock::new_id();
    log.once(context, || async {
        let drafts = decide(log, user, UserCommand::IssueToken { token }, context).await?;
        let ready = log.ready(drafts, context, &json!({})).await?;
        let mut tx = begin(log.pool()).await?;
        sqlx::query(
            "insert into api_tokens (token_id, token_hash, user_id, created_at) values ($1, $2, $3, $4)",
        )
        .bind(token)
        .bind(token_hash)
        .bind(Uuid::from(user))
        .bind(clock::now())
        .execute(&mut *tx)
        .await?;
        log.commit(tx, &ready, context).await
    })
    .await
}

/// The user who logs in with an address.
///
/// # Errors
/// When the database does not answer.
pub async fn find_by_email(log: &EventLog, email: &EmailAddress) -> sqlx::Result<Option<UserId>> {
    let user: Option<Uuid> = sqlx::query_scalar("select user_id from credentials where email_index = $1")
        .bind(email_index(log, email))
        .fetch_optional(log.pool())
        .await?;
    Ok(user.map(UserId::from))
}

/// The blind index of a log-in address.
pub fn email_index(log: &EventLog, email: &EmailAddress) -> Vec<u8> {
    log.keys().blind_index(&email.normalized())
}

async fn decide(
    log: &EventLog,
    user: UserId,
    command: UserCommand,
    context: &CommandContext,
) -> Result<Vec<Draft>, CommandError<UserRefusal>> {
    log.decide::<User>(&user.to_string(), command, context)
        .await
        .map_err(|error| error.map_refusal(Into::into))
}

fn email_taken(error: sqlx::Error) -> CommandError<UserRefusal> {
    match error.as_database_error().and_then(|error| error.constraint()) {
        Some("email_is_taken") => CommandError::Refused(UserRefusal::EmailTaken),
        _ => error.into(),
    }
}
