//! Fills the directory of workers.

use std::collections::HashMap;

use async_trait::async_trait;
use commands::log::Recorded;
use domain::user::{UserEvent, UserProfile};
use domain::value::{CompanyId, Role};
use domain::{Event, Personal, Position};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::projection::Projection;
use crate::projector::{Projector, Tables};
use crate::search;

/// Folds the events of users.
pub(crate) struct Users;

/// A row of the table of workers.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow)]
struct User {
    user_id: Uuid,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    roles: Vec<String>,
    companies: Vec<Uuid>,
    active: bool,
    registered_position: Position,
    position: Position,
}

#[async_trait]
impl Projector for Users {
    fn projection(&self) -> Projection {
        Projection::Users
    }

    fn ddl(&self) -> &'static str {
        include_str!("../../migrations/projections/users.sql")
    }

    fn types(&self) -> Option<&'static [&'static str]> {
        Some(&["user"])
    }

    async fn apply(&self, tx: &mut PgConnection, events: &[&Recorded], _: Tables) -> sqlx::Result<()> {
        let ids: Vec<Uuid> = events.iter().filter_map(|event| event.id()).collect();
        let mut users = load(tx, &ids).await?;
        for recorded in events {
            if let (Some(id), Ok(Event::User(event))) = (recorded.id(), &recorded.event) {
                let fresh =
                    || User { user_id: id, registered_position: recorded.position, ..User::default() };
                users.entry(id).or_insert_with(fresh).fold(event, recorded.position);
            }
        }
        save(tx, users.into_values().collect()).await
    }
}

impl User {
    fn fold(&mut self, event: &UserEvent, position: Position) {
        self.position = position;
        match event {
            UserEvent::UserRegistered { profile, roles, companies } => {
                self.profile(profile);
                self.access(roles, companies);
                self.active = true;
            }
            UserEvent::UserProfileChanged { profile } => self.profile(profile),
            UserEvent::UserAccessChanged { roles, companies } => self.access(roles, companies),
            UserEvent::UserDisabled => self.active = false,
            UserEvent::UserEnabled => self.active = true,
            UserEvent::UserPasswordChanged | UserEvent::UserTokenIssued { .. } => {}
        }
    }

    fn profile(&mut self, profile: &Personal<UserProfile>) {
        self.name = profile.get().map(|profile| profile.name.clone());
        self.email = profile.get().map(|profile| profile.email.clone());
        self.phone = profile.get().and_then(|profile| profile.phone.clone());
    }

    fn access<'a>(
        &mut self,
        roles: impl IntoIterator<Item = &'a Role>,
        companies: impl IntoIterator<Item = &'a CompanyId>,
    ) {
        self.roles = roles.into_iter().map(|role| role.as_str().to_owned()).collect();
        self.companies = companies.into_iter().map(|company| company.uuid()).collect();
    }

    fn search(&self) -> String {
        let parts = [&self.name, &self.email].map(|part| part.as_deref().unwrap_or_default());
        search::fold(&parts.join(" "))
    }
}

async fn load(tx: &mut PgConnection, ids: &[Uuid]) -> sqlx::Result<HashMap<Uuid, User>> {
    let rows: Vec<User> = sqlx::query_as(
        "select user_id, name, email, phone, roles, companies, active, registered_position, position
         from users where user_id = any($1)",
    )
    .bind(ids)
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|user| (user.user_id, user)).collect())
}

/// Arrays of arrays must not be ragged, so roles and companies travel as text.
async fn save(tx: &mut PgConnection, users: Vec<User>) -> sqlx::Result<()> {
    sqlx::query(
        "insert into users (user_id, name, email, phone, roles, companies, active, search, registered_position,
                            position)
         select user_id, name, email, phone, string_to_array(roles, ','), string_to_array(companies, ',')::uuid[],
                active, search, registered_position, position
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[],
                     $8::text[], $9::bigint[], $10::bigint[])
              as u (user_id, name, email, phone, roles, companies, active, search, registered_position, position)
         on conflict (user_id) do update
         set name = excluded.name, email = excluded.email, phone = excluded.phone, roles = excluded.roles,
             companies = excluded.companies, active = excluded.active, search = excluded.search,
             position = excluded.position",
    )
    .bind(users.iter().map(|user| user.user_id).collect::<Vec<_>>())
    .bind(users.iter().map(|user| user.name.clone()).collect::<Vec<_>>())
    .bind(users.iter().map(|user| user.email.clone()).collect::<Vec<_>>())
    .bind(users.iter().map(|user| user.phone.clone()).collect::<Vec<_>>())
    .bind(users.iter().map(|user| user.roles.join(",")).collect::<Vec<_>>())
    .bind(users.iter().map(|user| commas(&user.companies)).collect::<Vec<_>>())
    .bind(users.iter().map(|user| user.active).collect::<Vec<_>>())
    .bind(users.iter().map(User::search).collect::<Vec<_>>())
    .bind(users.iter().map(|user| user.registered_position).collect::<Vec<_>>())
    .bind(users.iter().map(|user| user.position).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

fn commas(ids: &[Uuid]) -> String {
    ids.iter().map(Uuid::to_string).collect::<Vec<_>>().join(",")
}
