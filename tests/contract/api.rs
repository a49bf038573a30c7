//! The contract of the HTTP API: `contract/openapi.json` equals the document generated from the code, so that every
//! change is visible.

use std::path::PathBuf;

use serde_json::Value;

use crate::update_is_asked_for;

fn promised() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("contract/openapi.json")
}

/// `UPDATE_CONTRACT=1` writes the file, to be reviewed and committed with the change.
#[test]
fn the_api_is_as_it_is_promised() {
    let said = serde_json::to_value(gateway::api::openapi()).expect("JSON");
    if update_is_asked_for() {
        let text = serde_json::to_string_pretty(&said).expect("JSON") + "\n";
        std::fs::write(promised(), text).expect("the contract can be written");
    }
    let text = std::fs::read_to_string(promised()).expect("the contract");
    let promised: Value = serde_json::from_str(&text).expect("the contract is JSON");
    assert!(
        said == promised,
        "the code says something else than tests/contract/openapi.json: UPDATE_CONTRACT=1"
    );
}

#[test]
fn every_operation_says_how_it_refuses() {
    let said = serde_json::to_value(gateway::api::openapi()).expect("JSON");
    let paths = said["paths"].as_object().expect("the paths");
    assert!(paths.len() > 30);
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().expect("the operations") {
            let refusal = &operation["responses"]["default"]["$ref"];
            assert_eq!(refusal, "#/components/responses/Problem", "{method} {path}");
        }
    }
}
