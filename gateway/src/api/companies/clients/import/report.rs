//! What became of a file: exact counts, and what was wrong with rows that were refused, as far as there is room.

use domain::import::RowFault;
use domain::value::Language;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// How many errors one report tells; the counts go on, and it says how many errors there are beyond.
const ERRORS_MAX: usize = 10_000;

/// What became of a file.
#[derive(Debug, Default, ToSchema)]
pub(in crate::api) struct ImportReport {
    /// Rows of the file, without the header and blank ones.
    pub(super) rows: u64,
    /// Clients taken on.
    pub(super) created: u64,
    /// Clients changed.
    pub(super) updated: u64,
    /// Clients that were so already.
    pub(super) unchanged: u64,
    /// Rows refused.
    pub(super) rejected: u64,
    /// Where the log stands with it.
    #[expect(dead_code, reason = "documented here, and known only once the answer is kept")]
    position: i64,
    /// How many errors are left off, because there are more than 10,000.
    errors_left_off: usize,
    /// What was wrong, by line: at most 10,000.
    #[schema(value_type = Vec<ImportError>)]
    errors: Vec<RowFault>,
}

/// One cell of a row that was refused.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct ImportError {
    /// The line of the file on which the row starts; the header is line 1.
    line: u64,
    /// The column, or `row`.
    column: &'static str,
    /// What stands there, or the start of it.
    value: String,
    /// The reason, stable for programs.
    code: &'static str,
    /// The reason in the reader's language.
    detail: String,
}

impl ImportReport {
    /// Counts a row that is refused, with all its faults.
    pub(super) fn refuse_row(&mut self, faults: Vec<RowFault>) {
        self.rows += 1;
        self.refuse(1, faults);
    }

    /// Refuses rows that were counted as good.
    pub(super) fn refuse(&mut self, rows: u64, faults: Vec<RowFault>) {
        self.rejected += rows;
        let room = ERRORS_MAX.saturating_sub(self.errors.len());
        self.errors_left_off += faults.len().saturating_sub(room);
        self.errors.extend(faults.into_iter().take(room));
    }

    /// The counts, as they are answered and kept.
    pub(super) fn counts(&self) -> Value {
        json!({
            "rows": self.rows,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "rejected": self.rejected,
        })
    }

    /// How many errors it does not tell.
    pub(super) const fn errors_left_off(&self) -> usize {
        self.errors_left_off
    }

    /// The errors by line, in the reader's language.
    pub(super) fn errors(mut self, language: Language) -> Vec<Value> {
        self.errors.sort_by_key(|fault| fault.line);
        self.errors.into_iter().map(|fault| json!(ImportError::of(fault, language))).collect()
    }
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
    fn counts_are_exact_though_only_so_many_errors_are_told_and_the_others_are_counted() {
        let mut report = ImportReport::default();
        for line in 0..ERRORS_MAX as u64 + 5 {
            report.refuse_row(vec![fault(line)]);
        }
        assert_eq!(report.counts()["rejected"], ERRORS_MAX + 5);
        assert_eq!(report.errors_left_off(), 5);
        assert_eq!(report.errors(Language::Es).len(), ERRORS_MAX);
    }

    #[test]
    fn errors_come_by_line_with_what_stands_there() {
        let mut report = ImportReport::default();
        report.refuse_row(vec![fault(9)]);
        report.refuse(1, vec![fault(3)]);
        let errors = report.errors(Language::En);
        assert_eq!(errors[0]["line"], 3);
        assert_eq!(
            errors[1],
            json!({"line": 9, "column": "email", "value": "x", "code": "invalid_email",
                   "detail": "It is not a valid e-mail address."})
        );
    }
}
