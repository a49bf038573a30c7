//! `mensajeria deliveries list|show|retry|discard|resolve`: deliveries over all notifications, and their dead letters.

mod resolve;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use commands::dead_letters::{self, NewAddress, Retry};
use commands::log::EventLog;
use commands::{CommandContext, CommandError, clock};
use domain::deliveries::DeliveryState;
use domain::value::{
    AddressKind, Channel, ClientId, CompanyId, CountryCode, DeliveryId, EmailAddress, PhoneNumber,
    StatedReason,
};
use projections::queries::deliveries::search::{InFlight, ListedDelivery, SearchFilter, addressed, search};
use projections::queries::deliveries::{Owner, ShownState, delivery, owners};
use projections::queries::{Page, PageRequest, Scope};
use serde_json::{Value, json};

use super::target::{CONNECTIONS, Target};
use super::{CliError, Exit, Global, print};
use crate::config::Config;

/// The commands for deliveries.
#[derive(Debug, Subcommand)]
pub(super) enum DeliveriesCommand {
    /// List deliveries, the newest notification first; `--state failed` are the dead letters
    List(ListArgs),
    /// Show one delivery with its attempts
    Show {
        /// The delivery
        id: DeliveryId,
    },
    /// Send failed deliveries again
    Retry {
        /// The deliveries
        #[arg(required = true)]
        ids: Vec<DeliveryId>,
        /// Why
        #[arg(long)]
        reason: StatedReason,
        /// Another address, for one delivery
        #[arg(long, value_name = "ADDRESS")]
        to: Option<String>,
        /// Give the client's contact that address too
        #[arg(long, requires = "to")]
        update_client: bool,
    },
    /// Say that failed deliveries are not sent again
    Discard {
        /// The deliveries
        #[arg(required = true)]
        ids: Vec<DeliveryId>,
        /// Why
        #[arg(long)]
        reason: StatedReason,
    },
    /// End the doubt about a delivery by a decision
    Resolve(resolve::ResolveArgs),
}

/// Which deliveries are listed.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Only of this company
    #[arg(long, value_name = "ID")]
    company: Option<CompanyId>,
    /// Only to this client
    #[arg(long, value_name = "ID")]
    client: Option<ClientId>,
    /// Only to this address: an e-mail address, or a number such as +573001234567
    #[arg(long, value_name = "ADDRESS")]
    to: Option<String>,
    /// Only in this state, such as failed
    #[arg(long)]
    state: Option<ShownState>,
    /// Only failed ones that were discarded
    #[arg(long)]
    discarded: bool,
    /// Only with this kind of failure, such as permanent_address
    #[arg(long)]
    class: Option<String>,
    /// Only those whose last attempt was by this provider
    #[arg(long)]
    provider: Option<String>,
    /// sms or email
    #[arg(long)]
    channel: Option<Channel>,
    /// Only of notifications requested at or after this time, such as 2026-01-31T15:00:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<DateTime<Utc>>,
    /// Only of notifications requested before this time
    #[arg(long, value_name = "TIME")]
    to_time: Option<DateTime<Utc>>,
    /// How many, at most 200
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=200))]
    limit: i64,
    /// Go on after the page whose `next` this is
    #[arg(long, value_name = "NEXT")]
    after: Option<String>,
}

pub(super) async fn run(
    global: &Global,
    config: Config,
    command: DeliveriesCommand,
) -> Result<Exit, CliError> {
    let target = Target::find(global, &config, false).await?;
    let log = target.log(CONNECTIONS).await?;
    let exit = match command {
        DeliveriesCommand::List(args) => list(&log, args, global.json).await?,
        DeliveriesCommand::Show { id } => show(&log, id, global.json).await?,
        DeliveriesCommand::Retry { ids, reason, to, update_client } => {
            let new_address = to.as_deref().map(address).transpose()?;
            if new_address.is_some() && ids.len() > 1 {
                return Err(CliError::usage("--to is for one delivery"));
            }
            each(&log, &ids, global.json, async |owner, id| {
                let new_address = match &new_address {
                    Some(to) => Some(self::new_address(&log, owner, to, update_client).await?),
                    None => None,
                };
                retry(&log, owner, id, &reason, new_address.as_ref()).await
            })
            .await?
        }
        DeliveriesCommand::Discard { ids, reason } => {
            each(&log, &ids, global.json, async |owner, id| discard(&log, owner, id, &reason).await).await?
        }
        DeliveriesCommand::Resolve(args) => resolve::run(&log, &args, global.json).await?,
    };
    drop(log);
    target.close().await?;
    Ok(exit)
}

async fn list(log: &EventLog, args: ListArgs, json: bool) -> Result<Exit, CliError> {
    let sending = [ShownState::Sending, ShownState::At(DeliveryState::Pending)];
    let in_flight = match args.state {
        Some(state) if sending.contains(&state) => in_flight(log).await?,
        _ => InFlight::default(),
    };
    let page = PageRequest::parse(Some(args.limit), args.after.as_deref());
    let page = page.map_err(|_| CliError::usage("--after is no `next` of a list"))?;
    let filter = SearchFilter {
        company: args.company,
        client: args.client,
        to: args.to.as_deref().map(address).transpose()?,
        state: args.state,
        discarded: args.discarded,
        class: args.class,
        provider: args.provider,
        channel: args.channel,
        from: args.from,
        to_time: args.to_time,
    };
    let found = search(log.reader(), Scope::All, &filter, &in_flight, &page).await;
    let found = found.map_err(CliError::failed)?;
    print::result(json, &found, || lines(&found));
    Ok(Exit::Done)
}

/// How many of what is in flight a list looks through.
const IN_FLIGHT_MAX: usize = 10_000;

async fn in_flight(log: &EventLog) -> Result<InFlight, CliError> {
    Ok(InFlight {
        sending: dispatcher::tasks::all_sending(log.pool(), IN_FLIGHT_MAX).await?,
        open: dispatcher::tasks::open_notifications(log.pool(), IN_FLIGHT_MAX).await?,
    })
}

/// A line for each delivery, in columns for `cut` and `awk`, and the next page.
fn lines(page: &Page<ListedDelivery>) -> String {
    let line = |row: &ListedDelivery| {
        let last = row.delivery.attempts.last();
        let word = |text: Option<&str>| text.unwrap_or("-").to_owned();
        [
            row.delivery.id.to_string(),
            row.notification.created_at.to_rfc3339(),
            if row.delivery.discarded { "discarded" } else { row.delivery.state.as_str() }.to_owned(),
            word(last.and_then(|attempt| attempt.class.as_deref())),
            word(last.and_then(|attempt| attempt.provider.as_deref())),
            word(row.delivery.to.as_deref()),
        ]
        .join("\t")
    };
    let next = page.next.iter().map(|next| format!("next: {next}"));
    page.data.iter().map(line).chain(next).collect::<Vec<_>>().join("\n")
}

async fn show(log: &EventLog, id: DeliveryId, json: bool) -> Result<Exit, CliError> {
    let row = delivery(log.reader(), Scope::All, id).await.map_err(CliError::failed)?;
    let row = row.ok_or_else(|| CliError::refused("there is no such delivery"))?;
    let shown = serde_json::to_value(&row).map_err(CliError::failed)?;
    print::result(json, &shown, || serde_json::to_string_pretty(&shown).unwrap_or_default());
    Ok(Exit::Done)
}

/// Does something to each delivery. What a rule refuses is told at the end, and hurts no other.
async fn each(
    log: &EventLog,
    ids: &[DeliveryId],
    json: bool,
    act: impl AsyncFn(Owner, DeliveryId) -> Result<(), CliError>,
) -> Result<Exit, CliError> {
    let owners = owners(log.pool(), Scope::All, ids).await?;
    let (mut done, mut refused) = (Vec::new(), Vec::new());
    for (id, owner) in ids.iter().zip(owners) {
        let acted = match owner {
            Some(owner) => act(owner, *id).await,
            None => Err(CliError::refused("there is no such delivery")),
        };
        match acted {
            Ok(()) => done.push(id.to_string()),
            Err(CliError::Refused(why)) => refused.push(json!({ "id": id.to_string(), "detail": why })),
            Err(error) => return Err(error),
        }
    }
    let exit = match (done.is_empty(), refused.is_empty()) {
        (_, true) => Exit::Done,
        (true, false) => Exit::Refused,
        (false, false) => Exit::InPart,
    };
    let result = json!({ "done": done, "refused": refused });
    print::result(json, &result, || told(&result));
    Ok(exit)
}

fn told(result: &Value) -> String {
    let refused = result["refused"].as_array().into_iter().flatten();
    let line = |one: &Value| {
        let [id, detail] = ["id", "detail"].map(|name| one[name].as_str().unwrap_or_default());
        format!("{id}: {detail}")
    };
    let done = result["done"].as_array().map_or(0, Vec::len);
    std::iter::once(format!("done: {done}")).chain(refused.map(line)).collect::<Vec<_>>().join("\n")
}

async fn retry(
    log: &EventLog,
    owner: Owner,
    id: DeliveryId,
    reason: &StatedReason,
    new_address: Option<&NewAddress>,
) -> Result<(), CliError> {
    let order = Retry {
        notification: owner.notification,
        company: owner.company,
        ordinals: id.ordinal().into_iter().collect(),
        reason: Some(reason.clone()),
        at: clock::now(),
    };
    let retried = dead_letters::retry(log, &order, new_address, &CommandContext::of_system()).await;
    retried.map(drop).map_err(CliError::from)
}

async fn discard(
    log: &EventLog,
    owner: Owner,
    id: DeliveryId,
    reason: &StatedReason,
) -> Result<(), CliError> {
    let Owner { notification, company } = owner;
    let ordinal = id.ordinal().ok_or_else(|| CliError::refused("there is no such delivery"))?;
    let context = CommandContext::of_system();
    let discarded =
        dead_letters::discard(log, company, notification, ordinal, reason.clone(), &context).await;
    discarded.map(drop).map_err(|error: CommandError<_>| error.into())
}

async fn new_address(
    log: &EventLog,
    owner: Owner,
    to: &str,
    updates_client: bool,
) -> Result<NewAddress, CliError> {
    let addressed = addressed(log.reader(), owner.notification, to).await.map_err(CliError::failed)?;
    Ok(NewAddress { address: to.to_owned(), updates_client, addressed })
}

/// With its plus sign a number is the same in every country.
fn address(to: &str) -> Result<String, CliError> {
    let found = match AddressKind::of(to) {
        AddressKind::Email => EmailAddress::try_new(to).ok().map(EmailAddress::into_string),
        AddressKind::Phone => PhoneNumber::parse(to, CountryCode::default())
            .ok()
            .filter(|_| to.starts_with('+'))
            .map(PhoneNumber::into_string),
    };
    found.ok_or_else(|| {
        CliError::usage("--to is neither an e-mail address nor a number such as +573001234567")
    })
}
