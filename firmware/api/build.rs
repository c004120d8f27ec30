//! Makes the folder of the web page, so that the daemon builds without it (it then says how to build the page).

fn main() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web-ui/dist");
    if let Err(error) = std::fs::create_dir_all(folder) {
        println!("cargo::warning=the folder of the web page cannot be made: {error}");
    }
    println!("cargo::rerun-if-changed={folder}");
}
