//! The servers of a test run: one PostgreSQL and one NATS for each process, a database for each test from a migrated
//! template.

use std::sync::atomic::{AtomicU64, Ordering};

use commands::clock;
use embedded::{Durability, GuardCommand, Stack, StackOptions};
use sqlx::{Connection, PgConnection};
use tokio::sync::OnceCell;

/// The test that runs a guard in a test binary; [`entry_points`](crate::entry_points) defines it.
pub const GUARD_ENTRY: &str = "guard_entry";

/// Defines the entry points of a test binary that uses the harness: one as a guard, one as the program.
#[macro_export]
macro_rules! entry_points {
    () => {
        /// Not a rule: the entry point of this binary as the guard of a server.
        #[test]
        fn guard_entry() {
            embedded::GuardCommand::run_if_guard();
        }

        /// Not a rule: the entry point of this binary as the program.
        #[test]
        fn program_entry() {
            $crate::program::run_if_program();
        }
    };
}

static STACK: OnceCell<Stack> = OnceCell::const_new();
static TEMPLATE: OnceCell<String> = OnceCell::const_new();
static DURABLE_STACK: OnceCell<Stack> = OnceCell::const_new();
static DURABLE_TEMPLATE: OnceCell<String> = OnceCell::const_new();
static SERIAL: AtomicU64 = AtomicU64::new(1);

/// The shared servers of all tests in this process; for tests that break nothing.
pub async fn shared() -> &'static Stack {
    STACK.get_or_init(own).await
}

/// Servers for one test, which may stop, kill or wipe them.
pub async fn own() -> Stack {
    Stack::for_tests(GuardCommand::of_test(GUARD_ENTRY)).await.expect("the servers start")
}

/// The shared durable servers of this process, as `serve` requires.
pub async fn shared_durable() -> &'static Stack {
    DURABLE_STACK.get_or_init(own_durable).await
}

/// Durable servers for one test.
pub async fn own_durable() -> Stack {
    let data = std::env::temp_dir().join(format!("mensajeria-{}", clock::new_id().simple()));
    let (durability, guard) = (Durability::Durable, GuardCommand::of_test(GUARD_ENTRY));
    let options = StackOptions { durability, keep: false, guard, ..StackOptions::new(data) };
    Stack::start(options).await.expect("the servers start")
}

/// A fresh, migrated database on the shared servers.
pub async fn database() -> String {
    fresh(shared().await, &TEMPLATE).await
}

/// A fresh, migrated database on the shared durable servers.
pub async fn durable_database() -> String {
    fresh(shared_durable().await, &DURABLE_TEMPLATE).await
}

/// An empty database on given servers.
pub async fn empty_database(stack: &Stack) -> String {
    let name = format!("empty_{}", SERIAL.fetch_add(1, Ordering::Relaxed));
    stack.create_database("template0", &name).await.expect("a database")
}

async fn fresh(stack: &Stack, made: &OnceCell<String>) -> String {
    let template = made.get_or_init(|| template(stack)).await;
    let name = format!("test_{}", SERIAL.fetch_add(1, Ordering::Relaxed));
    let url = stack.create_database(template, &name).await.expect("a database");
    let mut connection = PgConnection::connect(&url).await.expect("the database answers");
    // Tests share one broker: streams and subjects are named by the log's id.
    sqlx::query("update ledger set id = $1")
        .bind(clock::new_id())
        .execute(&mut connection)
        .await
        .expect("an id");
    connection.close().await.expect("the connection closes");
    url
}

async fn template(stack: &Stack) -> String {
    let name = "mensajeria_template".to_owned();
    let url = stack.create_database("template0", &name).await.expect("the template");
    let pool = sqlx::PgPool::connect(&url).await.expect("the template answers");
    commands::migrate(&pool).await.expect("the migrations apply");
    pool.close().await;
    name
}
