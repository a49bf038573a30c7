//! Pages of lists: newest first, by opaque cursors, so that a page costs the same wherever it stands.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use domain::Position;
use serde::Serialize;
use uuid::Uuid;

/// How many rows a page has when nothing is said.
pub const PAGE_ROWS_DEFAULT: i64 = 50;
/// How many rows a page has at most.
pub const PAGE_ROWS_MAX: i64 = 200;
const POSITION_BYTES: usize = 8;
const CURSOR_BYTES: usize = 24;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub data: Vec<T>,
    /// Where the next page begins; none on the last one.
    pub next: Option<String>,
}

/// Which page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    limit: i64,
    after: Option<Cursor>,
}

/// The cursor is none that was ever given out: a bad request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor that a page ended with")]
pub struct MalformedCursor;

/// The last row of a page: its position, and its id where several rows share one.
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

    /// Only rows after this id are on the page, in lists that go by id.
    pub(crate) fn after_id(&self) -> Uuid {
        self.after.map_or(Uuid::nil(), |cursor| cursor.id)
    }

    /// The page of `rows`, of which one may be too many.
    pub(crate) fn page<T>(&self, mut rows: Vec<T>, cursor: impl Fn(&T) -> Cursor) -> Page<T> {
        let limit = self.limit.unsigned_abs() as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| cursor(row).to_string());
        Page { data: rows, next }
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
    fn what_is_not_a_cursor_is_refused() {
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
}
