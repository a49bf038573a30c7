//! The leaves of events: their canonical bytes, and each person cut out of an event about many.

use chrono::DateTime;
use uuid::Uuid;

use super::*;

fn row<'a>(event_type: &'a str, payload: &'a str) -> EventRow<'a> {
    EventRow {
        position: 7,
        event_id: Uuid::from_u128(1),
        aggregate_type: "deliveries",
        aggregate_id: "stream:1",
        sequence: 3,
        event_type,
        event_version: "1",
        payload,
        metadata: "{}",
        recorded_at: DateTime::from_timestamp_micros(1_700_000_000_123_456).expect("a time"),
    }
}

fn texts(event_type: &str, payload: &str) -> Vec<String> {
    let parts = event_parts(&row(event_type, payload));
    let second_field = |part: &Vec<u8>| {
        let length = |at: usize| u32::from_be_bytes(part[at..at + 4].try_into().expect("a length")) as usize;
        let at = 4 + length(0);
        String::from_utf8(part[at + 4..at + 4 + length(at)].to_vec()).expect("UTF-8")
    };
    parts[1..].iter().map(second_field).collect()
}

#[test]
fn the_leaf_of_an_event_does_not_change_between_versions_of_the_program() {
    // Computed by the Python of docs/decisions/0054.
    let one = event_leaf(&row("MessageWithdrawn", r#"{"MessageWithdrawn":{}}"#));
    assert_eq!(one.to_string(), "ui/e9i7y1a8cDQ3mb9RMnua/FpCRvjmdjXo4n7pTxd4=");
    let payload = r#"{"OutcomesRecorded":{"notification":"n","outcomes":[{"attempt":1,"members":"1-2","outcome":"accepted","references":["ñ","b"]}]}}"#;
    assert_eq!(
        event_leaf(&row("OutcomesRecorded", payload)).to_string(),
        "yNxvg5pY0DuM7vIpntQInof6oAhzxJ101PdYOtl1R7M="
    );
}

#[test]
fn every_column_of_an_event_is_in_its_leaf() {
    let row = row("MessageWithdrawn", "{}");
    let others = [
        EventRow { position: 8, ..row },
        EventRow { event_id: Uuid::from_u128(2), ..row },
        EventRow { aggregate_type: "deliverie", aggregate_id: "sstream:1", ..row },
        EventRow { aggregate_id: "stream:2", ..row },
        EventRow { sequence: 4, ..row },
        EventRow { event_type: "MessageSen", ..row },
        EventRow { event_version: "2", ..row },
        EventRow { payload: "{ }", ..row },
        EventRow { metadata: "{ }", ..row },
        EventRow { recorded_at: row.recorded_at + chrono::TimeDelta::microseconds(1), ..row },
    ];
    for other in others {
        assert_ne!(event_leaf(&other), event_leaf(&row), "{other:?}");
    }
}

#[test]
fn a_person_is_cut_out_of_an_event_as_stored_and_without_the_others() {
    let audience = r#"{"AudienceChunkResolved":{"notification":"n","recipients":[{"client": "a"},{"client":"b"}],"cursor":"c"}}"#;
    assert_eq!(
        texts("AudienceChunkResolved", audience),
        [
            r#"{"notification":"n","cursor":"c"}"#,
            r#"{"member":1,"recipients":{"client": "a"}}"#,
            r#"{"member":2,"recipients":{"client":"b"}}"#,
        ]
    );
    let outcomes = r#"{"OutcomesRecorded":{"notification":"n","outcomes":[
        {"members":"3,7","references":["x","y"],"outcome":"accepted"},
        {"members":"5","outcome":"failed","code":"550","details":[{"member":5,"text":"no"}]}]}}"#;
    assert_eq!(
        texts("OutcomesRecorded", outcomes),
        [
            r#"{"notification":"n"}"#,
            r#"{"member":3,"references":"x","outcome":"accepted"}"#,
            r#"{"member":7,"references":"y","outcome":"accepted"}"#,
            r#"{"member":5,"outcome":"failed","code":"550","details":{"member":5,"text":"no"}}"#,
        ]
    );
    let reopened =
        r#"{"DeliveriesReopened":{"generation":2,"members":"1-2","addresses":[{"member":2,"address":"a"}]}}"#;
    assert_eq!(
        texts("DeliveriesReopened", reopened),
        [r#"{"generation":2}"#, r#"{"member":1}"#, r#"{"member":2,"addresses":{"member":2,"address":"a"}}"#]
    );
    let sent =
        r#"{"MessageSent":{"author":"z","recipients":["a","b"],"addressed":{"users":["a"]},"body":"s"}}"#;
    assert_eq!(
        texts("MessageSent", sent),
        [
            r#"{"author":"z","body":"s"}"#,
            r#"{"member":1,"recipients":"a"}"#,
            r#"{"member":2,"recipients":"b"}"#
        ]
    );
}

#[test]
fn an_event_of_another_shape_is_one_part() {
    for payload in ["", "[]", "{}", r#"{"OutcomesRecorded":[]}"#, r#"{"OutcomesRecorded":{"outcomes":[{}]}}"#]
    {
        assert_eq!(event_parts(&row("OutcomesRecorded", payload)).len(), 1, "{payload}");
    }
    assert_eq!(event_parts(&EventRow { event_version: "2", ..row("MessageSent", "{}") }).len(), 1);
}

#[test]
fn the_small_tree_proves_one_part_of_an_event() {
    let payload = r#"{"MessageSent":{"author":"z","recipients":["a","b","c"]}}"#;
    let row = row("MessageSent", payload);
    let parts: Vec<_> = event_parts(&row).iter().map(|part| Hash::of_leaf(part)).collect();
    let small = Stored::of(&parts);
    let root = small.tree.frontier().root();
    assert_eq!(Hash::of_leaf(root.as_bytes()), event_leaf(&row));
    for (index, part) in (0..).zip(&parts) {
        let path = Path::of_inclusion(index, parts.len() as u64).expect("a proof").hashes(&small.tiles);
        assert!(verify_inclusion(*part, index, parts.len() as u64, &path.expect("tiles"), root));
    }
}
