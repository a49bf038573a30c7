//! The front door and callers that mean harm: whatever they send, they get what HTTP says, and everybody else is served.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use domain::value::Role;
use futures::FutureExt;
use futures::future::{join_all, select_all};
use gateway::server::Bounds;
use gateway::system::SystemOptions;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tests::raw::Raw;
use tests::world::{PASSWORD, email_of};
use tests::{Answer, Client, HANG, World};
use tokio::time::timeout;

/// A stranger that means harm, and one that does not.
const HARMFUL: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const HARMLESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
/// A log-in whose body never comes.
const HALF_A_LOGIN: &str = "POST /api/v1/session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n{";
/// As many as took the program's places in a report.
const HALF_LOGINS: usize = 2_100;
const LIVEZ: &str = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";
/// Longer than any test takes.
const NEVER: Duration = Duration::from_secs(24 * 60 * 60);

async fn world_with(change: impl FnOnce(&mut Bounds)) -> World {
    World::changed(|options: &mut SystemOptions| change(&mut options.bounds)).await
}

fn address(world: &World) -> SocketAddr {
    world.base().trim_start_matches("http://").parse().expect("an address")
}

async fn harmful(to: SocketAddr, count: usize, bytes: &str) -> Vec<Raw> {
    let opened = (0..count).map(async |_| {
        let mut raw = Raw::from(HARMFUL, to).await.ok()?;
        raw.send(bytes).await.ok()?;
        Some(raw)
    });
    join_all(opened).await.into_iter().flatten().collect()
}

async fn status_of(base: &str, path: &str) -> u16 {
    reqwest::get(format!("{base}{path}")).await.expect("an answer").status().as_u16()
}

/// Waits until every connection that was opened before has been taken: they are taken in order.
async fn all_are_taken(world: &World) {
    let mut last = Raw::open(address(world)).await;
    assert_eq!(last.ask(LIVEZ).await.expect("an answer").status, 200);
}

/// Waits until the table has closed one of these, which nothing else closes.
async fn one_is_closed(connections: Vec<Raw>) {
    select_all(connections.into_iter().map(|raw| raw.closed().boxed())).await;
}

async fn assert_all_are_served(world: &World, user: &Client) {
    for ip in [HARMLESS, HARMFUL] {
        let mut raw = Raw::from(ip, address(world)).await.expect("a connection");
        assert_eq!(raw.ask(LIVEZ).await.expect("an answer").status, 200, "{ip}");
    }
    user.get("/me").await.expect(200);
    user.log_in(&email_of(user.user), PASSWORD).await.get("/me").await.expect(200);
}

#[tokio::test]
async fn idle_connections_of_one_address_keep_nobody_out() {
    let world = world_with(|bounds| (bounds.connections, bounds.connections_of_one) = (40, 10)).await;
    let user = world.user("Ana", &[Role::Operator], &[]).await;
    let idle = harmful(address(&world), 100, "").await;
    assert_all_are_served(&world, &user).await;
    drop(idle);
    world.stop().await;
}

#[tokio::test]
async fn half_a_request_from_two_thousand_connections_stops_nobody() {
    let world = world_with(|_| ()).await;
    let user = world.user("Ana", &[Role::Operator], &[]).await;
    // Both ends of each are files of this process.
    let half =
        harmful(address(&world), HALF_LOGINS.min(Bounds::default().connections / 3), HALF_A_LOGIN).await;
    assert_all_are_served(&world, &user).await;
    assert_eq!(status_of(&world.base(), "/readyz").await, 200);
    drop(half);
    world.stop().await;
}

#[tokio::test]
async fn a_body_that_does_not_come_takes_no_place_from_those_that_do() {
    let few = |bounds: &mut Bounds| {
        (bounds.stranger_requests, bounds.stranger_requests_of_one) = (1, 1);
        (bounds.requests, bounds.requests_of_one) = (1, 1);
    };
    let world = world_with(few).await;
    let user = world.user("Ana", &[Role::Operator], &[]).await;
    let half = harmful(address(&world), 20, HALF_A_LOGIN).await;
    assert_all_are_served(&world, &user).await;
    drop(half);
    world.stop().await;
}

#[tokio::test]
async fn a_peer_that_does_not_read_its_answers_is_left() {
    let world = world_with(|bounds| bounds.write_time = Duration::from_millis(200)).await;
    let mut raw = Raw::open(address(&world)).await;
    // Only a connection that is closed ends this: the answers fill every buffer, and then nothing is taken any more.
    while raw.send("GET /api/v1/openapi.json HTTP/1.1\r\nHost: a\r\n\r\n").await.is_ok() {}
    world.stop().await;
}

#[tokio::test]
async fn a_head_that_has_begun_must_end() {
    let hurried = |bounds: &mut Bounds| {
        (bounds.idle_time, bounds.head_time) = (NEVER, Duration::from_millis(100));
    };
    let world = world_with(hurried).await;
    for begun in ["G", "GET / HTTP/1.1\r\nHost: a\r\n"] {
        let mut raw = Raw::open(address(&world)).await;
        raw.send(begun).await.expect("it is sent");
        raw.closed().await;
    }
    world.stop().await;
}

#[tokio::test]
async fn a_head_has_a_bound_in_bytes_and_in_fields() {
    let world = world_with(|_| ()).await;
    let status = async |fields: String| {
        let mut raw = Raw::open(address(&world)).await;
        raw.ask(format!("GET /livez HTTP/1.1\r\nHost: a\r\n{fields}\r\n")).await.expect("an answer").status
    };
    assert_eq!(status(format!("Long: {}\r\n", "x".repeat(30_000))).await, 200);
    assert_eq!(status(format!("Long: {}\r\n", "x".repeat(33_000))).await, 431);
    assert_eq!(status("A: b\r\n".repeat(101)).await, 431);
    let mut endless = Raw::open(address(&world)).await;
    // It may be closed before all is sent.
    let _ = endless.send(format!("GET /livez HTTP/1.1\r\nHost: a\r\nLong: {}", "x".repeat(33_000))).await;
    endless.closed().await;
    world.stop().await;
}

#[tokio::test]
async fn a_request_that_two_servers_could_read_in_two_ways_is_refused() {
    let world = world_with(|_| ()).await;
    let chunked = "\r\n2\r\n{}\r\n0\r\n\r\n";
    for (request, status, code) in [
        ("GET /livez HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, "invalid_host"),
        ("GET /livez HTTP/1.1\r\n\r\n", 400, "invalid_host"),
        ("GET /livez HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "invalid_host"),
        ("GET /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n", 501, "transfer_encoding"),
        ("GET /livez HTTP/1.1\nHost: a\r\n\r\n", 400, ""),
        ("GET /livez HTTP/1.1\r\nHost: a\nA: b\r\n\r\n", 400, ""),
        ("GET /livez HTTP/1.1\r\nHost: a\r\n\n", 400, ""),
        ("GET /livez HTTP/1.1\r\nHost: a\r\nA: b\r\n c\r\n\r\n", 400, ""),
        ("GET /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", 400, ""),
        ("GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, ""),
    ] {
        let mut raw = Raw::open(address(&world)).await;
        let body = if request.ends_with("\r\n\r\n") { "" } else { chunked };
        let answer = raw.ask(format!("{request}{body}")).await.expect(request);
        let problem: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        assert_eq!(
            (answer.status, problem["code"].as_str().unwrap_or_default()),
            (status, code),
            "{request}"
        );
        raw.closed().await;
    }
    // RFC 9112, 6.3: read as chunked, and then closed.
    let mut both = Raw::open(address(&world)).await;
    let request = "POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n";
    assert_eq!(both.ask(format!("{request}{chunked}")).await.expect("an answer").status, 405);
    both.closed().await;
    let mut old = Raw::open(address(&world)).await;
    assert_eq!(old.ask("GET /livez HTTP/1.0\r\n\r\n").await.expect("an answer").status, 200);
    world.stop().await;
}

#[tokio::test]
async fn a_body_under_a_content_coding_is_refused_by_what_would_be_taken() {
    let world = world_with(|_| ()).await;
    let user = world.user("Ana", &[Role::Operator], &[]).await;
    let request = user.request(reqwest::Method::POST, "/messages").header("Content-Encoding", "gzip");
    let answer = Answer::to(request.header("Idempotency-Key", "k").body(vec![0x1f, 0x8b, 8, 0])).await;
    assert_eq!(answer.header("accept-encoding"), "identity");
    assert_eq!(answer.expect(415)["code"], "content_encoding");
    world.stop().await;
}

#[tokio::test]
async fn a_path_of_the_api_is_never_the_page_however_it_is_written() {
    let world = world_with(|_| ()).await;
    for path in ["/API/V1/me", "/Api/v1", "/api/v2/me", "//api/v1/me", "/api%2Fv1/me", "/%61PI/x", "/livez/"]
    {
        let mut raw = Raw::open(address(&world)).await;
        let answer = raw.ask(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).await.expect(path);
        let answered = (answer.status, answer.header("content-type"));
        assert_eq!(answered, (404, Some("application/problem+json")), "{path}");
    }
    world.stop().await;
}

/// The report's: one long name, and within it the same empty name again and again.
fn members_that_stand_twice(bytes: usize) -> String {
    let members = vec![r#""": 0"#; bytes / 2 / 6].join(",");
    format!(r#"{{"a{}": {{{members}}}}}"#, "b".repeat(bytes / 2))
}

#[tokio::test]
async fn a_body_that_costs_more_than_it_weighs_is_refused_in_few_words() {
    let world = world_with(|_| ()).await;
    let user = world.user("Ana", &[Role::Operator], &[]).await;
    let unknown = |count: usize| {
        let members: Vec<_> = (0..count).map(|number| format!(r#""campo_{number}": 0"#)).collect();
        format!("{{{}}}", members.join(","))
    };
    for (body, status, code) in [
        (members_that_stand_twice(950_000), 413, "too_many_values"),
        (members_that_stand_twice(200_000), 422, "duplicate_field"),
        (unknown(50_000), 413, "too_many_values"),
        (unknown(19_000), 422, "unknown_field"),
        (format!(r#"{{"{}": 0}}"#, "á".repeat(400_000)), 422, "unknown_field"),
    ] {
        let request = user.request(reqwest::Method::POST, "/messages").header("Idempotency-Key", "k");
        let answer = Answer::to(request.header("Content-Type", "application/json").body(body)).await;
        assert!(answer.body.to_string().len() < 100_000);
        let faults = answer.refused(status);
        assert!(faults.len() <= 100 && faults.iter().any(|(_, found)| found == code), "{code}: {faults:?}");
    }
    world.stop().await;
}

#[tokio::test]
async fn before_a_login_bodies_are_small() {
    let world = world_with(|_| ()).await;
    let log_in = async |body: String| {
        let request = world.nobody().request(reqwest::Method::POST, "/session");
        Answer::to(request.header("Content-Type", "application/json").body(body)).await
    };
    let padded = |bytes: usize| format!("{}{}", json!({"email": "a@b.co"}), " ".repeat(bytes - 18));
    log_in(padded(16 * 1024)).await.expect(422);
    for body in [padded(16 * 1024 + 1), members_that_stand_twice(950_000)] {
        let problem = log_in(body).await.expect(413);
        assert_eq!(problem["code"], "body_too_large");
        assert!(problem["detail"].as_str().is_some_and(|text| text.contains("16 KB")), "{problem}");
    }
    world.stop().await;
}

#[tokio::test]
async fn figures_move_to_a_listener_of_their_own_if_one_is_configured() {
    let world = World::changed(|options| options.admin = Some(([127, 0, 0, 1], 0).into())).await;
    // Views that have caught up with an empty log need not be there yet.
    world.company("Vigía").await;
    world.caught_up().await;
    for (path, of_door, of_admin) in [
        ("/livez", 200, 200),
        ("/readyz", 404, 200),
        ("/metrics", 404, 200),
        ("/", 200, 404),
        ("/api/v1/me", 401, 404),
    ] {
        let found = (status_of(&world.base(), path).await, status_of(&world.admin_base(), path).await);
        assert_eq!(found, (of_door, of_admin), "{path}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_user_does_not_take_the_places_of_others() {
    let world = world_with(|bounds| bounds.requests_of_one = 0).await;
    let user = world.user("Ana", &[Role::Operator], &[]).await;
    let problem = user.get("/me").await;
    assert_eq!(problem.header("retry-after"), "1");
    problem.expect(429);
    world.stop().await;
}

#[tokio::test]
async fn a_network_of_strangers_does_not_take_the_places_of_users() {
    let world = world_with(|bounds| bounds.stranger_requests_of_one = 0).await;
    let user = world.user("Ana", &[Role::Operator], &[]).await;
    let login = json!({"email": email_of(user.user), "password": PASSWORD});
    let problem = world.nobody().post("/session", &login).await;
    assert_eq!(problem.header("retry-after"), "1");
    problem.expect(429);
    user.get("/me").await.expect(200);
    world.stop().await;
}

/// A table that two networks can fill without one of them having too many; only the table closes what is idle.
fn small_table(bounds: &mut Bounds) {
    (bounds.connections, bounds.connections_of_one, bounds.idle_time) = (20, 10, NEVER);
}

#[tokio::test]
async fn two_networks_that_fill_the_table_leave_a_user_its_idle_connection() {
    let world = world_with(small_table).await;
    let user = world.user("Ana", &[Role::Operator], &[]).await;
    let browser = user.log_in(&email_of(user.user), PASSWORD).await;
    let cookie = browser.cookie().expect("a session");
    let me = format!("GET /api/v1/me HTTP/1.1\r\nHost: a\r\nCookie: {cookie}\r\n\r\n");
    let mut idle = Raw::open(address(&world)).await;
    assert_eq!(idle.ask(&me).await.expect("an answer").status, 200);

    let mut strangers = harmful(address(&world), 10, "").await;
    for _ in 0..10 {
        strangers.push(Raw::from(HARMLESS, address(&world)).await.expect("a connection"));
    }
    all_are_taken(&world).await;

    assert_eq!(idle.ask(&me).await.expect("the connection is still there").status, 200);
    one_is_closed(strangers).await;
    world.stop().await;
}

/// Whether a log-in waits for the table that a test has locked.
async fn a_login_waits(keeper: &mut PgConnection) -> bool {
    sqlx::query_scalar(
        "select exists (
           select from pg_locks
           where not granted and relation = 'credentials'::regclass
             and database = (select oid from pg_database where datname = current_database()))",
    )
    .fetch_one(keeper)
    .await
    .expect("the locks")
}

#[tokio::test]
async fn a_login_under_way_is_not_cut_for_another_connection() {
    let world = world_with(small_table).await;
    let user = world.user("Ana", &[Role::Operator], &[]).await;
    let mut keeper = PgConnection::connect(&world.database_url).await.expect("the database answers");
    let mut locked = keeper.begin().await.expect("a transaction");
    let lock = "lock table credentials in access exclusive mode";
    sqlx::query(lock).execute(&mut *locked).await.expect("the lock");
    let login = json!({"email": email_of(user.user), "password": PASSWORD}).to_string();
    let (head, length) = ("POST /api/v1/session HTTP/1.1\r\nHost: a", login.len());
    let fields = format!("Content-Type: application/json\r\nContent-Length: {length}");
    let mut under_way = Raw::from(HARMFUL, address(&world)).await.expect("a connection");
    under_way.send(format!("{head}\r\n{fields}\r\n\r\n{login}")).await.expect("it is sent");
    let waits = async { while !a_login_waits(&mut locked).await {} };
    timeout(HANG, waits).await.expect("the log-in is under way");

    let strangers = harmful(address(&world), 100, "").await;
    all_are_taken(&world).await;

    locked.rollback().await.expect("the lock is given back");
    assert_eq!(under_way.ask("").await.expect("the connection is still there").status, 201);
    one_is_closed(strangers).await;
    world.stop().await;
}
