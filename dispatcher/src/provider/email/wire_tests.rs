//! Every form a reply may have, read from its bytes alone.

use super::*;

/// The reply that these bytes hold, line by line as they arrive.
fn read(bytes: &[u8]) -> Result<Option<Reply>, ConnectionError> {
    let mut assembly = Assembly::default();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if let Some(reply) = assembly.add(line)? {
            return Ok(Some(reply));
        }
    }
    Ok(None)
}

/// The reply that these bytes hold when nothing follows them.
fn read_to_the_end(bytes: &[u8]) -> Option<Reply> {
    let mut assembly = Assembly::default();
    let last = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let (lines, unended) = bytes.split_at(last);
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        assert!(assembly.add(line) == Ok(None), "{}", bytes.escape_ascii());
    }
    assembly.end(unended)
}

/// A wire whose server has said this and then ended the connection.
async fn wire_after(words: String) -> Wire {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (client, server) = tokio::join!(TcpStream::connect(address), listener.accept());
    let (mut server, _) = server.expect("a connection");
    tokio::spawn(async move { server.write_all(words.as_bytes()).await });
    Wire::new(Stream::Clear(client.expect("a connection")))
}

#[test]
fn the_last_line_of_a_reply_needs_its_three_digits_and_no_end() {
    let table: [(&[u8], u16, &str); 9] = [
        (b"250 queued", 250, "queued"),
        (b"250 ", 250, ""),
        (b"250", 250, ""),
        (b"250\r", 250, ""),
        (b"250\tok", 250, "ok"),
        (b"550 5.1.1 no\r", 550, "5.1.1 no"),
        (b"250-one\r\n250 two", 250, "one\ntwo"),
        (b"250-one\r\n250", 250, "one\n"),
        (b"\r\n421 bye", 421, "bye"),
    ];
    for (bytes, code, text) in table {
        assert!(read_to_the_end(bytes) == Some(Reply::new(code, text)), "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_line_without_an_end_that_may_not_be_the_last_is_no_reply() {
    let table: [&[u8]; 10] = [
        b"",
        b"2",
        b"25",
        b"250-",
        b"250-queued",
        b"250-one\r\n",
        b"250-one\r\n250-two",
        b"250-one\r\nand 250 more",
        b"2500",
        b"what?",
    ];
    for bytes in table {
        assert!(read_to_the_end(bytes).is_none(), "{}", bytes.escape_ascii());
    }
}

#[tokio::test]
async fn a_connection_that_ended_within_a_line_carries_no_further_reply() {
    let mut wire = wire_after("250 ok\r\n250 queued".to_owned()).await;
    assert!(wire.read_reply().await == Ok(Reply::new(250, "ok")));
    assert!(wire.read_reply().await == Ok(Reply::new(250, "queued")));
    assert!(!wire.is_quiet());
    assert!(wire.read_reply().await == Err(ConnectionError::Closed));
    assert!(wire.exchange(b"QUIT\r\n").await == Err(ConnectionError::WriteFailed));
}

#[tokio::test]
async fn a_line_is_read_no_further_than_its_bound_and_its_digits_count() {
    let endless = |begin: &str| format!("{begin}{}\r\n250 and more\r\n", "x".repeat(1 << 20));
    let mut wire = wire_after(endless("550 ")).await;
    assert!(wire.read_reply().await.is_ok_and(|reply| reply.code == 550));
    assert!(wire.read_reply().await == Err(ConnectionError::Closed));
    for begin in ["550-", "what? "] {
        let mut wire = wire_after(endless(begin)).await;
        assert!(wire.read_reply().await == Err(ConnectionError::ReplyTooLong), "{begin}");
    }
}

#[test]
fn a_reply_is_its_three_digits_and_any_text_in_any_charset_or_none() {
    let table: [(&[u8], u16, &str); 16] = [
        (b"250 ok\r\n", 250, "ok"),
        (b"250\r\n", 250, ""),
        (b"250 \r\n", 250, ""),
        (b"250-\r\n250\r\n", 250, "\n"),
        (b"250\tok\r\n", 250, "ok"),
        (b"250 ok\n", 250, "ok"),
        (b"250-one\n250 two\n", 250, "one\ntwo"),
        (b"250ok\r\n", 250, "ok"),
        (b"250 ok\r\r\n", 250, "ok"),
        ("250 señor\r\n".as_bytes(), 250, "señor"),
        (b"250 se\xf1or\r\n", 250, "señor"),
        (b"550 5.1.1 direcci\xf3n\r\n", 550, "5.1.1 dirección"),
        (b"571 no\r\n", 571, "no"),
        (b"299 yes\r\n", 299, "yes"),
        (b"\r\n250 ok\r\n", 250, "ok"),
        (b"250-one\r\n  and more\r\n250 two\r\n", 250, "one\n  and more\ntwo"),
    ];
    for (bytes, code, text) in table {
        assert!(read(bytes) == Ok(Some(Reply::new(code, text))), "{}", bytes.escape_ascii());
    }
}

#[test]
fn of_lines_that_disagree_the_last_one_decides() {
    assert!(read(b"250-hello\r\n550 no\r\n") == Ok(Some(Reply::new(550, "hello\nno"))));
}

#[test]
fn what_does_not_begin_with_a_code_is_no_reply() {
    let table: [&[u8]; 9] = [
        b"what?\r\n",
        b"25\r\n",
        b" 250 ok\r\n",
        b"2500 ok\r\n",
        b"100 hm\r\n",
        b"600 hm\r\n",
        b"-50 hm\r\n",
        b"+50 hm\r\n",
        b"\xff\xfe\r\n",
    ];
    for bytes in table {
        assert!(read(bytes) == Err(ConnectionError::NotSmtp), "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_long_line_is_a_line_of_which_the_beginning_is_kept() {
    for length in [999, 1_000, 5_000, 60_000, 2 * MAX_REPLY] {
        let line = format!("250 {}\r\n", "x".repeat(length));
        let reply = read(line.as_bytes()).expect("a reply").expect("whole");
        assert_eq!(reply.lines().map(str::len).collect::<Vec<_>>(), [KEPT_OF_LINE], "{length}");
    }
}

#[test]
fn a_long_line_is_not_cut_in_the_middle_of_a_character() {
    let line = format!("250 x{}\r\n", "ñ".repeat(KEPT_OF_LINE));
    let reply = read(line.as_bytes()).expect("a reply").expect("whole");
    assert_eq!(reply.lines().next(), Some(format!("x{}", "ñ".repeat((KEPT_OF_LINE - 1) / 2)).as_str()));
}

#[test]
fn a_reply_of_many_lines_is_one_and_beyond_its_bounds_none() {
    let lines = |count: usize| format!("{}250 end\r\n", "250-more\r\n".repeat(count - 1));
    assert!(read(lines(MAX_LINES + 1).as_bytes()).is_ok_and(|reply| reply.is_some()));
    assert!(read(lines(MAX_LINES + 2).as_bytes()) == Err(ConnectionError::ReplyTooLong));
    let wide = format!("250-{}\r\n", "x".repeat(5_000)).repeat(14);
    assert!(read(wide.as_bytes()) == Err(ConnectionError::ReplyTooLong));
}

#[test]
fn the_first_digit_alone_tells_what_a_reply_is() {
    for rest in 0..100 {
        let [completion, intermediate, later, never] = [200, 300, 400, 500].map(|c| Reply::new(c + rest, ""));
        assert!(completion.is_completion() && !completion.is_intermediate() && !completion.is_refusal());
        assert!(
            intermediate.is_intermediate() && !intermediate.is_completion() && !intermediate.is_refusal()
        );
        assert!([later, never].iter().all(|r| r.is_refusal() && !r.is_completion() && !r.is_intermediate()));
    }
}

#[test]
fn a_reply_prints_no_words() {
    let printed = format!("{:?}", Reply::new(550, "ana@cliente.test"));
    assert!(printed.contains("550") && !printed.contains("ana"), "{printed}");
}
