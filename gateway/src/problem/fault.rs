//! A fault of one field, and the list of a request's faults.

use super::Reason;

/// The most faults in one answer.
const FAULTS_MAX: usize = 100;
/// The longest pointer in an answer, in bytes; a longer one is cut and ends with `…`. Our own names are far shorter.
pub const POINTER_BYTES_MAX: usize = 300;

/// The part of the request with the field.
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
    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Query => "query",
            Self::Header => "header",
        }
    }
}

/// A fault of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// The part of the request.
    pub place: Place,
    /// JSON pointer (RFC 6901) within that part; empty for the whole.
    pub pointer: String,
    /// The reason of the refusal.
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

/// The pointer to a member of `parent` (RFC 6901, 3), cut after [`POINTER_BYTES_MAX`]: callers choose the names of
/// unknown members.
pub fn pointer_to(parent: &str, member: &str) -> String {
    if parent.len() > POINTER_BYTES_MAX {
        return if parent.ends_with('…') { parent.to_owned() } else { format!("{parent}/…") };
    }
    let fitting = &member[..member.floor_char_boundary(POINTER_BYTES_MAX)];
    let cut = if fitting.len() < member.len() { "…" } else { "" };
    format!("{parent}/{}{cut}", fitting.replace('~', "~0").replace('/', "~1"))
}

/// The faults of one request, reported together.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Adds a fault, unless the list is full.
    pub fn add(&mut self, fault: Fault) {
        if !self.is_full() {
            self.0.push(fault);
        }
    }

    /// Whether further faults are dropped.
    pub const fn is_full(&self) -> bool {
        self.0.len() >= FAULTS_MAX
    }

    /// Whether there is no fault.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All faults.
    pub fn into_vec(self) -> Vec<Fault> {
        self.0
    }
}
