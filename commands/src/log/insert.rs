//! Inserts requests by one statement. This is the only place that binds the columns of an event.

use sqlx::PgConnection;
use uuid::Uuid;

use super::StoredEvent;
use super::append::{AppendError, Appended};
use super::lanes::{Request, Row};

/// Returns positions and time as [`Appended`].
const APPEND: &str = "select first, last, stamp from append_events($1, $2, $3)";

/// The database's `key_row`.
#[derive(sqlx::Type)]
#[sqlx(type_name = "key_row")]
struct KeyRow {
    key_id: Uuid,
    wrapped: Vec<u8>,
}

/// The database's `answer_row`.
#[derive(sqlx::Type)]
#[sqlx(type_name = "answer_row")]
struct AnswerRow {
    command_id: Uuid,
    caller: Uuid,
    fingerprint: Vec<u8>,
    answer: String,
    /// The number of the command's last event within the flush; the number of the event before it if the command has
    /// none.
    last_row: i64,
}

/// Appends requests on a connection.
pub(super) async fn append(
    connection: &mut PgConnection,
    requests: &[&Request],
) -> Result<Appended, AppendError> {
    fail::fail_point!("append::before_commit", |_| std::process::abort());
    let rows: Vec<&Row> = requests.iter().flat_map(|request| &request.rows).collect();
    sqlx::query_as(APPEND)
        .bind(rows)
        .bind(key_rows(requests))
        .bind(answer_rows(requests))
        .fetch_one(connection)
        .await
        .map_err(AppendError::of)
}

/// The stored events of committed rows.
pub(super) fn events(rows: Vec<Row>, appended: Appended) -> impl Iterator<Item = StoredEvent> {
    (appended.first..).zip(rows).map(move |(position, row)| row.stored(position, appended.stamp))
}

fn key_rows(requests: &[&Request]) -> Vec<KeyRow> {
    let keys = requests.iter().flat_map(|request| &request.keys);
    keys.map(|key| KeyRow { key_id: key.id, wrapped: key.wrapped.clone() }).collect()
}

fn answer_rows(requests: &[&Request]) -> Vec<AnswerRow> {
    let (mut rows, mut last_row) = (Vec::new(), 0);
    for request in requests {
        last_row += request.rows.len() as i64;
        rows.extend(request.answer.as_ref().map(|answer| AnswerRow {
            command_id: answer.command_id,
            caller: answer.caller,
            fingerprint: answer.fingerprint.to_vec(),
            answer: answer.answer.to_string(),
            last_row,
        }));
    }
    rows
}

/// The positions of a request whose append lost its answer but was committed: either all its events are in the log, one
/// after the other, or none. A request without events is found by its first answer, by its caller.
pub(super) async fn committed_before(
    connection: &mut PgConnection,
    request: &Request,
) -> Result<Option<Appended>, AppendError> {
    let Some(row) = request.rows.first() else { return Ok(None) };
    sqlx::query_as(
        "select position as first, position + $5 - 1 as last, recorded_at as stamp
         from events where aggregate_type = $1 and aggregate_id = $2 and sequence = $3 and event_id = $4",
    )
    .bind(&row.aggregate_type)
    .bind(&row.aggregate_id)
    .bind(row.sequence)
    .bind(row.event_id)
    .bind(request.rows.len() as i64)
    .fetch_optional(connection)
    .await
    .map_err(AppendError::of)
}
