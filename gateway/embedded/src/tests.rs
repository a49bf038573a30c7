//! Tests of the stack with real servers and real kills. Each test has its own stack.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use async_nats::jetstream::{self, stream};
use sqlx::{Connection, PgConnection};
use tokio::time::{Instant, timeout};

use crate::environment::variable;
use crate::platform::{self, StopSignal};
use crate::*;

/// A test that waits this long hangs: this is no measure of speed.
const HANG: Duration = Duration::from_secs(600);

/// The variable with the data folder for a test run as a parent process.
const PARENT_DATA: &str = "MENSAJERIA_TEST_PARENT_DATA";

fn guard() -> GuardCommand {
    GuardCommand::of_test("tests::guard_entry")
}

/// Not a rule: the entry point of this binary as a guard.
#[test]
fn guard_entry() {
    GuardCommand::run_if_guard();
}

/// Not a rule: the entry point of this binary as a parent process that is killed.
#[tokio::test]
async fn parent_entry() {
    let Some(data) = variable(PARENT_DATA) else {
        return;
    };
    let stack = Stack::start(kept(Path::new(&data))).await.unwrap();
    let mut connection = connect(stack.database_url().unwrap()).await;
    sqlx::raw_sql("create table if not exists kept (n int); insert into kept values (1)")
        .execute(&mut connection)
        .await
        .unwrap();
    let pids = [stack.postgres_pid().await.unwrap(), stack.nats_pid().await.unwrap()];
    println!("\nservers {} {}", pids[0], pids[1]);
    std::future::pending::<()>().await;
}

fn kept(data: &Path) -> StackOptions {
    StackOptions { durability: Durability::Test, guard: guard(), ..StackOptions::new(data.to_owned()) }
}

async fn connect(url: &str) -> PgConnection {
    timeout(HANG, PgConnection::connect(url)).await.unwrap().unwrap()
}

/// async-nats accepts a URL with credentials but ignores them.
async fn broker_at(url: &str) -> Result<async_nats::Client, async_nats::ConnectError> {
    let parsed = url::Url::parse(url).unwrap();
    let (user, password) = (parsed.username().to_owned(), parsed.password().unwrap().to_owned());
    async_nats::ConnectOptions::with_user_and_password(user, password).connect(url).await
}

async fn number(url: &str, query: &str) -> i64 {
    sqlx::query_scalar(query).fetch_one(&mut connect(url).await).await.unwrap()
}

/// Starts another process with a stack on `data`. Returns it and the process ids of its servers.
fn parent_on(data: &Path) -> (Child, [u32; 2]) {
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["tests::parent_entry", "--exact", "--nocapture"])
        .env(PARENT_DATA, data)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(parent.stdout.take().unwrap()).lines().map_while(Result::ok);
    let line =
        lines.into_iter().find(|line| line.starts_with("servers ")).expect("the parent starts its servers");
    let pids: Vec<u32> = line.split(' ').skip(1).map(|pid| pid.parse().unwrap()).collect();
    (parent, [pids[0], pids[1]])
}

fn kill(mut parent: Child) {
    parent.kill().unwrap();
    parent.wait().unwrap();
}

/// A zombie does not run: it is dead, but its parent has not reaped it.
fn is_running(pid: u32) -> bool {
    crate::predecessor::started(pid).is_some()
}

/// Waits until no process has this id. The guards' own timeout is part of the assertion.
async fn gone(pid: u32, bound: Duration) -> bool {
    let deadline = Instant::now() + bound;
    while is_running(pid) {
        if Instant::now() > deadline {
            return false;
        }
        tokio::task::yield_now().await;
    }
    true
}

#[tokio::test]
async fn both_servers_answer_at_the_urls_of_the_stack() {
    let stack = Stack::for_tests(guard()).await.unwrap();
    assert_eq!(number(stack.database_url().unwrap(), "select 1::bigint").await, 1);
    let client = broker_at(stack.nats_url().unwrap()).await.unwrap();
    let account = jetstream::new(client).query_account().await.unwrap();
    assert_eq!(account.streams, 0);
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn the_servers_refuse_connections_without_their_password() {
    let stack = Stack::for_tests(guard()).await.unwrap();
    let mut database = url::Url::parse(stack.database_url().unwrap()).unwrap();
    database.set_password(Some("wrong")).unwrap();
    assert!(PgConnection::connect(database.as_str()).await.is_err());
    let mut broker = url::Url::parse(stack.nats_url().unwrap()).unwrap();
    broker.set_password(Some("wrong")).unwrap();
    assert!(broker_at(broker.as_str()).await.is_err());
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn text_sorts_and_folds_as_unicode() {
    let stack = Stack::for_tests(guard()).await.unwrap();
    let url = stack.database_url().unwrap();
    let query = "select count(*) from (values ('x')) t where lower('ÁÑ') = 'áñ' and 'JOSÉ' ilike 'josé'";
    assert_eq!(number(url, query).await, 1);
    sqlx::raw_sql("create extension unaccent").execute(&mut connect(url).await).await.unwrap();
    assert_eq!(
        number(url, "select count(*) from (select 1 where unaccent('José Ñuñez') = 'Jose Nunez') t").await,
        1
    );
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn stop_ends_both_servers_and_removes_a_temporary_folder() {
    let stack = Stack::for_tests(guard()).await.unwrap();
    let data = stack.data().to_owned();
    let pids = [stack.postgres_pid().await.unwrap(), stack.nats_pid().await.unwrap()];
    stack.stop().await.unwrap();
    assert!(pids.iter().all(|pid| !is_running(*pid)));
    assert!(!data.exists());
}

#[tokio::test]
async fn dropping_a_stack_stops_its_servers() {
    let stack = Stack::for_tests(guard()).await.unwrap();
    let pids = [stack.postgres_pid().await.unwrap(), stack.nats_pid().await.unwrap()];
    drop(stack);
    for pid in pids {
        assert!(gone(pid, HANG).await, "process {pid} outlives its stack");
    }
}

#[tokio::test]
async fn a_killed_parent_leaves_no_server_behind_and_a_start_right_after_finds_the_data() {
    let data = tempfile::tempdir().unwrap();
    let (parent, pids) = parent_on(data.path());
    kill(parent);
    let stack = timeout(HANG, Stack::start(kept(data.path()))).await.unwrap().unwrap();
    for pid in pids {
        assert!(!is_running(pid), "process {pid} of the killed parent still runs");
    }
    assert_eq!(number(stack.database_url().unwrap(), "select count(*) from kept").await, 1);
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_parent_takes_its_servers_along() {
    let data = tempfile::tempdir().unwrap();
    let (parent, pids) = parent_on(data.path());
    kill(parent);
    for pid in pids {
        assert!(gone(pid, HANG).await, "process {pid} is an orphan");
    }
}

#[tokio::test]
async fn a_folder_in_use_by_a_living_process_is_refused_with_its_number() {
    let data = tempfile::tempdir().unwrap();
    let (parent, _) = parent_on(data.path());
    let error = timeout(HANG, Stack::start(kept(data.path()))).await.unwrap().unwrap_err();
    assert!(
        matches!(&error, StackError::InUse { owner, .. } if *owner == parent.id().to_string()),
        "{error}"
    );
    assert!(error.to_string().contains("--data"), "{error}");
    kill(parent);
}

#[tokio::test]
async fn another_process_finds_the_addresses_only_while_the_owner_lives() {
    let data = tempfile::tempdir().unwrap();
    assert!(running(data.path()).unwrap().is_none());
    let (parent, _) = parent_on(data.path());
    let addresses = running(data.path()).unwrap().expect("the parent lives");
    assert_eq!(number(&addresses.database_url.unwrap(), "select count(*) from kept").await, 1);
    kill(parent);
    assert!(running(data.path()).unwrap().is_none());
}

#[tokio::test]
async fn servers_whose_guards_were_killed_too_are_stopped_by_the_next_start() {
    let data = tempfile::tempdir().unwrap();
    let stack = Stack::start(kept(data.path())).await.unwrap();
    let pids = [stack.postgres_pid().await.unwrap(), stack.nats_pid().await.unwrap()];
    for pid in pids {
        platform::signal(parent_of(pid), StopSignal::Kill);
    }
    timeout(HANG, stack.failed()).await.unwrap();
    drop(stack);
    let stack = timeout(HANG, Stack::start(kept(data.path()))).await.unwrap().unwrap();
    assert!(pids.iter().all(|pid| !is_running(*pid)));
    stack.stop().await.unwrap();
}

fn parent_of(pid: u32) -> u32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, after_name) = stat.rsplit_once(')').unwrap();
    after_name.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_server_that_ends_by_itself_comes_back_at_the_same_address() {
    let stack = Stack::for_tests(guard()).await.unwrap();
    let (postgres, nats) = (stack.postgres_pid().await.unwrap(), stack.nats_pid().await.unwrap());
    platform::signal(postgres, StopSignal::Kill);
    platform::signal(nats, StopSignal::Kill);
    assert!(gone(postgres, HANG).await && gone(nats, HANG).await);
    let deadline = Instant::now() + HANG;
    while PgConnection::connect(stack.database_url().unwrap()).await.is_err() {
        assert!(Instant::now() < deadline, "PostgreSQL did not come back");
    }
    while broker_at(stack.nats_url().unwrap()).await.is_err() {
        assert!(Instant::now() < deadline, "NATS did not come back");
    }
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn an_outage_of_postgresql_keeps_committed_data() {
    let stack = Stack::for_tests(guard()).await.unwrap();
    let url = stack.database_url().unwrap();
    sqlx::raw_sql("create table t as select 7::bigint as n").execute(&mut connect(url).await).await.unwrap();
    stack.kill_postgres().await.unwrap();
    assert!(PgConnection::connect(url).await.is_err());
    stack.start_postgres().await.unwrap();
    assert_eq!(number(url, "select n from t").await, 7);
    stack.stop_postgres().await.unwrap();
    assert!(PgConnection::connect(url).await.is_err());
    stack.start_postgres().await.unwrap();
    assert_eq!(number(url, "select n from t").await, 7);
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn an_outage_of_nats_keeps_the_streams_and_a_wipe_does_not() {
    let stack = Stack::for_tests(guard()).await.unwrap();
    let url = stack.nats_url().unwrap();
    let jetstream = jetstream::new(broker_at(url).await.unwrap());
    let config = stream::Config { name: "KEPT".into(), subjects: vec!["kept".into()], ..Default::default() };
    jetstream.create_stream(config).await.unwrap();
    stack.stop_nats().await.unwrap();
    assert!(broker_at(url).await.is_err());
    stack.start_nats().await.unwrap();
    let jetstream = jetstream::new(broker_at(url).await.unwrap());
    assert!(jetstream.get_stream("KEPT").await.is_ok());
    stack.wipe_jetstream().unwrap();
    stack.kill_nats().await.unwrap();
    stack.start_nats().await.unwrap();
    let jetstream = jetstream::new(broker_at(url).await.unwrap());
    assert!(jetstream.get_stream("KEPT").await.is_err());
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn each_test_gets_a_database_copied_from_a_template() {
    let stack = Stack::for_tests(guard()).await.unwrap();
    let template = stack.create_database("template0", "plantilla \"uno\"").await.unwrap();
    let mut connection = connect(&template).await;
    sqlx::raw_sql("create table t as select 7::bigint as n").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let copy = stack.create_database("plantilla \"uno\"", "copia").await.unwrap();
    assert_eq!(number(&copy, "select n from t").await, 7);
    stack.drop_database("copia").await.unwrap();
    assert!(PgConnection::connect(&copy).await.is_err());
    stack.drop_database("copia").await.unwrap();
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_left_out_is_not_started() {
    let data = tempfile::tempdir().unwrap();
    let stack = Stack::start(StackOptions { postgres: false, ..kept(data.path()) }).await.unwrap();
    assert!(stack.database_url().is_none() && stack.nats_url().is_some());
    assert!(!data.path().join("postgres").exists());
    assert!(matches!(stack.kill_postgres().await, Err(StackError::NotStarted("PostgreSQL"))));
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn streams_may_set_aside_more_than_the_disk_has() {
    let data = tempfile::tempdir().unwrap();
    let stack = Stack::start(StackOptions { postgres: false, ..kept(data.path()) }).await.unwrap();
    let jetstream = jetstream::new(broker_at(stack.nats_url().unwrap()).await.unwrap());
    let streams = ["A", "B", "C"].map(|name| stream::Config {
        name: name.to_owned(),
        max_bytes: 300 << 30,
        ..stream::Config::default()
    });
    for config in streams {
        jetstream.create_stream(config).await.unwrap();
    }
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_cannot_start_is_reported_with_its_own_words() {
    let data = tempfile::tempdir().unwrap();
    let stack = Stack::start(kept(data.path())).await.unwrap();
    stack.stop().await.unwrap();
    std::fs::write(data.path().join("postgres/postgresql.conf"), "nonsense_setting = 1\n").unwrap();
    let error = timeout(HANG, Stack::start(kept(data.path()))).await.unwrap().unwrap_err();
    assert!(error.to_string().contains("nonsense_setting"), "{error}");
}

#[tokio::test]
async fn a_durable_cluster_is_written_through_while_it_already_works() {
    let data = tempfile::tempdir().unwrap();
    let options = StackOptions { durability: Durability::Durable, nats: false, ..kept(data.path()) };
    let stack = Stack::start(options.clone()).await.unwrap();
    let settings = "select count(*) from pg_settings where name in ('fsync', 'synchronous_commit', 'full_page_writes') \
                    and setting = 'on'";
    assert_eq!(number(stack.database_url().unwrap(), settings).await, 3);
    let marker = data.path().join("postgres.unwritten");
    let deadline = Instant::now() + HANG;
    while marker.exists() {
        assert!(Instant::now() < deadline, "the cluster is never written through");
        tokio::task::yield_now().await;
    }
    stack.stop().await.unwrap();
    std::fs::write(&marker, "").unwrap();
    let stack = Stack::start(options).await.unwrap();
    while marker.exists() {
        assert!(Instant::now() < deadline, "the next start does not write it through");
        tokio::task::yield_now().await;
    }
    stack.stop().await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn passwords_are_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;

    let stack = Stack::for_tests(guard()).await.unwrap();
    for file in ["postgres.password", "nats.conf", "stack.json", "postgres.log", "nats.log"] {
        let mode = std::fs::metadata(stack.data().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file} is {mode:o}");
    }
    stack.stop().await.unwrap();
}
