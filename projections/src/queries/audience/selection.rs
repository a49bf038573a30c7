//! The contacts that an audience is chosen from.

use domain::notification::AudienceFilter;
use domain::value::sms::WITHOUT_UNICODE;
use domain::value::{Channel, ClientId, CompanyId, CountryCode, PhoneNumber, RecipientKind};
use sqlx::Arguments;
use sqlx::postgres::PgArguments;
use uuid::Uuid;

/// The contacts of a company's clients that a notification is for, whether the channel reaches them or not.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'a> {
    /// Whose clients.
    pub company: CompanyId,
    /// How they are told.
    pub channel: Channel,
    /// Which contacts of a client.
    pub kind: RecipientKind,
    /// Which clients.
    pub filter: &'a AudienceFilter,
    /// The company's country.
    pub home: CountryCode,
    /// Whether numbers of other countries are left out.
    pub excludes_foreign: bool,
}

/// The first parameter that a query has for itself, after those of [`Selection::arguments`].
pub(super) const OWN_PARAMETER: usize = 8;

impl Selection<'_> {
    /// The condition on rows of `clients.contacts` under an alias. Only the filters that are given are in it.
    pub(super) fn condition(&self, contact: &str) -> String {
        let AudienceFilter { locale, time_zone, clients } = self.filter;
        let mut condition = format!("{contact}.company_id = $1 and ($2 = 'everyone' or {contact}.kind = $2)");
        match locale {
            Some(locale) if locale.has_region() => {
                condition.push_str(&format!(" and {contact}.locale = $3"));
            }
            Some(_) => condition.push_str(&format!(" and split_part({contact}.locale, '-', 1) = $3")),
            None => {}
        }
        if time_zone.is_some() {
            condition.push_str(&format!(" and {contact}.time_zone = $4"));
        }
        if clients.is_some() {
            condition.push_str(&format!(" and {contact}.client_id = any($5)"));
        }
        condition
    }

    /// The parameters `$1` to `$7`; `$6` are the patterns of numbers without Unicode, `$7` that of the company's country.
    pub(super) fn arguments(&self) -> sqlx::Result<PgArguments> {
        let AudienceFilter { locale, time_zone, clients } = self.filter;
        let clients = clients.iter().flat_map(|list| &list.ids).map(|client: &ClientId| client.uuid());
        let mut arguments = PgArguments::default();
        arguments
            .add(self.company.uuid())
            .and_then(|()| arguments.add(self.kind.as_str()))
            .and_then(|()| arguments.add(locale.map(|locale| locale.to_string())))
            .and_then(|()| arguments.add(time_zone.map(|zone| zone.as_str())))
            .and_then(|()| arguments.add(clients.collect::<Vec<Uuid>>()))
            .and_then(|()| arguments.add(WITHOUT_UNICODE.map(|digits| format!("{digits}%")).to_vec()))
            .and_then(|()| arguments.add(PhoneNumber::pattern_of(self.home)))
            .map_err(sqlx::Error::Encode)?;
        Ok(arguments)
    }

    /// The condition that the address of a contact under an alias is suppressed: by the table of the write side, which changes in
    /// the transaction of the event.
    pub(super) fn is_suppressed(&self, contact: &str) -> String {
        self.is_index_suppressed(&format!("{contact}.{}", self.columns().index))
    }

    /// The same for a blind index.
    pub(super) fn is_index_suppressed(&self, index: &str) -> String {
        let channel = self.channel.as_str();
        format!(
            "exists (select from suppressed_addresses s
                     where s.company_id = $1 and s.channel = '{channel}' and s.address_index = {index})"
        )
    }

    pub(super) const fn columns(&self) -> Columns {
        columns(self.channel)
    }

    /// Holds for the contacts that are sent to unless they are suppressed.
    pub(super) fn is_sent_to(&self) -> String {
        let Columns { is_reachable, is_foreign, .. } = self.columns();
        match self.excludes_foreign {
            true => format!("({is_reachable} and not ({is_foreign}))"),
            false => is_reachable.to_owned(),
        }
    }
}

/// What of `clients.contacts` a channel goes by.
pub(super) struct Columns {
    pub(super) address: &'static str,
    /// The address's blind index.
    pub(super) index: &'static str,
    /// Holds for the contacts whose address the channel can reach.
    pub(super) is_reachable: &'static str,
    /// Holds for the contacts whose network carries no Unicode.
    pub(super) is_without_unicode: &'static str,
    /// Holds for the contacts whose number is another country's. A company of a country without numbers has none.
    pub(super) is_foreign: &'static str,
}

const fn columns(channel: Channel) -> Columns {
    match channel {
        Channel::Sms => Columns {
            address: "phone",
            index: "phone_index",
            is_reachable: "takes_sms",
            is_without_unicode: "phone like any($6)",
            is_foreign: "coalesce(phone !~ $7, false)",
        },
        Channel::Email => Columns {
            address: "email",
            index: "email_index",
            is_reachable: "email_index is not null",
            is_without_unicode: "false",
            is_foreign: "false",
        },
    }
}
