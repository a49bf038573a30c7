//! `POST /session`: log in.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use domain::value::{EmailAddress, UserId};
use utoipa::ToSchema;
use uuid::Uuid;

use super::refuse_parameters;
use crate::access::{KnownBrowser, Origin, Token, refuse_other_sites, session_cookie};
use crate::api::POSITION;
use crate::api::schema::Made;
use crate::extract::{Fields, FromFields, Short, ValidJson};
use crate::problem::{Answer, Kind, Problem};
use crate::request::ClientIp;
use crate::state::AppState;

/// The credentials of a log-in.
#[derive(ToSchema)]
pub(super) struct Login {
    /// The address.
    #[schema(value_type = String, format = Email, max_length = 500)]
    email: Short,
    /// The password.
    #[schema(value_type = String, format = Password, max_length = 500)]
    password: Short,
}

impl FromFields for Login {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let email = fields.required("email");
        let password = fields.required("password");
        Some(Self { email: email?, password: password? })
    }
}

/// A user with a login.
#[derive(sqlx::FromRow)]
struct Credentials {
    user_id: Uuid,
    password_hash: String,
}

/// Log in with an e-mail address and a password. The answer sets the session cookie, and a cookie that identifies the
/// browser at the next log-in.
#[utoipa::path(
    post, path = "/session", tag = "session", security(()), request_body = Login,
    responses((status = 201, description = "Logged in; `id` is the user's.", body = Made))
)]
pub(super) async fn begin(
    State(state): State<AppState>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    ip: ClientIp,
    ValidJson(login): ValidJson<Login>,
) -> Answer<Response> {
    refuse_other_sites(&method, &headers, state.settings())?;
    refuse_parameters(&uri)?;
    let index = email_index(&state, login.email.as_str());
    let (keys, secure) = (state.log().keys(), state.settings().secure_cookies);
    let browser = KnownBrowser::presented(&headers, secure);
    let known = browser.as_ref().and_then(|browser| browser.known_to(keys, &index));
    let attempt = state.throttle().admit(Origin { account: &index, ip, browser: known }).await?;
    let logged_in = log_in(&state, &index, login.password.as_str(), attempt.is_known()).await;
    match &logged_in {
        Ok(_) => attempt.succeeded(),
        Err(problem) if problem.kind == Kind::WrongCredentials => attempt.failed(),
        // No password was verified, so nothing was guessed.
        Err(_) => drop(attempt),
    }
    let (user, token) = logged_in?;
    let browser =
        browser.map_or_else(KnownBrowser::generate, Ok).map_err(|error| Problem::internal(&error))?;
    let browser = browser.after_login(keys, &index);

    let made = Made { id: user.into(), position: state.log().reader().head().await? };
    let headers = AppendHeaders([
        (header::SET_COOKIE, session_cookie(&token, secure)),
        (header::SET_COOKIE, browser.cookie(secure)),
        (POSITION, HeaderValue::from(made.position)),
    ]);
    Ok((StatusCode::CREATED, headers, Json(made)).into_response())
}

/// The blind index of an address. An invalid address is looked up too: it belongs to nobody, and takes as long.
fn email_index(state: &AppState, email: &str) -> Vec<u8> {
    match EmailAddress::read(email) {
        Ok(email) => commands::users::email_index(state.log(), &email),
        Err(_) => state.log().keys().blind_index(email),
    }
}

/// Verifies a login. The answer does not reveal whether the address is unknown, the password is wrong, or the login is
/// disabled.
async fn log_in(state: &AppState, index: &[u8], password: &str, is_known: bool) -> Answer<(UserId, Token)> {
    let found = credentials(state, index).await?;
    let (user, hash) = found.map(|found| (UserId::from(found.user_id), found.password_hash)).unzip();
    let right = state.passwords().verify(password, hash.clone(), is_known).await?;
    let (Some(user), Some(hash), true) = (user, hash, right) else {
        return Err(Problem::new(Kind::WrongCredentials));
    };
    let token = Token::generate().map_err(|error| Problem::internal(&error))?;
    let begun = state.sessions().begin(&token, user, &hash, state.now()).await?;
    begun.map(|()| (user, token)).ok_or_else(|| Problem::new(Kind::WrongCredentials))
}

async fn credentials(state: &AppState, index: &[u8]) -> sqlx::Result<Option<Credentials>> {
    sqlx::query_as("select user_id, password_hash from credentials where email_index = $1 and active")
        .bind(index)
        .fetch_optional(state.pool())
        .await
}
