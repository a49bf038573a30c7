//! An SMS campaign of a company with a million suppressed addresses, none of them in its audience, beside one without.

use std::time::Duration;

use domain::value::Channel;
use sqlx::PgPool;
use tests::measurements::{Goal, Outcome, Row, count, in_turns, median};
use tokio::time::sleep;
use uuid::Uuid;

use crate::campaign::{self, Measured, Setup};
use crate::http::Connection;
use crate::people;
use crate::serve::Served;
use crate::world::{World, connect};

/// The goal: how much of PostgreSQL's time a message may take beside that without suppressions.
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
        let request = campaign::request(Channel::Sms, &other, "operational");
        let mut connection = Connection::open(setup.program.address(), Some(&setup.author)).await?;
        let id = campaign::order(&mut connection, &request).await?;
        campaign::end_of(&mut connection, &id).await?;
        rested(&setup.program).await?;
        campaign::measured(world, &setup, Channel::Sms, &setup.request(Channel::Sms)).await
    };
    let (with, without) = (async || turn(world.scale.suppressed).await, async || turn(0).await);
    let (with, without) = in_turns(world.scale.turns, with, without).await?;
    pool.close().await;
    setup.program.stop().await?;
    let of = |all: &[Measured], figure: fn(&Measured) -> f64| median(all.iter().map(figure).collect());
    let name = |what: &str| format!("SMS campaign, {} suppressions{what}", count(world.scale.suppressed));
    let row = |what, unit, figure: fn(&Measured) -> f64| {
        Row::new(name(what), unit, of(&with, figure)).beside("without any", of(&without, figure))
    };
    Ok(vec![
        row("", "sends/s", |one| one.result.per_second),
        row(", CPU of PostgreSQL, an SMS", "ms", |one| one.postgres_ms).goal(Goal::TimesAtMost(COST_MAX)),
        row(", CPU of the program, an SMS", "ms", |one| one.program_ms).goal(Goal::TimesAtMost(COST_MAX)),
    ])
}

/// A message to somebody else makes the process notice the suppressions of a moment ago, which it then reads once, as it does
/// when it starts. A claim is measured, not this reading.
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
