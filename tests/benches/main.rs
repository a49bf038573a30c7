//! `cargo bench -p tests`: the program beside its peers and limits, measured in one run on servers of its own.
//!
//! The program under test is the release executable in a process of its own. The bench drives it over HTTP and the
//! command line, and reads its memory and CPU time from `/proc`.

mod appender;
mod audience;
mod bare;
mod campaign;
mod deliveries;
mod dev;
mod executable;
mod http;
mod inbox;
mod live;
mod long_log;
mod memory;
mod messages;
mod people;
mod rebuild;
mod receipts;
mod recovery;
mod relay;
mod scale;
mod sealing;
mod serve;
mod sink;
mod snapshot;
mod start;
mod stock;
mod suppressions;
mod templates;
mod urgent;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use tests::measurements::{self, Machine, Outcome, Row};

use self::scale::Scale;
use self::world::World;

/// Measure the program beside its peers and limits, on servers of its own.
#[derive(Debug, Clone, Parser)]
struct BenchArgs {
    /// Measure only these
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    only: Vec<Measurement>,
    /// Small loads: shows that everything works, not how fast it is
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// The loads of the goals, for an hour
    #[arg(long)]
    full: bool,
    /// How many people a campaign goes to
    #[arg(long, value_name = "N")]
    recipients: Option<usize>,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
    /// The disk to measure on: a folder below which the servers keep their files for as long as this runs
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Another executable `mensajeria` to measure, instead of that of this tree
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// What cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

/// What can be measured, in the order in which it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Measurement {
    /// Appending events, beside postgres-es used directly
    Appender,
    /// Appending to a log of 10,000,000 events, beside an empty one
    LongLog,
    /// Appending while the log is sealed, its audit, and its proofs
    Sealing,
    /// `POST /messages`, beside postgres-es used directly
    Messages,
    /// Events to JetStream, beside publishing alone
    Relay,
    /// An e-mail campaign, beside lettre alone, and PostgreSQL's CPU time for it
    Email,
    /// An SMS campaign, beside reqwest alone, and PostgreSQL's CPU time for it
    Sms,
    /// An e-mail campaign of a template, rendered for each person
    Templates,
    /// An SMS campaign while its receipts come in
    Receipts,
    /// An SMS campaign of a company with a million suppressions, beside one of a company without
    Suppressions,
    /// Resolving the audience of a huge notification
    Audience,
    /// An e-mail campaign while another session holds a snapshot, beside one without
    Snapshot,
    /// An e-mail campaign after PostgreSQL was away, beside before
    Recovery,
    /// An operational SMS during a bulk campaign of SMS
    Urgent,
    /// All views rebuilt from campaigns and messages
    Rebuild,
    /// The memory of `dev`: idle, after log-ins, during a campaign
    Memory,
    /// From an empty data folder to the page
    Start,
    /// From the request to the browser
    Live,
    /// The inbox page of a small and a huge inbox
    Inbox,
    /// Pages of the list of all deliveries
    Deliveries,
}

fn main() -> ExitCode {
    // The servers' guards run this executable too.
    if std::env::args().nth(1).is_some_and(|word| word == "guard") {
        return embedded::guard_main(&[]);
    }
    let args = BenchArgs::parse();
    match run(&args) {
        Ok(code) => code,
        Err(failed) => {
            eprintln!("{failed}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(args: &BenchArgs) -> Outcome<ExitCode> {
    let program = executable::find(args.program.clone()).await?;
    let (machine, chosen) = (Machine::here(), args.chosen());
    let world = World::start(args.data.clone(), program, Scale::of(args)).await?;
    let measured = tokio::select! {
        measured = measure_all(&world, &chosen) => Some(measured),
        // The bench's processes stop with it.
        () = gateway::cli::stop_signal() => None,
    };
    let stopped = world.stop().await;
    let Some((rows, code)) = measured else { return Ok(ExitCode::FAILURE) };
    measurements::print(&machine, &rows, args.json);
    stopped.map(|()| code)
}

/// Runs the measurements. A failed one is reported and left out; the others still run.
async fn measure_all(world: &World, chosen: &[Measurement]) -> (Vec<Row>, ExitCode) {
    let (mut rows, mut code) = (Vec::new(), ExitCode::SUCCESS);
    for measurement in chosen {
        eprintln!("measuring: {}", measurement.name());
        match Box::pin(measurement.measure(world)).await {
            Ok(measured) => rows.extend(measured),
            Err(failed) => {
                eprintln!("not measured: {}: {failed}", measurement.name());
                code = ExitCode::FAILURE;
            }
        }
        if let Err(failed) = world.tidy_up().await {
            eprintln!("failed to tidy up: {failed}");
        }
    }
    (rows, code)
}

impl BenchArgs {
    fn chosen(&self) -> Vec<Measurement> {
        let is_chosen = |measurement: &Measurement| self.only.is_empty() || self.only.contains(measurement);
        Measurement::value_variants().iter().copied().filter(is_chosen).collect()
    }
}

impl Measurement {
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    async fn measure(self, world: &World) -> Outcome<Vec<Row>> {
        match self {
            Self::Appender => appender::measure(world).await,
            Self::LongLog => long_log::measure(world).await,
            Self::Sealing => sealing::measure(world).await,
            Self::Messages => messages::measure(world).await,
            Self::Relay => relay::measure(world).await,
            Self::Email => campaign::measure(world, campaign::EMAIL).await,
            Self::Sms => campaign::measure(world, campaign::SMS).await,
            Self::Templates => templates::measure(world).await,
            Self::Receipts => receipts::measure(world).await,
            Self::Suppressions => suppressions::measure(world).await,
            Self::Audience => audience::measure(world).await,
            Self::Snapshot => snapshot::measure(world).await,
            Self::Recovery => recovery::measure(world).await,
            Self::Urgent => urgent::measure(world).await,
            Self::Rebuild => rebuild::measure(world).await,
            Self::Memory => memory::measure(world).await,
            Self::Start => start::measure(world).await,
            Self::Live => live::measure(world).await,
            Self::Inbox => inbox::measure(world).await,
            Self::Deliveries => deliveries::measure(world).await,
        }
    }
}
