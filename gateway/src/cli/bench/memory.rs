//! The memory of the whole program during campaigns, of a modest and of a large size.

use super::Outcome;
use super::campaign::{self, Audience};
use super::process::{Memory, megabytes};
use super::program::Program;
use super::table::{Goal, Row, count};
use super::world::World;
use crate::cli::CliError;

/// What counts as not growing.
const GROWTH_MAX: f64 = 1.15;

pub(super) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let [modest, large] = world.scale.memory_recipients;
    let at_modest = during(world, modest).await?;
    let at_large = during(world, large).await?;
    let [idle, modest_mb, large_mb] = [at_large.idle, at_modest.peak, at_large.peak].map(megabytes);
    Ok(vec![
        Row::new("memory, idle", "MB", idle),
        Row::new(format!("memory, {} recipients, peak", count(modest)), "MB", modest_mb),
        Row::new(format!("memory, {} recipients, peak", count(large)), "MB", large_mb)
            .beside_published("listmonk", 57.0)
            .goal(Goal::AtMost(60.0)),
        Row::new("memory does not grow with the campaign", "MB", large_mb)
            .beside("the smaller campaign", modest_mb)
            .goal(Goal::TimesAtMost(GROWTH_MAX)),
    ])
}

struct During {
    idle: u64,
    peak: u64,
}

/// Clients are taken on by one program, and told by the next: what the import took is not the campaign's.
async fn during(world: &World, recipients: usize) -> Outcome<During> {
    eprintln!("  {recipients} recipients");
    let (ledger, sink) = (world.ledger().await?, campaign::sink().await?);
    let importing = Program::start(world, &ledger, campaign::sinks(&sink)).await?;
    let audience = Audience::prepare(&ledger, recipients).await?;
    importing.stop().await?;
    let program = Program::start(world, &ledger, campaign::sinks(&sink)).await?;
    let idle = memory(&program)?.now;
    campaign::run(campaign::EMAIL, &program, &sink, &audience).await?;
    let peak = memory(&program)?.peak;
    program.stop().await?;
    Ok(During { idle, peak })
}

fn memory(program: &Program) -> Outcome<Memory> {
    program.memory().ok_or_else(|| CliError::failed("this system does not tell the memory of a process"))
}
