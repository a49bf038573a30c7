//! What has arrived from a client, taken line by line or message by message.

use memchr::memmem;

const MESSAGE_END: &[u8] = b"\r\n.\r\n";

/// Bytes as they came; what was taken is forgotten before the next are read.
#[derive(Debug, Default)]
pub(super) struct Input {
    bytes: Vec<u8>,
    /// Where the part begins that was not taken yet.
    at: usize,
    /// How far that part was searched for the end of a message.
    searched: usize,
}

impl Input {
    /// The next whole line, without its end.
    pub(super) fn line(&mut self) -> Option<String> {
        let length = memchr::memchr(b'\n', self.waiting())?;
        let line = String::from_utf8_lossy(self.take(length, 1)).trim_end().to_owned();
        Some(line)
    }

    /// The next whole message, its last line break included, its final dot not.
    pub(super) fn message(&mut self) -> Option<&[u8]> {
        let waiting = self.waiting();
        if waiting.starts_with(b".\r\n") {
            return Some(self.take(0, 3));
        }
        let found = memmem::find(&waiting[self.searched..], MESSAGE_END);
        match found {
            Some(found) => Some(self.take(self.searched + found + 2, 3)),
            None => {
                // The end may be cut in two by the end of what has arrived.
                self.searched = waiting.len().saturating_sub(MESSAGE_END.len() - 1);
                None
            }
        }
    }

    /// How many bytes were not taken yet.
    pub(super) fn waiting_length(&self) -> usize {
        self.waiting().len()
    }

    /// Where to read the next bytes to; what was taken before is gone.
    pub(super) fn space(&mut self, length: usize) -> &mut Vec<u8> {
        self.bytes.drain(..self.at);
        self.at = 0;
        self.bytes.reserve(length);
        &mut self.bytes
    }

    fn waiting(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    fn take(&mut self, length: usize, mark: usize) -> &[u8] {
        let taken = self.at..self.at + length;
        self.at = taken.end + mark;
        self.searched = 0;
        &self.bytes[taken]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_found_however_it_is_cut_into_pieces() {
        let words = b"Subject: x\r\n\r\na\r\n..\r\n.b\r\n.\r\nNOOP\r\n";
        for size in 1..words.len() {
            let (mut input, mut message) = (Input::default(), None);
            for piece in words.chunks(size) {
                input.space(size).extend_from_slice(piece);
                message = message.or_else(|| input.message().map(<[u8]>::to_vec));
            }
            assert_eq!(message.as_deref(), Some(&b"Subject: x\r\n\r\na\r\n..\r\n.b\r\n"[..]), "{size}");
            assert_eq!((input.line().as_deref(), input.line()), (Some("NOOP"), None), "{size}");
        }
    }

    #[test]
    fn a_line_that_is_no_text_is_a_line() {
        let mut input = Input::default();
        input.space(9).extend_from_slice(b"\xff\r\n\r\nx");
        assert_eq!(input.line().as_deref(), Some("\u{fffd}"));
        assert_eq!(input.line().as_deref(), Some(""));
        assert_eq!((input.line(), input.waiting_length()), (None, 1));
    }
}
