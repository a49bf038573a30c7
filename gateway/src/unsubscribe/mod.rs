//! `/u/{token}`: the page behind the link to unsubscribe of a mail, and its one click (RFC 8058). It is outside of the API: who
//! opens it is a person with a browser, or that person's mail provider.

mod act;
mod page;
mod show;
mod texts;

use std::convert::Infallible;

use axum::Router;
use axum::extract::{FromRequestParts, Path};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::routing::get;
use commands::suppressions::SuppressedAddress;
use dispatcher::MailTokens;
use domain::value::{Channel, ClientId, Language, Locale};
use projections::queries::{Scope, clients, deliveries};

use self::page::{Page, Said};
use crate::problem::{Answer, Problem, accepted};
use crate::state::AppState;

/// The routes, on the gateway's listener.
pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/u/{token}", get(show::show).post(act::act))
}

/// The token of a link; what is no text is none of ours.
struct Token(String);

impl<S: Send + Sync> FromRequestParts<S> for Token {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let token = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(token.map(|Path(token)| token).unwrap_or_default()))
    }
}

/// What a link is about.
struct Subscription {
    /// The address as it is suppressed; none once the person is erased.
    address: Option<SuppressedAddress>,
    /// The name of the company that writes to it.
    company: String,
    /// The language of the client.
    language: Language,
}

/// What a link is about; none for one that we did not make.
async fn find(state: &AppState, headers: &HeaderMap, token: &str) -> Answer<Option<Subscription>> {
    let Some(sent) = MailTokens::new(state.log().keys()).unsubscribed(token) else { return Ok(None) };
    let row = deliveries::delivery(state.log().reader(), Scope::All, sent.delivery).await?;
    let Some(row) = row.filter(|row| row.channel == Channel::Email.as_str()) else { return Ok(None) };
    let company = row.company_id.into();
    let profile = commands::companies::profile(state.log(), company).await?;
    let client = clients::client(state.pool(), Scope::All, ClientId::from(row.client.id)).await?;
    let locale = client.and_then(|client| client.locale.parse::<Locale>().ok());
    Ok(Some(Subscription {
        address: row.to.map(|address| SuppressedAddress { company, channel: Channel::Email, address }),
        company: profile.map(|profile| profile.name).unwrap_or_default(),
        language: locale.map_or_else(|| accepted(headers), Locale::language),
    }))
}

/// A page in place of a problem: who reads it is no program.
fn paged(headers: &HeaderMap, answer: Answer<Page>) -> Page {
    answer.unwrap_or_else(|problem: Problem| {
        let language = accepted(headers);
        Page { status: problem.status(), language, said: Said::NotNow }
    })
}

fn unknown(headers: &HeaderMap) -> Page {
    Page::of(accepted(headers), Said::Unknown)
}
