//! `POST /hooks/{provider}`: a provider reports what became of a message.

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use commands::CommandContext;
use commands::suppressions::{self, SuppressedAddress};
use dispatcher::provider::{
    CallbackError, InboundMessage, Provider, SmsProvider, StatusCallback, StatusReport,
};
use dispatcher::receipts::ProviderReport;
use dispatcher::{Companies, Route};
use domain::suppression::{SuppressionCause, asks_to_opt_out};
use domain::value::Channel;
use projections::queries::clients;
use serde_json::json;

use super::{counted, record};
use crate::admission::RequestPermit;
use crate::extract::{BodyBounds, PathWord};
use crate::problem::{Answer, Kind, Problem};
use crate::state::AppState;

/// What a callback says.
enum Said {
    /// The message is still on its way.
    OnItsWay,
    /// What became of a message.
    Report(StatusReport),
    /// People have answered.
    Inbound(Vec<InboundMessage>),
}

/// Report what became of a message, or what a person has answered, as the API of the provider does (for Twilio its status
/// callbacks and its webhook for messages). The answers BAJA, STOP, SALIR, CANCELAR and NO suppress the number. There is no log-in:
/// the provider's signature is checked, over the public address of this server. The answer comes after the report is
/// recorded. A repeated report, one about an unknown message and one that contradicts what is known change nothing.
#[utoipa::path(
    post, path = "/hooks/{provider}", tag = "hooks", security(()),
    params(("provider" = String, Path, description = "The name of a configured provider.")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Recorded, or not of interest."))
)]
pub(super) async fn report(
    State(state): State<AppState>,
    PathWord(name): PathWord,
    request: Request,
) -> Answer<StatusCode> {
    let (parts, body) = request.into_parts();
    let candidates: Vec<_> = providers(&state.settings().routes, &name).collect();
    if candidates.is_empty() {
        return Err(Problem::not_found());
    }
    let body = BodyBounds::STRANGER.read(&parts.headers, body).await?;
    RequestPermit::of(&parts.extensions).enter_as_stranger()?;
    let (companies, report) = match read(candidates, &parts, &body).map_err(refused)? {
        (companies, Said::Report(report)) => (companies, report),
        (companies, Said::Inbound(messages)) => return answered(&state, &companies, messages).await,
        (_, Said::OnItsWay) => return Ok(counted("not_final")),
    };
    let (at, is_of_carrier) = (state.now(), true);
    record(&state, ProviderReport { provider: name, companies, at, report, is_of_carrier }).await
}

async fn answered(
    state: &AppState,
    companies: &[Companies],
    messages: Vec<InboundMessage>,
) -> Answer<StatusCode> {
    let opt_outs: Vec<_> = messages.into_iter().filter(|message| asks_to_opt_out(&message.body)).collect();
    if opt_outs.is_empty() {
        return Ok(counted("inbound"));
    }
    for message in opt_outs {
        opt_out(state, companies, message.from).await?;
    }
    dispatcher::tasks::stop_suppressed(state.pool()).await?;
    Ok(counted("opt_out"))
}

/// A person who asks for no more messages gets none of any company that has the number.
async fn opt_out(state: &AppState, companies: &[Companies], from: String) -> Answer<()> {
    let index = state.log().keys().blind_index(&from);
    for company in clients::companies_with_phone(state.pool(), &index).await? {
        if !companies.iter().any(|some| some.include(company.uuid())) {
            continue;
        }
        let suppressed = SuppressedAddress { company, channel: Channel::Sms, address: from.clone() };
        let (cause, context) = (SuppressionCause::OptOut, CommandContext::of_system());
        suppressions::add(state.log(), &suppressed, cause, None, &context, &json!({})).await?;
    }
    Ok(())
}

/// The SMS providers of a name, and whose deliveries they carry: demo data has a provider of its own, of any name.
fn providers<'a>(
    routes: &'a [Route],
    name: &'a str,
) -> impl Iterator<Item = (&'a Companies, &'a SmsProvider)> {
    let of_route = move |route: &'a Route| {
        route.providers.iter().filter_map(move |provider| match provider {
            Provider::Sms(provider) if provider.gate().name == name => Some((&route.companies, provider)),
            _ => None,
        })
    };
    routes.iter().flat_map(of_route)
}

/// Read by the first of the providers that has signed it, for the companies of all that have.
fn read(
    candidates: Vec<(&Companies, &SmsProvider)>,
    Parts { uri, headers, .. }: &Parts,
    body: &Bytes,
) -> Result<(Vec<Companies>, Said), CallbackError> {
    let callback = StatusCallback { query: uri.query().unwrap_or_default(), headers, body };
    let (mut all, mut last) = (Vec::new(), Err(CallbackError::NotSigned));
    for (companies, provider) in candidates {
        match said(provider, &callback) {
            Err(CallbackError::NotSigned) => {}
            read => {
                all.push(companies.clone());
                last = read;
            }
        }
    }
    last.map(|said| (all, said))
}

fn said(provider: &SmsProvider, callback: &StatusCallback<'_>) -> Result<Said, CallbackError> {
    if let Some(messages) = provider.read_inbound(callback)? {
        return Ok(Said::Inbound(messages));
    }
    Ok(provider.read_callback(callback)?.map_or(Said::OnItsWay, Said::Report))
}

fn refused(error: CallbackError) -> Problem {
    match error {
        CallbackError::NotSigned => {
            counted("forged");
            Problem::forbidden()
        }
        CallbackError::Unreadable => {
            counted("unreadable");
            Problem::new(Kind::Malformed)
        }
    }
}
