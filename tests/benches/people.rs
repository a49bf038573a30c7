//! The people of the bench: workers with tokens, and companies with clients. All are created over HTTP or the command
//! line.

use std::fmt::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use commands::clock;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use tests::measurements::{Failed, Outcome};
use tokio::time::{sleep, timeout};

use crate::http::Connection;
use crate::world::World;

/// How many workers are registered at once.
const AT_ONCE: usize = 4;
/// How long the projections may take to catch up.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(1_800);
/// How often their positions are polled.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);
/// A password for users who never log in with it.
const PASSWORD: &str = "una clave que nadie usa\n";

/// A worker with an API token.
#[derive(Debug, Clone)]
pub(crate) struct Worker {
    pub(crate) id: String,
    pub(crate) token: String,
}

/// Registers administrators, each with a token.
pub(crate) async fn workers(world: &World, database_url: &str, count: usize) -> Outcome<Vec<Worker>> {
    let registering = (0..count).map(|_| register(world, database_url));
    stream::iter(registering).buffered(AT_ONCE).try_collect().await
}

async fn register(world: &World, database_url: &str) -> Outcome<Worker> {
    let email = format!("{}@bench.test", clock::new_id());
    let add =
        ["user", "add", "--json", "--name", "Trabajadora de prueba", "--role", "admin", "--email", &email];
    let added = world.run(database_url, &add, PASSWORD).await?;
    let token = world.run(database_url, &["user", "token", "--json", "--email", &email], "").await?;
    Ok(Worker { id: field(&added, "id")?, token: field(&token, "token")? })
}

/// A field of an answer in JSON.
pub(crate) fn field(answer: &str, name: &str) -> Outcome<String> {
    let answer: Value = serde_json::from_str(answer)?;
    text(&answer, name)
}

/// A field that is a text.
pub(crate) fn text(answer: &Value, name: &str) -> Outcome<String> {
    let text = answer[name].as_str().map(str::to_owned);
    text.ok_or_else(|| Failed::because(format!("an answer without {name}: {answer}")))
}

/// Creates a company with so many clients, each with one contact, one number and one address, and waits until the views
/// show them.
pub(crate) async fn company(address: SocketAddr, author: &Worker, clients: usize) -> Outcome<String> {
    take_on(address, author, (0..clients).map(|number| (number, format!("+57300{number:07}")))).await
}

/// The number of the one client of [`company_of_one`].
pub(crate) const LONE_PHONE: &str = "+573109999999";

/// Creates a company with one client.
pub(crate) async fn company_of_one(address: SocketAddr, author: &Worker) -> Outcome<String> {
    take_on(address, author, [(0, LONE_PHONE.to_owned())]).await
}

async fn take_on(
    address: SocketAddr,
    author: &Worker,
    clients: impl IntoIterator<Item = (usize, String)>,
) -> Outcome<String> {
    let mut connection = Connection::open(address, Some(author)).await?;
    let details = json!({ "name": "Vigilancia de prueba", "country": "CO", "time_zone": "America/Bogota" });
    let key = clock::new_id().to_string();
    let made = connection.post("/api/v1/companies", &key, &details.to_string()).await?.expect(201)?.json()?;
    let company = text(&made, "id")?;
    let (mut file, mut count) = ("external_id,name,kind,contact_name,phone,email\n".to_owned(), 0);
    for (number, phone) in clients {
        let name = format!("Clienta número {number}");
        writeln!(file, "B-{number},{name},holder,{name},{phone},clienta{number}@bench.test")?;
        count += 1;
    }
    let path = format!("/api/v1/companies/{company}/clients/import");
    let report = connection.upload(&path, &file).await?.expect(200)?.json()?;
    if report["created"].as_u64() != Some(count) {
        return Err(Failed::because(format!("not every client was taken on: {report}")));
    }
    caught_up(address, author).await?;
    Ok(company)
}

/// Waits until every projection shows the current head of the log. Returns how long that took.
pub(crate) async fn caught_up(address: SocketAddr, reader: &Worker) -> Outcome<Duration> {
    let begun = Instant::now();
    let mut connection = Connection::open(address, Some(reader)).await?;
    let waiting = async {
        while !projections(&mut connection).await?.iter().all(is_caught_up) {
            sleep(LOOK_INTERVAL).await;
        }
        Outcome::Ok(())
    };
    timeout(CATCH_UP_TIMEOUT, waiting).await.map_err(|_| Failed::because("the views do not catch up"))??;
    Ok(begun.elapsed())
}

/// The state of the projections.
pub(crate) async fn projections(connection: &mut Connection) -> Outcome<Vec<Value>> {
    let page = connection.get("/api/v1/projections").await?.expect(200)?.json()?;
    Ok(page["data"].as_array().cloned().unwrap_or_default())
}

fn is_caught_up(projection: &Value) -> bool {
    projection["state"] == "live" && projection["lag"] == 0
}
