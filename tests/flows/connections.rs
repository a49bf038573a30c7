//! Connections whose user went away in the middle: nobody after him is given an answer that is not his.

use commands::{GuardedConnection, pool_options};
use futures::FutureExt;
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor, PgPool};
use tests::servers;

/// The end of a copy into this table takes until nobody holds the lock any more.
const SLOW_TABLE: &str = "
create table slow (n integer);
create function wait() returns trigger language plpgsql as $$
  begin perform pg_advisory_xact_lock_shared(7); return null; end
$$;
create trigger wait after insert on slow for each statement execute function wait()";

#[tokio::test]
async fn a_copy_that_is_given_up_at_its_end_leaves_the_next_user_no_answer_of_its_own() {
    let url = servers::database().await;
    let mut other = PgConnection::connect(&url).await.expect("the database answers");
    other.execute(SLOW_TABLE).await.expect("a table");
    other.execute("select pg_advisory_lock(7)").await.expect("the lock");
    let pool = pool_options().max_connections(1).connect(&url).await.expect("the database answers");

    give_up_a_copy(&pool).await;
    other.execute("select pg_advisory_unlock(7)").await.expect("unlocked");

    for number in 0..4 {
        let answer = sqlx::query_scalar("select $1").bind(number).fetch_optional(&pool).await;
        assert_eq!(answer.expect("it answers"), Some(number));
    }
    let rows: i64 = sqlx::query_scalar("select count(*) from slow").fetch_one(&pool).await.expect("a count");
    assert_eq!(rows, 0);
}

async fn give_up_a_copy(pool: &PgPool) {
    let mut connection = GuardedConnection::acquire(pool).await.expect("a connection");
    let mut tx = connection.begin().await.expect("a transaction");
    let mut copy = tx.copy_in_raw("copy slow from stdin").await.expect("it begins");
    copy.send(b"7\n".as_slice()).await.expect("it takes a row");
    assert!(copy.finish().now_or_never().is_none(), "it waits for the lock");
}
