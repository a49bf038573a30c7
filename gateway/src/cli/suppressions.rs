//! `mensajeria suppressions list|add|remove`: the addresses to which nothing is sent.

use clap::Subcommand;
use commands::log::EventLog;
use commands::suppressions::{self, SuppressedAddress};
use commands::{CommandContext, companies};
use domain::suppression::SuppressionCause;
use domain::value::{Channel, CompanyId, StatedReason, SuppressionId};
use projections::queries::companies::{countries, list as list_companies};
use projections::queries::suppressions::{SuppressionFilter, SuppressionRow, list};
use projections::queries::{PageRequest, Scope};
use serde_json::json;

use super::target::{CONNECTIONS, Target};
use super::{CliError, Exit, Global, print};
use crate::api::{canonical_address, sought_in};
use crate::config::Config;
use crate::problem::Problem;

/// How many are read at once.
const PAGE: i64 = 200;

/// The commands for suppressions.
#[derive(Debug, Subcommand)]
pub(super) enum SuppressionsCommand {
    /// Print them, newest first, a line each: id, company, channel, address, reason, time. With --json an object a line
    List {
        /// Only of this company
        #[arg(long, value_name = "ID")]
        company: Option<CompanyId>,
        /// sms or email
        #[arg(long)]
        channel: Option<Channel>,
        /// opt_out, bounce, complaint or manual
        #[arg(long)]
        reason: Option<SuppressionCause>,
        /// Only of this address: an e-mail address, or a number, in national or international form
        #[arg(long)]
        address: Option<String>,
    },
    /// Send nothing to an address of a company any more
    Add {
        /// The company that sends nothing to it; may be left out if there is one only
        #[arg(long, value_name = "ID")]
        company: Option<CompanyId>,
        /// sms or email
        #[arg(long)]
        channel: Channel,
        /// A number, in national or international form, or an e-mail address
        #[arg(long)]
        address: String,
        /// opt_out, bounce, complaint or manual
        #[arg(long, default_value = "manual")]
        reason: SuppressionCause,
        /// A remark
        #[arg(long)]
        note: Option<StatedReason>,
    },
    /// Send to an address again
    Remove {
        /// The suppression, as `list` prints it
        id: SuppressionId,
        /// Why
        #[arg(long)]
        reason: StatedReason,
    },
}

pub(super) async fn run(
    global: &Global,
    config: Config,
    command: SuppressionsCommand,
) -> Result<Exit, CliError> {
    let target = Target::find(global, &config, false).await?;
    let log = target.log(CONNECTIONS).await?;
    match command {
        SuppressionsCommand::List { company, channel, reason, address } => {
            let addresses = sought(&log, company, address).await?;
            let filter = SuppressionFilter { company, channel, cause: reason, addresses };
            print_all(&log, &filter, global.json).await?;
        }
        SuppressionsCommand::Add { company, channel, address, reason, note } => {
            let company = match company {
                Some(company) => company,
                None => only_company(&log).await?,
            };
            let suppressed = suppressed(&log, company, channel, &address).await?;
            add(&log, &suppressed, reason, note, global.json).await?;
        }
        SuppressionsCommand::Remove { id, reason } => remove(&log, id, reason, global.json).await?,
    }
    drop(log);
    target.close().await?;
    Ok(Exit::Done)
}

async fn sought(
    log: &EventLog,
    company: Option<CompanyId>,
    address: Option<String>,
) -> Result<Option<Vec<String>>, CliError> {
    let Some(address) = address else { return Ok(None) };
    let countries = countries(log.pool(), Scope::All, company).await.map_err(CliError::failed)?;
    let refused = |reason| CliError::of_problem(&Problem::of_field("/address", reason));
    sought_in(&address, &countries).map(Some).map_err(refused)
}

/// Page by page: there may be a million.
async fn print_all(log: &EventLog, filter: &SuppressionFilter, json: bool) -> Result<(), CliError> {
    let mut after = None;
    loop {
        let page = PageRequest::parse(Some(PAGE), after.as_deref()).map_err(CliError::failed)?;
        let page = list(log.reader(), Scope::All, filter, &page).await.map_err(CliError::failed)?;
        for row in &page.data {
            print::result(json, row, || line(row));
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// An erased person's address is a dash.
fn line(row: &SuppressionRow) -> String {
    let address = row.address.as_deref().unwrap_or("-");
    let SuppressionRow { id, company_id, channel, reason, added_at, .. } = row;
    format!("{id}\t{company_id}\t{channel}\t{address}\t{reason}\t{}", added_at.to_rfc3339())
}

async fn only_company(log: &EventLog) -> Result<CompanyId, CliError> {
    let page = PageRequest::parse(Some(2), None).map_err(CliError::failed)?;
    let companies = list_companies(log.pool(), Scope::All, &page).await.map_err(CliError::failed)?;
    match &companies.data[..] {
        [only] => Ok(only.id.into()),
        _ => Err(CliError::refused("name the company with --company: there is not one only".to_owned())),
    }
}

async fn suppressed(
    log: &EventLog,
    company: CompanyId,
    channel: Channel,
    address: &str,
) -> Result<SuppressedAddress, CliError> {
    if companies::profile(log, company).await?.is_none() {
        return Err(CliError::refused(format!("there is no company {company}")));
    }
    let address = canonical_address(log, company, channel, ("/address", address)).await;
    let address = address.map_err(|problem| CliError::of_problem(&problem))?;
    Ok(SuppressedAddress { company, channel, address })
}

async fn add(
    log: &EventLog,
    suppressed: &SuppressedAddress,
    reason: SuppressionCause,
    note: Option<StatedReason>,
    json: bool,
) -> Result<(), CliError> {
    let id = suppressed.id(log);
    suppressions::add(log, suppressed, reason, note, &CommandContext::of_system(), &json!({})).await?;
    dispatcher::tasks::stop_suppressed(log.pool()).await?;
    print::result(json, &json!({ "id": id }), || format!("suppression {id} is in force"));
    Ok(())
}

async fn remove(log: &EventLog, id: SuppressionId, reason: StatedReason, json: bool) -> Result<(), CliError> {
    let company = suppressions::company(log, id).await?;
    let company = company.ok_or_else(|| CliError::refused(format!("there is no suppression {id}")))?;
    suppressions::remove(log, company, id, reason, &CommandContext::of_system()).await?;
    print::result(json, &json!({ "id": id }), || format!("suppression {id} is lifted"));
    Ok(())
}
