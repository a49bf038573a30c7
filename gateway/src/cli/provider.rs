//! `mensajeria provider test`: sends one real message through one provider, outside any notification.

use clap::Subcommand;
use commands::clock;
use dispatcher::provider::{Accepted, Outgoing, Provider, SendFailure, advice};
use domain::value::{Channel, CountryCode, EmailAddress, PhoneNumber};
use serde_json::{Value, json};

use super::{CliError, Exit, Global, print};
use crate::config::Config;
use crate::system::tried;

/// The commands for providers.
#[derive(Debug, Subcommand)]
pub(super) enum ProviderCommand {
    /// Send one real message through a provider, and print its answer
    Test {
        /// The provider's name in the configuration
        name: String,
        /// An e-mail address, or a number in international form, such as +573001234567
        #[arg(long, value_name = "ADDRESS")]
        to: String,
    },
}

pub(super) async fn run(
    global: &Global,
    config: Config,
    command: &ProviderCommand,
) -> Result<Exit, CliError> {
    let ProviderCommand::Test { name, to } = command;
    let channel = if to.contains('@') { Channel::Email } else { Channel::Sms };
    let provider = find(&config, channel, name)?;
    let outgoing = test_message(channel, to)?;
    let mut sender = provider.sender();
    let sent = sender.send(&outgoing, async || Ok(())).await;
    let said = sender.said();
    sender.close().await;
    Ok(show(global, &sent, said))
}

/// The address says which channel is meant: a name is unique within one only.
fn find(config: &Config, channel: Channel, name: &str) -> Result<Provider, CliError> {
    tried(config)?
        .into_iter()
        .find(|provider| provider.channel() == channel && provider.gate().name == name)
        .ok_or_else(|| {
            CliError::refused(format!("no {channel} provider of the configuration is called {name}"))
        })
}

fn test_message(channel: Channel, to: &str) -> Result<Outgoing, CliError> {
    // With its plus sign a number is the same in every country.
    let to = match channel {
        Channel::Email => EmailAddress::try_new(to).ok().map(|address| address.ascii()),
        Channel::Sms => PhoneNumber::parse(to, CountryCode::default())
            .ok()
            .filter(|_| to.starts_with('+'))
            .map(|number| number.as_str().to_owned()),
    };
    let neither = "--to is neither an e-mail address nor a number such as +573001234567";
    Ok(Outgoing {
        delivery_id: clock::new_id().into(),
        generation: 1,
        attempt: 1,
        to: to.ok_or_else(|| CliError::usage(neither))?,
        to_name: None,
        subject: (channel == Channel::Email).then(|| "Mensajería: prueba".to_owned()),
        body: "Prueba de Mensajeria. No hace falta responder.".to_owned(),
        html: None,
        is_personal: true,
        requested_at: clock::now(),
        returns: Default::default(),
    })
}

/// What the provider answered, what it said as it came where that was no acceptance, and what to do about it. Its words may name
/// the person, which is whom the caller named.
fn show(global: &Global, sent: &Result<Accepted, SendFailure>, said: Option<String>) -> Exit {
    let (exit, outcome, words) = match sent {
        Ok(accepted) => (Exit::Done, "accepted", accepted.reference.clone()),
        Err(error @ SendFailure::InDoubt(_)) => (Exit::InPart, "in_doubt", error.to_string()),
        Err(error @ SendFailure::Unsent(failure)) if failure.is_unreachable() => {
            (Exit::Unavailable, "unsent", error.to_string())
        }
        Err(error) => (Exit::Refused, "unsent", error.to_string()),
    };
    let advice = match sent {
        Err(SendFailure::Unsent(failure)) => advice(failure),
        _ => None,
    };
    let result: Value = json!({ "outcome": outcome, "answer": words, "said": said, "advice": advice });
    let said = said.map(|said| format!("\nthe provider said: {said}")).unwrap_or_default();
    let advice = advice.map(|advice| format!("\n{advice}")).unwrap_or_default();
    print::result(global.json, &result, || format!("{outcome}: {words}{said}{advice}"));
    exit
}
