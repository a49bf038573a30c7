//! One SMTP dialogue, command by command, with a deadline for each.

use std::{future::Future, sync::Arc, time::Duration};

use domain::delivery::FailureClass;
use lettre::transport::smtp::{
    Error,
    authentication::{Credentials, DEFAULT_MECHANISMS},
    client::AsyncSmtpConnection,
    commands::{Ehlo, Rset},
    extension::{ClientId, Extension},
    response::Response,
};
use tokio::time::{Instant, timeout};

use super::{
    Shared, SmtpDeadlines,
    message::Letter,
    reply::{self, Phase},
    stream,
};
use crate::provider::failure::{Accepted, Failure, SendFailure, code, provider_text};

/// A connection and what is known of its server.
pub(super) struct Connection {
    /// Boxed, since a sender that waits for work should be small.
    smtp: Box<AsyncSmtpConnection>,
    deadlines: SmtpDeadlines,
    pipelining: bool,
    uses: u64,
    idle_since: Instant,
    state: State,
}

/// Where the dialogue stands; only a connection between two mails may be used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    BetweenMails,
    /// A refused envelope has to be taken back before the next one.
    Refused,
    WithinMail,
}

impl Connection {
    /// Connects, greets, agrees on TLS and authenticates.
    pub(super) async fn open(shared: &Arc<Shared>) -> Result<Self, Failure> {
        let (server, deadlines) = (&shared.server, shared.deadlines);
        let stream = stream::connect(server, &shared.trust, deadlines.connect).await?;
        let me = ClientId::default();
        let greeting = AsyncSmtpConnection::connect_with_transport(stream, &me);
        let mut smtp = within(deadlines.greeting, Phase::Greeting, greeting).await?;
        let offers_tls = smtp.can_starttls();
        if !server.may_be_told_the_password(offers_tls) {
            let text = "the server offers no TLS, and a password is not sent in clear over a network";
            return Err(Failure::new(FailureClass::ConfigAuth, code::TLS, text));
        }
        if !server.implicit_tls && offers_tls {
            let tls = stream::lettre_tls(&server.host)?;
            within(deadlines.greeting, Phase::Connect, smtp.starttls(tls, &me)).await?;
        }
        if let Some((user, password)) = &server.credentials {
            let credentials = Credentials::new(user.clone(), password.reveal().to_owned());
            let auth = smtp.auth(DEFAULT_MECHANISMS, &credentials);
            within(deadlines.greeting, Phase::Auth, auth).await?;
        }
        // lettre forgets PIPELINING, so the server is asked once more.
        let ehlo = within(deadlines.greeting, Phase::Greeting, smtp.command(Ehlo::new(me))).await?;
        let pipelining = ehlo.message().any(|line| line.eq_ignore_ascii_case("PIPELINING"));
        Ok(Self {
            smtp: Box::new(smtp),
            deadlines,
            pipelining,
            uses: 0,
            idle_since: Instant::now(),
            state: State::BetweenMails,
        })
    }

    /// Whether the server and everything between may be expected to remember this connection.
    pub(super) fn is_fresh(&self) -> bool {
        self.is_between_mails() && self.idle_since.elapsed() < self.deadlines.idle
    }

    pub(super) fn is_between_mails(&self) -> bool {
        self.state != State::WithinMail
    }

    /// Brings the server to 354. A failure is proof that nothing of the mail was sent.
    pub(super) async fn announce(&mut self, letter: &Letter) -> Result<(), Failure> {
        if letter.is_international() && !self.smtp.server_info().supports_feature(Extension::SmtpUtfEight) {
            let text = "the server cannot take this address (SMTPUTF8)";
            return Err(Failure::new(FailureClass::PermanentContent, code::CONTENT, text));
        }
        if std::mem::replace(&mut self.state, State::WithinMail) == State::Refused {
            let rset = self.expect(Phase::Mail, Rset.to_string(), is_completion).await;
            rset.map_err(|_| reply::ended())?;
        }
        if self.pipelining {
            self.announce_at_once(letter).await
        } else {
            self.announce_in_turn(letter).await
        }
    }

    /// Sends the message and waits for the server's word. Until that word nobody knows.
    pub(super) async fn transmit(&mut self, letter: &Letter) -> Result<Accepted, SendFailure> {
        let deadline = self.deadlines.final_reply;
        let answer = timeout(deadline, self.smtp.command(&letter.wire)).await;
        let response = match answer {
            Err(_) => return Err(reply::timed_out(Phase::FinalReply).into_doubt().into()),
            Ok(Err(error)) if error.status().is_none() => {
                return Err(reply::failed(Phase::FinalReply, &error).into_doubt().into());
            }
            Ok(Err(refusal)) => {
                self.answered(State::BetweenMails);
                return Err(reply::failed(Phase::FinalReply, &refusal).into());
            }
            Ok(Ok(response)) => response,
        };
        if !is_completion(&response) {
            return Err(reply::out_of_order(Phase::FinalReply, response.code().into()).into_doubt().into());
        }
        self.answered(State::BetweenMails);
        Ok(Accepted { reference: reference(&response, letter) })
    }

    /// Ends the connection politely.
    pub(super) async fn quit(mut self) {
        // A server that does not answer QUIT has nothing of ours: the result does not matter.
        let _ = timeout(GOODBYE, self.smtp.quit()).await;
    }

    /// Three commands in one packet, three replies. All are read, whatever the first ones say (RFC 2920 3.1).
    async fn announce_at_once(&mut self, letter: &Letter) -> Result<(), Failure> {
        let commands = format!("{}{}{DATA}", mail(letter), rcpt(letter));
        let mut envelope = self.expect(Phase::Mail, commands, is_completion).await;
        if is_over(&envelope) {
            return envelope;
        }
        let rcpt = self.next_reply(Phase::Rcpt, is_completion).await;
        let rcpt_is_over = is_over(&rcpt);
        envelope = envelope.and(rcpt);
        if rcpt_is_over {
            return envelope;
        }
        let data = self.next_reply(Phase::Data, is_go_ahead).await;
        // A 354 after a refusal wants a message for nobody. Hanging up gives it none.
        if is_over(&data) || (envelope.is_err() && data.is_ok()) {
            return envelope.and(data);
        }
        self.settle(envelope.and(data))
    }

    async fn announce_in_turn(&mut self, letter: &Letter) -> Result<(), Failure> {
        let result = self.expect(Phase::Mail, mail(letter), is_completion).await;
        self.settle(result)?;
        let result = self.expect(Phase::Rcpt, rcpt(letter), is_completion).await;
        self.settle(result)?;
        let result = self.expect(Phase::Data, DATA.to_owned(), is_go_ahead).await;
        self.settle(result)
    }

    /// A refusal by reply leaves the connection usable; a failure that is no reply, or a 421, does not.
    fn settle(&mut self, result: Result<(), Failure>) -> Result<(), Failure> {
        if result.is_err() && !is_over(&result) {
            self.answered(State::Refused);
        }
        result
    }

    async fn expect(
        &mut self,
        phase: Phase,
        command: String,
        good: fn(&Response) -> bool,
    ) -> Result<(), Failure> {
        let deadline = self.deadline(phase);
        check(phase, within(deadline, phase, self.smtp.command(command)).await?, good)
    }

    async fn next_reply(&mut self, phase: Phase, good: fn(&Response) -> bool) -> Result<(), Failure> {
        let deadline = self.deadline(phase);
        check(phase, within(deadline, phase, self.smtp.read_response()).await?, good)
    }

    fn deadline(&self, phase: Phase) -> Duration {
        if phase == Phase::Data { self.deadlines.data } else { self.deadlines.envelope }
    }

    fn answered(&mut self, state: State) {
        self.state = state;
        self.uses += 1;
        self.idle_since = Instant::now();
    }
}

/// How long a server may take over QUIT; the program wants to end.
const GOODBYE: Duration = Duration::from_secs(1);
const DATA: &str = "DATA\r\n";

fn mail(letter: &Letter) -> String {
    let utf8 = if letter.is_international() { " SMTPUTF8 BODY=8BITMIME" } else { "" };
    format!("MAIL FROM:<{}>{utf8}\r\n", letter.sender)
}

fn rcpt(letter: &Letter) -> String {
    format!("RCPT TO:<{}>\r\n", letter.recipient)
}

fn is_completion(response: &Response) -> bool {
    (200..300).contains(&u16::from(response.code()))
}

fn is_go_ahead(response: &Response) -> bool {
    u16::from(response.code()) == 354
}

fn check(phase: Phase, response: Response, good: fn(&Response) -> bool) -> Result<(), Failure> {
    if good(&response) { Ok(()) } else { Err(reply::out_of_order(phase, response.code().into())) }
}

fn is_over(result: &Result<(), Failure>) -> bool {
    result.as_ref().is_err_and(Failure::ends_dialogue)
}

/// Whether a connection that had carried mail before may simply have been at its end: silence is not that.
pub(super) fn was_at_its_end(failure: &Failure) -> bool {
    failure.ends_dialogue() && failure.code != code::TIMEOUT
}

/// Runs one step of the dialogue within its deadline; lettre itself waits for ever.
async fn within<T>(
    deadline: Duration,
    phase: Phase,
    step: impl Future<Output = Result<T, Error>>,
) -> Result<T, Failure> {
    match timeout(deadline, step).await {
        Ok(result) => result.map_err(|error| reply::failed(phase, &error)),
        Err(_) => Err(reply::timed_out(phase)),
    }
}

/// The server's words at acceptance, which hold its queue id; kept as they are unless they repeat the address.
fn reference(response: &Response, letter: &Letter) -> String {
    const MAX_REFERENCE: usize = 200;
    let words = response.message().collect::<Vec<_>>().join(" ");
    let recipient: &str = letter.recipient.as_ref();
    let repeats_it = words.to_lowercase().contains(&recipient.to_lowercase());
    let words = if repeats_it { provider_text(&words) } else { words };
    words.chars().filter(|c| !c.is_control()).take(MAX_REFERENCE).collect()
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("uses", &self.uses)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
