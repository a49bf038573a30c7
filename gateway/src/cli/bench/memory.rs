//! The memory of the whole program during campaigns of three sizes: a modest one is over before the program has grown to
//! what it works with.

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
    let [modest, large, huge] = world.scale.memory_recipients;
    let at_modest = during(world, modest).await?;
    let at_large = during(world, large).await?;
    let at_huge = during(world, huge).await?;
    let [modest_mb, large_mb, huge_mb] =
        [&at_modest, &at_large, &at_huge].map(|during| megabytes(during.peak));
    let peak =
        |recipients, peak| Row::new(format!("memory, {} recipients, peak", count(recipients)), "MB", peak);
    let growth = |than: usize, its_peak| {
        Row::new(format!("memory, {} recipients beside {}", count(huge), count(than)), "MB", huge_mb)
            .beside("the smaller campaign", its_peak)
            .goal(Goal::TimesAtMost(GROWTH_MAX))
    };
    Ok(vec![
        Row::new("memory, idle", "MB", megabytes(at_large.idle)),
        peak(modest, modest_mb),
        peak(large, large_mb).beside_published("listmonk", 57.0).goal(Goal::AtMost(60.0)),
        growth(large, large_mb),
        growth(modest, modest_mb),
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
