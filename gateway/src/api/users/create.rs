//! `POST /users`: create a worker with a login.

use axum::extract::State;
use domain::user::RegisterUser;
use domain::value::{CompanyId, EmailAddress, Name, PhoneNumber, Role, UserId};
use serde_json::json;
use utoipa::ToSchema;

use super::{each_once, refuse_unknown_companies};
use crate::access::Caller;
use crate::api::Wrote;
use crate::api::schema::Made;
use crate::extract::{Body, Fields, FromFields, Order, Password};
use crate::problem::{Answer, Reason};
use crate::state::AppState;

/// A worker to register.
#[derive(ToSchema)]
pub(super) struct CreateUser {
    /// The worker's name.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    name: Name,
    /// The address that the worker logs in with.
    #[schema(value_type = String, format = Email, max_length = 254)]
    email: EmailAddress,
    /// The worker's telephone in E.164, such as `+573001234567`: a test of a text message goes to it.
    #[schema(value_type = Option<String>)]
    phone: Option<PhoneNumber>,
    /// The first password.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 200)]
    password: Password,
    /// `operator`, `notifier`, `auditor`, `admin`: at least one.
    #[schema(value_type = Vec<String>, min_items = 1)]
    roles: Vec<Role>,
    /// The companies the worker may act for.
    #[schema(value_type = Option<Vec<uuid::Uuid>>)]
    companies: Vec<CompanyId>,
}

impl FromFields for CreateUser {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name");
        let email = fields.required("email");
        let phone = fields.optional("phone");
        let password = fields.required("password");
        let roles: Option<Vec<Role>> = fields.required("roles");
        let companies = fields.optional("companies").unwrap_or_default();
        if roles.as_ref().is_some_and(Vec::is_empty) {
            return fields.refuse("roles", Reason::NoRole);
        }
        Some(Self { name: name?, email: email?, phone, password: password?, roles: roles?, companies })
    }
}

impl Body for CreateUser {
    fn permits(caller: &Caller) -> bool {
        caller.is_admin()
    }
}

/// Register a worker (administrators).
#[utoipa::path(
    post, path = "/users", tag = "users", request_body = CreateUser,
    responses((status = 201, body = Made))
)]
pub(super) async fn create(State(state): State<AppState>, order: Order<CreateUser>) -> Answer<Wrote> {
    let Order { caller, body, context } = order;
    refuse_unknown_companies(&state, &body.companies).await?;
    let password_hash = state.passwords().hash(body.password.as_str()).await?;
    let user = UserId::from(state.new_id());
    let register = RegisterUser {
        user,
        name: body.name,
        email: body.email,
        phone: body.phone,
        roles: each_once(&body.roles),
        companies: each_once(&body.companies),
    };
    let answer = json!({ "id": user });
    let done = commands::users::register(state.log(), register, &password_hash, &context, &answer).await?;
    state.directory().refresh_to(done.position()).await;
    Ok(state.created(&caller, done, answer))
}
