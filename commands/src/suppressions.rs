//! The use cases of suppressions. The rows that sending asks change in the transaction of the events.

use domain::suppression::{
    AddSuppression, Suppression, SuppressionCause, SuppressionCommand, SuppressionError,
};
use domain::value::{Channel, CompanyId, StatedReason, SuppressionId};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::{Builder, Uuid};

use crate::context::CommandContext;
use crate::database::begin;
use crate::log::EventLog;
use crate::outcome::{CommandError, Done};

type Outcome = Result<Done, CommandError<SuppressionError>>;

/// How many bytes a UUID has.
const ID_BYTES: usize = 16;

/// An address of a company's clients on a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuppressedAddress {
    /// For which company.
    pub company: CompanyId,
    /// On which channel.
    pub channel: Channel,
    /// The address: a number in E.164, or an e-mail address.
    pub address: String,
}

impl SuppressedAddress {
    /// The blind index of the address, as contacts have it.
    pub fn index(&self, log: &EventLog) -> Vec<u8> {
        log.keys().blind_index(&self.channel.rules().address.comparable(&self.address))
    }

    /// The id of its suppression: a UUIDv8 (RFC 9562, section 5.8) of a keyed hash, so that an address is suppressed once.
    pub fn id(&self, log: &EventLog) -> SuppressionId {
        let index = self.index(log);
        let of = [self.company.uuid().as_bytes(), self.channel.as_str().as_bytes(), &index].concat();
        let mut id = [0; ID_BYTES];
        id.copy_from_slice(&log.keys().sign(&of)[..ID_BYTES]);
        Builder::from_custom_bytes(id).into_uuid().into()
    }
}

/// Sends nothing to an address any more. One that is suppressed already stays as it is, unless the cause is a stronger one. `answer` is stored as the first
/// answer for its idempotency key.
///
/// # Errors
/// When the log is not available.
pub async fn add(
    log: &EventLog,
    suppressed: &SuppressedAddress,
    cause: SuppressionCause,
    note: Option<StatedReason>,
    context: &CommandContext,
    answer: &Value,
) -> Outcome {
    let id = suppressed.id(log);
    let context = &context.clone().about(suppressed.company);
    let SuppressedAddress { company, channel, address } = suppressed.clone();
    let add = AddSuppression { suppression: id, company, channel, address, cause, note };
    log.once(context, || async {
        let command = SuppressionCommand::Add(add.clone());
        let drafts = log.decide::<Suppression>(&id.to_string(), command, context).await?;
        let is_new = !drafts.is_empty();
        let ready = log.ready(drafts, context, answer).await?;
        let mut tx = begin(log.pool()).await?;
        if is_new {
            insert(&mut tx, log, id, suppressed).await?;
        }
        log.commit(tx, &ready, context).await
    })
    .await
}

/// Lifts a suppression. One that is lifted already stays as it is.
///
/// # Errors
/// [`SuppressionError::Unknown`] for one that never was.
pub async fn remove(
    log: &EventLog,
    company: CompanyId,
    suppression: SuppressionId,
    reason: StatedReason,
    context: &CommandContext,
) -> Outcome {
    let context = &context.clone().about(company);
    log.once(context, || async {
        let command = SuppressionCommand::Remove { suppression, reason: reason.clone() };
        let drafts = log.decide::<Suppression>(&suppression.to_string(), command, context).await?;
        let ready = log.ready(drafts, context, &json!({})).await?;
        let mut tx = begin(log.pool()).await?;
        sqlx::query("delete from suppressed_addresses where suppression_id = $1")
            .bind(Uuid::from(suppression))
            .execute(&mut *tx)
            .await?;
        log.commit(tx, &ready, context).await
    })
    .await
}

/// The company of a suppression, by the log; none if there never was one.
///
/// # Errors
/// When the log cannot be read.
pub async fn company(
    log: &EventLog,
    suppression: SuppressionId,
) -> Result<Option<CompanyId>, CommandError<SuppressionError>> {
    Ok(log.reader().load::<Suppression>(&suppression.to_string()).await?.state.company())
}

async fn insert(
    tx: &mut PgConnection,
    log: &EventLog,
    id: SuppressionId,
    suppressed: &SuppressedAddress,
) -> sqlx::Result<()> {
    sqlx::query(
        "with next as (update suppression_numbers set number = number + 1 returning number)
         insert into suppressed_addresses (company_id, channel, address_index, suppression_id, number)
         select $1, $2, $3, $4, number from next
         on conflict do nothing",
    )
    .bind(suppressed.company.uuid())
    .bind(suppressed.channel.as_str())
    .bind(suppressed.index(log))
    .bind(Uuid::from(id))
    .execute(tx)
    .await?;
    Ok(())
}
