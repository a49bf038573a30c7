//! An e-mail campaign of a template: HTML of 8 kB, rendered and made into a mail for each person.

use std::fmt::Write;

use commands::clock;
use domain::value::Channel;
use serde_json::{Value, json};
use tests::measurements::{Goal, Outcome, Row, count, median};

use crate::campaign::{self, Measured, Setup};
use crate::http::Connection;
use crate::people;
use crate::world::World;

/// The size of the template's HTML, in bytes, about.
const HTML_BYTES: usize = 8_000;
/// The goal, in e-mails per second.
const RATE_MIN: f64 = 4_000.0;

pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let setup = Setup::prepare(world).await?;
    let template = template(&setup).await?;
    let request = json!({ "company_id": setup.company, "recipient_kind": "holder", "template_id": template });
    let mut campaigns = Vec::with_capacity(world.scale.turns);
    for _ in 0..world.scale.turns {
        campaigns.push(campaign::measured(world, &setup, Channel::Email, &request).await?);
    }
    let recipients = setup.recipients;
    setup.program.stop().await?;
    let of = |figure: fn(&Measured) -> f64| median(campaigns.iter().map(figure).collect());
    let name = |what: &str| format!("e-mail campaign of a template of 8 kB, {what}");
    Ok(vec![
        Row::new(
            name(&format!("{} recipients", count(recipients))),
            "sends/s",
            of(|one| one.result.per_second),
        )
        .goal(Goal::AtLeast(RATE_MIN)),
        Row::new(name("CPU of PostgreSQL, an e-mail"), "ms", of(|one| one.postgres_ms)),
        Row::new(name("CPU of the program, an e-mail"), "ms", of(|one| one.program_ms)),
    ])
}

/// Creates the template. Returns its id.
async fn template(setup: &Setup) -> Outcome<String> {
    let mut connection = Connection::open(setup.program.address(), Some(&setup.author)).await?;
    let template = json!({
        "name": "Resumen del mes",
        "channel": "email",
        "category": "operational",
        "subject": "{{ cliente.nombre }}: resumen del mes",
        "html": html(),
        "variables": [],
    });
    let key = clock::new_id().to_string();
    let made: Value =
        connection.post("/api/v1/templates", &key, &template.to_string()).await?.expect(201)?.json()?;
    people::text(&made, "id")
}

/// A letter with a table of events, in which names and dates are filled in.
fn html() -> String {
    let mut html = "<p>Hola, {{ contacto.nombre }}.</p><p>Estos son los eventos de {{ cliente.nombre }}, a \
                    {{ fecha }}:</p><table>"
        .to_owned();
    let mut row = 0;
    while html.len() < HTML_BYTES {
        row += 1;
        let _ = write!(
            html,
            "<tr><td>{row}</td><td>{{{{ cliente.nombre }}}}</td><td>Alarma atendida por la central</td></tr>"
        );
    }
    html.push_str("</table><p>{{ empresa.nombre }}</p>");
    html
}
