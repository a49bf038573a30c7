//! What is wrong with a template, or with its result for one person.

use std::fmt;

use crate::deliveries::{Evidence, Observation};
use crate::value::{Invalid, words};

words! {
    /// A part of a text.
    Part {
        /// The subject of an e-mail.
        Subject = "subject",
        /// The text.
        Body = "body",
        /// The HTML of an e-mail.
        Html = "html",
    }
}

/// Why a text cannot be rendered. It never has a value that was filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {part} {reason}")]
pub struct Fault {
    /// In which part.
    pub part: Part,
    /// What is wrong.
    pub reason: FaultReason,
}

/// What is wrong with a part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultReason {
    /// It is not in the language of templates.
    Syntax {
        /// The line, from 1.
        line: usize,
    },
    /// It names a variable that is neither declared nor known.
    UnknownVariable {
        /// The name, as it stands in the template.
        name: String,
    },
    /// It is not MJML.
    Markup,
    /// The client lacks an own column that it names.
    MissingColumn {
        /// The column's name.
        name: String,
    },
    /// It uses something of the language that templates do not have: a filter, a function, or a way to write.
    Unsupported {
        /// What it uses, as it stands in the template: `namespace`.
        name: String,
        /// The line, from 1.
        line: usize,
    },
    /// It uses a filter or a function with a value that it does not take.
    Fails {
        /// The line, from 1.
        line: usize,
    },
    /// It takes more work than a text may: a loop with too many turns, or too long a result.
    TooCostly,
    /// What it renders to cannot be sent.
    Result(Invalid),
}

impl fmt::Display for FaultReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { line } => write!(f, "is not a template, in line {line}"),
            Self::UnknownVariable { .. } => f.write_str("names an unknown variable"),
            Self::Unsupported { line, .. } => write!(f, "uses what templates do not have, in line {line}"),
            Self::MissingColumn { .. } => f.write_str("names a column that the client lacks"),
            Self::Markup => f.write_str("is not MJML"),
            Self::Fails { line } => write!(f, "fails in line {line}"),
            Self::TooCostly => f.write_str("takes too much work"),
            Self::Result(invalid) => write!(f, "renders to what cannot be sent: {}", invalid.code()),
        }
    }
}

impl Fault {
    /// What is recorded of a person whose text cannot be sent.
    pub const fn evidence(&self) -> Evidence {
        let observed = match self.reason {
            FaultReason::Result(Invalid::TooLong { .. }) | FaultReason::TooCostly => {
                Observation::ContentTooLong
            }
            FaultReason::MissingColumn { .. } => Observation::ColumnMissing,
            _ => Observation::ContentUnusable,
        };
        Evidence::observed(None, observed)
    }
}
