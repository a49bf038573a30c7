//! Many rows into a table by COPY, in PostgreSQL's binary format: it notes a page of rows at once in its own log, where an
//! INSERT notes each, and takes no array apart.

use sqlx::encode::IsNull;
use sqlx::postgres::{PgArgumentBuffer, PgCopyIn};
use sqlx::{Encode, PgConnection, Postgres};

/// What the format begins with: its signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// In the place of the next row's number of columns.
const END: i16 = -1;

/// How many bytes are gathered before they are sent: the database takes them in while the next rows are made, and no batch
/// needs memory for all of its rows.
const PIECE_BYTES: usize = 128 * 1024;

/// Rows on their way into a table, all of them or none. A value must have exactly the type of its column: COPY casts
/// nothing.
pub(crate) struct CopyIn<'t> {
    /// The table and, in brackets, the columns that are given.
    into: &'static str,
    rows: Rows,
    /// None once the copy has begun.
    tx: Option<&'t mut PgConnection>,
    copy: Option<PgCopyIn<&'t mut PgConnection>>,
}

/// The rows that are not sent yet.
pub(crate) struct Rows {
    columns: i16,
    buffer: PgArgumentBuffer,
    error: Option<sqlx::Error>,
}

impl<'t> CopyIn<'t> {
    /// Nothing yet, into the columns that `into` names: `table (column, column)`.
    pub(crate) fn table(tx: &'t mut PgConnection, into: &'static str) -> Self {
        Self { into, rows: Rows::of(into), tx: Some(tx), copy: None }
    }

    /// Begins a row, whose values follow in the order of the columns. The rows before it may be sent.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub(crate) async fn row(&mut self) -> sqlx::Result<&mut Rows> {
        if self.rows.buffer.len() >= PIECE_BYTES {
            self.send().await?;
        }
        Ok(self.rows.begin())
    }

    /// Ends the copy. Without a row it has not begun.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub(crate) async fn end(mut self) -> sqlx::Result<()> {
        if self.copy.is_none() && self.rows.buffer.len() == HEADER.len() {
            return Ok(());
        }
        self.rows.buffer.extend_from_slice(&END.to_be_bytes());
        self.send().await?;
        if let Some(copy) = self.copy {
            copy.finish().await?;
        }
        Ok(())
    }

    async fn send(&mut self) -> sqlx::Result<()> {
        if let Some(error) = self.rows.error.take() {
            return Err(error);
        }
        if let Some(tx) = self.tx.take() {
            let text = format!("copy {} from stdin (format binary)", self.into);
            self.copy = Some(tx.copy_in_raw(&text).await?);
        }
        if let Some(copy) = &mut self.copy {
            copy.send(self.rows.buffer.as_slice()).await?;
        }
        self.rows.buffer.clear();
        Ok(())
    }
}

impl Rows {
    fn of(into: &str) -> Self {
        let mut buffer = PgArgumentBuffer::default();
        buffer.extend_from_slice(HEADER);
        Self { columns: into.split(',').count() as i16, buffer, error: None }
    }

    fn begin(&mut self) -> &mut Self {
        self.buffer.extend_from_slice(&self.columns.to_be_bytes());
        self
    }

    /// The next value of the row.
    pub(crate) fn put<'a, T: Encode<'a, Postgres>>(&mut self, value: T) -> &mut Self {
        let length_at = self.buffer.len();
        self.buffer.extend_from_slice(&[0; 4]);
        let start = self.buffer.len();
        let length = match value.encode(&mut self.buffer) {
            Ok(IsNull::Yes) => -1,
            Ok(IsNull::No) => (self.buffer.len() - start) as i32,
            Err(error) => {
                self.error.get_or_insert(sqlx::Error::Encode(error));
                -1
            }
        };
        self.buffer[length_at..start].copy_from_slice(&length.to_be_bytes());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_a_length_before_each_value_and_none_where_nothing_is() {
        let mut rows = Rows::of("t (a, b, c)");
        rows.begin().put(7_i64).put(None::<&str>).put("ñ");
        let row = &rows.buffer[HEADER.len()..];
        let expected: &[&[u8]] =
            &[&[0, 3], &[0, 0, 0, 8], &[0, 0, 0, 0, 0, 0, 0, 7], &[255; 4], &[0, 0, 0, 2], "ñ".as_bytes()];
        assert_eq!(row, expected.concat());
        assert_eq!(HEADER.len(), 19);
    }
}
