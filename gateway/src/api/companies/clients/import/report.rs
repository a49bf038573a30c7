//! The report of an import: exact counts, and a bounded list of the errors of refused rows and the warnings of accepted
//! ones.

use std::collections::HashSet;

use domain::import::RowFault;
use domain::value::Language;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// How many errors, and how many warnings, a report lists; the counts go on, and the report says how many are left off.
const ERRORS_MAX: usize = 10_000;

/// The result of an import.
#[derive(Debug, Default, ToSchema)]
pub(in crate::api) struct ImportReport {
    /// Rows of the file, without the header and blank ones.
    pub(super) rows: u64,
    /// Clients that were registered.
    pub(super) created: u64,
    /// Clients that were changed.
    pub(super) updated: u64,
    /// Clients that did not change.
    pub(super) unchanged: u64,
    /// Rows that were rejected.
    pub(super) rejected: u64,
    /// The position of the log that includes it.
    #[expect(dead_code, reason = "documented here, and known only once the answer is kept")]
    position: i64,
    /// The number of errors beyond 10,000, which are not listed.
    errors_left_off: usize,
    /// The errors by line, at most 10,000.
    #[schema(value_type = Vec<ImportError>)]
    errors: Vec<RowFault>,
    /// The number of warnings beyond 10,000, which are not listed.
    warnings_left_off: usize,
    /// The warnings about accepted rows by line, at most 10,000.
    #[schema(value_type = Vec<ImportError>)]
    warnings: Vec<RowFault>,
}

/// An error or warning about one cell of a row.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct ImportError {
    /// The line of the file on which the row starts; the header is line 1.
    line: u64,
    /// The column; `own` for one of the company's own, which the value names; or `row`.
    column: &'static str,
    /// The value, or the start of it.
    value: String,
    /// The reason, stable for programs.
    code: &'static str,
    /// The reason in the reader's language.
    detail: String,
}

impl ImportReport {
    /// Counts an accepted row, with its warnings.
    pub(super) fn take_row(&mut self, warnings: Vec<RowFault>) {
        self.rows += 1;
        self.warn(warnings);
    }

    /// Counts a refused row, with all its faults.
    pub(super) fn refuse_row(&mut self, faults: Vec<RowFault>) {
        self.rows += 1;
        self.refuse(1, faults);
    }

    /// Adds warnings about a row that was counted as accepted.
    pub(super) fn warn(&mut self, warnings: Vec<RowFault>) {
        self.warnings_left_off += add(&mut self.warnings, warnings);
    }

    /// Refuses rows that were counted as accepted.
    pub(super) fn refuse(&mut self, rows: u64, faults: Vec<RowFault>) {
        self.rejected += rows;
        self.errors_left_off += add(&mut self.errors, faults);
    }

    /// The counts, as answered and stored.
    pub(super) fn counts(&self) -> Value {
        json!({
            "rows": self.rows,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "rejected": self.rejected,
        })
    }

    /// The errors and the warnings by line, in the caller's language, each with the number left off. A row that was
    /// refused later, with others of its client, has errors only.
    pub(super) fn lists(mut self, language: Language) -> [(&'static str, Value); 4] {
        let refused: HashSet<u64> = self.errors.iter().map(|fault| fault.line).collect();
        self.warnings.retain(|warning| !refused.contains(&warning.line));
        [
            ("errors_left_off", self.errors_left_off.into()),
            ("errors", by_line(self.errors, language)),
            ("warnings_left_off", self.warnings_left_off.into()),
            ("warnings", by_line(self.warnings, language)),
        ]
    }
}

/// Adds faults up to the limit. Returns how many did not fit.
fn add(list: &mut Vec<RowFault>, faults: Vec<RowFault>) -> usize {
    let room = ERRORS_MAX.saturating_sub(list.len());
    let left_off = faults.len().saturating_sub(room);
    list.extend(faults.into_iter().take(room));
    left_off
}

fn by_line(mut faults: Vec<RowFault>, language: Language) -> Value {
    faults.sort_by_key(|fault| fault.line);
    faults.into_iter().map(|fault| json!(ImportError::of(fault, language))).collect()
}

impl ImportError {
    fn of(fault: RowFault, language: Language) -> Self {
        Self {
            line: fault.line,
            column: fault.column.as_str(),
            code: fault.code(),
            detail: fault.detail(language),
            value: fault.value,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use domain::import::{Column, RowReason};
    use domain::value::{EmailFault, Invalid};

    use super::*;

    fn fault(line: u64) -> RowFault {
        RowFault {
            line,
            column: Column::Email,
            value: "x".into(),
            reason: RowReason::Invalid(Invalid::Email(EmailFault::Form)),
        }
    }

    #[test]
    fn counts_are_exact_beyond_the_bound_on_listed_errors() {
        let mut report = ImportReport::default();
        for line in 0..ERRORS_MAX as u64 + 5 {
            report.refuse_row(vec![fault(line)]);
        }
        assert_eq!(report.counts()["rejected"], ERRORS_MAX + 5);
        let lists: HashMap<_, _> = report.lists(Language::Es).into();
        assert_eq!(lists["errors_left_off"], 5);
        assert_eq!(lists["errors"].as_array().map(Vec::len), Some(ERRORS_MAX));
    }

    #[test]
    fn warnings_are_counted_alike_and_dropped_for_rows_refused_later() {
        let mut report = ImportReport::default();
        for line in 0..ERRORS_MAX as u64 + 5 {
            report.take_row(vec![fault(line)]);
        }
        report.refuse(1, vec![fault(7)]);
        assert_eq!(
            (&report.counts()["rows"], &report.counts()["rejected"]),
            (&json!(ERRORS_MAX + 5), &json!(1))
        );
        let lists: HashMap<_, _> = report.lists(Language::Es).into();
        assert_eq!(lists["warnings_left_off"], 5);
        let lines: Vec<_> =
            lists["warnings"].as_array().unwrap().iter().map(|warning| &warning["line"]).collect();
        assert_eq!((lines.len(), lines[6], lines[7]), (ERRORS_MAX - 1, &json!(6), &json!(8)));
    }

    #[test]
    fn errors_come_by_line_with_the_value() {
        let mut report = ImportReport::default();
        report.refuse_row(vec![fault(9)]);
        report.refuse(1, vec![fault(3)]);
        let [_, (_, errors), ..] = report.lists(Language::En);
        assert_eq!(errors[0]["line"], 3);
        assert_eq!(
            errors[1],
            json!({"line": 9, "column": "email", "value": "x", "code": "invalid_email",
                   "detail": "It is not a valid e-mail address."})
        );
    }
}
