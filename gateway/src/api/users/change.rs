//! `PATCH /users/{id}`: change a worker's data, login or roles.

use axum::extract::State;
use domain::user::UserChange;
use domain::value::{CompanyId, EmailAddress, Name, PhoneNumber, Role, UserId};
use utoipa::ToSchema;

use super::{each_once, refuse_unknown_companies};
use crate::access::Caller;
use crate::api::Wrote;
use crate::api::schema::Changed;
use crate::extract::{Body, Fields, FromFields, Order, Password, PathId};
use crate::problem::{Answer, Problem, Reason};
use crate::state::AppState;

/// The fields to change. Absent fields stay as they are.
#[derive(ToSchema)]
pub(super) struct ChangeUser {
    /// A new name.
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200)]
    name: Option<Name>,
    /// A new address to log in with.
    #[schema(value_type = String, required = false, format = Email, max_length = 254)]
    email: Option<EmailAddress>,
    /// A new telephone in E.164; null removes it.
    #[schema(value_type = Option<String>, required = false)]
    phone: Option<Option<PhoneNumber>>,
    /// A new password. The worker's sessions end.
    #[schema(value_type = String, required = false, format = Password, min_length = 8, max_length = 200)]
    password: Option<Password>,
    /// New roles: at least one.
    #[schema(value_type = Vec<String>, required = false, min_items = 1)]
    roles: Option<Vec<Role>>,
    /// New companies.
    #[schema(value_type = Vec<uuid::Uuid>, required = false)]
    companies: Option<Vec<CompanyId>>,
    /// Whether the worker may log in. If not, the worker's sessions end, and tokens for programs are revoked for good.
    #[schema(value_type = bool, required = false)]
    active: Option<bool>,
}

impl FromFields for ChangeUser {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let roles: Option<Vec<Role>> = fields.changed("roles");
        if roles.as_ref().is_some_and(Vec::is_empty) {
            fields.refuse::<()>("roles", Reason::NoRole);
        }
        Some(Self {
            name: fields.changed("name"),
            email: fields.changed("email"),
            phone: fields.nullable("phone"),
            password: fields.changed("password"),
            roles,
            companies: fields.changed("companies"),
            active: fields.changed("active"),
        })
    }
}

impl Body for ChangeUser {
    fn permits(caller: &Caller) -> bool {
        caller.is_admin()
    }
}

/// Change a worker (administrators). A new password, or the end of the login, ends the worker's sessions; the end of the
/// login also the tokens of programs, for good.
#[utoipa::path(
    patch, path = "/users/{id}", tag = "users", request_body = ChangeUser,
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Changed))
)]
pub(super) async fn change(
    State(state): State<AppState>,
    PathId(user): PathId<UserId>,
    order: Order<ChangeUser>,
) -> Answer<Wrote> {
    let Order { caller, body, context } = order;
    refuse_own_lockout(&caller, user, &body)?;
    refuse_unknown_companies(&state, body.companies.as_deref().unwrap_or_default()).await?;
    let password_hash = match &body.password {
        Some(password) => Some(state.passwords().hash(password.as_str()).await?),
        None => None,
    };
    let change = UserChange {
        name: body.name,
        email: body.email,
        phone: body.phone,
        roles: body.roles.as_deref().map(each_once),
        companies: body.companies.as_deref().map(each_once),
        active: body.active,
        password: password_hash.is_some(),
    };
    let done = commands::users::change(state.log(), user, change, password_hash.as_deref(), &context).await?;
    state.sessions().forget(user);
    state.directory().refresh_to(done.position()).await;
    Ok(state.changed(&caller, done))
}

/// An administrator cannot remove their own access, so that one always remains.
fn refuse_own_lockout(caller: &Caller, user: UserId, body: &ChangeUser) -> Answer<()> {
    let loses_role = body.roles.as_ref().is_some_and(|roles| !roles.contains(&Role::Admin));
    let locks_out = caller.id() == user && (loses_role || body.active == Some(false));
    if locks_out { Err(Problem::conflict(Reason::OwnAccess)) } else { Ok(()) }
}
