//! Opens the sealed personal data in the JSON of stored events.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::personal::CLEAR;

use super::SealError;
use super::keys::DataKeys;
use super::personal::{Object, SealContext, rewrite};

/// The payload with its personal data in clear text. An object whose key was destroyed is left as erased.
///
/// # Errors
/// [`SealError::Forged`] when a ciphertext does not open under its key, or an object is marked as personal in a form
/// that this program does not write.
pub(super) fn open_payload(
    payload: &str,
    context: SealContext<'_>,
    keys: &DataKeys,
) -> Result<String, SealError> {
    rewrite(payload, context, |opened, object, aad| match object.sealed {
        Some(sealed) => open_object(opened, object, sealed, aad, keys),
        None => {
            opened.push_str(object.text);
            Ok(())
        }
    })
}

fn open_object(
    opened: &mut String,
    object: &Object<'_>,
    sealed: &str,
    aad: &[u8],
    keys: &DataKeys,
) -> Result<(), SealError> {
    let Some(key) = object.id().and_then(|id| keys.get(&id).copied().flatten()) else {
        object.put(opened, None);
        return Ok(());
    };
    let mut sealed = BASE64.decode(sealed).map_err(|_| SealError::Forged)?;
    let clear = std::str::from_utf8(key.open(aad, &mut sealed)?).map_err(|_| SealError::Forged)?;
    object.put(opened, Some((CLEAR, clear)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::personal::{KEY, SEALED};
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;
    use crate::log::keys::DataKey;
    use crate::log::personal::keys_in;
    use crate::log::seal::seal_payload;

    const CONTEXT: SealContext<'_> = SealContext { aggregate_type: "client", aggregate_id: "a", sequence: 3 };
    const ANA: Uuid = Uuid::from_u128(1);
    const LUIS: Uuid = Uuid::from_u128(2);

    fn keys() -> DataKeys {
        DataKeys::from([(ANA, Some(DataKey::of([1; 32]))), (LUIS, Some(DataKey::of([2; 32])))])
    }

    fn personal(key: Uuid, clear: impl Into<Value>) -> Value {
        json!({ KEY: key, CLEAR: clear.into() })
    }

    fn sealed(clear: &Value) -> Value {
        let sealed = seal_payload(&clear.to_string(), CONTEXT, &keys()).expect("it seals");
        serde_json::from_str(&sealed).expect("it is JSON")
    }

    fn opened(payload: &str, keys: &DataKeys) -> Value {
        serde_json::from_str(&open_payload(payload, CONTEXT, keys).expect("it opens")).expect("it is JSON")
    }

    fn payload() -> Value {
        json!({ "Told": {
            "name": personal(ANA, "Ñandú \"¿qué?\" {[,:"),
            "né\"e": personal(ANA, json!({ "street": ["a", null, 1.5] })),
            "to": [[], [1, personal(LUIS, Value::Null)], { "n": "a,b]}", "who": personal(LUIS, json!([])) }],
            "text": "\\\"$key\\\": {", "$keys": { "x": personal(ANA, -7) }, "n": 12345678901234567890_u64,
        }})
    }

    #[test]
    fn sealed_data_opens_anywhere_in_a_payload() {
        let sealed = sealed(&payload());
        assert_eq!(sealed.to_string().matches(SEALED).count(), 5);
        assert_eq!(opened(&sealed.to_string(), &keys()), payload());
        assert_eq!(opened(&serde_json::to_string_pretty(&sealed).unwrap(), &keys()), payload());
    }

    #[test]
    fn all_its_keys_are_found_in_text_of_any_layout() {
        let sealed = sealed(&payload());
        for text in [sealed.to_string(), serde_json::to_string_pretty(&sealed).unwrap()] {
            let mut found: Vec<_> = keys_in(&text).collect();
            found.sort_unstable();
            assert_eq!(found, [ANA, ANA, ANA, LUIS, LUIS]);
        }
        assert_eq!(keys_in(r#"{"$key": 1, "a": "$key", "b": "\"$key\":\"x", "$key"#).count(), 0);
    }

    #[test]
    fn a_destroyed_key_erases_its_own_objects_and_leaves_the_rest_clear() {
        let mut keys = keys();
        keys.insert(LUIS, None);
        let opened = opened(&sealed(&payload()).to_string(), &keys);
        assert_eq!(opened["Told"]["name"], payload()["Told"]["name"]);
        assert_eq!(opened["Told"]["to"][1][1], json!({ KEY: LUIS }));
    }

    #[test]
    fn moved_to_another_place_it_does_not_open() {
        let sealed = sealed(&json!({ "a": personal(ANA, "x"), "b": [personal(ANA, "y"), 1] })).to_string();
        let elsewhere = SealContext { sequence: 4, ..CONTEXT };
        let swapped = sealed.replace("\"a\"", "\"c\"");
        assert!(matches!(open_payload(&sealed, elsewhere, &keys()), Err(SealError::Forged)));
        assert!(matches!(open_payload(&swapped, CONTEXT, &keys()), Err(SealError::Forged)));
        assert!(open_payload(&sealed, CONTEXT, &keys()).is_ok());
    }

    #[test]
    fn the_mark_need_not_come_first_and_clear_data_stays_as_it_is() {
        let sealed = sealed(&personal(ANA, "x"));
        let turned = format!("{{\"{SEALED}\": {}, \"more\": [{{}}], \"{KEY}\": \"{ANA}\"}}", sealed[SEALED]);
        assert_eq!(opened(&turned, &keys()), personal(ANA, "x"));
        assert_eq!(opened(&payload().to_string(), &keys()), payload());
    }

    #[test]
    fn text_that_is_no_json_comes_back_for_the_decoder_to_refuse() {
        for text in ["", "{", "]]", "\"", "\"\\", "[,,{\"key\" : \"", "\"é\\u12", "nul", "{\"$key\""] {
            assert_eq!(open_payload(text, CONTEXT, &keys()).expect("nothing is forged"), text);
            assert_eq!(keys_in(text).count(), 0);
        }
    }

    #[test]
    fn a_personal_object_in_a_foreign_form_is_forged() {
        let inner = sealed(&personal(ANA, "x"));
        for text in [
            "{\"$key\":".to_owned(),
            "{\"$key\":}".to_owned(),
            "{\"$key\": 1}".to_owned(),
            "{\"$key\": \"a\", \"sealed\": 1}".to_owned(),
            format!("{{\"a\": {inner}, \"{KEY}\": \"{ANA}\"}}"),
        ] {
            let outcome = open_payload(&text, CONTEXT, &keys());
            assert!(matches!(outcome, Err(SealError::Forged)), "{text}: {outcome:?}");
        }
    }

    #[test]
    fn a_ciphertext_that_was_tampered_with_is_forged() {
        let text = |sealed: &str| json!({ KEY: ANA, SEALED: sealed }).to_string();
        for forged in ["", "AAAA", "no base64", &BASE64.encode([7; 40])] {
            assert!(matches!(open_payload(&text(forged), CONTEXT, &keys()), Err(SealError::Forged)));
        }
    }
}
