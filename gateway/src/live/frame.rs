//! Events as text, and the order in which they are told.

use std::fmt::Write;

use bytes::Bytes;
use domain::Position;
use serde::Serialize;

/// What is written at once: every event of one position, so that a cut never falls between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    /// What a stream that was cut behind this goes on after.
    pub(super) position: Position,
    /// The events.
    pub(super) bytes: Bytes,
}

/// One event, not yet written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct News {
    /// Of the event in the log.
    pub(super) position: Position,
    name: &'static str,
    data: String,
}

impl News {
    /// News of `name`, with `data` as JSON.
    pub(super) fn new(name: &'static str, position: Position, data: &impl Serialize) -> Self {
        // JSON of our own rows; there is nothing in them that could fail. It has no line breaks either.
        let data = serde_json::to_string(data).unwrap_or_default();
        Self { position, name, data }
    }

    /// The one event as a frame.
    pub(super) fn frame(&self) -> Frame {
        let mut text = String::with_capacity(self.data.len() + 64);
        self.write(&mut text, true);
        Frame { position: self.position, bytes: text.into() }
    }

    /// The one event without an id: it tells of no new position, so a stream goes on after the one before.
    pub(super) fn frame_without_id(&self) -> Bytes {
        let mut text = String::with_capacity(self.data.len() + 64);
        self.write(&mut text, false);
        text.into()
    }

    fn write(&self, text: &mut String, with_id: bool) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "event: {}", self.name);
        if with_id {
            let _ = writeln!(text, "id: {}", self.position);
        }
        let _ = write!(text, "data: {}\n\n", self.data);
    }
}

/// News in the order of their positions, each position one frame. Only the last event of a position carries its id: one
/// read-all is many receipts of one position, and a reader who is cut among them must be told all of them again.
pub(super) fn frames(mut news: Vec<News>) -> Vec<Frame> {
    news.sort_by_key(|one| one.position);
    news.chunk_by(|one, next| one.position == next.position).map(joined).collect()
}

fn joined(same_position: &[News]) -> Frame {
    let mut text = String::new();
    let last = same_position.len() - 1;
    for (index, one) in same_position.iter().enumerate() {
        one.write(&mut text, index == last);
    }
    Frame { position: same_position[last].position, bytes: text.into() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_its_name_its_position_and_json_on_one_line() {
        let frame = News::new("message", 7, &json!({"body": "uno\ndos"})).frame();
        assert_eq!(frame.bytes, "event: message\nid: 7\ndata: {\"body\":\"uno\\ndos\"}\n\n");
    }

    #[test]
    fn the_events_of_one_position_are_written_together_and_the_last_carries_the_id() {
        let news =
            vec![News::new("message", 9, &1), News::new("receipt", 8, &2), News::new("receipt", 8, &3)];
        let frames = frames(news);
        assert_eq!(frames.len(), 2);
        assert_eq!(frames[0].bytes, "event: receipt\ndata: 2\n\nevent: receipt\nid: 8\ndata: 3\n\n");
        assert_eq!(
            (frames[1].position, &frames[1].bytes[..]),
            (9, b"event: message\nid: 9\ndata: 1\n\n".as_slice())
        );
    }
}
