//! The peers of campaigns: the same libraries, sink and number of connections, with nothing resolved, kept or shown.

use std::time::Instant;

use dispatcher::provider::{SmtpSettings, TwilioSettings};
use dispatcher::simulator::Simulator;
use domain::value::Channel;
use lettre::Message;
use lettre::message::Mailbox;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::Outcome;
use super::measure::per_second;
use super::program::SENDERS;
use crate::cli::CliError;

/// What every message says.
const BODY: &str = "Su alarma fue atendida a las 21:40. Todo en orden.";

/// Sends so many messages to a sink; gives how many a second.
pub(super) async fn send(channel: Channel, sink: &Simulator, count: usize) -> Outcome<f64> {
    let each = count / SENDERS as usize;
    let begun = Instant::now();
    let mut senders = JoinSet::new();
    let http = client()?;
    for _ in 0..SENDERS {
        match channel {
            Channel::Email => senders.spawn(mails(sink.smtp_settings(SENDERS), each)),
            Channel::Sms => senders.spawn(short_messages(http.clone(), sink.twilio_account(), each)),
        };
    }
    while let Some(done) = senders.join_next().await {
        done.map_err(CliError::failed)??;
    }
    Ok(per_second(each * SENDERS as usize, begun.elapsed()))
}

/// lettre on a connection of its own with TCP_NODELAY, without which it would manage 22 messages a second.
async fn mails(settings: SmtpSettings, count: usize) -> Outcome<()> {
    let address = settings.url.trim_start_matches("smtp://");
    let stream = TcpStream::connect(address).await.map_err(CliError::failed)?;
    stream.set_nodelay(true).map_err(CliError::failed)?;
    let me = ClientId::default();
    let connecting = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &me);
    let mut connection = connecting.await.map_err(CliError::failed)?;
    let from: Mailbox = settings.from.parse().map_err(CliError::failed)?;
    for number in 0..count {
        let mail = mail(&from, number)?;
        connection.send(mail.envelope(), &mail.formatted()).await.map_err(CliError::failed)?;
    }
    connection.quit().await.map_err(CliError::failed)?;
    Ok(())
}

fn mail(from: &Mailbox, number: usize) -> Outcome<Message> {
    let to = format!("clienta{number}@bench.test").parse().map_err(CliError::failed)?;
    let mail = Message::builder().from(from.clone()).to(to).subject("Su alarma");
    mail.body(BODY.to_owned()).map_err(CliError::failed)
}

fn client() -> Outcome<reqwest::Client> {
    let client =
        reqwest::Client::builder().tcp_nodelay(true).no_proxy().pool_max_idle_per_host(SENDERS as usize);
    client.build().map_err(CliError::failed)
}

async fn short_messages(http: reqwest::Client, settings: TwilioSettings, count: usize) -> Outcome<()> {
    let url = format!("{}/2010-04-01/Accounts/{}/Messages.json", settings.base_url, settings.account);
    for number in 0..count {
        let to = format!("+57300{number:07}");
        let form = [("To", to.as_str()), ("From", &settings.from), ("Body", BODY)];
        let request = http.post(&url).basic_auth(&settings.account, Some(&settings.secret)).form(&form);
        let answer =
            request.send().await.and_then(reqwest::Response::error_for_status).map_err(CliError::failed)?;
        answer.bytes().await.map_err(CliError::failed)?;
    }
    Ok(())
}
