//! The use cases of clients. External ids change in the same transaction as the events.

mod import;

use domain::client::{Client, ClientChange, ClientCommand, ClientError, Contact, RegisterClient};
use domain::value::{Channel, ClientId, CompanyId, ExternalId, SuppressionId, comparable};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

pub use self::import::{FileClient, Imported, import_page};
use crate::context::CommandContext;
use crate::database::begin;
use crate::log::{Draft, EventLog};
use crate::outcome::{CommandError, Done};
use crate::suppressions::SuppressedAddress;

/// Why a command about a client is refused.
#[derive(Debug, thiserror::Error)]
pub enum ClientRefusal {
    /// By the rules of clients.
    #[error(transparent)]
    Rule(#[from] ClientError),
    /// Another client of the company has that external id.
    #[error("the external id is taken")]
    ExternalIdTaken,
}

type Outcome = Result<Done, CommandError<ClientRefusal>>;

/// Registers a client. `answer` is stored as the first answer for its idempotency key.
///
/// # Errors
/// [`ClientRefusal`] for a taken external id or too many contacts.
pub async fn register(
    log: &EventLog,
    order: RegisterClient,
    context: &CommandContext,
    answer: &Value,
) -> Outcome {
    let (client, company) = (order.client, order.company);
    let context = &context.clone().about(company);
    let external = order.details.profile.external_id.clone();
    let command = ClientCommand::Register(order);
    log.once(context, || async {
        let drafts = decide(log, client, command.clone(), context).await?;
        let ready = log.ready(drafts, context, answer).await?;
        let mut tx = begin(log.pool()).await?;
        name(&mut tx, log, company, client, external.as_deref()).await?;
        log.commit(tx, &ready, context).await
    })
    .await
}

/// Changes the given fields of a client; absent ones stay.
///
/// # Errors
/// [`ClientRefusal`] for a taken external id, too many contacts, or a client that is unknown or erased.
pub async fn change(
    log: &EventLog,
    company: CompanyId,
    client: ClientId,
    change: ClientChange,
    context: &CommandContext,
) -> Outcome {
    let context = &context.clone().about(company);
    let external = change.external_id.clone();
    let command = ClientCommand::Change(change);
    log.once(context, || async {
        let drafts = decide(log, client, command.clone(), context).await?;
        let ready = log.ready(drafts, context, &json!({})).await?;
        let mut tx = begin(log.pool()).await?;
        if let Some(external) = &external {
            unname(&mut tx, client).await?;
            name(&mut tx, log, company, client, external.as_deref()).await?;
        }
        log.commit(tx, &ready, context).await
    })
    .await
}

/// Erases a person with all contacts. The key is destroyed in the transaction of the event, so that the history cannot
/// be read any more.
///
/// # Errors
/// [`ClientError::Unknown`] for a client that was never registered.
pub async fn erase(
    log: &EventLog,
    company: CompanyId,
    client: ClientId,
    context: &CommandContext,
) -> Outcome {
    let context = &context.clone().about(company);
    let suppressions = suppressions_of(log, client).await?;
    let done = log
        .once(context, || async {
            let drafts = decide(log, client, ClientCommand::Erase, context).await?;
            let ready = log.ready(drafts, context, &json!({})).await?;
            let mut tx = begin(log.pool()).await?;
            unname(&mut tx, client).await?;
            forget_retried(&mut tx, client).await?;
            log.keys().destroy_in(&mut tx, client.into()).await?;
            for suppression in &suppressions {
                log.keys().destroy_in(&mut tx, (*suppression).into()).await?;
            }
            log.commit(tx, &ready, context).await
        })
        .await?;
    // After the commit, because another task may have cached the key again before it.
    log.keys().forget(client.into());
    suppressions.iter().for_each(|suppression| log.keys().forget((*suppression).into()));
    Ok(done)
}

/// The suppressions of the addresses of a client, in force or not: they stay in force after an erasure, without the address.
async fn suppressions_of(
    log: &EventLog,
    client: ClientId,
) -> Result<Vec<SuppressionId>, CommandError<ClientRefusal>> {
    let loaded = log.reader().load::<Client>(&client.to_string()).await?;
    let Some(served) = loaded.state.served() else { return Ok(Vec::new()) };
    let contacts = served.profile.get().map(|profile| profile.contacts.as_slice()).unwrap_or_default();
    let of = |contact: &Contact| {
        let address = |channel: &Channel| {
            let address = contact.address(channel.rules().address)?.to_owned();
            Some(SuppressedAddress { company: served.company, channel: *channel, address }.id(log))
        };
        Channel::ALL.iter().filter_map(address).collect::<Vec<_>>()
    };
    Ok(contacts.iter().flat_map(of).collect())
}

/// The client as of the log, with its company; none if it is unknown or erased.
///
/// # Errors
/// When the log cannot be read.
pub async fn served(
    log: &EventLog,
    client: ClientId,
) -> Result<Option<domain::client::Served>, CommandError<ClientError>> {
    Ok(log.reader().load::<Client>(&client.to_string()).await?.state.served().cloned())
}

/// The clients of a company with these external ids, in the same order; none for an external id that no client has.
///
/// # Errors
/// When the database does not answer.
pub async fn with_external_ids(
    log: &EventLog,
    company: CompanyId,
    external_ids: &[ExternalId],
) -> sqlx::Result<Vec<Option<ClientId>>> {
    let indexes: Vec<_> = external_ids.iter().map(|id| external_index(log, id.as_str())).collect();
    let found: Vec<Option<Uuid>> = sqlx::query_scalar(
        "select e.client_id from unnest($2::bytea[]) with ordinality as asked (external_index, place)
         left join client_external_ids e on e.company_id = $1 and e.external_index = asked.external_index
         order by asked.place",
    )
    .bind(Uuid::from(company))
    .bind(indexes)
    .fetch_all(log.pool())
    .await?;
    Ok(found.into_iter().map(|client| client.map(ClientId::from)).collect())
}

async fn name(
    tx: &mut PgConnection,
    log: &EventLog,
    company: CompanyId,
    client: ClientId,
    external: Option<&str>,
) -> Result<(), CommandError<ClientRefusal>> {
    let Some(external) = external else { return Ok(()) };
    sqlx::query(
        "insert into client_external_ids (company_id, external_index, client_id) values ($1, $2, $3)",
    )
    .bind(Uuid::from(company))
    .bind(external_index(log, external))
    .bind(Uuid::from(client))
    .execute(tx)
    .await
    .map_err(external_id_taken)?;
    Ok(())
}

async fn unname(tx: &mut PgConnection, client: ClientId) -> sqlx::Result<()> {
    sqlx::query("delete from client_external_ids where client_id = $1")
        .bind(Uuid::from(client))
        .execute(tx)
        .await?;
    Ok(())
}

async fn forget_retried(tx: &mut PgConnection, client: ClientId) -> sqlx::Result<()> {
    sqlx::query("delete from retried_addresses where client_id = $1")
        .bind(Uuid::from(client))
        .execute(tx)
        .await?;
    Ok(())
}

/// The blind index of an external id: equal for external ids that look equal.
fn external_index(log: &EventLog, external: &str) -> Vec<u8> {
    log.keys().blind_index(&comparable(external))
}

async fn decide(
    log: &EventLog,
    client: ClientId,
    command: ClientCommand,
    context: &CommandContext,
) -> Result<Vec<Draft>, CommandError<ClientRefusal>> {
    log.decide::<Client>(&client.to_string(), command, context)
        .await
        .map_err(|error| error.map_refusal(Into::into))
}

fn external_id_taken(error: sqlx::Error) -> CommandError<ClientRefusal> {
    match error.as_database_error().and_then(|error| error.constraint()) {
        Some("external_id_is_taken") => CommandError::Refused(ClientRefusal::ExternalIdTaken),
        _ => error.into(),
    }
}
