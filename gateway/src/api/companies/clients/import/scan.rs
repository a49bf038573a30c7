//! Reads a file row by row on a thread of its own, and sends the accepted rows in batches.

use std::fs::File;
use std::io::BufReader;

use domain::import::{ClientRows, FileEncoding, ImportRow, Row};
use domain::value::CountryCode;
use tokio::sync::mpsc::Sender;

use super::refused;
use super::report::ImportReport;
use super::spool::disk;
use crate::problem::{Answer, Reason};

/// How many rows a batch has.
const BATCH_ROWS: usize = 1_000;

/// Reads the whole file and reports its faults. Ends early when the receiver is dropped.
pub(super) fn scan(
    file: File,
    encoding: FileEncoding,
    country: CountryCode,
    batches: &Sender<Vec<ImportRow>>,
) -> Answer<ImportReport> {
    let opened = ClientRows::open(BufReader::new(file), encoding, country).map_err(disk)?;
    let rows = opened.map_err(|fault| refused(Reason::File(fault)))?;
    let (mut report, mut batch) = (ImportReport::default(), Vec::with_capacity(BATCH_ROWS));
    for row in rows {
        match row.map_err(disk)? {
            Row::Good(row, warnings) => {
                report.take_row(warnings);
                batch.push(row);
            }
            Row::Refused(faults) => report.refuse_row(faults),
        }
        if batch.len() == BATCH_ROWS && batches.blocking_send(std::mem::take(&mut batch)).is_err() {
            return Ok(report);
        }
    }
    // A dropped receiver means that the import has already failed with its own error.
    let _ = batches.blocking_send(batch);
    Ok(report)
}
