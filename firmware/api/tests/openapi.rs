//! The committed description of the API is the one the code gives.

#[test]
fn committed_document_is_current() {
    let committed = include_str!("../openapi.json");
    assert!(
        committed == offhook_api::openapi_json(),
        "firmware/api/openapi.json is not what the code gives: run `cargo run -p offhook-api --example openapi`"
    );
}
