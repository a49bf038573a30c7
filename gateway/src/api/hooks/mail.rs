//! `POST /hooks/{provider}/mail`: a mail has come back.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use dispatcher::provider::{EmailProvider, Provider, ReturnedMail, StatusReport, read_returned};
use dispatcher::receipts::ProviderReport;
use dispatcher::{Companies, MailTokens, Route};

use super::{counted, record};
use crate::admission::RequestPermit;
use crate::extract::{MailStart, PathWord, read_mail};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// Bring a mail that came back: a bounce (RFC 3464, or in plain words) or a complaint (RFC 5965), as it is on the wire. There is
/// no log-in: a return address that we gave to the mail it is about must be in it, and the provider's `hook_key`, if it is
/// configured, in `Authorization: Bearer`. Of a large mail the first 256 kB are read. The answer comes after the report is
/// recorded; one that reports nothing final, a repeated one, one about an unknown mail and one that contradicts what is known
/// change nothing.
#[utoipa::path(
    post, path = "/hooks/{provider}/mail", tag = "hooks", security(()),
    params(("provider" = String, Path, description = "The name of a configured e-mail provider.")),
    request_body(content = String, content_type = "message/rfc822"),
    responses((status = 200, description = "Recorded, or not of interest."))
)]
pub(super) async fn report(
    State(state): State<AppState>,
    PathWord(name): PathWord,
    request: Request,
) -> Answer<StatusCode> {
    let (parts, body) = request.into_parts();
    let companies = carried(&state.settings().routes, &name, bearer(&parts.headers))?;
    let tokens = MailTokens::new(state.log().keys());
    let mail = read_mail(body, |start| tokens.returned(start)).await.inspect_err(count_forged)?;
    RequestPermit::of(&parts.extensions).enter_as_stranger()?;
    let MailStart { bytes, recognised: sent } = mail;
    let Some(ReturnedMail { receipt, text }) = read_returned(&bytes) else { return Ok(counted("not_final")) };
    let report = StatusReport { reference: String::new(), sent: Some(sent), receipt, text };
    let (at, is_of_carrier) = (state.now(), false);
    record(&state, ProviderReport { provider: name, companies, at, report, is_of_carrier }).await
}

/// The companies whose mail the providers of a name carry, of those that take returned mail from this caller.
///
/// # Errors
/// 404 when no e-mail provider has the name, 403 when the key is not theirs.
fn carried(routes: &[Route], name: &str, key: Option<&str>) -> Answer<Vec<Companies>> {
    let named: Vec<_> = routes.iter().flat_map(|route| named(route, name)).collect();
    if named.is_empty() {
        return Err(Problem::not_found());
    }
    let trusting = named.into_iter().filter(|(_, provider)| provider.takes_returned_mail_from(key));
    let companies: Vec<_> = trusting.map(|(companies, _)| companies.clone()).collect();
    if companies.is_empty() {
        counted("forged");
        return Err(Problem::forbidden());
    }
    Ok(companies)
}

fn named<'a>(route: &'a Route, name: &'a str) -> impl Iterator<Item = (&'a Companies, &'a EmailProvider)> {
    route.providers.iter().filter_map(move |provider| match provider {
        Provider::Email(provider) if provider.gate().name == name => Some((&route.companies, provider)),
        _ => None,
    })
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").map(str::trim)
}

fn count_forged(problem: &Problem) {
    if *problem == Problem::forbidden() {
        counted("forged");
    }
}
