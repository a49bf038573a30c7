//! One caller's costly requests keep nobody else waiting.

use domain::value::{CompanyId, Role};
use futures::future::join_all;
use reqwest::Method;
use sqlx::{Connection, PgConnection, PgPool};
use tests::orders::sms_to;
use tests::{Answer, Client, World};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How many uploads one caller may have under way.
const UPLOADS_PER_CALLER: usize = 2;
/// How many costly reads of one caller are carried out at once.
const READS_PER_CALLER: i64 = 1;
/// How many costly reads are carried out at once.
const READS: i64 = 3;
/// What a server says that has begun to read a body.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// An upload that the server has begun to read, and of which nothing more comes.
async fn stalled_upload(client: &Client, company: CompanyId) -> TcpStream {
    let path = format!("/companies/{company}/clients/import");
    let request = client.request(Method::POST, &path).build().expect("a request");
    let pass = request.headers()["authorization"].to_str().expect("a token");
    let host = client.base().trim_start_matches("http://");
    let head = format!(
        "POST /api/v1{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {pass}\r\nContent-Type: text/csv\r\n\
         Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n"
    );
    let mut stream = TcpStream::connect(host).await.expect("a connection");
    stream.write_all(head.as_bytes()).await.expect("it is written");
    let mut answer = [0; CONTINUE.len()];
    stream.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(answer, CONTINUE);
    stream
}

async fn import(client: &Client, company: CompanyId) -> Answer {
    let file = "external_id,name,kind,contact_name,phone,email\n7,Ana,holder,Ana,3001234567,\n";
    let request = client.request(Method::POST, &format!("/companies/{company}/clients/import"));
    Answer::to(request.header("Content-Type", "text/csv").body(file)).await
}

#[tokio::test]
async fn stalled_uploads_of_one_caller_keep_nobody_else_from_importing() {
    let world = World::start().await;
    let company = world.company("Vigía").await;
    let eva = world.user("Eva", &[Role::Notifier], &[company]).await;
    let nora = world.user("Nora", &[Role::Notifier], &[company]).await;
    let stalled = join_all((0..UPLOADS_PER_CALLER).map(|_| stalled_upload(&eva, company))).await;

    assert_eq!(import(&nora, company).await.expect(200)["created"], 1);
    let refused = import(&eva, company).await;
    assert_ne!(refused.header("retry-after"), "");
    assert_eq!(refused.expect(429)["code"], "too_many_at_once");
    drop(stalled);
    world.stop().await;
}

/// Waits until so many statements like this one wait for somebody's lock.
async fn until_held_up(pool: &PgPool, statement: &str, number: i64) {
    let held_up = async || -> i64 {
        sqlx::query_scalar(
            "select count(*) from pg_stat_activity
             where datname = current_database() and wait_event_type = 'Lock' and query like $1",
        )
        .bind(statement)
        .fetch_one(pool)
        .await
        .expect("the activity")
    };
    while held_up().await != number {}
}

#[tokio::test]
async fn a_hundred_previews_of_one_caller_leave_room_for_everybody_else() {
    let world = World::start().await;
    let company = world.company("Vigía").await;
    let nora = world.user("Nora", &[Role::Notifier], &[company]).await;
    let eva = world.user("Eva", &[Role::Notifier], &[company]).await;
    import(&nora, company).await.expect(200);
    world.caught_up().await;
    let order = sms_to(company, "Corte");
    let preview = async |client: &Client| client.post("/notifications/preview", &order).await;

    // An audience that takes for ever to be counted.
    let mut slow = PgConnection::connect(&world.database_url).await.expect("a connection");
    let mut held = slow.begin().await.expect("a transaction");
    sqlx::query("lock table clients.contacts").execute(&mut *held).await.expect("the lock");
    let watch = PgPool::connect(&world.database_url).await.expect("a connection");
    let counting = "with addresses as materialized%";
    let many = join_all((0..100).map(|_| preview(&nora)));
    let meanwhile = async {
        until_held_up(&watch, counting, READS_PER_CALLER).await;
        assert_eq!(eva.get("/me").await.expect(200)["name"], "Eva");
        eva.get("/inbox").await.expect(200);
        let others = async {
            until_held_up(&watch, counting, READS_PER_CALLER + 1).await;
            held.rollback().await.expect("it is given up");
        };
        let (answer, ()) = tokio::join!(preview(&eva), others);
        assert_eq!(answer.expect(200)["audience"]["reachable"], 1);
    };
    let (answers, ()) = tokio::join!(many, meanwhile);
    for answer in answers {
        assert_eq!(answer.expect(200)["audience"]["reachable"], 1, "in its turn");
    }
    world.stop().await;
}

#[tokio::test]
async fn reads_that_hold_every_turn_hold_up_no_send() {
    let world = World::start().await;
    let company = world.company("Vigía").await;
    let nora = world.user("Nora", &[Role::Notifier, Role::Auditor], &[company]).await;
    import(&nora, company).await.expect(200);
    world.caught_up().await;
    let mut readers = vec![nora.clone()];
    for name in ["Ana", "Eva"] {
        readers.push(world.user(name, &[Role::Auditor], &[company]).await);
    }

    let mut slow = PgConnection::connect(&world.database_url).await.expect("a connection");
    let mut held = slow.begin().await.expect("a transaction");
    sqlx::query("lock table audit.audit_entries").execute(&mut *held).await.expect("the lock");
    let watch = PgPool::connect(&world.database_url).await.expect("a connection");
    let reads = join_all(readers.iter().map(|reader| reader.get("/audit")));
    let meanwhile = async {
        until_held_up(&watch, "%from audit.audit_entries%", READS).await;
        nora.post_new("/notifications", &sms_to(company, "Alarma")).await.expect(202);
        held.rollback().await.expect("it is given up");
    };
    let (answers, ()) = tokio::join!(reads, meanwhile);
    for answer in answers {
        answer.expect(200);
    }
    world.stop().await;
}
