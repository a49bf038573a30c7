//! How events of earlier versions are read today: pure functions on JSON, used by every reader.

use serde_json::Value;

/// One step from a version of an event's payload to the next.
struct Step {
    event_type: &'static str,
    /// The version it reads.
    from: &'static str,
    /// The version it writes.
    to: &'static str,
    /// The change; it cannot fail, since what was stored was valid then.
    change: fn(Value) -> Value,
}

/// Every step there has ever been, oldest first for each event type. Empty: every event is at its first version.
const STEPS: &[Step] = &[];

/// The payload as today's program reads it. It must be unsealed, because a step may reach into personal data.
pub fn upcast(event_type: &str, version: &str, payload: Value) -> Value {
    climb(STEPS, event_type, version, payload)
}

fn climb(steps: &[Step], event_type: &str, version: &str, payload: Value) -> Value {
    let mut at = version;
    steps.iter().filter(|step| step.event_type == event_type).fold(payload, |payload, step| {
        if step.from != at {
            return payload;
        }
        at = step.to;
        (step.change)(payload)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TWO_STEPS: &[Step] = &[
        Step { event_type: "Named", from: "1", to: "2", change: |old| json!({"name": old["n"]}) },
        Step { event_type: "Named", from: "2", to: "3", change: |old| json!({"names": [old["name"]]}) },
    ];

    #[test]
    fn an_old_event_climbs_every_step_from_its_own_version() {
        assert_eq!(climb(TWO_STEPS, "Named", "1", json!({"n": "Ana"})), json!({"names": ["Ana"]}));
        assert_eq!(climb(TWO_STEPS, "Named", "2", json!({"name": "Ana"})), json!({"names": ["Ana"]}));
    }

    #[test]
    fn an_event_of_today_and_one_of_another_type_stay_as_they_are() {
        assert_eq!(climb(TWO_STEPS, "Named", "3", json!({"n": 1})), json!({"n": 1}));
        assert_eq!(climb(TWO_STEPS, "Other", "1", json!({"n": 1})), json!({"n": 1}));
    }
}
