//! Every fuzz target for a while: `cargo xtask fuzz --seconds 120`.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::test::workspace_root;

/// Where the targets are, from the root.
const FOLDER: &str = "firmware/fuzz";
/// Where tools are installed that the machine has not, from the root.
const TOOLS: &str = "target/tools";

/// Runs each target for `seconds` and ends in the line "N passed, N failed". What a run finds is kept in
/// `firmware/fuzz/artifacts`, and libFuzzer says how to repeat it.
///
/// # Errors
/// When the targets cannot be found or cargo-fuzz cannot be installed. The process ends with 1 when a target failed.
#[expect(clippy::print_stdout, reason = "the last line is read by whoever counts")]
pub(crate) fn run(seconds: u64) -> Result<()> {
    let root = workspace_root();
    let targets = targets(&root.join(FOLDER).join("fuzz_targets"))?;
    let path = path_with_tools(&root)?;
    install_missing(&root, &path)?;
    let mut failed = Vec::new();
    for target in &targets {
        eprintln!("== fuzz {target}, {seconds} s");
        let status = Command::new("cargo")
            .args(["fuzz", "run", "--fuzz-dir", FOLDER, target, "--", &format!("-max_total_time={seconds}")])
            .current_dir(&root)
            .env("PATH", &path)
            // Lets the stable toolchain take the flags of the sanitizer.
            .env("RUSTC_BOOTSTRAP", "1")
            .stdin(Stdio::null())
            .status()
            .context("cannot start cargo")?;
        if !status.success() {
            failed.push(target.as_str());
        }
    }
    if !failed.is_empty() {
        eprintln!("failed: {}", failed.join(", "));
    }
    println!("{} passed, {} failed", targets.len() - failed.len(), failed.len());
    if !failed.is_empty() {
        std::process::exit(1);
    }
    Ok(())
}

/// The names of all targets, in order.
fn targets(folder: &Path) -> Result<Vec<String>> {
    let entries = folder.read_dir().with_context(|| format!("no fuzz targets in {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    ensure!(!names.is_empty(), "no fuzz targets in {}", folder.display());
    names.sort();
    Ok(names)
}

/// The search path with our own tools first.
fn path_with_tools(root: &Path) -> Result<OsString> {
    let known = env::var_os("PATH").unwrap_or_default();
    let ours: PathBuf = root.join(TOOLS).join("bin");
    env::join_paths(std::iter::once(ours).chain(env::split_paths(&known))).context("the search path cannot be extended")
}

/// Installs cargo-fuzz where the machine has none.
fn install_missing(root: &Path, path: &OsString) -> Result<()> {
    let there = Command::new("cargo")
        .args(["fuzz", "--version"])
        .env("PATH", path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .context("cannot start cargo")?;
    if there.success() {
        return Ok(());
    }
    let installed = Command::new("cargo")
        .args(["install", "cargo-fuzz", "--locked", "--root", TOOLS])
        .current_dir(root)
        .status()
        .context("cannot start cargo")?;
    ensure!(installed.success(), "cargo-fuzz cannot be installed into {TOOLS}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_found() {
        let found = targets(&workspace_root().join(FOLDER).join("fuzz_targets")).unwrap();
        assert_eq!(found, ["endpoint", "message", "sdp", "stream"]);
    }
}
