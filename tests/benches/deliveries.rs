//! Pages of the list of all deliveries, over ten million of them.

use domain::value::Channel;
use serde_json::Value;
use sqlx::PgPool;
use tests::measurements::{Failed, Goal, Outcome, Row, count};
use uuid::Uuid;

use crate::campaign::Setup;
use crate::http::{Connection, Reading};
use crate::world::{World, connect};

/// How many requests run at once.
const READERS: usize = 4;
/// The goal, in milliseconds.
const P99_MAX_MS: f64 = 50.0;

/// Copies of a campaign as the projector writes them, without events: ten million would take half an hour by events. Their
/// people are as if erased, because names and addresses are sealed for their own notification. In each copy one in a hundred
/// has failed.
const COPIES: [&str; 4] = [
    "create temporary table copies as
     select md5($1::text || n)::uuid as copy, n as place from generate_series(1, $2) n",
    "insert into notifications.notifications
     select (jsonb_populate_record(one, jsonb_build_object('notification_id', copy, 'requested_position', place))).*
     from notifications.notifications one, copies where one.notification_id = $1",
    "insert into notifications.recipients (notification_id, ordinal, client_id, contact_kind)
     select copy, ordinal, client_id, contact_kind
     from copies, notifications.recipients where notification_id = $1",
    "insert into notifications.chunks
     select (jsonb_populate_record(one, jsonb_build_object('notification_id', copy))).*
     from notifications.chunks one, copies where one.notification_id = $1",
];
const OUTCOMES: &str = "
insert into notifications.outcomes (notification_id, ordinal, generation, attempt, state, class, provider, reference, at,
                                    position, listed, exception, company_id, requested_position)
select copy, ordinal, generation, attempt, case when failed then 'failed' else state end,
       case when failed then 'permanent_address' end, provider, case when failed then null else md5(copy::text || ordinal) end,
       at, o.position, listed, case when failed then 'failed' end, case when failed then $2 end,
       case when failed then place end
from copies, notifications.outcomes o, lateral (select ordinal % 100 = 0 as failed) f where notification_id = $1";

pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let setup = Setup::prepare(world).await?;
    let campaign = setup.run(Channel::Sms, &setup.request(Channel::Sms)).await?;
    let copies = world.scale.copies;
    let deliveries = setup.recipients as i64 * (1 + i64::from(copies));
    eprintln!("  copying it {copies} times: {} deliveries", count(deliveries));
    let pool = connect(&setup.database_url, 1).await?;
    fill(&pool, campaign.id.parse()?, setup.company.parse()?, copies).await?;
    pool.close().await;
    let mut rows = Vec::new();
    for (name, path) in pages(&setup).await? {
        let reader = (setup.program.address(), &setup.author);
        let sample = Reading::turn(reader, &path, READERS, world.scale.turn).await?;
        let name = format!("«Envíos», {} deliveries, {name}, p99", count(deliveries));
        rows.push(Row::new(name, "ms", sample.p99_ms).goal(Goal::AtMost(P99_MAX_MS)));
    }
    setup.program.stop().await?;
    Ok(rows)
}

async fn fill(pool: &PgPool, campaign: Uuid, company: Uuid, copies: i32) -> Outcome<()> {
    for (number, statement) in COPIES.into_iter().enumerate() {
        let query = sqlx::query(statement).bind(campaign);
        if number == 0 { query.bind(copies) } else { query }.execute(pool).await?;
    }
    sqlx::query(OUTCOMES).bind(campaign).bind(company).execute(pool).await?;
    for statement in ["vacuum analyze", "checkpoint"] {
        sqlx::raw_sql(statement).execute(pool).await?;
    }
    Ok(())
}

/// The pages, each with the name of its figure.
async fn pages(setup: &Setup) -> Outcome<Vec<(&'static str, String)>> {
    let mut connection = Connection::open(setup.program.address(), Some(&setup.author)).await?;
    let first = connection.get("/api/v1/deliveries?limit=1").await?.expect(200)?.json()?;
    let client = first["data"][0]["client"]["id"].as_str().map(str::to_owned);
    let client = client.ok_or_else(|| Failed::because("the list is empty"))?;
    let company = &setup.company;
    let deep = deep(&mut connection, "/api/v1/deliveries?limit=200").await?;
    Ok(vec![
        ("the first page", "/api/v1/deliveries".to_owned()),
        ("of one company", format!("/api/v1/deliveries?company={company}")),
        ("all that was sent to a client", format!("/api/v1/deliveries?client={client}")),
        ("all that was sent to a number", "/api/v1/deliveries?to=%2B573000000001".to_owned()),
        ("failed", "/api/v1/deliveries?state=failed".to_owned()),
        (
            "failed, of one company and cause",
            format!("/api/v1/deliveries?state=failed&class=permanent_address&company={company}"),
        ),
        ("in doubt, of which there is none", "/api/v1/deliveries?state=in_doubt".to_owned()),
        ("by provider", "/api/v1/deliveries?provider=sink".to_owned()),
        ("the fiftieth page", deep),
    ])
}

/// The path of the fiftieth page.
async fn deep(connection: &mut Connection, path: &str) -> Outcome<String> {
    let mut at = path.to_owned();
    for _ in 1..50 {
        let page: Value = connection.get(&at).await?.expect(200)?.json()?;
        let Some(next) = page["next"].as_str() else { break };
        at = format!("{path}&after={next}");
    }
    Ok(at)
}
