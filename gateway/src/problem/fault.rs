//! What is wrong with one field, and the list that a request's faults are collected in.

use super::Reason;

/// How many faults one answer names at most.
const FAULTS_MAX: usize = 100;
/// How long a pointer is told, in bytes; the rest of a longer one is `…`. Names of ours are far shorter.
pub const POINTER_BYTES_MAX: usize = 300;

/// Where a field stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the body.
    Body,
    /// In the query of the URL.
    Query,
    /// In the headers.
    Header,
}

impl Place {
    /// As programs read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Query => "query",
            Self::Header => "header",
        }
    }
}

/// One field at fault.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Where to look for it.
    pub place: Place,
    /// JSON pointer (RFC 6901) from the place's root; empty for the whole.
    pub pointer: String,
    /// What is wrong with it.
    pub reason: Reason,
}

impl Fault {
    /// A fault of the body.
    pub fn in_body(pointer: impl Into<String>, reason: Reason) -> Self {
        Self { place: Place::Body, pointer: pointer.into(), reason }
    }

    /// A fault of a query parameter, by its name.
    pub fn in_query(name: &str, reason: Reason) -> Self {
        Self { place: Place::Query, pointer: pointer_to("", name), reason }
    }

    /// A fault of a header, by its name.
    pub fn in_header(name: &str, reason: Reason) -> Self {
        Self { place: Place::Header, pointer: pointer_to("", name), reason }
    }
}

/// The pointer to a member of what `parent` points to (RFC 6901, 3), cut after [`POINTER_BYTES_MAX`]: callers choose the
/// names of members that we do not know.
pub fn pointer_to(parent: &str, member: &str) -> String {
    if parent.len() > POINTER_BYTES_MAX {
        return if parent.ends_with('…') { parent.to_owned() } else { format!("{parent}/…") };
    }
    let fitting = &member[..member.floor_char_boundary(POINTER_BYTES_MAX)];
    let cut = if fitting.len() < member.len() { "…" } else { "" };
    format!("{parent}/{}{cut}", fitting.replace('~', "~0").replace('/', "~1"))
}

/// The faults of one request, collected so that they are all told at once.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Adds one, unless there are more than anybody would read.
    pub fn add(&mut self, fault: Fault) {
        if !self.is_full() {
            self.0.push(fault);
        }
    }

    /// Whether no more of them would be told.
    pub const fn is_full(&self) -> bool {
        self.0.len() >= FAULTS_MAX
    }

    /// Whether nothing is wrong.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn into_vec(self) -> Vec<Fault> {
        self.0
    }
}
