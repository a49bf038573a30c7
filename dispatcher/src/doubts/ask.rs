//! Asks a provider for the message of a doubt.

use chrono::{DateTime, Utc};
use commands::log::EventLog;
use domain::deliveries::doubts::{Finding, pick};
use domain::rendering::render;
use domain::value::{AddressKind, DeliveryId};
use projections::queries::doubts::{self, DoubtRow};
use sqlx::PgPool;

use crate::provider::{Doubted, Found, FoundMessage, MailReturn, Outgoing, Provider, SmsProvider};
use crate::request::{RequestError, Requests};
use crate::route::Route;
use crate::tasks::load::{deliveries, recipients};
use crate::tasks::{ChunkId, TaskError};

/// Asks about doubts.
pub(super) struct Asker<'a> {
    pub(super) log: &'a EventLog,
    pub(super) requests: &'a Requests,
    pub(super) routes: &'a [Route],
}

impl Asker<'_> {
    /// What a provider has for a doubt. None: it cannot be asked, its answer does not tell, or the message cannot be made again
    /// as it was sent.
    pub(super) async fn ask(
        &self,
        pool: &PgPool,
        doubt: &DoubtRow,
        now: DateTime<Utc>,
    ) -> sqlx::Result<Option<Finding<FoundMessage>>> {
        let Some(provider) = self.provider(doubt) else { return Ok(None) };
        let Some(doubted) = self.doubted(doubt, provider).await? else { return Ok(None) };
        let Some(found) = provider.find(&doubted, now).await else { return Ok(None) };
        let messages = match found {
            Found::ByName(message) => {
                return Ok(Some(message.map_or(Finding::Absent, Finding::Found)));
            }
            Found::ByContent(messages) => messages,
        };
        let phone = AddressKind::Phone.comparable(&doubted.outgoing.to).into_owned();
        let others = doubts::others(pool, doubt, &phone, &self.log.keys().blind_index(&phone)).await?;
        let is_of_another = |message: &FoundMessage| others.references.contains(&message.reference);
        Ok(Some(pick(messages, is_of_another, others.are_in_doubt)))
    }

    /// The SMS API that may have it, if it still carries the company. No mail server can be asked.
    pub(super) fn provider(&self, doubt: &DoubtRow) -> Option<&SmsProvider> {
        let of_company = self.routes.iter().filter(|route| route.companies.include(doubt.company.uuid()));
        let mut providers = of_company.flat_map(|route| &route.providers);
        providers.find_map(|provider| match provider {
            Provider::Sms(sms) if provider.channel() == doubt.channel => {
                (sms.gate().name == doubt.provider).then_some(sms)
            }
            _ => None,
        })
    }

    /// The message as it was sent, made again.
    async fn doubted(&self, doubt: &DoubtRow, provider: &SmsProvider) -> sqlx::Result<Option<Doubted>> {
        let request = match self.requests.get((doubt.notification, doubt.generation)).await {
            Ok(request) => request,
            Err(RequestError::Database(error)) => return Err(error),
            Err(_) => return Ok(None),
        };
        let chunk = ChunkId { notification: doubt.notification, chunk: doubt.ordinal.chunk() };
        let loaded = async {
            Ok((recipients(self.log.reader(), chunk).await?, deliveries(self.log.reader(), chunk).await?.0))
        };
        let (recipients, deliveries) = match loaded.await {
            Ok(loaded) => loaded,
            Err(TaskError::Database(error)) => return Err(error),
            Err(TaskError::Unreadable { .. }) => return Ok(None),
        };
        let member = doubt.ordinal.member();
        let person = recipients.get(member.index());
        let (Some(person), Some(Ok(text))) =
            (person.and_then(|person| person.addressee.get()), &request.text)
        else {
            return Ok(None);
        };
        let Ok(rendered) = render(text, person) else { return Ok(None) };
        let rendered = if provider.takes_unicode() { rendered } else { rendered.without_unicode() };
        let outgoing = Outgoing {
            delivery_id: DeliveryId::of(doubt.notification, doubt.ordinal),
            generation: doubt.generation,
            attempt: doubt.attempt,
            to: deliveries.address(member).unwrap_or(&person.address).to_owned(),
            to_name: None,
            subject: None,
            body: rendered.body,
            html: None,
            is_personal: true,
            requested_at: request.requested_at,
            returns: MailReturn::default(),
        };
        let doubted = Doubted { outgoing, window: doubt.window };
        Ok(Some(doubted).filter(|doubted| provider.can_be_asked(doubted)))
    }
}
