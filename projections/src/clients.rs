//! Fills companies, their clients and the contacts of each, and the suppressions of addresses.

mod former;
mod suppressions;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use commands::log::Recorded;
use domain::client::{ClientEvent, ClientProfile};
use domain::company::{CompanyEvent, CompanyProfile};
use domain::suppression::SUPPRESSION;
use domain::value::{AddressKind, Channel, CompanyId};
use domain::{Event, Position};
use serde_json::json;
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::address::AddressIndex;
use crate::copy::CopyIn;
use crate::projection::Projection;
use crate::projector::{Projector, Tables};
use crate::search;

/// Folds the events of companies and clients.
pub(crate) struct Clients {
    pub(crate) index: AddressIndex,
}

/// The clients that a batch is about, in the order of their ids; none for those that are erased.
type Changed<'a> = BTreeMap<Uuid, Option<Kept<'a>>>;

/// A client as of its last event; `first` is the event that registered it.
struct Kept<'a> {
    company: CompanyId,
    profile: &'a ClientProfile,
    locale: &'a str,
    time_zone: &'a str,
    first: (Position, DateTime<Utc>),
    last: (Position, DateTime<Utc>),
}

/// The addresses of a contact whose row is deleted, as blind indexes.
#[derive(FromRow)]
struct Removed {
    client_id: Uuid,
    phone_index: Option<Vec<u8>>,
    email_index: Option<Vec<u8>>,
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
        Some(&["company", "client", SUPPRESSION])
    }

    async fn apply(&self, tx: &mut PgConnection, events: &[&Recorded], tables: Tables) -> sqlx::Result<()> {
        let (mut companies, mut clients, mut stored) = (HashMap::new(), Changed::new(), Vec::new());
        let mut profiles = former::Profiles::new();
        for recorded in events {
            match (recorded.id(), &recorded.event) {
                (Some(id), Ok(Event::Company(event))) => {
                    fold_company(&mut companies, id, event, recorded.position)
                }
                (Some(id), Ok(Event::Client(event))) => {
                    if recorded.sequence > 1 || tables == Tables::Live {
                        stored.push(id);
                    }
                    fold_client(&mut clients, id, event, recorded);
                    profiles.entry(id).or_default().extend(profile_of(event));
                }
                _ => {}
            }
        }
        suppressions::apply(tx, events).await?;
        save_companies(tx, &companies).await?;
        let had = take_out(tx, &stored, &mut clients).await?;
        former::insert(tx, &self.index, &had, &profiles).await?;
        former::erase(tx, erased(&clients)).await?;
        insert_clients(tx, &clients).await?;
        insert_own_columns(tx, &clients).await?;
        self.insert_contacts(tx, &clients).await
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

fn fold_client<'a>(clients: &mut Changed<'a>, id: Uuid, event: &'a ClientEvent, recorded: &Recorded) {
    let client = clients.entry(id).or_default();
    *client = match event {
        ClientEvent::ClientErased { .. } => None,
        ClientEvent::ClientRegistered { company, profile, locale, time_zone }
        | ClientEvent::ClientChanged { company, profile, locale, time_zone } => {
            // The key is destroyed, so an erasure follows; until then there is nothing to show.
            let Some(profile) = profile.get() else { return };
            let last = (recorded.position, recorded.recorded_at);
            let first = client.as_ref().map_or(last, |kept| kept.first);
            Some(Kept { company: *company, profile, locale, time_zone, first, last })
        }
    };
}

/// The profile that an event has, while it can be read.
const fn profile_of(event: &ClientEvent) -> Option<&ClientProfile> {
    match event {
        ClientEvent::ClientRegistered { profile, .. } | ClientEvent::ClientChanged { profile, .. } => {
            profile.get()
        }
        ClientEvent::ClientErased { .. } => None,
    }
}

fn erased(clients: &Changed<'_>) -> Vec<Uuid> {
    clients.iter().filter(|(_, client)| client.is_none()).map(|(id, _)| *id).collect()
}

async fn save_companies(tx: &mut PgConnection, companies: &HashMap<Uuid, Company<'_>>) -> sqlx::Result<()> {
    if companies.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into companies (company_id, name, country, time_zone, logo_url, limits, registered_position, position)
         select unnest($1::uuid[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]), unnest($5::text[]),
                unnest($6::json[]), unnest($7::bigint[]), unnest($8::bigint[])
         on conflict (company_id) do update
         set name = excluded.name, country = excluded.country, time_zone = excluded.time_zone,
             logo_url = excluded.logo_url, limits = excluded.limits, position = excluded.position",
    )
    .bind(companies.keys().copied().collect::<Vec<_>>())
    .bind(companies.values().map(|company| company.profile.name.as_str()).collect::<Vec<_>>())
    .bind(companies.values().map(|company| company.profile.country.as_str()).collect::<Vec<_>>())
    .bind(companies.values().map(|company| company.profile.time_zone.as_str()).collect::<Vec<_>>())
    .bind(companies.values().map(|company| company.profile.logo_url.as_deref()).collect::<Vec<_>>())
    .bind(companies.values().map(|company| Json(&company.profile.limits)).collect::<Vec<_>>())
    .bind(companies.values().map(|company| company.first).collect::<Vec<_>>())
    .bind(companies.values().map(|company| company.last).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

/// Deletes the rows of the clients that may have any, and returns the addresses of their contacts. A client that is kept keeps
/// the time of its registration.
async fn take_out(
    tx: &mut PgConnection,
    stored: &[Uuid],
    clients: &mut Changed<'_>,
) -> sqlx::Result<former::Stored> {
    let mut had = former::Stored::new();
    if stored.is_empty() {
        return Ok(had);
    }
    let contacts: Vec<Removed> = sqlx::query_as(
        "delete from contacts where client_id = any($1) returning client_id, phone_index, email_index",
    )
    .bind(stored)
    .fetch_all(&mut *tx)
    .await?;
    for Removed { client_id, phone_index, email_index } in contacts {
        had.entry(client_id).or_default().extend(phone_index.into_iter().chain(email_index));
    }
    let rows: Vec<(Uuid, Position, DateTime<Utc>)> = sqlx::query_as(
        "delete from clients where client_id = any($1) returning client_id, registered_position, created_at",
    )
    .bind(stored)
    .fetch_all(tx)
    .await?;
    for (id, position, at) in rows {
        if let Some(kept) = clients.get_mut(&id).and_then(Option::as_mut) {
            kept.first = (position, at);
        }
    }
    Ok(had)
}

fn kept<'a>(clients: &'a Changed<'_>) -> impl Iterator<Item = (&'a Uuid, &'a Kept<'a>)> {
    clients.iter().filter_map(|(id, client)| Some((id, client.as_ref()?)))
}

async fn insert_clients(tx: &mut PgConnection, clients: &Changed<'_>) -> sqlx::Result<()> {
    let mut copy = CopyIn::table(
        tx,
        "clients (client_id, company_id, external_id, name, locale, time_zone, columns, search, created_at, changed_at,
                  registered_position, position)",
    );
    for (id, kept) in kept(clients) {
        copy.row()
            .await?
            .put(id)
            .put(kept.company.uuid())
            .put(kept.profile.external_id.as_deref())
            .put(&kept.profile.name)
            .put(kept.locale)
            .put(kept.time_zone)
            .put(json!(kept.profile.columns).to_string())
            .put(searched(kept.profile))
            .put(kept.first.1)
            .put(kept.last.1)
            .put(kept.first.0)
            .put(kept.last.0);
    }
    copy.end().await
}

/// Adds the names that are new. A name stays when the last client who had the column is gone.
async fn insert_own_columns(tx: &mut PgConnection, clients: &Changed<'_>) -> sqlx::Result<()> {
    let named =
        kept(clients).flat_map(|(_, kept)| kept.profile.columns.keys().map(|name| (kept.company, name)));
    let named: BTreeSet<(CompanyId, &String)> = named.collect();
    if named.is_empty() {
        return Ok(());
    }
    let (companies, names): (Vec<Uuid>, Vec<&str>) =
        named.into_iter().map(|(company, name)| (company.uuid(), name.as_str())).unzip();
    sqlx::query(
        "insert into own_columns select * from unnest($1::uuid[], $2::text[]) on conflict do nothing",
    )
    .bind(companies)
    .bind(names)
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
    async fn insert_contacts(&self, tx: &mut PgConnection, clients: &Changed<'_>) -> sqlx::Result<()> {
        let mut copy = CopyIn::table(
            tx,
            "contacts (client_id, ordinal, company_id, kind, name, phone, phone_index, takes_sms, email, email_index,
                       locale, time_zone)",
        );
        let index = |kind, address: Option<&str>| address.map(|address| self.index.of(kind, address));
        for (id, kept) in kept(clients) {
            for (contact, ordinal) in kept.profile.contacts.iter().zip(0_i32..) {
                let (phone, email) =
                    (contact.address(AddressKind::Phone), contact.address(AddressKind::Email));
                copy.row()
                    .await?
                    .put(id)
                    .put(ordinal)
                    .put(kept.company.uuid())
                    .put(contact.kind.as_str())
                    .put(&contact.name)
                    .put(phone)
                    .put(index(AddressKind::Phone, phone))
                    .put(phone.is_some_and(|phone| Channel::Sms.reaches(phone)))
                    .put(email)
                    .put(index(AddressKind::Email, email))
                    .put(kept.locale)
                    .put(kept.time_zone);
            }
        }
        copy.end().await
    }
}
