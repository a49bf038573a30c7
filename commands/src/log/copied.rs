//! Events out of PostgreSQL's binary COPY format (documentation of COPY, «Binary Format»): a header, then for each row the
//! number of its columns and each value behind its length, and at the end a count of -1.

use chrono::{DateTime, Utc};
use sqlx::Error;
use uuid::Uuid;

use super::StoredEvent;

/// The signature, the flags and the length of an extension, which is empty.
const HEADER_BYTES: usize = 19;
/// The count in the place of the next row.
const END: i16 = -1;
/// The seconds between the Unix epoch and that of PostgreSQL, 1 January 2000.
const EPOCH_S: i64 = 946_684_800;

/// Rows of [`COLUMNS`](super::stored::COLUMNS) as they arrive.
#[derive(Debug, Default)]
pub(super) struct CopiedEvents {
    /// What has arrived; read up to `at`.
    received: Vec<u8>,
    at: usize,
    has_begun: bool,
}

impl CopiedEvents {
    /// Adds what has arrived, which may end anywhere in a row.
    pub(super) fn receive(&mut self, data: &[u8]) {
        self.received.drain(..self.at);
        self.at = 0;
        self.received.extend_from_slice(data);
    }

    /// The next event, if it has arrived in whole.
    ///
    /// # Errors
    /// When it is not one.
    pub(super) fn next(&mut self) -> sqlx::Result<Option<StoredEvent>> {
        if !self.has_begun {
            if self.received.len() < HEADER_BYTES {
                return Ok(None);
            }
            (self.at, self.has_begun) = (HEADER_BYTES, true);
        }
        let mut row = Columns(&self.received[self.at..]);
        let event = row.event()?;
        if event.is_some() {
            self.at = self.received.len() - row.0.len();
        }
        Ok(event)
    }
}

/// The rest of the received bytes.
struct Columns<'a>(&'a [u8]);

impl<'a> Columns<'a> {
    /// None if the row has not arrived in whole, and at the end.
    fn event(&mut self) -> sqlx::Result<Option<StoredEvent>> {
        if !self.has_row() {
            return Ok(None);
        }
        Ok(Some(StoredEvent {
            position: i64::from_be_bytes(self.fixed()?),
            event_id: Uuid::from_bytes(self.fixed()?),
            aggregate_type: self.text()?,
            aggregate_id: self.text()?,
            sequence: i64::from_be_bytes(self.fixed()?),
            event_type: self.text()?,
            event_version: self.text()?,
            payload: self.text()?,
            metadata: self.text()?,
            recorded_at: self.time()?,
        }))
    }

    /// Whether a row has arrived in whole; then its columns come next.
    fn has_row(&mut self) -> bool {
        let Some((count, mut rest)) = self.0.split_first_chunk() else { return false };
        let (count, columns) = (i16::from_be_bytes(*count), rest);
        if count == END {
            return false;
        }
        for _ in 0..count {
            let Some((length, value)) = rest.split_first_chunk() else { return false };
            let length = usize::try_from(i32::from_be_bytes(*length)).unwrap_or_default();
            let Some(after) = value.get(length..) else { return false };
            rest = after;
        }
        self.0 = columns;
        true
    }

    fn value(&mut self) -> sqlx::Result<&'a [u8]> {
        let parts = self.0.split_first_chunk().and_then(|(length, rest)| {
            rest.split_at_checked(usize::try_from(i32::from_be_bytes(*length)).ok()?)
        });
        let (value, rest) = parts.ok_or_else(|| malformed("a column is missing"))?;
        self.0 = rest;
        Ok(value)
    }

    fn fixed<const BYTES: usize>(&mut self) -> sqlx::Result<[u8; BYTES]> {
        self.value()?.try_into().map_err(|_| malformed("a column has another type"))
    }

    fn text(&mut self) -> sqlx::Result<String> {
        let text = std::str::from_utf8(self.value()?).map_err(|_| malformed("a text is not UTF-8"))?;
        Ok(text.to_owned())
    }

    /// Microseconds since PostgreSQL's epoch.
    fn time(&mut self) -> sqlx::Result<DateTime<Utc>> {
        let micros = i64::from_be_bytes(self.fixed()?);
        let seconds = micros.div_euclid(1_000_000).checked_add(EPOCH_S);
        let nanos = (micros.rem_euclid(1_000_000) * 1_000) as u32;
        seconds
            .and_then(|seconds| DateTime::from_timestamp(seconds, nanos))
            .ok_or_else(|| malformed("a time is out of range"))
    }
}

fn malformed(what: &str) -> Error {
    Error::Protocol(format!("an event cannot be read from a copy: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(row: &mut Vec<u8>, value: &[u8]) {
        row.extend_from_slice(&(value.len() as i32).to_be_bytes());
        row.extend_from_slice(value);
    }

    fn row(event: &StoredEvent) -> Vec<u8> {
        let mut row = 10_i16.to_be_bytes().to_vec();
        let micros = event.recorded_at.timestamp_micros() - EPOCH_S * 1_000_000;
        column(&mut row, &event.position.to_be_bytes());
        column(&mut row, event.event_id.as_bytes());
        column(&mut row, event.aggregate_type.as_bytes());
        column(&mut row, event.aggregate_id.as_bytes());
        column(&mut row, &event.sequence.to_be_bytes());
        column(&mut row, event.event_type.as_bytes());
        column(&mut row, event.event_version.as_bytes());
        column(&mut row, event.payload.as_bytes());
        column(&mut row, event.metadata.as_bytes());
        column(&mut row, &micros.to_be_bytes());
        row
    }

    #[test]
    fn events_are_the_same_however_the_bytes_arrive() {
        let sent = [StoredEvent::sample(), StoredEvent { payload: String::new(), ..StoredEvent::sample() }];
        let mut bytes = vec![0; HEADER_BYTES];
        sent.iter().for_each(|event| bytes.extend(row(event)));
        bytes.extend(END.to_be_bytes());
        for size in [1, 7, 100, bytes.len()] {
            let (mut copied, mut read) = (CopiedEvents::default(), Vec::new());
            for data in bytes.chunks(size) {
                copied.receive(data);
                while let Some(event) = copied.next().expect("an event") {
                    read.push(format!("{event:?}"));
                }
            }
            assert_eq!(read, sent.each_ref().map(|event| format!("{event:?}")), "in pieces of {size}");
        }
    }

    #[test]
    fn a_row_of_other_columns_is_refused() {
        let mut bytes = vec![0; HEADER_BYTES];
        bytes.extend(1_i16.to_be_bytes());
        column(&mut bytes, &[1, 2]);
        let mut copied = CopiedEvents::default();
        copied.receive(&bytes);
        assert!(copied.next().is_err());
    }
}
