//! The page against the real box in headless Chromium: a newcomer's first run, first call, calls over the outside line, a recording,
//! the SIP messages of a call.

mod office;

use std::path::Path;
use std::process::Command;

use office::Office;

#[test]
fn a_newcomer_makes_the_first_calls_in_the_browser() {
    let office = Office::unconfigured("browser");
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web-ui");
    let output = Command::new("node")
        .arg("e2e/run.mjs")
        .current_dir(page)
        .env("BASE_URL", format!("http://127.0.0.1:{}", office.http))
        .env("OFFHOOK_DATA", office.directory.join("data"))
        .output()
        .expect("node is not installed");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}\n{}", String::from_utf8_lossy(&output.stderr), office.log());
}
