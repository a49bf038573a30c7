//! An SMS campaign of a company with a million suppressed addresses, none of them in its audience, beside one without.

use std::time::{Duration, Instant};

use domain::value::Channel;
use sqlx::PgPool;
use tests::measurements::{Failed, Goal, Outcome, Row, count, in_turns, median, per_second};
use tokio::time::sleep;
use uuid::Uuid;

use crate::campaign::{self, Setup};
use crate::http::Connection;
use crate::people;
use crate::serve::Served;
use crate::world::{World, connect};

/// The goal: how much time a message may take from its claim on, beside that without suppressions.
const COST_MAX: f64 = 1.05;

/// The program rests when it uses less than a twentieth of a core for so long.
const REST: Duration = Duration::from_secs(1);

/// Suppressed addresses as the streams of suppressions put them there: a million would take minutes by events.
const SUPPRESS: &str = "
with last as (update suppression_numbers set number = number + $2 returning number - $2 as number)
insert into suppressed_addresses (company_id, channel, address_index, suppression_id, number)
select $1, 'sms', sha256(n::text::bytea), gen_random_uuid(), last.number + n from last, generate_series(1, $2) n";

pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let setup = Setup::prepare(world).await?;
    let (pool, company) = (connect(&setup.database_url, 1).await?, setup.company.parse()?);
    let other = people::company_of_one(setup.program.address(), &setup.author).await?;
    let turn = async |suppressed| {
        suppress(&pool, company, suppressed).await?;
        // A message to somebody else makes the process notice the suppressions of a moment ago. It reads them once, as it does
        // when it starts: that is not measured.
        let request = campaign::request(Channel::Sms, &other, "operational");
        let mut connection = Connection::open(setup.program.address(), Some(&setup.author)).await?;
        let id = campaign::order(&mut connection, &request).await?;
        campaign::end_of(&mut connection, &id).await?;
        rested(&setup.program).await?;
        claimed(world, &setup, &mut connection).await
    };
    let (with, without) = (async || turn(world.scale.suppressed).await, async || turn(0).await);
    let (with, without) = in_turns(world.scale.turns, with, without).await?;
    pool.close().await;
    setup.program.stop().await?;
    let of = |all: &[Cost], figure: fn(&Cost) -> f64| median(all.iter().map(figure).collect());
    let name = |what: &str| format!("SMS campaign, {} suppressions, {what}", count(world.scale.suppressed));
    let row = |what, unit, figure: fn(&Cost) -> f64| {
        Row::new(name(what), unit, of(&with, figure)).beside("without any", of(&without, figure))
    };
    Ok(vec![
        row("audience, CPU of PostgreSQL a person", "ms", |one| one.audience_ms),
        row("sends", "sends/s", |one| one.per_second),
        row("claims and all after, CPU of PostgreSQL an SMS", "ms", |one| one.postgres_ms)
            .goal(Goal::TimesAtMost(COST_MAX)),
        row("claims and all after, CPU of the program an SMS", "ms", |one| one.program_ms)
            .goal(Goal::TimesAtMost(COST_MAX)),
    ])
}

/// What a campaign took: first its audience, then everything else.
struct Cost {
    audience_ms: f64,
    per_second: f64,
    postgres_ms: f64,
    program_ms: f64,
}

/// Resolves an audience while nothing is sent, and then sends.
async fn claimed(world: &World, setup: &Setup, connection: &mut Connection) -> Outcome<Cost> {
    let each = |took: Duration| took.as_secs_f64() * 1e3 / setup.recipients as f64;
    campaign::switch(connection, "pause").await?;
    let before = world.postgres_cpu().await?;
    let id = campaign::order(connection, &setup.request(Channel::Sms)).await?;
    campaign::reached(connection, &id, "total", setup.recipients).await?;
    rested(&setup.program).await?;
    let (postgres, program, begun) = (world.postgres_cpu().await?, setup.program.cpu()?, Instant::now());
    campaign::switch(connection, "resume").await?;
    let totals = campaign::end_of(connection, &id).await?;
    let per_second = per_second(setup.recipients, begun.elapsed());
    if totals["accepted"].as_u64() != Some(setup.recipients as u64) {
        return Err(Failed::because(format!("not everything was sent: {totals}")));
    }
    Ok(Cost {
        audience_ms: each(postgres.saturating_sub(before)),
        per_second,
        postgres_ms: each(world.postgres_cpu().await?.saturating_sub(postgres)),
        program_ms: each(setup.program.cpu()?.saturating_sub(program)),
    })
}

/// Waits until the program has nothing to do.
async fn rested(program: &Served) -> Outcome<()> {
    loop {
        let before = program.cpu()?;
        sleep(REST).await;
        if program.cpu()?.saturating_sub(before) < REST / 20 {
            return Ok(());
        }
    }
}

/// Leaves the company with so many suppressed addresses.
async fn suppress(pool: &PgPool, company: Uuid, addresses: i64) -> Outcome<()> {
    sqlx::raw_sql("truncate suppressed_addresses").execute(pool).await?;
    sqlx::query(SUPPRESS).bind(company).bind(addresses).execute(pool).await?;
    // Neither statistics nor dirty pages of the filling are measured.
    for statement in ["vacuum analyze suppressed_addresses", "checkpoint"] {
        sqlx::raw_sql(statement).execute(pool).await?;
    }
    Ok(())
}
