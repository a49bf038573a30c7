//! How many numbers of an audience begin with which digits: prices go by them.

use sqlx::{FromRow, PgPool};

use super::selection::{Columns, OWN_PARAMETER, Selection};

/// The numbers that begin with the same digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstDigits {
    /// A plus sign and the digits.
    pub digits: String,
    /// How many different numbers they are.
    pub people: u64,
}

#[derive(FromRow)]
struct Row {
    digits: String,
    people: i64,
}

/// The numbers that are sent to, by so many of their first digits.
///
/// # Errors
/// When the database does not answer.
pub async fn first_digits(
    pool: &PgPool,
    selection: &Selection<'_>,
    digits: usize,
) -> sqlx::Result<Vec<FirstDigits>> {
    let Columns { address, index, .. } = selection.columns();
    let (condition, is_sent_to) = (selection.condition("k"), selection.is_sent_to());
    let text = format!(
        "select digits, count(*) as people
         from (select left(min({address}), ${OWN_PARAMETER}) as digits
               from clients.contacts k
               where {condition} and {is_sent_to}
               group by {index}) numbers
         group by digits"
    );
    let rows: Vec<Row> = sqlx::query_as_with(&text, selection.arguments()?)
        .bind(i32::try_from(digits + 1).unwrap_or(i32::MAX))
        .fetch_all(pool)
        .await?;
    let of = |row: Row| FirstDigits { digits: row.digits, people: row.people.unsigned_abs() };
    Ok(rows.into_iter().map(of).collect())
}
