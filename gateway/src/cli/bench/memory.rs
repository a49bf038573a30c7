//! The memory of the whole program during campaigns of three sizes, and of `dev` after a whole shift has logged in at once.
//! A modest campaign is over before the program has grown to what it works with.

use std::net::SocketAddr;

use futures::future::join_all;
use serde_json::json;

use super::Outcome;
use super::campaign::{self, Audience};
use super::dev::{Dev, PASSWORD};
use super::http::Connection;
use super::process::{Memory, megabytes};
use super::program::Program;
use super::table::{Goal, Row, count};
use super::world::World;
use crate::cli::CliError;

/// What counts as not growing.
const GROWTH_MAX: f64 = 1.15;
/// How many log in to `dev` at once.
const LOGINS: usize = 150;
/// Who logs in.
const LOGIN: &str = "operador@demo.test";

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
    let mut rows = vec![
        Row::new("memory, idle", "MB", megabytes(at_large.idle)),
        peak(modest, modest_mb),
        peak(large, large_mb).beside_published("listmonk", 57.0).goal(Goal::AtMost(60.0)),
        growth(large, large_mb),
        growth(modest, modest_mb),
    ];
    rows.extend(of_dev(world).await?);
    Ok(rows)
}

async fn of_dev(world: &World) -> Outcome<Vec<Row>> {
    let dev = Dev::start(&world.folder().join("memory-of-dev")).await?;
    let idle = told(dev.memory())?;
    join_all((0..LOGINS).map(|number| log_in(dev.address(), number)))
        .await
        .into_iter()
        .collect::<Outcome<()>>()?;
    let after = told(dev.memory())?;
    dev.stop().await?;
    let row = |when: &str, bytes| Row::new(format!("memory, `dev`, {when}"), "MB", megabytes(bytes));
    Ok(vec![
        row("idle", idle.now).goal(Goal::AtMost(60.0)),
        row(&format!("after {LOGINS} logins at once"), after.now).goal(Goal::AtMost(100.0)),
        row(&format!("during {LOGINS} logins at once, peak"), after.peak),
    ])
}

/// A machine that is too slow for all of them at once asks some to come again, which is an answer too.
async fn log_in(address: SocketAddr, number: usize) -> Outcome<()> {
    let mut connection = Connection::open(address, None).await?;
    let login = json!({"email": LOGIN, "password": PASSWORD}).to_string();
    let answer = connection.post("/api/v1/session", &number.to_string(), &login).await?;
    if answer.status == 503 { Ok(()) } else { answer.expect(201).map(drop) }
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
    let idle = told(program.memory())?.now;
    campaign::run(campaign::EMAIL, &program, &sink, &audience).await?;
    let peak = told(program.memory())?.peak;
    program.stop().await?;
    Ok(During { idle, peak })
}

fn told(memory: Option<Memory>) -> Outcome<Memory> {
    memory.ok_or_else(|| CliError::failed("this system does not tell the memory of a process"))
}
