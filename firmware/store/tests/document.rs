//! The document of the site file is true: its example is right as it stands.

use offhook_store::site_file::check;

#[test]
fn the_whole_example_is_right() {
    let document = include_str!("../../docs/site-file.md");
    let example = document.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    match check(example) {
        Ok(plan) => assert_eq!((plan.users.len(), plan.devices.len(), plan.trunks.len()), (51, 53, 2)),
        Err(findings) => panic!("{findings:#?}"),
    }
}
