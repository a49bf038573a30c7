//! `mensajeria bench`: this program beside its peers and limits, measured in one run on servers of its own.

mod appender;
mod bare;
mod campaign;
mod dev;
mod history;
mod http;
mod inbox;
mod live;
mod measure;
mod memory;
mod messages;
mod people;
mod process;
mod program;
mod projections;
mod relay;
mod scale;
mod start;
mod stock;
mod table;
mod world;

use clap::{Args, ValueEnum};

use self::scale::Scale;
use self::table::{Machine, Row};
use self::world::World;
use super::{CliError, Exit, Global, stop_signal};

type Outcome<T> = Result<T, CliError>;

/// Options of `bench`.
#[derive(Debug, Clone, Args)]
pub(super) struct BenchArgs {
    /// Measure only these
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    only: Vec<Measurement>,
    /// Small loads: shows that everything works, not how fast it is
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// The loads of the goals: campaigns of 100,000 and 1,000,000, a history of 1,000,000 events, an inbox of 10,000,000
    #[arg(long)]
    full: bool,
    /// How many events projections are rebuilt from
    #[arg(long, value_name = "N")]
    events: Option<usize>,
    /// Become the program that is measured; told by the process that measures
    #[arg(long, hide = true)]
    program: bool,
}

/// What can be measured, in the order in which it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Measurement {
    /// Appending events, beside postgres-es used directly
    Appender,
    /// `POST /messages`, beside postgres-es used directly
    Messages,
    /// Events to JetStream, beside publishing alone
    Relay,
    /// Events to views, live and rebuilt, beside reading them alone
    Projections,
    /// An e-mail campaign, beside lettre alone
    Email,
    /// An SMS campaign, beside reqwest alone
    Sms,
    /// The program's memory during campaigns of three sizes, and `dev`'s after many logins
    Memory,
    /// From an empty data folder to the page
    Start,
    /// From the commit to the browser
    Live,
    /// The inbox page of a small and a huge inbox
    Inbox,
}

pub(super) async fn run(global: &Global, args: &BenchArgs) -> Result<Exit, CliError> {
    if args.program {
        return program::become_program().await;
    }
    let machine = Machine::here();
    let (world, chosen) = (World::start(global, Scale::of(args)).await?, args.chosen());
    let measured = tokio::select! {
        measured = measure_all(&world, &chosen) => Some(measured),
        () = stop_signal() => None,
    };
    let stopped = world.stop().await;
    let Some((rows, exit)) = measured else { return Ok(Exit::Failed) };
    table::print(&machine, &rows, global.json);
    stopped.map(|()| exit)
}

/// What fails is told and left out; the rest is measured all the same.
async fn measure_all(world: &World, chosen: &[Measurement]) -> (Vec<Row>, Exit) {
    let (mut rows, mut exit) = (Vec::new(), Exit::Done);
    for measurement in chosen {
        eprintln!("measuring: {}", measurement.name());
        match Box::pin(measurement.measure(world)).await {
            Ok(measured) => rows.extend(measured),
            Err(error) => {
                eprintln!("not measured: {}: {error}", measurement.name());
                exit = Exit::InPart;
            }
        }
        if let Err(error) = world.tidy_up().await {
            eprintln!("failed to tidy up: {error}");
        }
    }
    (rows, exit)
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
            Self::Messages => messages::measure(world).await,
            Self::Relay => relay::measure(world).await,
            Self::Projections => projections::measure(world).await,
            Self::Email => campaign::measure(world, campaign::EMAIL).await,
            Self::Sms => campaign::measure(world, campaign::SMS).await,
            Self::Memory => memory::measure(world).await,
            Self::Start => start::measure(world).await,
            Self::Live => live::measure(world).await,
            Self::Inbox => inbox::measure(world).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(only: &[Measurement]) -> BenchArgs {
        BenchArgs { only: only.to_vec(), quick: true, full: false, events: None, program: false }
    }

    #[test]
    fn everything_is_measured_in_order_unless_some_is_chosen() {
        assert_eq!(args(&[]).chosen(), Measurement::value_variants());
        assert_eq!(
            args(&[Measurement::Sms, Measurement::Relay]).chosen(),
            [Measurement::Relay, Measurement::Sms]
        );
    }
}
