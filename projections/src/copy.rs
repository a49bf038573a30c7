//! Many rows into a table by COPY, in PostgreSQL's binary format: it notes a page of rows at once in its own log, where an
//! INSERT notes each, and takes no array apart.

use sqlx::encode::IsNull;
use sqlx::postgres::PgArgumentBuffer;
use sqlx::{Encode, PgConnection, Postgres};

/// What the format begins with: its signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// In the place of the next row's number of columns.
const END: i16 = -1;

/// Rows on their way into a table. A value must have exactly the type of its column: COPY casts nothing.
pub(crate) struct CopyIn {
    /// The table and, in brackets, the columns that are given.
    into: &'static str,
    columns: i16,
    rows: usize,
    buffer: PgArgumentBuffer,
    error: Option<sqlx::Error>,
}

impl CopyIn {
    /// Nothing yet, into the columns that `into` names: `table (column, column)`.
    pub(crate) fn table(into: &'static str) -> Self {
        let mut buffer = PgArgumentBuffer::default();
        buffer.extend_from_slice(HEADER);
        let columns = into.split(',').count() as i16;
        Self { into, columns, rows: 0, buffer, error: None }
    }

    /// Begins a row; its values follow in the order of the columns.
    pub(crate) fn row(&mut self) -> &mut Self {
        self.buffer.extend_from_slice(&self.columns.to_be_bytes());
        self.rows += 1;
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

    /// Writes all rows, or none.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub(crate) async fn write(mut self, tx: &mut PgConnection) -> sqlx::Result<()> {
        if let Some(error) = self.error {
            return Err(error);
        }
        if self.rows == 0 {
            return Ok(());
        }
        self.buffer.extend_from_slice(&END.to_be_bytes());
        let mut copy = tx.copy_in_raw(&format!("copy {} from stdin (format binary)", self.into)).await?;
        copy.send(self.buffer.as_slice()).await?;
        copy.finish().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_a_length_before_each_value_and_none_where_nothing_is() {
        let mut copy = CopyIn::table("t (a, b, c)");
        copy.row().put(7_i64).put(None::<&str>).put("ñ");
        let row = &copy.buffer[HEADER.len()..];
        let expected: &[&[u8]] =
            &[&[0, 3], &[0, 0, 0, 8], &[0, 0, 0, 0, 0, 0, 0, 7], &[255; 4], &[0, 0, 0, 2], "ñ".as_bytes()];
        assert_eq!(row, expected.concat());
        assert_eq!((copy.rows, HEADER.len()), (1, 19));
    }
}
