//! `POST /companies/{id}/clients/import`: create and change clients by a file.

mod load;
mod once;
mod report;
mod rows;
mod scan;
mod spool;

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use commands::{CommandContext, Done};
use domain::import::FileEncoding;
use domain::value::{CompanyId, Language};
use projections::Projection;
use serde_json::Value;

use self::load::{Import, ProgressCallback};
use self::once::OnlyOne;
pub(in crate::api) use self::report::ImportReport;
use self::spool::{Spooled, spool};
use super::profile;
use crate::access::Caller;
use crate::api::Wrote;
use crate::extract::{FromQuery, Key, Params, PathId, context_of, fingerprint_of, read_key};
use crate::problem::{Answer, Fault, Kind, Problem, Reason, accepted};
use crate::spool_space::Room;
use crate::state::AppState;

/// The parameters of an import.
struct ImportClients {
    dry_run: bool,
}

impl FromQuery for ImportClients {
    fn read(params: &mut Params) -> Option<Self> {
        Some(Self { dry_run: params.flag("dry_run") })
    }
}

/// Register and change clients by a CSV file of at most 1 GiB (notifiers of the company), with the columns
/// `external_id,name,kind,contact_name,phone,email` and at most 20 of the company's own, which templates can name: `Saldo
/// vencido` is `{{ cliente.saldo_vencido }}`. An empty cell takes the client's text away. Good rows are accepted even if others are rejected. A repeated
/// import changes nothing. With `dry_run` nothing is written. `warnings` lists accepted rows with a problem, such as a
/// contact that no channel can reach.
#[utoipa::path(
    post, path = "/companies/{id}/clients/import", tag = "clients",
    request_body(content = String, content_type = "text/csv"),
    params(("id" = uuid::Uuid, Path), ("dry_run" = Option<bool>, Query)),
    responses((status = 200, body = ImportReport))
)]
pub(in crate::api) async fn import(
    State(state): State<AppState>,
    PathId(company): PathId<CompanyId>,
    request: Request,
) -> Answer<Wrote> {
    let (mut parts, body) = request.into_parts();
    let caller = Caller::of(&mut parts, &state).await?;
    caller.needs_for(company, caller.may_notify(company))?;
    let (ImportClients { dry_run }, min_position) = Params::read(parts.uri.query().unwrap_or_default())?;
    state.freshness().wait_if_asked(min_position, &Projection::ALL).await?;
    let key = read_key(&parts.headers, Key::Accepted)?;
    let declared = declared_encoding(&parts.headers)?;
    let profile = profile(&state, company).await?;

    // The import slot is taken after the upload, whose duration depends on the caller.
    let _upload = state.uploads().take(&caller, Some(company)).await?;
    let mut room = state.spool_space().room(caller.id());
    let file = spool(body, &mut room).await?;
    let asked = (&parts.method, &parts.uri);
    let same = fingerprint_of(state.log().keys(), caller.id(), key, asked, &file.digest);
    let context = context_of(&parts, &caller, same);
    let import = Import::new(&state, company, &profile, &context, &|_, _| {})?;
    let _only = match (key, &context.idempotency) {
        (Some(_), Some(asked)) => Some(OnlyOne::of(state.pool(), asked.command_id).await?),
        _ => None,
    };
    let _slot = state.imports().take(&caller, Some(company)).await?;
    let (done, report) = carry_out(&state, &import, file, declared, dry_run, &context).await?;
    let wrote = state.wrote(StatusCode::OK, &caller, done, report.counts());
    let lists = report.lists(accepted(&parts.headers));
    Ok(lists.into_iter().fold(wrote, |wrote, (name, list)| wrote.with(name, list)))
}

/// The same import from the command line: access to the database includes the right to import.
///
/// # Errors
/// An unknown company, or an invalid file of clients.
pub async fn import_file(
    state: &AppState,
    company: CompanyId,
    file: Body,
    dry_run: bool,
    language: Language,
    progress: &ProgressCallback<'_>,
) -> Answer<Value> {
    let profile = profile(state, company).await?;
    let import = Import::new(state, company, &profile, &CommandContext::of_system(), progress)?;
    let report = import.run(spool(file, &mut Room::unbounded()).await?, None, dry_run).await?;
    let mut answer = report.counts();
    for (name, list) in report.lists(language) {
        answer[name] = list;
    }
    Ok(answer)
}

/// The first answer is stored without its errors and warnings, since they quote personal data. A repeated request finds
/// them again in the file, and writes nothing.
async fn carry_out(
    state: &AppState,
    import: &Import<'_>,
    file: Spooled,
    declared: Option<FileEncoding>,
    dry_run: bool,
    context: &CommandContext,
) -> Answer<(Done, ImportReport)> {
    let before = state.log().answered_before::<Infallible>(context).await?;
    let report = import.run(file, declared, dry_run || before.is_some()).await?;
    let done = match before {
        Some(done) => done,
        None => state.log().keep_answer(context, &report.counts()).await?,
    };
    Ok((done, report))
}

/// The encoding that the content type declares, if any.
fn declared_encoding(headers: &HeaderMap) -> Answer<Option<FileEncoding>> {
    let value = headers.get(header::CONTENT_TYPE).map_or(Ok("text/csv"), |value| value.to_str());
    let mut parts = value.unwrap_or_default().split(';').map(str::trim);
    if !parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("text/csv")) {
        return Err(Problem::new(Kind::UnsupportedMediaType).because(Reason::NotCsvType));
    }
    let charset =
        parts.find_map(|part| part.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("charset")));
    charset
        .map(|(_, charset)| FileEncoding::declared(charset.trim_matches('"')))
        .transpose()
        .map_err(|fault| refused(Reason::File(fault)))
}

/// The refusal of an invalid file of clients.
fn refused(reason: Reason) -> Problem {
    Problem {
        faults: vec![Fault::in_body("", reason.clone())],
        ..Problem::new(Kind::Invalid).because(reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(content_type: &str) -> Answer<Option<&'static str>> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        declared_encoding(&headers).map(|encoding| encoding.map(FileEncoding::name))
    }

    #[test]
    fn the_charset_of_a_file_may_be_declared() {
        assert_eq!(declared("text/csv"), Ok(None));
        assert_eq!(declared("text/csv; header=present; Charset=\"ISO-8859-1\""), Ok(Some("windows-1252")));
        assert_eq!(declared("TEXT/CSV;charset=utf-8"), Ok(Some("UTF-8")));
        assert_eq!(declared("text/csv; charset=klingon").unwrap_err().kind, Kind::Invalid);
    }

    #[test]
    fn another_type_than_csv_is_refused() {
        assert_eq!(declared("application/json").unwrap_err().kind, Kind::UnsupportedMediaType);
        assert_eq!(declared_encoding(&HeaderMap::new()), Ok(None));
    }
}
