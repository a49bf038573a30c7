//! A live stream as a browser reads it: server-sent events, one by one.

use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use serde_json::Value;
use tokio::time::timeout;

use super::HANG;

/// An open stream; closed on drop.
pub struct EventStream {
    bytes: BoxStream<'static, reqwest::Result<Vec<u8>>>,
    buffer: String,
}

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamEvent {
    /// Its position.
    pub id: Option<i64>,
    /// Its type.
    pub event: String,
    /// Its data.
    pub data: Value,
}

impl EventStream {
    pub(super) async fn open(request: reqwest::RequestBuilder) -> Self {
        // The stream outlives the timeout of a request.
        let response = request.timeout(Duration::from_secs(3_600)).send().await.expect("the stream opens");
        assert_eq!(response.status(), 200, "the stream opens");
        let bytes = response.bytes_stream().map(|chunk| chunk.map(|chunk| chunk.to_vec())).boxed();
        Self { bytes, buffer: String::new() }
    }

    /// The next event of any type; none when the server ends the stream.
    pub async fn next(&mut self) -> Option<StreamEvent> {
        timeout(HANG, self.read()).await.expect("an event in time")
    }

    /// The next event of a type; others are skipped.
    pub async fn next_of(&mut self, kind: &str) -> StreamEvent {
        self.until(kind, |_| true).await
    }

    /// The first event of a type whose data satisfies a condition; others are skipped.
    pub async fn until(&mut self, kind: &str, satisfies: impl Fn(&Value) -> bool) -> StreamEvent {
        loop {
            let event = self.next().await.expect("the stream goes on");
            if event.event == kind && satisfies(&event.data) {
                return event;
            }
        }
    }

    async fn read(&mut self) -> Option<StreamEvent> {
        loop {
            while let Some(end) = self.buffer.find("\n\n") {
                let block: String = self.buffer.drain(..end + 2).collect();
                if let Some(event) = parse(&block) {
                    return Some(event);
                }
            }
            let chunk = self.bytes.next().await?.expect("the stream is not cut");
            self.buffer.push_str(&String::from_utf8_lossy(&chunk).replace("\r\n", "\n"));
        }
    }
}

/// None for comments, which only keep the connection alive.
fn parse(block: &str) -> Option<StreamEvent> {
    let field = |name: &str| {
        let lines = block.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let texts: Vec<_> = lines.map(|text| text.strip_prefix(' ').unwrap_or(text)).collect();
        (!texts.is_empty()).then(|| texts.join("\n"))
    };
    let data = field("data")?;
    Some(StreamEvent {
        id: field("id").and_then(|id| id.parse().ok()),
        event: field("event").unwrap_or_else(|| "message".to_owned()),
        data: serde_json::from_str(&data).unwrap_or(Value::String(data)),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_has_an_id_a_kind_and_data_and_a_comment_has_none() {
        let event = parse("id: 7\nevent: counts\ndata: {\"unread\": 1}\n\n").unwrap();
        assert_eq!((event.id, event.event.as_str(), event.data), (Some(7), "counts", json!({"unread": 1})));
        assert_eq!(parse(": keep alive\n\n"), None);
    }
}
