//! `mensajeria user add|password|token|disable`: users, and tokens for programs.

use std::collections::BTreeSet;
use std::io::BufRead;

use clap::Subcommand;
use commands::log::EventLog;
use commands::{CommandContext, clock, companies, users};
use domain::user::{RegisterUser, UserChange};
use domain::value::{CompanyId, EmailAddress, Name, Role, UserId};
use serde_json::json;

use super::target::Target;
use super::{CliError, Exit, Global, print};
use crate::access::{Token, hash_password};
use crate::config::Config;
use crate::extract::{FromText, Password};

/// The commands for users.
#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Create a user; the password is one line of standard input
    Add {
        /// The worker's name
        #[arg(long)]
        name: Name,
        /// The address that the worker logs in with
        #[arg(long)]
        email: EmailAddress,
        /// operator, notifier, auditor or admin; may be repeated
        #[arg(long = "role", required = true)]
        roles: Vec<Role>,
        /// A company the worker may act for; may be repeated
        #[arg(long = "company")]
        companies: Vec<CompanyId>,
    },
    /// Set a user's password, one line of standard input; the user's sessions end
    Password {
        /// The user's e-mail address
        #[arg(long)]
        email: EmailAddress,
    },
    /// Create a token with which a program acts as a user; it is shown once
    Token {
        /// The user's e-mail address
        #[arg(long)]
        email: EmailAddress,
    },
    /// Disable a user's login and end the sessions and tokens for good; enabled again, the user needs new tokens
    Disable {
        /// The user's e-mail address
        #[arg(long)]
        email: EmailAddress,
    },
}

pub(super) async fn run(global: &Global, config: Config, command: UserCommand) -> Result<Exit, CliError> {
    let target = Target::find(global, &config, false).await?;
    let log = target.log(super::target::CONNECTIONS).await?;
    match command {
        UserCommand::Add { name, email, roles, companies } => {
            let order = RegisterUser {
                user: clock::new_id().into(),
                name,
                email,
                phone: None,
                roles: roles.into_iter().collect::<BTreeSet<_>>(),
                companies: companies.into_iter().collect(),
            };
            add(&log, order, global.json).await?;
        }
        UserCommand::Password { email } => password(&log, &email, global.json).await?,
        UserCommand::Token { email } => token(&log, &email, global.json).await?,
        UserCommand::Disable { email } => disable(&log, &email, global.json).await?,
    }
    drop(log);
    target.close().await?;
    Ok(Exit::Done)
}

async fn add(log: &EventLog, order: RegisterUser, json: bool) -> Result<(), CliError> {
    refuse_unknown_companies(log, &order).await?;
    let hash = new_password_hash()?;
    let user = order.user;
    users::register(log, order, &hash, &CommandContext::of_system(), &json!({})).await?;
    print::result(json, &json!({ "id": user }), || format!("user {user} was added"));
    Ok(())
}

/// As in the API: a worker of an unknown company would see nothing without a reason.
async fn refuse_unknown_companies(log: &EventLog, order: &RegisterUser) -> Result<(), CliError> {
    for company in &order.companies {
        if companies::profile(log, *company).await?.is_none() {
            return Err(CliError::refused(format!("there is no company {company}")));
        }
    }
    Ok(())
}

async fn password(log: &EventLog, email: &EmailAddress, json: bool) -> Result<(), CliError> {
    let user = known(log, email).await?;
    let hash = new_password_hash()?;
    users::change(log, user, UserChange::default(), Some(&hash), &CommandContext::of_system()).await?;
    print::result(json, &json!({ "id": user }), || format!("user {user} has another password"));
    Ok(())
}

/// The hash of the password on the one line of standard input.
fn new_password_hash() -> Result<String, CliError> {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.map_err(|error| CliError::File("standard input".into(), error))?;
    let password = Password::from_text(line.trim_end_matches(['\r', '\n'])).map_err(|_| {
        CliError::refused(format!(
            "a password has {} to {} characters, none of them a control character",
            Password::MIN_CHARS,
            Password::MAX_CHARS
        ))
    })?;
    hash_password(password.as_str()).map_err(CliError::failed)
}

async fn token(log: &EventLog, email: &EmailAddress, json: bool) -> Result<(), CliError> {
    let user = known(log, email).await?;
    let token = Token::generate().map_err(CliError::failed)?;
    let hash = token.hash();
    users::issue_token(log, user, hash.as_bytes(), &CommandContext::of_system()).await?;
    print::result(json, &json!({ "token": token.as_str() }), || token.as_str().to_owned());
    Ok(())
}

async fn disable(log: &EventLog, email: &EmailAddress, json: bool) -> Result<(), CliError> {
    let user = known(log, email).await?;
    let change = UserChange { active: Some(false), ..UserChange::default() };
    users::change(log, user, change, None, &CommandContext::of_system()).await?;
    print::result(json, &json!({ "id": user }), || format!("user {user} is disabled"));
    Ok(())
}

async fn known(log: &EventLog, email: &EmailAddress) -> Result<UserId, CliError> {
    let user = users::find_by_email(log, email).await?;
    user.ok_or_else(|| CliError::Refused("no user logs in with that address".to_owned()))
}
