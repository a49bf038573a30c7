//! `mensajeria deliveries resolve`: ends the doubt about a delivery.

use clap::Args;
use commands::doubts::{self, ResolveDoubts};
use commands::log::EventLog;
use commands::{CommandContext, clock};
use domain::deliveries::{Resolution, ResolvedBy};
use domain::value::{DeliveryId, StatedReason};
use serde_json::json;

use crate::cli::{CliError, Exit, print};

/// The delivery and the decision.
#[derive(Debug, Args)]
pub(in crate::cli) struct ResolveArgs {
    /// The id of the delivery
    id: DeliveryId,
    /// accepted, delivered, resend (it was not sent: send it again) or discard (give it up: never send it again)
    #[arg(long)]
    outcome: Resolution,
    /// How that was found out, or why it is given up; it is kept with the decision
    #[arg(long)]
    reason: StatedReason,
}

pub(in crate::cli) async fn run(log: &EventLog, args: &ResolveArgs, json: bool) -> Result<Exit, CliError> {
    let position = resolve(log, args).await?;
    let ResolveArgs { id, outcome, .. } = args;
    print::result(json, &json!({ "id": id, "outcome": outcome, "position": position }), || {
        format!("delivery {id}: {outcome}")
    });
    Ok(Exit::Done)
}

async fn resolve(log: &EventLog, args: &ResolveArgs) -> Result<i64, CliError> {
    let place = doubts::place(log, args.id).await?;
    let place = place.ok_or_else(|| CliError::refused(format!("there is no delivery {}", args.id)))?;
    let order = ResolveDoubts {
        notification: place.notification,
        company: place.company,
        chunk: place.ordinal.chunk(),
        members: place.ordinal.member().into(),
        resolution: args.outcome,
        by: ResolvedBy::Person,
        reason: Some(args.reason.clone()),
        at: clock::now(),
    };
    let done = doubts::resolve(log, &order, &CommandContext::of_system()).await?;
    Ok(done.position())
}
