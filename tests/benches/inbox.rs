//! The inbox page of a user with a thousand messages and of one with a million: the same latency for both.

use commands::clock;
use sqlx::PgPool;
use tests::measurements::{Goal, Outcome, Row, Sample, count, in_turns};
use uuid::Uuid;

use crate::http::Reading;
use crate::people::{self, Worker};
use crate::serve::{self, Served};
use crate::stock::TEXT;
use crate::world::{World, connect};

/// How many requests run at once.
const READERS: usize = 4;
/// The pages, with the names of their figures.
const PAGES: [(&str, &str); 3] = [
    ("inbox page", "/api/v1/inbox"),
    ("inbox page of unread", "/api/v1/inbox?state=unread"),
    ("inbox summary", "/api/v1/inbox/summary"),
];

/// Messages as the projector writes them, without events: a million would take minutes by events.
const MESSAGES: &str = "
insert into inbox.sent_messages (message_id, author_id, body, search, created_at, priority, acknowledge, recipients, position)
select md5($1::text || n)::uuid, $2, $4, lower($4), now() - make_interval(secs => $3 - n), 'normal', false, 1, n
from generate_series(1, $3) n";
/// One in ten is unread, one in a hundred unseen.
const RECEIVED: &str = "
insert into inbox.received (user_id, message_id, position, author_id, seen_at, read_at)
select $1, md5($1::text || n)::uuid, n, $2,
       case when n % 100 > 0 then now() end, case when n % 10 > 0 then now() end
from generate_series(1, $3) n";
const COUNTS: &str = "
insert into inbox.inbox_counts (user_id, unseen, unread, total, position)
select user_id, count(*) filter (where seen_at is null), count(*) filter (where read_at is null), count(*), 0
from inbox.received where user_id = $1 group by user_id";

pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let database_url = world.migrated_database().await?;
    let readers = people::workers(world, &database_url, 2).await?;
    let program = Served::start(world, &database_url, serve::ALL, None).await?;
    people::caught_up(program.address(), &readers[0]).await?;
    let [small, huge] = world.scale.inboxes;
    let pool = connect(&database_url, 1).await?;
    for (reader, items) in readers.iter().zip([small, huge]) {
        eprintln!("  filling an inbox with {}", count(items));
        fill(&pool, reader, items).await?;
    }
    sqlx::raw_sql("analyze inbox.sent_messages; analyze inbox.received; checkpoint").execute(&pool).await?;
    pool.close().await;
    let mut rows = Vec::new();
    for (name, path) in PAGES {
        let turn = async |reader: &Worker| {
            Reading::turn((program.address(), reader), path, READERS, world.scale.turn).await
        };
        let (ours, peers) =
            in_turns(world.scale.turns, async || turn(&readers[1]).await, async || turn(&readers[0]).await)
                .await?;
        let [ours, peer] = [ours, peers].map(|samples| Sample::median(&samples).p99_ms);
        let row = Row::new(format!("{name}, {} items, p99", count(huge)), "ms", ours)
            .beside("the small inbox", peer);
        rows.push(row.goal(Goal::TimesAtMost(2.0)));
    }
    program.stop().await?;
    Ok(rows)
}

async fn fill(pool: &PgPool, reader: &Worker, items: i64) -> Outcome<()> {
    let (reader, author) = (reader.id.parse::<Uuid>()?, clock::new_id());
    let messages = sqlx::query(MESSAGES).bind(reader).bind(author).bind(items).bind(TEXT);
    messages.execute(pool).await?;
    sqlx::query(RECEIVED).bind(reader).bind(author).bind(items).execute(pool).await?;
    sqlx::query(COUNTS).bind(reader).execute(pool).await?;
    Ok(())
}
