//! Fills companies, their clients and the contacts of each.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use commands::log::Recorded;
use domain::client::{ClientEvent, ClientProfile, Contact};
use domain::company::{CompanyEvent, CompanyProfile};
use domain::value::{AddressKind, Channel, CompanyId};
use domain::{Event, Position};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::address::AddressIndex;
use crate::projection::Projection;
use crate::projector::Projector;
use crate::search;

/// Folds the events of companies and clients.
pub(crate) struct Clients {
    pub(crate) index: AddressIndex,
}

/// The state of a client after a batch.
enum Change<'a> {
    Kept(Kept<'a>),
    Erased,
}

/// A client as of its last event; `first` is the first in the batch.
struct Kept<'a> {
    company: CompanyId,
    profile: &'a ClientProfile,
    locale: &'a str,
    time_zone: &'a str,
    first: (Position, DateTime<Utc>),
    last: (Position, DateTime<Utc>),
}

/// A company as of its last event; `first` is its first position in the batch.
struct Company<'a> {
    profile: &'a CompanyProfile,
    first: Position,
    last: Position,
}

#[async_trait]
impl Projector for Clients {
    fn projection(&self) -> Projection {
        Projection::Clients
    }

    fn ddl(&self) -> &'static str {
        include_str!("../../migrations/projections/clients.sql")
    }

    fn types(&self) -> Option<&'static [&'static str]> {
        Some(&["company", "client"])
    }

    async fn apply(&self, tx: &mut PgConnection, events: &[&Recorded]) -> sqlx::Result<()> {
        let (mut companies, mut clients) = (HashMap::new(), HashMap::new());
        for recorded in events {
            match (recorded.id(), &recorded.event) {
                (Some(id), Ok(Event::Company(event))) => {
                    fold_company(&mut companies, id, event, recorded.position)
                }
                (Some(id), Ok(Event::Client(event))) => fold_client(&mut clients, id, event, recorded),
                _ => {}
            }
        }
        save_companies(tx, &companies).await?;
        let ids: Vec<Uuid> = clients.keys().copied().collect();
        let kept = clients
            .into_iter()
            .filter_map(|(id, change)| match change {
                Change::Kept(kept) => Some((id, kept)),
                Change::Erased => None,
            })
            .collect::<Vec<_>>();
        forget(tx, &ids, &kept).await?;
        save_clients(tx, &kept).await?;
        self.save_contacts(tx, &kept).await
    }
}

fn fold_company<'a>(
    companies: &mut HashMap<Uuid, Company<'a>>,
    id: Uuid,
    event: &'a CompanyEvent,
    position: Position,
) {
    let (CompanyEvent::CompanyRegistered(profile) | CompanyEvent::CompanyChanged(profile)) = event;
    let company = companies.entry(id).or_insert(Company { profile, first: position, last: position });
    company.profile = profile;
    company.last = position;
}

fn fold_client<'a>(
    clients: &mut HashMap<Uuid, Change<'a>>,
    id: Uuid,
    event: &'a ClientEvent,
    recorded: &Recorded,
) {
    let change = match event {
        ClientEvent::ClientErased { .. } => Change::Erased,
        ClientEvent::ClientRegistered { company, profile, locale, time_zone }
        | ClientEvent::ClientChanged { company, profile, locale, time_zone } => {
            // The key is destroyed, so an erasure follows; until then there is nothing to show.
            let Some(profile) = profile.get() else { return };
            let last = (recorded.position, recorded.recorded_at);
            let first = match clients.get(&id) {
                Some(Change::Kept(kept)) => kept.first,
                _ => last,
            };
            Change::Kept(Kept { company: *company, profile, locale, time_zone, first, last })
        }
    };
    clients.insert(id, change);
}

async fn save_companies(tx: &mut PgConnection, companies: &HashMap<Uuid, Company<'_>>) -> sqlx::Result<()> {
    if companies.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into companies (company_id, name, country, time_zone, registered_position, position)
         select unnest($1::uuid[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]), unnest($5::bigint[]),
                unnest($6::bigint[])
         on conflict (company_id) do update
         set name = excluded.name, country = excluded.country, time_zone = excluded.time_zone,
             position = excluded.position",
    )
    .bind(companies.keys().copied().collect::<Vec<_>>())
    .bind(companies.values().map(|company| company.profile.name.as_str()).collect::<Vec<_>>())
    .bind(companies.values().map(|company| company.profile.country.as_str()).collect::<Vec<_>>())
    .bind(companies.values().map(|company| company.profile.time_zone.as_str()).collect::<Vec<_>>())
    .bind(companies.values().map(|company| company.first).collect::<Vec<_>>())
    .bind(companies.values().map(|company| company.last).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// The contacts of all that changed, and the clients that were erased.
async fn forget(tx: &mut PgConnection, changed: &[Uuid], kept: &[(Uuid, Kept<'_>)]) -> sqlx::Result<()> {
    if changed.is_empty() {
        return Ok(());
    }
    sqlx::query("delete from contacts where client_id = any($1)").bind(changed).execute(&mut *tx).await?;
    if kept.len() < changed.len() {
        sqlx::query("delete from clients where client_id = any($1) and client_id <> all($2)")
            .bind(changed)
            .bind(kept.iter().map(|(id, _)| *id).collect::<Vec<_>>())
            .execute(tx)
            .await?;
    }
    Ok(())
}

async fn save_clients(tx: &mut PgConnection, clients: &[(Uuid, Kept<'_>)]) -> sqlx::Result<()> {
    if clients.is_empty() {
        return Ok(());
    }
    let kept = || clients.iter().map(|(_, kept)| kept);
    sqlx::query(
        "insert into clients (client_id, company_id, external_id, name, locale, time_zone, search, created_at,
                              changed_at, registered_position, position)
         select unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::text[]), unnest($4::text[]), unnest($5::text[]),
                unnest($6::text[]), unnest($7::text[]), unnest($8::timestamptz[]), unnest($9::timestamptz[]),
                unnest($10::bigint[]), unnest($11::bigint[])
         on conflict (client_id) do update
         set external_id = excluded.external_id, name = excluded.name, locale = excluded.locale,
             time_zone = excluded.time_zone, search = excluded.search, changed_at = excluded.changed_at,
             position = excluded.position",
    )
    .bind(clients.iter().map(|(id, _)| *id).collect::<Vec<_>>())
    .bind(kept().map(|kept| kept.company.uuid()).collect::<Vec<_>>())
    .bind(kept().map(|kept| kept.profile.external_id.as_deref()).collect::<Vec<_>>())
    .bind(kept().map(|kept| kept.profile.name.as_str()).collect::<Vec<_>>())
    .bind(kept().map(|kept| kept.locale).collect::<Vec<_>>())
    .bind(kept().map(|kept| kept.time_zone).collect::<Vec<_>>())
    .bind(kept().map(|kept| searched(kept.profile)).collect::<Vec<_>>())
    .bind(kept().map(|kept| kept.first.1).collect::<Vec<_>>())
    .bind(kept().map(|kept| kept.last.1).collect::<Vec<_>>())
    .bind(kept().map(|kept| kept.first.0).collect::<Vec<_>>())
    .bind(kept().map(|kept| kept.last.0).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// Every searchable text of a client, one a line, so that a match never spans two of them.
fn searched(profile: &ClientProfile) -> String {
    let contacts = profile.contacts.iter().flat_map(|contact| {
        [Some(contact.name.as_str()), contact.phone.as_deref(), contact.email.as_deref()]
    });
    let all = [Some(profile.name.as_str()), profile.external_id.as_deref()].into_iter().chain(contacts);
    search::searchable(&all.flatten().collect::<Vec<_>>().join("\n"))
}

impl Clients {
    async fn save_contacts(&self, tx: &mut PgConnection, clients: &[(Uuid, Kept<'_>)]) -> sqlx::Result<()> {
        let rows: Vec<(Uuid, i32, Uuid, &Contact)> = clients
            .iter()
            .flat_map(|(id, kept)| {
                let contacts = kept.profile.contacts.iter().zip(0..);
                contacts.map(|(contact, ordinal)| (*id, ordinal, kept.company.uuid(), contact))
            })
            .collect();
        if rows.is_empty() {
            return Ok(());
        }
        let contacts = || rows.iter().map(|row| row.3);
        let addresses = |kind| contacts().map(|contact| contact.address(kind)).collect::<Vec<_>>();
        let indexes = |kind| {
            let address =
                |contact: &Contact| contact.address(kind).map(|address| self.index.of(kind, address));
            contacts().map(address).collect::<Vec<_>>()
        };
        let takes_sms =
            |contact: &Contact| contact.phone.as_deref().is_some_and(|phone| Channel::Sms.reaches(phone));
        sqlx::query(
            "insert into contacts (client_id, ordinal, company_id, kind, name, phone, phone_index, takes_sms, email,
                                   email_index)
             select unnest($1::uuid[]), unnest($2::integer[]), unnest($3::uuid[]), unnest($4::text[]),
                    unnest($5::text[]), unnest($6::text[]), unnest($7::bytea[]), unnest($8::boolean[]),
                    unnest($9::text[]), unnest($10::bytea[])",
        )
        .bind(rows.iter().map(|row| row.0).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.1).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.2).collect::<Vec<_>>())
        .bind(contacts().map(|contact| contact.kind.as_str()).collect::<Vec<_>>())
        .bind(contacts().map(|contact| contact.name.as_str()).collect::<Vec<_>>())
        .bind(addresses(AddressKind::Phone))
        .bind(indexes(AddressKind::Phone))
        .bind(contacts().map(takes_sms).collect::<Vec<_>>())
        .bind(addresses(AddressKind::Email))
        .bind(indexes(AddressKind::Email))
        .execute(tx)
        .await?;
        Ok(())
    }
}
