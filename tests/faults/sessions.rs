//! PostgreSQL ends the program's sessions, by an administrator or in a restart: no request fails because of a dead
//! connection.

use domain::value::UserId;
use serde_json::json;
use tests::Client;
use tests::world::{PASSWORD, email_of};
use tokio::join;

use crate::load::Load;
use crate::reconciliation::reconcile;
use crate::testbed::{Testbed, eventually, notifier};

/// How often the sessions are ended, or the server is restarted.
const ROUNDS: usize = 5;
/// How many users write at the same moment.
const WRITERS: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn the_first_requests_after_all_sessions_were_ended_are_served() {
    let testbed = Testbed::start().await;
    let program = testbed.program("").await;
    let (client, reader) = (testbed.client(&program), reader(&testbed, &program.base).await);
    let mut load = Load::default();
    load.add_messages(&testbed, 1);
    load.apply_until_answered(&client).await;
    for _ in 0..ROUNDS {
        end_all_sessions(&testbed).await;
        all_are_served(&testbed, &client, &reader, &mut load).await;
    }
    reconcile(&testbed, &client, &load, 0).await;
    program.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_requests_after_each_restart_of_postgresql_are_served() {
    let testbed = Testbed::on_own_servers(1).await;
    let program = testbed.program("").await;
    let (client, reader) = (testbed.client(&program), reader(&testbed, &program.base).await);
    let mut load = Load::default();
    load.add_messages(&testbed, 1);
    load.apply_until_answered(&client).await;
    for round in 0..ROUNDS {
        if round % 2 == 0 {
            testbed.stack().stop_postgres().await.expect("PostgreSQL stops");
        } else {
            testbed.stack().kill_postgres().await.expect("PostgreSQL is killed");
        }
        testbed.stack().start_postgres().await.expect("PostgreSQL starts");
        all_are_served(&testbed, &client, &reader, &mut load).await;
    }
    reconcile(&testbed, &client, &load, 0).await;
    program.kill().await;
    testbed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_while_sessions_are_ended_is_there_once() {
    let testbed = Testbed::start().await;
    let program = testbed.program("").await;
    let client = testbed.client(&program);
    let mut load = Load::default();
    for _ in 0..ROUNDS {
        load.add_messages(&testbed, 4 * WRITERS);
        join!(load.apply_until_answered(&client), end_all_sessions(&testbed));
    }
    reconcile(&testbed, &client, &load, 0).await;
    program.kill().await;
}

/// Some writes are alone in their flush, some are not.
#[tokio::test(flavor = "multi_thread")]
async fn an_append_whose_answer_is_lost_is_found_and_not_made_again() {
    let testbed = Testbed::start().await;
    let program = testbed.program("append::answer_lost=2*off->1*return->3*off->3*return->off").await;
    let client = testbed.client(&program);
    let mut load = Load::default();
    for writers in [1, 1, 1, WRITERS, WRITERS, WRITERS] {
        load.add_messages(&testbed, writers);
        write_all(&client, &mut load).await;
    }
    reconcile(&testbed, &client, &load, 0).await;
    program.kill().await;
}

/// Reads, a log-in and writes, all at once.
async fn all_are_served(testbed: &Testbed, client: &Client, reader: &Client, load: &mut Load) {
    load.add_messages(testbed, WRITERS);
    let credentials = json!({"email": email_of(reader.user), "password": PASSWORD});
    let stranger = reader.anonymous();
    let (inbox, session, ()) =
        join!(reader.get("/inbox"), stranger.post("/session", &credentials), write_all(client, load));
    inbox.expect(200);
    session.expect(201);
}

/// Every request succeeds the first time.
async fn write_all(client: &Client, load: &mut Load) {
    load.apply(client).await;
    assert_eq!(load.open(), 0, "a request was refused");
}

/// A user who writes nothing, so that no read waits for a view.
async fn reader(testbed: &Testbed, base: &str) -> Client {
    let (user, token): (UserId, String) = notifier(&testbed.log, &testbed.companies).await;
    testbed.caught_up().await;
    Client::new(base, Some(token), user)
}

/// Ends every session in the database but its own, and waits until they have ended.
async fn end_all_sessions(testbed: &Testbed) {
    let ended: Vec<i32> = sqlx::query_scalar(
        "select pid from (select pid, pg_terminate_backend(pid) from pg_stat_activity
                          where datname = current_database() and pid <> pg_backend_pid()) ended",
    )
    .fetch_all(testbed.log.pool())
    .await
    .expect("the database answers");
    assert!(!ended.is_empty(), "the program has sessions");
    eventually("the sessions are gone", async || {
        let left: i64 = sqlx::query_scalar("select count(*) from pg_stat_activity where pid = any($1)")
            .bind(&ended)
            .fetch_one(testbed.log.pool())
            .await
            .expect("the database answers");
        (left == 0).then_some(())
    })
    .await;
}
