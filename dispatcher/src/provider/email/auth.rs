//! Logging in to a mail server (RFC 4954).

use base64::{Engine as _, prelude::BASE64_STANDARD};
use domain::deliveries::{self, Observation};

use super::{
    dialogue::{Dialogue, expected},
    extensions::Extensions,
    reply::{self, Phase},
    wire::Reply,
};
use crate::provider::{failure::Failure, settings::Secret};

/// The longest command line, with its end (RFC 4954 section 4, RFC 5321 4.5.3.1.4).
const MAX_COMMAND: usize = 512;

/// Logs in by PLAIN, else by LOGIN. LOGIN never became a standard, but some servers offer nothing else.
pub(super) async fn log_in(
    dialogue: &mut Dialogue,
    extensions: &Extensions,
    user: &str,
    password: &Secret,
) -> Result<(), Failure> {
    if extensions.authenticate_by("PLAIN") {
        let response = BASE64_STANDARD.encode(format!("\0{user}\0{}", password.reveal()));
        return exchange(dialogue, &plain(&response), &[response], password).await;
    }
    if extensions.authenticate_by("LOGIN") {
        let answers = [user, password.reveal()].map(|answer| BASE64_STANDARD.encode(answer));
        return exchange(dialogue, "AUTH LOGIN\r\n", &answers, password).await;
    }
    Err(Failure::of_settings(deliveries::Phase::Auth, Observation::AuthNotOffered))
}

/// Sends the response with the command if the line has room for it, which saves a round trip.
fn plain(response: &str) -> String {
    let at_once = format!("AUTH PLAIN {response}\r\n");
    if at_once.len() <= MAX_COMMAND { at_once } else { "AUTH PLAIN\r\n".to_owned() }
}

/// Sends the command, and after each prompt the next answer. No standard fixes the text of a prompt.
async fn exchange(
    dialogue: &mut Dialogue,
    command: &str,
    answers: &[String],
    password: &Secret,
) -> Result<(), Failure> {
    let mut reply = dialogue.command(Phase::Auth, command).await?;
    for answer in answers {
        if !reply.is_intermediate() {
            break;
        }
        reply = dialogue.command(Phase::Auth, &format!("{answer}\r\n")).await?;
    }
    let text = reply::words(&reply);
    if reply.is_refusal() && repeats(&text, answers, password) {
        return Err(Failure { text: String::new(), ..reply::refused(Phase::Auth, reply.code, &text) });
    }
    expected(Phase::Auth, reply, Reply::is_completion).map(drop)
}

/// Whether a text that is stored and shown contains a secret.
fn repeats(text: &str, answers: &[String], password: &Secret) -> bool {
    const TELLING: usize = 8;
    let beginnings = answers.iter().map(|answer| &answer[..answer.len().min(TELLING)]);
    text.contains(password.reveal()) || beginnings.into_iter().any(|beginning| text.contains(beginning))
}
