//! An invalid configuration at the start: the error names the key, the exit code is its own, and nothing is written.

use std::collections::HashMap;

use sqlx::{Connection, PgConnection};
use tests::program;
use tests::servers;

use crate::testbed::{Testbed, permit};

/// The exit code of an invalid configuration.
const CONFIGURATION: i32 = 3;
/// The exit code of an unavailable or unusable server.
const UNAVAILABLE: i32 = 4;
/// A valid configuration of `serve`, except for the database.
const RIGHT: [(&str, &str); 6] = [
    ("NATS_URL", "nats://127.0.0.1:1"),
    ("MENSAJERIA__SERVER__LISTEN", "127.0.0.1:0"),
    ("MENSAJERIA__SERVER__PUBLIC_URL", "https://mensajes.test"),
    ("MENSAJERIA__KEYS__MASTER", "0707070707070707070707070707070707070707070707070707070707070707"),
    ("MENSAJERIA__PROOF__KEY", "0909090909090909090909090909090909090909090909090909090909090909"),
    ("MENSAJERIA__LOG__LEVEL", "error"),
];
const SMTP: &str = "[{ name = \"uno\", url = \"ftp://127.0.0.1\", from = \"a@b.test\" }]";
const TWILIO: &str = "[{ name = \"uno\", kind = \"twilio\", base_url = \"no\", account = \"AC\", secret = \"s\", from = \"+15005550006\" }]";

/// The changed or missing settings, and the key that the error must name.
const WRONG: [(&str, &str, &str); 11] = [
    ("MENSAJERIA__KEYS__MASTER", "", "keys.master"),
    ("MENSAJERIA__KEYS__MASTER", "corta", "keys.master"),
    ("MENSAJERIA__PROOF__KEY", "", "proof.key"),
    ("MENSAJERIA__PROOF__ORIGIN", "mi log", "proof.origin"),
    ("MENSAJERIA__SERVER__PUBLIC_URL", "", "server.public_url"),
    ("MENSAJERIA__SERVER__PUBLIC_URL", "http://mensajes.test", "server.public_url"),
    ("MENSAJERIA__SERVER__OIDO", "127.0.0.1:0", "server.oido"),
    ("MENSAJERIA__SIMULATOR__ENABLED", "true", "simulator.enabled"),
    ("MENSAJERIA__EMAIL__PROVIDERS", SMTP, "email.providers.uno.url"),
    ("MENSAJERIA__SMS__PROVIDERS", TWILIO, "sms.providers.uno.base_url"),
    ("NATS_URL", "", "nats.url"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_configuration_names_the_key_and_writes_nothing() {
    let _permit = permit().await;
    let database_url = servers::empty_database(servers::shared_durable().await).await;
    for (name, value, key) in WRONG {
        let environment = environment(&database_url, &[(name, value)]);
        assert_refused(&environment, CONFIGURATION, &[&format!("`{key}`")]).await;
    }
    let environment = environment("", &[]);
    assert_refused(&environment, CONFIGURATION, &["`database.url`"]).await;
    assert_eq!(tables(&database_url).await, 0, "a refused start has written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_loses_what_it_commits_is_refused_untouched() {
    let _permit = permit().await;
    let database_url = servers::empty_database(servers::shared().await).await;
    assert_refused(&environment(&database_url, &[]), UNAVAILABLE, &["fsync"]).await;
    assert_eq!(tables(&database_url).await, 0, "a refused start has written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_is_said_to_be() {
    let away = environment("postgres://nadie:secreto@127.0.0.1:1/nada", &[]);
    let text = assert_refused(&away, UNAVAILABLE, &["database"]).await;
    assert!(!text.contains("secreto"), "a secret is printed: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_master_key_than_the_first_is_refused() {
    let testbed = Testbed::start().await;
    let other = "08".repeat(32);
    let wrong = environment(&testbed.database_url, &[("MENSAJERIA__KEYS__MASTER", &other)]);
    let head = testbed.log.reader().head().await.expect("the database answers");
    assert_refused(&wrong, CONFIGURATION, &["master key"]).await;
    assert_eq!(
        testbed.log.reader().head().await.expect("the database answers"),
        head,
        "a refused start has written"
    );
}

/// The valid settings with some changes; an empty value removes a setting.
fn environment(database_url: &str, changes: &[(&str, &str)]) -> HashMap<String, String> {
    let database = [("DATABASE_URL", database_url)];
    let all = RIGHT.iter().chain(&database).chain(changes).copied();
    all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

async fn assert_refused(environment: &HashMap<String, String>, code: i32, parts: &[&str]) -> String {
    let data = tempfile::tempdir().expect("a folder");
    let folder = data.path().join("datos");
    let arguments = ["serve", "--data", program::text(&folder)];
    let refused = program::run(&arguments, environment, "").await;
    for part in parts {
        assert!(refused.errors.contains(part), "{part:?} is not in: {}", refused.errors);
    }
    assert_eq!(refused.code, code, "{}", refused.errors);
    assert!(!folder.exists(), "a refused start has made its folder");
    refused.errors
}

async fn tables(database_url: &str) -> i64 {
    let mut connection = PgConnection::connect(database_url).await.expect("the database answers");
    sqlx::query_scalar(
        "select count(*) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')",
    )
    .fetch_one(&mut connection)
    .await
    .expect("the tables")
}
