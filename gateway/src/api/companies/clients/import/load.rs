//! The import: the rows of the file grouped by client, and the clients in pages, one transaction a page.

use commands::clients::{FileClient, Imported, import_page};
use commands::{CommandContext, CommandError};
use domain::client::ClientError;
use domain::company::CompanyProfile;
use domain::import::{ClientDraft, Column, FileEncoding, ImportRow, RowFault, RowReason};
use domain::value::{CompanyId, CountryCode, Invalid, Locale, TimeZone};
use futures::TryStreamExt;
use tokio::sync::mpsc;

use super::report::ImportReport;
use super::rows::Rows;
use super::scan::scan;
use super::spool::Spooled;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// How many clients a page has.
const PAGE_CLIENTS: usize = 200;
/// How often a page is tried after conflicts.
const PAGE_TRIES_MAX: usize = 3;
/// How many batches of rows are buffered between reading and sorting.
const BATCHES_WAITING_MAX: usize = 2;

/// A callback for the progress: the rows done, and all rows.
pub(super) type ProgressCallback<'a> = dyn Fn(u64, u64) + Send + Sync + 'a;

/// An import into one company.
pub(super) struct Import<'a> {
    state: &'a AppState,
    company: CompanyId,
    country: CountryCode,
    time_zone: TimeZone,
    context: CommandContext,
    progress: &'a ProgressCallback<'a>,
}

/// A client and the rows it was read from.
struct Client {
    draft: ClientDraft,
    line: u64,
    rows: u64,
}

impl<'a> Import<'a> {
    /// Every page is a command of its own. Only the import as a whole has an idempotent answer.
    pub(super) fn new(
        state: &'a AppState,
        company: CompanyId,
        profile: &CompanyProfile,
        context: &CommandContext,
        progress: &'a ProgressCallback<'a>,
    ) -> Answer<Self> {
        let stored = |invalid: Invalid| Problem::internal(&invalid);
        let country = profile.country.parse().map_err(stored)?;
        let time_zone = profile.time_zone.parse().map_err(stored)?;
        let context = CommandContext { idempotency: None, ..context.clone() };
        Ok(Self { state, company, country, time_zone, context, progress })
    }

    /// Reads the file and writes its clients; with `dry_run` only reports what it would write.
    pub(super) async fn run(
        &self,
        file: Spooled,
        declared: Option<FileEncoding>,
        dry_run: bool,
    ) -> Answer<ImportReport> {
        let mut rows = Rows::open(self.state.pool()).await?;
        let mut report = self.sort(file, declared, &mut rows).await?;
        self.load(&mut rows, dry_run, &mut report).await?;
        rows.close().await?;
        Ok(report)
    }

    async fn sort(
        &self,
        file: Spooled,
        declared: Option<FileEncoding>,
        rows: &mut Rows,
    ) -> Answer<ImportReport> {
        let (batches, mut received) = mpsc::channel(BATCHES_WAITING_MAX);
        let (encoding, country) = (declared.unwrap_or(file.guess), self.country);
        let scanned = tokio::task::spawn_blocking(move || scan(file.file, encoding, country, &batches));
        while let Some(batch) = received.recv().await {
            rows.add(batch).await?;
        }
        scanned.await.map_err(|error| Problem::internal(&error))?
    }

    async fn load(&self, rows: &mut Rows, dry_run: bool, report: &mut ImportReport) -> Answer<()> {
        let (mut page, mut done) = (Vec::with_capacity(PAGE_CLIENTS), 0);
        let mut rows = std::pin::pin!(rows.by_client());
        while let Some(row) = rows.try_next().await? {
            if let Some(row) = joined(&mut page, row, report) {
                if page.len() == PAGE_CLIENTS {
                    self.write(std::mem::take(&mut page), dry_run, report).await?;
                }
                page.push(Client::of(row));
            }
            done += 1;
            (self.progress)(done, report.rows);
        }
        self.write(page, dry_run, report).await
    }

    /// Writes a page. A refused client does not affect the others.
    async fn write(&self, page: Vec<Client>, dry_run: bool, report: &mut ImportReport) -> Answer<()> {
        let described = page.iter().map(Client::described).collect();
        match self.try_write(described, dry_run).await {
            Err(CommandError::Refused(_)) => self.write_one_by_one(page, dry_run, report).await?,
            outcome => report.add(outcome?),
        }
        Ok(())
    }

    async fn write_one_by_one(
        &self,
        page: Vec<Client>,
        dry_run: bool,
        report: &mut ImportReport,
    ) -> Answer<()> {
        for client in page {
            match self.try_write(vec![client.described()], dry_run).await {
                Err(CommandError::Refused(refusal)) => {
                    report.refuse(client.rows, vec![client.fault(&refusal)?])
                }
                outcome => report.add(outcome?),
            }
        }
        Ok(())
    }

    async fn try_write(
        &self,
        page: Vec<FileClient>,
        dry_run: bool,
    ) -> Result<Imported, CommandError<ClientError>> {
        let mut outcome = Err(CommandError::Conflict);
        for _ in 0..PAGE_TRIES_MAX {
            let defaults = (Locale::SPANISH, self.time_zone);
            let (log, page) = (self.state.log(), page.clone());
            outcome = import_page(log, self.company, page, defaults, dry_run, &self.context).await;
            if !matches!(outcome, Err(CommandError::Conflict)) {
                break;
            }
        }
        outcome
    }
}

/// Adds a row to the previous client, if it belongs to that one; otherwise returns it.
fn joined(page: &mut [Client], row: ImportRow, report: &mut ImportReport) -> Option<ImportRow> {
    let Some(last) = page.last_mut().filter(|last| last.draft.external_id == row.external_id) else {
        return Some(row);
    };
    match last.draft.add(row) {
        Ok(warnings) => {
            last.rows += 1;
            report.warn(warnings);
        }
        Err(fault) => report.refuse(1, vec![fault]),
    }
    None
}

impl Client {
    fn of(row: ImportRow) -> Self {
        Self { line: row.line, rows: 1, draft: ClientDraft::of(row) }
    }

    fn described(&self) -> FileClient {
        FileClient { emptied: self.draft.emptied(), profile: self.draft.clone().into_profile() }
    }

    fn fault(&self, refusal: &ClientError) -> Answer<RowFault> {
        let reason = match refusal {
            ClientError::TooManyContacts { .. } => RowReason::TooManyContacts,
            ClientError::TooManyColumns { .. } => RowReason::TooManyColumns,
            other => return Err(Problem::internal(other)),
        };
        let value = self.draft.external_id.as_str().to_owned();
        Ok(RowFault { line: self.line, column: Column::Row, value, reason })
    }
}

impl ImportReport {
    fn add(&mut self, imported: Imported) {
        self.created += imported.created;
        self.updated += imported.updated;
        self.unchanged += imported.unchanged;
    }
}
