//! Pages of lists, newest first. Opaque cursors make every page cost the same, and a bounded size limits the memory of
//! an answer.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use domain::Position;
use serde::Serialize;
use uuid::Uuid;

/// How many rows a page has by default.
pub const PAGE_ROWS_DEFAULT: i64 = 50;
/// How many rows a page has at most.
pub const PAGE_ROWS_MAX: i64 = 200;
/// How large a page may be as JSON, in bytes: it ends before its limit of rows when it reaches this. A single row is never
/// left out, whatever its size.
pub const PAGE_BYTES_MAX: usize = 1024 * 1024;
/// The room left for the rest of the page (`next`, counts), and for changes that a handler makes in its rows
/// (`sending`).
const ENVELOPE_BYTES: usize = 16 * 1024;
const ROWS_BYTES_MAX: usize = PAGE_BYTES_MAX - ENVELOPE_BYTES;
/// How many characters of a long text lists show; the single resource has all of them.
pub const EXCERPT_CHARS: usize = 500;
const POSITION_BYTES: usize = 8;
const CURSOR_BYTES: usize = 24;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The rows: at most `limit`, and fewer when they reach 1 MiB.
    pub data: Vec<T>,
    /// The `after` of the next page; none on the last page.
    pub next: Option<String>,
}

/// The requested page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    limit: i64,
    after: Option<Cursor>,
}

/// The cursor is not one that this program gives out: a bad request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor that a page ended with")]
pub struct MalformedCursor;

/// The last row of a page: its position or ordinal, and its id where several rows share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) position: Position,
    pub(crate) id: Uuid,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { limit: PAGE_ROWS_DEFAULT, after: None }
    }
}

impl PageRequest {
    /// At most `limit` rows (clamped to 1–200, 50 if none) after the row that `after` names.
    ///
    /// # Errors
    /// When `after` is not a cursor.
    pub fn parse(limit: Option<i64>, after: Option<&str>) -> Result<Self, MalformedCursor> {
        let limit = limit.unwrap_or(PAGE_ROWS_DEFAULT).clamp(1, PAGE_ROWS_MAX);
        Ok(Self { limit, after: after.map(Cursor::parse).transpose()? })
    }

    /// One row more than the page has, to know whether there is a next page.
    pub(crate) const fn rows(&self) -> i64 {
        self.limit + 1
    }

    /// How many rows the page has at most.
    pub(crate) const fn limit(&self) -> usize {
        self.limit.unsigned_abs() as usize
    }

    /// The row that the page begins after.
    pub(crate) const fn cursor(&self) -> Option<Cursor> {
        self.after
    }

    /// Whether nothing comes before the page.
    pub(crate) const fn is_first(&self) -> bool {
        self.after.is_none()
    }

    /// Only rows before this position are on the page.
    pub(crate) const fn before(&self) -> Position {
        match self.after {
            Some(cursor) => cursor.position,
            None => Position::MAX,
        }
    }

    /// Only rows after this ordinal are on the page, in lists that go by ordinal.
    pub(crate) fn after_ordinal(&self) -> i32 {
        self.after.map_or(0, |cursor| i32::try_from(cursor.position.max(0)).unwrap_or(i32::MAX))
    }

    /// Only rows after this id are on the page, in lists that go by id.
    pub(crate) fn after_id(&self) -> Uuid {
        self.after.map_or(Uuid::nil(), |cursor| cursor.id)
    }

    /// The page of `rows`, of which one may be too many.
    pub(crate) fn page<T: Serialize>(&self, rows: Vec<T>, cursor: impl Fn(&T) -> Cursor) -> Page<T> {
        let (data, more) = fitting(rows, self.limit.unsigned_abs() as usize);
        let next = data.last().filter(|_| more).map(|row| cursor(row).to_string());
        Page { data, next }
    }
}

/// As many of `rows` as fit into a page of at most `limit` rows, at least one, and whether rows were left over.
pub fn fitting<T: Serialize>(rows: Vec<T>, limit: usize) -> (Vec<T>, bool) {
    let (found, mut bytes) = (rows.len(), 0);
    let mut fits = |row: &T| {
        let is_first = bytes == 0;
        bytes += json_bytes(row);
        is_first || bytes <= ROWS_BYTES_MAX
    };
    let data: Vec<T> = rows.into_iter().take(limit).take_while(|row| fits(row)).collect();
    let more = data.len() < found;
    (data, more)
}

/// `statement` without the rows that a page has no room for, so that the database does not read them. `bytes` is an
/// expression for the least size of a row as JSON, `order` the order of the rows; both name columns of the statement.
///
/// A row stays if the rows before it, apart from the nearest, leave room. So there is always one row more than fits, by
/// which [`fitting`] recognizes a next page. Therefore `bytes` must never be more than [`fitting`] measures.
pub(crate) fn sized(statement: &str, bytes: &str, order: &str) -> String {
    format!(
        "select *
         from (
           select page.*, sum({bytes}) over (order by {order} rows between unbounded preceding and 2 preceding)
             as bytes_before
           from ({statement}) page
         ) page
         where bytes_before is null or bytes_before <= {ROWS_BYTES_MAX}
         order by {order}"
    )
}

/// The least size of a JSON column in an answer. PostgreSQL writes it with spaces, and times in full, so its own text
/// is longer, though never twice as long.
pub(crate) fn json_bytes_of(column: &str) -> String {
    format!("octet_length({column}::text) / 2")
}

/// The length of a value as JSON, with the comma after it.
fn json_bytes(value: &impl Serialize) -> usize {
    let mut counter = Counter(1);
    // Rows are plain data, and the counting writer accepts everything, so this cannot fail.
    let _ = serde_json::to_writer(&mut counter, value);
    counter.0
}

/// Counts what is written to it.
struct Counter(usize);

impl std::io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Cursor {
    pub(crate) const fn at(position: Position) -> Self {
        Self { position, id: Uuid::nil() }
    }

    pub(crate) const fn of(id: Uuid) -> Self {
        Self { position: 0, id }
    }

    fn parse(text: &str) -> Result<Self, MalformedCursor> {
        let bytes = BASE64.decode(text).map_err(|_| MalformedCursor)?;
        let bytes: [u8; CURSOR_BYTES] = bytes.try_into().map_err(|_| MalformedCursor)?;
        let (position, id) = bytes.split_at(POSITION_BYTES);
        let position = position.try_into().map_err(|_| MalformedCursor)?;
        let id = id.try_into().map_err(|_| MalformedCursor)?;
        Ok(Self { position: Position::from_be_bytes(position), id: Uuid::from_bytes(id) })
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bytes = [self.position.to_be_bytes().as_slice(), self.id.as_bytes()].concat();
        f.write_str(&BASE64.encode(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was_given_out() {
        let cursor = Cursor { position: 1_234_567, id: Uuid::from_u128(42) };
        assert_eq!(Cursor::parse(&cursor.to_string()), Ok(cursor));
    }

    #[test]
    fn an_invalid_cursor_is_refused() {
        for text in ["", "x", "%%%", "AAAA", &"A".repeat(31), &"A".repeat(33), "ñ"] {
            assert_eq!(PageRequest::parse(None, Some(text)), Err(MalformedCursor), "{text}");
        }
    }

    #[test]
    fn limits_are_clamped() {
        let rows = |limit| PageRequest::parse(limit, None).unwrap().rows() - 1;
        assert_eq!(
            [rows(None), rows(Some(0)), rows(Some(-5)), rows(Some(7)), rows(Some(i64::MAX))],
            [50, 1, 1, 7, 200]
        );
    }

    #[test]
    fn only_a_page_with_more_behind_it_names_the_next_one() {
        let request = PageRequest::parse(Some(2), None).unwrap();
        let full = request.page(vec![9, 8, 7], |row| Cursor::at(*row));
        assert_eq!((full.data, full.next), (vec![9, 8], Some(Cursor::at(8).to_string())));
        let last = request.page(vec![9, 8], |row| Cursor::at(*row));
        assert_eq!((last.data, last.next), (vec![9, 8], None));
    }

    /// The number of rows and whether there are more, of a page of so many rows with so many bytes of text each.
    fn filled(limit: usize, rows: usize, bytes: usize) -> (usize, bool) {
        let (data, more) = fitting(vec!["x".repeat(bytes); rows], limit);
        (data.len(), more)
    }

    #[test]
    fn a_page_ends_where_its_rows_reach_a_mebibyte_and_has_one_row_at_least() {
        let third = ROWS_BYTES_MAX / 3 - "\"\",".len();
        assert_eq!(filled(200, 3, third), (3, false));
        assert_eq!(filled(200, 4, third), (3, true));
        assert_eq!(filled(2, 4, third), (2, true));
        assert_eq!(filled(200, 3, third + 1), (2, true));
        assert_eq!(filled(200, 3, 2 * PAGE_BYTES_MAX), (1, true));
        assert_eq!(filled(200, 1, 2 * PAGE_BYTES_MAX), (1, false));
        assert_eq!(filled(200, 0, 0), (0, false));
    }

    #[test]
    fn the_size_of_a_row_is_measured_as_written() {
        for text in ["", "Hola", "\n\t\"\\", "año 🎉", "\u{1}"] {
            assert_eq!(json_bytes(&text), serde_json::to_string(text).unwrap().len() + 1, "{text}");
        }
    }
}
