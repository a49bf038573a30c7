//! Those in whose names is measured: workers with tokens, and companies with clients.

use std::collections::BTreeSet;
use std::time::Duration;

use commands::log::EventLog;
use commands::{CommandContext, clients, clock, companies, users};
use domain::client::{ClientProfile, Contact};
use domain::company::CompanyDetails;
use domain::user::RegisterUser;
use domain::value::{CompanyId, ContactKind, Locale, Role, TimeZone, UserId};
use projections::{Projection, wait_for};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Outcome;
use super::measure::at_once;
use crate::cli::CliError;

/// How many workers are registered at once, and pages of clients imported.
const AT_ONCE: usize = 4;
/// How many clients a page of the import has.
const PAGE: usize = 500;
/// How long the projections may take to show what was prepared.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(1_800);
/// Nobody logs in with it.
const NO_PASSWORD: &str = "none";

/// A worker, and the token that acts as the worker.
#[derive(Debug, Clone)]
pub(super) struct Worker {
    pub(super) id: UserId,
    pub(super) token: String,
}

/// Registers administrators, each with a token.
pub(super) async fn workers(log: &EventLog, count: usize) -> Outcome<Vec<Worker>> {
    let new = || UserId::from(clock::new_id());
    let workers: Vec<_> =
        (0..count).map(|_| new()).map(|id| Worker { id, token: format!("bench-{id}") }).collect();
    at_once(AT_ONCE, workers.clone(), |worker| register(log.clone(), worker)).await?;
    Ok(workers)
}

async fn register(log: EventLog, worker: Worker) -> Outcome<()> {
    let order = RegisterUser {
        user: worker.id,
        name: "Trabajadora de prueba".parse().map_err(CliError::failed)?,
        email: format!("{}@bench.test", worker.id).parse().map_err(CliError::failed)?,
        roles: BTreeSet::from([Role::Admin]),
        companies: BTreeSet::new(),
    };
    let context = CommandContext::of_system();
    users::register(&log, order, NO_PASSWORD, &context, &Value::Null).await.map_err(CliError::failed)?;
    let hash = Sha256::digest(worker.token.as_bytes());
    users::issue_token(&log, worker.id, &hash, &context).await.map_err(CliError::failed)?;
    Ok(())
}

/// Takes on a company with so many clients, each with one contact, one number and one address.
pub(super) async fn company(log: &EventLog, clients: usize) -> Outcome<CompanyId> {
    let company = CompanyId::from(clock::new_id());
    let details = CompanyDetails {
        name: "Vigilancia de prueba".parse().map_err(CliError::failed)?,
        country: "CO".parse().map_err(CliError::failed)?,
        time_zone: "America/Bogota".parse().map_err(CliError::failed)?,
    };
    let context = CommandContext::of_system();
    companies::register(log, company, details, &context).await.map_err(CliError::failed)?;
    let pages = (0..clients).step_by(PAGE).map(|from| from..clients.min(from + PAGE));
    at_once(AT_ONCE, pages, |page| import(log.clone(), company, page)).await?;
    Ok(company)
}

async fn import(log: EventLog, company: CompanyId, page: std::ops::Range<usize>) -> Outcome<()> {
    let locale: Locale = "es-CO".parse().map_err(CliError::failed)?;
    let time_zone: TimeZone = "America/Bogota".parse().map_err(CliError::failed)?;
    let profiles = page.map(profile).collect();
    let context = CommandContext::of_system();
    clients::import_page(&log, company, profiles, (locale, time_zone), false, &context)
        .await
        .map_err(CliError::failed)?;
    Ok(())
}

fn profile(number: usize) -> ClientProfile {
    let name = format!("Clienta número {number}");
    let contact = Contact {
        kind: ContactKind::Holder,
        name: name.clone(),
        phone: Some(format!("+57300{number:07}")),
        email: Some(format!("clienta{number}@bench.test")),
    };
    ClientProfile { external_id: Some(format!("B-{number}")), name, contacts: vec![contact] }
}

/// Waits until every projection shows what the log has now.
pub(super) async fn caught_up(log: &EventLog) -> Outcome<()> {
    let head = log.reader().head().await?;
    wait_for(log.pool(), &Projection::ALL, head, CATCH_UP_TIMEOUT).await.map_err(CliError::failed)
}
