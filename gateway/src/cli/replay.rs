//! `mensajeria replay`: rebuilds projections from the events, and never sends anything.

use std::str::FromStr;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use projections::Projection;
use projections::rebuild::{self, Progress};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::target::Target;
use super::{CliError, Exit, Global, print};
use crate::config::Config;

/// The most connections of a rebuild.
const CONNECTIONS: u32 = 8;

/// Options of `replay`.
#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// users, clients, inbox, notifications, audit, or all
    #[arg(long, value_name = "NAME|all")]
    projection: Which,
}

/// One projection, or all.
#[derive(Debug, Clone, Copy)]
enum Which {
    All,
    One(Projection),
}

impl FromStr for Which {
    type Err = projections::UnknownProjection;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "all" { Ok(Self::All) } else { text.parse().map(Self::One) }
    }
}

pub(super) async fn run(global: &Global, config: Config, args: &ReplayArgs) -> Result<Exit, CliError> {
    let wanted = match args.projection {
        Which::All => Projection::ALL.to_vec(),
        Which::One(projection) => vec![projection],
    };
    let target = Target::find(global, &config, false).await?;
    let log = target.log(CONNECTIONS).await?;
    let bar = ProgressBar::new(0).with_style(style());
    let cancel = CancellationToken::new();
    let rebuilt =
        rebuild::run(log.reader(), &wanted, &cancel, |projection, progress| show(&bar, projection, progress));
    tokio::select! {
        outcome = rebuilt => outcome?,
        () = super::stop_signal() => return Err(CliError::failed("interrupted; a running server finishes the rebuild")),
    }
    bar.finish_and_clear();
    let names: Vec<_> = wanted.iter().map(|projection| projection.name()).collect();
    print::result(global.json, &json!({ "rebuilt": names }), || format!("rebuilt: {}", names.join(", ")));
    drop(log);
    target.close().await?;
    Ok(Exit::Done)
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{msg:14} {wide_bar} {human_pos}/{human_len}")
        .expect("the template is valid")
}

fn show(bar: &ProgressBar, projection: Projection, progress: &Progress) {
    bar.set_message(projection.name());
    bar.set_length(progress.target.unsigned_abs());
    bar.set_position(progress.position.unsigned_abs());
}
