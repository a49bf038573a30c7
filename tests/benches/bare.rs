//! The peers of campaigns: the same libraries, sink and number of connections, without audience, storage and views.

use std::net::SocketAddr;
use std::time::Instant;

use domain::value::Channel;
use lettre::Message;
use lettre::message::Mailbox;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;
use tests::measurements::{Outcome, per_second};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::serve::SENDERS;
use crate::sink::Sink;

/// The text of every message.
const BODY: &str = "Su alarma fue atendida a las 21:40. Todo en orden.";

/// Sends `count` messages to a sink. Returns the rate in messages per second.
pub(crate) async fn send(channel: Channel, sink: &Sink, count: usize) -> Outcome<f64> {
    let each = count / SENDERS as usize;
    let begun = Instant::now();
    let mut senders = JoinSet::new();
    let http = client()?;
    for _ in 0..SENDERS {
        match channel {
            Channel::Email => senders.spawn(mails(sink.smtp, each)),
            Channel::Sms => senders.spawn(short_messages(http.clone(), sink.sms, each)),
        };
    }
    while let Some(done) = senders.join_next().await {
        done??;
    }
    Ok(per_second(each * SENDERS as usize, begun.elapsed()))
}

/// lettre on connections with TCP_NODELAY, without which each would manage 22 messages a second.
async fn mails(address: SocketAddr, count: usize) -> Outcome<()> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let me = ClientId::default();
    let connecting = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &me);
    let mut connection = connecting.await?;
    let from: Mailbox = "Avisos <avisos@bench.test>".parse()?;
    for number in 0..count {
        let mail = mail(&from, number)?;
        connection.send(mail.envelope(), &mail.formatted()).await?;
    }
    connection.quit().await?;
    Ok(())
}

fn mail(from: &Mailbox, number: usize) -> Outcome<Message> {
    let to = format!("clienta{number}@bench.test").parse()?;
    let mail = Message::builder().from(from.clone()).to(to).subject("Su alarma");
    Ok(mail.body(BODY.to_owned())?)
}

fn client() -> Outcome<reqwest::Client> {
    let client =
        reqwest::Client::builder().tcp_nodelay(true).no_proxy().pool_max_idle_per_host(SENDERS as usize);
    Ok(client.build()?)
}

async fn short_messages(http: reqwest::Client, address: SocketAddr, count: usize) -> Outcome<()> {
    let url =
        format!("http://{address}/2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json");
    for number in 0..count {
        let to = format!("+57300{number:07}");
        let form = [("To", to.as_str()), ("From", "+15005550006"), ("Body", BODY)];
        let request =
            http.post(&url).basic_auth("AC00000000000000000000000000000000", Some("sink")).form(&form);
        let answer = request.send().await.and_then(reqwest::Response::error_for_status)?;
        answer.bytes().await?;
    }
    Ok(())
}
