//! The simulated SMTP server: as much of RFC 5321 as a sender meets, and fast.

mod input;
mod wire;

use std::{
    io::{self, Write as _},
    sync::Arc,
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use domain::value::Channel;
use input::Input;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::{Behaviour, Content, NewArrival, Outcome, Refusal, World};

/// The longest command line, in bytes (RFC 5321 4.5.3.1.4 has 512, extensions add to it).
const MAX_LINE: usize = 2_048;
/// The largest message, in bytes, announced as SIZE.
const MAX_MESSAGE: usize = 4 * 1024 * 1024;
/// The most recipients of one message.
const MAX_RECIPIENTS: usize = 100;
/// How much is read at once.
const READ_SIZE: usize = 16 * 1024;
/// How long a client may be silent.
const IDLE: Duration = Duration::from_secs(300);

/// Serves one client until it leaves; a connection that breaks affects no other.
pub(super) async fn session(stream: TcpStream, world: Arc<World>) {
    let is_logged_in = world.options.smtp_login.is_none();
    let session = Session {
        stream,
        world,
        input: Input::default(),
        output: Vec::new(),
        is_logged_in,
        in_data: false,
        envelope: Envelope::default(),
    };
    let _ = session.run().await;
}

struct Session {
    stream: TcpStream,
    world: Arc<World>,
    input: Input,
    output: Vec<u8>,
    is_logged_in: bool,
    in_data: bool,
    envelope: Envelope,
}

#[derive(Default)]
struct Envelope {
    from: Option<String>,
    recipients: Vec<(String, Behaviour)>,
}

/// As much of a message as is kept.
#[derive(Clone)]
struct Received {
    content: Content,
    delivery_id: String,
}

impl Received {
    /// Of a message that was refused before it came.
    const fn nothing() -> Self {
        Self { content: Content::Nothing, delivery_id: String::new() }
    }

    fn of(raw: &[u8], world: &World) -> Self {
        let is_kept = world.arrivals.keeps();
        let content = if is_kept { Content::Mail(wire::undotted(raw)) } else { Content::Nothing };
        let is_named = is_kept || world.ledger.is_some();
        let delivery_id = if is_named { wire::message_id(raw) } else { String::new() };
        Self { content, delivery_id }
    }
}

#[derive(PartialEq, Eq)]
enum Flow {
    Go,
    /// Say what was said so far, then end.
    Close,
}

impl Session {
    async fn run(mut self) -> io::Result<()> {
        self.say("220 simulador.mensajeria.test ESMTP");
        loop {
            while let Some(flow) = self.step().await? {
                if flow == Flow::Close {
                    return self.flush().await;
                }
            }
            if let Some(too_much) = self.overflow() {
                self.say(too_much);
                return self.flush().await;
            }
            self.flush().await?;
            if !self.read().await? {
                return Ok(());
            }
        }
    }

    /// Serves the next whole line or message, if one has arrived.
    async fn step(&mut self) -> io::Result<Option<Flow>> {
        if !self.in_data {
            return Ok(self.input.line().map(|line| self.command(&line)));
        }
        let Some(raw) = self.input.message() else {
            return Ok(None);
        };
        self.in_data = false;
        let received = Received::of(raw, &self.world);
        self.message(received).await.map(Some)
    }

    fn command(&mut self, line: &str) -> Flow {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.ehlo(),
            "HELO" => self.say("250 simulador.mensajeria.test"),
            "AUTH" => self.auth(rest),
            "MAIL" => self.mail(rest),
            "RCPT" => return self.rcpt(rest),
            "DATA" => self.data(),
            "RSET" => self.reset(),
            "NOOP" => self.say("250 2.0.0 Ok"),
            "QUIT" => {
                self.say("221 2.0.0 Bye");
                return Flow::Close;
            }
            _ => self.say("502 5.5.2 Unknown command"),
        }
        Flow::Go
    }

    fn ehlo(&mut self) {
        self.envelope = Envelope::default();
        self.say("250-simulador.mensajeria.test");
        if self.world.options.pipelining {
            self.say("250-PIPELINING");
        }
        if self.world.options.smtp_login.is_some() {
            self.say("250-AUTH PLAIN");
        }
        self.say("250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES");
        // Writing to memory does not fail.
        let _ = write!(self.output, "250 SIZE {MAX_MESSAGE}\r\n");
    }

    fn auth(&mut self, rest: &str) {
        let Some((user, password)) = &self.world.options.smtp_login else {
            return self.say("503 5.5.1 Not offered");
        };
        let expected = BASE64_STANDARD.encode(format!("\0{user}\0{password}"));
        self.is_logged_in = rest.strip_prefix("PLAIN ") == Some(&expected);
        let is_logged_in = self.is_logged_in;
        self.say(if is_logged_in { "235 2.7.0 Welcome" } else { "535 5.7.8 Bad credentials" });
    }

    fn mail(&mut self, rest: &str) {
        if !self.is_logged_in {
            return self.say("530 5.7.0 Authentication required");
        }
        if self.envelope.from.is_some() {
            return self.say("503 5.5.1 Nested MAIL");
        }
        let Some(from) = wire::path(rest, "FROM:") else {
            return self.say("501 5.5.4 Syntax: MAIL FROM:<address>");
        };
        self.envelope.from = Some(from.to_owned());
        self.say("250 2.1.0 Ok");
    }

    fn rcpt(&mut self, rest: &str) -> Flow {
        let to = wire::path(rest, "TO:").filter(|to| !to.is_empty());
        let reply = match to {
            _ if self.envelope.from.is_none() => "503 5.5.1 MAIL first",
            None => "501 5.5.4 Syntax: RCPT TO:<address>",
            Some(_) if self.envelope.recipients.len() >= MAX_RECIPIENTS => "452 4.5.3 Too many recipients",
            Some(to) => return self.recipient(to),
        };
        self.say(reply);
        Flow::Go
    }

    fn recipient(&mut self, to: &str) -> Flow {
        match self.world.rules.decide(Channel::Email, to) {
            Behaviour::Refuse(refusal) => {
                self.note(to, refusal.outcome(), Received::nothing());
                self.refuse(refusal);
            }
            Behaviour::CutEarly => {
                self.note(to, Outcome::Lost, Received::nothing());
                return Flow::Close;
            }
            behaviour => {
                self.envelope.recipients.push((to.to_owned(), behaviour));
                self.say("250 2.1.5 Ok");
            }
        }
        Flow::Go
    }

    fn data(&mut self) {
        if self.envelope.recipients.is_empty() {
            return self.say("554 5.5.1 No valid recipients");
        }
        self.in_data = true;
        self.say("354 End data with <CR><LF>.<CR><LF>");
    }

    fn reset(&mut self) {
        self.envelope = Envelope::default();
        self.say("250 2.0.0 Ok");
    }

    async fn message(&mut self, received: Received) -> io::Result<Flow> {
        let mut refusal = None;
        for (to, behaviour) in std::mem::take(&mut self.envelope.recipients) {
            match behaviour {
                Behaviour::RefuseBody(refused) => {
                    self.note(&to, refused.outcome(), received.clone());
                    refusal = Some(refused);
                }
                Behaviour::CutUnaccepted => {
                    self.note(&to, Outcome::Lost, received);
                    return Ok(Flow::Close);
                }
                behaviour => {
                    if self.accept(to, behaviour, received.clone()).await? == Flow::Close {
                        return Ok(Flow::Close);
                    }
                }
            }
        }
        self.envelope = Envelope::default();
        match refusal {
            Some(refused) => self.refuse(refused),
            // Writing to memory does not fail.
            None => drop(write!(self.output, "250 2.0.0 Ok: queued as {:X}\r\n", self.world.next_serial())),
        }
        Ok(Flow::Go)
    }

    async fn accept(&mut self, to: String, how: Behaviour, received: Received) -> io::Result<Flow> {
        if let Behaviour::Slow(time) = how {
            tokio::time::sleep(time).await;
        }
        let is_cut = how == Behaviour::AcceptThenCut;
        let outcome = if is_cut { Outcome::AcceptedThenCut } else { Outcome::Accepted };
        self.world.accept(self.arrival(to, outcome, received)).await?;
        Ok(if is_cut { Flow::Close } else { Flow::Go })
    }

    fn note(&self, to: &str, outcome: Outcome, received: Received) {
        self.world.note(self.arrival(to.to_owned(), outcome, received));
    }

    fn arrival(&self, to: String, outcome: Outcome, received: Received) -> NewArrival {
        let (from, Received { content, delivery_id }) =
            (self.envelope.from.clone().unwrap_or_default(), received);
        NewArrival { channel: Channel::Email, delivery_id, to, from, content, outcome }
    }

    fn refuse(&mut self, refusal: Refusal) {
        // Writing to memory does not fail.
        let _ = write!(self.output, "{} {}\r\n", refusal.status, refusal.text);
    }

    fn say(&mut self, line: &str) {
        self.output.extend_from_slice(line.as_bytes());
        self.output.extend_from_slice(b"\r\n");
    }

    fn overflow(&self) -> Option<&'static str> {
        let waiting = self.input.waiting_length();
        match self.in_data {
            true if waiting > MAX_MESSAGE => Some("552 5.3.4 Message too big"),
            false if waiting > MAX_LINE => Some("500 5.5.2 Line too long"),
            _ => None,
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.output).await?;
        self.output.clear();
        Ok(())
    }

    /// Waits for more; false at the end.
    async fn read(&mut self) -> io::Result<bool> {
        let read = timeout(IDLE, self.stream.read_buf(self.input.space(READ_SIZE))).await;
        Ok(read.unwrap_or(Ok(0))? > 0)
    }
}
