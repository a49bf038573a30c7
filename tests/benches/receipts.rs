//! An SMS campaign whose provider reports each message as delivered while the others are sent.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use dispatcher::simulator::twilio_signature;
use domain::value::Channel;
use tests::measurements::{Failed, Goal, Outcome, Row, count, median, per_second};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until, timeout};
use url::{Position, Url, form_urlencoded};

use crate::campaign::{Setup, totals_of};
use crate::http::Connection;
use crate::serve;
use crate::sink::Taken;
use crate::world::World;

/// The connections on which the provider reports, as many as it is sent to on.
const CONNECTIONS: usize = serve::SENDERS as usize;
/// The goal for sends and for receipts, each per second.
const RATE_MIN: f64 = 4_000.0;
/// How long after its acceptance a message is reported. Phones confirm an SMS within seconds.
const DELIVERED_AFTER: Duration = Duration::from_secs(2);
/// How long the receipts may take after the last send.
const RECEIPTS_TIMEOUT: Duration = Duration::from_secs(600);
/// How often the totals are polled.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let setup = Setup::prepare(world).await?;
    let (mut sends, mut receipts, mut cpus) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..world.scale.turns {
        let before = (world.postgres_cpu().await?, setup.program.cpu()?);
        let (sent, received) = campaign(&setup).await?;
        sends.push(sent);
        receipts.push(received);
        let each = |took: Duration| took.as_secs_f64() * 1e3 / setup.recipients as f64;
        let postgres = each(world.postgres_cpu().await?.saturating_sub(before.0));
        cpus.push((postgres, each(setup.program.cpu()?.saturating_sub(before.1))));
    }
    let recipients = setup.recipients;
    setup.program.stop().await?;
    let name = |what: &str| format!("SMS campaign with receipts, {what}");
    let (postgres, program) = cpus.into_iter().unzip();
    let sent = name(&format!("{} recipients", count(recipients)));
    Ok(vec![
        Row::new(sent, "sends/s", median(sends)).goal(Goal::AtLeast(RATE_MIN)),
        Row::new(name("receipts meanwhile and after"), "receipts/s", median(receipts))
            .goal(Goal::AtLeast(RATE_MIN)),
        Row::new(name("CPU of PostgreSQL, an SMS and its receipt"), "ms", median(postgres)),
        Row::new(name("CPU of the program, an SMS and its receipt"), "ms", median(program)),
    ])
}

/// Runs a campaign until each message is reported as delivered. Returns sends per second, and receipts per second from the
/// moment at which the first could be reported.
async fn campaign(setup: &Setup) -> Outcome<(f64, f64)> {
    let mut reporting = JoinSet::new();
    let mut reporters = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let (reporter, taken) = mpsc::unbounded_channel();
        reporting.spawn(report(setup.program.address(), taken));
        reporters.push(reporter);
    }
    setup.sink.report_to(reporters);
    let begun = Instant::now();
    let sent = setup.run(Channel::Sms, &setup.request(Channel::Sms)).await?;
    setup.sink.report_to(Vec::new());
    while let Some(done) = reporting.join_next().await {
        done??;
    }
    let mut connection = Connection::open(setup.program.address(), Some(&setup.author)).await?;
    let all_in = async {
        while totals_of(&mut connection, &sent.id).await?["delivered"].as_u64()
            != Some(setup.recipients as u64)
        {
            sleep(LOOK_INTERVAL).await;
        }
        Outcome::Ok(())
    };
    timeout(RECEIPTS_TIMEOUT, all_in).await.map_err(|_| Failed::because("receipts are missing"))??;
    let reporting = begun.elapsed().saturating_sub(DELIVERED_AFTER);
    Ok((sent.per_second, per_second(setup.recipients, reporting)))
}

/// Reports messages on one connection, one after the other, as Twilio does.
async fn report(address: SocketAddr, mut taken: mpsc::UnboundedReceiver<Taken>) -> Outcome<()> {
    let mut connection = Connection::open(address, None).await?;
    while let Some(Taken { sid, callback, at }) = taken.recv().await {
        sleep_until((at + DELIVERED_AFTER).into()).await;
        let callback = Url::parse(&callback)?;
        let parameters = [("MessageSid", sid), ("MessageStatus", "delivered".to_owned())];
        let signature = twilio_signature(&callback, &parameters);
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&parameters).finish();
        let path = &callback[Position::BeforePath..];
        let answer = connection.report(path, ("x-twilio-signature", &signature), &body).await?;
        if answer.status >= 300 {
            return Err(Failed::because(format!("a receipt was answered {}", answer.status)));
        }
    }
    Ok(())
}
