//! The use cases of providers. The rows that sending follows change in the transaction of the events.

use domain::provider::{MoveTraffic, Provider, ProviderCommand, ProviderError};
use domain::value::{Channel, ProviderId, StatedReason};
use serde_json::json;
use sqlx::PgConnection;

use crate::context::CommandContext;
use crate::database::begin;
use crate::log::EventLog;
use crate::outcome::{CommandError, Done};

type Outcome = Result<Done, CommandError<ProviderError>>;

/// Gives a provider no more messages until it is resumed. One that is paused already stays as it is.
///
/// # Errors
/// When the log is not available.
pub async fn pause(
    log: &EventLog,
    (channel, name): (Channel, &str),
    reason: StatedReason,
    context: &CommandContext,
) -> Outcome {
    let command = ProviderCommand::Pause { channel, name: name.to_owned(), reason };
    execute(log, ProviderId::of(channel, name), command, context).await
}

/// Gives a provider messages again.
///
/// # Errors
/// When the log is not available.
pub async fn resume(log: &EventLog, (channel, name): (Channel, &str), context: &CommandContext) -> Outcome {
    let command = ProviderCommand::Resume { channel, name: name.to_owned() };
    execute(log, ProviderId::of(channel, name), command, context).await
}

/// Moves traffic from or to a provider. Of processes that decide the same at once the first is followed.
///
/// # Errors
/// When the log is not available.
pub async fn move_traffic(log: &EventLog, moved: MoveTraffic, context: &CommandContext) -> Outcome {
    let id = ProviderId::of(moved.channel, &moved.name);
    execute(log, id, ProviderCommand::MoveTraffic(moved), context).await
}

/// Whether it is followed or changes nothing, the row says what the stream says: a second command that is decided at the same
/// time meets a conflict, and its row is rolled back with it.
async fn execute(
    log: &EventLog,
    provider: ProviderId,
    command: ProviderCommand,
    context: &CommandContext,
) -> Outcome {
    log.once(context, || async {
        let drafts = log.decide::<Provider>(&provider.to_string(), command.clone(), context).await?;
        let is_new = !drafts.is_empty();
        let ready = log.ready(drafts, context, &json!({})).await?;
        let mut tx = begin(log.pool()).await?;
        if is_new {
            switch(&mut tx, provider, &command).await?;
        }
        fail::fail_point!("provider::before_commit", |_| std::process::abort());
        log.commit(tx, &ready, context).await
    })
    .await
}

async fn switch(tx: &mut PgConnection, provider: ProviderId, command: &ProviderCommand) -> sqlx::Result<()> {
    match command {
        ProviderCommand::Pause { .. } => set_paused(tx, provider, true).await,
        ProviderCommand::Resume { .. } => set_paused(tx, provider, false).await,
        ProviderCommand::MoveTraffic(moved) => set_share(tx, provider, moved).await,
    }
}

async fn set_paused(tx: &mut PgConnection, provider: ProviderId, is_paused: bool) -> sqlx::Result<()> {
    sqlx::query(
        "insert into provider_switches (provider_id, is_paused) values ($1, $2)
         on conflict (provider_id) do update set is_paused = excluded.is_paused",
    )
    .bind(provider.uuid())
    .bind(is_paused)
    .execute(tx)
    .await?;
    Ok(())
}

async fn set_share(tx: &mut PgConnection, provider: ProviderId, moved: &MoveTraffic) -> sqlx::Result<()> {
    sqlx::query(
        "insert into provider_switches (provider_id, share, moved_at, slow_after_ms, late_above_percent)
         values ($1, $2, $3, $4, $5)
         on conflict (provider_id) do update
         set share = excluded.share, moved_at = excluded.moved_at, slow_after_ms = excluded.slow_after_ms,
             late_above_percent = excluded.late_above_percent",
    )
    .bind(provider.uuid())
    .bind(i32::from(moved.to.percent()))
    .bind(moved.at)
    .bind(moved.slow_after_ms.map(|ms| i32::try_from(ms).unwrap_or(i32::MAX)))
    .bind(moved.late_above_percent.map(i32::from))
    .execute(tx)
    .await?;
    Ok(())
}
