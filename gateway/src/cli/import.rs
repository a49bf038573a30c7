//! `mensajeria import clients FILE --company ID`: the same as the API's import.

use std::path::PathBuf;

use axum::body::Body;
use clap::Subcommand;
use domain::value::CompanyId;
use indicatif::{ProgressBar, ProgressStyle};
use projections::Positions;
use serde_json::Value;
use tokio_util::io::ReaderStream;
use tokio_util::sync::CancellationToken;

use super::target::Target;
use super::{CliError, Exit, Global, print};
use crate::api;
use crate::config::Config;
use crate::settings::Settings;
use crate::state::AppState;

/// The most connections of an import.
const CONNECTIONS: u32 = 8;

/// The kinds of imports.
#[derive(Debug, Subcommand)]
pub(super) enum ImportCommand {
    /// Clients of a company, from a CSV file
    Clients {
        /// The file: external_id,name,kind,contact_name,phone,email
        file: PathBuf,
        /// The company of the clients
        #[arg(long, value_name = "ID")]
        company: CompanyId,
        /// Report what would be done, and write nothing
        #[arg(long)]
        dry_run: bool,
    },
}

pub(super) async fn run(global: &Global, config: Config, command: &ImportCommand) -> Result<Exit, CliError> {
    let ImportCommand::Clients { file, company, dry_run } = command;
    let failed = |error| CliError::File(file.display().to_string(), error);
    let opened = tokio::fs::File::open(file).await.map_err(failed)?;
    if opened.metadata().await.map_err(failed)?.is_dir() {
        return Err(failed(std::io::ErrorKind::IsADirectory.into()));
    }
    let target = Target::find(global, &config, false).await?;
    let log = target.log(CONNECTIONS).await?;
    let cancel = CancellationToken::new();
    let (positions, following) = Positions::follow(log.pool().clone(), cancel.clone());
    tokio::spawn(following);
    let state = AppState::new(log, Settings::default(), positions, cancel.clone());
    let body = Body::from_stream(ReaderStream::new(opened));
    let bar = ProgressBar::new(0).with_style(style());
    let progress = |done, rows| {
        bar.set_length(rows);
        bar.set_position(done);
    };
    let report = api::import_file(&state, *company, body, *dry_run, super::LANGUAGE, &progress).await;
    bar.finish_and_clear();
    let report = report.map_err(|problem| CliError::of_problem(&problem))?;
    print::result(global.json, &report, || summary(&report));
    cancel.cancel();
    drop(state);
    target.close().await?;
    Ok(if report["rejected"] == 0 { Exit::Done } else { Exit::InPart })
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len}").expect("the template is valid")
}

fn summary(report: &Value) -> String {
    let counts = ["rows", "created", "updated", "unchanged", "rejected"]
        .map(|name| format!("{name}: {}", report[name]));
    let errors = lines(&report["errors"], &report["errors_left_off"], "");
    let warnings = lines(&report["warnings"], &report["warnings_left_off"], "warning: ");
    std::iter::once(counts.join(", ")).chain(errors).chain(warnings).collect::<Vec<_>>().join("\n")
}

/// A line for each error or warning, and one for those left off the report.
fn lines(list: &Value, left_off: &Value, label: &str) -> Vec<String> {
    let line = |fault: &Value| {
        let [column, detail, value] =
            ["column", "detail", "value"].map(|name| fault[name].as_str().unwrap_or_default());
        // Escaped, because a file's content must not control the terminal.
        format!("{label}line {}, {column}: {detail} {value:?}", fault["line"])
    };
    let left_off = left_off.as_u64().filter(|left_off| *left_off > 0);
    let left_off = left_off.map(|left_off| format!("{label}and {left_off} more"));
    list.as_array().into_iter().flatten().map(line).chain(left_off).collect()
}
