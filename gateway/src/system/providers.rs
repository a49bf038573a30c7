//! The providers of a process: the configured ones, the simulator for a channel without one, and only the simulator for
//! demo data.

use std::sync::Arc;

use commands::clock;
use dispatcher::probe::LOOK_TIMEOUT;
use dispatcher::provider::{
    EmailProvider, Provider, SettingsError, SmsDeadlines, SmsProvider, SmsSettings, SmtpDeadlines,
    SmtpSettings, helo_name,
};
use dispatcher::simulator::{Simulator, SimulatorOptions};
use dispatcher::{Companies, Route};
use domain::value::{Channel, CompanyId};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::api;
use crate::config::Config;
use crate::demo::COMPANIES;

/// The simulator's connections on each channel.
const SIMULATOR_CONNECTIONS: u32 = 16;

/// Why the providers cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProvidersError {
    /// A provider's settings are invalid.
    #[error("configuration key `{}.providers.{}.{}`: {}", .0.channel, .0.name, .0.key, .0.reason)]
    Settings(#[from] SettingsError),
    /// The simulator cannot listen on a port.
    #[error("failed to start the simulator: {0}")]
    Simulator(#[from] std::io::Error),
}

/// The providers of one process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Providers {
    /// The route from deliveries to providers.
    pub routes: Vec<Route>,
    /// The simulator, if a route uses it.
    pub simulator: Option<Arc<Simulator>>,
}

impl Providers {
    /// Production: configured providers only. Deliveries of demo data in the database are never sent.
    ///
    /// # Errors
    /// Invalid settings of a provider.
    pub fn configured(config: &Config) -> Result<Self, ProvidersError> {
        let providers = configured(config, SmtpDeadlines::default())?;
        let routes = vec![Route { companies: Companies::Except(demo()), providers }];
        Ok(Self { routes, simulator: None })
    }

    /// `dev`: configured providers for their channel, the simulator for a channel without one, and only the simulator
    /// for demo data.
    ///
    /// # Errors
    /// Invalid settings of a provider, or a simulator that cannot start.
    pub async fn simulated(config: &Config) -> Result<Self, ProvidersError> {
        if config.simulator.enabled == Some(false) {
            return Self::configured(config);
        }
        let simulator = Simulator::start(SimulatorOptions::new(Arc::new(clock::now))).await?;
        Self::beside(simulator, configured(config, SmtpDeadlines::default())?)
    }

    /// The simulator alone: for tests and the bench.
    ///
    /// # Errors
    /// None in practice: the simulator's own settings are valid.
    pub fn only(simulator: Simulator, connections: u32) -> Result<Self, ProvidersError> {
        let providers = simulated(&simulator, connections)?;
        let routes = vec![Route { companies: Companies::All, providers }];
        Ok(Self { routes, simulator: Some(Arc::new(simulator)) })
    }

    fn beside(simulator: Simulator, configured: Vec<Provider>) -> Result<Self, ProvidersError> {
        let own = simulated(&simulator, SIMULATOR_CONNECTIONS)?;
        let is_configured =
            |channel: Channel| configured.iter().any(|provider| provider.channel() == channel);
        let missing: Vec<_> =
            own.iter().filter(|provider| !is_configured(provider.channel())).cloned().collect();
        let routes = vec![
            Route {
                companies: Companies::Except(demo()),
                providers: configured.into_iter().chain(missing).collect(),
            },
            Route { companies: Companies::Only(demo()), providers: own },
        ];
        Ok(Self { routes, simulator: Some(Arc::new(simulator)) })
    }
}

fn demo() -> Arc<[CompanyId]> {
    COMPANIES.iter().map(crate::demo::DemoCompany::id).collect()
}

fn simulated(simulator: &Simulator, connections: u32) -> Result<Vec<Provider>, SettingsError> {
    let email = EmailProvider::try_new(&simulator.smtp_settings(connections))?;
    let sms = SmsProvider::try_new(&simulator.twilio_settings(connections))?;
    Ok(vec![Provider::Email(email), Provider::Sms(sms)])
}

fn configured(config: &Config, deadlines: SmtpDeadlines) -> Result<Vec<Provider>, SettingsError> {
    let public_name = public_name(config);
    let email = config.email_providers.iter().map(|settings| {
        let provider = EmailProvider::with_deadlines(&smtp(settings, public_name.as_deref()), deadlines)?;
        let (name, protection) = (&settings.name, provider.protection());
        tracing::info!(provider = name, protection, "transport security of an e-mail provider");
        Ok(Provider::Email(provider))
    });
    let sms = config.sms_providers.iter().map(|settings| {
        let status_callback =
            config.server.public_url.as_ref().map(|url| callback_url(url.as_str(), &settings.name));
        let settings = SmsSettings { status_callback, ..settings.clone() };
        SmsProvider::try_new(&settings).map(Provider::Sms)
    });
    email.chain(sms).collect()
}

/// The configured providers for a message of a person who waits for the answer: a mail server that does not greet is given
/// up soon.
pub(crate) fn tried(config: &Config) -> Result<Vec<Provider>, ProvidersError> {
    Ok(configured(config, impatient())?)
}

/// A server that is in order greets within seconds. RFC 5321 4.5.3.2.1 would give it five minutes.
fn impatient() -> SmtpDeadlines {
    SmtpDeadlines { connect: LOOK_TIMEOUT, greeting: LOOK_TIMEOUT, ..SmtpDeadlines::default() }
}

/// The configured providers for a look at them: with short deadlines, and invalid ones beside those that can be used.
pub(crate) fn probed(config: &Config) -> Vec<Result<Provider, SettingsError>> {
    let public_name = public_name(config);
    let sms_deadlines =
        SmsDeadlines { connect: LOOK_TIMEOUT / 2, answer: LOOK_TIMEOUT / 2, ..SmsDeadlines::default() };
    let email = config.email_providers.iter().map(|settings| {
        let settings = smtp(settings, public_name.as_deref());
        EmailProvider::with_deadlines(&settings, impatient()).map(Provider::Email)
    });
    let sms = config.sms_providers.iter();
    let sms = sms.map(|settings| SmsProvider::with_deadlines(settings, sms_deadlines).map(Provider::Sms));
    email.chain(sms).collect()
}

/// Where a provider reports what became of its messages.
fn callback_url(public_url: &str, provider: &str) -> String {
    let name = utf8_percent_encode(provider, NON_ALPHANUMERIC);
    format!("{}{}/hooks/{name}", public_url.trim_end_matches('/'), api::ROOT)
}

/// The host of the public address, if mail servers accept it as a name.
fn public_name(config: &Config) -> Option<String> {
    helo_name(config.server.public_url.as_ref()?.host_str()?)
}

/// `public_name` is the default EHLO name.
fn smtp(settings: &SmtpSettings, public_name: Option<&str>) -> SmtpSettings {
    let helo_name = settings.helo_name.clone().or(public_name.map(str::to_owned));
    SmtpSettings { helo_name, ..settings.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ehlo_uses_the_configured_name_or_a_fully_qualified_public_one() {
        let said = |public_url: &str, own: &str| {
            let provider = "[[email.providers]]\nname = \"uno\"\nurl = \"smtp://h\"\nfrom = \"a@b.co\"\n";
            let text = format!("[server]\npublic_url = \"{public_url}\"\n{provider}{own}");
            let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
            std::fs::write(file.path(), text).unwrap();
            let config = Config::load(Some(file.path()), []).unwrap();
            smtp(&config.email_providers[0], public_name(&config).as_deref()).helo_name
        };
        let full = "https://mensajes.example.com";
        assert_eq!(said(full, "helo_name = \"mx.example.com\"\n").as_deref(), Some("mx.example.com"));
        assert_eq!(said(full, "").as_deref(), Some("mensajes.example.com"));
        for short in
            ["https://mensajes", "http://localhost:8080", "https://192.0.2.1", "https://[2001:db8::1]"]
        {
            assert_eq!(said(short, ""), None, "{short}");
        }
    }

    fn names(route: &Route) -> Vec<(Channel, &str)> {
        route.providers.iter().map(|provider| (provider.channel(), provider.gate().name.as_str())).collect()
    }

    #[tokio::test]
    async fn a_configured_provider_serves_its_channel_for_all_but_the_demo() {
        let simulator = Simulator::start(SimulatorOptions::new(Arc::new(clock::now))).await.unwrap();
        let settings = SmtpSettings::new("principal", "smtp://127.0.0.1:1", "avisos@example.com");
        let configured = vec![Provider::Email(EmailProvider::try_new(&settings).unwrap())];
        let providers = Providers::beside(simulator, configured).unwrap();
        let [others, of_demo] = &providers.routes[..] else { panic!("two routes") };
        assert!(matches!(&others.companies, Companies::Except(companies) if *companies == demo()));
        assert_eq!(names(others), [(Channel::Email, "principal"), (Channel::Sms, "simulador")]);
        assert!(matches!(&of_demo.companies, Companies::Only(companies) if *companies == demo()));
        assert_eq!(names(of_demo), [(Channel::Email, "simulador"), (Channel::Sms, "simulador")]);
    }
}
