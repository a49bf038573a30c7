//! Server-sent events as text, and their order.

use std::fmt::Write;

use bytes::Bytes;
use domain::Position;
use serde::Serialize;

/// A unit of writing: all events of one position, so that a connection never ends between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    /// The position that a stream cut after this frame resumes from.
    pub(super) position: Position,
    /// The events.
    pub(super) bytes: Bytes,
}

/// One event, not yet encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StreamEvent {
    /// The position of its event in the log.
    pub(super) position: Position,
    name: &'static str,
    data: String,
}

impl StreamEvent {
    /// An event of type `name`, with `data` as JSON.
    pub(super) fn new(name: &'static str, position: Position, data: &impl Serialize) -> Self {
        // Serializing our own rows cannot fail. The JSON has no line breaks.
        let data = serde_json::to_string(data).unwrap_or_default();
        Self { position, name, data }
    }

    /// The event as a frame.
    pub(super) fn frame(&self) -> Frame {
        let mut text = String::with_capacity(self.data.len() + 64);
        self.write(&mut text, true);
        Frame { position: self.position, bytes: text.into() }
    }

    /// The event without an id: it does not move the reader's position, so a cut stream resumes from the id before.
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

/// Events ordered by position, one frame a position. Only the last event of a position carries the id: one read-all
/// gives many receipts of one position, and a reader cut among them must receive all of them again.
pub(super) fn frames(mut events: Vec<StreamEvent>) -> Vec<Frame> {
    events.sort_by_key(|one| one.position);
    events.chunk_by(|one, next| one.position == next.position).map(joined).collect()
}

fn joined(same_position: &[StreamEvent]) -> Frame {
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
        let frame = StreamEvent::new("message", 7, &json!({"body": "uno\ndos"})).frame();
        assert_eq!(frame.bytes, "event: message\nid: 7\ndata: {\"body\":\"uno\\ndos\"}\n\n");
    }

    #[test]
    fn the_events_of_one_position_are_written_together_and_the_last_carries_the_id() {
        let events = vec![
            StreamEvent::new("message", 9, &1),
            StreamEvent::new("receipt", 8, &2),
            StreamEvent::new("receipt", 8, &3),
        ];
        let frames = frames(events);
        assert_eq!(frames.len(), 2);
        assert_eq!(frames[0].bytes, "event: receipt\ndata: 2\n\nevent: receipt\nid: 8\ndata: 3\n\n");
        assert_eq!(
            (frames[1].position, &frames[1].bytes[..]),
            (9, b"event: message\nid: 9\ndata: 1\n\n".as_slice())
        );
    }
}
