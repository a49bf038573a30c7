//! Upcasts events of earlier versions: pure functions on JSON, used by every reader.

use serde_json::Value;

use crate::decode_error::DecodeError;

/// One step from a version of an event's payload to the next.
struct Step {
    event_type: &'static str,
    /// The version it reads.
    from: &'static str,
    /// The version it writes.
    to: &'static str,
    /// The change. It cannot fail, because the stored event was valid in its version.
    change: fn(Value) -> Value,
}

/// All steps, oldest first for each event type. Empty: every event is at its first version.
const STEPS: &[Step] = &[];

/// The version that every event begins with.
const FIRST: &str = "1";

/// The payload in the current version. It must be unsealed, because a step may change personal data.
///
/// # Errors
/// [`DecodeError::UnknownVersion`] when a later program wrote it: an equal shape may have another meaning.
pub fn upcast(event_type: &str, version: &str, payload: Value) -> Result<Value, DecodeError> {
    climb(STEPS, event_type, version, payload)
}

/// Whether a payload is in the current version, so that [`upcast`] would return it unchanged.
pub(crate) fn is_of_today(event_type: &str, version: &str) -> bool {
    version == today(STEPS, event_type)
}

fn today(steps: &[Step], event_type: &str) -> &'static str {
    steps.iter().rfind(|step| step.event_type == event_type).map_or(FIRST, |step| step.to)
}

fn climb(steps: &[Step], event_type: &str, version: &str, mut payload: Value) -> Result<Value, DecodeError> {
    let mut at = version;
    for step in steps.iter().filter(|step| step.event_type == event_type) {
        if step.from == at {
            payload = (step.change)(payload);
            at = step.to;
        }
    }
    if at == today(steps, event_type) {
        Ok(payload)
    } else {
        Err(DecodeError::UnknownVersion(version.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TWO_STEPS: &[Step] = &[
        Step { event_type: "Named", from: "1", to: "2", change: |old| json!({"name": old["n"]}) },
        Step { event_type: "Named", from: "2", to: "3", change: |old| json!({"names": [old["name"]]}) },
    ];

    fn climbed(event_type: &str, version: &str, payload: Value) -> Option<Value> {
        climb(TWO_STEPS, event_type, version, payload).ok()
    }

    #[test]
    fn an_old_event_climbs_every_step_from_its_own_version() {
        assert_eq!(climbed("Named", "1", json!({"n": "Ana"})), Some(json!({"names": ["Ana"]})));
        assert_eq!(climbed("Named", "2", json!({"name": "Ana"})), Some(json!({"names": ["Ana"]})));
    }

    #[test]
    fn an_event_of_today_and_one_of_another_type_stay_as_they_are() {
        assert_eq!(climbed("Named", "3", json!({"n": 1})), Some(json!({"n": 1})));
        assert_eq!(climbed("Other", "1", json!({"n": 1})), Some(json!({"n": 1})));
    }

    #[test]
    fn an_event_of_a_later_program_is_not_read_as_if_it_were_of_today() {
        assert_eq!(climbed("Named", "4", json!({"names": ["Ana"]})), None);
        assert_eq!(climbed("Other", "2", json!({"n": 1})), None);
    }
}
