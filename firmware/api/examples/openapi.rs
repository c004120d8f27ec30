//! Writes `firmware/api/openapi.json`. Run `cargo run -p offhook-api --example openapi` after a change of the API.

fn main() -> std::io::Result<()> {
    std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json"), offhook_api::openapi_json())
}
